"""What every page has: its head, its way around, and how it names addresses.

Links between pages leave the host out (``/papers/ko/…``), so that the same files can be looked at
before they are put where the base URL says; addresses that leave the site's pages are absolute.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from markupsafe import Markup

from feeds.model import Article, Feed, Language, Link, OutputFile, Text
from feeds.outputs.addresses import day_path, tag_path
from feeds.outputs.assets import Assets
from feeds.outputs.formats import FORMATS
from feeds.outputs.site import Site
from feeds.urls import encode_url

HTML = "text/html; charset=utf-8"


class Frame:
    """The pages of one language: what they share, worked out once."""

    def __init__(self, site: Site, lang: str, assets: Assets) -> None:
        self.site = site
        self.lang = lang
        self.config = site.config
        self.language: Language = site.languages[lang]
        self.words = self.language.words
        self.articles: tuple[Article, ...] = site.archive.articles[lang]
        self.days = site.archive.days[lang]
        self.title = site.config.localized(site.config.title, lang)
        self.feeds = [feed for feed in site.feeds if feed.lang == lang]
        # Looked up for every page: a walk over all feeds would grow with their square.
        self.whole = [feed for feed in self.feeds if feed.kind == "all"]
        self.parts = {feed.page: feed for feed in self.feeds if feed.kind != "all"}
        self.other_languages = tuple(code for code in site.config.languages if code != lang)
        self._assets = assets
        self._base = site.config.address()
        self._root = urlsplit(self._base).path
        # Inside tags only: a note may write about such an address.
        self._own_links = re.compile(rf'(<(?:a|img) [^<>]*?(?:href|src)="){re.escape(self._base)}')
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
        :param scripts: what it runs beside ``site.js``.
        :param styles: what it looks like beside ``site.css``.
        """
        title = self.title
        if name != title:
            title = self.words["pages"]["page_of"].format(page=name, title=title)
        known = path if canonical == "" else canonical
        others = self.same_place(path) if elsewhere is None else elsewhere
        content = self.site.theme.render(
            template,
            self.lang,
            **{
                **self._shared,
                "page_title": title,
                "page_name": name,
                "description": description,
                "page_feeds": self._autodiscovery(path),
                "canonical": None if known is None else self.config.address(known),
                "alternates": self._alternates(path, others) if known == path else [],
                "translations": self._translations(others),
                "indexed": indexed,
                "scripts": ("site.js", *scripts),
                "styles": ("site.css", *styles),
                **context,
            },
        )
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
            for form in FORMATS
            if form.name in self.config.outputs
        ]

    def _share(self) -> dict[str, Any]:
        rights = self.config.rights
        return {
            "publication": self.title,
            "subtitle": self.config.localized(self.config.subtitle, self.lang),
            "rights": self.config.localized(rights, self.lang) if rights else None,
            "root": self._root,
            "application": self.config.application,
            "outputs": self.config.outputs,
            "href": self.href,
            "asset": lambda name: self.href(self._assets.paths[name]),
            "address": self.config.address,
            "html": self._html,
            "encode_url": encode_url,
            "day_path": lambda day: day_path(self.lang, day),
            "tag_path": lambda tag: tag_path(self.lang, tag.slug),
            "links_of": self.links_of,
        }

    def _html(self, text: Text) -> Markup:
        """Rendered notes with their formulas, their links to this site without the host as well."""
        local = self._own_links.sub(lambda tag: f"{tag[1]}{self._root}", text.mathml or text.html)
        return Markup(local)  # noqa: S704  # sanitised where it was made

    def _autodiscovery(self, path: str) -> list[dict[str, str]]:
        """The page's own feeds first: some readers take the first that they meet."""
        own = [self.parts[path]] if path in self.parts else []
        return [
            {**link, "title": feed.title}
            for feed in [*own, *self.whole]
            for link in self.links_of(feed)
        ]

    def _alternates(self, path: str, others: Mapping[str, str]) -> list[Link]:
        """The page in every language, its own too: each names all of them, and so each other."""
        paths = {self.lang: path, **others}
        return [
            Link(path=paths[code], title=self.site.languages[code].name, lang=code)
            for code in self.config.languages
            if code in paths and len(paths) > 1
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
