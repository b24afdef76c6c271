"""Pages of tags: one for each slug that was ever published, and one that lists them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby

from feeds.model import Article, OutputFile, Tag
from feeds.outputs.addresses import tag_path
from feeds.outputs.initials import group_by_initial
from feeds.outputs.pages.frame import Frame
from feeds.outputs.plot_words import Figure, plot_tag
from feeds.outputs.plots import count_usage
from feeds.outputs.theme import format_date
from feeds.slugs import join_tags, tag_slug

_MOST_RELATED = 8
_MOST_USED = 20
# So many of the newest stand by their days; older ones by their years, in fewer words.
_BY_DAY = 100


def write_tags(frame: Frame) -> Iterator[OutputFile]:
    """The list of tags in use, and every tag with its entries."""
    tagged: defaultdict[str, list[Article]] = defaultdict(list)
    for article in frame.articles:
        for tag in article.tags:
            tagged[tag.slug].append(article)
    counts = [(t, len(tagged[t.slug])) for t in frame.site.archive.tags if t.slug in tagged]
    yield _write_list(frame, counts)
    usage = count_usage(frame.articles)
    descriptions = _read_descriptions(frame)
    elsewhere = {
        code: {tag.slug for each in frame.site.archive.articles[code] for tag in each.tags}
        for code in frame.other_languages
    }
    for slug, tag in sorted(frame.site.archive.slugs.items()):
        others = {
            code: tag_path(code, slug) for code, used in elsewhere.items() if tag.slug in used
        }
        articles = tagged.get(tag.slug, [])
        figure = plot_tag(usage, tag, frame.language) if articles else None
        yield _write_tag(frame, slug, tag, articles, descriptions.get(tag.slug, ""), others, figure)


def list_by_days(articles: Sequence[Article]) -> dict[str, list[tuple[date, list[Article]]]]:
    """Entries for a long list, newest first: ``days`` with the newest, ``years`` with the rest."""
    newest, rest = articles[:_BY_DAY], articles[_BY_DAY:]
    return {
        "days": [(day, list(found)) for day, found in groupby(newest, key=lambda a: a.day)],
        "years": [
            (date(year, 1, 1), list(found))
            for year, found in groupby(rest, key=lambda article: article.day.year)
        ],
    }


def _write_list(frame: Frame, counts: Sequence[tuple[Tag, int]]) -> OutputFile:
    words = frame.words["pages"]
    used = sorted(counts, key=lambda item: (-item[1], item[0].label.casefold()))
    return frame.page(
        "site/tags.html",
        f"{frame.lang}/tags/",
        words["all_tags"],
        description=f"{words['tag_count'].format(count=len(counts))}. {words['tags_about']}",
        scripts=("filter.js",),
        count=len(counts),
        groups=group_by_initial(counts, frame.lang, frame.site.languages),
        # A short list is seen at a glance.
        most_used=used[:_MOST_USED] if len(used) > _MOST_USED else [],
        filter_tags=used,
    )


def _write_tag(
    frame: Frame,
    slug: str,
    tag: Tag,
    articles: Sequence[Article],
    description: str,
    others: Mapping[str, str],
    figure: Figure | None,
) -> OutputFile:
    """The page of a slug; one that was joined to another tag shows that tag, and leads to it."""
    path = tag_path(frame.lang, slug)
    feed = frame.parts.get(tag_path(frame.lang, tag.slug))
    facts = _say_facts(frame, tag, articles)
    return frame.page(
        "site/tag.html",
        path,
        f"#{tag.label}",
        description=description or facts,
        elsewhere=others,
        canonical=tag_path(frame.lang, tag.slug),
        indexed=slug == tag.slug and bool(articles),
        updated=max((article.updated for article in articles), default=None),
        heading=f"#{tag.label}",
        about=description,
        facts=facts,
        related=_count_related(tag, articles),
        figure=figure,
        styles=("plots.css",) if figure else (),
        feeds=[feed] if feed else [],
        **list_by_days(articles),
    )


def _read_descriptions(frame: Frame) -> dict[str, str]:
    """What the configuration says tags are about, by the slug that each has now."""
    config, slugs = frame.config, frame.site.archive.slugs
    joins = join_tags(config.tags.aliases)
    said: dict[str, str] = {}
    for written, text in config.tags.descriptions.items():
        slug = joins.resolve(tag_slug(written))
        slug = slugs[slug].slug if slug in slugs else slug
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
