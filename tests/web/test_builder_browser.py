"""Putting a feed together in a real browser: with the application behind it, and without."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import listparser
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from feeds.archive_file import KeptSite
from feeds.config import load_config
from feeds.web.combined import CombinedFeeds
from feeds.web.server import Server
from feeds.web.static import create_app
from tests.browsing import browsing, check_access, looking, needs_chromium
from tests.publications import build_at, write_publication

pytestmark = needs_chromium

FEW = """2024-12-17
First & <b>Foremost</b>
(Ada Lovelace)
첫 해설.
Words.
#RL #alignment

둘째 논문
(Grace Hopper)
둘째 해설.
Words.
#RLHF #GAN

Third Paper
(Alan Turing)
셋째 해설.
Words.
#RL #GAN #C++
"""
MANY = "2024-12-10\n" + "\n".join(
    f"Paper {number}\n(Ada Lovelace)\n해설 하나.\nWords.\n#bulk #rare-{number}\n"
    for number in range(23)
)
SETTINGS = """
tags = { aliases = { "강화학습" = "rl" } }
[feeds.mine]
title = { ko = "강화 학습 모음", en = "Robots" }
any = ["강화학습", "rlhf"]
not = ["gan"]
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def opening(root: Path, *, application: bool) -> Iterator[str]:
    """A publication at the very address that its feeds name; yields it, with its slash."""
    port = free_port()
    settings = f"application = {str(application).lower()}\n{SETTINGS}"
    path = write_publication(root, {"a.txt": FEW, "b.txt": MANY}, settings)
    base = f"http://127.0.0.1:{port}/papers"
    path.write_text(path.read_text("utf-8").replace("https://example.org/papers", base), "utf-8")
    build_at(path)
    config = load_config(path)
    feeds = CombinedFeeds(KeptSite(config)) if application else None
    app = create_app(config.out_folder, prefix="papers", feeds=feeds)
    with Server(app, host="127.0.0.1", port=port) as server:
        yield server.below("papers")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with opening(tmp_path_factory.mktemp("served"), application=True) as address:
        yield address


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with opening(tmp_path_factory.mktemp("static"), application=False) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with looking(browser, locale="ko") as page:
        yield page


def box(page: Page, tag: str, part: str) -> Locator:
    group = page.get_by_role("group", name=re.compile(rf"^#{re.escape(tag)} \d"))
    return group.get_by_role("checkbox", name=part)


def choose(page: Page, **parts: str) -> None:
    for part, tags in parts.items():
        name = {"any": "하나라도", "all": "반드시", "none": "제외"}[part]
        for tag in tags.split():
            box(page, tag, name).click()


def addresses(page: Page) -> list[str]:
    return [code.inner_text() for code in page.locator("[data-address]:visible").all()]


def query_of(page: Page) -> str:
    """The query of the page's address, as the page itself knows it at once."""
    return str(page.evaluate("location.search.slice(1)"))


def papers(page: Page, count: int) -> list[str]:
    """The titles that are shown, once there are so many."""
    links = page.locator("[data-list-of-papers] a")
    expect(links).to_have_count(count)
    return links.all_inner_texts()


# --- with the application -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "query", "count"),
    [
        ({"any": "RL RLHF", "none": "GAN"}, "any=rl,rlhf&not=gan", 1),
        ({"any": "RL", "all": "GAN"}, "any=rl&all=gan", 1),
        ({"all": "RL"}, "all=rl", 2),
        ({"any": "C++"}, "any=cpp", 1),
        ({"none": "bulk"}, "not=bulk", 3),
        ({"all": "RL RLHF"}, "all=rl,rlhf", 0),
    ],
)
def test_the_addresses_serve_just_what_is_shown(
    page: Page, served: str, chosen: dict[str, str], query: str, count: int
) -> None:
    page.goto(f"{served}ko/builder/")
    expect(page.locator("[data-addresses]")).to_be_hidden()
    choose(page, **chosen)
    shown = papers(page, count)
    assert addresses(page) == [f"{served}ko/feed.{end}?{query}" for end in ("atom", "rss", "json")]
    for link, address in zip(page.locator("[data-open]").all(), addresses(page), strict=True):
        assert link.evaluate("link => link.href") == address
    answer = httpx.get(addresses(page)[2])
    assert answer.status_code == 200
    assert [item["title"] for item in answer.json()["items"]] == shown
    assert answer.json()["feed_url"] == addresses(page)[2]
    assert answer.json()["home_page_url"] == page.evaluate("location.href")


def test_an_address_is_copied_with_a_button(browser: Browser, served: str) -> None:
    with looking(browser, locale="ko", permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(f"{served}ko/builder/")
        choose(page, any="RL")
        for query in ("any=rl", "any=rl,rlhf"):
            page.locator("[data-ending=rss]").get_by_role("button", name="주소 복사").click()
            expect(page.locator("[data-live]")).to_have_text("주소를 복사했습니다.")
            copied = page.evaluate("navigator.clipboard.readText()")
            assert copied == f"{served}ko/feed.rss?{query}"
            choose(page, any="RLHF")


def test_what_is_chosen_stands_in_the_address_and_comes_back(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/")
    choose(page, any="RL", none="GAN")
    assert query_of(page) == "any=rl&not=gan"
    page.reload()
    expect(box(page, "RL", "하나라도")).to_be_checked()
    expect(box(page, "GAN", "제외")).to_be_checked()
    assert papers(page, 1) == ["First & <b>Foremost</b>"]


def test_a_tag_is_in_one_part_only_and_goes_again(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/")
    choose(page, any="RL", all="RL")
    assert query_of(page) == "all=rl"
    expect(box(page, "RL", "하나라도")).not_to_be_checked()
    box(page, "RL", "반드시").click()
    assert query_of(page) == ""
    expect(page.get_by_text("태그를 하나 이상 고르면 주소가 나옵니다.")).to_be_visible()
    expect(page.locator("[data-addresses]")).to_be_hidden()
    expect(page.locator("[data-papers]")).to_be_hidden()


def test_what_was_chosen_is_taken_back_one_by_one_or_at_once(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/?any=rl,rlhf,bulk&not=unheard-of")
    page.get_by_role("button", name="#unheard-of 빼기").click()
    page.get_by_role("button", name="#bulk 빼기").click()
    assert query_of(page) == "any=rl,rlhf"
    # The focus went to the button that took the place of the one that was pressed.
    assert page.evaluate("document.activeElement.dataset.drop") in ("rl", "rlhf")
    page.get_by_role("button", name="모두 지우기").click()
    assert query_of(page) == ""


def test_an_alias_in_an_address_is_the_tag_that_it_was_joined_to(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/?any=강화학습")
    expect(box(page, "RL", "하나라도")).to_be_checked()
    expect(page.get_by_role("button", name="#RL 빼기")).to_be_visible()
    assert len(papers(page, 2)) == 2
    assert addresses(page)[0].endswith("?any=rl")


def test_a_tag_called_like_a_part_of_the_language_of_scripts_stays_itself(
    page: Page, served: str
) -> None:
    page.goto(f"{served}ko/builder/?any=rl,constructor,__proto__")
    assert len(papers(page, 2)) == 2
    assert addresses(page)[0].endswith("?any=__proto__,constructor,rl")


def test_of_many_papers_the_first_are_shown_and_all_are_counted(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/?any=bulk")
    papers(page, 20)
    expect(page.locator("[data-found]")).to_have_text(
        "조건에 맞는 글이 23편 있습니다. 최근 20편을 보여 드립니다."
    )


def test_most_used_tags_stand_first_and_a_box_finds_the_others(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/")
    rows = page.locator("[data-picks] > li:visible")
    assert rows.first.inner_text().startswith("#bulk")
    page.get_by_label("태그 찾기").fill("#RARE-1")
    expect(rows).to_have_count(11)  # 1, and 10 to 19
    page.get_by_label("태그 찾기").fill("nothing like it")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("그런 태그는 없습니다.")).to_be_visible()
    page.get_by_label("태그 찾기").fill("")
    expect(rows).to_have_count(29)


def test_more_tags_than_the_application_takes_have_no_address(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/?any={','.join(f't{number}' for number in range(50))}")
    assert httpx.get(addresses(page)[0]).status_code == 200
    choose(page, none="RL")
    expect(page.get_by_text("한 피드에 담기에는 태그가 너무 많습니다.")).to_be_visible()
    assert addresses(page) == []


def test_the_keyboard_is_enough(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/")
    page.get_by_label("태그 찾기").focus()
    page.keyboard.type("c++")
    page.keyboard.press("Enter")  # sends no form
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # nor does it here
    assert query_of(page) == "all=cpp"
    assert papers(page, 1) == ["Third Paper"]
    for _ in range(12):
        if page.evaluate("document.activeElement.matches('[data-open]')"):
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.href") == f"{served}ko/feed.atom?all=cpp"


def test_what_the_filter_of_other_pages_hides_stays_as_it_was(page: Page, served: str) -> None:
    page.goto(f"{served}ko/builder/")
    choose(page, any="GAN")
    papers(page, 2)
    page.goto(f"{served}ko/")
    assert query_of(page) == ""
    expect(page.get_by_text("First & <b>Foremost</b>").first).to_be_visible()


def test_a_list_that_does_not_come_is_told_and_asked_for_again(
    browser: Browser, served: str
) -> None:
    context = browser.new_context(locale="ko")
    page = context.new_page()
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort()

    page.route("**/entries.json", refuse)
    page.goto(f"{served}ko/builder/?any=rl")
    expect(page.locator("[data-found]")).to_have_text(
        "글 목록을 불러오지 못했습니다. 페이지를 새로 고쳐 주세요."
    )
    assert len(refused) == 1
    page.unroute("**/entries.json")
    choose(page, any="RLHF")
    papers(page, 3)
    context.close()


# --- without a script -----------------------------------------------------------------------------


def test_without_a_script_it_is_a_form(browser: Browser, served: str) -> None:
    with looking(browser, locale="ko", java_script_enabled=False) as page:
        page.goto(f"{served}ko/builder/")
        for name, slug in (("any", "rl"), ("any", "rlhf"), ("not", "gan")):
            page.locator(f"input[name={name}][value={slug}]").check()
        with page.expect_request("**/feed.json?*") as asked:
            page.get_by_role("button", name="JSON Feed 피드 열기").click()
        made = httpx.get(f"{served}ko/feed.json?any=rl,rlhf&not=gan")
        assert httpx.get(asked.value.url).content == made.content
        assert [item["title"] for item in made.json()["items"]] == ["First & <b>Foremost</b>"]


def test_a_form_without_a_tag_is_no_feed_of_everything(browser: Browser, served: str) -> None:
    context = browser.new_context(locale="ko", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}ko/builder/")
    page.get_by_role("button", name="Atom 피드 열기").click()
    expect(page.locator("body")).to_have_text(
        "no tag was chosen; expected one at least, as in any=rl"
    )
    assert httpx.get(page.url).status_code == 400
    context.close()


def test_static_hosting_without_a_script_leads_to_the_feeds_there_are(
    browser: Browser, static: str
) -> None:
    with looking(browser, locale="ko", java_script_enabled=False) as page:
        page.goto(f"{static}ko/builder/")
        expect(page.get_by_role("checkbox").first).to_be_hidden()
        expect(page.locator("main").get_by_role("link", name="모든 태그")).to_be_visible()
        expect(page.get_by_role("link", name="강화 학습 모음", exact=True)).to_be_visible()


# --- on static hosting ----------------------------------------------------------------------------


def assert_no_query(page: Page) -> None:
    """No address that is shown, linked to or copied has a query: nobody would read it."""
    found = page.evaluate(
        """[...document.querySelectorAll("main *")].flatMap((element) =>
            [element.href, element.dataset?.copy, element.dataset?.address && element.textContent])
            .filter((address) => address?.includes?.("feed.") && address.includes("?"))"""
    )
    assert found == []
    assert page.locator("form[action*=feed]").count() == 0


@pytest.mark.parametrize(
    ("chosen", "stem", "said"),
    [
        ({"any": "GAN"}, "tags/gan/feed", "#GAN"),
        ({"all": "C++"}, "tags/cpp/feed", "#C++"),
        ({"any": "RLHF RL", "none": "GAN"}, "feeds/mine/feed", "강화 학습 모음"),
    ],
)
def test_static_hosting_offers_the_feed_that_is_just_this(
    page: Page, static: str, chosen: dict[str, str], stem: str, said: str
) -> None:
    page.goto(f"{static}ko/builder/")
    choose(page, **chosen)
    expect(page.locator("[data-state]")).to_have_text(f"조건이 같은 피드가 이미 있습니다: {said}")
    assert addresses(page) == [f"{static}ko/{stem}.{end}" for end in ("atom", "rss", "json")]
    items = httpx.get(addresses(page)[2]).json()["items"]
    assert [item["title"] for item in items] == papers(page, len(items))
    assert_no_query(page)


@pytest.mark.parametrize(
    "chosen",
    [{"any": "RL RLHF"}, {"any": "RL", "none": "GAN"}, {"all": "RL GAN"}, {"none": "GAN"}],
)
def test_static_hosting_offers_no_address_of_anything_else(
    page: Page, static: str, chosen: dict[str, str]
) -> None:
    page.goto(f"{static}ko/builder/")
    choose(page, **chosen)
    expect(page.locator("[data-state]")).to_contain_text("이 조건에 꼭 맞는 피드는 없습니다.")
    assert addresses(page) == []
    assert_no_query(page)
    wanted = {*chosen} & {"any", "all"}
    expect(page.locator("[data-opml]")).to_be_visible(visible=bool(wanted))


def test_the_feeds_of_the_chosen_tags_are_a_file_for_readers(
    page: Page, static: str, tmp_path: Path
) -> None:
    page.goto(f"{static}ko/builder/")
    choose(page, any="RL C++", all="RLHF", none="GAN")
    with page.expect_download() as begun:
        page.get_by_role("button", name="고른 태그의 피드 목록(OPML) 받기").click()
    assert begun.value.suggested_filename == "feeds.opml"
    begun.value.save_as(tmp_path / "feeds.opml")
    content = (tmp_path / "feeds.opml").read_bytes()
    listed = listparser.parse(content)
    assert not listed.bozo
    assert listed.meta.title == "논문"
    assert [feed.title for feed in listed.feeds] == ["#C++ · 논문", "#RL · 논문", "#RLHF · 논문"]
    for feed in listed.feeds:
        assert httpx.get(feed.url).headers["content-type"].startswith("application/atom+xml")
    # An outline is the one of the list that the build wrote.
    built = httpx.get(f"{static}ko/feeds.opml").text
    for outline in content.decode().split("<outline ")[1:]:
        assert f"<outline {outline.partition('/>')[0]}/>" in built


# --- for everybody --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["served", "static"])
def test_it_is_accessible_and_fits_a_phone(
    browser: Browser, mode: str, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue(mode)
    size = {"width": 320, "height": 640}
    with looking(browser, locale="ko", viewport=size) as page:
        page.goto(f"{address}ko/builder/?any=rl,rlhf&not=bulk")
        papers(page, 3)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        check_access(page)


def test_nothing_moves_while_it_begins(browser: Browser, served: str) -> None:
    with looking(browser, locale="ko", viewport={"width": 375, "height": 800}) as page:
        page.add_init_script(
            """window.moved = 0;
            new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
                if (!entry.hadRecentInput) window.moved += entry.value;
            })).observe({ type: "layout-shift", buffered: true });"""
        )
        page.goto(f"{served}ko/builder/?any=rl,rlhf&not=bulk")
        papers(page, 3)
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert page.evaluate("window.moved") < 0.02


def test_the_list_of_entries_is_that_of_the_feeds(served: str) -> None:
    listed = httpx.get(f"{served}ko/entries.json").json()
    items = httpx.get(f"{served}ko/feed.json").json()["items"]
    assert [entry[2] for entry in listed["entries"]] == [item["title"] for item in items]
    day, path, _, tags = listed["entries"][0][:4]
    assert (day, served + path) == ("2024-12-17", items[0]["url"])
    assert [listed["tags"][place] for place in tags] == [["rl", "RL"], ["alignment", "alignment"]]
    assert listed["joined"] == {"강화학습": "rl"}
    # A title in another language than the list's says so.
    english = httpx.get(f"{served}en/entries.json").json()["entries"]
    assert [entry[4:] for entry in english[:3]] == [[], ["ko"], []]
