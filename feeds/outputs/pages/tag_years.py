"""Years of a tag that has too many entries for one page: each has a page of its own.

So the page of a tag stays light however long the publication goes on, and what is years old stays
as it is when something new comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from feeds.model import Article, OutputFile, Tag
from feeds.outputs.addresses import tag_path
from feeds.outputs.pages.frame import Frame, with_neighbours

_ON_PAGE = 1000


def years_apart(articles: Sequence[Article]) -> list[int]:
    """The years of a tag's entries that have a page of their own; newest first, as the entries.

    Those are whole years: that in which the thousandth entry lies, and all before it.
    """
    return list(dict.fromkeys(article.day.year for article in articles[_ON_PAGE:]))


def tag_year_path(lang: str, tag: Tag, year: int) -> str:
    """The path of a tag's page of one year, relative to the base URL, percent-encoded."""
    return f"{tag_path(lang, tag.slug)}{year:04}/"


def write_tag_years(
    frame: Frame, tag: Tag, articles: Sequence[Article], others: Mapping[str, Sequence[Article]]
) -> Iterator[OutputFile]:
    """The pages of the years of a tag, if there are any.

    :param others: its entries in other languages.
    """
    apart = {code: years_apart(found) for code, found in others.items()}
    for year, previous, following in with_neighbours(years_apart(articles)):
        found = [article for article in articles if article.day.year == year]
        name = _name(frame, year)
        by_day = groupby(frame.lines.list(found), key=lambda line: line.day)
        yield frame.page(
            "site/tag_year.html",
            tag_year_path(frame.lang, tag, year),
            frame.words["pages"]["page_of"].format(page=name, title=f"#{tag.label}"),
            description=(f"#{tag.label}, {name}: {frame.count_papers(len(found))}",),
            elsewhere={
                code: tag_year_path(code, tag, year)
                for code, years in apart.items()
                if year in years
            },
            updated=max(article.updated for article in found),
            tag=frame.lines.term(tag),
            year=name,
            count=len(found),
            days=[(day, list(lines)) for day, lines in by_day],
            previous=_lead(frame, tag, previous),
            following=_lead(frame, tag, following),
        )


def _name(frame: Frame, year: int) -> str:
    name: str = frame.words["pages"]["year"].format(year=year)
    return name


def _lead(frame: Frame, tag: Tag, year: int | None) -> tuple[str, str] | None:
    if year is None:
        return None
    return frame.href(tag_year_path(frame.lang, tag, year)), _name(frame, year)
