"""What a newsletter says of itself: its days, its subject, and the line that inboxes show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from feeds.errors import RenderError
from feeds.model import Article, Issue, Language
from feeds.outputs.shorten import collapse, shorten
from feeds.outputs.site import Site
from feeds.outputs.theme import format_date

SUBJECT_LENGTH = 70
PREHEADER_LENGTH = (60, 120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What a newsletter says that an entry leads: the one at ``number``, counted from 0."""

    number: int
    subject: str
    preheader: str


def say_days(issue: Issue, language: Language) -> str:
    """The day of an issue, or the days of a weekly one, as its heading says them."""
    first = issue.first_day or issue.day
    if issue.kind == "daily":
        return format_date(issue.day, language, "full")
    if first == issue.day:
        return format_date(issue.day, language, "day")
    if first.year != issue.day.year:
        return _say_range("week", first, issue.day, language)
    month = "week_in_month" if first.month == issue.day.month else "week_in_year"
    return _say_range(month, first, issue.day, language)


def say_reason(issue: Issue, publication: str, language: Language) -> str:
    """Why somebody gets this mail."""
    words = language.words["newsletter"]
    return words["reason_weekly" if issue.kind == "weekly" else "reason"].format(title=publication)


def say_publication(lang: str, site: Site) -> str:
    """The publication's name on one line."""
    return collapse(site.config.localized(site.config.title, lang))


def say_lead(number: int, article: Article, issue: Issue, site: Site) -> Lead:
    """What an issue says of itself when this entry is its first."""
    return Lead(
        number=number,
        subject=_say_subject(article, issue, site),
        preheader=_say_preheader(article, issue, site),
    )


def _say_subject(article: Article, issue: Issue, site: Site) -> str:
    """The day and the title, in at most ``SUBJECT_LENGTH`` characters."""
    language = site.languages[issue.lang]
    pattern = language.words["newsletter"]["subject"]
    day = _say_days_shortly(issue, language)
    room = SUBJECT_LENGTH - len(pattern.format(date=day, title=""))
    return pattern.format(date=day, title=shorten(collapse(article.title), max(room, 1)))


def _say_days_shortly(issue: Issue, language: Language) -> str:
    first = issue.first_day or issue.day
    if issue.kind == "daily" or first == issue.day:
        return format_date(issue.day, language, "short")
    month = (first.year, first.month) == (issue.day.year, issue.day.month)
    return _say_range("week_short_in_month" if month else "week_short", first, issue.day, language)


def _say_preheader(article: Article, issue: Issue, site: Site) -> str:
    """The line that an inbox shows after the subject: how the entry's text begins."""
    language = site.languages[issue.lang]
    publication = say_publication(issue.lang, site)
    least, most = PREHEADER_LENGTH
    candidates = [
        " ".join(article.content.plain) if article.content else "",
        say_days(issue, language),
        publication,
        say_reason(issue, publication, language),
    ]
    said = ""
    for candidate in dict.fromkeys(map(collapse, candidates)):
        if candidate and len(said) < least:
            said = f"{said} · {candidate}" if said else candidate
    return shorten(said, most)


@dataclass(frozen=True, slots=True)
class _Day:
    """A day in a pattern: ``{first:short}`` by a style of ``[dates]``, ``{first}`` its number."""

    day: date
    language: Language

    def __format__(self, style: str) -> str:
        return format_date(self.day, self.language, style) if style else str(self.day.day)


def _say_range(word: str, first: date, last: date, language: Language) -> str:
    pattern = language.words["newsletter"][word]
    try:
        return pattern.format(first=_Day(first, language), last=_Day(last, language))
    except KeyError as error:
        message = f"words.newsletter.{word}: no style {error} of dates; expected one of [dates]"
        raise RenderError(f"languages/{language.code}.toml", message) from error
