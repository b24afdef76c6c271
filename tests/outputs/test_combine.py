"""Feeds by a combination of tags: what is in them, their names, and that they are valid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from lxml import etree

from feeds.model import Feed, Tag
from feeds.outputs.atom import render_atom
from feeds.outputs.combine import combine_feed
from feeds.outputs.feed_list import list_feeds
from feeds.outputs.jsonfeed import render_json
from feeds.outputs.rss import render_rss
from feeds.outputs.selection import parse_query
from feeds.outputs.shelf import fill_shelves
from feeds.outputs.site import Site
from tests.outputs.samples import (
    CPP,
    KOREAN,
    LANGUAGES,
    RL,
    make_article,
    make_config,
    make_hostile_site,
    make_site,
)

ATOM = "{http://www.w3.org/2005/Atom}"
SHARED = Path(__file__).parents[2].parent / "shared"


def needs_schema(name: str) -> Path:
    path = SHARED / "schema" / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    return path


def combine(site: Site, query: str, lang: str = "ko") -> Feed:
    selection = parse_query(query.encode())
    assert selection is not None
    shelves = {s.lang: s for s in fill_shelves(site.archive, site.config, site.languages)}
    return combine_feed(selection, shelves[lang])


def make_tagged_site(**keys: object) -> Site:
    sets = [(RL,), (RL, CPP), (CPP,), (KOREAN,), ()]
    return make_site(
        [
            make_article(str(index), position=index, lang=lang, tags=tags)
            for lang in LANGUAGES
            for index, tags in enumerate(sets)
        ],
        config=make_config(**keys),
    )


def titles(feed: Feed) -> str:
    return "".join(article.title for article in feed.articles)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("any=rl,cpp", "012"),
        ("all=rl,cpp", "1"),
        ("any=rl&not=cpp", "0"),
        ("not=rl", "234"),
        ("any=한국어,rl&all=rl", "01"),
        ("any=unheard-of", ""),
        ("any=unheard-of,rl", "01"),
        ("all=rl&not=rl", ""),
    ],
)
def test_it_holds_the_entries_of_the_selection_newest_first(query: str, found: str) -> None:
    assert titles(combine(make_tagged_site(), query)) == found


def test_it_holds_the_newest_entries_only() -> None:
    assert titles(combine(make_tagged_site(feed_entries=2), "not=x")) == "01"


def test_a_named_feed_and_the_query_that_says_the_same_hold_the_same() -> None:
    named = {"mine": {"any": ["RL", "C++"], "not": ["한국어"]}}
    site = make_tagged_site(feeds=named)
    feeds = list_feeds(site.archive, site.config, site.languages)
    mine = next(feed for feed in feeds if feed.kind == "named")
    assert combine(site, "any=rl,cpp&not=한국어").articles == mine.articles


def test_aliases_and_old_slugs_are_the_tags_that_they_were_joined_to() -> None:
    site = make_site(
        [make_article("0", tags=(RL,))],
        slugs={"reinforcement": RL},
        config=make_config(tags={"aliases": {"강화학습": "rl"}}),
    )
    for tag in ("rl", "강화학습", "reinforcement"):
        feed = combine(site, f"any={tag}")
        assert titles(feed) == "0"
        assert feed.title == "#RL · 아침 논문"
    assert not combine(site, "any=rl&not=강화학습").articles


def test_the_id_is_made_of_what_was_asked_and_outlives_an_alias() -> None:
    before = combine(make_tagged_site(), "any=강화학습,RL")
    after = combine(make_tagged_site(tags={"aliases": {"강화학습": "rl"}}), "any=rl,강화학습")
    slug = "%EA%B0%95%ED%99%94%ED%95%99%EC%8A%B5"
    assert before.id == after.id == f"tag:example.org,2026:ko/feed?any=rl,{slug}"
    assert before.page == after.page == f"ko/builder/?any=rl,{slug}"


@pytest.mark.parametrize(
    ("query", "korean", "english"),
    [
        ("any=rl,cpp&not=gan", "#C++ 또는 #RL, #gan 제외", "#C++ or #RL, without #gan"),
        ("any=rl&all=cpp,x", "#RL, #C++ 및 #x 필수", "#RL, with #C++ and #x"),
        ("all=rl,cpp", "#C++ 및 #RL", "#C++ and #RL"),
        ("not=rl,cpp", "#C++ 및 #RL 제외", "Everything without #C++ or #RL"),
        ("all=rl&not=cpp", "#RL, #C++ 제외", "#RL, without #C++"),
        (
            "any=a,b,c,d,e,f",
            "#a 또는 #b 또는 #c 또는 #d 외 2개",
            "#a or #b or #c or #d (and 2 more)",
        ),
        ("any=a,b,c,d,e", "#a 또는 #b 또는 #c 또는 #d 또는 #e", "#a or #b or #c or #d or #e"),
    ],
)
def test_it_is_called_what_it_holds_in_its_language(query: str, korean: str, english: str) -> None:
    site = make_tagged_site()
    assert combine(site, query).title == f"{korean} · 아침 논문"
    assert combine(site, query, "en").title == f"{english} · Morning Papers"


def test_it_says_its_own_address_in_each_format() -> None:
    site = make_tagged_site()
    feed = combine(site, "not=gan&any=RL,c%2B%2B")
    address = "https://example.org/papers/ko/feed.{}?any=cpp,rl&not=gan"
    atom = etree.fromstring(render_atom(feed, site))
    links = {link.get("rel"): link.get("href") for link in atom.findall(f"{ATOM}link")}
    assert links == {
        "self": address.format("atom"),
        "alternate": "https://example.org/papers/ko/builder/?any=cpp,rl&not=gan",
    }
    rss = etree.fromstring(render_rss(feed, site))
    assert [link.get("href") for link in rss.iter(f"{ATOM}link")] == [address.format("rss")]
    assert json.loads(render_json(feed, site))["feed_url"] == address.format("json")


HOSTILE = Tag(slug="cpp", label='<b>"C++" & </title>')


def make_sites() -> Iterator[Site]:
    yield make_hostile_site()
    yield make_site([])
    yield make_site([make_article(tags=(HOSTILE,))])


@pytest.mark.parametrize("query", ["any=rl,cpp", "any=nothing-has-this", "not=cpp&all=한국어"])
def test_it_is_valid_also_when_nothing_matches(query: str) -> None:
    schema = etree.RelaxNG(etree.parse(needs_schema("atom.rng")))
    described = json.loads(needs_schema("jsonfeed-1.1.schema.json").read_text("utf-8"))
    validator = Draft7Validator(described, format_checker=Draft7Validator.FORMAT_CHECKER)
    for site in make_sites():
        feed = combine(site, query)
        assert schema.validate(etree.fromstring(render_atom(feed, site))), schema.error_log
        assert not list(validator.iter_errors(json.loads(render_json(feed, site))))
        etree.fromstring(render_rss(feed, site))


def test_the_date_of_an_empty_one_is_that_of_the_first_entry() -> None:
    early = make_article(day=date(2020, 1, 2), tags=(CPP,))
    site = make_site([early, make_article(tags=(RL,))])
    assert combine(site, "any=nothing").updated == early.published
    assert combine(site, "any=rl").updated == make_article().updated
