"""The sitemap keeps the protocol of sitemaps.org (0.9) and lists what may be listed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from lxml import etree

from feeds.model import OutputFile
from feeds.outputs import sitemap
from feeds.outputs.sitemap import Listed, write_robots, write_sitemap
from tests.outputs.pages import BASE, address_of, pages_in, read_page
from tests.outputs.samples import make_config
from tests.publications import LATER, build_at, copy_sample

NAMESPACES = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "x": "http://www.w3.org/1999/xhtml",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sitemap")
    build_at(copy_sample(root), LATER)
    return root / "out"


def find(tree: etree._Element, path: str) -> list[etree._Element]:
    return tree.findall(path, NAMESPACES)


def check_urlset(content: bytes, base: str) -> list[str]:
    """The rules of the protocol, one an assertion; the addresses that the file lists."""
    content.decode("utf-8")
    assert len(content) <= 50 * 1024 * 1024
    root = etree.fromstring(content)
    assert root.tag == f"{{{NAMESPACES['s']}}}urlset"
    assert {child.tag for child in root} <= {f"{{{NAMESPACES['s']}}}url"}
    locs = []
    for url in root:
        names = [etree.QName(child).localname for child in url]
        assert names.count("loc") == 1
        assert set(names) <= {"loc", "lastmod", "link"}
        loc = url.findtext("s:loc", "", NAMESPACES)
        assert len(loc) < 2048
        assert loc.startswith(base)
        # Percent-encoded, as addresses are (RFC 3986).
        assert quote(loc, safe="/:%~-._") == loc
        for lastmod in find(url, "s:lastmod"):
            assert datetime.fromisoformat(lastmod.text or "").tzinfo is not None
        links = {link.get("hreflang"): link.get("href") for link in find(url, "x:link")}
        assert not links or loc in links.values()
        locs.append(loc)
    assert len(locs) == len(set(locs)) <= 50_000
    return locs


def test_exactly_the_pages_that_may_be_listed_are(out: Path) -> None:
    listed = check_urlset((out / "sitemap.xml").read_bytes(), BASE)
    wanted = [
        quote(address_of(path, out), safe="/:%~")
        for path in pages_in(out)
        if read_page(path).find(".//meta[@name='robots']") is None
    ]
    assert sorted(listed) == sorted(wanted)
    assert len(listed) > 150


def test_languages_and_dates_are_those_of_the_pages(out: Path) -> None:
    root = etree.fromstring((out / "sitemap.xml").read_bytes())
    dated = 0
    for url in root:
        loc = url.findtext("s:loc", "", NAMESPACES)
        path = urlsplit(loc).path.removeprefix("/papers/")
        page = read_page(out / f"{path}index.html") if path.isascii() and "%" not in path else None
        if page is None:
            continue
        links = {link.get("hreflang"): link.get("href") for link in find(url, "x:link")}
        heads = {
            link.get("hreflang"): link.get("href") for link in page.iterfind(".//link[@hreflang]")
        }
        assert links == heads, loc
        modified = page.xpath("//meta[@property='article:modified_time']/@content")
        if modified:
            assert [each.text for each in find(url, "s:lastmod")] == modified
            dated += 1
    assert dated > 50


def make_pages(count: int) -> list[Listed]:
    return [Listed(path=f"ko/{number}/", alternates=(), updated=None) for number in range(count)]


def read_index(files: list[OutputFile]) -> list[str]:
    by_path = {file.path: file for file in files}
    root = etree.fromstring(by_path["sitemap.xml"].content)
    assert root.tag == f"{{{NAMESPACES['s']}}}sitemapindex"
    locs = [loc.text or "" for loc in find(root, "s:sitemap/s:loc")]
    assert sorted(by_path) == sorted(["sitemap.xml", *(loc.removeprefix(BASE) for loc in locs)])
    return [
        each for loc in locs for each in check_urlset(by_path[loc.removeprefix(BASE)].content, BASE)
    ]


def test_more_addresses_than_a_file_may_hold_are_divided_below_an_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sitemap.MOST_ADDRESSES <= 50_000
    monkeypatch.setattr(sitemap, "MOST_ADDRESSES", 45)
    config = make_config()
    [one] = write_sitemap(make_pages(45), config)
    assert len(check_urlset(one.content, BASE)) == 45
    files = list(write_sitemap(make_pages(91), config))
    assert len(files) == 4
    assert read_index(files) == [f"{BASE}{page.path}" for page in make_pages(91)]


def test_more_bytes_than_a_file_may_hold_are_divided_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MOST_CHARACTERS", 1_000)
    files = list(write_sitemap(make_pages(50), make_config()))
    assert len(files) > 3
    assert len(read_index(files)) == 50
    assert all(len(file.content) < 1_300 for file in files[:-1])


def test_a_site_without_pages_to_list_has_an_empty_sitemap() -> None:
    [one] = write_sitemap([], make_config())
    assert check_urlset(one.content, BASE) == []


def test_robots_are_led_to_the_sitemap_and_past_feeds_without_end() -> None:
    formats = "".join(f"Disallow: /papers/*/feed.{name}?\n" for name in ("atom", "rss", "json"))
    for application, refused in ((True, formats), (False, "")):
        file = write_robots(make_config(application=application))
        assert (file.path, file.media_type) == ("robots.txt", "text/plain; charset=utf-8")
        assert file.content.decode() == (
            f"User-agent: *\nAllow: /\n{refused}\nSitemap: {BASE}sitemap.xml\n"
        )
