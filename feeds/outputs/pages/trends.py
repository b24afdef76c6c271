"""How often tags were used, over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from feeds.model import OutputFile, Tag
from feeds.outputs.pages.frame import Frame
from feeds.outputs.pages.lines import Term
from feeds.outputs.plot_words import make_figure, name_counts, name_period, name_tag_plot
from feeds.outputs.plots import Plot, Usage, bin_months, count_usage, draw_plot, list_top_tags
from feeds.outputs.theme import format_date

_TEMPLATE = "site/trends.html"
# Fills rows of two, of three and of four.
_MOST_TAGS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The numbers of the page's plots: a row for each period, all entries first, then each tag."""

    caption: str
    tags: Sequence[Term]
    rows: Sequence[tuple[str, tuple[int, ...]]]
    sums: Sequence[int]


def write_trends(frame: Frame) -> Iterator[OutputFile]:
    """All entries and the tags used most, by month: as plots, and as a table."""
    words = frame.words["trends"]
    usage = count_usage(frame.articles)
    content = _fill(usage, frame) if usage else {"intro": frame.words["pages"]["no_entries"]}
    yield frame.page(
        _TEMPLATE,
        f"{frame.lang}/trends/",
        words["title"],
        description=(words["description"].format(title=frame.title),),
        updated=max((article.updated for article in frame.articles), default=None),
        styles=("plots.css",),
        heading=words["title"],
        **{"whole": None, "multiples": (), "table": None, **content},
    )


def _fill(usage: Usage, frame: Frame) -> dict[str, Any]:
    words, language = frame.words["trends"], frame.language
    periods = usage.axis.periods
    first = format_date(periods[0].first, language, "month")
    last = format_date(periods[-1].last, language, "month")
    total = draw_plot(bin_months(usage.months, usage.axis), usage.axis)
    tags = list_top_tags(usage, _MOST_TAGS)
    plots = _draw_alike(usage, tags)
    table = _tabulate([total, *plots], tags, frame)
    if len(periods) == 1:
        intro = words["one_period"].format(period=first, count=total.total)
        return {"intro": intro, "table": table}
    what = name_counts(usage.axis, language)
    return {
        "intro": words["intro"].format(first=first, last=last, count=total.total),
        "whole": make_figure(total, words["of_all"].format(what=what), language),
        "multiples_intro": words["most_used_intro"].format(what=what),
        "multiples": [
            (
                frame.lines.term(tag),
                words["count"].format(count=plot.total),
                make_figure(plot, name_tag_plot(tag, usage.axis, language), language),
            )
            for tag, plot in zip(tags, plots, strict=True)
        ],
        "table": table,
    }


def _draw_alike(usage: Usage, tags: Sequence[Tag]) -> list[Plot]:
    """A plot of each tag, all with the scale of the highest, so that they compare."""
    counts = [bin_months(usage.months_of[tag.slug], usage.axis) for tag in tags]
    height = max((max(each) for each in counts), default=None)
    return [draw_plot(each, usage.axis, height) for each in counts]


def _tabulate(plots: Sequence[Plot], tags: Sequence[Tag], frame: Frame) -> _Table:
    axis = plots[0].axis
    words = frame.words["trends"]
    rows = zip(*(plot.counts for plot in plots), strict=True)
    return _Table(
        caption=words["table_caption"].format(what=name_counts(axis, frame.language)),
        tags=[frame.lines.term(tag) for tag in tags],
        rows=[
            (name_period(period, frame.language), row)
            for period, row in zip(axis.periods, rows, strict=True)
        ],
        sums=[plot.total for plot in plots],
    )
