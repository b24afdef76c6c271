"""Plain pages, so that no link of a feed or a mail leads nowhere.

Links between pages leave the host out (``/papers/ko/…``), so that the same files can be looked at
before they are put where the base URL says; addresses that leave the site's pages are absolute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from markupsafe import Markup

from feeds.model import Article, Day, Feed, Link, OutputFile, Text
from feeds.outputs.addresses import day_path, tag_path
from feeds.outputs.formats import FORMATS
from feeds.outputs.site import Site
from feeds.outputs.theme import format_date
from feeds.urls import encode_url

HTML = "text/html; charset=utf-8"


def write_pages(site: Site) -> Iterator[OutputFile]:
    """Every page of the site and its style sheet; paths end in ``index.html``."""
    for lang in site.config.languages:
        pages = _Pages(site, lang)
        yield pages.home()
        yield from pages.days()
        yield from pages.entries()
        yield from pages.tags()
        yield from pages.feeds()
        yield pages.unsubscribe()
    first = _Pages(site, site.config.languages[0])
    yield first.languages()
    yield first.not_found()
    style = site.theme.read("css/site.css").encode()
    yield OutputFile(path="assets/site.css", content=style, media_type="text/css; charset=utf-8")


class _Pages:
    """The pages of one language."""

    def __init__(self, site: Site, lang: str) -> None:
        self.site = site
        self.lang = lang
        self.config = site.config
        self.words = site.languages[lang].words["pages"]
        self.articles = site.archive.articles[lang]
        self.base = site.config.address()
        self.root = urlsplit(self.base).path
        self.title = site.config.localized(site.config.title, lang)
        self.listed = [feed for feed in site.feeds if feed.lang == lang]
        # Looked up for every page: a walk over all feeds or days would grow with their square.
        self.whole = [feed for feed in self.listed if feed.kind == "all"]
        self.parts = {feed.page: feed for feed in self.listed if feed.kind != "all"}
        self.other_days = {
            code: {day.date for day in site.archive.days[code]}
            for code in site.config.languages
            if code != lang
        }

    def home(self) -> OutputFile:
        return self._page(
            "site/home.html",
            f"{self.lang}/",
            self.title,
            days=self.site.archive.days[self.lang],
            subtitle=self.config.localized(self.config.subtitle, self.lang),
        )

    def days(self) -> Iterator[OutputFile]:
        days = self.site.archive.days[self.lang]
        issued = {issue.day for issue in self.site.archive.issues[self.lang]}
        language = self.site.languages[self.lang]
        for index, day in enumerate(days):
            yield self._page(
                "site/day.html",
                day_path(self.lang, day.date),
                format_date(day.date, language, "full"),
                day=day,
                has_newsletter=day.date in issued and "newsletter" in self.config.outputs,
                previous=days[index + 1] if index + 1 < len(days) else None,
                following=days[index - 1] if index else None,
                translations=self._same_day(day),
            )

    def entries(self) -> Iterator[OutputFile]:
        for article in self.articles:
            yield self._page(
                "site/entry.html",
                article.path,
                article.title,
                article=article,
                translations=[
                    Link(path=link.path, title=self._other_language(link.lang), lang=link.lang)
                    for link in article.translations
                ],
            )

    def tags(self) -> Iterator[OutputFile]:
        tagged: dict[str, list[Article]] = {}
        for article in self.articles:
            for tag in article.tags:
                tagged.setdefault(tag.slug, []).append(article)
        counts = [(t, len(tagged[t.slug])) for t in self.site.archive.tags if t.slug in tagged]
        heading = self.words["all_tags"]
        yield self._page("site/tags.html", f"{self.lang}/tags/", heading, counts=counts)
        for slug, tag in sorted(self.site.archive.slugs.items()):
            path = tag_path(self.lang, slug)
            yield self._tag_page(
                path, f"#{tag.label}", tagged.get(tag.slug, []), self.parts.get(path)
            )

    def feeds(self) -> Iterator[OutputFile]:
        named = [feed for feed in self.listed if feed.kind == "named"]
        sections = [
            (self.words["feed_of_all"], self.whole),
            (self.words["feed_named"], named),
            (self.words["feed_of_tag"], [feed for feed in self.listed if feed.kind == "tag"]),
        ]
        opml = f"{self.lang}/feeds.opml" if "opml" in self.config.outputs else None
        yield self._page(
            "site/feeds.html",
            f"{self.lang}/feeds/",
            self.words["feeds"],
            sections=[section for section in sections if section[1]],
            opml=self._href(opml) if opml else None,
            # The publication's name stands on the page already.
            name_of=lambda feed: feed.title.removesuffix(f" · {self.title}"),
        )
        for feed in named:
            yield self._tag_page(feed.page, feed.title, feed.articles, feed)

    def unsubscribe(self) -> OutputFile:
        return self._page(
            "site/message.html",
            f"{self.lang}/unsubscribe/",
            self.words["unsubscribe"],
            heading=self.words["unsubscribe"],
            message=self.words["unsubscribe_text"],
        )

    def languages(self) -> OutputFile:
        choices = self._languages_but("")
        return self._page("site/languages.html", "", self.title, choices=choices, translations=[])

    def not_found(self) -> OutputFile:
        page = self._page(
            "site/message.html",
            "",
            self.words["not_found"],
            heading=self.words["not_found"],
            message=self.words["not_found_text"],
            canonical=None,
        )
        return OutputFile(path="404.html", content=page.content, media_type=HTML)

    def _tag_page(self, path: str, heading: str, articles: Any, feed: Feed | None) -> OutputFile:
        feeds = [feed] if feed else []
        return self._page(
            "site/tag.html", path, heading, heading=heading, articles=articles, feeds=feeds
        )

    def _page(self, template: str, path: str, name: str, **context: Any) -> OutputFile:
        title = self.title
        if name != title:
            title = self.words["page_of"].format(page=name, title=title)
        rights = self.config.rights
        content = self.site.theme.render(
            template,
            self.lang,
            **{
                "publication": self.title,
                "page_title": title,
                "page_feeds": self._autodiscovery(path),
                "canonical": self.config.address(path),
                "translations": self._languages_but(self.lang),
                "rights": self.config.localized(rights, self.lang) if rights else None,
                "href": self._href,
                "address": self.config.address,
                "html": self._html,
                "encode_url": encode_url,
                "day_path": lambda day: day_path(self.lang, day),
                "tag_path": lambda tag: tag_path(self.lang, tag.slug),
                "links_of": self._links_of,
                **context,
            },
        )
        return OutputFile(
            path=f"{unquote(path)}index.html", content=content.encode(), media_type=HTML
        )

    def _href(self, path: str) -> str:
        return f"{self.root}{path}"

    def _html(self, text: Text) -> Markup:
        """Rendered notes, their links to this site without the host as well."""
        # Inside tags only: a note may write about such an address.
        own = rf'(<(?:a|img) [^<>]*?(?:href|src)="){re.escape(self.base)}'
        local = re.sub(own, lambda tag: f"{tag[1]}{self.root}", text.html)
        return Markup(local)  # noqa: S704  # sanitised where it was made

    def _links_of(self, feed: Feed) -> list[dict[str, str]]:
        return [
            {
                "address": self._href(f"{feed.stem}.{form.ending}"),
                "label": form.label,
                "media_type": form.media_type,
            }
            for form in FORMATS
            if form.name in self.config.outputs
        ]

    def _autodiscovery(self, path: str) -> list[dict[str, str]]:
        """The page's own feeds first: some readers take the first that they meet."""
        own = [self.parts[path]] if path in self.parts else []
        return [
            {**link, "title": feed.title}
            for feed in [*own, *self.whole]
            for link in self._links_of(feed)
        ]

    def _languages_but(self, lang: str) -> list[Link]:
        return [
            Link(path=f"{code}/", title=self.site.languages[code].name, lang=code)
            for code in self.config.languages
            if code != lang
        ]

    def _other_language(self, lang: str) -> str:
        name = self.site.languages[lang].name
        return self.site.languages[lang].words["pages"]["other_language"].format(language=name)

    def _same_day(self, day: Day) -> list[Link]:
        return [
            Link(path=day_path(lang, day.date), title=self._other_language(lang), lang=lang)
            for lang, days in self.other_days.items()
            if day.date in days
        ]
