"""Questions that depend on what a reader has (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers

# What an answer depends on, besides the path.
_QUESTIONS = {
    name.encode("ascii"): name
    for name in (
        "accept-encoding",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
    )
}
Questions = Mapping[str, str]


def read_questions(asked: Headers) -> Questions:
    """The headers that an answer depends on, by their names in small letters.

    Those that come in several lines are one list (RFC 9110, section 5.3). They are looked up often,
    and searching through all headers each time takes as long as all the rest.
    """
    questions: dict[str, str] = {}
    for key, value in asked.raw:
        if name := _QUESTIONS.get(key):
            text = value.decode("latin-1")
            questions[name] = f"{questions[name]},{text}" if name in questions else text
    return questions


def is_refused(etag: str, modified: datetime, asked: Questions) -> bool:
    """Whether the reader wants other bytes than these or none (sections 13.1.1 and 13.1.4)."""
    if (tags := asked.get("if-match")) is not None:
        return not _names(tags, etag)
    since = _parse_date(asked.get("if-unmodified-since"))
    return since is not None and _to_the_second(modified) > since


def has_these_bytes(etag: str, modified: datetime, asked: Questions) -> bool:
    """Whether the reader has these bytes already (sections 13.1.2 and 13.1.3)."""
    if (tags := asked.get("if-none-match")) is not None:
        return _names(tags, etag, weakly=True)
    since = _parse_date(asked.get("if-modified-since"))
    return since is not None and _to_the_second(modified) <= since


def may_be_joined(etag: str, modified: datetime, asked: Questions) -> bool:
    """Whether a part may go with those that the reader has (section 13.1.5)."""
    condition = asked.get("if-range")
    return (
        condition is None or condition == etag or _parse_date(condition) == _to_the_second(modified)
    )


def _names(text: str, etag: str, *, weakly: bool = False) -> bool:
    """Whether a list of validators holds this one."""
    if text in (etag, "*"):
        return True
    tags = [tag.strip() for tag in text.split(",")]
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
