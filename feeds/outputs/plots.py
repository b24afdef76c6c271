"""Plots of how often something was used: from months and counts to shapes on a plane.

Everything here is numbers. A plot is drawn in a box that is as many units wide as it has periods
and as many high as its scale counts, so that every corner of a shape is a whole number or nearly
one; templates stretch the box to the room there is. What is no shape (a dot, a label) is placed
in per cent of the box.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from feeds.model import Article, Tag

Unit = Literal["month", "quarter", "year", "years"]

# How many months a period may have, narrowest first: up to a hundred years.
_STEPS: tuple[tuple[int, Unit], ...] = (
    (1, "month"),
    (3, "quarter"),
    (12, "year"),
    (120, "years"),
    (1200, "years"),
)
# Seven years of months: on a phone with two plots in a row, a month is nearly two pixels wide.
_MOST_PERIODS = 84
# Where there are few periods, a bar is at most a tenth of the plot, with room around it.
_WIDEST_BAR = 0.1
_BAR_SHARE = 0.84
# From here on bars touch: the room between them would be less than a pixel.
_MOST_BARS = 30
# The years that a wide plot names, and the fewest that say more than its two ends.
_MOST_YEARS = 8
_FEWEST_YEARS = 3
# Nearer to an edge than this, in per cent, a label begins or ends at its point.
_EDGE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What one count is about: from the first day of ``first`` to the end of ``last``'s month.

    The first and the last period of an axis begin and end where the axis does.
    """

    unit: Unit
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """A year on the axis: where it begins and where its middle is, in per cent of the width.

    ``named`` tells whether there is room for its number.
    """

    year: int
    begin: float
    middle: float
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The time that plots share: all periods from the first to the last, those without use too."""

    unit: Unit
    step: int
    start: int
    periods: tuple[Period, ...]
    years: tuple[Year, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place on a plot in per cent of its width and height, from the top left, and its count."""

    x: float
    y: float
    count: int
    period: Period
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Counts along an axis as bars on a baseline.

    ``path`` is SVG path data in a box of ``width`` × ``height`` units. ``height`` is the count at
    its top. ``peak`` is the first of the highest, None where all is zero; ``peaks`` how many there
    are of that height.
    """

    axis: Axis
    counts: tuple[int, ...]
    width: int
    height: int
    path: str
    total: int
    peak: Point | None
    peaks: int
    end: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How many entries each month has (counted from the year 0), in all and with each tag."""

    axis: Axis
    months: Mapping[int, int]
    tags: Mapping[str, Tag]
    months_of: Mapping[str, Mapping[int, int]]


def count_usage(articles: Iterable[Article]) -> Usage | None:
    """Count once for every plot of a language; None where there is nothing to count."""
    months: Counter[int] = Counter()
    tags: dict[str, Tag] = {}
    months_of: dict[str, Counter[int]] = {}
    for article in articles:
        month = article.day.year * 12 + article.day.month - 1
        months[month] += 1
        for tag in article.tags:
            tags[tag.slug] = tag
            months_of.setdefault(tag.slug, Counter())[month] += 1
    if not months:
        return None
    axis = make_axis(min(months), max(months))
    return Usage(axis=axis, months=months, tags=tags, months_of=months_of)


def list_top_tags(usage: Usage, limit: int) -> list[Tag]:
    """The tags used most, most first; of those used as often, the first by slug."""
    ranked = sorted(usage.months_of.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return [usage.tags[slug] for slug, _ in ranked[:limit]]


def make_axis(first: int, last: int) -> Axis:
    """The axis from a month to another (both counted from the year 0), both with it.

    Periods are as short as leaves a bar of each wide enough to be seen, and as the calendar has
    them: a quarter begins in January, April, July or October.
    """
    step, unit = next(
        (each for each in _STEPS if last // each[0] - first // each[0] < _MOST_PERIODS), _STEPS[-1]
    )
    start = first // step
    numbers = range(start, last // step + 1)
    periods = tuple(
        Period(
            unit=unit,
            first=_month(max(number * step, first)),
            last=_month(min((number + 1) * step - 1, last)),
        )
        for number in numbers
    )
    years = tuple(_mark_years(periods)) if step < 12 else ()
    return Axis(unit=unit, step=step, start=start, periods=periods, years=years)


def bin_months(months: Mapping[int, int], axis: Axis) -> tuple[int, ...]:
    """The count of each of the axis's periods."""
    counts = [0] * len(axis.periods)
    for month, count in months.items():
        counts[month // axis.step - axis.start] += count
    return tuple(counts)


def draw_plot(counts: tuple[int, ...], axis: Axis, height: int | None = None) -> Plot:
    """Draw counts; ``height`` is the count at the top of the scale, by default the highest."""
    highest = max(counts)
    height = max(height or highest, 1)
    points = [_place(index, counts, axis, height) for index in (counts.index(highest), -1)]
    return Plot(
        axis=axis,
        counts=counts,
        width=len(counts),
        height=height,
        path="".join(_draw_bars(counts, height)),
        total=sum(counts),
        peak=points[0] if highest else None,
        peaks=counts.count(highest),
        end=points[1],
    )


def _month(number: int) -> date:
    """The first day of a month counted from the year 0."""
    return date(number // 12, number % 12 + 1, 1)


def _mark_years(periods: tuple[Period, ...]) -> Iterator[Year]:
    """Each calendar year that the periods touch; every n-th is named where there are many."""
    years = sorted({period.first.year for period in periods})
    every = -(-len(years) // _MOST_YEARS)
    for number, year in enumerate(years):
        places = [index for index, period in enumerate(periods) if period.first.year == year]
        begin, end = places[0], places[-1] + 1
        # Half a year, or the room for its number would be another's.
        wide = (end - begin) * len(years) >= len(periods) / 2
        yield Year(
            year=year,
            begin=_per_cent(begin, len(periods)),
            middle=_per_cent((begin + end) / 2, len(periods)),
            named=len(years) >= _FEWEST_YEARS and number % every == 0 and wide,
        )


def _place(index: int, counts: tuple[int, ...], axis: Axis, height: int) -> Point:
    index %= len(counts)
    x = _per_cent(index + 0.5, len(counts))
    return Point(
        x=x,
        y=_per_cent(height - counts[index], height),
        count=counts[index],
        period=axis.periods[index],
        anchor="start" if x < _EDGE else "end" if x > 100 - _EDGE else "middle",
    )


def _per_cent(part: float, whole: int) -> float:
    return round(100 * part / whole, 2)


def _draw_bars(counts: tuple[int, ...], height: int) -> Iterator[str]:
    """A closed shape for each bar; where bars touch, one for each row of them."""
    touching = len(counts) > _MOST_BARS
    side = 0 if touching else (1 - min(_BAR_SHARE, _WIDEST_BAR * len(counts))) / 2
    open_shape = False
    for index, count in enumerate(counts):
        if count and not open_shape:
            yield f"M{_number(index + side)} {height}"
        if count:
            yield f"V{height - count}H{_number(index + 1 - side)}"
        open_shape = bool(count) and touching and any(counts[index + 1 : index + 2])
        if count and not open_shape:
            yield f"V{height}z"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
