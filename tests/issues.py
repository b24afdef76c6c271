"""Issues of a newsletter, made of what a note may hold and rendered as notes are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from feeds.config import Config, parse_config
from feeds.languages import load_languages
from feeds.model import Archive, Article, Image, Issue, Source, Tag, Text
from feeds.notes.markup import render_abstract, render_commentary
from feeds.outputs.site import Site
from feeds.outputs.theme import Theme
from feeds.urls import encode_path

LANGUAGES = load_languages(("ko", "en"))
DAY = date(2024, 12, 17)
BASE = "https://paperround.example/papers"
UNSUBSCRIBE = f"{BASE}/ko/unsubscribe/"


def make_config(**keys: Any) -> Config:
    table = {"title": {"ko": "아침 논문 한 장", "en": "A Paper a Morning"}, "base_url": BASE}
    return parse_config({**table, **keys}, file="test", root=Path())


def make_site(config: Config | None = None, *issues: Issue) -> Site:
    config = config or make_config()
    languages = load_languages(config.languages)
    archive = Archive(
        languages=config.languages,
        articles={},
        days={},
        issues={code: tuple(i for i in issues if i.lang == code) for code in config.languages},
        tags=(),
        slugs={},
        findings=(),
    )
    return Site(
        config=config,
        languages=languages,
        archive=archive,
        feeds=(),
        unlisted_feeds=(),
        theme=Theme(languages),
    )


def commentary(*paragraphs: str, lang: str = "ko") -> Text:
    return render_commentary(
        paragraphs, lang=lang, languages=LANGUAGES, link=lambda _: None, image=find_image
    )


def abstract(*paragraphs: str) -> Text:
    return render_abstract(paragraphs, lang="en", languages=LANGUAGES)


def find_image(target: str) -> Image:
    return Image(address=f"{BASE}/images/{target}", width=1200, height=600)


def make_article(title: str, *, lang: str = "ko", day: date = DAY, **changes: Any) -> Article:
    key = "-".join(title.lower().split())[:60]
    moment = datetime.fromisoformat(f"{day}T07:00:00+09:00")
    fields: dict[str, Any] = {
        "id": f"tag:paperround.example,{day}:{encode_path(key)}/{lang}",
        "lang": lang,
        "day": day,
        "issue_day": DAY,
        "first_seen": day,
        "key": key,
        "path": f"{lang}/{day:%Y/%m/%d}/{encode_path(key)}/",
        "published": moment,
        "updated": moment,
        "title": title,
        "url": None,
        "authors": (),
        "tags": (),
        "commentary": commentary("짧은 해설입니다." if lang == "ko" else "In short.", lang=lang),
        "abstract": None,
        "links": (),
        "translations": (),
        "related": (),
        "stub": False,
        "source": Source(path="2024-12-17.txt", line=1),
    }
    return Article(**{**fields, **changes})


def make_issue(
    articles: Sequence[Article], *, late: Sequence[Article] = (), lang: str = "ko"
) -> Issue:
    return Issue(day=DAY, lang=lang, articles=tuple(articles), late=tuple(late))


def make_week(articles: Sequence[Article], *, lang: str = "ko") -> Issue:
    """An issue of the seven days up to a Sunday."""
    return Issue(
        kind="weekly",
        first_day=date(2024, 12, 16),
        day=date(2024, 12, 22),
        lang=lang,
        articles=tuple(articles),
        late=(),
    )


def long_issue(count: int, *, sentences: int, lang: str = "ko") -> Issue:
    """Many entries with abstracts of many sentences and commentaries of a few."""
    words = {
        "ko": "이 방법은 이전 연구와 달리 학습하는 동안 보상을 따로 모델링하지 않습니다.",
        "en": "Unlike earlier work, the method does not model the reward while it is training.",
    }
    return make_issue(
        [
            make_article(
                f"Paper Number {number}: On Learning Something from Something Else",
                lang=lang,
                url=f"https://arxiv.org/abs/2412.{number:05}",
                authors=tuple(f"Author Number{n}" for n in range(12)),
                tags=(Tag(slug="reward-model", label="reward-model"),),
                commentary=commentary(" ".join([words[lang]] * 6), lang=lang),
                abstract=abstract(" ".join(["We present something that is large."] * sentences)),
                published=datetime.fromisoformat(f"{DAY}T07:00:00+09:00")
                - timedelta(seconds=number),
            )
            for number in range(count)
        ],
        lang=lang,
    )
