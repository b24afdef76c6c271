"""The site in a real browser: on a phone, in the dark, on paper, without scripts, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import httpx
import pytest
from lxml import html
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browsing import browsing, check_access, looking, needs_chromium, serving_site
from tests.publications import build_at, write_publication

pytestmark = needs_chromium

HOSTILE = (
    "공백없이아주길게이어지는낱말이있어도화면이옆으로밀리지않아야합니다" * 3,
    "https://example.org/" + "a-very-long-path-without-an-end/" * 8,
    "`" + "an_identifier_without_any_break_in_it_at_all" * 4 + "`",
    "```\n" + "x = call(argument_one, argument_two, argument_three) # 설명\n" * 3 + "```",
    "|" + " 열의이름이길다 |" * 9 + "\n|" + "---|" * 9 + "\n|" + " 12,345,678 |" * 9,
    "$$" + r"\sum_{i=1}^{n} \frac{\partial L}{\partial \theta_i} x_{i} + " * 9 + "0$$",
    "> 인용문이 있고",
    "- 항목이 있고 **강조**와 *기울임*이 있습니다.",
)
LOUD = "W" * 120
NOTES = {
    "a.txt": f"2024-12-17\n{LOUD}\n(Ada Lovelace, {'Someone Else, ' * 30} And More)\n"
    r"Abstract with $O(n^2)$ and $\theta_{"
    + "i" * 90
    + "}$.\n\n"
    + f"해설이 있습니다.\n<english>\nA few words.\n#{'long-' * 12} #RL #한국어\n\n"
    + "A Second Paper (https://arxiv.org/abs/2412.00001)\n(Grace Hopper)\nAbstract.\n둘째.\n"
    + "<english>\nSecond.\n#RL\n",
    "b.md": "---\ndate: 2024-12-16\ntitle: 견디기 어려운 글\ntags: [RL, hostile]\n---\n\n"
    + "\n\n".join(HOSTILE)
    + "\n\n<english>\n\n"
    + "\n\n".join(HOSTILE)
    + "\n",
    "c.txt": "2023-02-01\nAn Older Paper\n(A. B.)\nAbstract.\n지난 글.\n<english>\nOld.\n#GAN\n",
}
SETTINGS = (
    'application = true\nsubtitle = "매일 한 편"\nrights = "© 2024"\n'
    '[feeds.chosen]\nany = ["rl"]\n[tags.descriptions]\nrl = "보상으로 배우는 모델."\n'
)
UNFOLD = "document.querySelectorAll('details').forEach((part) => (part.open = true))"
WIDE: ViewportSize = {"width": 1280, "height": 900}
KINDS = {
    "languages": "",
    "home": "ko/",
    "year": "ko/2024/",
    "month": "ko/2024/12/",
    "day": "ko/2024/12/17/",
    "newsletter": "ko/2024/12/17/newsletter.html",
    "hostile day": "ko/2024/12/16/",
    "tags": "ko/tags/",
    "tag": "ko/tags/rl/",
    "trends": "ko/trends/",
    "feeds": "ko/feeds/",
    "a feed": "ko/feeds/chosen/",
    "builder": "ko/builder/",
    "search": "ko/search/",
    "unsubscribe": "ko/unsubscribe/",
    "message": "404.html",
    "home, filtered": "ko/?any=rl&not=nothing-has-this",
    "tags, filtered": "ko/tags/?any=rl&not=gan",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("look")
    build = build_at(write_publication(root, NOTES, settings=SETTINGS))
    assert not build.publication.findings
    return root / "out"


@pytest.fixture(scope="module")
def site(out: Path) -> Iterator[str]:
    with serving_site(out) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with looking(browser, site, viewport=WIDE) as page:
        yield page


@pytest.fixture(scope="module")
def window(browser: Browser, site: str) -> Iterator[Page]:
    """One for all who only look: opening one takes longer than loading a page."""
    with looking(browser, site) as page:
        yield page


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_phone_never_scrolls_sideways(window: Page, site: str, kind: str) -> None:
    window.set_viewport_size({"width": 320, "height": 640})
    window.goto(site + KINDS[kind])
    window.evaluate(UNFOLD)
    assert window.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_wrong_by_day_and_night(window: Page, site: str, kind: str) -> None:
    window.set_viewport_size(WIDE)
    window.goto(site + KINDS[kind])
    window.evaluate(UNFOLD)
    check_access(window)


def test_the_dark_has_a_palette_of_its_own(page: Page, site: str) -> None:
    page.goto(f"{site}ko/")
    colours = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        colours.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert len(colours) == 2
    assert "rgb(0, 0, 0)" not in colours


def test_what_is_touched_is_large_enough_for_a_finger(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    for kind in ("home", "tags", "feeds"):
        page.goto(site + KINDS[kind])
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, input, summary, nav a, .tags a, td a')]
              .filter((e) => e.checkVisibility({ visibilityProperty: true }))
              .filter((e) => !e.closest('.skip') && e.getBoundingClientRect().height < 24)
              .map((e) => e.outerHTML)"""
        )
        assert not small, kind


def test_paper_shows_the_text_and_no_ways_around_it(page: Page, site: str) -> None:
    page.goto(f"{site}ko/2024/12/17/")
    page.emulate_media(media="print", color_scheme="dark")
    for query in (".top nav", ".find", ".filter", ".around", ".skip", ".bottom ul"):
        assert page.locator(query).count() > 0, query
        assert not page.locator(query).first.is_visible(), query
    expect(page.locator(".commentary").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_korean_breaks_between_words_and_lines_stay_short(page: Page, site: str) -> None:
    page.goto(f"{site}ko/2024/12/17/")
    commentary = page.locator(".commentary").first
    expect(commentary).to_have_css("word-break", "keep-all")
    size, width = commentary.evaluate(
        "(e) => [parseFloat(getComputedStyle(e).fontSize), e.getBoundingClientRect().width]"
    )
    assert size >= 17
    assert width / size <= 45


def test_the_first_tab_skips_to_the_text(page: Page, site: str) -> None:
    page.goto(f"{site}ko/2024/12/17/")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_attribute("href", "#text")
    assert skip.evaluate("(e) => e.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_slash_goes_to_the_search_but_not_from_a_field(page: Page, site: str) -> None:
    page.goto(f"{site}ko/2024/12/17/")
    page.keyboard.press("/")
    field = page.locator(".find [data-search-field]")
    expect(field).to_be_focused()
    page.keyboard.type("a/b")
    expect(field).to_have_value("a/b")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ko/search/?q=a%2Fb")


def test_a_button_copies_the_address_of_its_feed(page: Page, site: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}ko/feeds/")
    button = page.locator("[data-copy]").first
    button.click()
    expect(page.locator("[data-live]")).to_have_text("주소를 복사했습니다.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == button.get_attribute("data-copy") == "https://example.org/papers/ko/feed.atom"


def test_where_copying_is_refused_the_address_is_selected(page: Page, site: str) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
        "document.execCommand = () => false;"
    )
    page.goto(f"{site}ko/feeds/")
    page.locator("[data-copy]").first.click()
    expect(page.locator("[data-live]")).to_contain_text("직접 복사")
    assert page.evaluate("getSelection().toString()") == "https://example.org/papers/ko/feed.atom"


def test_without_scripts_every_page_is_reached_by_links(site: str, out: Path) -> None:
    root = urlsplit(site).path
    found: set[str] = set()
    waiting = [f"{root}ko/"]
    with httpx.Client(base_url=site.removesuffix(root)) as client:
        while waiting:
            answer = client.get(waiting[-1])
            assert answer.status_code == 200, waiting[-1]
            found.add(waiting.pop())
            for link in links_in(answer.text):
                place = unquote(urldefrag(link).url.partition("?")[0])
                if place.startswith(root) and place.endswith("/") and place not in found:
                    waiting.append(place)
            waiting = [place for place in dict.fromkeys(waiting) if place not in found]
    written = {
        f"{root}{path.parent.relative_to(out).as_posix()}/" for path in out.glob("ko/**/index.html")
    }
    assert len(written) > 20
    missing = sorted(written - found)
    assert not missing


def links_in(text: str) -> list[str]:
    return [
        str(link.get("href")) for link in html.document_fromstring(text).iterfind(".//a[@href]")
    ]


@pytest.mark.parametrize("kind", ["home", "month", "day", "tags", "tag", "feeds"])
def test_without_scripts_nothing_stands_there_that_does_nothing(
    browser: Browser, site: str, kind: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + KINDS[kind])
    dead = page.locator("button, input, .filter")
    assert dead.count() > 0
    assert [each for each in dead.all() if each.is_visible()] == []
    assert page.locator("main a").count() > 0
    context.close()
