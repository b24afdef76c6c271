"""Leaving by mail: what is sent to ``mail.unsubscribe_mailto`` with a reader's own token in it.

Who a mail says it is from proves nothing; the token does. It stands in the subject, as the link of
the mail wrote it there, or in the text behind the word unsubscribe. Quoted lines and addresses of
pages do not count: whoever answers an issue sends back the links that stood in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage

from feeds.subscribers.links import LinkError, Links

LONGEST = 1_000_000
"""Bytes of a mail that are looked at."""

_TOKEN = r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"  # noqa: S105  # a pattern
_IN_SUBJECT = re.compile(rf"(?<![A-Za-z0-9_=/-])({_TOKEN})")
_IN_TEXT = re.compile(rf"(?i:unsubscribe)[\s:]+({_TOKEN})")
_MOST_TOKENS = 10


def find_leaver(raw: bytes, links: Links) -> str | None:
    """The token of the reader who leaves by a mail; None: it holds none that we signed."""
    tried = 0
    for text in _find_tokens(raw[:LONGEST]):
        tried += 1
        if tried > _MOST_TOKENS:
            break
        try:
            return links.read_unsubscribe(text)
        except LinkError:
            continue
    return None


def _find_tokens(raw: bytes) -> Iterator[str]:
    try:
        message = message_from_bytes(raw, policy=policy.default)
        subject = str(message.get("Subject", ""))
    except (MessageError, ValueError, LookupError, IndexError, AttributeError, TypeError):
        return  # what is no mail, or breaks the library that reads it
    yield from _IN_SUBJECT.findall(" ".join(subject.split()))
    # Where the line was folded inside of the token.
    after = re.split(r"unsubscribe[\s:]", subject, flags=re.IGNORECASE)[1:]
    yield from re.findall(f"^{_TOKEN}", "".join("".join(after).split()))
    yield from _IN_TEXT.findall(_read_text(message))


def _read_text(message: EmailMessage) -> str:
    """The lines that were written in a mail, not those that it quotes."""
    try:
        part = message.get_body(preferencelist=("plain",))
        content = part.get_content() if part is not None else ""
    except (MessageError, ValueError, LookupError, AttributeError, TypeError):
        return ""
    if not isinstance(content, str) or message.get_content_type() == "multipart/report":
        return ""
    return "\n".join(line for line in content.splitlines() if not line.lstrip().startswith(">"))
