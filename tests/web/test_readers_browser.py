"""The pages for readers in a real browser: with and without scripts, on a phone, in the dark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from feeds.config import Config
from feeds.database.tables import subscribers
from feeds.model import Preferences
from tests.browsing import Watch, browsing, check_access, looking, needs_chromium
from tests.publications import NOTE
from tests.web.desks import Desk, build_publication, open_desk

pytestmark = needs_chromium

LONG = "a-tag-whose-name-is-as-long-as-the-slug-of-a-tag-may-ever-become"
UNFOLD = "document.querySelectorAll('details').forEach((part) => (part.open = true))"
SMALL = """() => [...document.querySelectorAll('main :is(button, input, select, summary, a)')]
  .filter((e) => !e.closest('.trap') && e.checkVisibility({ visibilityProperty: true }))
  .map((e) => e.closest('label') ?? e)
  .filter((e) => e.getBoundingClientRect().height < 24)
  .map((e) => e.outerHTML)"""
PAGES = (
    "subscribe",
    "slips",
    "sent",
    "confirm",
    "confirmed",
    "preferences",
    "saved",
    "left",
    "unsubscribe",
    "gone",
    "data",
    "mine",
    "deleted",
    "forged",
    "ended",
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    notes: dict[str, str | bytes] = {"a.txt": f"{NOTE.rstrip()} #{LONG} #강화학습\n"}
    return build_publication(tmp_path_factory.mktemp("look"), notes, "rights = '© 2024'\n")


@pytest.fixture
def desk(config: Config, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(config, state=str(tmp_path / "state")) as desk:
        yield desk


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(request: pytest.FixtureRequest, browser: Browser, desk: Desk) -> Iterator[Page]:
    with looking(browser, desk.base, java_script_enabled=request.param) as page:
        yield page


@pytest.fixture
def wide(browser: Browser, desk: Desk) -> Iterator[Page]:
    with looking(browser, desk.base, viewport={"width": 1280, "height": 900}) as page:
        yield page


@contextmanager
def looking_at_errors(browser: Browser) -> Iterator[Page]:
    """As ``looking``, but a page may be one that says what is wrong: browsers complain of those."""
    context = browser.new_context(locale="en")
    page = context.new_page()
    watch = Watch(None)
    watch.follow(page)
    yield page
    context.close()
    assert not [each for each in watch.complaints if "responded with a status of 4" not in each]


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_a_reader_comes_chooses_takes_their_data_and_goes(desk: Desk, page: Page) -> None:
    page.goto(f"{desk.base}en/")
    page.get_by_role("banner").get_by_role("link", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Get it by mail")
    page.get_by_label("E-mail address").fill("reader@example.org")
    page.get_by_role("group", name="Only papers with these tags").get_by_label("#one").check()
    page.get_by_label("Other tags to get").fill("reward model")
    page.locator("summary").click()
    page.get_by_role("group", name="No papers with these tags").get_by_label("#two").check()
    page.get_by_label("Weekly").check()
    page.get_by_label("Hour of delivery").select_option("07:00")
    page.get_by_label("Time zone").select_option("Berlin")
    press(page, "Subscribe")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    page.reload()  # sends nothing again
    assert desk.letters() == ["confirm"]
    assert desk.reader("reader@example.org").state == "pending"

    page.goto(f"{desk.base}en/confirm?t={desk.token_of('confirm', 'reader@example.org')}")
    assert desk.reader("reader@example.org").state == "pending"
    press(page, "Yes, subscribe me")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")
    reader = desk.reader("reader@example.org")
    assert reader.state == "active"
    assert reader.preferences == Preferences(
        lang="en",
        selection="any=model,one,reward&not=two",
        rhythm="weekly",
        hour=7,
        zone="Europe/Berlin",
    )

    page.get_by_role("link", name="Change language, tags or hour").click()
    expect(page.get_by_label("Weekly")).to_be_checked()
    expect(page.get_by_label("Hour of delivery")).to_have_value("7")
    page.get_by_label("한국어").check()
    page.get_by_label("Pause until").fill("2025-01-10")
    press(page, "Save")
    expect(page.get_by_role("heading", level=1)).to_have_text("구독 설정")
    expect(page.get_by_role("status").first).to_contain_text("설정을 저장했습니다.")
    assert desk.reader("reader@example.org").preferences.lang == "ko"

    press(page, "링크 받기")
    expect(page.get_by_role("heading", level=1)).to_have_text("메일함을 확인해 주세요")
    page.goto(f"{desk.base}ko/mine?t={desk.token_of('access', 'reader@example.org')}")
    with page.expect_download() as download:
        press(page, "내 정보 내려받기")
    kept = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert kept["address"] == "reader@example.org"

    leaving = desk.links.unsubscribe(reader.token)
    page.goto(f"{desk.base}ko/unsubscribe?t={leaving}")
    press(page, "구독 해지")
    expect(page.get_by_role("heading", level=1)).to_have_text("구독을 해지했습니다")
    assert desk.reader("reader@example.org").state == "left"

    page.goto(f"{desk.base}ko/mine?t={desk.token_of('access', 'reader@example.org')}")
    page.get_by_label("네, 모두 지워 주세요").check()
    press(page, "내 정보 지우기")
    expect(page.get_by_role("heading", level=1)).to_have_text("내 정보를 지웠습니다")
    assert desk.rows(subscribers) == []


def test_what_is_wrong_is_told_first_and_leads_to_the_field(desk: Desk, browser: Browser) -> None:
    with looking_at_errors(browser) as page:
        page.goto(f"{desk.base}en/subscribe")
        # As a browser that checks nothing by itself.
        page.evaluate("document.querySelector('form.sheet').noValidate = true")
        page.get_by_label("E-mail address").fill("nobody")
        press(page, "Subscribe")
        expect(page.get_by_role("alert")).to_contain_text("Please check these fields")
        page.get_by_role("alert").get_by_role("link").click()
        field = page.get_by_label("E-mail address")
        expect(field).to_be_focused()
        expect(field).to_have_accessible_description(
            "A mail goes there with a link. The subscription begins once you have confirmed it. "
            "This does not look like an e-mail address that mail can be sent to. "
            "Expected one such as reader@example.org."
        )


def test_the_trap_is_neither_seen_nor_reached_nor_read_out(desk: Desk, wide: Page) -> None:
    wide.goto(f"{desk.base}ko/subscribe")
    trap = wide.locator("[name=remarks]")
    expect(trap).not_to_be_in_viewport()
    expect(wide.get_by_role("textbox", name="비워 두세요")).to_have_count(0)
    names: list[str] = []
    while "BODY" not in names and len(names) < 80:  # after the last field it begins anew
        wide.keyboard.press("Tab")
        names.append(wide.evaluate("document.activeElement.name ?? document.activeElement.tagName"))
    assert names[-1] == "BODY"
    assert "address" in names
    assert "more_any" in names
    assert "remarks" not in names


def test_a_tag_page_leads_to_a_form_that_has_the_tag_chosen(desk: Desk, page: Page) -> None:
    page.goto(f"{desk.base}en/tags/two/")
    page.get_by_role("link", name="Get papers with this tag by mail").click()
    expect(page.get_by_label("#two").first).to_be_checked()
    expect(page.get_by_label("#one").first).not_to_be_checked()


def test_another_language_is_the_same_page_for_the_same_reader(desk: Desk, page: Page) -> None:
    reader = desk.confirmed()
    page.goto(f"{desk.base}ko/preferences?t={desk.preferences_token(reader)}")
    page.get_by_role("banner").get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Preferences")


def make_pages(desk: Desk, page: Page, lang: str) -> Iterator[str]:
    """Go to each kind of page, and tell which it is."""
    base = f"{desk.base}{lang}/"
    reader = desk.confirmed(any=["one", LONG], more_not="two", lang=lang)
    desk.sign_up(address="waiting@example.org")
    preferences, leaving = desk.preferences_token(reader), desk.links.unsubscribe(reader.token)

    def send(path: str, **fields: str) -> None:
        page.goto(base + path)
        page.evaluate(UNFOLD)
        for name, text in fields.items():
            page.locator(f"[name={name}]").first.fill(text)
        page.evaluate("document.querySelector('main form').noValidate = true")
        with page.expect_navigation():
            page.locator("main form button").first.click()

    page.goto(f"{base}subscribe?any=shared")
    yield "subscribe"
    send("subscribe", address="no address", more_any="!!!", more_not="???")
    yield "slips"
    page.goto(f"{base}subscribe?sent=1")
    yield "sent"
    waiting = desk.token_of("confirm", "waiting@example.org")
    page.goto(f"{base}confirm?t={waiting}")
    yield "confirm"
    send(f"confirm?t={waiting}")
    yield "confirmed"
    page.goto(f"{base}preferences?t={preferences}")
    yield "preferences"
    send(f"preferences?t={preferences}", pause="2025-02-01")
    yield "saved"
    page.goto(f"{base}data?t={preferences}")
    yield "data"
    page.goto(f"{base}mine?t={desk.token_of('access')}")
    yield "mine"
    page.goto(f"{base}unsubscribe?t={leaving}")
    yield "unsubscribe"
    send(f"unsubscribe?t={leaving}")
    yield "gone"
    page.goto(f"{base}preferences?t={preferences}")
    yield "left"
    page.goto(f"{base}mine?deleted=1")
    yield "deleted"
    page.goto(f"{base}preferences?t=forged")
    yield "forged"
    desk.now = desk.now.replace(year=2030)
    page.goto(f"{base}preferences?t={preferences}")
    yield "ended"


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_page_is_fit_for_everybody(desk: Desk, browser: Browser, lang: str) -> None:
    seen = []
    with looking_at_errors(browser) as page:
        for kind in make_pages(desk, page, lang):
            seen.append(kind)
            page.set_viewport_size({"width": 320, "height": 640})
            page.evaluate(UNFOLD)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, kind
            small = page.evaluate(SMALL)
            assert not small, kind
            check_access(page, kind)
            assert page.locator("html").get_attribute("lang") == lang
            assert page.locator("h1").count() == 1
    assert sorted(seen) == sorted(PAGES)


@pytest.mark.parametrize("path", ["ko/", "en/", "en/tags/one/", "ko/unsubscribe/"])
def test_the_way_to_signing_up_leaves_every_page_fit_for_a_phone(
    desk: Desk, page: Page, path: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{desk.base}{path}")
    way = page.get_by_role("banner").locator(".join")
    expect(way).to_be_in_viewport()
    expect(way).to_have_attribute("href", f"/papers/{path[:2]}/subscribe")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert (way.bounding_box() or {"height": 0})["height"] >= 24
