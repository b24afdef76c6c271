"""Rendering a page for readers in the site's own look: its frame, its fonts, its style sheets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from feeds.config import Config
from feeds.languages import load_languages
from feeds.model import Archive
from feeds.outputs.assets import READERS_STYLE, collect_assets
from feeds.outputs.pages.frame import HTML, Frame
from feeds.outputs.site import Site
from feeds.outputs.theme import Theme
from feeds.web.responses import Representation

# Nothing of what one reader is shown is kept by anybody, nor found by searching.
_PERSONAL = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_FOR_EVER = "public, max-age=31536000, immutable"


class Look:
    """Renders pages in every language of a publication; safe to call from several threads.

    :raises RenderError: a style sheet is missing.
    """

    def __init__(self, config: Config) -> None:
        self.languages = load_languages(config.languages, config.templates_folder)
        self._theme = Theme(self.languages, config.templates_folder)
        assets = collect_assets(self._theme, (READERS_STYLE,))
        site = _empty_site(config, self._theme)
        self._frames = {lang: Frame(site, lang, assets) for lang in config.languages}
        # Those of out/ may be of another version, or elsewhere: pages here never lack their own.
        since = datetime.fromtimestamp(0, UTC)
        self._assets = {
            file.path: Representation(
                content=file.content,
                media_type=file.media_type,
                modified=since,
                cache_control=_FOR_EVER,
            )
            for file in assets.files
        }

    def words(self, lang: str) -> Mapping[str, str]:
        """The words of the pages for readers."""
        return self.languages[lang].words["readers"]

    def asset(self, path: str) -> Representation | None:
        """A style sheet or a script that these pages use."""
        return self._assets.get(path)

    def page(
        self,
        template: str,
        lang: str,
        page: str,
        name: str,
        *,
        query: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """Render the page ``/<lang>/<page>``, called ``name``.

        :param query: what stands behind the address of the same page in other languages.
        :raises RenderError: the template does not render.
        """
        frame = self._frames[lang]
        behind = f"?{query}" if query else ""
        made = frame.page(
            f"web/{template}.html",
            f"{lang}/{page}",
            name,
            elsewhere={code: f"{code}/{page}{behind}" for code in frame.other_languages},
            canonical=None,
            indexed=False,
            styles=(READERS_STYLE,),
            say=self.words(lang),
            **context,
        )
        return Response(made.content, status, {**_PERSONAL, **(headers or {})}, HTML)

    def tell(
        self,
        lang: str,
        page: str,
        heading: str,
        *paragraphs: str,
        ways: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Response:
        """A page that says one thing; ``ways`` are links below it, by what they are called.

        ``options`` are those of ``page``.
        """
        return self.page(
            "message",
            lang,
            page,
            heading,
            heading=heading,
            paragraphs=[text for text in paragraphs if text],
            ways=ways or {},
            **options,
        )

    def way(self, lang: str, page: str, **query: str) -> str:
        """A link to another page for readers, with its query."""
        return f"{self._frames[lang].href(f'{lang}/{page}')}{_encode(query)}"

    def lead(self, lang: str, page: str, **query: str) -> Response:
        """Lead on after a form, so that loading the page again sends nothing again."""
        return RedirectResponse(self.way(lang, page, **query), 303, _PERSONAL)


def _encode(query: Mapping[str, str]) -> str:
    pairs = [f"{name}={quote(value, safe='')}" for name, value in query.items()]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _empty_site(config: Config, theme: Theme) -> Site:
    """The publication without what it publishes: all that a frame needs for these pages."""
    return Site(
        config=config,
        languages=theme.languages,
        archive=Archive(
            languages=config.languages,
            articles=dict.fromkeys(config.languages, ()),
            days=dict.fromkeys(config.languages, ()),
            issues=dict.fromkeys(config.languages, ()),
            tags=(),
            slugs={},
            findings=(),
        ),
        feeds=(),
        unlisted_feeds=(),
        theme=theme,
    )
