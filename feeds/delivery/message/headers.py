"""The headers of a mail: ASCII, folded only between encoded words, one line where it matters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from email.charset import SHORTEST, Charset
from email.header import Header
from functools import lru_cache

from feeds.config import Config
from feeds.errors import DeliveryError
from feeds.model import Newsletter

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9._-]+")
_LONGEST_ADDRESS = 254  # RFC 5321, section 4.5.3.1.3, less its brackets
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = SHORTEST

# Where one reader's own values stand in a block of headers. No header holds a NUL.
TO, DATE, MESSAGE_ID, DELIVERY = "\0to\0", "\0date\0", "\0id\0", "\0delivery\0"


def list_newsletter_headers(
    newsletter: Newsletter, config: Config, unsubscribe: str, subject: str
) -> Iterator[tuple[str, str]]:
    """The headers of RFC 2369, 2919 and 8058 and those of every mail, in order.

    ``unsubscribe`` is the https address that a POST leaves by; ``subject`` of the mail to
    ``unsubscribe_mailto`` that does the same.
    """
    lang, mail = newsletter.lang, config.mail
    domain = encode_domain(config.id_domain)
    yield from _list_sender_headers(config, lang, newsletter.subject)
    list_id = (mail.list_id or f"{lang}.newsletter.{domain}").strip("<> ")
    name = quote_phrase(config.localized(config.title, lang), "List-Id")
    yield "List-Id", f"{name} <{one_line(list_id)}>"
    ways = [f"<{one_line(unsubscribe)}>"]
    if mail.unsubscribe_mailto:
        address = check_address(mail.unsubscribe_mailto.removeprefix("mailto:"))
        ways.append(f"<mailto:{address}?subject={subject}>")
    yield "List-Unsubscribe", ", ".join(ways)
    yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    yield "List-Archive", f"<{config.address(f'{lang}/')}>"
    rhythm = "newsletter" if newsletter.kind == "daily" else newsletter.kind
    yield "Feedback-ID", f"{newsletter.day}:{lang}:{rhythm}:{hash_text(domain)[:12]}"
    # Out-of-office replies stay away from this (RFC 3834, section 2). Auto-Submitted is left out:
    # a person wrote what this mail says, and some filters count it against a sender.
    yield "Precedence", "bulk"
    yield from _list_content_headers(lang)


def list_letter_headers(config: Config, lang: str, subject: str) -> Iterator[tuple[str, str]]:
    """The headers of a mail that a program wrote to one person (RFC 3834, section 5)."""
    yield from _list_sender_headers(config, lang, subject)
    yield "Auto-Submitted", "auto-generated"
    yield from _list_content_headers(lang)


def _list_sender_headers(config: Config, lang: str, subject: str) -> Iterator[tuple[str, str]]:
    mail = config.mail
    name = config.localized(mail.from_name or config.title, lang)
    address = mail.from_address or f"newsletter@{encode_domain(config.id_domain)}"
    yield "From", f"{quote_phrase(name, 'From')} <{check_address(address)}>"
    yield "To", TO
    if mail.reply_to:
        yield "Reply-To", check_address(mail.reply_to)
    yield "Subject", encode_words(subject, "Subject")
    yield "Date", DATE
    yield "Message-ID", MESSAGE_ID


def _list_content_headers(lang: str) -> Iterator[tuple[str, str]]:
    # Some relays give a mail another Message-ID: this one stays.
    yield "X-Paperround-Delivery", DELIVERY
    yield "Content-Language", lang
    yield "MIME-Version", "1.0"


def quote_phrase(text: str, header: str) -> str:
    """A display name: quoted where it is ASCII (RFC 5322, section 3.2.5), else encoded words."""
    line = one_line(text)
    if not line.isascii() or "=?" in line:
        return encode_words(line, header)
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@lru_cache(maxsize=1024)  # the variants of an issue have few subjects, and one sender
def encode_words(text: str, header: str) -> str:
    """A text for a header, in encoded words (RFC 2047) where it is not plain ASCII."""
    line = one_line(text)
    if line.isascii() and "=?" not in line:
        return line
    # The older of the library's two ways, on purpose: the newer one loses spaces between encoded
    # words when it folds a long title that is Korean here and English there, and how it folds
    # differs between Pythons. Nothing else is folded: some servers lose an id that stands on a
    # line of its own.
    return Header(line, _UTF8, header_name=header, maxlinelen=76).encode(linesep="\r\n")


def one_line(text: str) -> str:
    """A line that cannot end its header: white space collapsed, control characters left out."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def check_address(address: str) -> str:
    """An address of ASCII, its domain as DNS has it.

    :raises DeliveryError: it is none.
    """
    if not address.isascii():
        local, at, domain = address.rpartition("@")
        address = f"{local}{at}{encode_domain(domain)}"
    if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST_ADDRESS:
        message = "no address; expected one such as reader@example.org"
        raise DeliveryError(one_line(address), message, temporary=False)
    return address


def encode_domain(domain: str) -> str:
    """A domain in ASCII (RFC 5890); one that is none stays as it is, for the relay to refuse."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain.encode("ascii", "ignore").decode("ascii")


def hash_text(text: str) -> str:
    """A short name that tells nothing of the text that it stands for."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
