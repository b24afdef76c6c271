"""What every page has: its head, its way around, and how it names addresses.

Links between pages leave the host out (``/papers/ko/…``), so that the same files can be looked at
before they are put where the base URL says; addresses that leave the site's pages are absolute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from jinja2.environment import TemplateModule
from markupsafe import Markup

from feeds.keys import digest
from feeds.model import Article, Day, Feed, Language, Link, OutputFile
from feeds.outputs.addresses import resolve_address
from feeds.outputs.assets import Assets
from feeds.outputs.formats import FORMATS
from feeds.outputs.pages.lines import Line, Lines, Stamp, Term
from feeds.outputs.pages.prose import Prose
from feeds.outputs.shorten import summarize
from feeds.outputs.site import Site
from feeds.outputs.sitemap import Listed

HTML = "text/html; charset=utf-8"
_MOST_CHIPS = 20
_DESCRIPTION_LENGTH = 160
# Where the menu and the filter lead, below the first page of a language: there, they say so.
_LED_TO = ("", "tags/", "trends/", "feeds/", "builder/", "search/")

T = TypeVar("T")


class Frame:
    """The pages of one language: what they share, worked out once.

    ``listed`` are the pages made so far that search engines may list.
    """

    def __init__(self, site: Site, lang: str, assets: Assets) -> None:
        self.site = site
        self.lang = lang
        self.config = site.config
        self.language: Language = site.languages[lang]
        self.words = self.language.words
        self.articles: tuple[Article, ...] = site.archive.articles[lang]
        self.days = site.archive.days[lang]
        self.title = site.config.localized(site.config.title, lang)
        self.subtitle = site.config.localized(site.config.subtitle, lang)
        about = self.words["pages"]["home_about"]
        about = self.subtitle or about.format(title=self.title)
        self._about = summarize([about], _DESCRIPTION_LENGTH)
        self.feeds = [feed for feed in site.feeds if feed.lang == lang]
        self.formats = [form for form in FORMATS if form.name in site.config.outputs]
        # Looked up for every page: a walk over all feeds would grow with their square.
        self.whole = [feed for feed in self.feeds if feed.kind == "all"]
        self.parts = {feed.page: feed for feed in self.feeds if feed.kind != "all"}
        self.other_languages = tuple(code for code in site.config.languages if code != lang)
        self.listed: list[Listed] = []
        self._assets = assets
        self._root = urlsplit(site.config.address()).path
        self._templates = site.theme.fix(lang, **self._share())
        self.lines = Lines(lang, site.languages, self._root, self._templates)
        self._chip = self._templates.find_macro("site/links.html", "chip")
        self._chips: dict[tuple[Term, int], Markup] = {}
        self._led_to = {self.href(f"{lang}/{place}") for place in _LED_TO}
        self._surroundings: dict[tuple[str, tuple[str, ...], tuple[str, ...]], TemplateModule] = {}

    def page(
        self,
        template: str,
        path: str,
        name: str,
        *,
        description: Sequence[str] = (),
        elsewhere: Mapping[str, str] | None = None,
        canonical: str | None = "",
        indexed: bool = True,
        updated: datetime | None = None,
        scripts: Collection[str] = (),
        styles: Collection[str] = (),
        article: Article | None = None,
        file: str | None = None,
        **context: Any,
    ) -> OutputFile:
        """Render the page at ``path``, which is relative to the base URL and percent-encoded.

        :param name: what the page is called; the publication's name is put behind it.
        :param description: what a search engine or a messenger says about it: paragraphs of plain
            text, of which it takes the beginning.
        :param elsewhere: the paths of the same page in other languages; None for those of a page
            that every language has at the same place.
        :param canonical: the path that this page is known by, by default its own; None for none.
        :param indexed: whether search engines may list it.
        :param updated: when what it shows last changed.
        :param scripts: what it runs beside ``site.js``.
        :param styles: what it looks like beside ``site.css``.
        :param article: the entry that the page is about, if it is about one.
        :param file: the file that it is written to, by default that of ``path``.
        :param context: what the template shows.
        """
        title = self.title
        if name != title:
            title = self.words["pages"]["page_of"].format(page=name, title=title)
        known = path if canonical == "" else canonical
        address = None if known is None else self.config.address(known)
        others = self.same_place(path) if elsewhere is None else elsewhere
        alternates = self._alternates(path, others) if indexed and known == path else []
        said = summarize(description, _DESCRIPTION_LENGTH) or self._about
        if indexed and known == path:
            self.listed.append(Listed(path=path, alternates=alternates, updated=updated))
        part = self.parts.get(known or path)
        shown = {
            "here": self.href(path),
            "page_title": title,
            "page_name": name,
            "description": said,
            "page_feeds": self._announce(part) if part else (),
            "canonical": address,
            "alternates": alternates,
            "article": article,
            "translations": self._translations(others),
            "indexed": indexed,
            **context,
        }

        def render() -> bytes:
            surroundings = self._surround(self.href(path), tuple(styles), tuple(scripts))
            return self._templates.render(template, frame=surroundings, **shown).encode()

        return OutputFile(
            path=file or f"{unquote(path)}index.html",
            content=render,
            media_type=HTML,
            key=partial(
                digest, self.site.setting, self.lang, template, (*styles,), (*scripts,), shown
            ),
        )

    def same_place(self, path: str) -> dict[str, str]:
        """The same path in every other language."""
        rest = path.removeprefix(f"{self.lang}/")
        return {code: f"{code}/{rest}" for code in self.other_languages}

    def href(self, path: str) -> str:
        """A link to a path, without the host."""
        return f"{self._root}{path}"

    def links_of(self, feed: Feed) -> list[dict[str, str]]:
        """A feed in the formats that are written: ``address``, ``label``, ``media_type``."""
        return [
            {
                "address": self.href(f"{feed.stem}.{form.ending}"),
                "absolute": self.config.address(f"{feed.stem}.{form.ending}"),
                "label": form.label,
                "media_type": form.media_type,
            }
            for form in self.formats
        ]

    def name_feed(self, feed: Feed) -> str:
        """What a feed is called on a page, where the publication's name stands already."""
        return feed.title.removesuffix(f" · {self.title}")

    def list_days(self, days: Iterable[Day]) -> list[tuple[Stamp, list[Line]]]:
        """Days with their entries, as lists of pages show them."""
        return [(self.lines.stamp(day.date), self.lines.list(day.articles)) for day in days]

    def count_papers(self, count: int) -> str:
        """Say how many papers there are: "1 paper", "12 papers"."""
        words = self.words["pages"]
        return words["papers_one"] if count == 1 else words["papers_many"].format(count=count)

    def list_chips(self, articles: Iterable[Article]) -> list[Markup]:
        """The tags that a page's filter shows at once: the most used, and how many have them."""
        counts = Counter(tag for article in articles for tag in article.tags)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0].label.casefold()))
        return [self._show_chip(self.lines.term(tag), count) for tag, count in ranked[:_MOST_CHIPS]]

    def _show_chip(self, term: Term, count: int) -> Markup:
        chip = self._chips.get((term, count))
        if chip is None:
            chip = self._chip(term.slug, term.label, count, term.lang)
            self._chips[term, count] = chip
        return chip

    def _surround(
        self, here: str, styles: tuple[str, ...], scripts: tuple[str, ...]
    ) -> TemplateModule:
        """What the page has around what it says, which many pages share."""
        key = (here if here in self._led_to else "", styles, scripts)
        found = self._surroundings.get(key)
        if found is None:
            found = self._surroundings[key] = self._templates.make_module(
                "site/frame.html",
                here=key[0],
                styles=("site.css", *styles),
                scripts=("site.js", *scripts),
            )
        return found

    def _share(self) -> dict[str, Any]:
        rights, languages = self.config.rights, self.site.languages
        return {
            "publication": self.title,
            "subtitle": self.subtitle,
            "writer": self.config.writer.name,
            "rights": self.config.localized(rights, self.lang) if rights else None,
            "root": self._root,
            "base": self.config.address(),
            "sign_up": self.href(f"{self.lang}/subscribe") if self.config.has_readers else None,
            "home": self.href(f"{self.lang}/"),
            "application": self.config.application,
            "outputs": self.config.outputs,
            "href": self.href,
            "asset": lambda name: self.href(self._assets.paths[name]),
            "address": self.config.address,
            "html": Prose(self.config.address()).show,
            "links_of": self.links_of,
            "names": {code: language.name for code, language in languages.items()},
            # Of the page in other languages; the choice of languages is in none.
            "locales": {code: language.locale for code, language in languages.items()}
            | {self.lang: "", "x-default": ""},
            "image": resolve_address(self.config.logo, self.config),
            "count_papers": self.count_papers,
            "whole_feeds": [link for feed in self.whole for link in self._announce(feed)],
        }

    def _announce(self, feed: Feed) -> list[dict[str, str]]:
        return [{**link, "title": feed.title} for link in self.links_of(feed)]

    def _alternates(self, path: str, others: Mapping[str, str]) -> list[Link]:
        """The page in every language, its own too: each names all of them, and so each other."""
        paths = {self.lang: path, **others}
        if self.other_languages and path in ("", f"{self.lang}/"):
            # The choice of languages is for whoever reads none of them.
            paths = {code: f"{code}/" for code in self.config.languages} | {"x-default": ""}
        return [
            Link(path=there, title=self.title, lang=code)
            for code, there in sorted(paths.items())
            if len(paths) > 1
        ]

    def _translations(self, others: Mapping[str, str]) -> Iterable[Link]:
        """Where the other languages are: the same page, else their first."""
        return [
            Link(
                path=others.get(code, f"{code}/"),
                title=self.site.languages[code].name,
                lang=code,
            )
            for code in self.other_languages
        ]


def with_neighbours(items: Sequence[T]) -> Iterator[tuple[T, T | None, T | None]]:
    """Each of what is newest first, with the one before it in time and the one after it."""
    for index, item in enumerate(items):
        before = items[index + 1] if index + 1 < len(items) else None
        yield item, before, items[index - 1] if index else None
