"""What every page has: its head, its way around, and how it names addresses.

Links between pages leave the host out (``/papers/ko/…``), so that the same files can be looked at
before they are put where the base URL says; addresses that leave the site's pages are absolute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from markupsafe import Markup

from feeds.model import Article, Day, Feed, Language, Link, OutputFile
from feeds.outputs.addresses import day_path, tag_path
from feeds.outputs.assets import Assets
from feeds.outputs.formats import FORMATS
from feeds.outputs.pages.head import DESCRIPTION_LENGTH, OpenGraph
from feeds.outputs.pages.lines import Line, Lines, Stamp, Term
from feeds.outputs.pages.prose import Prose
from feeds.outputs.shorten import summarize
from feeds.outputs.site import Site
from feeds.outputs.sitemap import Listed

HTML = "text/html; charset=utf-8"
_MOST_FILTER_TAGS = 20

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
        self.about = self.subtitle or about.format(title=self.title)
        self.feeds = [feed for feed in site.feeds if feed.lang == lang]
        self.formats = [form for form in FORMATS if form.name in site.config.outputs]
        # Looked up for every page: a walk over all feeds would grow with their square.
        self.whole = [feed for feed in self.feeds if feed.kind == "all"]
        self.parts = {feed.page: feed for feed in self.feeds if feed.kind != "all"}
        self.other_languages = tuple(code for code in site.config.languages if code != lang)
        self.listed: list[Listed] = []
        self._assets = assets
        self._root = urlsplit(site.config.address()).path
        self.lines = Lines(lang, site.languages, self._root)
        self._whole_links = [link for feed in self.whole for link in self._announce(feed)]
        self._open_graph = OpenGraph(site, lang)
        self._shared = self._share()

    def page(
        self,
        template: str,
        path: str,
        name: str,
        *,
        description: str = "",
        elsewhere: Mapping[str, str] | None = None,
        canonical: str | None = "",
        indexed: bool = True,
        updated: datetime | None = None,
        scripts: Collection[str] = (),
        styles: Collection[str] = (),
        **context: Any,
    ) -> OutputFile:
        """Render the page at ``path``, which is relative to the base URL and percent-encoded.

        :param name: what the page is called; the publication's name is put behind it.
        :param description: what a search engine or a messenger says about it, in plain text.
        :param elsewhere: the paths of the same page in other languages; None for those of a page
            that every language has at the same place.
        :param canonical: the path that this page is known by, by default its own; None for none.
        :param indexed: whether search engines may list it.
        :param updated: when what it shows last changed.
        :param scripts: what it runs beside ``site.js``.
        :param styles: what it looks like beside ``site.css``.
        :param context: what the template shows; an ``article`` here is what the page is about.
        """
        title = self.title
        if name != title:
            title = self.words["pages"]["page_of"].format(page=name, title=title)
        known = path if canonical == "" else canonical
        address = None if known is None else self.config.address(known)
        others = self.same_place(path) if elsewhere is None else elsewhere
        alternates = self._alternates(path, others) if indexed and known == path else []
        said = summarize([description or self.about], DESCRIPTION_LENGTH)
        if indexed and known == path:
            self.listed.append(Listed(path=path, alternates=alternates, updated=updated))
        head = {
            "here": self.href(path),
            "page_title": title,
            "page_name": name,
            "description": said,
            "page_feeds": self._autodiscovery(known or path),
            "canonical": address,
            "alternates": alternates,
            "properties": self._open_graph.describe(
                name, said, address, alternates, context.get("article")
            ),
            "translations": self._translations(others),
            "indexed": indexed,
            "scripts": ("site.js", *scripts),
            "styles": ("site.css", *styles),
        }
        content = self.site.theme.render(template, self.lang, **{**self._shared, **head, **context})
        return OutputFile(
            path=f"{unquote(path)}index.html", content=content.encode(), media_type=HTML
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

    def list_filter_tags(self, articles: Iterable[Article]) -> list[tuple[Term, int]]:
        """The tags that a page's filter shows at once: the most used, and how many have them."""
        counts = Counter(tag for article in articles for tag in article.tags)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0].label.casefold()))
        return [(self.lines.term(tag), count) for tag, count in ranked[:_MOST_FILTER_TAGS]]

    def _share(self) -> dict[str, Any]:
        rights = self.config.rights
        return {
            "publication": self.title,
            "subtitle": self.subtitle,
            "writer": self.config.writer.name,
            "rights": self.config.localized(rights, self.lang) if rights else None,
            "root": self._root,
            "sign_up": self.href(f"{self.lang}/subscribe") if self.config.has_readers else None,
            "home": self.href(f"{self.lang}/"),
            "application": self.config.application,
            "outputs": self.config.outputs,
            "href": self.href,
            "asset": lambda name: self.href(self._assets.paths[name]),
            "address": self.config.address,
            "html": Prose(self.config.address()).show,
            "day_path": lambda day: day_path(self.lang, day),
            "tag_path": lambda tag: tag_path(self.lang, tag.slug),
            "links_of": self.links_of,
            "name_of": lambda code: self.site.languages[code].name,
            "count_papers": self.count_papers,
            "mark_term": lambda text: _attribute(self.lines.mark_term(text)),
        }

    def _autodiscovery(self, path: str) -> list[dict[str, str]]:
        """The page's own feeds first: some readers take the first that they meet."""
        own = self._announce(self.parts[path]) if path in self.parts else []
        return [*own, *self._whole_links]

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


def _attribute(code: str) -> Markup:
    return Markup(' lang="{}"').format(code) if code else Markup()
