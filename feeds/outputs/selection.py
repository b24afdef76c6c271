"""A selection of entries by their tags, and the query of an address that says it.

``any=rl,rlhf&all=alignment&not=gan``: what the configuration's named feeds, the feeds of the
application, the builder page and the filter of the pages mean by these words is one and the same
(``templates/js/selection.js`` says it once more, for browsers).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from feeds.slugs import tag_slug

MOST_TAGS = 50
LONGEST_QUERY = 4096
"""Bytes; as many as the whole address of a request is commonly allowed."""

# What a form without JavaScript sends beside its tags: sent without any, it is no wish for all.
FORM_MARK = "by"

_PARTS = ("any", "all", "not")
_IGNORED = ("utm_",)  # what campaigns put behind every address
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SHOWN = 40


class QueryError(ValueError):
    """A query that asks for nothing that there can be: in a line, which part and what is expected.

    What it repeats of the query holds no control character.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Slugs, sorted and each once: an entry has one of ``any``, all of ``all``, none of ``not_``.

    Where ``any`` is empty, no entry is left out by it.
    """

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()

    @classmethod
    def of(cls, any: Iterable[str], all: Iterable[str], not_: Iterable[str]) -> Selection:  # noqa: A002  # the words of the configuration
        """A selection of tags as they are written; those that leave no slug are left out."""
        return cls(any=_sort_slugs(any), all=_sort_slugs(all), not_=_sort_slugs(not_))

    @property
    def query(self) -> str:
        """The one way to say it in an address, percent-encoded; empty where it selects all."""
        parts = zip(_PARTS, (self.any, self.all, self.not_), strict=True)
        return "&".join(
            f"{name}={','.join(quote(slug, safe='') for slug in slugs)}"
            for name, slugs in parts
            if slugs
        )

    def resolve(self, resolve: Callable[[str], str]) -> Selection:
        """The same with every slug as ``resolve`` says: tags may have been joined to others."""
        return Selection(
            any=tuple(sorted({resolve(slug) for slug in self.any})),
            all=tuple(sorted({resolve(slug) for slug in self.all})),
            not_=tuple(sorted({resolve(slug) for slug in self.not_})),
        )

    def fits(self, slugs: frozenset[str]) -> bool:
        """Whether an entry with these slugs is selected."""
        return (
            (not self.any or not slugs.isdisjoint(self.any))
            and slugs.issuperset(self.all)
            and slugs.isdisjoint(self.not_)
        )


@lru_cache(maxsize=1024)  # readers ask for the same few, hour by hour
def parse_query(query: bytes) -> Selection | None:
    """Read the query of an address as it was sent; None where it does not speak of tags.

    Readers of feeds spell addresses anew: the order of the parts and of the tags, how they are
    encoded, repetitions, capitals and ``&amp;`` make no difference.

    :raises QueryError: it speaks of tags, and is not understood as a whole: half of it would give
        another feed than the one that was meant.
    """
    pairs = [_split_pair(piece) for piece in query.split(b"&") if piece]
    known = {part.encode() for part in (*_PARTS, FORM_MARK)}
    if not any(unquote_to_bytes(name).lower() in known for name, _ in pairs):
        return None
    if len(query) > LONGEST_QUERY:
        raise QueryError(f"the query has {len(query)} bytes; expected {LONGEST_QUERY} at most")
    tags: dict[str, list[str]] = {part: [] for part in _PARTS}
    for raw_name, raw_value in pairs:
        name = _decode(raw_name).lower()
        if name in tags:
            tags[name] += _split_tags(name, raw_value)
        elif name != FORM_MARK and not name.startswith(_IGNORED):
            shown = _show(_decode(raw_name))
            raise QueryError(f"{shown} is no part of a query; expected any, all or not")
    return _check_tags(tags)


def _check_tags(tags: dict[str, list[str]]) -> Selection:
    count = sum(map(len, tags.values()))
    if count > MOST_TAGS:
        raise QueryError(f"{count} tags; expected {MOST_TAGS} at most")
    if not count:
        raise QueryError("no tag was chosen; expected one at least, as in any=rl")
    for name, part in tags.items():
        for tag in part:
            if not tag_slug(tag):
                raise QueryError(f"{name}: {_show(tag)} has no letter and no digit")
    return Selection.of(tags["any"], tags["all"], tags["not"])


def _split_pair(piece: bytes) -> tuple[bytes, bytes]:
    # "&amp;" of a page's source, taken along by whoever copied it.
    name, _, value = piece.removeprefix(b"amp;").partition(b"=")
    return name, value


def _split_tags(name: str, value: bytes) -> Iterator[str]:
    found = [tag for tag in _decode(value).split(",") if tag]
    if not found:
        raise QueryError(f"{name} is empty; expected a tag, as in {name}=rl")
    yield from found


def _decode(text: bytes) -> str:
    if _STRAY_PERCENT.search(text):
        raise QueryError("a % without two hexadecimal digits behind it; expected %25 for itself")
    # A plus is a space in a query; two of them are those of C++, typed by hand.
    text = text.replace(b"++", b"%2B%2B").replace(b"+", b" ")
    try:
        decoded = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryError("the query is not UTF-8") from error
    if any(unicodedata.category(letter) == "Cc" for letter in decoded):
        raise QueryError(f"a control character in {_show(decoded)}")
    return decoded


def _sort_slugs(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({slug for tag in tags if (slug := tag_slug(tag))}))


def _show(text: str) -> str:
    """Quote a part of the query: short, and whatever a terminal could trip over escaped."""
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")
