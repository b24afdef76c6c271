"""What only a browser can tell: widths, computed sizes and the colours of the dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from feeds.model import Issue, Tag
from tests.browsing import browsing, needs_chromium
from tests.issues import abstract, commentary, make_article, make_issue
from tests.outputs.newsletters import mail

pytestmark = needs_chromium

WIDE = (
    "공백없이아주길게이어지는낱말이있어도화면이옆으로밀리지않아야합니다" * 3,
    "https://example.org/" + "a-very-long-path-without-an-end/" * 8,
    "`" + "an_identifier_without_any_break_in_it_at_all" * 4 + "`",
    "```\n" + "x = call(argument_one, argument_two, argument_three) # 설명\n" * 3 + "```",
    "|" + " 열의이름이길다 |" * 9,
    "|" + "---|" * 9,
    "|" + " 12,345,678 |" * 9,
    "![그림](wide.png)",
    "> 인용문이 있고",
    "- 항목이 있고",
)

LOUD = "W" * 200

FACTS = """() => {
  const own = e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('').trim();
  const seen = [...document.body.querySelectorAll('*')]
    .filter(e => own(e).length > 1 && e.getBoundingClientRect().width > 1)
    .map(e => [e, getComputedStyle(e)]);
  const hangul = /[가-힣]{2}/;
  return {
    sideways: document.documentElement.scrollWidth - innerWidth,
    smallest: Math.min(...seen.map(([, s]) => parseFloat(s.fontSize))),
    tightest: Math.min(...seen.filter(([e]) => e.localName === 'p')
      .map(([, s]) => parseFloat(s.lineHeight) / parseFloat(s.fontSize))),
    broken: seen.filter(([e, s]) => hangul.test(own(e)) && s.wordBreak !== 'keep-all').length,
    background: getComputedStyle(document.body).backgroundColor,
    colours: seen.map(([, s]) => s.color),
  };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(offline=True)
    yield context.new_page()
    context.close()


def make_wide_issue(lang: str) -> Issue:
    articles = [
        make_article(
            title,
            lang=lang,
            authors=tuple(f"Author Number{n}" for n in range(9)),
            url="https://arxiv.org/abs/2412.00001",
            tags=(Tag(slug="long", label="a-tag-" * 12),),
            commentary=commentary(*WIDE, lang=lang),
            abstract=abstract("An abstract with $O(n^2)$ in it. " * 20),
        )
        for title in ("A Title", LOUD)
    ]
    return make_issue(articles, lang=lang)


def look(page: Page, document: str, *, width: int, scheme: str = "light") -> dict[str, object]:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_content(document, wait_until="domcontentloaded")
    facts = page.evaluate(FACTS)
    assert isinstance(facts, dict)
    return facts


def luma(colour: str) -> float:
    red, green, blue = (
        float(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_phone_shows_it_without_sideways_scroll_and_large_enough(page: Page, lang: str) -> None:
    newsletter = mail(make_wide_issue(lang))
    without_style = newsletter.html.replace("<style", "<template").replace("</style", "</template")
    for document in (newsletter.html, without_style):
        for width in (320, 375):
            facts = look(page, document, width=width)
            assert facts["sideways"] == 0
            assert facts["smallest"] >= 14  # type: ignore[operator]  # a number from the browser
            assert facts["tightest"] >= 1.45  # type: ignore[operator]
            assert lang == "en" or facts["broken"] == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_what_is_behind_it(page: Page, scheme: str) -> None:
    newsletter = mail(make_wide_issue("ko"))
    facts = look(page, newsletter.html, width=600, scheme=scheme)
    behind = luma(str(facts["background"]))
    assert behind < 40 if scheme == "dark" else behind > 240
    colours = facts["colours"]
    assert isinstance(colours, list)
    assert all(abs(luma(colour) - behind) > 100 for colour in colours)
