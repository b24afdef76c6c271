"""The bucket itself: the few things that are asked of it, and errors that a person can mend.

obstore reads the environment as AWS's own tools do, but no profiles (``~/.aws``). Buckets are
addressed by path (``https://host/bucket/key``), as S3, R2 and MinIO know it, which is also what
buckets with a dot in their names need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from feeds.config.places import Place
from feeds.errors import ConfigError, PublishError
from feeds.publish.bucket.failures import explain_failure, is_unsupported
from feeds.publish.bucket.plan import Listed
from feeds.publish.served import cache_control_of, media_type_of

if TYPE_CHECKING:
    from obstore import Attributes, PutMode
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_REGION = "us-east-1"
_HEADER_VALUES = (*_REGIONS, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_ENDPOINT = re.compile(
    r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(?:/[a-z0-9._~%/-]*)?", re.I
)

# Long enough for a large picture over a slow line; a request is signed for 15 minutes.
_TIMEOUT = timedelta(minutes=4)
# An address that is wrong is told after some seconds; a store that is busy is asked again.
_RETRIES = 6
_RETRY_TIMEOUT = timedelta(minutes=4)


class ConflictError(PublishError):
    """Another publish wrote the manifest meanwhile."""


class Bucket:
    """A bucket below a prefix."""

    def __init__(self, store: ObjectStore, place: Place, *, host: str) -> None:
        self.place = place
        self._store = store
        self._host = host
        self._conditional = True

    def list_objects(self) -> dict[str, Listed]:
        """Every object by its path, of however many pages the listing has."""
        listed = {}
        with self._telling(""):
            for chunk in obstore.list(self._store, chunk_size=1000):
                for one in chunk:
                    listed[one["path"]] = Listed(size=one["size"], e_tag=one["e_tag"])
        listed.pop("", None)  # some programs make an object for a folder
        return listed

    def read(self, path: str) -> tuple[bytes, str | None] | None:
        """An object and its ETag; None where there is none."""
        with self._telling(""):
            try:
                found = obstore.get(self._store, path)
                return bytes(found.bytes()), found.meta["e_tag"]
            except FileNotFoundError:
                return None

    def put(self, path: str, content: bytes, *, mode: PutMode = "overwrite") -> str | None:
        """Write an object, whole or not at all; returns its ETag."""
        headers: Attributes = {
            "Content-Type": media_type_of(path),
            "Cache-Control": cache_control_of(path),
        }
        with self._telling(path):
            # In one part: an upload in several that is broken off stays in the bucket, unseen.
            result = obstore.put(
                self._store, path, content, attributes=headers, mode=mode, use_multipart=False
            )
        return result["e_tag"]

    def replace(self, path: str, content: bytes, e_tag: str | None) -> str | None:
        """Write an object if it has this ETag, or (None) if there is none; returns its new one.

        Stores that know no conditions write it in any case.

        :raises ConflictError: somebody else wrote it.
        """
        mode: PutMode = {"e_tag": e_tag} if e_tag else "create"
        if self._conditional:
            try:
                return self.put(path, content, mode=mode)
            except ConflictError:
                # An answer may have been lost, and the same been sent again.
                found = self.read(path)
                if found is None or found[0] != content:
                    raise
                return found[1]
            except _UnsupportedError:
                self._conditional = False
        return self.put(path, content)

    def remove(self, path: str) -> None:
        """Remove an object; one that is not there is no error."""
        with self._telling(path):
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:
                return

    @contextmanager
    def _telling(self, path: str) -> Iterator[None]:
        where = self.place.address(path) if path else str(self.place)
        try:
            yield
        except (AlreadyExistsError, PreconditionError) as error:
            message = "another publish is under way; publish again when that one has ended"
            raise ConflictError(where, message) from error
        except (BaseError, OSError, ValueError, NotImplementedError) as error:
            text = str(error)
            kind = PublishError
            if isinstance(error, NotImplementedError) or is_unsupported(text):
                kind = _UnsupportedError
            raise kind(where, explain_failure(text, host=self._host)) from error


class _UnsupportedError(PublishError):
    """The store knows no conditional requests."""


def open_bucket(place: Place, environment: MutableMapping[str, str]) -> Bucket:
    """Get ready to speak with a bucket; nothing is sent yet.

    ``environment`` is that of the process, since obstore looks there; variables that are empty are
    taken out of it, as AWS's own tools take them.

    :raises ConfigError: a variable holds what cannot be.
    """
    _drop_empty(environment)
    for name in _HEADER_VALUES:
        if not re.fullmatch(r"[\x21-\x7e]*", environment.get(name, "")):
            raise ConfigError(name, "", "holds a space, a line end or another letter than ASCII's")
    region = next((environment[name] for name in _REGIONS if name in environment), _REGION)
    endpoint = _find_endpoint(environment)
    config: S3Config = {"region": region, "disable_bulk_delete": True}  # not every store knows it
    if endpoint:
        config["aws_endpoint_url_s3"] = endpoint
    host = urlsplit(endpoint or f"https://s3.{region}.amazonaws.com").netloc
    # Keys and pages are sent in the clear only where the address says so.
    client: ClientConfig = {"timeout": _TIMEOUT, "allow_http": endpoint[:5].lower() == "http:"}
    retries: RetryConfig = {"max_retries": _RETRIES, "retry_timeout": _RETRY_TIMEOUT}
    try:
        store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=config,
            client_options=client,
            retry_config=retries,
        )
    except (BaseError, ValueError) as error:
        raise PublishError(str(place), explain_failure(str(error), host=host)) from error
    return Bucket(store, place, host=host)


def _drop_empty(environment: MutableMapping[str, str]) -> None:
    for name in [name for name in environment if name.startswith("AWS_")]:
        if not environment[name]:
            del environment[name]


def _find_endpoint(environment: Mapping[str, str]) -> str:
    """The address of the store, checked: obstore panics at some; empty: that of S3."""
    named = next((name for name in _ENDPOINTS if name in environment), None)
    if named is None:
        return ""
    endpoint = environment[named]
    match = _ENDPOINT.fullmatch(endpoint)
    if not match or int(match[1] or 0) > 65535:
        told = "" if "@" in endpoint else f"{endpoint!r}; "
        expected = "expected an address such as https://host, without a password"
        raise ConfigError(named, "", told + expected)
    return endpoint
