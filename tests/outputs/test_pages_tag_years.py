"""A tag of more entries than a page can show: its older years have pages of their own."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from lxml import html

from feeds.model import Article
from feeds.outputs.pages.tags import write_tags
from tests.outputs.pages import hrefs, render_pages, texts
from tests.outputs.samples import make_article, make_site

HOME = "/papers/ko/tags/rl/"


def make_articles(count: int, lang: str) -> list[Article]:
    """As many entries, each two days after the one before it."""
    first = date(2015, 1, 1)
    return [
        make_article(f"Title {lang} {n}", day=first + timedelta(days=2 * n), lang=lang)
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def pages() -> dict[str, html.HtmlElement]:
    """The pages in Korean, by path; there is less in English."""
    site = make_site([*make_articles(1400, "ko"), *make_articles(1100, "en")])
    return {
        path: html.document_fromstring(content.decode())
        for path, content in render_pages(site, "ko", write_tags).items()
        if path.startswith("ko/tags/rl/")
    }


def test_the_years_behind_the_newest_thousand_have_pages_of_their_own(
    pages: dict[str, html.HtmlElement],
) -> None:
    page = pages["ko/tags/rl/index.html"]
    years = [f"{HOME}{year}/" for year in (2017, 2016, 2015)]
    assert hrefs(page, ".//section[@class='older']/ul[@class='years']//a") == years
    assert texts(page, "//section[@class='older']/ul[@class='years']//small") == [
        "글 182편",
        "글 183편",
        "글 183편",
    ]
    assert set(pages) == {
        "ko/tags/rl/index.html",
        *(f"ko/tags/rl/{year}/index.html" for year in (2017, 2016, 2015)),
    }


def test_every_entry_of_a_tag_stands_on_one_of_its_pages(
    pages: dict[str, html.HtmlElement],
) -> None:
    listed = [
        href for page in pages.values() for href in hrefs(page, ".//main//ul[@class='titles']//a")
    ]
    expected = [f"/papers/{article.path}" for article in make_articles(1400, "ko")]
    assert sorted(listed) == sorted(expected)


def test_the_page_of_a_year_leads_to_its_tag_and_the_years_beside_it(
    pages: dict[str, html.HtmlElement],
) -> None:
    page = pages["ko/tags/rl/2016/index.html"]
    assert texts(page, "//h1") == ["#RL 2016년"]
    assert hrefs(page, ".//main/nav[@class='place']/a") == [HOME]
    assert hrefs(page, ".//main/nav[@class='around']/a") == [f"{HOME}2015/", f"{HOME}2017/"]
    assert hrefs(pages["ko/tags/rl/2017/index.html"], ".//a[@rel='next']") == []
    days = page.xpath("//section[@class='day']//time/@datetime")
    assert days == sorted(days, reverse=True)
    assert {day[:4] for day in days} == {"2016"}


def test_a_year_names_the_languages_that_have_a_page_of_it(
    pages: dict[str, html.HtmlElement],
) -> None:
    codes = {
        year: pages[f"ko/tags/rl/{year}/index.html"].xpath("//link[@hreflang]/@hreflang")
        for year in (2015, 2016)
    }
    assert codes == {2015: ["en", "ko"], 2016: []}
