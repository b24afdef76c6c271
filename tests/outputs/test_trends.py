"""The page of trends and the plot of each tag: named, counted in a table, leading somewhere."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import pytest
from lxml import html
from lxml.html import HtmlElement

from feeds.errors import RenderError
from feeds.languages import load_languages, templates_folder
from feeds.model import Article, Tag
from feeds.outputs.assets import collect_assets
from feeds.outputs.pages.frame import Frame
from feeds.outputs.pages.tags import write_tags
from feeds.outputs.pages.trends import write_trends
from feeds.outputs.site import Site
from feeds.outputs.theme import Theme
from tests.outputs.samples import RL, make_article, make_site

HOSTILE = Tag(slug="x", label='"><script>alert(1)</script>{{ 7 * 7 }}{count} & <b>')
TAGS = [Tag(slug=f"tag-{number:02}", label=f"Tag {number:02}") for number in range(15)]


def make_busy_site(months: int = 20) -> Site:
    """Some entries in some of the months, the same each time; fifteen tags and one that is bad."""
    chance = random.Random(4)
    articles: list[Article] = []
    for number in range(300):
        month = chance.randrange(months)
        day = date(2023 + month // 12, month % 12 + 1, 1 + number % 28)
        tags = tuple(chance.sample(TAGS, 3))
        key = f"entry-{number}"
        articles.append(make_article(day=day, key=key, tags=(*tags, HOSTILE)[number % 2 :]))
    return make_site(articles)


def read_trends(site: Site, lang: str = "ko") -> HtmlElement:
    [page] = write_trends(Frame(site, lang, collect_assets(site.theme)))
    assert page.path == f"{lang}/trends/index.html"
    return html.document_fromstring(page.content.decode())


def find(element: HtmlElement, query: str) -> list[Any]:
    """What a query finds, of whatever kind."""
    return cast("list[Any]", element.xpath(query))


def labels_of(article: Article) -> list[str]:
    return [tag.label for tag in article.tags]


def read_main(page: HtmlElement) -> str:
    return str(page.find(".//main").text_content())


@pytest.fixture(scope="module")
def busy() -> Site:
    return make_busy_site()


@pytest.fixture(scope="module")
def page(busy: Site) -> HtmlElement:
    return read_trends(busy)


def test_every_plot_has_a_name_and_a_summary_and_no_id_stands_twice(page: HtmlElement) -> None:
    ids = [str(value) for value in find(page, "//@id")]
    assert len(ids) == len(set(ids))
    plots = find(page, "//svg[contains(@class, 'plot') and @role='img']")
    assert len(plots) == 13
    for plot in plots:
        title, summary = (page.get_element_by_id(i) for i in plot.get("aria-labelledby").split())
        assert (title.tag, summary.tag) == ("title", "desc")
        assert title.getparent() is plot
        assert title.text.strip()
        assert summary.text.startswith("2023년 1월부터 2024년 8월까지")


def test_the_table_has_the_numbers_of_the_archive(busy: Site, page: HtmlElement) -> None:
    articles = busy.archive.articles["ko"]
    counts = Counter(
        (a.day.year, a.day.month, label) for a in articles for label in ("", *labels_of(a))
    )
    uses = Counter(tag for a in articles for tag in a.tags)
    shown = sorted(uses, key=lambda tag: (-uses[tag], tag.slug))[:12]
    [table] = find(page, "//table")
    assert table.findtext("caption/span")
    head = [cell.text_content() for cell in find(table, "thead/tr/th[@scope='col']")]
    assert head == ["기간", "전체 글", *(f"#{tag.label}" for tag in shown)]
    rows = find(table, "tbody/tr")
    assert len(rows) == 20
    for month, row in enumerate(rows):
        place = (2023 + month // 12, month % 12 + 1)
        assert row.findtext("th[@scope='row']") == f"{place[0]}년 {place[1]}월"
        assert [int(cell.text) for cell in find(row, "td")] == [
            counts[(*place, label)] for label in ("", *(tag.label for tag in shown))
        ]
    sums = [int(cell.text) for cell in find(table, "tfoot/tr/td")]
    assert sums == [len(articles), *(uses[tag] for tag in shown)]


def test_plots_of_tags_share_a_scale_and_lead_to_their_tags(page: HtmlElement) -> None:
    cards = find(page, "//ul[@class='multiples']/li")
    assert len(cards) == 12
    boxes = {find(card, ".//svg/svg/@viewbox | .//svg/svg/@viewBox")[0] for card in cards}
    assert len(boxes) == 1
    highest = max(int(cell.text) for cell in find(page, "//tbody//td[position() > 1]"))
    assert boxes == {f"0 0 20 {highest}"}
    for card in cards:
        [link] = find(card, ".//a")
        assert unquote(link.get("href")).startswith("/papers/ko/tags/")
        assert link.text.startswith("#")
        name = find(card, ".//title")[0].text
        assert name == f"{link.text} 태그의 월별 글 수"


def test_a_hostile_label_is_only_text(busy: Site, page: HtmlElement) -> None:
    [link] = find(page, "//ul[@class='multiples']//a[@href='/papers/ko/tags/x/']")
    assert link.text == f"#{HOSTILE.label}"
    assert not find(page, "//script[text()]")
    assert not find(page, "//main//b")
    frame = Frame(busy, "ko", collect_assets(busy.theme))
    for made in (*write_trends(frame), *write_tags(frame)):
        written = made.content.decode()
        assert "<script>" not in written
        assert "{{ 7 * 7 }}{count} &amp; &lt;b&gt;" in written


def test_both_languages_say_it_in_their_own_words(busy: Site) -> None:
    english = [make_article(lang="en", day=date(2024, month, 1), tags=(RL,)) for month in (1, 2, 2)]
    site = make_site([*busy.archive.articles["ko"], *english])
    main = read_main(read_trends(site, "en"))
    assert "Papers from January 2024 to February 2024: 3 in all." in main
    assert "#RL: papers per month" in main
    assert "2023년 1월부터 2024년 8월까지 실린 글은 모두 300편입니다." in read_main(
        read_trends(site)
    )


def test_one_entry_and_none_have_words_instead_of_plots() -> None:
    one = read_trends(make_site([make_article(tags=(RL,))]))
    assert "글 1편은 모두 2024년 12월의 글입니다." in read_main(one)
    assert not find(one, "//main//svg")
    assert [cell.text for cell in find(one, "//details[@open]//tbody//td")] == ["1", "1"]
    none = read_trends(make_site([]))
    assert "아직 글이 없습니다." in read_main(none)
    assert not find(none, "//main//svg | //table")


def test_entries_without_tags_have_the_plot_of_all_only() -> None:
    page = read_trends(make_site(make_article(day=date(2024, m, 1), tags=()) for m in (1, 12)))
    assert len(find(page, "//main//svg[@role='img']")) == 1
    assert not find(page, "//ul[@class='multiples']")
    assert len(find(page, "//tbody/tr")) == 12


def test_ten_years_are_shown_by_quarter() -> None:
    days = [date(2015 + number // 12, number % 12 + 1, 3) for number in range(120)]
    page = read_trends(make_site(make_article(day=day) for day in days))
    assert "분기별 글 수(전체)" in read_main(page)
    rows = [cell.text for cell in find(page, "//tbody//th")]
    assert (rows[0], rows[-1], len(rows)) == ("2015년 1분기", "2024년 4분기", 40)
    assert "2015년 1월부터 2024년 12월까지 실린 글은 모두 120편입니다." in read_main(page)


def test_the_same_archive_gives_the_same_page(busy: Site) -> None:
    def render(site: Site) -> list[bytes]:
        return [
            page.content for page in write_trends(Frame(site, "ko", collect_assets(site.theme)))
        ]

    assert render(busy) == render(make_busy_site())


def test_each_tag_in_use_has_its_plot_over_the_whole_time(busy: Site) -> None:
    frame = Frame(busy, "ko", collect_assets(busy.theme))
    pages = {
        page.path: html.document_fromstring(page.content.decode()) for page in write_tags(frame)
    }
    for tag in TAGS:
        page = pages[f"ko/tags/{tag.slug}/index.html"]
        [plot] = find(page, "//svg[@role='img']")
        title, summary = plot.find("title"), plot.find("desc")
        assert title.text == f"#{tag.label} 태그의 월별 글 수"
        assert summary.text.startswith("2023년 1월부터 2024년 8월까지의 그래프입니다. ")
        assert [text.text for text in find(plot, "text[@class='plot-axis']")] == [
            "2023.1",
            "2024.8",
            "월별 글 수",
        ]
        assert len(find(plot, "circle")) == 1
        assert find(page, "//link[contains(@href, '/assets/plots.')]")
    assert not find(pages["ko/tags/index.html"], "//link[contains(@href, '/assets/plots.')]")


def test_a_tag_of_another_month_leaves_the_plot_of_a_tag_as_it_was() -> None:
    """What a build may keep: a tag's plot changes with its entries and with the ends of time."""

    def plot_rl(*more: Article) -> bytes:
        ends = [make_article(day=date(2024, m, 1), key=f"end-{m}") for m in (1, 12)]
        site = make_site([*ends, *more])
        pages = write_tags(Frame(site, "ko", collect_assets(site.theme)))
        [page] = [page for page in pages if page.path == "ko/tags/rl/index.html"]
        return page.content

    other = Tag(slug="other", label="Other")
    before = plot_rl()
    assert plot_rl(make_article(day=date(2024, 6, 1), tags=(other,))) == before
    assert plot_rl(make_article(day=date(2025, 1, 1), tags=(other,))) != before


def test_a_fault_in_a_plot_of_ones_own_is_told_with_its_line(tmp_path: Path) -> None:
    mine = tmp_path / "site" / "plots.html"
    mine.parent.mkdir()
    text = (templates_folder() / "site" / "plots.html").read_text(encoding="utf-8")
    mine.write_text(text.replace("plot.path", "plot.nope"), encoding="utf-8")
    site = make_busy_site()
    theme = Theme(load_languages(("ko", "en")), tmp_path)
    with pytest.raises(RenderError, match=r"plots\.html:\d+: .*nope"):
        read_trends(
            Site(
                config=site.config,
                languages=site.languages,
                archive=site.archive,
                feeds=site.feeds,
                unlisted_feeds=site.unlisted_feeds,
                theme=theme,
            )
        )
