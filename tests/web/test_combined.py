"""Feeds by any combination of tags, as readers ask the application for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import atoma
import feedparser
import httpx
import pytest
from lxml import etree
from starlette.datastructures import Headers
from starlette.responses import Response

from feeds.archive_file import KeptSite
from feeds.config import load_config
from feeds.outputs.site import Site
from feeds.web.combined import CombinedFeeds
from feeds.web.server import Server
from feeds.web.static import create_app
from tests.outputs.samples import CPP, RL, make_article, make_config, make_site
from tests.publications import build_at, copy_sample, write_publication
from tests.web.serving import get_raw, status_of

ATOM = "{http://www.w3.org/2005/Atom}"
SHARED = Path(__file__).parents[2].parent / "shared"
LATER = datetime.fromisoformat("2026-11-20T12:00:00+09:00")
SETTINGS = 'application = true\ntags = { aliases = { "강화학습" = "rl", "old name" = "llm" } }'


@dataclass
class Shop:
    """A publication that is built and served."""

    out: Path
    server: Server
    base: str

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        known = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.request(method, self.base + path, headers=known)

    def get_raw(self, query: str, path: str = "ko/feed.atom") -> bytes:
        return get_raw(self.server, f"/papers/{path}?{query}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    config = copy_sample(tmp_path_factory.mktemp("shop"), settings=SETTINGS)
    build_at(config, LATER)
    loaded = load_config(config)
    feeds = CombinedFeeds(KeptSite(loaded))
    app = create_app(loaded.out_folder, prefix="papers", feeds=feeds)
    with Server(app, host="127.0.0.1", port=0) as server:
        yield Shop(loaded.out_folder, server, server.below("papers"))


def entries_of(content: bytes) -> dict[str, bytes]:
    """The entries of an Atom feed by id, as they are written, in their order."""
    return {
        entry.findtext(f"{ATOM}id") or "": etree.tostring(entry, with_tail=False)
        for entry in etree.fromstring(content).iter(f"{ATOM}entry")
    }


def tags_of(entry: bytes) -> set[str]:
    found = etree.fromstring(entry).findall(f"{ATOM}category")
    return {category.get("term") or "" for category in found}


# --- the same entries -----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_it_has_the_entries_of_the_static_feed_that_fit_and_no_other(shop: Shop, lang: str) -> None:
    every = entries_of((shop.out / f"{lang}/feed.atom").read_bytes())
    expected = {
        key: entry
        for key, entry in every.items()
        if tags_of(entry) & {"rl", "llm"} and "vision" not in tags_of(entry)
    }
    answer = shop.get(f"{lang}/feed.atom?any=rl,llm&not=vision")
    assert answer.status_code == 200
    assert len(expected) > 5
    assert list(entries_of(answer.content).items()) == list(expected.items())


@pytest.mark.parametrize("ending", ["rss", "json"])
def test_the_items_of_the_other_formats_are_those_of_the_static_files(
    shop: Shop, ending: str
) -> None:
    static = (shop.out / f"ko/tags/rl/feed.{ending}").read_bytes()
    made = shop.get(f"ko/feed.{ending}?all=rl").content
    if ending == "json":
        assert json.loads(made)["items"] == json.loads(static)["items"]
        return
    items = [
        [etree.tostring(item, with_tail=False) for item in etree.fromstring(content).iter("item")]
        for content in (made, static)
    ]
    assert items[0] == items[1] != []


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        ("atom", "application/atom+xml; charset=utf-8"),
        ("rss", "application/rss+xml; charset=utf-8"),
        ("json", "application/feed+json"),
    ],
)
def test_it_is_served_as_what_it_is_and_hidden_from_search_engines(
    shop: Shop, ending: str, media_type: str
) -> None:
    answer = shop.get(f"ko/feed.{ending}?any=rl")
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["cache-control"] == "public, max-age=300, must-revalidate"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_parsers_read_it(shop: Shop) -> None:
    atom = shop.get("ko/feed.atom?any=rl,llm").content
    rss = shop.get("ko/feed.rss?any=rl,llm").content
    titles = [entry.title for entry in feedparser.parse(atom).entries]
    assert titles == [entry.title for entry in feedparser.parse(rss).entries]
    assert titles == [entry.title.value for entry in atoma.parse_atom_bytes(atom).entries]
    assert len(titles) > 5
    assert feedparser.parse(atom).feed.title == "#llm 또는 #rl · 아침 논문"


def test_a_reader_subscribes_to_it_in_every_format(shop: Shop) -> None:
    pytest.importorskip("sgmllib", reason="reader's parser of HTML is not here")
    reader = pytest.importorskip("reader")
    every = entries_of(shop.get("ko/feed.atom?any=rl&not=llm").content)
    with reader.make_reader(":memory:") as shelf:
        for ending in ("atom", "rss", "json"):
            address = f"{shop.base}ko/feed.{ending}?any=rl&not=llm"
            shelf.add_feed(address)
            shelf.update_feed(address)
            shelf.update_feed(address)
            assert {entry.id for entry in shelf.get_entries(feed=address)} == set(every)


@pytest.mark.parametrize("query", ["any=rl", "any=no-such-tag", "all=rl&not=rl"])
def test_it_fits_the_schema(shop: Shop, query: str) -> None:
    path = SHARED / "schema" / "atom.rng"
    if not path.is_file():
        pytest.skip("atom.rng is not here")
    schema = etree.RelaxNG(etree.parse(path))
    content = shop.get(f"ko/feed.atom?{query}").content
    assert schema.validate(etree.fromstring(content)), schema.error_log


# --- however it is asked for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "not=vision&any=rl,llm",
        "any=llm&any=rl&not=vision",
        "any=RL%2CLLM&not=Vision&",
        "any=%72l%2cllm&not=vision",
        "ANY=rl,+llm&amp;not=vision",
        "utm_source=x&any=llm,rl,rl&not=vision",
    ],
)
def test_other_spellings_give_the_same_bytes_and_no_redirect(shop: Shop, query: str) -> None:
    plain = shop.get("ko/feed.atom?any=llm,rl&not=vision")
    other = shop.get_raw(query)
    assert status_of(other) == 200
    assert other.endswith(plain.content)
    assert f"etag: {plain.headers['etag']}".encode().split(b"-")[0] in other.lower()


def test_tags_with_signs_are_found(shop: Shop) -> None:
    slugs = [shop.get(f"ko/feed.atom?any={tag}") for tag in ("cpp", "C%2B%2B", "c%2b%2b")]
    assert entries_of(slugs[0].content)
    assert slugs[0].content == slugs[1].content == slugs[2].content
    assert shop.get_raw("any=C++").endswith(slugs[0].content)


@pytest.mark.parametrize(("old", "now"), [("강화학습", "rl"), ("Old_Name", "llm")])
def test_an_alias_has_the_entries_of_its_tag_under_an_id_of_its_own(
    shop: Shop, old: str, now: str
) -> None:
    feeds = [shop.get(f"ko/feed.atom?any={tag}").content for tag in (old, now)]
    assert entries_of(feeds[0]) == entries_of(feeds[1]) != {}
    ids = {etree.fromstring(content).findtext(f"{ATOM}id") for content in feeds}
    assert len(ids) == 2


def test_an_unknown_tag_is_an_empty_feed_that_is_not_indexed(shop: Shop) -> None:
    answer = shop.get("ko/feed.atom?any=no-such-tag")
    assert (answer.status_code, entries_of(answer.content)) == (200, {})
    assert answer.headers["x-robots-tag"] == "noindex"
    some = shop.get("ko/feed.atom?any=no-such-tag,rl")
    assert entries_of(some.content) == entries_of(shop.get("ko/feed.atom?any=rl").content)


# --- conditions -----------------------------------------------------------------------------------


def test_who_has_it_is_told_so(shop: Shop) -> None:
    first = shop.get("ko/feed.atom?any=rl&all=llm")
    again = shop.get("ko/feed.atom?all=LLM&any=rl", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "public, max-age=300, must-revalidate"
    since = shop.get(
        "ko/feed.atom?any=rl&all=llm", if_modified_since=first.headers["last-modified"]
    )
    assert since.status_code == 304
    other = shop.get("ko/feed.atom?any=rl", if_none_match=first.headers["etag"])
    assert other.status_code == 200


def test_it_was_modified_no_earlier_than_its_newest_entry_and_in_no_time_to_come(
    shop: Shop,
) -> None:
    answer = shop.get("ko/feed.atom?any=rl")
    updated = max(entry.updated_parsed for entry in feedparser.parse(answer.content).entries)
    modified = parsedate_to_datetime(answer.headers["last-modified"])
    assert modified.timetuple()[:6] >= updated[:6]
    assert modified <= parsedate_to_datetime(answer.headers["date"])


def test_who_asks_by_date_alone_is_told_of_an_edit_that_moves_no_date_forward() -> None:
    newest = make_article("Newest", position=0, tags=(RL,))
    before, after = (make_article(title, position=9, tags=(RL,)) for title in ("Old", "Mended"))
    now, times = [make_site([newest, before])], [LATER, LATER + timedelta(hours=1)]
    feeds = CombinedFeeds(lambda: now[0], clock=lambda: times.pop(0))
    first = feeds.answer("ko/feed.atom", b"any=rl", Headers({}))
    assert first is not None
    asked = Headers({"if-modified-since": first.headers["last-modified"]})
    now[0] = make_site([newest, after])
    then = feeds.answer("ko/feed.atom", b"any=rl", asked)
    assert then is not None
    assert (then.status_code, b"Mended" in bytes(then.body)) == (200, True)


def test_head_says_the_same_without_content(shop: Shop) -> None:
    get, head = (shop.get("ko/feed.json?any=rl", method) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "last-modified", "x-robots-tag", "cache-control"):
        assert head.headers[name] == get.headers[name]


# --- what is not understood -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("any=", "any is empty; expected a tag, as in any=rl"),
        ("by=tags", "no tag was chosen; expected one at least, as in any=rl"),
        ("any=rl&nto=gan", "'nto' is no part of a query; expected any, all or not"),
        ("any=%21%21", "any: '!!' has no letter and no digit"),
        ("any=%zz", "a % without two hexadecimal digits behind it; expected %25 for itself"),
        ("any=%", "a % without two hexadecimal digits behind it; expected %25 for itself"),
        ("any=%ff%fe", "the query is not UTF-8"),
        ("any=rl%00", "a control character in 'rl\\x00'"),
        ("any=a%0d%0aSet-Cookie:x=1", "a control character in 'a\\r\\nSet-Cookie:x=1'"),
        ("any=rl&<script>=1", "'<script>' is no part of a query; expected any, all or not"),
        ("any=" + ",".join(f"t{n}" for n in range(500)), "500 tags; expected 50 at most"),
        ("&".join(f"any=t{n}" for n in range(51)), "51 tags; expected 50 at most"),
        ("any=" + "a" * 5000, "the query has 5004 bytes; expected 4096 at most"),
    ],
)
def test_it_is_refused_in_one_line_of_plain_text(shop: Shop, query: str, line: str) -> None:
    head, _, body = shop.get_raw(query).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert body == f"{line}\n".encode()
    fields = head.lower().split(b"\r\n")
    assert b"content-type: text/plain; charset=utf-8" in fields
    assert fields.count(b"x-content-type-options: nosniff") == 1
    assert b"x-robots-tag: noindex" in fields
    assert not any(field.startswith(b"set-cookie") for field in fields)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("ko/feed.atom?utm_source=reader", 200),
        ("ko/feed.atom?nto=gan", 200),
        ("ko/feed.atom?", 200),
        ("ko/tags/rl/feed.atom?utm_source=x", 200),
        ("ko/index.html?any=rl", 200),
        ("ja/feed.atom?any=rl", 404),
        ("feed.atom?any=rl", 404),
        ("ko/feed.xml?any=rl", 404),
        ("ko/archive/feed.atom?any=rl", 404),
    ],
)
def test_whatever_else_is_asked_for_is_the_static_file(shop: Shop, path: str, status: int) -> None:
    answer = shop.get(path)
    assert answer.status_code == status
    file = shop.out / path.partition("?")[0]
    if status == 200:
        assert answer.content == file.read_bytes()


# --- what is kept ---------------------------------------------------------------------------------


def ask(feeds: CombinedFeeds, query: str, path: str = "ko/feed.atom") -> Response:
    answer = feeds.answer(path, query.encode(), Headers({}))
    assert answer is not None
    return answer


def make_small_site(title: str = "A Paper") -> Site:
    return make_site([make_article(title, tags=(RL, CPP))])


def test_nothing_to_make_them_of_is_told_and_never_the_feed_of_everything() -> None:
    answer = ask(CombinedFeeds(lambda: None), "any=rl")
    assert answer.status_code == 503
    assert bytes(answer.body).startswith(b"Feeds by a combination of tags are not ready: ")
    assert answer.headers["retry-after"] == "60"
    assert CombinedFeeds(lambda: None).answer("ko/feed.atom", b"x=1", Headers({})) is None


def test_a_format_that_is_not_written_is_not_made() -> None:
    site = make_site([make_article()], config=make_config(outputs=["pages", "rss"]))
    feeds = CombinedFeeds(lambda: site)
    assert feeds.answer("ko/feed.atom", b"any=rl", Headers({})) is None
    assert ask(feeds, "any=rl", "ko/feed.rss").status_code == 200


def test_what_was_made_is_kept_for_every_spelling() -> None:
    site = make_small_site()
    feeds = CombinedFeeds(lambda: site)
    assert ask(feeds, "any=rl,cpp").body is ask(feeds, "any=C%2B%2B&any=RL").body
    assert ask(feeds, "any=rl").body is not ask(feeds, "any=rl", "ko/feed.rss").body


@pytest.mark.parametrize("limits", [{"most_feeds": 3}, {"most_bytes": 3 * 2600}])
def test_only_so_much_is_kept_and_what_was_asked_for_last(limits: dict[str, Any]) -> None:
    site = make_small_site()
    feeds = CombinedFeeds(lambda: site, **limits)
    first = ask(feeds, "any=rl,t0").body
    assert 2000 < len(first) < 2600
    for number in range(1, 20):
        assert ask(feeds, f"any=rl,t{number}").status_code == 200
        assert ask(feeds, "any=rl,t0").body is first  # asked for again and again: it stays
    forgotten = ask(feeds, "any=rl,t1").body
    last = ask(feeds, "any=rl,t19").body
    for number in range(2, 5):
        ask(feeds, f"any=rl,t{number}")
    assert ask(feeds, "any=rl,t1").body is not forgotten
    assert ask(feeds, "any=rl,t19").body is not last
    assert ask(feeds, "any=rl,t0").body == first


def test_a_feed_too_large_to_be_kept_is_served() -> None:
    site = make_small_site()
    feeds = CombinedFeeds(lambda: site, most_bytes=10)
    assert ask(feeds, "any=rl").body == ask(feeds, "any=rl").body
    assert ask(feeds, "any=rl").body is not ask(feeds, "any=rl").body


def test_what_was_made_is_at_hand_until_the_site_has_to_be_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = make_small_site()
    feeds = CombinedFeeds(lambda: site)
    assert feeds.recall("ko/feed.atom", b"any=rl") is None
    made = ask(feeds, "any=rl")
    monkeypatch.setattr("feeds.web.combined._SURE_S", 60)
    kept = feeds.recall("ko/feed.atom", b"ANY=RL")
    assert kept is not None
    assert kept.content is made.body
    for path, query in (
        ("ko/feed.atom", b"any=cpp"),
        ("ko/feed.rss", b"any=rl"),
        ("ko/feed.atom", b"any="),
        ("ko/feed.atom", b"x=1"),
        ("ko/index.html", b"any=rl"),
    ):
        assert feeds.recall(path, query) is None
    monkeypatch.setattr("feeds.web.combined._SURE_S", -1)
    assert feeds.recall("ko/feed.atom", b"any=rl") is None


def test_another_site_makes_them_anew() -> None:
    sites = [make_small_site("Before"), make_small_site("After")]
    feeds = CombinedFeeds(lambda: sites[0])
    before = ask(feeds, "any=rl")
    del sites[0]
    after = ask(feeds, "any=rl")
    assert b"Before" in before.body
    assert b"After" in after.body
    assert before.headers["etag"] != after.headers["etag"]


def test_many_who_ask_at_once_are_served_one_rendering() -> None:
    site = make_site([make_article(str(n), position=n, tags=(RL,)) for n in range(40)])
    feeds = CombinedFeeds(lambda: site)
    together = Barrier(16)

    def ask_together(_number: int) -> bytes:
        together.wait()
        return bytes(ask(feeds, "any=rl").body)

    with ThreadPoolExecutor(16) as pool:
        bodies = list(pool.map(ask_together, range(16)))
    assert len({id(body) for body in bodies}) == 1


def test_many_different_ones_at_once_are_those_made_one_by_one() -> None:
    articles = [make_article(str(n), position=n, tags=(RL, CPP)[: n % 3]) for n in range(60)]
    site = make_site(articles)
    asked = [
        (f"any=rl&not=t{n}", f"ko/feed.{ending}")
        for n in range(5)
        for ending in ("atom", "rss", "json")
    ]
    alone = [ask(CombinedFeeds(lambda: site), *each).body for each in asked]
    feeds = CombinedFeeds(lambda: site)
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(lambda each: ask(feeds, *each).body, asked)) == alone


def test_a_build_is_seen_by_a_server_that_runs(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    build_at(config)
    loaded = load_config(config)
    app = create_app(loaded.out_folder, prefix="papers", feeds=CombinedFeeds(KeptSite(loaded)))
    with Server(app, host="127.0.0.1", port=0) as server:
        address = f"{server.below('papers')}ko/feed.atom?any=one&not=two"
        before = httpx.get(address)
        note = "2024-12-18\nA New Paper\n(Ada Lovelace)\n새 해설.\n#one\n"
        write_publication(tmp_path, {"2024-12-18.txt": note})
        build_at(config)
        after = httpx.get(address, headers={"If-None-Match": before.headers["etag"]})
    assert (len(entries_of(before.content)), after.status_code) == (1, 200)
    titles = [entry.title for entry in feedparser.parse(after.content).entries]
    assert titles == ["A New Paper", "First Paper"]
