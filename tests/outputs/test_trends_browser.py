"""Plots in a real browser: large enough to read, strong enough to see, and whole on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import browsing, check_access, looking, needs_chromium, serving_site
from tests.publications import build_at, write_publication

pytestmark = needs_chromium

LONG = "a-very-long-name-of-a-tag-that-somebody-has-written"
PAGES = ("ko/trends/", "en/trends/", "ko/tags/한국어/", f"en/tags/{LONG}/")

FACTS = """() => {
  document.querySelectorAll('details').forEach(each => { each.open = true; });
  const shown = [...document.querySelectorAll('.plot text')];
  const colours = query => [...document.querySelectorAll(query)]
    .map(each => getComputedStyle(each).fill);
  const box = each => each.getBoundingClientRect();
  const words = [...document.querySelectorAll('main *')].filter(each =>
    [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return {
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    outside: shown.filter(each => box(each).left < 0
      || box(each).right > document.documentElement.clientWidth).length,
    drawn: shown.map(each => parseFloat(getComputedStyle(each).fontSize) * each.getScreenCTM().a),
    sizes: words.map(each => parseFloat(getComputedStyle(each).fontSize)),
    paper: getComputedStyle(document.documentElement).backgroundColor,
    texts: colours('.plot text'),
    bars: colours('.plot-bars path'),
    broken: [...document.querySelectorAll('td, tbody th')].filter(each => {
      const words = document.createRange();
      words.selectNodeContents(each);
      return words.getClientRects().length > 1;
    }).length,
    flat: [...document.querySelectorAll('.plot-bars path')].filter(each => {
      return box(each).height < 3 || box(each).width < 1;
    }).length,
  };
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    notes = {}
    for number in range(75):
        day = f"{2019 + number // 12}-{number % 12 + 1:02}-11"
        tags = f"#tag-{number % 11:02} #한국어" + f" #{LONG}" * (number % 3 == 0)
        notes[f"{day}.txt"] = f"{day}\nPaper {number}\n(Ada Lovelace)\n해설.\nWords.\n{tags}\n"
    root = tmp_path_factory.mktemp("trends")
    build_at(write_publication(root, notes), allow_deletes=True)
    with serving_site(root / "out") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with looking(browser, site, viewport={"width": 375, "height": 800}) as page:
        yield page


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours as a browser says them."""
    lights = []
    for colour in (one, other):
        red, green, blue = (int(part) / 255 for part in colour[4:-1].split(","))
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
        ]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def look(page: Page, address: str) -> dict[str, Any]:
    page.goto(address)
    facts = page.evaluate(FACTS)
    assert isinstance(facts, dict)
    assert len(facts["drawn"]) >= 4
    assert facts["bars"]
    return facts


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plots_are_read_on_a_phone(page: Page, site: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in PAGES:
        facts = look(page, f"{site}{path}")
        assert facts["sideways"] <= 0, path
        assert facts["outside"] == 0, path
        assert (facts["broken"], facts["flat"]) == (0, 0), path
        assert min(*facts["drawn"], *facts["sizes"]) >= 11, path
        assert min(contrast(colour, facts["paper"]) for colour in facts["texts"]) >= 4.5, path
        assert min(contrast(colour, facts["paper"]) for colour in facts["bars"]) >= 3, path


def test_axe_finds_nothing_wrong_with_plots_and_their_table(page: Page, site: str) -> None:
    for path in PAGES:
        look(page, f"{site}{path}")
        check_access(page, path)


def test_nothing_is_cut_on_a_narrow_screen(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    for path in PAGES:
        facts = look(page, f"{site}{path}")
        assert (facts["sideways"], facts["outside"]) == (0, 0), path


def test_paper_shows_black_on_white(page: Page, site: str) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    facts = look(page, f"{site}ko/trends/")
    assert all(contrast(colour, "rgb(255, 255, 255)") > 10 for colour in facts["bars"])
    assert all(contrast(colour, "rgb(255, 255, 255)") > 10 for colour in facts["texts"])


def test_the_whole_of_a_plot_leads_to_its_tag(page: Page, site: str) -> None:
    page.goto(f"{site}en/trends/")
    page.locator(".multiples li").first.locator("svg.plot").click(force=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("#한국어")


def test_the_table_is_reached_and_scrolled_by_keyboard(page: Page, site: str) -> None:
    page.goto(f"{site}ko/trends/")
    page.get_by_text("숫자로 보기").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    frame = page.get_by_role("region", name="전체 글과 많이 쓰인 태그의 월별 글 수")
    expect(frame).to_be_focused()
    last = frame.get_by_role("columnheader").last
    expect(last).not_to_be_in_viewport()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect(last).to_be_in_viewport()
