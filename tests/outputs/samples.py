"""A small publication to render, made by hand: what the other parts would hand to the outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from html import escape
from pathlib import Path
from typing import Any

from feeds.config import Config, parse_config
from feeds.languages import load_languages
from feeds.model import Archive, Article, Link, Source, Tag, Text
from feeds.outputs.feed_list import list_feeds, list_unlisted_feeds
from feeds.outputs.site import Site
from feeds.outputs.theme import Theme
from feeds.urls import encode_path

LANGUAGES = ("ko", "en")

RL = Tag(slug="rl", label="RL")
KOREAN = Tag(slug="한국어", label="한국어")
CPP = Tag(slug="cpp", label="C++")

# What real titles hold, and what somebody may try.
HOSTILE_TITLES = (
    "What Does <EOS> Do?",
    "A & B",
    "The \"quoted\" and the 'single'",
    "When x < y and y > z",
    "Emoji 🧪 and ]]> and <!-- no comment -->",
    "한국어 제목: 강화 학습",
    "R&D of <unk> and A&1",
    "Tabs\tand\nlines and \x00\x08controls\x1f",
    "No-break\u00a0space and naïve café",
)


def make_config(**keys: Any) -> Config:
    table = {
        "title": {"ko": "아침 논문", "en": "Morning Papers"},
        "subtitle": {"ko": "매일 한 편", "en": "One & more a day"},
        "author": {
            "name": "김하나",
            "email": "hana@example.org",
            "url": "https://example.org/hana",
        },
        "rights": "© Hana Kim",
        "icon": "icon.png",
        "logo": "images/logo.png",
        "base_url": "https://example.org/papers",
        **keys,
    }
    return parse_config(table, file="paperround.toml", root=Path())


def make_text(text: str, lang: str) -> Text:
    return Text(lang=lang, html=f"<p>{escape(text)}</p>", plain=(text,))


def make_article(
    title: str = "A Paper",
    *,
    lang: str = "ko",
    day: date = date(2024, 12, 17),
    position: int = 0,
    key: str | None = None,
    **values: Any,
) -> Article:
    zone = make_config().zone
    published = datetime.combine(day, time(7), zone) - timedelta(seconds=position)
    key = key or f"entry-{day:%m%d}-{position}"
    other = "en" if lang == "ko" else "ko"
    place = f"{day:%Y/%m/%d}/{encode_path(key)}/"
    made = Article(
        id=f"tag:example.org,{day}:{encode_path(key)}/{lang}",
        lang=lang,
        day=day,
        issue_day=day,
        first_seen=day,
        key=key,
        path=f"{lang}/{place}",
        published=published,
        updated=published,
        title=title,
        url=f"https://arxiv.org/abs/2412.{10000 + position}",
        authors=("Ada Lovelace", "허준이"),
        tags=(RL,),
        commentary=make_text({"ko": "읽어 볼 만합니다.", "en": "Worth a read."}[lang], lang),
        abstract=make_text("We show that it works.", "en"),
        links=(),
        translations=(Link(path=f"{other}/{place}", title=title, lang=other),),
        related=(),
        stub=False,
        source=Source(path="2024-12-17.txt", line=1),
    )
    return replace(made, **values)


def make_archive(
    articles: Iterable[Article],
    *,
    slugs: Mapping[str, Tag] | None = None,
    languages: tuple[str, ...] = LANGUAGES,
) -> Archive:
    made = sorted(articles, key=lambda article: article.published, reverse=True)
    tags = {tag.slug: tag for article in made for tag in article.tags}
    return Archive(
        languages=languages,
        articles={lang: tuple(a for a in made if a.lang == lang) for lang in languages},
        days=dict.fromkeys(languages, ()),
        issues=dict.fromkeys(languages, ()),
        tags=tuple(sorted(tags.values(), key=lambda tag: tag.label)),
        slugs={**tags, **(slugs or {})},
        findings=(),
    )


def make_site(
    articles: Iterable[Article],
    *,
    slugs: Mapping[str, Tag] | None = None,
    config: Config | None = None,
) -> Site:
    config = config or make_config()
    languages = load_languages(config.languages)
    archive = make_archive(articles, slugs=slugs, languages=config.languages)
    return Site(
        config=config,
        languages=languages,
        archive=archive,
        feeds=list_feeds(archive, config, languages),
        unlisted_feeds=list_unlisted_feeds(archive, config, languages),
        theme=Theme(languages),
    )


def make_hostile_site() -> Site:
    """One entry for each hostile title, in both languages."""
    return make_site(
        make_article(title, lang=lang, position=position, tags=(RL, KOREAN, CPP))
        for lang in LANGUAGES
        for position, title in enumerate(HOSTILE_TITLES)
    )


def make_year_site(**keys: Any) -> Site:
    """Ten entries in each of twelve months, newest in December 2024, all in Korean."""
    return make_site(
        (
            make_article(f"Paper {month}-{day}", day=date(2024, month, day), tags=())
            for month in range(1, 13)
            for day in range(1, 11)
        ),
        config=make_config(**keys),
    )
