from __future__ import annotations

import email
from datetime import datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feeds.delivery.message import build_message
from feeds.errors import DeliveryError
from feeds.model import Newsletter
from tests.issues import DAY, UNSUBSCRIBE, make_config

MOMENT = datetime(2024, 12, 18, 7, 0, tzinfo=ZoneInfo("Asia/Seoul"))
KOREAN = "보상 모형을 거치지 않고 선호를 배우는 방법에 대한 글입니다. " * 40


def make_newsletter(**changes: Any) -> Newsletter:
    fields: dict[str, Any] = {
        "day": DAY,
        "lang": "ko",
        "subject": "12월 17일 · SPaR: Self-Play with Tree-Search",
        "preheader": "해설이 이렇게 시작합니다.",
        "html": f"<!DOCTYPE html>\n<p>{KOREAN}</p>\n",
        "text": f"{KOREAN}\n",
    }
    return Newsletter(**{**fields, **changes})


def build(newsletter: Newsletter, recipient: str = "reader@example.org", **keys: Any) -> bytes:
    return build_message(
        newsletter,
        make_config(**keys),
        recipient=recipient,
        date=MOMENT,
        unsubscribe=UNSUBSCRIBE,
    )


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def parts(raw: bytes) -> list[str]:
    return [part.get_content().replace("\r\n", "\n") for part in read(raw).iter_parts()]


def test_plain_text_comes_before_html_and_both_come_back_as_they_were() -> None:
    newsletter = make_newsletter()
    message = read(build(newsletter))
    assert message.get_content_type() == "multipart/alternative"
    types = [part.get_content_type() for part in message.iter_parts()]
    assert types == ["text/plain", "text/html"]
    assert all(part.get_content_charset() == "utf-8" for part in message.iter_parts())
    assert parts(build(newsletter)) == [newsletter.text, newsletter.html]


@pytest.mark.parametrize(
    "text",
    [
        "From here on\n.\n..dots\n\n",
        "trailing space \nand tab\t\n",
        "=3D and =?utf-8?q?no?=\n",
        "line \u2028separator and \x0c feed\n",
        "한" * 3000 + "\n",
        "a" * 3000 + "\n",
        "🪄 emoji, 한국어 and English\n" * 50,
        "a가",  # as long in one encoding as in the other
    ],
)
def test_any_text_survives_the_encoding(text: str) -> None:
    raw = build(make_newsletter(text=text, html=f"<p>{text}</p>\n"))
    assert parts(raw) == [text, f"<p>{text}</p>\n"]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_each_part_is_encoded_the_shorter_way() -> None:
    message = read(build(make_newsletter(text="Plain English.\n")))
    encodings = [part["Content-Transfer-Encoding"] for part in message.iter_parts()]
    assert encodings == ["quoted-printable", "base64"]


@pytest.mark.parametrize(
    "subject",
    [
        "17 December · SPaR",
        "Plain ASCII subject that is long enough to be folded somewhere: 78 characters",
        "12월 17일 · 보상 모형을 거치지 않고 선호를 곧바로 배우는 방법에 대한 아주 긴 제목…",
        "12월 17일 · 한국어 and English 섞인 title 에서 the spaces 가 stay 있어야 합니다 okay",
        '"Quoted", (comment) <angle> =?utf-8?q?fake?= word',
        "🪄🪄🪄 emoji 🪄 before and after 🪄🪄🪄🪄🪄🪄🪄🪄🪄🪄🪄🪄🪄🪄🪄🪄🪄",
    ],
)
def test_subjects_and_names_come_back_as_they_were(subject: str) -> None:
    raw = build(make_newsletter(subject=subject), mail={"from_name": subject})
    assert read(raw)["Subject"] == subject
    # The newer parser of the library puts a space between the encoded words of a name.
    name, address = parseaddr(email.message_from_bytes(raw)["From"])
    assert str(make_header(decode_header(name))) == subject
    assert address == "newsletter@paperround.example"


def test_headers_let_programs_tell_the_list_and_leave_it() -> None:
    message = read(build(make_newsletter(), mail={"unsubscribe_mailto": "leave@example.org"}))
    assert message["List-Unsubscribe"] == (
        f"<{UNSUBSCRIBE}>, <mailto:leave@example.org?subject=unsubscribe>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"].endswith("<ko.newsletter.paperround.example>")
    assert message["List-Archive"] == "<https://paperround.example/papers/ko/>"
    assert message["To"] == "reader@example.org"
    assert message["Date"] == "Wed, 18 Dec 2024 07:00:00 +0900"
    assert message["Content-Language"] == "ko"
    assert message["Precedence"] == "bulk"
    assert message["Feedback-ID"].startswith("2024-12-17:ko:newsletter:")


def test_sender_and_list_are_those_of_the_configuration() -> None:
    mail = {
        "from_name": {"ko": "아침 논문", "en": "Morning Papers"},
        "from_address": "hello@mail.example.org",
        "reply_to": "writer@example.org",
        "list_id": "<papers.example.org>",
    }
    message = read(build(make_newsletter(), mail=mail))
    assert str(message["From"]) == "아침 논문 <hello@mail.example.org>"
    assert message["Reply-To"] == "writer@example.org"
    assert message["List-Id"] == "아침 논문 한 장 <papers.example.org>"


def test_the_same_mail_has_the_same_bytes_and_another_reader_another_id() -> None:
    assert build(make_newsletter()) == build(make_newsletter())
    first = read(build(make_newsletter()))["Message-ID"]
    other = read(build(make_newsletter(), recipient="other@example.org"))["Message-ID"]
    assert first != other
    # An edit of what the mail says does not make it another mail.
    assert read(build(make_newsletter(text="edited\n")))["Message-ID"] == first
    assert "reader" not in first


def test_an_id_never_stands_on_a_line_of_its_own() -> None:
    raw = build(make_newsletter(), domain=f"{'long.' * 20}example")
    assert b"Message-ID: <2024-12-17.ko." in raw


def test_no_text_can_add_a_header() -> None:
    evil = "Title\r\nBcc: victim@example.org\n\nBody\x85\u2028X: y"
    raw = build(
        make_newsletter(subject=evil),
        title=evil,
        mail={"from_name": evil, "reply_to": "writer@example.org"},
    )
    message = read(raw)
    assert message["Bcc"] is None
    assert message["X"] is None
    assert set(message.keys()) == {*read(build(make_newsletter())).keys(), "Reply-To"}


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b@c", "a b@example.org", "x@example.org\r\nBcc: y@z", "한글@example.org"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(DeliveryError, match="expected one such as") as told:
        build(make_newsletter(), recipient=address)
    assert not told.value.temporary
    assert "\n" not in str(told.value)


def test_domains_are_written_as_dns_has_them() -> None:
    message = read(build(make_newsletter(), recipient="a@한글.kr"))
    assert message["To"].addresses[0].domain == "xn--bj0bj06e.kr"
