"""What a form offers to choose from: the tags used most, and every time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feeds.outputs.entry_list import count_tags, name_tag
from feeds.outputs.site import Site
from feeds.subscribers.hours import known_zones

MOST_OFFERED = 24
_REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A tag to choose: its slug, and how it is shown."""

    slug: str
    label: str
    chosen: bool


class Tags:
    """The tags of the site as it is now; ``load`` gives it, or None."""

    def __init__(self, load: Callable[[], Site | None]) -> None:
        self._load = load
        self._counted: tuple[Site | None, Mapping[str, Sequence[tuple[str, str]]]] = (None, {})

    def offer(self, lang: str, chosen: Iterable[str]) -> list[Offer]:
        """The tags used most in a language, and those that were chosen besides."""
        site = self._load()
        slugs = tuple(dict.fromkeys(chosen))
        often = dict(self._count(site).get(lang, ()))
        named = {slug: _name(site, slug) for slug in slugs if slug not in often}
        return [
            Offer(slug=slug, label=label, chosen=slug in slugs)
            for slug, label in {**often, **named}.items()
        ]

    def _count(self, site: Site | None) -> Mapping[str, Sequence[tuple[str, str]]]:
        if site is None:
            return {}
        known, counted = self._counted
        if known is not site:
            counted = {
                lang: [(tag.slug, name_tag(tag)) for tag, _ in count_tags(articles)[:MOST_OFFERED]]
                for lang, articles in site.archive.articles.items()
            }
            self._counted = site, counted
        return counted


def _name(site: Site | None, slug: str) -> str:
    tag = site.archive.slugs.get(slug) if site else None
    return name_tag(tag) if tag and tag.slug == slug else slug


@lru_cache(maxsize=1)
def group_zones() -> Mapping[str, Sequence[tuple[str, str]]]:
    """The time zones by region: each with its name and what it is called there (``Seoul``)."""
    groups: dict[str, list[tuple[str, str]]] = {region: [] for region in _REGIONS}
    for name in sorted(known_zones()):
        region, _, place = name.partition("/")
        if place and region in groups:
            groups[region].append((name, place.replace("_", " ").replace("/", " – ")))
    return groups
