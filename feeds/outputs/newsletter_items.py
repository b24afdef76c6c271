"""An article as a newsletter shows it: chosen, shortened and named; the templates only format."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date
from itertools import chain, count

from markupsafe import Markup

from feeds.model import Article, Issue, Link, Tag, Text
from feeds.outputs.addresses import find_article_address, find_tag_page
from feeds.outputs.characters import allow_characters
from feeds.outputs.shorten import collapse, shorten, take_sentences
from feeds.outputs.site import Site
from feeds.scripts import tell_language
from feeds.urls import encode_link, show_url

TITLE_LENGTH = 300
SHOWN_AUTHORS = 6

_ADDRESS = re.compile(r'\s(?:href|src)="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many sentences of each text there is room for; None is all of them."""

    abstract: int | None = None
    commentary: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A text, perhaps shortened: what of it is shown, and whether the rest is elsewhere."""

    lang: str
    html: Markup
    plain: tuple[str, ...]
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article in a newsletter.

    ``number`` is its position in the issue, from 0. No two items of an issue have the same
    ``title``. ``others`` counts the authors that are not named; ``day`` is set where it is not the
    issue's own; ``links`` are the addresses that the HTML leads to and the plain text does not
    tell. A tag without a page has no ``path``.
    """

    number: int
    title: str
    title_lang: str
    short_title: str
    address: str
    level: int
    day: date | None
    paper: str | None
    paper_label: str
    authors: str
    authors_lang: str
    others: int
    commentary: Excerpt | None
    abstract: Excerpt | None
    tags: tuple[Link, ...]
    related: tuple[Link, ...]
    links: tuple[str, ...]


def lay_out(issue: Issue, site: Site, room: Room) -> tuple[Item, ...]:
    """Lay out the articles of an issue: the day's own, then the late ones."""
    articles = (*issue.articles, *issue.late)
    dated = issue.kind == "weekly"
    return tuple(
        _lay_out_article(
            number,
            article,
            title,
            site,
            room,
            late=(late := number >= len(issue.articles)),
            dated=late or dated,
        )
        for number, (article, title) in enumerate(
            zip(articles, _distinct_titles(articles), strict=True)
        )
    )


def list_tags(issue: Issue, site: Site) -> list[tuple[str, Link]]:
    """The tags of an issue by their names: each with its slug, once.

    Their order is the same whichever of its entries are chosen.
    """
    tags = {tag.slug: tag for article in (*issue.articles, *issue.late) for tag in article.tags}
    links = {slug: _link_tag(tag, issue.lang, site) for slug, tag in tags.items()}
    return sorted(links.items(), key=lambda pair: (pair[1].title.casefold(), pair[0]))


def _link_tag(tag: Tag, lang: str, site: Site) -> Link:
    return Link(
        path=find_tag_page(tag.slug, lang, site.config) or "",
        title=f"#{collapse(tag.label)}",
        lang=tell_language(tag.label, lang, site.languages),
    )


def _lay_out_article(
    number: int, article: Article, title: str, site: Site, room: Room, *, late: bool, dated: bool
) -> Item:
    config, lang, languages = site.config, article.lang, site.languages
    shown = article.authors if len(article.authors) <= SHOWN_AUTHORS else article.authors[:5]
    authors = ", ".join(map(collapse, shown))
    paper = encode_link(article.url) if article.url else None
    return Item(
        number=number,
        title=title,
        title_lang=tell_language(title, lang, languages),
        short_title=shorten(title, 48),
        address=find_article_address(article, config),
        level=3 if late else 2,
        day=article.day if dated else None,
        paper=paper,
        paper_label=show_url(paper) if paper else "",
        authors=authors,
        authors_lang=tell_language(authors, lang, languages),
        others=len(article.authors) - len(shown),
        commentary=_fit(article.commentary, room.commentary),
        abstract=_fit(article.abstract, room.abstract),
        tags=tuple(_link_tag(tag, lang, site) for tag in article.tags),
        related=tuple(
            Link(path=config.address(link.path), title=collapse(link.title), lang=link.lang)
            for link in article.related
            if "pages" in config.outputs
        ),
        links=_untold_links(article),
    )


def _distinct_titles(articles: tuple[Article, ...]) -> list[str]:
    """Titles on one line, of a bearable length; one that stands there already gets a number."""
    titles: dict[str, None] = {}
    for article in articles:
        title = shorten(collapse(article.title), TITLE_LENGTH)
        numbered = (f"{title} ({number})" for number in count(2))
        titles[next(one for one in chain([title], numbered) if one not in titles)] = None
    return list(titles)


def _fit(text: Text | None, sentences: int | None) -> Excerpt | None:
    """Take as many sentences of a text as there is room for."""
    if text is None:
        return None
    plain, cut = text.plain, False
    if sentences is not None:
        plain, cut = take_sentences(text.plain, sentences)
    plain = tuple(map(allow_characters, plain))
    if cut:
        blocks = Markup("").join(Markup("<p>{}</p>").format(p) for p in plain)
        return Excerpt(lang=text.lang, html=blocks, plain=plain, cut=True)
    # Made safe where notes are rendered.
    return Excerpt(lang=text.lang, html=Markup(text.html), plain=plain, cut=False)  # noqa: S704


def _untold_links(article: Article) -> tuple[str, ...]:
    """The addresses in an article's texts that their plain form leaves out, in order, once."""
    texts = [text for text in (article.commentary, article.abstract) if text]
    told = "\n".join(line for text in texts for line in text.plain)
    found = [
        encode_link(html.unescape(href)) for text in texts for href in _ADDRESS.findall(text.html)
    ]
    return tuple(dict.fromkeys(address for address in found if address and address not in told))
