"""What strangers send to the pages for readers, and what becomes of a database in the middle."""

from __future__ import annotations

import json
import logging
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from feeds.config import Config
from feeds.database.places import database_path
from feeds.database.tables import subscribers
from feeds.web.readers.bodies import MOST_BYTES, RefusedError
from feeds.web.readers.fields import MOST_FIELDS, Fields, read_form
from tests.databases import BOTH
from tests.web.desks import ADDRESS, FORM, Desk, build_publication, open_desk, read_page, shown
from tests.web.serving import send_raw, status_of

PAGES = ("subscribe", "confirm", "preferences", "unsubscribe", "data", "mine")
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return build_publication(tmp_path_factory.mktemp("refused"))


@pytest.fixture
def desk(config: Config, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(config, state=str(tmp_path / "state")) as desk:
        yield desk


# --- fields ---------------------------------------------------------------------------------------

CONTROLS = ("\r\nBcc: victim@example.org", "\n", "\r", "\0", "\x1b", "\x85", "\u2028", "\x7f")


@pytest.mark.parametrize("name", [*FORM, "any", "not", "pause", "never-heard-of"])
def test_no_field_takes_a_line_break_or_a_control_character(desk: Desk, name: str) -> None:
    for control in CONTROLS:
        answer = desk.sign_up(**{name: f"a{control}"})
        assert answer.status_code == 400, repr(control)
        assert "보내신 내용을 읽지 못했습니다" in shown(answer)
        boundary = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\na{control}\r\n'
        answer = desk.post(
            "ko/subscribe",
            content=f"{boundary}--b--\r\n".encode(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )
        assert answer.status_code == 400, repr(control)
    assert desk.rows(subscribers) == []


@pytest.mark.parametrize(
    "encoded",
    ["%0d%0aBcc:x", "a%00b", "a%E2%80%A8b", "%C2%85", "a%0a", "%ff", "%C0%AF", "%ED%A0%80"],
)
def test_what_is_encoded_is_no_way_around_that(desk: Desk, encoded: str) -> None:
    for name in ("address", "lang", "more_any"):
        form = "&".join(f"{key}={quote(text)}" for key, text in FORM.items() if key != name)
        body = f"{form}&{name}={encoded}".encode()
        answer = desk.post("ko/subscribe", content=body, headers={"Content-Type": URLENCODED})
        assert answer.status_code == 400
        assert "bcc" not in {header.lower() for header in answer.headers}
    token = desk.get(f"ko/confirm?t={encoded}")
    assert token.status_code == 400
    assert desk.rows(subscribers) == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "reader",
        "reader@",
        "@example.org",
        "a@b@example.org",
        "a b@example.org",
        '"quoted"@example.org',
        '"a b"@example.org',
        "a(comment)@example.org",
        "reader@[192.0.2.1]",
        "reader@localhost",
        "독자@example.org",
        "réader@example.org",
        "a@example.org,b@example.org",
        "<a@example.org>",
        "Reader <a@example.org>",
        "a@example.org?cc=b@example.org",
        "a@exa mple.org",
        "a@-example.org",
        "a..b@example.org",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 64}.org",
        f"a@{'.'.join(['b' * 60] * 5)}.org",
        f"{'a' * 300}@example.org",
        "a@example.org\u200b",
        "a@ex\u00adample.org\u202e",
        "'; DROP TABLE subscribers; --",
        "<script>alert(1)</script>@example.org",
    ],
)
def test_what_is_no_address_is_told_in_words_and_shown_as_it_was(desk: Desk, address: str) -> None:
    answer = desk.sign_up(address=address)
    assert answer.status_code == 400
    page = read_page(answer.text)
    assert page.get_element_by_id("address").get("value") == address.strip()
    assert page.get_element_by_id("address-wrong").text_content()
    assert "<script>alert" not in answer.text
    assert desk.rows(subscribers) == []


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (" reader@example.org ", "reader@example.org"),
        ("o'brien+papers@example.org", "o'brien+papers@example.org"),
        ("reader@한국.example", "reader@xn--3e0b707e.example"),
        ("reader@EXAMPLE.org", "reader@example.org"),
    ],
)
def test_addresses_that_there_can_be_are_taken(desk: Desk, address: str, kept: str) -> None:
    assert desk.sign_up(address=address).status_code == 303
    assert [row.address for row in desk.rows(subscribers)] == [kept]


def test_tags_that_are_sql_or_markup_are_slugs_like_all_others(desk: Desk) -> None:
    hostile = ["'; DROP TABLE subscribers; --", "<b onclick=x>", "a&not=b", "%00x", "../../etc"]
    reader = desk.confirmed(any=hostile, more_any="OR 1=1 ${7*7} {{7*7}}")
    assert reader.preferences.selection.startswith("any=")
    assert set(reader.preferences.selection.removeprefix("any=")) <= set(
        "abcdefghijklmnopqrstuvwxyz0123456789-,%ABCDEF"
    )
    page = desk.get(f"ko/preferences?t={desk.preferences_token(reader)}")
    assert page.status_code == 200
    assert "<b onclick" not in page.text
    assert len(desk.rows(subscribers)) == 1


def test_a_query_of_nonsense_is_refused_or_ignored_but_never_a_fault(desk: Desk) -> None:
    for query in ("any=%ff", "any=%00", "t=a&t=b", "a" * 5000, "&" * 300, "any=" + "x," * 3000):
        assert desk.get(f"ko/subscribe?{query}").status_code in (200, 400)
    assert desk.get(f"ko/subscribe?{'a=1&' * 300}").status_code == 400
    assert desk.get(f"ko/subscribe?any={quote('<script>')}").status_code == 200


def test_a_field_that_counts_once_is_not_taken_twice(desk: Desk) -> None:
    assert desk.sign_up(address=[ADDRESS, "other@example.org"]).status_code == 400
    assert desk.sign_up(hour=["1", "2"]).status_code == 400
    assert desk.rows(subscribers) == []


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("text/plain", 415),
        ("application/json", 415),
        ("application/xml", 415),
        ("", 415),
        ("multipart/mixed; boundary=b", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        (f"multipart/form-data; boundary={'b' * 99}", 400),
    ],
)
def test_only_forms_are_read(desk: Desk, kind: str, status: int) -> None:
    body = json.dumps(dict(FORM)).encode()
    answer = desk.post("ko/subscribe", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert desk.rows(subscribers) == []


def test_a_form_may_come_in_parts(desk: Desk) -> None:
    answer = desk.post("ko/subscribe", files={name: (None, text) for name, text in FORM.items()})
    assert answer.status_code == 303
    assert desk.reader().state == "pending"


@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_refused_and_not_kept_in_memory(desk: Desk, chunked: bool) -> None:
    body = b"address=" + b"a" * 10_000_000
    # In pieces from here, too: what this side holds counts as well.
    pieces = (body[start : start + 65536] for start in range(0, len(body), 65536))
    length = {} if chunked else {"Content-Length": str(len(body))}
    tracemalloc.start()
    answer = desk.post(
        "ko/subscribe", content=pieces, headers={"Content-Type": URLENCODED, **length}
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert "훨씬 큰 내용" in shown(answer)
    assert peak < 3_000_000


def test_who_asks_before_sending_too_much_is_told_before(desk: Desk) -> None:
    head = (
        "POST /papers/ko/subscribe HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
        f"Content-Type: {URLENCODED}\r\nContent-Length: 10000000\r\n\r\n"
    )
    answer = send_raw(desk.server, head.encode())
    assert status_of(answer) == 413


def test_a_body_that_is_almost_too_large_is_read(desk: Desk) -> None:
    body = f"remarks={'a' * (MOST_BYTES - 100)}".encode()
    answer = desk.post("ko/subscribe", content=body, headers={"Content-Type": URLENCODED})
    assert answer.status_code == 400
    assert "메일 주소를 적어 주세요" in shown(answer)


def test_too_many_fields_are_refused(desk: Desk) -> None:
    assert desk.sign_up(any=["x"] * MOST_FIELDS).status_code == 400


def test_who_goes_away_in_the_middle_leaves_nothing_behind(desk: Desk) -> None:
    head = (
        "POST /papers/ko/subscribe HTTP/1.1\r\nHost: test\r\n"
        f"Content-Type: {URLENCODED}\r\nContent-Length: 100\r\n\r\naddress={quote(ADDRESS)}"
    )
    with socket.create_connection((desk.server.host, desk.server.port)) as connection:
        connection.sendall(head.encode())
    assert desk.get("ko/subscribe").status_code == 200
    assert desk.rows(subscribers) == []


@given(
    st.sampled_from(
        [URLENCODED, "multipart/form-data; boundary=b", 'multipart/form-data; boundary="b"', "x/y"]
    ),
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [b"--b", b"--", b"\r\n", b"\n", b'Content-Disposition: form-data; name="a"', b"x",
                 b"\r\n\r\n", b'; filename="f"', b"&", b"=", b"%", b"%0", b"+", b"\xff", b"\0"]
            ),
            max_size=30,
        ).map(b"".join),
    ),
)  # fmt: skip
def test_whatever_a_body_is_it_is_read_or_refused(kind: str, body: bytes) -> None:
    try:
        fields = read_form(kind, body)
    except RefusedError:
        return
    for values in fields.values.values():
        for value in values:
            assert not {"\r", "\n", "\0"} & set(value)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
        st.lists(st.text(st.characters(exclude_categories=["C", "Z"])), min_size=1, max_size=3),
        min_size=1,
        max_size=5,
    )
)
def test_both_encodings_say_the_same(form: dict[str, list[str]]) -> None:
    pairs = [(name, value) for name, values in form.items() for value in values]
    plain = httpx.Request("POST", "http://x", data=form)
    parts = httpx.Request("POST", "http://x", files=[(k, (None, v.encode())) for k, v in pairs])
    expected = Fields({name: tuple(values) for name, values in form.items()})
    for request in (plain, parts):
        assert read_form(request.headers["content-type"], request.read()) == expected


# --- tokens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["confirm", "preferences", "unsubscribe", "data", "mine"])
def test_a_token_with_a_letter_changed_opens_nothing(desk: Desk, page: str) -> None:
    reader = desk.confirmed()
    desk.sign_up(address="waiting@example.org")
    token = {
        "confirm": lambda: desk.token_of("confirm", "waiting@example.org"),
        "unsubscribe": lambda: desk.links.unsubscribe(reader.token),
        "mine": lambda: desk.token_of("access"),
    }.get(page, lambda: desk.preferences_token(reader))()
    before = desk.everything()
    assert desk.get(f"ko/{page}?t={token}").status_code == 200
    forged = {
        token[:-1],
        token[1:],
        token[: len(token) // 2],
        token + "A",
        token.swapcase(),
        f"{'A' * 22}{token[22:]}",
        # Of the last letter of a signature not every bit counts.
        f"{token[:-2]}{'B' if token[-2] == 'A' else 'A'}{token[-1]}",
        token.replace(".", "", 1),
        "." * 90,
        "A" * 3000,
        "한국어",
    } - {token}
    for text in sorted(forged):
        for answer in (
            desk.get(f"ko/{page}", params={"t": text}),
            desk.post(f"ko/{page}", {"t": text, "do": "delete", "sure": "yes", "lang": "en"}),
        ):
            assert answer.status_code == 400, text
            assert "열 수 없는 링크" in shown(answer)
    assert desk.post(f"ko/{page}", {}).status_code == 400
    assert desk.everything() == before


def test_no_log_names_an_address_or_a_token(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        reader = desk.confirmed()
        tokens = [desk.preferences_token(reader), desk.links.unsubscribe(reader.token)]
        desk.get(f"ko/preferences?t={tokens[0]}")
        desk.post("ko/data", {"t": tokens[0]})
        desk.post(f"ko/unsubscribe?t={tokens[1]}", {})
        desk.sign_up(remarks="x")
        desk.sign_up(address="nobody")
    told = "\n".join(
        f"{record.name} {record.getMessage()}"
        for record in caplog.records
        if record.name.startswith(("feeds", "uvicorn"))
    )
    assert desk.store.pseudonym(ADDRESS) in told
    assert "example.org" not in told.lower().replace("https://example.org", "")
    for token in (*tokens, reader.token):
        assert token not in told


# --- other sites ----------------------------------------------------------------------------------

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "https://example.org.evil.example"},
    {"Origin": "https://["},
    {"Origin": "file://"},
]
OURS: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},  # our pages ask for no-referrer
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://example.org"},
    {"Origin": "null"},
]


def test_a_form_on_another_site_changes_nothing(desk: Desk) -> None:
    reader = desk.confirmed()
    desk.sign_up(address="waiting@example.org")
    forms = {
        "subscribe": {**FORM, "address": "victim@example.org"},
        "confirm": {"t": desk.token_of("confirm", "waiting@example.org")},
        "preferences": {"t": desk.preferences_token(reader), "lang": "en", "rhythm": "weekly"},
        "data": {"t": desk.preferences_token(reader)},
        "mine": {"t": desk.token_of("access"), "do": "delete", "sure": "yes"},
    }
    before = desk.everything()
    for headers in FOREIGN:
        for page, form in forms.items():
            answer = desk.post(f"ko/{page}", form, headers=headers)
            assert answer.status_code == 403, (page, headers)
            assert "다른 사이트" in shown(answer)
    assert desk.everything() == before


@pytest.mark.parametrize("headers", OURS)
def test_our_own_forms_are_taken_whatever_browsers_say_of_them(
    desk: Desk, headers: dict[str, str]
) -> None:
    own = {**headers, "Host": "example.org"} if "Origin" in headers else headers
    assert desk.post("ko/subscribe", dict(FORM), headers=own).status_code == 303


def test_a_page_may_be_looked_at_from_a_link_anywhere(desk: Desk) -> None:
    reader = desk.confirmed()
    headers = {"Sec-Fetch-Site": "cross-site", "Referer": "https://mail.example/"}
    path = f"ko/preferences?t={desk.preferences_token(reader)}"
    assert desk.get(path, headers=headers).status_code == 200


def test_answers_are_kept_by_nobody_and_run_nothing(desk: Desk) -> None:
    reader = desk.confirmed()
    for path in ("ko/subscribe", f"ko/preferences?t={desk.preferences_token(reader)}"):
        headers = desk.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex"
        assert "form-action 'self'" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("page", PAGES)
def test_a_method_that_no_page_has_an_answer_to_is_told_which_do(desk: Desk, page: str) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"):
        answer = desk.client.request(method, f"{desk.base}ko/{page}?t=x", content=b"address=x")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST"), method
        assert answer.headers["cache-control"] == "no-store"
    assert desk.get(f"ko/{page}?t=x").status_code != 405
    assert desk.post(f"ko/{page}?t=x").status_code != 405


def test_other_paths_stay_as_they_are(desk: Desk) -> None:
    for path in ("ko/", "ko/tags/", "ko/nothing", "xx/subscribe", "ko/subscribe/more", "subscribe"):
        answer = desk.post(path, dict(FORM))
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD"), path
    assert desk.get("xx/subscribe").status_code == 404


# --- the database ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
def test_a_database_that_is_gone_is_told_kindly(
    config: Config, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with open_desk(config, kind, state=str(tmp_path / "state")) as desk:
        reader = desk.confirmed()
        token = desk.preferences_token(reader)
        if kind == "sqlite":
            database_path(desk.config).write_bytes(b"not a database" * 100)
        else:
            with desk.engine.begin() as connection:
                connection.exec_driver_sql("DROP TABLE subscribers CASCADE")
        for answer in (
            desk.sign_up(address="other@example.org"),
            desk.get(f"ko/preferences?t={token}"),
            desk.post("ko/unsubscribe", {"t": desk.links.unsubscribe(reader.token)}),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "60"
            assert "바뀐 것은 없습니다" in shown(answer)
        assert "Traceback" not in caplog.text
        assert desk.get("ko/subscribe").status_code == 200
        assert desk.get("ko/").status_code == 200


@contextmanager
def hindered(desk: Desk, pragma: str) -> Iterator[None]:
    """Every connection has this said to it, for as long as the block runs."""

    def hinder(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}").close()

    event.listen(desk.engine, "connect", hinder)
    yield
    event.remove(desk.engine, "connect", hinder)


def test_a_database_that_is_locked_is_told_and_serves_files_all_the_while(desk: Desk) -> None:
    desk.confirmed()
    before = desk.everything()
    with hindered(desk, "busy_timeout = 50"), desk.engine.begin():  # a writer who takes their time
        answers = [desk.sign_up(address=f"{number}@example.org") for number in range(2)]
        assert desk.get("ko/").status_code == 200
    assert [answer.status_code for answer in answers] == [503, 503]
    assert desk.everything() == before
    assert desk.sign_up(address="later@example.org").status_code == 303


def test_a_database_that_is_full_keeps_nothing_half(desk: Desk) -> None:
    desk.confirmed()
    statuses: list[int] = []
    # A little still fits into one that may grow no more.
    tags = " ".join(f"a-long-name-of-a-tag-{number:030}" for number in range(49))
    with hindered(desk, "max_page_count = 1"):
        while len(statuses) < 50 and 503 not in statuses:
            before = desk.everything()
            answer = desk.sign_up(address=f"{len(statuses)}@example.org", more_any=tags)
            statuses.append(answer.status_code)
        assert desk.everything() == before
    assert statuses[-1] == 503
    assert desk.sign_up(address="later@example.org").status_code == 303
