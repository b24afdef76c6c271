"""Answering with bytes: conditions, parts and codings (RFC 9110, sections 8, 12.5.3, 13 and 14).

Whatever is served goes through here: a file of ``out/`` and a feed that was made a moment ago are
asked for again, in parts and compressed in the same way. First it is decided what to answer, from
what is known of a content; its bytes are read only when they are sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property, lru_cache
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple, Protocol

from starlette.datastructures import Headers
from starlette.responses import Response

from feeds.web.compression import compress, is_compressible
from feeds.web.conditions import has_these_bytes, is_refused, may_be_joined, read_questions
from feeds.web.encodings import CODINGS, accepts_plain, choose_coding
from feeds.web.ranges import select_range

Pairs = Sequence[tuple[bytes, bytes]]
"""Headers as ASGI takes them: names in small letters."""


class Variant(Protocol):
    """A content in a coding, or as it is."""

    @property
    def etag(self) -> str:
        """A strong validator (RFC 9110, section 8.8.3): another one in every coding."""

    def at_hand(self) -> bytes | None:
        """The bytes, if they are in memory."""

    def read(self) -> bytes:
        """The bytes; it may take a while.

        :raises LookupError: they are not there any more: what was known is out of date.
        """


class Resource(Protocol):
    """What is known of a content before it is read."""

    @property
    def media_type(self) -> str: ...
    @property
    def modified(self) -> datetime: ...
    @property
    def cache_control(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def length(self) -> int: ...
    @property
    def codings(self) -> Sequence[str]: ...
    def variant(self, coding: str | None) -> Variant: ...


@dataclass(frozen=True)
class Representation:
    """Bytes and what is said of them; keep it, and what is worked out of it is so once.

    ``modified`` is an aware time, said to the second. ``headers`` are sent besides, with a 304 as
    well.
    """

    content: bytes
    media_type: str
    modified: datetime
    cache_control: str
    headers: Mapping[str, str] = field(default_factory=dict)
    _variants: dict[str | None, _InMemory] = field(default_factory=dict, init=False, repr=False)

    @property
    def length(self) -> int:
        """In bytes, as it is."""
        return len(self.content)

    @cached_property
    def etag(self) -> str:
        """The validator of the bytes as they are."""
        return f'"{blake2b(self.content, digest_size=16).hexdigest()}"'

    @cached_property
    def codings(self) -> Sequence[str]:
        """Those that it is offered in, best first."""
        return CODINGS if is_compressible(self.media_type, self.length) else ()

    def variant(self, coding: str | None) -> Variant:
        """The content in one of ``codings``, or as it is."""
        return self._variants.setdefault(coding, _InMemory(self, coding))


class _InMemory:
    """A content in a coding, compressed when it is first sent."""

    def __init__(self, representation: Representation, coding: str | None) -> None:
        self.etag = coded_etag(representation.etag, coding)
        self._plain = representation.content
        self._coding = coding
        self._made = None if coding else representation.content
        self._making = Lock()

    def at_hand(self) -> bytes | None:
        return self._made

    def read(self) -> bytes:
        with self._making:
            if self._made is None:
                self._made = compress(self._plain, self._coding or "", at_once=True)
            return self._made


class Answer(NamedTuple):
    """What is to be answered; ``body`` is None where there is none."""

    status: int
    headers: Pairs
    media_type: str | None = None
    body: Variant | None = None
    part: tuple[int, int] | None = None

    def is_ready(self) -> bool:
        """Whether nothing is left to be read."""
        return self.body is None or self.body.at_hand() is not None

    def complete(self) -> Response:
        """The answer with its bytes, which are read now.

        :raises LookupError: see ``Variant.read``.
        """
        content = read_all(self.body) if self.body else None
        if content is not None and self.part is not None:
            content = content[self.part[0] : self.part[1] + 1]
        response = Response(content, self.status, media_type=self.media_type)
        response.raw_headers.extend(self.headers)
        return response


def respond(resource: Resource, asked: Headers) -> Response:
    """The answer to a GET with these headers: whole, a part, or that nothing has changed.

    For HEAD, leave ``Range`` out of ``asked`` (RFC 9110, section 14.2).
    """
    return decide(resource, asked).complete()


def decide(resource: Resource, headers: Headers) -> Answer:
    """What to answer; the order of the questions is that of RFC 9110, section 13.2.2."""
    asked = read_questions(headers)
    accepted = asked.get("accept-encoding")
    span = select_range(asked.get("range"), resource.length)
    # Parts are parts of the content as it is: nobody has to compress a whole for a piece of it.
    if span is not None and not accepts_plain(accepted):
        span = None
    coding = choose_coding(accepted, resource.codings) if span is None else None
    variant = resource.variant(coding)
    if span is not None and not may_be_joined(variant.etag, resource.modified, asked):
        span, coding = None, choose_coding(accepted, resource.codings)
        variant = resource.variant(coding)
    told = _describe(
        variant.etag,
        resource.modified,
        resource.cache_control,
        bool(resource.codings),
        tuple(resource.headers.items()),
    )
    if is_refused(variant.etag, resource.modified, asked):
        return Answer(412, told)
    if has_these_bytes(variant.etag, resource.modified, asked):
        return Answer(304, told)
    told = (*told, (b"accept-ranges", b"bytes"))
    if coding:
        told = (*told, (b"content-encoding", coding.encode("ascii")))
    if span is None:
        return Answer(200, told, resource.media_type, variant)
    return _part(resource, variant, told, span)


def read_all(variant: Variant) -> bytes:
    """The bytes, from memory or not.

    :raises LookupError: see ``Variant.read``.
    """
    content = variant.at_hand()
    return variant.read() if content is None else content


def coded_etag(etag: str, coding: str | None) -> str:
    """The validator of a content in a coding, by that of the content as it is."""
    return f'{etag[:-1]}-{coding}"' if coding else etag


@lru_cache(maxsize=4096)  # encoding them takes as long as all that is decided
def _describe(
    etag: str,
    modified: datetime,
    cache_control: str,
    is_coded: bool,
    more: tuple[tuple[str, str], ...],
) -> Pairs:
    """What is said of a content in every answer."""
    headers = {
        **dict(more),
        "ETag": etag,
        "Last-Modified": format_datetime(modified.astimezone(UTC), usegmt=True),
        "Cache-Control": cache_control,
        **({"Vary": "Accept-Encoding"} if is_coded else {}),
    }
    return tuple(
        (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()
    )


def _part(resource: Resource, variant: Variant, headers: Pairs, span: tuple[int, int]) -> Answer:
    first, last = span
    place = f"*/{resource.length}" if first > last else f"{first}-{last}/{resource.length}"
    headers = (*headers, (b"content-range", f"bytes {place}".encode("ascii")))
    if first > last:
        return Answer(416, headers)
    return Answer(206, headers, resource.media_type, variant, span)
