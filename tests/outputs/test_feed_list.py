"""Which feeds there are, and what is in them."""

from __future__ import annotations

from datetime import date, timedelta

from feeds.model import Feed, Tag
from feeds.outputs.site import Site
from feeds.urls import encode_path
from tests.outputs.samples import (
    CPP,
    KOREAN,
    LANGUAGES,
    RL,
    make_article,
    make_config,
    make_site,
    make_year_site,
)


def find_feed(site: Site, stem: str) -> Feed:
    return next(feed for feed in (*site.feeds, *site.unlisted_feeds) if feed.stem == stem)


def titles_of(feed: Feed) -> list[str]:
    return [article.title for article in feed.articles]


def test_all_then_named_then_tags_in_each_language() -> None:
    articles = [make_article(lang=lang, tags=(RL, CPP)) for lang in LANGUAGES]
    site = make_site(articles, config=make_config(feeds={"robots": {"any": ["rl"]}}))
    assert [(feed.kind, feed.stem) for feed in site.feeds] == [
        (kind, f"{lang}/{stem}")
        for lang in LANGUAGES
        for kind, stem in (
            ("all", "feed"),
            ("named", "feeds/robots/feed"),
            ("tag", "tags/cpp/feed"),
            ("tag", "tags/rl/feed"),
        )
    ]


def test_titles_are_in_the_language_of_the_feed() -> None:
    articles = [make_article(lang=lang) for lang in LANGUAGES]
    feeds = {"robots": {"any": ["rl"], "title": {"ko": "로봇", "en": "Robots"}}}
    site = make_site(articles, config=make_config(feeds=feeds))
    assert [feed.title for feed in site.feeds] == [
        "아침 논문",
        "로봇 · 아침 논문",
        "#RL · 아침 논문",
        "Morning Papers",
        "Robots · Morning Papers",
        "#RL · Morning Papers",
    ]


def test_entries_stand_newest_first_and_stubs_in_no_feed() -> None:
    site = make_site(
        [
            make_article("old", day=date(2024, 12, 16)),
            make_article("second", position=1),
            make_article("stub", position=2, commentary=None, abstract=None, stub=True),
            make_article("first", position=0),
        ]
    )
    assert titles_of(find_feed(site, "ko/feed")) == ["first", "second", "old"]
    assert titles_of(find_feed(site, "ko/tags/rl/feed")) == ["first", "second", "old"]


def test_a_feed_is_as_new_as_its_newest_change() -> None:
    edited = make_article().published + timedelta(days=30)
    site = make_site([make_article(position=0), make_article(position=1, updated=edited)])
    assert find_feed(site, "ko/feed").updated == edited


def test_tag_feeds_hold_the_newest_and_no_more() -> None:
    site = make_site(
        [make_article(str(position), position=position) for position in range(9)],
        config=make_config(feed_entries=3),
    )
    assert titles_of(find_feed(site, "ko/tags/rl/feed")) == ["0", "1", "2"]


def test_the_feed_of_all_holds_what_no_archive_has() -> None:
    site = make_site(
        [
            make_article("closed", day=date(2024, 11, 30)),
            *(make_article(str(position), position=position) for position in range(9)),
        ],
        config=make_config(feed_entries=3),
    )
    assert titles_of(find_feed(site, "ko/feed")) == [str(position) for position in range(9)]
    assert titles_of(find_feed(site, "ko/archive/2024-11")) == ["closed"]


def test_the_feed_of_all_holds_the_newest_also_of_closed_months() -> None:
    feed = find_feed(make_year_site(), "ko/feed")
    assert len(feed.articles) == 50
    assert feed.articles[-1].day == date(2024, 8, 1)


def test_archives_are_chained_and_leave_no_gap() -> None:
    site = make_year_site(feed_entries=3)
    feed = find_feed(site, "ko/feed")
    found = [article.id for article in feed.articles]
    later: Feed | None = None
    while feed.previous:
        feed = find_feed(site, feed.previous)
        assert feed.kind == "month"
        assert feed.current == "ko/feed"
        assert feed.next == (later.stem if later else None)
        found += [article.id for article in feed.articles]
        later = feed
    assert feed.stem == "ko/archive/2024-01"
    assert sorted(found) == sorted(article.id for article in site.archive.articles["ko"])


def test_a_month_is_closed_when_a_later_one_has_entries_in_the_language() -> None:
    site = make_site(
        [
            make_article(day=date(2024, 11, 1)),
            make_article(day=date(2024, 12, 1)),
            make_article(lang="en", day=date(2024, 11, 1)),
            make_article(day=date(2025, 1, 1), commentary=None, abstract=None, stub=True),
        ]
    )
    assert [feed.stem for feed in site.unlisted_feeds if feed.kind == "month"] == [
        "ko/archive/2024-11"
    ]


def test_a_joined_slug_keeps_a_feed_with_the_entries_of_its_tag() -> None:
    site = make_site([make_article()], slugs={"reinforcement-learning": RL})
    alias = find_feed(site, "ko/tags/reinforcement-learning/feed")
    tag = find_feed(site, "ko/tags/rl/feed")
    assert alias.articles == tag.articles
    assert (alias.title, alias.page) == (tag.title, tag.page)
    assert alias.id != tag.id
    assert alias not in site.feeds


def test_a_slug_that_nothing_uses_keeps_an_empty_feed_that_does_not_change() -> None:
    gone = {"gone": Tag(slug="gone", label="Gone")}
    first = make_article("first", day=date(2024, 12, 1))
    before = find_feed(make_site([first], slugs=gone), "ko/tags/gone/feed")
    after = find_feed(make_site([first, make_article()], slugs=gone), "ko/tags/gone/feed")
    assert before.articles == ()
    assert before == after


def test_a_tag_of_the_other_language_has_an_empty_feed() -> None:
    site = make_site([make_article(lang="ko"), make_article(lang="en", tags=(CPP,))])
    assert find_feed(site, "en/tags/rl/feed").articles == ()
    assert "en/tags/rl/feed" not in [feed.stem for feed in site.feeds]


def test_slugs_of_any_letters_are_encoded_in_addresses() -> None:
    site = make_site([make_article(tags=(KOREAN,))])
    assert find_feed(site, f"ko/tags/{encode_path('한국어')}/feed").stem.isascii()


def test_a_named_feed_takes_any_all_and_none_of_its_tags() -> None:
    articles = [
        make_article("rl", position=0, tags=(RL,)),
        make_article("rl cpp", position=1, tags=(RL, CPP)),
        make_article("cpp", position=2, tags=(CPP,)),
        make_article("korean", position=3, tags=(KOREAN,)),
    ]
    cases = {
        "any": ({"any": ["rl", "한국어"]}, ["rl", "rl cpp", "korean"]),
        "all": ({"all": ["rl", "cpp"]}, ["rl cpp"]),
        "not": ({"not": ["rl"]}, ["cpp", "korean"]),
        "mix": ({"any": ["rl", "cpp"], "not": ["rl"]}, ["cpp"]),
        "label": ({"any": ["#C++"]}, ["rl cpp", "cpp"]),
        "spelling": ({"any": ["Ｃ++"]}, ["rl cpp", "cpp"]),
        "alias": ({"all": ["Reinforcement Learning"]}, ["rl", "rl cpp"]),
        "unpublished-alias": ({"any": ["Robot_Learning"]}, ["rl", "rl cpp"]),
        "unknown-any": ({"any": ["nothing"]}, []),
        "unknown-all": ({"all": ["rl", "nothing"]}, []),
        "unknown-not": ({"any": ["rl"], "not": ["nothing"]}, ["rl", "rl cpp"]),
    }
    site = make_site(
        articles,
        slugs={"reinforcement-learning": RL},
        config=make_config(
            feeds={name: keys for name, (keys, _) in cases.items()},
            tags={"aliases": {"robot-learning": "#RL"}},
        ),
    )
    for name, (_, expected) in cases.items():
        assert titles_of(find_feed(site, f"ko/feeds/{name}/feed")) == expected, name


def test_ids_are_unique_but_for_the_documents_of_one_feed() -> None:
    site = make_site(
        [
            make_article(day=date(2024, month, 1), lang=lang)
            for month in (10, 11, 12)
            for lang in LANGUAGES
        ],
        slugs={"reinforcement-learning": RL},
    )
    months = [feed for feed in site.unlisted_feeds if feed.kind == "month"]
    others = [feed for feed in (*site.feeds, *site.unlisted_feeds) if feed.kind != "month"]
    assert len({feed.id for feed in others}) == len(others)
    assert {feed.id for feed in months} == {feed.id for feed in others if feed.kind == "all"}
