"""The calendar of days: months as grids, a page a year and a page a month."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from feeds.model import Article, Day, Language, OutputFile
from feeds.outputs.pages.frame import Frame, with_neighbours
from feeds.outputs.theme import format_date

_SCRIPTS = ("filter.js",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A day of a grid; ``number`` is 0 outside the month, ``href`` empty where it has no entries.

    ``name`` says the day and how many entries it has; ``entries`` are the slugs of their tags, as a
    page's filter reads them.
    """

    number: int
    href: str = ""
    name: str = ""
    entries: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month with entries; ``weeks`` are its rows, seven cells each."""

    first: date
    name: str
    path: str
    year_path: str
    days: Sequence[Day]
    weeks: Sequence[Sequence[Cell]]

    @property
    def articles(self) -> list[Article]:
        """Its entries, newest first."""
        return [article for day in self.days for article in day.articles]


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """A year with entries."""

    number: int
    path: str
    months: Sequence[Month]

    @property
    def articles(self) -> list[Article]:
        """Its entries, newest first."""
        return [article for month in self.months for article in month.articles]


Period = TypeVar("Period", Year, Month)


def year_path(lang: str, year: int) -> str:
    """The path of a year's page, relative to the base URL."""
    return f"{lang}/{year:04}/"


def month_path(lang: str, day: date) -> str:
    """The path of the page of a day's month, relative to the base URL."""
    return f"{lang}/{day.isoformat()[:7].replace('-', '/')}/"


def order_weekdays(language: Language) -> list[tuple[str, str]]:
    """The days of the week as the language's calendars begin it: short and whole names."""
    named = list(zip(language.weekdays_short, language.weekdays, strict=True))
    begin = language.week_begins - 1
    return named[begin:] + named[:begin]


def arrange_months(frame: Frame) -> list[Month]:
    """The months that have entries, newest first."""
    language, lang = frame.language, frame.lang
    by_month: defaultdict[date, list[Day]] = defaultdict(list)
    for day in frame.days:
        by_month[day.date.replace(day=1)].append(day)
    weeks = calendar.Calendar(language.week_begins - 1)
    return [
        Month(
            first=first,
            name=format_date(first, language, "month"),
            path=month_path(lang, first),
            year_path=year_path(lang, first.year),
            days=found,
            weeks=_fill_weeks(weeks.monthdayscalendar(first.year, first.month), found, frame),
        )
        for first, found in by_month.items()
    ]


def arrange_years(months: Iterable[Month], lang: str) -> list[Year]:
    """The years that have entries, in the order of the months given."""
    by_year: defaultdict[int, list[Month]] = defaultdict(list)
    for month in months:
        by_year[month.first.year].append(month)
    return [
        Year(number=number, path=year_path(lang, number), months=found)
        for number, found in by_year.items()
    ]


def write_calendar(frame: Frame) -> Iterator[OutputFile]:
    """A page for each year and each month that has entries, each with those beside it."""
    months = arrange_months(frame)
    years = arrange_years(months, frame.lang)
    firsts = {
        code: {day.date.replace(day=1) for day in frame.site.archive.days[code]}
        for code in frame.other_languages
    }
    for year in with_neighbours(years):
        name = frame.words["pages"]["year"].format(year=year[0].number)
        elsewhere = {
            code: year_path(code, year[0].number)
            for code, known in firsts.items()
            if any(first.year == year[0].number for first in known)
        }
        yield _write_period(frame, "site/year.html", name, year, elsewhere)
    for month in with_neighbours(months):
        elsewhere = {
            code: month_path(code, month[0].first)
            for code, known in firsts.items()
            if month[0].first in known
        }
        yield _write_period(frame, "site/month.html", month[0].name, month, elsewhere)


def _write_period(
    frame: Frame,
    template: str,
    name: str,
    periods: tuple[Period, Period | None, Period | None],
    elsewhere: Mapping[str, str],
) -> OutputFile:
    """The page of a year or a month, which leads to those before and after it."""
    period, previous, following = periods
    articles = period.articles
    about = frame.words["pages"]["period_about"]
    return frame.page(
        template,
        period.path,
        name,
        description=(about.format(period=name, papers=frame.count_papers(len(articles))),),
        elsewhere=elsewhere,
        updated=max(article.updated for article in articles),
        scripts=_SCRIPTS,
        period=period,
        days=frame.list_days(period.days) if isinstance(period, Month) else [],
        previous=previous,
        following=following,
        weekdays=order_weekdays(frame.language),
        filter_chips=frame.list_chips(articles),
        count=len(articles),
    )


def _fill_weeks(
    weeks: Iterable[Iterable[int]], days: Iterable[Day], frame: Frame
) -> list[list[Cell]]:
    cells = {day.date.day: _fill_cell(day, frame) for day in days}
    return [[cells.get(number) or Cell(number=number) for number in week] for week in weeks]


def _fill_cell(day: Day, frame: Frame) -> Cell:
    stamp = frame.lines.stamp(day.date)
    return Cell(
        number=day.date.day,
        href=stamp.href,
        name=f"{stamp.short}: {frame.count_papers(len(day.articles))}",
        entries="|".join(line.slugs for line in frame.lines.list(day.articles)),
    )
