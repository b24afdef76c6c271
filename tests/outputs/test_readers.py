"""Readers and parsers that disagree about much agree about our feeds."""

from __future__ import annotations

import json
import re
import threading
from calendar import timegm
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import atoma
import feedparser
import pytest
from lxml import etree

from feeds.model import Feed, OutputFile
from feeds.outputs.atom import render_atom, write_atom
from feeds.outputs.characters import one_line
from feeds.outputs.jsonfeed import render_json, write_json
from feeds.outputs.rss import render_rss, write_rss
from feeds.outputs.site import Site
from tests.outputs.samples import make_article, make_hostile_site, make_site

ATOM = "{http://www.w3.org/2005/Atom}"


class Seen(NamedTuple):
    """What a reader shows of an entry."""

    id: str
    title: str
    link: str
    published: datetime


def expect(feed: Feed, site: Site) -> list[Seen]:
    return [
        Seen(
            article.id,
            one_line(article.title),
            site.config.address(article.path),
            article.published.astimezone(UTC),
        )
        for article in feed.articles
    ]


def read_with_feedparser(content: bytes) -> list[Seen]:
    parsed = feedparser.parse(content)
    assert not parsed.bozo
    return [
        Seen(e.id, e.title, e.link, datetime.fromtimestamp(timegm(e.published_parsed), UTC))
        for e in parsed.entries
    ]


def read_with_atoma(content: bytes) -> list[Seen]:
    if content.startswith(b"{"):
        feed = atoma.parse_json_feed_bytes(content)
        return [Seen(i.id_, i.title, i.url, i.date_published.astimezone(UTC)) for i in feed.items]
    if b"<rss" in content[:200]:
        items = atoma.parse_rss_bytes(content).items
        return [Seen(i.guid, i.title, i.link, i.pub_date.astimezone(UTC)) for i in items]
    entries = atoma.parse_atom_bytes(content).entries
    return [
        Seen(e.id_, e.title.value, e.links[0].href, e.published.astimezone(UTC)) for e in entries
    ]


def read_with_lxml(content: bytes) -> list[Seen]:
    root = etree.fromstring(content)
    return [
        Seen(
            entry.findtext(f"{ATOM}id") or "",
            entry.findtext(f"{ATOM}title") or "",
            entry.findall(f"{ATOM}link[@rel='alternate']")[-1].get("href", ""),
            datetime.fromisoformat(entry.findtext(f"{ATOM}published") or "").astimezone(UTC),
        )
        for entry in root.findall(f"{ATOM}entry")
    ]


def read_json(content: bytes) -> list[Seen]:
    return [
        Seen(
            item["id"],
            item["title"],
            item["url"],
            datetime.fromisoformat(item["date_published"]).astimezone(UTC),
        )
        for item in json.loads(content)["items"]
    ]


@pytest.mark.parametrize(
    ("render", "read"),
    [
        (render_atom, read_with_feedparser),
        (render_rss, read_with_feedparser),
        (render_atom, read_with_atoma),
        (render_rss, read_with_atoma),
        (render_json, read_with_atoma),
        (render_atom, read_with_lxml),
        (render_json, read_json),
    ],
)
def test_parsers_agree_on_ids_titles_links_dates_and_order(render: Any, read: Any) -> None:
    site = make_hostile_site()
    for feed in site.feeds:
        assert read(render(feed, site)) == expect(feed, site)


def test_feedparser_shows_the_same_content_author_and_tags_of_both_formats() -> None:
    site = make_hostile_site()
    atom = feedparser.parse(render_atom(site.feeds[0], site))
    rss = feedparser.parse(render_rss(site.feeds[0], site))
    for one, other in zip(atom.entries, rss.entries, strict=True):
        assert one.content[0].value == other.content[0].value
        assert one.content[0].value.startswith("<p>읽어 볼 만합니다.</p>")
        assert one.author_detail.name == other.author == "김하나"
        assert [tag.label for tag in one.tags] == [tag.term for tag in other.tags]
    assert atom.feed.title == rss.feed.title == "아침 논문"
    assert atom.feed.language == rss.feed.language == "ko"


@pytest.mark.parametrize("title", ["After </think> and </EOS>", "AT&T; <unk> and &unknown;"])
@pytest.mark.parametrize("read", [read_with_feedparser, read_with_atoma])
@pytest.mark.parametrize("render", [render_atom, render_rss])
def test_a_tag_or_reference_that_html_does_not_know_is_plain_text(
    title: str, read: Any, render: Any
) -> None:
    site = make_site([make_article(title)])
    assert [seen.title for seen in read(render(site.feeds[0], site))] == [title]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def read_as_html(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return parser.text


def guess(title: str) -> str:
    """A title as readers show it that look for a closing tag or a character reference first."""
    markup = re.search(r"&(#(x[0-9a-fA-F]+|[0-9]+)|[a-zA-Z0-9]+);|</[A-Za-z]", title)
    return read_as_html(title) if markup else title


@pytest.mark.parametrize(
    "title", ["What </s> means", "<b>Bold</b>", "Of &lt;b&gt;", "&amp; and <EOS>"]
)
def test_a_title_that_looks_like_markup_is_shown_as_written(title: str) -> None:
    site = make_site([make_article(title)])
    element = etree.fromstring(render_atom(site.feeds[0], site)).find(f".//{ATOM}entry/{ATOM}title")
    assert element is not None
    text = element.text or ""
    assert (read_as_html(text) if element.get("type") == "html" else text) == title
    item = etree.fromstring(render_rss(site.feeds[0], site)).findtext(".//item/title") or ""
    assert guess(item) == title


def test_readers_that_guess_show_hostile_titles_as_written() -> None:
    site = make_hostile_site()
    channel = etree.fromstring(render_rss(site.feeds[0], site))
    titles = [guess(item.findtext("title") or "") for item in channel.iter("item")]
    assert titles == [seen.title for seen in expect(site.feeds[0], site)]


def test_feedparser_finds_no_live_markup() -> None:
    title = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    site = make_site([make_article(title, authors=(title,))])
    for render in (render_atom, render_rss):
        entry = feedparser.parse(render(site.feeds[0], site)).entries[0]
        assert "<script" not in entry.title
        assert "<img" not in entry.title


@contextmanager
def serve(files: list[OutputFile]) -> Iterator[str]:
    by_path = {file.path: file for file in files}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = by_path[self.path.removeprefix("/")]
            self.send_response(200)
            self.send_header("Content-Type", file.media_type)
            self.end_headers()
            self.wfile.write(file.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_reader_that_subscribes_sees_the_same_in_every_format() -> None:
    pytest.importorskip("sgmllib", reason="reader's parser of HTML is not here")
    reader = pytest.importorskip("reader")
    site = make_hostile_site()
    files = [*write_atom(site), *write_rss(site), *write_json(site)]
    wanted = sorted(expect(site.feeds[0], site))
    with serve(files) as base, reader.make_reader(":memory:") as shelf:
        for ending in ("atom", "rss", "json"):
            shelf.add_feed(f"{base}/ko/feed.{ending}")
            shelf.update_feed(f"{base}/ko/feed.{ending}")
            seen = [
                Seen(entry.id, entry.title, entry.link, entry.published.astimezone(UTC))
                for entry in shelf.get_entries(feed=f"{base}/ko/feed.{ending}")
            ]
            assert sorted(seen) == wanted, ending
