"""Answering with bytes: conditions, parts and codings (RFC 9110, sections 8, 13 and 14).

Whatever is served goes through ``respond``: a file of ``out/`` and a feed that was made a moment
ago are asked for again, in parts and compressed in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from hashlib import blake2b

from starlette.datastructures import Headers
from starlette.responses import Response

from feeds.web.ranges import select_range


@dataclass(frozen=True)
class Representation:
    """Bytes and what is said of them; keep it, and its ETag is worked out once.

    ``modified`` is an aware time, said to the second. ``headers`` are sent besides, with a 304 as
    well.
    """

    content: bytes
    media_type: str
    modified: datetime
    cache_control: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def etag(self) -> str:
        """A strong validator (RFC 9110, section 8.8.3): equal only for equal bytes."""
        return f'"{blake2b(self.content, digest_size=16).hexdigest()}"'


def respond(representation: Representation, asked: Headers) -> Response:
    """The answer to a GET with these headers: whole, a part, or that nothing has changed.

    For HEAD, leave ``Range`` out of ``asked`` (RFC 9110, section 14.2).
    """
    headers = {
        **representation.headers,
        "ETag": representation.etag,
        "Last-Modified": format_datetime(representation.modified.astimezone(UTC), usegmt=True),
        "Cache-Control": representation.cache_control,
    }
    if _is_unchanged(representation, asked):
        return Response(status_code=304, headers=headers)
    headers["Accept-Ranges"] = "bytes"
    content, media_type = representation.content, representation.media_type
    part = select_range(asked.get("range"), len(content))
    if part is None or not _is_same(representation, asked.get("if-range")):
        return Response(content, media_type=media_type, headers=headers)
    first, last = part
    if first > last:
        headers["Content-Range"] = f"bytes */{len(content)}"
        return Response(status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(content[first : last + 1], 206, headers, media_type)


def _is_unchanged(representation: Representation, asked: Headers) -> bool:
    """Whether the reader has these bytes (RFC 9110, sections 13.1.2, 13.1.3 and 13.2.2)."""
    if (tags := asked.get("if-none-match")) is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return representation.etag in known or "*" in known
    since = _parse_date(asked.get("if-modified-since"))
    return since is not None and representation.modified.replace(microsecond=0) <= since


def _is_same(representation: Representation, condition: str | None) -> bool:
    """Whether a part may go with those that the reader has (RFC 9110, section 13.1.5)."""
    return (
        condition is None
        or condition == representation.etag
        or _parse_date(condition) == representation.modified.replace(microsecond=0)
    )


def _parse_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
