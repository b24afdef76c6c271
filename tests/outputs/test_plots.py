"""Plots: every month has its place, every count its height, and words say the same."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.languages import load_languages
from feeds.model import Article, Tag
from feeds.outputs.plot_words import Figure, name_period, plot_tag
from feeds.outputs.plots import (
    Plot,
    Usage,
    bin_months,
    count_usage,
    draw_plot,
    list_top_tags,
    make_axis,
)
from tests.outputs.samples import CPP, RL, make_article

LANGUAGES = load_languages(("ko", "en"))

days = st.dates(min_value=date(1, 1, 1), max_value=date(9999, 12, 31))
near_days = st.dates(min_value=date(2019, 1, 1), max_value=date(2031, 12, 31))
counts_of = st.lists(st.integers(0, 5000), min_size=1, max_size=120).map(tuple)


def at(*days: str, tags: tuple[Tag, ...] = (RL,)) -> list[Article]:
    return [make_article(day=date.fromisoformat(day), tags=tags) for day in days]


def usage_of(*days: str) -> Usage:
    usage = count_usage(at(*days))
    assert usage
    return usage


def plot_of(*days: str) -> Plot:
    usage = usage_of(*days)
    return draw_plot(bin_months(usage.months, usage.axis), usage.axis)


def figure_of(lang: str, *days: str, tags: tuple[Tag, ...] = (RL,)) -> Figure:
    figure = plot_tag(count_usage(at(*days, tags=tags)), tags[0], LANGUAGES[lang])
    assert figure
    return figure


def read_shapes(path: str) -> list[list[tuple[float, float]]]:
    """The corners of each closed shape of a path of M, H, V and z."""
    shapes: list[list[tuple[float, float]]] = []
    for command, numbers in re.findall(r"([MHVz])([^MHVz]*)", path):
        if command == "M":
            shapes.append([tuple(map(float, numbers.split()))])  # type: ignore[list-item]  # pairs
        elif command != "z":
            x, y = shapes[-1][-1]
            shapes[-1].append((float(numbers), y) if command == "H" else (x, float(numbers)))
    assert re.fullmatch(r"(M[\d.]+ \d+(V\d+H[\d.]+)+V\d+z)*", path)
    return shapes


def measure_heights(plot: Plot) -> list[float]:
    """How high the shapes stand over the middle of each period, as an eye measures it."""
    heights = [0.0] * plot.width
    for shape in read_shapes(plot.path):
        for (left, top), (right, same) in pairwise(shape):
            if top == same and right > left:
                for index in range(plot.width):
                    if left <= index + 0.5 <= right:
                        heights[index] += plot.height - top
    return heights


def test_months_without_entries_are_zero_and_have_their_place() -> None:
    plot = plot_of("2024-01-15", "2024-05-01", "2024-05-31")
    assert plot.counts == (1, 0, 0, 0, 2)
    assert [period.first for period in plot.axis.periods] == [date(2024, m, 1) for m in range(1, 6)]
    assert measure_heights(plot) == [1, 0, 0, 0, 2]


def test_a_bar_is_never_wider_than_a_tenth_of_the_plot() -> None:
    for last in range(2, 13):
        plot = plot_of("2024-01-01", f"2024-{last:02}-01")
        for shape in read_shapes(plot.path):
            width = shape[-1][0] - shape[0][0]
            assert 0 < width <= plot.width / 10 + 0.01


@pytest.mark.parametrize("months", [30, 31])
def test_bars_touch_where_they_are_many(months: int) -> None:
    plot = draw_plot((1,) * months, make_axis(24000, 24000 + months - 1))
    assert len(read_shapes(plot.path)) == (months if months == 30 else 1)
    assert measure_heights(plot) == [1] * months


@pytest.mark.parametrize(
    ("first", "last", "unit", "number"),
    [
        ("2024-12-01", "2024-12-31", "month", 1),
        ("2019-01-01", "2025-12-31", "month", 84),
        ("2019-01-01", "2026-01-01", "quarter", 29),
        ("2015-03-01", "2025-02-28", "quarter", 41),
        ("2004-01-01", "2024-12-31", "quarter", 84),
        ("2004-01-01", "2025-01-01", "year", 22),
        ("0987-06-01", "2024-12-31", "years", 12),
        ("0001-01-01", "9999-12-31", "years", 100),
    ],
)
def test_periods_grow_with_the_time_there_is_to_show(
    first: str, last: str, unit: str, number: int
) -> None:
    plot = plot_of(first, last)
    assert plot.axis.unit == unit
    assert len(plot.axis.periods) == number
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    assert plot.axis.periods[0].first == begin.replace(day=1)
    assert plot.axis.periods[-1].last == end.replace(day=1)
    assert plot.total == 2


def test_quarters_are_those_of_the_calendar() -> None:
    plot = plot_of("2016-03-01", "2016-03-31", "2016-04-01", "2024-12-01")
    assert plot.counts[:3] == (2, 1, 0)
    names = [name_period(period, LANGUAGES["en"]) for period in plot.axis.periods]
    assert names[:4] == ["Q1 2016", "Q2 2016", "Q3 2016", "Q4 2016"]
    assert names[-1] == "Q4 2024"


def test_a_year_is_named_where_there_is_room() -> None:
    short = plot_of("2024-01-01", "2025-12-01").axis.years
    assert not any(year.named for year in short)
    six = plot_of("2019-11-01", "2025-12-01").axis.years
    # Two months of 2019 leave no room.
    assert [year.year for year in six if year.named] == [2020, 2021, 2022, 2023, 2024, 2025]
    assert six[0].begin == 0
    assert six[1].begin == pytest.approx(100 * 2 / 74, abs=0.005)
    many = plot_of("2004-01-01", "2024-12-01").axis.years
    assert [year.year for year in many if year.named] == [2004, 2007, 2010, 2013, 2016, 2019, 2022]


def test_the_peak_is_the_first_of_the_highest() -> None:
    plot = draw_plot((0, 3, 1, 3, 0), make_axis(24000, 24004), height=4)
    assert plot.peak is not None
    assert (plot.peak.count, plot.peaks, plot.peak.x, plot.peak.y) == (3, 2, 30, 25)
    assert plot.peak.period.first == date(2000, 2, 1)
    assert (plot.end.count, plot.end.x, plot.end.y) == (0, 90, 100)


def test_labels_at_the_edges_stay_inside() -> None:
    ends = [draw_plot(counts, make_axis(24000, 24039)) for counts in ((1,) + (0,) * 39,)]
    ends.append(draw_plot((0,) * 39 + (1,), make_axis(24000, 24039)))
    ends.append(draw_plot((0,) * 20 + (1,) + (0,) * 19, make_axis(24000, 24039)))
    assert [plot.peak and plot.peak.anchor for plot in ends] == ["start", "end", "middle"]


def test_nothing_but_zeros_has_no_shape_and_no_peak() -> None:
    plot = draw_plot((0, 0), make_axis(24000, 24001))
    assert (plot.path, plot.peak, plot.height) == ("", None, 1)


def test_nothing_at_all_is_no_usage() -> None:
    assert count_usage([]) is None
    assert plot_tag(None, RL, LANGUAGES["ko"]) is None


def test_a_single_month_and_an_unused_tag_have_nothing_to_compare() -> None:
    assert plot_tag(usage_of("2024-12-01", "2024-12-31"), RL, LANGUAGES["ko"]) is None
    assert plot_tag(usage_of("2024-11-01", "2024-12-31"), CPP, LANGUAGES["ko"]) is None


def test_the_tags_used_most_come_first_and_ties_by_slug() -> None:
    usage = count_usage([*at("2024-12-01", tags=(RL, CPP)), *at("2024-12-02", tags=(RL,))])
    assert usage
    assert list_top_tags(usage, 9) == [RL, CPP]
    assert list_top_tags(usage, 1) == [RL]
    tied = count_usage(at("2024-12-01", tags=(RL, CPP)))
    assert tied
    assert list_top_tags(tied, 9) == [CPP, RL]


@given(counts_of, st.integers(0, 100))
def test_every_shape_stays_inside_its_box_and_stands_as_high_as_its_count(
    counts: tuple[int, ...], above: int
) -> None:
    axis = make_axis(24000, 24000 + min(len(counts), 84) - 1)
    counts = counts[: len(axis.periods)]
    plot = draw_plot(counts, axis, max(counts) + above)
    assert measure_heights(plot) == list(counts)
    for x, y in (corner for shape in read_shapes(plot.path) for corner in shape):
        assert 0 <= x <= plot.width
        assert 0 <= y <= plot.height
    for point in filter(None, (plot.peak, plot.end)):
        assert 0 <= point.x <= 100
        assert 0 <= point.y <= 100


@given(st.lists(days | near_days, min_size=1, max_size=40))
def test_no_entry_is_lost_between_months_and_periods(found: list[date]) -> None:
    articles = [make_article(day=day) for day in found]
    usage = count_usage(articles)
    assert usage
    assert usage == count_usage(reversed(articles))
    counts = bin_months(usage.months, usage.axis)
    assert sum(counts) == len(found)
    first_days = Counter(day.replace(day=1) for day in found)
    for period, count in zip(usage.axis.periods, counts, strict=True):
        assert period.first <= period.last
        assert count == sum(
            number for day, number in first_days.items() if period.first <= day <= period.last
        )
    assert len(counts) <= 100


@pytest.mark.parametrize(
    ("lang", "days", "summary"),
    [
        (
            "ko",
            ("2024-01-01", "2024-05-01", "2024-05-02", "2024-12-01"),
            "2024년 1월부터 2024년 12월까지의 그래프입니다. 2024년 5월에 2편으로 가장 많았습니다.",
        ),
        (
            "en",
            ("2024-01-01", "2024-05-01", "2024-05-02", "2024-12-01"),
            "From January 2024 to December 2024. The peak is 2 in May 2024.",
        ),
        (
            "ko",
            ("2024-01-01", "2024-12-01"),
            "2024년 1월부터 2024년 12월까지의 그래프입니다. 한 달에 많게는 1편이 실렸습니다.",
        ),
        (
            "en",
            ("2014-01-01", "2024-12-01"),
            "From Q1 2014 to Q4 2024. The most in any quarter is 1.",
        ),
    ],
)
def test_words_say_what_the_plot_shows(lang: str, days: tuple[str, ...], summary: str) -> None:
    assert figure_of(lang, *days).summary == summary


def test_a_tag_of_one_month_is_said_to_be_of_that_month_only() -> None:
    articles = [*at("2024-01-01", "2024-12-01", tags=()), *at("2024-03-01", tags=(CPP,))]
    figure = plot_tag(count_usage(articles), CPP, LANGUAGES["ko"])
    assert figure
    assert figure.summary.endswith("2024년 3월에만 1편이 실렸습니다.")
    assert figure.title == "#C++ 태그의 월별 글 수"
    assert (figure.first, figure.last) == ("2024.1", "2024.12")


def test_the_ends_of_a_long_axis_are_years_even_before_the_year_1000() -> None:
    figure = figure_of("en", "0987-06-01", "2024-12-01")
    assert (figure.first, figure.last) == ("987", "2024")
    assert figure.summary.startswith("From 987–999 to 2000–2024.")
    near = figure_of("en", "0987-06-01", "0988-06-01")
    assert (near.first, near.last) == ("Jun 987", "Jun 988")


def test_a_label_with_braces_is_no_placeholder() -> None:
    tag = Tag(slug="x", label="{what} {0} <b>")
    assert figure_of("en", "2024-01-01", "2024-02-01", tags=(tag,)).title == (
        "#{what} {0} <b>: papers per month"
    )
