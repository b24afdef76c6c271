"""The plain pages: whole, in their language, and so that every feed is found from them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import html
from lxml.html import HtmlElement

from feeds.outputs.formats import FORMATS
from tests.publications import copy_sample, run, write_publication


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pages")
    assert run(copy_sample(root), "build").exit_code == 0
    return root / "out"


def pages_in(out: Path) -> list[Path]:
    return [path for path in sorted(out.rglob("*.html")) if path.name != "newsletter.html"]


def read_page(path: Path) -> HtmlElement:
    return html.document_fromstring(path.read_text(encoding="utf-8"))


def hrefs(page: HtmlElement, query: str) -> list[str]:
    return [str(element.get("href")) for element in page.iterfind(query)]


def test_every_page_has_a_title_of_its_own_language_and_an_address(out: Path) -> None:
    for path in pages_in(out):
        page = read_page(path)
        name = path.relative_to(out).as_posix()
        assert (page.findtext(".//title") or "").strip(), name
        assert page.get("lang") == (name.split("/")[0] if "/" in name else "ko")
        [canonical] = hrefs(page, ".//link[@rel='canonical']") or ["none"]
        assert (canonical == "none") == (name == "404.html"), name
        assert len(page.findall(".//h1")) == 1, name
        assert page.find(".//meta[@name='viewport']") is not None


def test_no_page_has_a_style_or_a_script_inside(out: Path) -> None:
    for path in pages_in(out):
        page = read_page(path)
        assert not page.xpath(
            "//*[@style] | //style | //script[text()] | //@*[starts-with(name(), 'on')]"
        ), path
        assert all(str(src).startswith("/papers/assets/") for src in page.xpath("//script/@src"))


def test_no_template_leaves_its_marks(out: Path) -> None:
    for path in pages_in(out):
        text = path.read_text(encoding="utf-8")
        for mark in ("{{", "{%", "Undefined", "&amp;amp;", "&amp;lt;", "None</"):
            assert mark not in text, (path, mark)


def test_every_page_leads_to_the_feeds_of_its_language_and_of_its_own_first(out: Path) -> None:
    for path in pages_in(out):
        page = read_page(path)
        lang = page.get("lang")
        feeds = hrefs(page, ".//link[@rel='alternate'][@type]")
        assert feeds[-3:] == [f"/papers/{lang}/feed.{form.ending}" for form in FORMATS], path
        stem = path.parent.relative_to(out).as_posix()
        if (path.parent / "feed.atom").is_file():
            assert unquote(feeds[0]) == f"/papers/{stem}/feed.atom"


def test_the_page_of_feeds_names_every_feed_that_is_current(out: Path) -> None:
    for lang in ("ko", "en"):
        page = read_page(out / lang / "feeds" / "index.html")
        named = {unquote(href).removeprefix("/papers/") for href in hrefs(page, ".//main//a")}
        current = {
            path.relative_to(out).as_posix()
            for path in (out / lang).rglob("feed.atom")
            if b"<entry" in path.read_bytes()
        }
        assert len(current) > 10
        assert current <= named
        assert f"{lang}/feeds.opml" in named


def test_a_day_leads_to_its_neighbours_and_its_newsletter(out: Path) -> None:
    days = sorted((out / "ko").glob("[0-9]*/[0-9]*/[0-9]*/index.html"))
    assert len(days) > 8
    for index, path in enumerate(days):
        page = read_page(path)
        before = [f"/papers/{days[index - 1].parent.relative_to(out).as_posix()}/"] if index else []
        after = [f"/papers/{day.parent.relative_to(out).as_posix()}/" for day in days[index + 1 :]]
        assert hrefs(page, ".//a[@rel='prev']") == before
        assert hrefs(page, ".//a[@rel='next']") == after[:1]
        has_newsletter = (path.parent / "newsletter.html").is_file()
        assert bool([h for h in hrefs(page, ".//a") if "newsletter" in h]) == has_newsletter


def test_an_entry_leads_to_itself_in_the_other_language(out: Path) -> None:
    pages = sorted((out / "ko").glob("[0-9]*/[0-9]*/[0-9]*/*/index.html"))
    both = 0
    for path in pages:
        there = out / "en" / path.relative_to(out / "ko")
        links = hrefs(read_page(path), ".//link[@hreflang='en']")
        address = f"https://example.org/papers/{there.parent.relative_to(out).as_posix()}/"
        assert links == ([address] if there.is_file() else [])
        both += there.is_file()
    assert both


def test_a_tag_page_shows_its_entries_newest_first(out: Path) -> None:
    longest = 0
    for path in (out / "ko" / "tags").glob("*/index.html"):
        days = hrefs(read_page(path), ".//h2/a")
        assert days == sorted(set(days), reverse=True)
        longest = max(longest, len(days))
    assert longest > 2


def test_rights_subtitle_and_an_empty_publication_are_shown(tmp_path: Path) -> None:
    config = write_publication(
        tmp_path, {}, 'subtitle = "A <b> & more"\nrights = { ko = "© 나", en = "© Me" }'
    )
    (tmp_path / "notes").mkdir()
    assert run(config, "build").exit_code == 0
    for lang, rights in (("ko", "© 나"), ("en", "© Me")):
        page = read_page(tmp_path / "out" / lang / "index.html")
        assert page.findtext(".//footer/p") == rights
        assert page.findtext(".//p[@class='subtitle']") == "A <b> & more"
