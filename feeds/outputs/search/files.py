"""The files of the index. Their names are made of their content; the manifest lists them.

So a browser may keep each of them for ever, and never mixes two builds: one that meets a name which
is no more reads the manifest again. A new entry changes the files of its own words and the last
one of texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

import msgspec

from feeds.model import Article, Language, OutputFile
from feeds.outputs.search.index import WEIGHTS, Postings, index_articles, order_articles
from feeds.outputs.search.words import Tokens, find_shard, name_shelf
from feeds.outputs.site import Site
from feeds.outputs.theme import format_date
from feeds.scripts import tell_language

FORMAT = 1
"""Of the manifest and of all that it lists; the script tells one that it does not know."""
GROUP = 4
"""Entries in a file of texts: a page of results asks for ten."""
_JSON = "application/json"
_HASH = 6
_POSTINGS_A_SHARD = 4096
_MOST_SHARDS = 1024
# Numbers in text: 59 digits that end one and 32 that go on, all plain in JSON.
_DIGITS = "".join(chr(code) for code in range(35, 127) if code != ord("\\"))
_LAST = 59
_MORE = 32
_WEIGHT = WEIGHTS - 1  # the bits of a posting that are its weight


def write_search(site: Site) -> Iterator[OutputFile]:
    """The index of every language."""
    tokens = Tokens()
    for lang in site.archive.languages:
        yield from _write_language(site, lang, tokens)


def manifest_path(lang: str) -> str:
    """Where the list of a language's index files is, relative to the base URL."""
    return f"{lang}/search/index.json"


def files_folder(lang: str) -> str:
    """Where the files of a language's index are, relative to the base URL."""
    return f"assets/search/{lang}/"


def choose_count(postings: int) -> int:
    """How many files an index is in: a power of two, so that it changes only as it doubles."""
    wanted = -(-postings // _POSTINGS_A_SHARD)
    return min(1 << max(0, wanted - 1).bit_length(), _MOST_SHARDS)


def encode_postings(postings: Sequence[int]) -> str:
    """Postings as text: the steps from entry to entry, which are small where they are many."""
    # The entries between one posting and the next, whatever the weight of the first of them.
    steps = [
        after - (before | _WEIGHT) - 1
        for before, after in zip(chain((-1,), postings), postings, strict=False)
    ]
    return "".join(map(_spell, steps))


@lru_cache(maxsize=16_384)
def _spell(value: int) -> str:
    text = ""
    while value >= _LAST:
        value, digit = divmod(value - _LAST, _MORE)
        text += _DIGITS[_LAST + digit]
    return text + _DIGITS[value]


def _write_language(site: Site, lang: str, tokens: Tokens) -> Iterator[OutputFile]:
    articles = order_articles(site.archive.articles[lang])
    names: dict[str, str] = {}
    contents: dict[str, Sequence[Any]] = {
        "words": _divide(index_articles(articles, tokens)),
        "texts": _group(articles, site, lang),
    }
    for kind, pieces in contents.items():
        names[kind] = ""
        for number, piece in enumerate(pieces):
            content = msgspec.json.encode(piece)
            digest = blake2b(content, digest_size=_HASH // 2).hexdigest()
            names[kind] += digest
            path = f"{files_folder(lang)}{kind}-{number:x}.{digest}.json"
            yield OutputFile(path=path, content=content, media_type=_JSON)
    manifest = {"format": FORMAT, "entries": len(articles), "group": GROUP, **names}
    yield OutputFile(
        path=manifest_path(lang), content=msgspec.json.encode(manifest), media_type=_JSON
    )


def _divide(postings: Postings) -> list[dict[str, str]]:
    count = choose_count(sum(map(len, postings.values())))
    shards: list[dict[str, str]] = [{} for _ in range(count)]
    shelves: dict[str, dict[str, str]] = {}
    for term in sorted(postings):
        name = name_shelf(term)
        if name not in shelves:
            shelves[name] = shards[find_shard(name, count)]
        shelves[name][term] = encode_postings(postings[term])
    return shards


def _group(articles: Sequence[Article], site: Site, lang: str) -> list[list[dict[str, Any]]]:
    described = [_describe(each, site, lang) for each in articles]
    return [described[first : first + GROUP] for first in range(0, len(described), GROUP)]


def _describe(article: Article, site: Site, lang: str) -> dict[str, Any]:
    """What a result shows."""
    language: Language = site.languages[lang]
    texts = [text for text in (article.commentary, article.abstract) if text]
    return {
        "path": article.path,
        "title": article.title,
        "lang": tell_language(article.title, lang, site.languages),
        "day": article.day.isoformat(),
        "date": format_date(article.day, language, "day"),
        "authors": list(article.authors),
        "tags": [[tag.slug, tag.label] for tag in article.tags],
        "texts": [[text.lang, "\n".join(text.plain)] for text in texts],
    }
