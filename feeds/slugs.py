"""Slugs: how tags compare, what ``[tags.aliases]`` joins, and the keys of entries.

A slug is a part of addresses and of file names, on every system: it holds lower-case letters and
digits of any script and hyphens, and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

TAG_BYTES = 64
KEY_BYTES = 80
_LONGEST_LETTER = 4  # bytes of UTF-8

# Names that Windows keeps for devices, with any ending and in any folder.
_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
# Letters to Unicode, but nothing to the eye: Hangul fillers.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_LETTER, _MARK, _JOINT = "letter", "mark", "joint"
_SHARP = re.compile(r"(?<![^\W_])([a-z])#")
_PLUS_PLUS = re.compile(r"(?<=[^\W_])\+\+")


@lru_cache(maxsize=16_384)
def tag_slug(label: str) -> str:
    """The slug that tags compare by, at most 64 bytes of UTF-8; ``""`` where nothing is left.

    The slug of a slug is itself.
    """
    return _slug(label, TAG_BYTES)


def title_key(title: str) -> str:
    """The key of an entry with this title, at most 80 bytes of UTF-8, never empty.

    A long title is cut between words where that leaves the better part of it.
    """
    slug = _slug(title, KEY_BYTES + _LONGEST_LETTER) or "entry"
    if len(slug.encode()) <= KEY_BYTES:
        return slug
    slug = cut_bytes(slug, KEY_BYTES)
    words = slug.rpartition("-")[0]
    return words if len(words) * 2 > len(slug) else slug.strip("-")


def numbered_key(key: str, number: int) -> str:
    """The key of the ``number``-th entry that would have had ``key``: ``key-2``."""
    ending = f"-{number}"
    return cut_bytes(key, KEY_BYTES - len(ending)).rstrip("-") + ending


def is_safe_name(name: str, limit: int = KEY_BYTES) -> bool:
    """Whether a slug or key that was read from a file can be one: it becomes a folder's name."""
    return 0 < len(name.encode()) <= limit and all(
        letter == "-" or _is_kept(letter) for letter in name
    )


def cut_bytes(text: str, limit: int) -> str:
    """The longest beginning of ``text`` that has at most ``limit`` bytes of UTF-8."""
    return text.encode()[:limit].decode(errors="ignore")


def _slug(text: str, limit: int) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = _SHARP.sub(r"\1-sharp-", _PLUS_PLUS.sub("pp", folded))
    slug = ""
    for letter in folded:
        kind = _kind(letter)
        after_letter = slug[-1:] not in ("", "-")
        # A mark (a vowel of Devanagari) belongs to the letter before it, and is nothing alone.
        if kind == _LETTER or (kind == _MARK and after_letter):
            slug += letter
        elif kind == _JOINT and after_letter:
            slug += "-"
    # What stood apart may now make one letter: of slugs, the shortest form only.
    slug = cut_bytes(unicodedata.normalize("NFC", slug), limit).strip("-")
    return f"{slug}-" if _DEVICES.fullmatch(slug) else slug


def _is_kept(letter: str) -> bool:
    if letter in _FILLERS or "\ufe00" <= letter <= "\ufe0f" or letter >= "\U000e0100":
        return False
    return unicodedata.category(letter)[0] in "LNM"


@lru_cache(maxsize=4_096)
def _kind(letter: str) -> str:
    """What a letter is to a slug: one of those below, or ``""`` for what is left out."""
    if _is_kept(letter):
        return _MARK if unicodedata.category(letter)[0] == "M" else _LETTER
    return _JOINT if _is_joint(letter) else ""


def _is_joint(letter: str) -> bool:
    return letter in "_/" or letter.isspace() or unicodedata.category(letter) == "Pd"


class AliasError(ValueError):
    """An alias that joins nothing: which one, and what was expected."""

    def __init__(self, alias: str, message: str) -> None:
        super().__init__(message)
        self.alias = alias


@dataclass(frozen=True, slots=True, kw_only=True)
class Joins:
    """What ``[tags.aliases]`` joins: slug to final slug, and how it spells those it joins to."""

    targets: Mapping[str, str]
    spellings: Mapping[str, str]

    def resolve(self, slug: str) -> str:
        """The slug that ``slug`` is joined to, or itself."""
        return self.targets.get(slug, slug)

    def slugs(self, tags: Iterable[str]) -> tuple[str, ...]:
        """The resolved slugs of tags as written, each once, in the order written."""
        slugs = (self.resolve(slug) for tag in tags if (slug := tag_slug(tag)))
        return tuple(dict.fromkeys(slugs))


def join_tags(aliases: Mapping[str, str]) -> Joins:
    """Work out ``[tags.aliases]``: names compare by slug, an alias of an alias goes to the end.

    :raises AliasError: an alias has no letter or digit, stands twice, or leads back to itself.
    """
    steps: dict[str, str] = {}
    spellings: dict[str, str] = {}
    for alias, target in aliases.items():
        slug, joined = tag_slug(alias), tag_slug(target)
        if not slug or not joined:
            raise AliasError(alias, "expected letters or digits on both sides")
        if steps.get(slug, joined) != joined:
            raise AliasError(alias, f"stands twice (as {slug}); expected once")
        spellings.setdefault(joined, target)
        if slug != joined:
            steps[slug] = joined
    return Joins(
        targets={slug: _follow(slug, steps) for slug in steps},
        spellings=spellings,
    )


def _follow(slug: str, steps: Mapping[str, str]) -> str:
    path = [slug]
    while path[-1] in steps:
        path.append(steps[path[-1]])
        if path[-1] in path[:-1]:
            chain = " -> ".join(path)
            raise AliasError(slug, f"goes in a circle: {chain}; expected an end")
    return path[-1]
