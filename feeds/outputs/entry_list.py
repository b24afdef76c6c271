"""A language's entries as a list for scripts: ``<lang>/entries.json``.

::

    {"tags": [[slug, label], …],
     "entries": [[day, path, title, [index of a tag, …], language of the title], …],
     "joined": {slug: the slug that has its entries now, …}}

Tags stand most used first, entries newest first and without stubs, as in feeds. The language of a
title stands there where it is another one than the list's.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from feeds.config import Config
from feeds.model import Archive, Article, OutputFile, Tag
from feeds.outputs.characters import one_line, plain_name
from feeds.outputs.shelf import find_slug, sort_entries
from feeds.outputs.site import Site
from feeds.scripts import tell_language
from feeds.slugs import join_tags


def write_entry_list(site: Site, lang: str) -> OutputFile:
    """The list of one language."""
    entries = sort_entries(site.archive.articles[lang])
    tags = [tag for tag, _ in count_tags(entries)]
    places = {tag.slug: place for place, tag in enumerate(tags)}
    content = {
        "tags": [[tag.slug, name_tag(tag)] for tag in tags],
        "entries": [_describe(article, places, site) for article in entries],
        "joined": find_joined(site.archive, site.config),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return OutputFile(
        path=f"{lang}/entries.json", content=f"{text}\n".encode(), media_type="application/json"
    )


def count_tags(entries: tuple[Article, ...]) -> list[tuple[Tag, int]]:
    """The tags of entries and how many have them, the most used first."""
    counts = Counter(tag for article in entries for tag in dict.fromkeys(article.tags))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0].slug))


def name_tag(tag: Tag) -> str:
    """How a tag is shown, in plain text."""
    return plain_name(tag.label) or tag.slug


def find_joined(archive: Archive, config: Config) -> dict[str, str]:
    """The slugs that another one stands for by now."""
    joins = join_tags(config.tags.aliases)
    now = {slug: find_slug(slug, joins, archive) for slug in {*joins.targets, *archive.slugs}}
    return {slug: now[slug] for slug in sorted(now) if now[slug] != slug}


def _describe(article: Article, places: dict[str, int], site: Site) -> list[Any]:
    title = one_line(article.title) or article.key
    tags = [places[slug] for slug in dict.fromkeys(tag.slug for tag in article.tags)]
    code = tell_language(title, article.lang, site.languages)
    marks = [code] if code != article.lang else []
    return [article.day.isoformat(), article.path, title, tags, *marks]
