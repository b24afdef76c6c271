"""Small publications, made by hand: what the schedule needs of one and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from feeds.config import Config
from feeds.errors import RenderError
from feeds.model import (
    Archive,
    Article,
    Issue,
    MailedEntry,
    Mailing,
    Newsletter,
    Piece,
    Rhythm,
    Source,
    Text,
)
from feeds.personal import PREFERENCES_MARK, UNSUBSCRIBE_MARK

NOON = datetime(2024, 12, 20, 12, 0, tzinfo=UTC)


def make_config(root: Path, **keys: Any) -> Config:
    keys = {"timezone": "Asia/Seoul", "base_url": "https://example.org/papers", **keys}
    return Config(title="Papers", root=root, **keys)


def make_article(
    day: date, lang: str, *, first_seen: date | None = None, issue_day: date | None = None
) -> Article:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Article(
        id=f"tag:example.org,{day}:a/{lang}",
        lang=lang,
        day=day,
        issue_day=issue_day or day,
        first_seen=first_seen or day,
        key="a",
        path=f"{lang}/{day:%Y/%m/%d}/a/",
        published=moment,
        updated=moment,
        title="A title",
        url=None,
        authors=(),
        tags=(),
        commentary=Text(lang=lang, html="<p>A word.</p>", plain=("A word.",)),
        abstract=None,
        links=(),
        translations=(),
        related=(),
        stub=False,
        source=Source(path=f"{day}.txt", line=1),
    )


def make_issue(
    day: date, lang: str = "ko", *, first_seen: date | None = None, late: Sequence[Article] = ()
) -> Issue:
    article = make_article(day, lang, first_seen=first_seen)
    return Issue(day=day, lang=lang, articles=(article,), late=tuple(late))


def make_newsletter(day: date, lang: str = "ko", *, text: str = "한 줄") -> Newsletter:
    return Newsletter(
        day=day,
        lang=lang,
        subject=f"{day} · 제목",
        preheader="먼저 읽히는 줄",
        html=f"<!doctype html><html><body><p>{text}</p></body></html>",
        text=f"{text}\n",
    )


def make_mailing(
    day: date,
    lang: str = "ko",
    *,
    kind: Rhythm = "daily",
    tags: Sequence[Sequence[str]] = (("rl",), ("gan", "vision")),
    text: str = "한 줄",
) -> Mailing:
    """A mailing of some entries, each with its tags, that says little more than which they are."""
    numbers = range(len(tags))
    entries = tuple(
        MailedEntry(
            article=f"tag:example.org,{day}:{number}/{lang}",
            tags=tuple(tags[number]),
            late=False,
            subject=f"{day} · {number}",
            preheader="먼저 읽히는 줄",
        )
        for number in numbers
    )
    links = f"?t={UNSUBSCRIBE_MARK}\n?t={PREFERENCES_MARK}\n"
    shown = [Piece(when=f"entry {number}", text=f"<p>{text} {number}</p>\n") for number in numbers]
    ends = [Piece(when="", text="<!doctype html>\n"), Piece(when="", text=f"<p>{links}</p>\n")]
    return Mailing(
        kind=kind,
        day=day,
        lang=lang,
        entries=entries,
        rooms=((ends[0], *shown, ends[1]),),
        text=(*shown, Piece(when="", text=links)),
        limit_bytes=100_000,
    )


@dataclass(frozen=True, kw_only=True)
class Press:
    """A publication of the issues given; those that ``broken`` tells of do not render."""

    config: Config
    issues: Sequence[Issue]
    edits: Mapping[date, datetime] = field(default_factory=dict)
    broken: Callable[[Issue], bool] = lambda _issue: False
    text: str = "한 줄"

    @property
    def archive(self) -> Archive:
        by_language: dict[str, tuple[Issue, ...]] = {
            lang: tuple(issue for issue in self.issues if issue.lang == lang)
            for lang in self.config.languages
        }
        return Archive(
            languages=self.config.languages,
            articles={},
            days={},
            issues=by_language,
            tags=(),
            slugs={},
            findings=(),
        )

    def mail(self, issue: Issue) -> Mailing:
        if self.broken(issue):
            raise RenderError("newsletter.html", "a brace is missing")
        articles = (*issue.articles, *issue.late)
        tags = [[tag.slug for tag in article.tags] for article in articles]
        made = make_mailing(issue.day, issue.lang, kind=issue.kind, tags=tags, text=self.text)
        entries = zip(made.entries, articles, strict=True)
        return replace(made, entries=tuple(replace(entry, article=a.id) for entry, a in entries))

    def render(self, issue: Issue) -> Newsletter:
        if self.broken(issue):
            raise RenderError("newsletter.html", "a brace is missing")
        return make_newsletter(issue.day, issue.lang, text=self.text)
