"""Every Atom and RSS feed passes the rules of the W3C's validator, whatever the notes hold."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from feeds.model import Tag, Text
from feeds.outputs.atom import render_atom, write_atom
from feeds.outputs.rss import render_rss, write_rss
from feeds.outputs.site import Site
from tests.outputs.samples import (
    HOSTILE_TITLES,
    make_article,
    make_config,
    make_hostile_site,
    make_site,
    make_year_site,
)
from tests.outputs.w3c import find_faults

# Text that only a warning-free feed would have to bend: closing tags and character references.
MARKUP_TITLES = (
    "What </s> means",
    "After </think>, </main> and </Comment>",
    "<script>alert(1)</script>",
    "Escaping &lt;b&gt; and &#38;",
    "R&D of <unk>",
    "\ufffd and \x85 and \x9f",
)


def find_all_faults(site: Site) -> list[str]:
    return [
        f"{file.path}: {fault}"
        for write in (write_atom, write_rss)
        for file in write(site)
        for fault in find_faults(file.content)
    ]


def test_feeds_of_a_year_pass() -> None:
    assert find_all_faults(make_year_site()) == []


def test_feeds_of_hostile_titles_pass() -> None:
    assert find_all_faults(make_hostile_site()) == []


@pytest.mark.parametrize("title", [*HOSTILE_TITLES, *MARKUP_TITLES])
def test_a_text_of_the_configuration_passes_wherever_it_stands(title: str) -> None:
    config = make_config(title=title, subtitle=title, rights=title, author=title)
    assert find_all_faults(make_site([make_article(title)], config=config)) == []


@pytest.mark.parametrize("title", MARKUP_TITLES)
def test_a_title_that_looks_like_markup_passes(title: str) -> None:
    assert find_all_faults(make_site([make_article(title)])) == []


@pytest.mark.parametrize(
    "name",
    ["Kim <kim@example.org>", "<script>alert(1)</script>", "A&1", "<", "\x00", "Tim &amp; Struppi"],
)
def test_a_name_or_tag_that_looks_like_markup_passes(name: str) -> None:
    article = make_article(authors=(name,), tags=(Tag(slug="x", label=name),))
    assert find_all_faults(make_site([article])) == []


@pytest.mark.parametrize(
    "url",
    [
        'https://example.org/a b|c{d}[1]^\\`"<>',
        "https://example.org/한국어?q=가#나",
        "https://한국.example/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "https://[broken",
        "https://example.org/100%",
        "https://example.org/\ud800",
        "https://example.org:port/",
        "https://example.org/#a#b",
    ],
)
def test_any_address_of_a_paper_passes(url: str) -> None:
    assert find_all_faults(make_site([make_article(url=url)])) == []


def test_characters_that_are_no_text_pass() -> None:
    junk = Text(
        lang="ko", html="<p>a\x00\x0b\x85\x9f\ufffd\ufffe\U0001ffffb</p>", plain=("a\x00b",)
    )
    assert find_all_faults(make_site([make_article(commentary=junk)])) == []


def test_an_entry_without_text_before_its_abstract_passes() -> None:
    assert find_all_faults(make_site([make_article(commentary=None, authors=(), tags=())])) == []


def test_a_key_of_any_letters_passes() -> None:
    keys = ("한국어-제목", "it's (a) ~key~", "x+y,z;@!$&*")
    articles = [make_article(key=key, position=place) for place, key in enumerate(keys)]
    assert find_all_faults(make_site(articles)) == []


def test_an_empty_publication_passes() -> None:
    assert find_all_faults(make_site([], slugs={"gone": Tag(slug="gone", label="Gone")})) == []


def test_an_archive_without_neighbours_passes() -> None:
    months = [make_article(day=make_article().day - timedelta(days=days)) for days in (0, 40)]
    site = make_site(months)
    assert any(file.path == "ko/archive/2024-11.atom" for file in write_atom(site))
    assert find_all_faults(site) == []


@pytest.mark.parametrize("logo", ["logo.svg", "logo", "https://cdn.example.org/l.jpeg", "로고.png"])
def test_any_logo_passes(logo: str) -> None:
    assert find_all_faults(make_site([make_article()], config=make_config(logo=logo))) == []


def test_a_time_zone_of_quarter_hours_passes() -> None:
    zone = ZoneInfo("Asia/Kathmandu")
    moment = make_article().published.astimezone(zone)
    site = make_site([make_article(published=moment, updated=moment)])
    assert find_all_faults(site) == []


def test_the_rules_find_what_they_are_for() -> None:
    site = make_site([make_article(position=0), make_article(position=1)])
    atom = render_atom(site.feeds[0], site)
    rss = render_rss(site.feeds[0], site)
    assert find_faults(atom) == find_faults(rss) == []
    for old, new in (
        (b'rel="self"', b'rel="related"'),
        (b"entry-1217-1/ko</id>", b"entry-1217-0/ko</id>"),
        (b"A Paper</title>", b"A &lt;/b&gt;</title>"),
        (b"06:59:59+09:00</updated>", b"07:00:00+09:00</updated>"),
        (b"&lt;p&gt;", b"&lt;p onclick=''&gt;"),
        (b"https://arxiv.org", b"/relative"),
    ):
        assert find_faults(atom.replace(old, new)), old
    for old, new in (
        (b" GMT", b" +0545"),
        (b'isPermaLink="false"', b'isPermaLink="true"'),
        (b"logo.png", b"logo.svg"),
        (b"A Paper</title>", b"A &lt;b</title>"),
    ):
        assert find_faults(rss.replace(old, new)), old
