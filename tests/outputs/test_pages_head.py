"""What the heads of pages tell: languages name each other, searches and messengers are served."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml.html import HtmlElement

from tests.outputs.pages import BASE, address_of, hrefs, pages_in, read_page
from tests.publications import LATER, NOTE, build_at, copy_sample, write_publication

KOREAN_ONLY = "2024-11-05\n한국어 제목\n(A)\n한국어 해설만 있습니다.\n#혼자 #one\n"
SENTENCE = "An abstract of many words, and of one sentence " * 9
LONG = f"2023-02-01\nA Long One\n(A)\n{SENTENCE}.\n#long\n"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, and notes that only one language has, with a tag that was joined to another."""
    root = tmp_path_factory.mktemp("heads")
    settings = 'logo = "logo.png"\nfeed_entries = 5'
    config = copy_sample(root, settings=settings)
    for name, note in (("one", NOTE), ("korean", KOREAN_ONLY), ("long", LONG)):
        (root / "notes" / f"{name}.txt").write_text(note, encoding="utf-8")
    build_at(config, LATER)
    with config.open("a", encoding="utf-8") as file:
        file.write('[tags.aliases]\none = "two"\n')
    build_at(config, LATER)
    return root / "out"


def alternates(page: HtmlElement) -> dict[str, str]:
    return {
        str(link.get("hreflang")): str(link.get("href"))
        for link in page.iterfind(".//link[@hreflang]")
    }


def properties(page: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in page.iterfind(".//meta[@property]"):
        found.setdefault(str(meta.get("property")), []).append(str(meta.get("content")))
    return found


def is_indexed(page: HtmlElement) -> bool:
    return page.find(".//meta[@name='robots']") is None


def test_pages_in_several_languages_name_each_other_and_themselves(out: Path) -> None:
    named = {
        quote(address_of(path, out), safe=":/"): alternates(read_page(path))
        for path in pages_in(out)
    }
    for address, links in named.items():
        if links:
            assert address in links.values()
            assert len(links) > 1
        for other in links.values():
            assert named[other] == links, (address, other)
    assert named[f"{BASE}ko/"] == {"ko": f"{BASE}ko/", "en": f"{BASE}en/", "x-default": BASE}
    assert named[f"{BASE}ko/2024/"].keys() == {"ko", "en"}
    assert named[f"{BASE}ko/2024/11/"] == {}
    assert named[f"{BASE}ko/2024/11/05/"] == {}
    assert named[f"{BASE}ko/2024/12/17/first-paper/"].keys() == {"ko", "en"}


def test_a_language_without_the_page_is_reached_by_its_first_page(out: Path) -> None:
    page = read_page(out / "ko/2024/11/05/index.html")
    assert hrefs(page, ".//nav[@class='languages']/a") == ["/papers/en/"]
    page = read_page(out / "ko/2024/12/17/index.html")
    assert hrefs(page, ".//nav[@class='languages']/a") == ["/papers/en/2024/12/17/"]


def test_feeds_are_announced_without_a_language(out: Path) -> None:
    for path in pages_in(out):
        for link in read_page(path).iterfind(".//link[@rel='alternate']"):
            assert (link.get("type") is None) != (link.get("hreflang") is None), path
            assert (link.get("title") is None) == (link.get("type") is None), path


def test_every_page_is_canonical_but_for_a_slug_that_was_joined_to_another_tag(out: Path) -> None:
    for path in pages_in(out):
        page = read_page(path)
        name = path.relative_to(out).as_posix()
        if name == "404.html":
            continue
        joined = name.endswith("tags/one/index.html")
        address = quote(address_of(path, out), safe=":/")
        wanted = address.replace("/one/", "/two/") if joined else address
        assert hrefs(page, ".//link[@rel='canonical']") == [wanted], name


def test_what_nobody_searches_for_is_not_to_be_listed(out: Path) -> None:
    hidden = {
        path.relative_to(out).as_posix()
        for path in pages_in(out)
        if not is_indexed(read_page(path))
    }
    assert hidden >= {"404.html", "ko/unsubscribe/index.html", "ko/tags/one/index.html"}
    # A tag that has no entry in a language.
    assert "en/tags/혼자/index.html" in hidden
    assert "ko/tags/혼자/index.html" not in hidden
    assert not [name for name in hidden if name.startswith("ko/20")]
    for name in hidden:
        assert alternates(read_page(out / name)) == {}


def test_a_joined_slug_shows_the_tag_and_announces_its_feed(out: Path) -> None:
    page = read_page(out / "en/tags/one/index.html")
    assert page.findtext(".//h1") == "#two"
    assert (
        hrefs(page, ".//link[@type='application/atom+xml']")[0] == "/papers/en/tags/two/feed.atom"
    )


def test_every_page_says_in_a_line_what_it_holds(out: Path) -> None:
    said: dict[str, str] = {}
    for path in pages_in(out):
        page = read_page(path)
        [description] = page.xpath("//meta[@name='description']/@content")
        assert 5 <= len(description) <= 160, path
        assert description == " ".join(description.split()), path
        if is_indexed(page):
            said[path.relative_to(out).as_posix()] = description
    assert said["en/2024/12/17/index.html"] == "2 papers: First Paper; Second Paper"
    assert said["ko/2024/12/17/first-paper/index.html"] == "첫 논문의 해설."
    assert said["en/2023/02/01/a-long-one/index.html"].endswith("sentence An abstract of…")
    assert said["ko/2024/12/index.html"].startswith("2024년 12월에 실린 글 2편")
    entries = [line for name, line in said.items() if re.fullmatch(r"ko/(\d+/){3}.+/.+", name)]
    assert len(set(entries)) == len(entries) > 40


def test_messengers_are_told_of_a_page(out: Path) -> None:
    told = properties(read_page(out / "ko/tags/index.html"))
    assert told.pop("og:description")
    assert told == {
        "og:type": ["website"],
        "og:site_name": ["아침 논문"],
        "og:title": ["모든 태그"],
        "og:url": [f"{BASE}ko/tags/"],
        "og:image": [f"{BASE}logo.png"],
        "og:locale": ["ko_KR"],
        "og:locale:alternate": ["en_US"],
    }


def test_messengers_are_told_of_an_entry(out: Path) -> None:
    told = properties(read_page(out / "en/2024/12/17/first-paper/index.html"))
    assert told["og:type"] == ["article"]
    assert told["og:title"] == ["First Paper"]
    assert told["og:description"] == ["Words on the first paper."]
    assert told["article:published_time"][0].startswith("2024-12-17T07:00:0")
    assert told["article:modified_time"] >= told["article:published_time"]
    assert told["article:tag"] == ["two", "shared"]


def test_without_a_logo_no_picture_is_named(tmp_path: Path) -> None:
    build_at(write_publication(tmp_path, {"a.txt": NOTE}))
    for path in pages_in(tmp_path / "out"):
        assert "og:image" not in properties(read_page(path))
