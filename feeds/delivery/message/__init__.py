"""A rendered issue as a complete mail to one reader (RFC 5322), the same bytes each time.

::

    headers.py    what stands above it, and what an address is
    encoding.py   its two parts in base64 or quoted-printable, with places for a reader's own links
    template.py   all of it for everybody, and how it becomes one reader's
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feeds.config import Config
from feeds.delivery.message.encoding import Chunk, encode_text, split_marks
from feeds.delivery.message.headers import (
    DATE,
    DELIVERY,
    MESSAGE_ID,
    TO,
    check_address,
    hash_text,
    list_letter_headers,
    list_newsletter_headers,
)
from feeds.delivery.message.template import MailTemplate
from feeds.model import Letter, Newsletter
from feeds.personal import UNSUBSCRIBE_MARK, Personal

__all__ = ["MailTemplate", "build_letter", "build_message", "check_address", "prepare_message"]

_MARKS = (TO, DATE, MESSAGE_ID, DELIVERY, UNSUBSCRIBE_MARK)


def prepare_message(
    newsletter: Newsletter, config: Config, *, unsubscribe: str | None = None
) -> MailTemplate:
    """Build a mail but for what is one reader's: once for all who get the same.

    Both parts, and the headers of RFC 2369, 2919 and 8058. ``unsubscribe`` is the https address
    that a POST leaves by, where it is not the reader's own.

    :raises DeliveryError: an address of the configuration is none.
    """
    lang = newsletter.lang
    leave = unsubscribe or config.reader_address(lang, "unsubscribe", UNSUBSCRIBE_MARK)
    subject = "unsubscribe" if unsubscribe else f"unsubscribe%20{UNSUBSCRIBE_MARK}"
    headers = list_newsletter_headers(newsletter, config, leave, subject)
    return MailTemplate(_write(headers, newsletter.lang, newsletter.text, newsletter.html))


def build_message(
    newsletter: Newsletter, config: Config, personal: Personal, *, unsubscribe: str | None = None
) -> bytes:
    """Build the mail to one reader; lines end in CRLF.

    Nothing in it is random, so a mail that is sent again after a crash can be told to be the same.

    :raises DeliveryError: an address is none, or a value of the reader's none of its kind.
    """
    return prepare_message(newsletter, config, unsubscribe=unsubscribe).splice(personal)


def build_letter(letter: Letter, config: Config, personal: Personal) -> bytes:
    """Build a mail to one reader about their subscription: no list's, and no issue's.

    :raises DeliveryError: an address is none, or a value of the reader's none of its kind.
    """
    headers = list_letter_headers(config, letter.lang, letter.subject)
    return MailTemplate(_write(headers, letter.lang, letter.text, letter.html)).splice(personal)


def _write(headers: Iterable[tuple[str, str]], lang: str, text: str, html: str) -> Iterator[Chunk]:
    """A mail of two parts (RFC 2046, section 5.1.4); an aware program shows the last one."""
    block = "".join(f"{name}: {value}\r\n" for name, value in headers)
    # Neither base64 nor quoted-printable ever holds "=_", so no boundary is met in a part.
    boundary = f"=_{hash_text(block)}"
    block += f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    yield from split_marks(block.encode("ascii"), _MARKS)
    for subtype, content in (("plain", text), ("html", html)):
        encoding, chunks = encode_text(content)
        yield (
            f"--{boundary}\r\n"
            f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
            f"Content-Transfer-Encoding: {encoding}\r\n"
            f"Content-Language: {lang}\r\n\r\n"
        ).encode("ascii")
        yield from chunks
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode("ascii")
