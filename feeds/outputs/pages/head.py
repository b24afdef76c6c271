"""What messengers show of a page: OpenGraph (ogp.me)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feeds.model import Article, Link
from feeds.outputs.addresses import resolve_address
from feeds.outputs.site import Site

DESCRIPTION_LENGTH = 160

Property = tuple[str, str]


class OpenGraph:
    """The properties of a language's pages."""

    def __init__(self, site: Site, lang: str) -> None:
        config = site.config
        self._name = config.localized(config.title, lang)
        self._locale = site.languages[lang].locale
        self._locales = {code: each.locale for code, each in site.languages.items() if code != lang}
        self._image = resolve_address(config.logo, config)

    def describe(
        self,
        title: str,
        description: str,
        address: str | None,
        alternates: Sequence[Link],
        article: Article | None,
    ) -> list[Property]:
        """The properties of a page in their order; ``article`` is the entry it is about, if any."""
        shown = [
            ("og:type", "article" if article else "website"),
            ("og:site_name", self._name),
            ("og:title", title),
            ("og:description", description),
            ("og:url", address),
            ("og:image", self._image),
            ("og:locale", self._locale),
            *(("og:locale:alternate", self._locales.get(link.lang)) for link in alternates),
            *(_describe_article(article) if article else ()),
        ]
        return [(name, value) for name, value in shown if value]


def _describe_article(article: Article) -> Iterator[Property]:
    yield "article:published_time", article.published.isoformat()
    yield "article:modified_time", article.updated.isoformat()
    for tag in article.tags:
        yield "article:tag", tag.label
