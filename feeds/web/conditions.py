"""Questions that depend on what a reader has (RFC 9110, section 13)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers


def is_refused(etag: str, modified: datetime, asked: Headers) -> bool:
    """Whether the reader wants other bytes than these or none (sections 13.1.1 and 13.1.4)."""
    if tags := asked.getlist("if-match"):
        return not _names(tags, etag)
    since = _parse_date(asked.get("if-unmodified-since"))
    return since is not None and _to_the_second(modified) > since


def has_these_bytes(etag: str, modified: datetime, asked: Headers) -> bool:
    """Whether the reader has these bytes already (sections 13.1.2 and 13.1.3)."""
    if tags := asked.getlist("if-none-match"):
        return _names(tags, etag, weakly=True)
    since = _parse_date(asked.get("if-modified-since"))
    return since is not None and _to_the_second(modified) <= since


def may_be_joined(etag: str, modified: datetime, asked: Headers) -> bool:
    """Whether a part may go with those that the reader has (section 13.1.5)."""
    condition = asked.get("if-range")
    return condition in (None, etag) or _parse_date(condition) == _to_the_second(modified)


def _names(lines: list[str], etag: str, *, weakly: bool = False) -> bool:
    """Whether a list of validators holds this one; it may come in several lines."""
    if lines in ([etag], ["*"]):
        return True
    tags = [tag.strip() for line in lines for tag in line.split(",")]
    return etag in tags or (weakly and f"W/{etag}" in tags)


def _to_the_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _parse_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
