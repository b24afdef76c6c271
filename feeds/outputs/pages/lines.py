"""Entries, days and tags as the lists of pages show them, each worked out once a language.

An entry stands on a dozen pages. What each of them shows of it is plain data here, so that the
templates need no calls for it: those would be most of the time that a page takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from feeds.model import Article, Language, Link, Tag
from feeds.outputs.addresses import day_path, tag_path
from feeds.outputs.theme import Templates, format_date
from feeds.scripts import has_script, tell_language
from feeds.urls import encode_url, show_url


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stamp:
    """A date: for machines (``iso``), its page, and in words in three lengths.

    ``link`` leads to its page.
    """

    date: date
    iso: str
    href: str
    full: str
    day: str
    short: str
    link: Markup


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term:
    """A tag; ``lang`` is set where its letters are not at home in the page's language.

    ``link`` leads to its page.
    """

    slug: str
    label: str
    href: str
    lang: str
    link: Markup


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """An entry: its title and where that leads; ``lang`` is set where the title's is another.

    ``link`` is both.
    ``slugs`` are those of its tags, as a page's filter reads them: with spaces between. ``paper``
    is the paper's address in ASCII, or None; ``paper_label`` how people say it.
    """

    article: Article
    href: str
    title: str
    lang: str
    slugs: str
    tags: tuple[Term, ...]
    day: Stamp
    paper: str | None
    paper_label: str
    link: Markup


class Lines:
    """Makes them for the pages of one language; ``root`` is the path of the base URL."""

    def __init__(
        self, lang: str, languages: Mapping[str, Language], root: str, templates: Templates
    ) -> None:
        self._lang = lang
        self._languages = languages
        self._root = root
        self._link = templates.find_macro("site/links.html", "link")
        self._date_link = templates.find_macro("site/links.html", "date_link")
        self._lines: dict[str, Line] = {}
        self._stamps: dict[date, Stamp] = {}
        self._terms: dict[Tag, Term] = {}

    def list(self, articles: Iterable[Article]) -> list[Line]:
        """Entries, in the order given."""
        return [self.show(article) for article in articles]

    def show(self, article: Article) -> Line:
        """An entry."""
        line = self._lines.get(article.id)
        if line is None:
            paper = encode_url(article.url) if article.url else None
            href, lang = f"{self._root}{article.path}", self.mark(article.title)
            line = self._lines[article.id] = Line(
                article=article,
                href=href,
                title=article.title,
                lang=lang,
                slugs=" ".join(tag.slug for tag in article.tags),
                tags=tuple(map(self.term, article.tags)),
                day=self.stamp(article.day),
                paper=paper,
                paper_label=show_url(paper) if paper else "",
                link=self._link(href, article.title, lang),
            )
        return line

    def stamp(self, day: date) -> Stamp:
        """A date."""
        stamp = self._stamps.get(day)
        if stamp is None:
            language = self._languages[self._lang]
            iso, full = day.isoformat(), format_date(day, language, "full")
            href = f"{self._root}{day_path(self._lang, day)}"
            stamp = self._stamps[day] = Stamp(
                date=day,
                iso=iso,
                href=href,
                full=full,
                day=format_date(day, language, "day"),
                short=format_date(day, language, "short"),
                link=self._date_link(href, iso, full),
            )
        return stamp

    def term(self, tag: Tag) -> Term:
        """A tag."""
        term = self._terms.get(tag)
        if term is None:
            href = f"{self._root}{tag_path(self._lang, tag.slug)}"
            lang = self.mark_term(tag.label)
            term = self._terms[tag] = Term(
                slug=tag.slug,
                label=tag.label,
                href=href,
                lang=lang,
                link=self._link(href, f"#{tag.label}", lang),
            )
        return term

    def link(self, link: Link) -> tuple[str, str, str, str]:
        """A link inside the site: address, title, the title's language, the page's language.

        Each language is empty where it is this page's own.
        """
        lang = "" if link.lang == self._lang else link.lang
        return f"{self._root}{link.path}", link.title, self.mark(link.title), lang

    def mark(self, text: str) -> str:
        """The language of a title, told by its letters; empty where it is the page's."""
        code = tell_language(text, self._lang, self._languages)
        return "" if code == self._lang else code

    def mark_term(self, text: str) -> str:
        """The same for a name or a term: Latin letters are at home in every language."""
        code = self.mark(text)
        return code if code and has_script(code, self._languages) else ""
