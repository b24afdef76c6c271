"""Leaving by mail: only a reader's own token counts, wherever a mail program puts it."""

from __future__ import annotations

from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.secrets import Keys
from feeds.subscribers.by_mail import LONGEST, find_leaver
from feeds.subscribers.links import Links

LINKS = Links(Keys(signing=(b"a key that signs",), permanent=b"stays"))
TOKEN = "a-token_of-22-letters_"
SIGNED = LINKS.unsubscribe(TOKEN)
FORGED = Links(Keys(signing=(b"somebody else's",), permanent=b"x")).unsubscribe(TOKEN)


def mail(subject: str, text: str = "", sender: str = "reader@example.org") -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "unsubscribe@example.org"
    message["Subject"] = subject
    message.set_content(text)
    return message


def leaver(message: EmailMessage | bytes) -> str | None:
    raw = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
    return find_leaver(raw, LINKS)


def raw_mail(subject: str, text: str = "") -> bytes:
    return f"From: a@example.org\r\nSubject: {subject}\r\n\r\n{text}".encode()


@pytest.mark.parametrize(
    "subject",
    [
        f"unsubscribe {SIGNED}",
        f"Unsubscribe {SIGNED}",
        f"Re: unsubscribe {SIGNED}",
        f"회신: unsubscribe {SIGNED} 부탁드려요",
        SIGNED,
        f"  {SIGNED}  ",
        f"unsubscribe <{SIGNED}>",
    ],
)
def test_a_token_in_the_subject_counts(subject: str) -> None:
    assert leaver(mail(subject)) == TOKEN


def quoted(text: str) -> str:
    """An encoded word (RFC 2047), in which an underscore would be a space."""
    return f"=?utf-8?Q?{text.replace('_', '=5F').replace(' ', '_')}?="


@pytest.mark.parametrize(
    "subject",
    [
        f"unsubscribe\r\n {SIGNED}",
        f"unsubscribe {SIGNED[:30]}\r\n {SIGNED[30:]}",
        f"{quoted(f'unsubscribe {SIGNED[:20]}')}\r\n {quoted(SIGNED[20:])}",
        f"=?utf-8?B?7ZqM7IugOiA=?= unsubscribe {SIGNED}",
    ],
)
def test_a_subject_that_was_folded_or_encoded_counts(subject: str) -> None:
    assert leaver(raw_mail(subject)) == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        f"unsubscribe {SIGNED}\n",
        f"Please\nUNSUBSCRIBE: {SIGNED}\nthank you",
        f"unsubscribe\n{SIGNED}",
        f"{'가' * 200} unsubscribe {SIGNED}",  # which is encoded
    ],
)
def test_a_token_in_the_text_counts_behind_the_word(text: str) -> None:
    message = mail("hello", text)
    message.add_alternative("<p>nothing</p>", subtype="html")
    assert leaver(message) == TOKEN


@pytest.mark.parametrize(
    "message",
    [
        mail("unsubscribe"),
        mail("unsubscribe me please", "I am reader@example.org"),
        mail(f"unsubscribe {FORGED}"),
        mail(f"unsubscribe {SIGNED[:-2]}"),
        mail(f"unsubscribe {TOKEN}"),
        mail(f"unsubscribe {SIGNED.swapcase()}"),
        # An answer to an issue, which quotes its links.
        mail("Re: 2024-12-17", f"Thank you!\n\n> unsubscribe {SIGNED}\n"),
        mail("Re: 2024-12-17", f"Leave: https://example.org/en/unsubscribe?t={SIGNED}\n"),
        mail("Re: 2024-12-17", f"<https://example.org/unsubscribe?t=\n{SIGNED}>\n"),
        mail("hello", SIGNED),
        mail(f"see https://example.org/en/unsubscribe?t={SIGNED}"),
        b"",
        b"\0\xff\xfe" * 1000,
        b"Subject: =?utf-8?B?" + b"A" * 100_000,
        b"Subject: " + b"\n ".join([FORGED.encode()] * 5000),
        b"Content-Type: text/plain; charset=nope\n\nunsubscribe\n",
        b"Content-Type: multipart/mixed; boundary=\n\n--\n--\n",
        raw_mail("x", "unsubscribe " + "a" * 2_000_000),
    ],
    ids=range(18),
)
def test_any_other_mail_changes_nothing(message: EmailMessage | bytes) -> None:
    assert leaver(message) is None


def test_a_bounce_that_sends_our_own_mail_back_unsubscribes_nobody() -> None:
    ours = mail("2024-12-17")
    ours["List-Unsubscribe"] = f"<mailto:unsubscribe@example.org?subject=unsubscribe%20{SIGNED}>"
    report = MIMEMultipart("report", report_type="delivery-status")
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report.attach(MIMEText(f"It could not be delivered: unsubscribe {SIGNED}"))
    report.attach(MIMEMessage(ours))
    assert leaver(report.as_bytes()) is None


def test_who_a_mail_says_it_is_from_does_not_matter() -> None:
    assert leaver(mail(f"unsubscribe {SIGNED}", sender="somebody-else@example.org")) == TOKEN


def test_a_mail_of_any_length_is_looked_at_in_its_beginning_only() -> None:
    assert leaver(raw_mail("x", " " * LONGEST + f"unsubscribe {SIGNED}")) is None


@given(raw=st.binary(max_size=400))
def test_no_bytes_break_it(raw: bytes) -> None:
    for start in (
        b"",
        b"Subject: ",
        b"Content-Type: multipart/",
        b"Subject: =?",
        b"Content-Type: ",
    ):
        assert leaver(start + raw) is None
