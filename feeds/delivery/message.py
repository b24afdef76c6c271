"""A rendered issue as a complete mail to one reader (RFC 5322), the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from datetime import datetime
from email import base64mime, policy, quoprimime
from email.charset import SHORTEST, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.utils import format_datetime

from feeds.config import Config
from feeds.errors import DeliveryError
from feeds.model import Newsletter

# The older policy, on purpose: the newer one loses spaces between encoded words when it folds a
# long title that is Korean here and English there, and how it folds differs between Pythons.
# Headers are folded here where they are long words, and nowhere else: some servers lose an id that
# stands on a line of its own.
_POLICY = policy.Compat32(linesep="\r\n", max_line_length=None, mangle_from_=False)

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([^\s@<>()\[\],;:\\\"]+)")
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = SHORTEST


def build_message(
    newsletter: Newsletter, config: Config, *, recipient: str, date: datetime, unsubscribe: str
) -> bytes:
    """Build the mail: both parts, and the headers of RFC 2369, 2919 and 8058; lines end in CRLF.

    ``date`` is aware. ``unsubscribe`` is the https address that a POST leaves by. Nothing in it is
    random, so a mail that is sent again after a crash can be told to be the same.

    :raises DeliveryError: an address is none.
    """
    plain = _encode_part("plain", newsletter.text, newsletter.lang)
    rich = _encode_part("html", newsletter.html, newsletter.lang)
    message = Message(_POLICY)
    for name, value in _list_headers(newsletter, config, recipient, date, unsubscribe):
        message[name] = value
    # Neither base64 nor quoted-printable ever holds "=_", so no boundary is met in a part.
    content = f"{newsletter.text}\0{newsletter.html}".encode()
    message.add_header("Content-Type", "multipart/alternative", boundary=f"=_{_hash(content)}")
    message.set_payload([plain, rich])
    buffer = io.BytesIO()
    BytesGenerator(buffer, policy=_POLICY).flatten(message)
    return buffer.getvalue()


def _list_headers(
    newsletter: Newsletter, config: Config, recipient: str, date: datetime, unsubscribe: str
) -> Iterator[tuple[str, str]]:
    """The headers in order; the strings are ASCII or encoded already."""
    lang, mail = newsletter.lang, config.mail
    domain = _encode_domain(config.id_domain)
    title = config.localized(config.title, lang)
    sender = config.localized(mail.from_name, lang) if mail.from_name else title
    yield "From", _name_address(sender, mail.from_address or f"newsletter@{domain}")
    yield "To", _check_address(recipient)
    if mail.reply_to:
        yield "Reply-To", _check_address(mail.reply_to)
    yield "Subject", _encode_words(newsletter.subject, "Subject")
    yield "Date", format_datetime(date)
    reader = _hash(f"{recipient}\0{domain}".encode())
    yield "Message-ID", f"<{newsletter.day}.{lang}.{reader}@{domain}>"
    list_id = (mail.list_id or f"{lang}.newsletter.{domain}").strip("<> ")
    yield "List-Id", f"{_quote_phrase(title, 'List-Id')} <{_one_line(list_id)}>"
    yield "List-Unsubscribe", ", ".join(_ways_out(unsubscribe, mail.unsubscribe_mailto))
    yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    yield "List-Archive", f"<{config.address(f'{lang}/')}>"
    yield "Feedback-ID", f"{newsletter.day}:{lang}:newsletter:{_hash(domain.encode())[:12]}"
    # Out-of-office replies stay away from this (RFC 3834, section 2). Auto-Submitted is left out:
    # a person wrote what this mail says, and some filters count it against a sender.
    yield "Precedence", "bulk"
    yield "Content-Language", lang
    yield "MIME-Version", "1.0"


def _ways_out(unsubscribe: str, mailto: str | None) -> Iterator[str]:
    yield f"<{_one_line(unsubscribe)}>"
    if mailto:
        address = _check_address(mailto.removeprefix("mailto:"))
        yield f"<mailto:{address}?subject=unsubscribe>"


def _encode_part(subtype: str, text: str, lang: str) -> Message:
    """Encode a part by what is shorter: base64 for Korean, mostly (RFC 2045, section 6)."""
    data = re.sub("\r\n?|\n", "\r\n", text).encode()
    encodings = {
        "base64": base64mime.body_encode(data, eol="\r\n"),
        # A byte is a character of Latin-1 to this function.
        "quoted-printable": quoprimime.body_encode(data.decode("latin-1"), eol="\r\n"),
    }
    shorter = min(encodings, key=lambda name: len(encodings[name]))
    part = Message(_POLICY)
    part.add_header("Content-Type", f"text/{subtype}", charset="utf-8")
    part["Content-Transfer-Encoding"] = shorter
    part["Content-Language"] = lang
    part.set_payload(encodings[shorter])
    return part


def _name_address(name: str, address: str) -> str:
    return f"{_quote_phrase(name, 'From')} <{_check_address(address)}>"


def _quote_phrase(text: str, header: str) -> str:
    """A display name: quoted where it is ASCII (RFC 5322, section 3.2.5), else encoded words."""
    line = _one_line(text)
    if not line.isascii() or "=?" in line:
        return _encode_words(line, header)
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encode_words(text: str, header: str) -> str:
    """A text for a header, in encoded words (RFC 2047) where it is not plain ASCII."""
    line = _one_line(text)
    if line.isascii() and "=?" not in line:
        return line
    return Header(line, _UTF8, header_name=header, maxlinelen=76).encode(linesep="\r\n")


def _one_line(text: str) -> str:
    """A line that cannot end its header: white space collapsed, control characters left out."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _check_address(address: str) -> str:
    """An address of ASCII, its domain as DNS has it.

    :raises DeliveryError: it is none.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        message = "no address; expected one such as reader@example.org"
        raise DeliveryError(_one_line(address), message, temporary=False)
    return f"{address[: match.start(1)]}{_encode_domain(match[1])}"


def _encode_domain(domain: str) -> str:
    """A domain in ASCII (RFC 5890); one that is none stays as it is, for the relay to refuse."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain.encode("ascii", "ignore").decode("ascii")


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
