"""What plots say in words: their names, their ends, and what a reader who sees none is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from feeds.model import Language, Tag
from feeds.outputs.plots import Axis, Period, Plot, Unit, Usage, bin_months, draw_plot
from feeds.outputs.theme import format_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A plot and its words: ``title`` names it, ``summary`` says what it shows.

    ``first`` and ``last`` are the ends of its axis, in few letters; ``what`` is what it counts.
    """

    plot: Plot
    title: str
    what: str
    summary: str
    first: str
    last: str


def plot_tag(usage: Usage | None, tag: Tag, language: Language) -> Figure | None:
    """A tag's use over the publication's whole time; None where there is nothing to compare."""
    if usage is None or tag.slug not in usage.months_of or len(usage.axis.periods) < 2:
        return None
    plot = draw_plot(bin_months(usage.months_of[tag.slug], usage.axis), usage.axis)
    return make_figure(plot, name_tag_plot(tag, usage.axis, language), language)


def make_figure(plot: Plot, title: str, language: Language) -> Figure:
    """Say in words what a plot shows."""
    first, last = plot.axis.periods[0], plot.axis.periods[-1]
    span = language.words["trends"]["span"].format(
        first=name_period(first, language), last=name_period(last, language)
    )
    return Figure(
        plot=plot,
        title=title,
        what=name_counts(plot.axis, language),
        summary=f"{span} {_say_peak(plot, language)}".strip(),
        first=_name_end(first.first, first.unit, language),
        last=_name_end(last.last, last.unit, language),
    )


def name_tag_plot(tag: Tag, axis: Axis, language: Language) -> str:
    """What the plot of a tag is called."""
    what = name_counts(axis, language)
    return language.words["trends"]["of_tag"].format(tag=tag.label, what=what)


def name_counts(axis: Axis, language: Language) -> str:
    """What is counted: ``papers per month``."""
    return language.words["trends"][f"per_{axis.unit}"]


def name_period(period: Period, language: Language) -> str:
    """A period in full: ``May 2024``, ``Q2 2024``, ``2024``, ``1980–1989``."""
    if period.unit == "month":
        return format_date(period.first, language, "month")
    return language.words["trends"][period.unit].format(
        year=period.first.year,
        last=period.last.year,
        quarter=(period.first.month + 2) // 3,
    )


def _name_end(month: date, unit: Unit, language: Language) -> str:
    return (
        format_date(month, language, "brief") if unit in ("month", "quarter") else str(month.year)
    )


def _say_peak(plot: Plot, language: Language) -> str:
    words = language.words["trends"]
    if plot.peak is None:
        return ""
    if plot.peaks > 1:
        return words[f"most_{plot.axis.unit}"].format(count=plot.peak.count)
    said = words["only" if plot.peak.count == plot.total else "peak"]
    return said.format(period=name_period(plot.peak.period, language), count=plot.peak.count)
