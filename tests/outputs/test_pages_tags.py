"""Tag pages and the list of all tags: described, counted, in order, and light."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from lxml import html

from feeds.languages import load_languages
from feeds.model import Tag
from feeds.outputs.initials import find_initial, group_by_initial
from feeds.outputs.pages.days import write_days
from feeds.outputs.pages.tags import write_tags
from tests.outputs.pages import hrefs, read_page, render_pages, texts
from tests.outputs.samples import make_article, make_site
from tests.publications import build_at, write_publication

LANGUAGES = load_languages(("ko", "en"))


def make_note(day: str, tags: str) -> str:
    return f"{day}\nPaper of {day}\n(A)\n한국어 해설입니다.\nEnglish words.\n{tags}\n"


NOTES = {
    "a.txt": make_note("2024-03-02", "#RL #GAN"),
    "b.txt": make_note("2024-05-02", "#RL #GAN #RLHF"),
    "c.txt": make_note("2024-12-17", "#RL"),
    "d.txt": make_note("2024-12-18", "#alone"),
}
SETTINGS = """
[tags.aliases]
"reinforcement-learning" = "RL"
[tags.descriptions]
"Reinforcement-Learning" = { ko = "보상으로 배우기", en = "Learning <from> rewards" }
gan = "두 신경망"
nothing = "no such tag"
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tags")
    build_at(write_publication(root, NOTES, SETTINGS))
    return root / "out"


def test_a_tag_is_described_as_the_configuration_says_by_any_of_its_names(out: Path) -> None:
    for lang, said in (("ko", "보상으로 배우기"), ("en", "Learning <from> rewards")):
        page = read_page(out / lang / "tags/rl/index.html")
        assert texts(page, "//p[@class='about']") == [said]
        assert page.xpath("//meta[@name='description']/@content") == [said]
    assert texts(read_page(out / "en/tags/gan/index.html"), "//p[@class='about']") == ["두 신경망"]


def test_a_tag_in_another_script_says_its_language_in_the_filter() -> None:
    tags = (Tag(slug="한국어", label="한국어"), Tag(slug="rl", label="RL"))
    site = make_site([make_article(lang="en", tags=tags)])
    page = html.document_fromstring(
        render_pages(site, "en", write_days)["en/2024/12/17/index.html"]
    )
    marks = {each.text: each.get("lang") for each in page.iterfind(".//ul[@data-filter-tags]//bdi")}
    assert marks == {"#한국어": "ko", "#RL": None}


def test_a_tag_says_how_many_entries_it_has_and_from_when_to_when(out: Path) -> None:
    for path, said in (
        (
            "ko/tags/rl",
            "2024년 3월 2일부터 2024년 12월 17일까지 #RL 태그가 붙은 글 3편을 모았습니다.",
        ),
        ("en/tags/rl", "Tagged #RL: 3 papers, from 2 March 2024 to 17 December 2024."),
        ("ko/tags/alone", "2024년 12월 18일에 #alone 태그가 붙은 글 1편이 실렸습니다."),
        ("en/tags/alone", "Tagged #alone: 1 paper, on 18 December 2024."),
    ):
        assert texts(read_page(out / path / "index.html"), "//p[@class='count']") == [said]


def test_a_tag_leads_to_those_that_come_with_it_the_most_frequent_first(out: Path) -> None:
    page = read_page(out / "en/tags/rl/index.html")
    related = ".//section[@class='related']//a"
    assert hrefs(page, related) == ["/papers/en/tags/gan/", "/papers/en/tags/rlhf/"]
    assert texts(page, "//section[@class='related']//small") == ["2", "1"]
    assert hrefs(read_page(out / "en/tags/alone/index.html"), related) == []


def test_a_tag_offers_its_feeds_and_their_addresses_to_copy(out: Path) -> None:
    page = read_page(out / "ko/tags/rl/index.html")
    links = hrefs(page, ".//p[@class='feed']/a")
    assert links == [f"/papers/ko/tags/rl/feed.{ending}" for ending in ("atom", "rss", "json")]
    [button] = page.xpath("//button[@data-copy]")
    assert button.get("data-copy") == "https://example.org/papers/ko/tags/rl/feed.atom"
    assert button.get("hidden") is not None
    # The name that is spoken holds the one that is seen (WCAG 2.5.3).
    assert button.text in button.get("aria-label")


def test_links_to_feeds_tell_by_themselves_what_they_are_of(out: Path) -> None:
    page = read_page(out / "ko/feeds/index.html")
    links = page.xpath("//span[@class='feed']/a")
    assert len({link.get("aria-label") for link in links}) == len(links)
    for link in links:
        assert link.get("aria-label").startswith(link.text)


def test_feeds_of_tags_stand_in_the_order_of_all_tags(tmp_path: Path) -> None:
    note = make_note("2024-12-17", "#3d #beta #나무 #alpha #가지")
    build_at(write_publication(tmp_path, {"a.txt": note}))
    for lang, order in (
        ("ko", ["가지", "나무", "alpha", "beta", "3d"]),
        ("en", ["alpha", "beta", "가지", "나무", "3d"]),
    ):
        tags = read_page(tmp_path / f"out/{lang}/tags/index.html")
        assert tags.xpath("//section[@class='all']//li/@data-tag") == order
        names = texts(read_page(tmp_path / f"out/{lang}/feeds/index.html"), "//ul/li[span]/a")
        assert names[1:] == [f"#{label}" for label in order]


def test_what_follows_all_tags_at_once_stands_before_the_feeds_of_each(out: Path) -> None:
    hrefs_of_page = hrefs(read_page(out / "en/feeds/index.html"), ".//main//a")
    first = hrefs_of_page.index("/papers/en/tags/alone/")
    assert hrefs_of_page.index("/papers/en/feeds.opml") < first
    assert hrefs_of_page.index("/papers/en/builder/") < first


def test_a_tag_that_nothing_has_any_more_says_so_and_is_not_listed(tmp_path: Path) -> None:
    config = write_publication(tmp_path, NOTES)
    build_at(config)
    (tmp_path / "notes/d.txt").write_text(make_note("2024-12-18", "#other"), encoding="utf-8")
    build_at(config)
    page = read_page(tmp_path / "out/en/tags/alone/index.html")
    assert texts(page, "//p[@class='count']") == ["There is nothing here at present."]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert "alone" not in (tmp_path / "out/en/tags/index.html").read_text(encoding="utf-8")


def test_all_tags_stand_by_name_and_the_most_used_before_them(out: Path) -> None:
    page = read_page(out / "en/tags/index.html")
    most = page.xpath("//section[@class='most']//li/@data-tag")
    assert most == ["rl", "gan"]
    assert page.xpath("//section[@class='all']//li/@data-tag") == ["alone", "gan", "rl", "rlhf"]


@pytest.mark.parametrize(
    ("label", "initial"),
    [
        ("강화 학습", "ㄱ"),
        ("꿈", "ㄱ"),
        ("힣", "ㅎ"),
        ("하나", "ㅎ"),
        ("쌍", "ㅅ"),
        ("attention", "A"),
        ("Élan", "E"),
        ("ㄱ자", "ㄱ"),
        ("3D", ""),
        ("_x", ""),
        ("", ""),
    ],
)
def test_a_name_stands_under_its_first_letter(label: str, initial: str) -> None:
    assert find_initial(label) == initial


@pytest.mark.parametrize(
    ("lang", "order"), [("ko", ["ㄱ", "ㄴ", "A", "B", ""]), ("en", ["A", "B", "ㄱ", "ㄴ", ""])]
)
def test_the_letters_of_the_language_come_first_and_what_has_none_last(
    lang: str, order: list[str]
) -> None:
    labels = ("3d", "나무", "beta", "Alpha", "aaa", "가지", "강")
    tags = [(Tag(slug=label.casefold(), label=label), 1) for label in labels]
    groups = group_by_initial(tags, lang, LANGUAGES)
    assert [initial for initial, _ in groups] == order
    named = {initial: [tag.label for tag, _ in found] for initial, found in groups}
    assert named["A"] == ["aaa", "Alpha"]
    assert named["ㄱ"] == ["가지", "강"]


def test_many_tags_have_letters_to_find_them_by(tmp_path: Path) -> None:
    tags = " ".join(f"#{letter}{number}" for letter in "abc가나" for number in range(15))
    build_at(write_publication(tmp_path, {"a.txt": make_note("2024-12-17", tags)}))
    page = read_page(tmp_path / "out/ko/tags/index.html")
    assert texts(page, "//h3") == ["ㄱ", "ㄴ", "A", "B", "C"]
    assert texts(page, "//nav[@class='letters']//a") == ["ㄱ", "ㄴ", "A", "B", "C"]
    ids = [f"#{each}" for each in page.xpath("//h3/@id")]
    assert hrefs(page, ".//nav[@class='letters']//a") == ids
    feeds = read_page(tmp_path / "out/ko/feeds/index.html")
    assert texts(feeds, "//h3") == ["ㄱ", "ㄴ", "A", "B", "C"]
    assert hrefs(feeds, ".//nav[@class='letters']//a") == ids
    assert texts(feeds, "//section[h3='A']//li/a") == sorted(f"#a{number}" for number in range(15))


def test_a_tag_of_five_hundred_entries_leads_to_all_and_stays_light() -> None:
    first = date(2021, 1, 1)
    articles = [
        make_article(f"A Title of Some Length {n}", day=first + timedelta(days=2 * n), lang="en")
        for n in range(500)
    ]
    content = render_pages(make_site(articles), "en", write_tags)["en/tags/rl/index.html"]
    page = html.document_fromstring(content.decode())
    links = hrefs(page, ".//main//ul[@class='titles']//a")
    assert links == [f"/papers/{article.path}" for article in reversed(articles)]
    # The newest hundred by their days, the others by their years.
    assert len(page.findall(".//section[@class='day']")) == 100
    years = Counter(article.day.year for article in articles[:400])
    assert texts(page, "//details[not(ancestor::*[@data-filter])]/summary") == [
        f"{year} {years[year]} papers" for year in sorted(years, reverse=True)
    ]
    assert len(content) < 100_000


def test_a_named_feed_has_a_page_as_a_tag_has(tmp_path: Path) -> None:
    named = '[feeds.both]\ntitle = { ko = "둘 다", en = "Both" }\nall = ["rl", "gan"]'
    build_at(write_publication(tmp_path, NOTES, named))
    page = read_page(tmp_path / "out/ko/feeds/both/index.html")
    assert texts(page, "//h1") == ["둘 다"]
    assert texts(page, "//ul[@class='titles']//a") == ["Paper of 2024-05-02", "Paper of 2024-03-02"]
    assert hrefs(page, ".//p[@class='feed']/a")[0] == "/papers/ko/feeds/both/feed.atom"
