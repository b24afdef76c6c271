"""What is in the files: validity, links, dates, and the same bytes every time."""

from __future__ import annotations

import json
import locale
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import listparser
import msgspec
import pytest
from jsonschema import Draft7Validator
from lxml import etree

from feeds.config import Author, parse_config
from feeds.model import Link, OutputFile, Tag, Text
from feeds.outputs.atom import render_atom, write_atom
from feeds.outputs.content import render_content
from feeds.outputs.formats import FORMATS
from feeds.outputs.jsonfeed import render_json, write_json
from feeds.outputs.opml import write_opml
from feeds.outputs.rss import render_rss, write_rss
from feeds.outputs.site import Site
from tests.outputs.samples import (
    HOSTILE_TITLES,
    KOREAN,
    make_article,
    make_config,
    make_hostile_site,
    make_site,
    make_year_site,
)

ATOM = "{http://www.w3.org/2005/Atom}"
SHARED = Path(__file__).parents[2].parent / "shared"
WRITERS = (write_atom, write_rss, write_json, write_opml)

Write = Callable[[Site], Iterable[OutputFile]]


def needs_schema(name: str) -> Path:
    path = SHARED / "schema" / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    return path


@pytest.mark.parametrize("make", [make_hostile_site, make_year_site, lambda: make_site([])])
def test_every_atom_feed_fits_the_schema(make: Callable[[], Site]) -> None:
    schema = etree.RelaxNG(etree.parse(needs_schema("atom.rng")))
    for file in write_atom(make()):
        assert schema.validate(etree.fromstring(file.content)), (file.path, schema.error_log)


@pytest.mark.parametrize("make", [make_hostile_site, make_year_site, lambda: make_site([])])
def test_every_json_feed_fits_the_schema(make: Callable[[], Site]) -> None:
    schema = json.loads(needs_schema("jsonfeed-1.1.schema.json").read_text("utf-8"))
    validator = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    for file in write_json(make()):
        assert not list(validator.iter_errors(json.loads(file.content))), file.path


def test_an_entry_links_to_its_page_then_the_paper_then_the_other_language() -> None:
    site = make_site([make_article()])
    entry = etree.fromstring(render_atom(site.feeds[0], site)).find(f"{ATOM}entry")
    assert entry is not None
    links = [
        (link.get("rel"), link.get("hreflang"), link.get("href"))
        for link in entry.findall(f"{ATOM}link")
    ]
    page = "/2024/12/17/entry-1217-0/"
    assert links == [
        ("alternate", None, f"https://example.org/papers/ko{page}"),
        ("related", None, "https://arxiv.org/abs/2412.10000"),
        ("related", "en", f"https://example.org/papers/en{page}"),
    ]


def test_archives_say_that_they_are_archives() -> None:
    for file in write_atom(make_year_site()):
        feed = etree.fromstring(file.content)
        marks = feed.findall("{http://purl.org/syndication/history/1.0}archive")
        assert len(marks) == ("/archive/" in file.path), file.path
        rels = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert rels["self"] == f"https://example.org/papers/{file.path}"
        if marks:
            assert rels["current"] == "https://example.org/papers/ko/feed.atom"


def test_content_is_commentary_then_abstract_then_links_and_tags() -> None:
    article = make_article(
        authors=("Ada", "<b>Bob</b>"),
        url="https://www.example.org/a&b/",
        commentary=Text(lang="en", html="<p>In English.</p>", plain=("In English.",)),
        related=(Link(path="ko/2024/12/16/x/", title="A <b> & B", lang="ko"),),
        tags=(KOREAN,),
    )
    assert render_content(article, make_site([article])) == (
        '<div lang="en">\n<p>In English.</p>\n</div>\n'
        '<blockquote lang="en">\n<p>We show that it works.</p>\n</blockquote>\n'
        "<p>저자: Ada, Bob</p>\n"
        '<p>논문: <a href="https://www.example.org/a&amp;b/">example.org/a&amp;b</a></p>\n'
        '<p>관련 글: <a href="https://example.org/papers/ko/2024/12/16/x/" hreflang="ko">'
        "A &lt;b&gt; &amp; B</a></p>\n"
        "<p>다른 언어로 읽기: "
        '<a href="https://example.org/papers/en/2024/12/17/entry-1217-0/" hreflang="en">'
        "English</a></p>\n"
        '<p>태그: <a href="https://example.org/papers/ko/tags/%ED%95%9C%EA%B5%AD%EC%96%B4/">'
        "#한국어</a></p>"
    )


@pytest.mark.parametrize("write", WRITERS)
def test_two_renderings_are_the_same_bytes(write: Write) -> None:
    assert list(write(make_hostile_site())) == list(write(make_hostile_site()))


@pytest.mark.parametrize("write", WRITERS)
def test_files_are_utf_8_and_end_in_a_line_end(write: Write) -> None:
    for file in write(make_hostile_site()):
        assert file.content.decode().endswith(">\n" if write is not write_json else "}\n")
        assert b"\r" not in file.content


def test_an_entry_is_the_same_in_every_feed_of_a_build() -> None:
    site = make_hostile_site()
    together = {file.path: file.content for file in (*write_atom(site), *write_rss(site))}
    together |= {file.path: file.content for file in write_json(site)}
    for feed in site.feeds:
        alone = {
            "atom": render_atom(feed, site),
            "rss": render_rss(feed, site),
            "json": render_json(feed, site),
        }
        for ending, content in alone.items():
            assert together[f"{unquote(feed.stem)}.{ending}"] == content


def test_the_locale_of_the_process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        pytest.fail("setlocale is for the whole process")

    monkeypatch.setattr(locale, "setlocale", refuse)
    site = make_hostile_site()
    for write in WRITERS:
        assert list(write(site))


def test_threads_render_what_one_renders() -> None:
    site = make_year_site()
    expected = [list(write(site)) for write in WRITERS]
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(lambda: [list(write(site)) for write in WRITERS]) for _ in range(4)]
    assert all(run.result() == expected for run in runs)


def test_dates_come_from_the_articles_and_never_from_the_clock() -> None:
    site = make_site([make_article(day=date(2024, 1, 2))])
    rss = render_rss(site.feeds[0], site)
    assert b"<lastBuildDate>Mon, 01 Jan 2024 22:00:00 GMT</lastBuildDate>" in rss
    assert rss.count(b"2024 22:00:00 GMT") == 2
    atom = etree.fromstring(render_atom(site.feeds[0], site))
    moments = {element.text for element in atom.iter(f"{ATOM}updated", f"{ATOM}published")}
    assert moments == {"2024-01-02T07:00:00+09:00"}


def test_the_author_is_the_writer_and_the_papers_authors_contribute() -> None:
    site = make_site([make_article()])
    atom = etree.fromstring(render_atom(site.feeds[0], site))
    assert {name.text for name in atom.iterfind(f".//{ATOM}author/{ATOM}name")} == {"김하나"}
    names = [name.text for name in atom.iterfind(f".//{ATOM}contributor/{ATOM}name")]
    assert names == ["Ada Lovelace", "허준이"]
    rss = etree.fromstring(render_rss(site.feeds[0], site))
    assert rss.findtext(".//{http://purl.org/dc/elements/1.1/}creator") == "김하나"
    item = json.loads(render_json(site.feeds[0], site))["items"][0]
    assert item["authors"] == [{"name": "김하나", "url": "https://example.org/hana"}]


def test_a_bare_publication_renders() -> None:
    table = {"title": "Bare", "base_url": "https://example.org"}
    config = parse_config(table, file="paperround.toml", root=Path())
    article = make_article(url=None, authors=(), abstract=None, tags=(), translations=())
    site = make_site([article], config=config)
    rss = etree.fromstring(render_rss(site.feeds[0], site))
    assert rss.findtext("channel/description") == "Bare"
    for write in WRITERS:
        assert list(write(site))


def test_files_have_decoded_paths_and_the_media_types_of_their_formats() -> None:
    site = make_hostile_site()
    types = {form.ending: form.media_type for form in FORMATS} | {"opml": "text/x-opml"}
    files = [file for write in WRITERS for file in write(site)]
    assert "ko/tags/한국어/feed.atom" in [file.path for file in files]
    for file in files:
        assert file.media_type == types[file.path.rpartition(".")[2]]


def test_opml_is_read_by_a_parser() -> None:
    files = {file.path: file.content for file in write_opml(make_hostile_site())}
    assert sorted(files) == ["en/feeds.opml", "feeds.opml", "ko/feeds.opml"]
    everything = listparser.parse(files["feeds.opml"].decode())
    assert not everything.bozo
    assert everything.meta.title == "아침 논문"
    assert len(everything.feeds) == 8
    korean = listparser.parse(files["ko/feeds.opml"].decode())
    assert [feed.title for feed in korean.feeds][:2] == ["아침 논문", "#C++ · 아침 논문"]
    assert korean.feeds[0].url == "https://example.org/papers/ko/feed.atom"


def test_opml_lists_neither_archives_nor_joined_slugs() -> None:
    site = make_year_site()
    site = make_site(site.archive.articles["ko"], slugs={"x": Tag(slug="x", label="x")})
    opml = next(iter(write_opml(site))).content
    assert b"archive" not in opml
    assert b"tags/x/" not in opml


@pytest.mark.parametrize(
    ("outputs", "ending"),
    [(["atom", "rss", "opml"], "atom"), (["rss", "json", "opml"], "rss"), (["json"], "json")],
)
def test_opml_names_only_files_that_are_written(outputs: list[str], ending: str) -> None:
    site = make_site([make_article()], config=make_config(outputs=outputs))
    files = list(write_opml(site))
    assert files
    for file in files:
        assert {feed.url.rpartition(".")[2] for feed in listparser.parse(file.content).feeds} == {
            ending
        }


def test_without_feeds_there_is_no_opml() -> None:
    assert list(write_opml(make_site([], config=make_config(outputs=["opml"])))) == []


def test_without_pages_nothing_links_to_a_page() -> None:
    article = make_article(related=(Link(path="ko/2024/12/16/x/", title="X", lang="ko"),))
    site = make_site([article], config=make_config(outputs=["atom", "rss", "json", "opml"]))
    for write in WRITERS:
        for file in write(site):
            text = file.content.decode().replace('scheme="https://example.org/papers/ko/tags/"', "")
            text = text.replace('domain="https://example.org/papers/ko/tags/"', "")
            assert "papers/ko/2024" not in text
            assert "papers/ko/tags/rl/<" not in text
            assert 'papers/ko/tags/rl/"' not in text


def test_hostile_titles_are_plain_in_json() -> None:
    site = make_hostile_site()
    items = json.loads(render_json(site.feeds[0], site))["items"]
    assert [item["title"] for item in items][:6] == list(HOSTILE_TITLES)[:6]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "javascript://example.org/%0aalert(1)", "data:text/html,x"]
)
def test_a_link_that_runs_or_carries_something_is_left_out(url: str) -> None:
    # Reading a configuration refuses such an address; a feed does not rely on it.
    config = msgspec.structs.replace(make_config(), author=Author(name="X", url=url))
    site = make_site([make_article(url=url)], config=config)
    for write in WRITERS:
        for file in write(site):
            assert url.encode() not in file.content, file.path
