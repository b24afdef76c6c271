"""The site: pages for each language, and what they are found by. One module a kind of page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from feeds.model import OutputFile
from feeds.outputs.assets import READERS_STYLE, collect_assets
from feeds.outputs.pages.builder import write_builder
from feeds.outputs.pages.calendar import write_calendar
from feeds.outputs.pages.days import write_days
from feeds.outputs.pages.entries import write_entries
from feeds.outputs.pages.feeds import write_feed_pages
from feeds.outputs.pages.frame import Frame
from feeds.outputs.pages.home import write_home
from feeds.outputs.pages.messages import write_languages, write_not_found, write_unsubscribe
from feeds.outputs.pages.search import write_search_page
from feeds.outputs.pages.tags import write_tags
from feeds.outputs.pages.trends import write_trends
from feeds.outputs.site import Site
from feeds.outputs.sitemap import write_robots, write_sitemap

_PAGES: tuple[Callable[[Frame], Iterable[OutputFile]], ...] = (
    write_home,
    write_calendar,
    write_days,
    write_entries,
    write_tags,
    write_trends,
    write_feed_pages,
    write_builder,
    write_search_page,
    write_unsubscribe,
)


def write_pages(site: Site) -> Iterator[OutputFile]:
    """Every page, style sheet and script of the site."""
    assets = collect_assets(site.theme, [READERS_STYLE] if site.config.has_readers else [])
    frames = [Frame(site, lang, assets) for lang in site.config.languages]
    for frame in frames:
        for write in _PAGES:
            yield from write(frame)
    yield write_languages(frames[0])
    yield write_not_found(frames[0])
    listed = chain.from_iterable(frame.listed for frame in frames)
    yield from write_sitemap(listed, site.config)
    yield write_robots(site.config)
    yield from assets.files
