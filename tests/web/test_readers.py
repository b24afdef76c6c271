"""Signing up, confirming, choosing, leaving, and one's data: over HTTP, in both databases."""

from __future__ import annotations

import concurrent.futures
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from feeds.config import Config
from feeds.database.places import DATABASE_NAME
from feeds.database.tables import subscribers, suppressions
from feeds.model import Preferences
from feeds.secrets import Keys
from feeds.subscribers.addresses import hash_address
from feeds.subscribers.links import Links
from feeds.web.server import Server
from feeds.web.static import create_app
from tests.databases import BOTH
from tests.publications import build_at, write_publication
from tests.web.desks import (
    ADDRESS,
    FORM,
    KEYS,
    SETTINGS,
    Desk,
    build_publication,
    open_desk,
    read_page,
    shown,
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return build_publication(tmp_path_factory.mktemp("round"))


@pytest.fixture(params=BOTH)
def desk(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(config, request.param, state=str(tmp_path / "state")) as desk:
        yield desk


@pytest.fixture
def plain(config: Config, tmp_path: Path) -> Iterator[Desk]:
    """The same in SQLite only."""
    with open_desk(config, state=str(tmp_path / "state")) as desk:
        yield desk


# --- signing up -----------------------------------------------------------------------------------


def test_who_signs_up_and_confirms_reads_what_they_chose(desk: Desk) -> None:
    answer = desk.sign_up(
        any=["one"], more_any="#Reward_Model, 강화학습", more_not="two", rhythm="weekly",
        hour="7", zone="Europe/Berlin", lang="en",
    )  # fmt: skip
    assert answer.status_code == 303
    assert answer.headers["location"] == "/papers/ko/subscribe?sent=1"
    reader = desk.reader()
    assert reader.state == "pending"
    assert reader.preferences == Preferences(
        lang="en",
        selection="any=one,reward-model,%EA%B0%95%ED%99%94%ED%95%99%EC%8A%B5&not=two",
        rhythm="weekly",
        hour=7,
        zone="Europe/Berlin",
    )
    assert desk.letters() == ["confirm"]
    assert desk.woken == ["now"]
    token = desk.token_of("confirm")
    assert desk.post("en/confirm", {"t": token}).status_code == 303
    assert desk.reader().state == "active"
    assert desk.consents() == [
        ("asked", "127.0.0.1 (web, ko)"),
        ("confirmed", "127.0.0.1 (web, en)"),
    ]


def test_the_answer_tells_nobody_whether_an_address_is_known(desk: Desk) -> None:
    desk.confirmed(address="known@example.org")
    answers = [desk.sign_up(address=f"{name}@example.org") for name in ("known", "new")]
    first, second = [(each.status_code, each.headers["location"], each.text) for each in answers]
    assert first == second
    page = desk.get("ko/subscribe?sent=1")
    assert "메일함을 확인해 주세요" in shown(page)
    assert desk.letters() == ["confirm", "known", "confirm"]


def test_whoever_asks_again_is_mailed_the_same_confirmation_and_not_at_once(plain: Desk) -> None:
    plain.sign_up()
    first = plain.token_of("confirm")
    plain.sign_up(rhythm="weekly")
    assert plain.letters() == ["confirm"]
    assert plain.reader().preferences.rhythm == "weekly"
    assert plain.token_of("confirm") == first


def test_an_address_is_one_however_its_capitals_are_written(plain: Desk) -> None:
    plain.sign_up(address="Some.One@Example.ORG")
    plain.sign_up(address="some.one@example.org")
    assert [row.address_key for row in plain.rows(subscribers)] == ["some.one@example.org"]


def test_many_who_press_the_button_twice_are_asked_once(desk: Desk) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _number: desk.sign_up().status_code, range(8)))
    assert answers == [303] * 8
    assert len(desk.rows(subscribers)) == 1
    assert desk.letters() == ["confirm"]


def test_a_sign_up_that_was_deleted_for_good_is_lifted_by_a_new_confirmation(desk: Desk) -> None:
    hashed = hash_address(ADDRESS, KEYS)
    with desk.engine.begin() as connection:
        connection.execute(
            insert(suppressions).values(hash=hashed, reason="deleted", since=desk.now)
        )
    desk.sign_up()
    assert len(desk.rows(suppressions)) == 1
    desk.post("ko/confirm", {"t": desk.token_of("confirm")})
    assert desk.rows(suppressions) == []


def test_the_form_offers_the_tags_of_the_site_and_those_that_an_address_chooses(
    plain: Desk,
) -> None:
    page = read_page(plain.get("ko/subscribe?any=two,unheard-of&not=one").text)
    offered = {box.get("value"): "checked" in box.attrib for box in page.xpath("//*[@name='any']")}
    assert offered == {"shared": False, "one": False, "two": True, "unheard-of": True}
    left_out = page.xpath("//*[@name='not'][@checked]/@value")
    assert left_out == ["one"]


def test_a_form_with_a_slip_says_so_and_keeps_the_rest(plain: Desk) -> None:
    answer = plain.sign_up(
        address="no address", any=["one"], more_any="two !!!", hour="25", zone="Nowhere/City",
        rhythm="hourly", lang="xx",
    )  # fmt: skip
    assert answer.status_code == 400
    page = read_page(answer.text)
    assert page.findtext("head/title").startswith("오류: ")
    for link in page.xpath("//*[@role='alert']//a/@href"):
        target = page.get_element_by_id(link[1:])
        assert "wrong" in page.get_element_by_id(f"{link[1:]}-wrong").get("class")
        assert target is not None
    assert page.xpath("//*[@role='alert']//a/@href") == [
        "#address", "#lang", "#more_any", "#rhythm", "#hour", "#zone",
    ]  # fmt: skip
    assert page.get_element_by_id("address").get("value") == "no address"
    assert page.get_element_by_id("more_any").get("value") == "two !!!"
    assert page.xpath("//*[@name='any'][@checked]/@value") == ["one"]
    assert plain.rows(subscribers) == []


def test_a_tag_cannot_be_wanted_and_left_out(plain: Desk) -> None:
    answer = plain.sign_up(any=["one"], more_not="ONE")
    assert answer.status_code == 400
    assert "‘one’" in shown(answer)


def test_fifty_tags_are_enough(plain: Desk) -> None:
    names = [f"tag-{number}" for number in range(51)]
    assert plain.sign_up(more_any=" ".join(names)).status_code == 400
    assert plain.sign_up(more_any=" ".join(names[:50])).status_code == 303


def test_what_fills_in_every_field_is_told_the_same_and_nothing_is_done(plain: Desk) -> None:
    answer = plain.sign_up(remarks="buy now")
    assert answer.headers["location"] == plain.sign_up(address="b@example.org").headers["location"]
    assert [row.address for row in plain.rows(subscribers)] == ["b@example.org"]


# --- confirming -----------------------------------------------------------------------------------


def test_looking_at_a_page_changes_nothing_however_often_a_scanner_does(desk: Desk) -> None:
    reader = desk.confirmed()
    desk.sign_up(address="waiting@example.org")
    desk.store.ask_access(reader.token, desk.now)
    before = desk.everything()
    wanted, leaving = desk.preferences_token(reader), desk.links.unsubscribe(reader.token)
    for method in ("GET", "HEAD"):
        for path in (
            f"ko/confirm?t={desk.token_of('confirm', 'waiting@example.org')}",
            f"ko/preferences?t={wanted}",
            f"ko/unsubscribe?t={leaving}",
            f"ko/data?t={wanted}",
            f"ko/mine?t={desk.token_of('access')}&do=delete&sure=yes",
            "ko/subscribe?address=new@example.org&lang=ko&rhythm=daily",
        ):
            answer = desk.client.request(method, f"{desk.base}{path}")
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"] == "no-store"
    assert desk.everything() == before


def test_a_confirmation_works_twice_and_leads_to_the_preferences(plain: Desk) -> None:
    plain.sign_up()
    token = plain.token_of("confirm")
    for _ in range(2):
        answer = plain.post("ko/confirm", {"t": token}, follow_redirects=True)
        assert answer.status_code == 200
        assert "구독이 시작되었습니다" in shown(answer)
    [link] = read_page(answer.text).xpath("//main//a/@href")
    assert plain.client.get(f"{plain.server.address}{link}").status_code == 200
    assert [step for step, _ in plain.consents()] == ["asked", "confirmed"]


def test_a_confirmation_ends_after_its_hours(plain: Desk) -> None:
    plain.sign_up()
    token = plain.token_of("confirm")
    plain.now += timedelta(hours=72, seconds=1)
    for answer in (plain.get(f"ko/confirm?t={token}"), plain.post("ko/confirm", {"t": token})):
        assert answer.status_code == 410
        assert "/papers/ko/subscribe" in answer.text
    assert plain.reader().state == "pending"


def test_who_left_is_not_brought_back_by_the_confirmation_of_before(plain: Desk) -> None:
    plain.sign_up()
    token = plain.token_of("confirm")
    reader = plain.confirmed()
    plain.store.leave(reader.token, plain.now)
    assert plain.get(f"ko/confirm?t={token}").status_code == 410
    assert plain.post("ko/confirm", {"t": token}).status_code == 410
    assert plain.reader().state == "left"


# --- preferences ----------------------------------------------------------------------------------


def test_preferences_are_shown_and_kept_and_answered_in_the_new_language(desk: Desk) -> None:
    reader = desk.confirmed(any=["one"], hour="7")
    token = desk.preferences_token(reader)
    page = read_page(desk.get(f"ko/preferences?t={token}").text)
    assert page.xpath("//*[@name='any'][@checked]/@value") == ["one"]
    assert page.xpath("//*[@name='hour']/*[@selected]/@value") == ["7"]
    changed = {
        "t": token, "lang": "en", "any": "two", "rhythm": "weekly", "hour": "", "zone": "UTC",
        "pause": "2025-01-10", "more_any": "", "more_not": "",
    }  # fmt: skip
    answer = desk.post("ko/preferences", changed, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.url.path == "/papers/en/preferences"
    assert "Your preferences are saved." in shown(answer)
    assert "Mail is paused until Friday, 10 January 2025." in shown(answer)
    assert desk.reader().preferences == Preferences(
        lang="en",
        selection="any=two",
        rhythm="weekly",
        zone="UTC",
        paused_until=date(2025, 1, 10),
    )


@pytest.mark.parametrize(
    "day", ["2024-12-20", "2024-12-01", "2026-01-01", "soon", "2025-02-30", "9999-99-99"]
)
def test_a_pause_is_until_a_day_to_come(plain: Desk, day: str) -> None:
    reader = plain.confirmed()
    sent = {"t": plain.preferences_token(reader), "lang": "ko", "rhythm": "daily", "pause": day}
    answer = plain.post("ko/preferences", sent)
    assert answer.status_code == 400
    assert read_page(answer.text).get_element_by_id("pause").get("value") == day
    assert plain.reader().preferences.paused_until is None


def test_a_link_to_the_preferences_shows_the_address_to_nobody_else(plain: Desk) -> None:
    reader = plain.confirmed()
    page = plain.get(f"ko/preferences?t={plain.preferences_token(reader)}")
    assert ADDRESS not in page.text
    assert "R***@example.org" in page.text


def test_who_left_or_has_not_confirmed_is_told_and_may_sign_up(plain: Desk) -> None:
    plain.sign_up()
    token = plain.preferences_token(plain.reader())
    waiting = plain.get(f"ko/preferences?t={token}")
    assert "아직 구독을 확인하지 않으셨습니다" in shown(waiting)
    plain.store.leave(plain.reader().token, plain.now)
    for answer in (
        plain.get(f"ko/preferences?t={token}"),
        plain.post("ko/preferences", {"t": token, "lang": "en", "rhythm": "daily"}),
    ):
        assert "구독 중이 아닙니다" in shown(answer)
        assert "/papers/ko/subscribe" in answer.text
    assert plain.reader().preferences.lang == "ko"


# --- leaving --------------------------------------------------------------------------------------

MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=b", MULTIPART),
        ("multipart/form-data; boundary=b", b"garbage"),
        ("text/plain", b"List-Unsubscribe=One-Click"),
        ("", b""),
    ],
)
def test_one_click_of_a_mail_program_unsubscribes(plain: Desk, kind: str, body: bytes) -> None:
    reader = plain.confirmed()
    path = f"ko/unsubscribe?t={plain.links.unsubscribe(reader.token)}"
    headers = {"Content-Type": kind, "Origin": "https://mail.example", "User-Agent": "mail"}
    headers["Sec-Fetch-Site"] = "cross-site"
    for _ in range(2):
        answer = plain.post(path, content=body, headers=headers)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert "구독을 해지했습니다" in shown(answer)
    assert plain.reader().state == "left"


def test_the_button_of_the_page_unsubscribes(desk: Desk) -> None:
    reader = desk.confirmed()
    page = read_page(desk.get(f"en/unsubscribe?t={desk.links.unsubscribe(reader.token)}").text)
    [form] = [form for form in page.forms if form.method == "POST"]
    answer = desk.client.post(f"{desk.server.address}{form.action}", data=dict(form.form_values()))
    assert "You are unsubscribed" in shown(answer)
    assert desk.reader().state == "left"


def test_nobody_learns_whether_there_is_such_a_reader(plain: Desk) -> None:
    reader = plain.confirmed()
    known, unknown = (
        plain.post("ko/unsubscribe", {"t": plain.links.unsubscribe(token)})
        for token in (reader.token, "never-was-there-at-all")
    )
    assert known.status_code == unknown.status_code == 200
    assert shown(known) == shown(unknown)


def test_a_link_to_leave_never_ends(plain: Desk) -> None:
    reader = plain.confirmed()
    token = plain.links.unsubscribe(reader.token)
    plain.now += timedelta(days=10_000)
    assert plain.post("ko/unsubscribe", {"t": token}).status_code == 200
    assert plain.reader().state == "left"


def test_without_a_token_the_page_says_where_the_link_is(plain: Desk) -> None:
    answer = plain.get("ko/unsubscribe", follow_redirects=True)
    assert answer.status_code == 200
    assert "메일 끝에 있는 ‘구독 해지’ 링크" in answer.text


# --- one's data -----------------------------------------------------------------------------------


def test_a_fresh_link_shows_a_reader_their_data(desk: Desk) -> None:
    reader = desk.confirmed(any=["one"])
    asked = desk.post("en/data", {"t": desk.preferences_token(reader)}, follow_redirects=True)
    assert "Look into your mailbox" in shown(asked)
    assert desk.letters() == ["confirm", "access"]
    assert len(desk.woken) == 2
    token = desk.token_of("access")
    assert ADDRESS in desk.get(f"en/mine?t={token}").text
    answer = desk.post("en/mine", {"t": token, "do": "export"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="paperround.json"'
    assert answer.headers["cache-control"] == "no-store"
    data = json.loads(answer.text)
    assert data["address"] == ADDRESS
    assert data["preferences"]["tags"] == "any=one"
    assert [step["step"] for step in data["consent"]] == ["asked", "confirmed"]


def test_deleting_is_real_and_leaves_a_hash(desk: Desk) -> None:
    reader = desk.confirmed()
    leaving = desk.links.unsubscribe(reader.token)
    token = desk.token_of("access")
    unsure = desk.post("ko/mine", {"t": token, "do": "delete"})
    assert unsure.status_code == 400
    assert desk.reader().state == "active"
    answer = desk.post(
        "ko/mine", {"t": token, "do": "delete", "sure": "yes"}, follow_redirects=True
    )
    assert "내 정보를 지웠습니다" in shown(answer)
    assert desk.rows(subscribers) == []
    assert desk.consents() == []
    assert [row.hash for row in desk.rows(suppressions)] == [hash_address(ADDRESS, KEYS)]
    assert desk.get(f"ko/mine?t={token}").status_code == 410
    assert desk.get(f"ko/preferences?t={desk.preferences_token(reader)}").status_code == 410
    assert desk.post("ko/unsubscribe", {"t": leaving}).status_code == 200


def test_a_link_to_ones_data_ends_after_an_hour_and_with_any_change(plain: Desk) -> None:
    reader = plain.confirmed()
    token = plain.token_of("access")
    plain.now += timedelta(hours=1, seconds=1)
    assert plain.get(f"ko/mine?t={token}").status_code == 410
    fresh = plain.token_of("access")
    assert plain.get(f"ko/mine?t={fresh}").status_code == 200
    plain.store.change(reader.token, Preferences(lang="en"), plain.now)
    assert plain.get(f"ko/mine?t={fresh}").status_code == 410
    sent = {"t": fresh, "do": "delete", "sure": "yes"}
    assert plain.post("ko/mine", sent).status_code == 410
    assert plain.reader().state == "active"


# --- keys, and where there are no readers ---------------------------------------------------------


def test_links_survive_one_rotation_of_the_key(config: Config, tmp_path: Path) -> None:
    rotated = Keys(signing=(b"the key after it", *KEYS.signing), permanent=KEYS.permanent)
    twice = Keys(signing=(b"a third key of all", b"the key after it"), permanent=KEYS.permanent)
    state = str(tmp_path / "state")
    with open_desk(config, state=state) as desk:
        reader = desk.confirmed()
        old, leaving = desk.preferences_token(reader), desk.links.unsubscribe(reader.token)
    with open_desk(config, state=state, keys=rotated) as desk:
        assert desk.get(f"ko/preferences?t={old}").status_code == 200
        assert desk.get(f"ko/unsubscribe?t={leaving}").status_code == 200
        fresh = desk.preferences_token(reader)
        assert fresh != old
    with open_desk(config, state=state, keys=twice) as desk:
        assert desk.get(f"ko/preferences?t={fresh}").status_code == 200
        assert desk.get(f"ko/preferences?t={old}").status_code == 400


def test_without_mail_there_are_no_such_pages(tmp_path: Path) -> None:
    build_at(write_publication(tmp_path))
    app = create_app(tmp_path / "out", prefix="papers")
    with Server(app, host="127.0.0.1", port=0) as server:
        base = server.below("papers")
        assert httpx.get(f"{base}ko/subscribe").status_code == 404
        assert httpx.post(f"{base}ko/subscribe", data=dict(FORM)).status_code == 405
        page = httpx.get(f"{base}ko/unsubscribe?t=x", follow_redirects=True)
        assert "‘구독 해지’라고 답장해" in page.text
        assert "subscribe" not in httpx.get(f"{base}ko/").text.replace("unsubscribe", "")


def test_every_page_and_every_tag_lead_to_signing_up(plain: Desk) -> None:
    assert 'href="/papers/ko/subscribe"' in plain.get("ko/").text
    assert 'href="/papers/en/subscribe?any=one"' in plain.get("en/tags/one/").text


def test_pages_bring_their_styles_along_where_the_files_are_of_another_build(
    config: Config, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    with open_desk(config, state=str(tmp_path / "state")) as desk:
        page = read_page(desk.get("ko/subscribe").text)
        for path in page.xpath("//link[@rel='stylesheet']/@href"):
            (desk.config.out_folder / path.removeprefix("/papers/")).unlink(missing_ok=True)
            style = desk.client.get(f"{desk.server.address}{path}")
            assert style.status_code == 200
            assert style.headers["content-type"] == "text/css; charset=utf-8"


def test_tokens_of_other_purposes_open_nothing(plain: Desk) -> None:
    reader = plain.confirmed()
    links: Links = plain.links
    tokens = {
        "confirm": links.confirm(reader.token, "n" * 22, plain.now),
        "preferences": plain.preferences_token(reader),
        "unsubscribe": links.unsubscribe(reader.token),
        "mine": plain.token_of("access"),
    }
    for page in tokens:
        for purpose, token in tokens.items():
            if purpose != page:
                assert plain.get(f"ko/{page}?t={token}").status_code == 400, (page, purpose)


@pytest.mark.parametrize("mails", [True, False])
def test_the_command_that_serves_opens_a_database_only_for_readers(
    tmp_path: Path, mails: bool
) -> None:
    path = write_publication(tmp_path, settings=SETTINGS if mails else "")
    build_at(path)
    program = [sys.executable, "-m", "feeds", "-c", str(path), "serve", "--port", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().split()[0]
            answer = httpx.post(f"{base}ko/subscribe", data=dict(FORM))
            assert answer.status_code == (303 if mails else 405)
        finally:
            process.terminate()
            process.wait(10)
    assert (tmp_path / ".paperround" / DATABASE_NAME).exists() is mails
