from __future__ import annotations

import email
import re
from datetime import datetime, timedelta
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.delivery.message import build_letter, build_message, prepare_message
from feeds.errors import DeliveryError
from feeds.model import Letter, Newsletter
from feeds.personal import PREFERENCES_MARK, UNSUBSCRIBE_MARK, Personal
from tests.issues import BASE, DAY, make_config

UNSUBSCRIBE = f"{'Tok-n_' * 3}1234.{'S1gnature_of-it' * 3}"[:66]
PREFERENCES = f"{'Tok-n_' * 3}1234.abcdef.{'S1gnature_of-it' * 3}"[:73]
LEAVE = f"{BASE}/ko/unsubscribe?t={UNSUBSCRIBE_MARK}"
CHANGE = f"{BASE}/ko/preferences?t={PREFERENCES_MARK}"
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


def make_personal(**changes: Any) -> Personal:
    fields: dict[str, Any] = {
        "recipient": "reader@example.org",
        "message_id": "<2024-12-17.17.0a1b@paperround.example>",
        "delivery": "17.0a1b2c",
        "date": MOMENT,
        "unsubscribe": UNSUBSCRIBE,
        "preferences": PREFERENCES,
    }
    return Personal(**{**fields, **changes})


def build(newsletter: Newsletter, recipient: str = "reader@example.org", **keys: Any) -> bytes:
    return build_message(newsletter, make_config(**keys), make_personal(recipient=recipient))


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
        f"<{BASE}/ko/unsubscribe?t={UNSUBSCRIBE}>, "
        f"<mailto:leave@example.org?subject=unsubscribe%20{UNSUBSCRIBE}>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"].endswith("<ko.newsletter.paperround.example>")
    assert message["List-Archive"] == "<https://paperround.example/papers/ko/>"
    assert message["To"] == "reader@example.org"
    assert message["Date"] == "Wed, 18 Dec 2024 07:00:00 +0900"
    assert message["Content-Language"] == "ko"
    assert message["Precedence"] == "bulk"
    assert message["Feedback-ID"].startswith("2024-12-17:ko:newsletter:")
    assert message["X-Paperround-Delivery"] == "17.0a1b2c"
    assert message["Message-ID"] == "<2024-12-17.17.0a1b@paperround.example>"
    assert message["Auto-Submitted"] is None


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


def test_weeks_and_days_are_told_apart_where_complaints_are_counted() -> None:
    message = read(build(make_newsletter(kind="weekly")))
    assert message["Feedback-ID"].startswith("2024-12-17:ko:weekly:")


def test_the_same_mail_has_the_same_bytes() -> None:
    assert build(make_newsletter()) == build(make_newsletter())


def test_no_id_and_no_link_is_folded() -> None:
    domain = f"{'long.' * 20}example"
    message_id = f"<2024-12-17.1@{domain}>"
    config = make_config(domain=domain, mail={"unsubscribe_mailto": f"leave@{domain}"})
    raw = build_message(make_newsletter(), config, make_personal(message_id=message_id))
    assert f"\r\nMessage-ID: {message_id}\r\n".encode() in raw
    [line] = [line for line in raw.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
    assert line.endswith(f"{UNSUBSCRIBE}>".encode())


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
    [
        *("", "nobody", "a@b@c", "a b@example.org", "한글@example.org", '"a b"@example.org'),
        *("x@example.org\r\nBcc: y@z", "x@example.org\n", "x@exa\0mple.org", "x@한\r글.kr"),
        f"{'a' * 250}@example.org",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(DeliveryError, match="expected one such as") as told:
        build(make_newsletter(), recipient=address)
    assert not told.value.temporary
    assert "\n" not in str(told.value)


def test_domains_are_written_as_dns_has_them() -> None:
    message = read(build(make_newsletter(), recipient="a@한글.kr"))
    assert message["To"].addresses[0].domain == "xn--bj0bj06e.kr"


# --- one reader's own -----------------------------------------------------------------------------

PADS = ("", "가", "글 " * 7, "a" * 40, "x." * 300, f"{KOREAN}\n" * 3, "Plain English.\n" * 50)


@pytest.mark.parametrize("before", PADS)
@pytest.mark.parametrize("after", PADS)
def test_a_readers_links_stand_where_the_marks_were(before: str, after: str) -> None:
    text = f"{before}{LEAVE}{after}\n{CHANGE}{before} and {CHANGE}"
    html = f'<p>{after}</p>\n<a href="{CHANGE}">{before}</a> <a href="{LEAVE}">{after}</a>\n'
    raw = build(make_newsletter(text=text, html=html))
    told = [
        part.replace(UNSUBSCRIBE_MARK, UNSUBSCRIBE).replace(PREFERENCES_MARK, PREFERENCES)
        for part in (text, html)
    ]
    assert parts(raw) == told
    check_lines(raw)


def check_lines(raw: bytes) -> None:
    """As RFC 2045 wants them, and as they can be sent without looking at them again."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = body.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert not any(line.startswith(b".") or line.endswith((b" ", b"\t")) for line in lines)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert raw.endswith(b"--\r\n")


@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from([".", "\n", " ", "\t", "=", "\r"])),
    st.sampled_from([1, 20, 90]),
)
def test_whatever_is_said_comes_back_and_needs_no_dots_stuffed(text: str, times: int) -> None:
    said = f"{text * times}{LEAVE}{text * times}"
    raw = build(make_newsletter(text=said, html=f"Plain English. {said * 2}"))
    check_lines(raw)
    lines = re.sub("\r\n?", "\n", said).replace(UNSUBSCRIBE_MARK, UNSUBSCRIBE)
    assert parts_as_they_are(raw) == [lines, f"Plain English. {lines * 2}"]


def parts_as_they_are(raw: bytes) -> list[str]:
    payloads = [part.get_payload(decode=True) for part in read(raw).iter_parts()]
    return [bytes(payload).decode().replace("\r\n", "\n") for payload in payloads]


def test_one_template_makes_the_mail_of_each_reader() -> None:
    newsletter = make_newsletter(html=f"<p>{KOREAN}</p><a href='{LEAVE}'>x</a>\n")
    template = prepare_message(newsletter, make_config())
    others = make_personal(
        recipient="other@example.com",
        message_id="<2@paperround.example>",
        delivery="2.ff",
        date=MOMENT + timedelta(hours=1),
        unsubscribe=UNSUBSCRIBE[::-1],
        preferences=PREFERENCES[::-1],
    )
    for personal in (make_personal(), others, make_personal()):
        raw = template.splice(personal)
        assert raw == build_message(newsletter, make_config(), personal)
        message = read(raw)
        assert message["To"] == personal.recipient
        assert message["Date"].datetime == personal.date
        assert personal.unsubscribe in message["List-Unsubscribe"]
        assert personal.unsubscribe in parts(raw)[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "no brackets@example.org"},
        {"message_id": "<a@b>\r\nBcc: y@z"},
        {"message_id": "<a@b\0>"},
        {"message_id": f"<{'a' * 900}@b>"},
        {"delivery": "1\r\nBcc: y@z"},
        {"delivery": ""},
        {"delivery": " 1"},
        {"message_id": "<a@b>\n1\n2", "delivery": "3"},
        {"delivery": "가"},
        {"unsubscribe": UNSUBSCRIBE[1:]},
        {"unsubscribe": f"{UNSUBSCRIBE[1:]}\n"},
        {"unsubscribe": f"{UNSUBSCRIBE[1:]}>"},
        {"unsubscribe": f".{UNSUBSCRIBE[1:]}"},
        {"preferences": f"{PREFERENCES}A"},
        {"preferences": ""},
    ],
)
def test_what_is_no_value_of_a_reader_is_refused(changes: dict[str, str]) -> None:
    template = prepare_message(make_newsletter(), make_config())
    with pytest.raises(DeliveryError, match="no value of its kind") as told:
        template.splice(make_personal(**changes))
    assert not told.value.temporary
    assert "\n" not in str(told.value)


def test_the_folders_mail_leads_to_where_leaving_is_explained() -> None:
    leave = f"{BASE}/ko/unsubscribe/"
    config = make_config(mail={"unsubscribe_mailto": "leave@example.org"})
    raw = build_message(make_newsletter(), config, make_personal(), unsubscribe=leave)
    ways = f"<{leave}>, <mailto:leave@example.org?subject=unsubscribe>"
    assert read(raw)["List-Unsubscribe"] == ways


# --- letters --------------------------------------------------------------------------------------


def make_letter(**changes: str) -> Letter:
    fields = {
        "lang": "ko",
        "subject": "구독을 확인해 주세요",
        "text": f"{BASE}/ko/confirm?t=abc\n",
        "html": f'<p lang="ko">확인: <a href="{BASE}/ko/confirm?t=abc">확인</a></p>\n',
    }
    return Letter(**{**fields, **changes})


def test_a_letter_says_that_a_program_wrote_it_and_is_no_lists() -> None:
    letter = make_letter()
    raw = build_letter(letter, make_config(mail={"reply_to": "w@example.org"}), make_personal())
    message = read(raw)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Paperround-Delivery"] == "17.0a1b2c"
    assert message["Subject"] == letter.subject
    assert message["Reply-To"] == "w@example.org"
    lists = [name for name in message.keys() if name.startswith(("List-", "Feedback", "Prec"))]  # noqa: SIM118  # a message is no mapping
    assert lists == []
    assert parts(raw) == [letter.text, letter.html]
    check_lines(raw)


def test_a_letter_cannot_add_a_header() -> None:
    evil = "Title\r\nBcc: victim@example.org\n\nBody"
    message = read(build_letter(make_letter(subject=evil), make_config(), make_personal()))
    assert message["Bcc"] is None
    assert message["Subject"] == "Title Bcc: victim@example.org Body"
