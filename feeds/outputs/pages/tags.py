"""Pages of tags: one for each slug that was ever published, and one that lists them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from feeds.model import Article, OutputFile, Tag
from feeds.outputs.addresses import tag_path
from feeds.outputs.initials import group_by_initial
from feeds.outputs.pages.frame import Frame
from feeds.outputs.pages.lines import Line, Lines, Stamp, Term
from feeds.outputs.pages.tag_years import tag_year_path, write_tag_years, years_apart
from feeds.outputs.plot_words import plot_tag
from feeds.outputs.plots import count_usage
from feeds.outputs.shelf import find_slug
from feeds.outputs.theme import format_date
from feeds.slugs import join_tags

_MOST_RELATED = 8
_MOST_USED = 20
LETTERS_FROM = 60
"""Fewer tags are seen at a glance: they need no letters to find them by."""
# So many of the newest stand by their days; older ones by their years, in fewer words.
_BY_DAY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LongList:
    """Entries, newest first: ``days`` has the newest by their days, ``years`` the rest.

    ``apart`` are years that have pages of their own: where, which, and how many entries.
    """

    days: Sequence[tuple[Stamp, Sequence[Line]]]
    years: Sequence[tuple[int, Sequence[Line]]]
    apart: Sequence[tuple[str, int, int]]


def divide_list(
    articles: Sequence[Article], lines: Lines, apart: Sequence[tuple[str, int, int]] = ()
) -> LongList:
    """Divide entries that are given newest first, so that a long list stays light.

    What is ``apart`` is left out behind the newest entries.
    """
    without = {year for _, year, _ in apart}
    newest = lines.list(articles[:_BY_DAY])
    rest = lines.list(each for each in articles[_BY_DAY:] if each.day.year not in without)
    return LongList(
        days=[(day, list(found)) for day, found in groupby(newest, key=lambda line: line.day)],
        years=[
            (year, list(found))
            for year, found in groupby(rest, key=lambda line: line.day.date.year)
        ],
        apart=apart,
    )


def write_tags(frame: Frame) -> Iterator[OutputFile]:
    """The list of tags in use, and every tag with its entries."""
    tagged = _group_by_tag(frame.articles)
    yield _write_list(
        frame, [(t, len(tagged[t.slug])) for t in frame.site.archive.tags if t.slug in tagged]
    )
    writer = _Writer(frame, tagged)
    for slug, tag in sorted(frame.site.archive.slugs.items()):
        yield writer.write(slug, tag)
        if slug == tag.slug:
            yield from writer.write_years(tag)


def _group_by_tag(articles: Iterable[Article]) -> Mapping[str, Sequence[Article]]:
    tagged: defaultdict[str, list[Article]] = defaultdict(list)
    for article in articles:
        for tag in article.tags:
            tagged[tag.slug].append(article)
    return tagged


class _Writer:
    """Writes the pages of single tags; holds what it would else work out for each of them."""

    def __init__(self, frame: Frame, tagged: Mapping[str, Sequence[Article]]) -> None:
        self._frame = frame
        self._tagged = tagged
        self._descriptions = _read_descriptions(frame)
        self._usage = count_usage(frame.articles)
        self._elsewhere = {
            code: _group_by_tag(frame.site.archive.articles[code]) for code in frame.other_languages
        }

    def write(self, slug: str, tag: Tag) -> OutputFile:
        """The page of a slug; one that was joined to another tag shows that, and leads to it."""
        frame, articles = self._frame, self._tagged.get(tag.slug, ())
        own = tag_path(frame.lang, tag.slug)
        about, facts = self._descriptions.get(tag.slug, ""), _say_facts(frame, tag, articles)
        figure = plot_tag(self._usage, tag, frame.language)
        return frame.page(
            "site/tag.html",
            tag_path(frame.lang, slug),
            f"#{tag.label}",
            description=(about or facts,),
            elsewhere={
                code: tag_path(code, tag.slug)
                for code, used in self._elsewhere.items()
                if tag.slug in used
            },
            canonical=own,
            indexed=slug == tag.slug and bool(articles),
            updated=max((article.updated for article in articles), default=None),
            styles=("plots.css",) if figure else (),
            slug=tag.slug,
            heading=f"#{tag.label}",
            heading_lang=frame.lines.mark_term(tag.label),
            about=about,
            facts=facts,
            figure=figure,
            related=_show_tags(frame, _count_related(tag, articles)),
            feeds=[frame.parts[own]] if frame.formats and own in frame.parts else [],
            entries=divide_list(articles, frame.lines, _find_apart(frame, tag, articles)),
        )

    def write_years(self, tag: Tag) -> Iterator[OutputFile]:
        """The pages of the years that the page of a tag leaves to them."""
        others = {code: used.get(tag.slug, ()) for code, used in self._elsewhere.items()}
        return write_tag_years(self._frame, tag, self._tagged.get(tag.slug, ()), others)


def _write_list(frame: Frame, counts: Sequence[tuple[Tag, int]]) -> OutputFile:
    words = frame.words["pages"]
    lettered = group_by_initial(counts, frame.lang, frame.site.languages)
    groups = [(letter, _show_tags(frame, found)) for letter, found in lettered]
    used = sorted(counts, key=lambda item: (-item[1], item[0].label.casefold()))
    return frame.page(
        "site/tags.html",
        f"{frame.lang}/tags/",
        words["all_tags"],
        description=(f"{words['tag_count'].format(count=len(counts))}. {words['tags_about']}",),
        scripts=("filter.js",),
        count=len(counts),
        groups=groups,
        by_name=[item for _, found in groups for item in found],
        lettered=len(used) >= LETTERS_FROM,
        # Of a short list not nearly all.
        most_used=_show_tags(frame, used[: min(_MOST_USED, len(used) // 2)]),
        filter_chips=frame.list_chips(frame.articles),
    )


def _show_tags(frame: Frame, counts: Iterable[tuple[Tag, int]]) -> list[tuple[Term, int]]:
    return [(frame.lines.term(tag), count) for tag, count in counts]


def _find_apart(frame: Frame, tag: Tag, articles: Sequence[Article]) -> list[tuple[str, int, int]]:
    counts = Counter(article.day.year for article in articles)
    return [
        (frame.href(tag_year_path(frame.lang, tag, year)), year, counts[year])
        for year in years_apart(articles)
    ]


def _read_descriptions(frame: Frame) -> dict[str, str]:
    """What the configuration says tags are about, by the slug that each has now."""
    config, archive = frame.config, frame.site.archive
    joins = join_tags(config.tags.aliases)
    said: dict[str, str] = {}
    for written, text in config.tags.descriptions.items():
        slug = find_slug(written, joins, archive)
        said.setdefault(slug, config.localized(text, frame.lang))
    return said


def _say_facts(frame: Frame, tag: Tag, articles: Sequence[Article]) -> str:
    """How many entries a tag has, and from when to when."""
    words = frame.words["pages"]
    if not articles:
        return words["no_entries_now"]
    days = [article.day for article in articles]
    first, last = (format_date(day, frame.language, "day") for day in (min(days), max(days)))
    about = words["tag_about"] if first != last else words["tag_about_day"]
    papers = frame.count_papers(len(articles))
    return about.format(tag=tag.label, papers=papers, first=first, last=last)


def _count_related(tag: Tag, articles: Sequence[Article]) -> list[tuple[Tag, int]]:
    """The tags that stand beside one most often, and how often."""
    counts = Counter(each for article in articles for each in article.tags if each != tag)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0].label.casefold()))
    return ranked[:_MOST_RELATED]
