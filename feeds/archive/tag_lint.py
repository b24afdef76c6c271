"""Tags that look like one another: spelled in two ways, or misspelt."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from feeds.archive.entries import DatedEntry
from feeds.config import Config
from feeds.model import Finding, Source
from feeds.slugs import Joins, join_tags, tag_slug

# Shorter words differ by a letter and mean another thing: gan, gat. Two letters take a longer word.
_ONE_SLIP = 5
_TWO_SLIPS = 10
_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class _Use:
    """How a slug is written: spelling -> how often and where first."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, Source] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def source(self) -> Source:
        return next(iter(self.first.values()))


def check_tags(entries: Iterable[DatedEntry], config: Config) -> list[Finding]:
    """Find tags with several spellings, and pairs of tags that are one slip of the hand apart.

    Pairs that ``[tags.aliases]`` joins already are not told of again.
    """
    uses = _count_uses(entries)
    joins = join_tags(config.tags.aliases)
    return [*_check_spellings(uses, joins), *_check_slips(uses, joins)]


def _count_uses(entries: Iterable[DatedEntry]) -> dict[str, _Use]:
    uses: dict[str, _Use] = {}
    for dated in sorted(entries, key=lambda dated: dated.day):
        for tag in dict.fromkeys(dated.entry.tags):
            if slug := tag_slug(tag):
                use = uses.setdefault(slug, _Use())
                use.counts[tag] = use.counts.get(tag, 0) + 1
                use.first.setdefault(tag, dated.entry.source)
    return uses


def _check_spellings(uses: Mapping[str, _Use], joins: Joins) -> Iterator[Finding]:
    for slug, use in uses.items():
        if slug in joins.targets:
            continue
        usual = max(use.counts, key=use.counts.__getitem__)
        for spelling, count in use.counts.items():
            if spelling != usual:
                message = (
                    f"#{spelling} ({count}) is mostly spelled #{usual} ({use.counts[usual]}); "
                    "they are one tag already: spell it alike"
                )
                yield Finding(level="notice", source=use.first[spelling], message=message)


def _check_slips(uses: Mapping[str, _Use], joins: Joins) -> Iterator[Finding]:
    order = {slug: place for place, slug in enumerate(uses)}
    for one, other in sorted(_near_pairs(uses), key=lambda pair: sorted(order[s] for s in pair)):
        if joins.resolve(one) == joins.resolve(other):
            continue
        rare, usual = sorted((one, other), key=lambda slug: (uses[slug].total, -order[slug]))
        message = (
            f"#{rare} ({uses[rare].total}) looks like #{usual} ({uses[usual].total}): mend it, or "
            f'join the two with `"{rare}" = "{usual}"` under [tags.aliases]'
        )
        yield Finding(level="notice", source=uses[rare].source, message=message)


def _near_pairs(slugs: Iterable[str]) -> set[tuple[str, str]]:
    """Pairs of slugs that are close, found by what they have in common when letters are left out.

    Every slug is filed under itself less one or two letters (two only where a pair may differ by
    two), so that only slugs of one drawer are compared: the time grows with their number.
    """
    drawers: defaultdict[str, list[str]] = defaultdict(list)
    for slug in slugs:
        for name in _drawers(slug):
            drawers[name].append(slug)
    pairs = {
        (min(pair), max(pair))
        for found in drawers.values()
        if len(found) > 1
        for pair in combinations(found, 2)
    }
    return {pair for pair in pairs if _is_near(*pair)}


def _drawers(slug: str) -> set[str]:
    names = {slug, slug.replace("-", ""), _singular(slug)}
    if len(slug) >= _ONE_SLIP:
        names |= _without_one(slug)
    if len(slug) >= _TWO_SLIPS:
        names |= {shorter for name in _without_one(slug) for shorter in _without_one(name)}
    return names


def _without_one(slug: str) -> set[str]:
    return {slug[:place] + slug[place + 1 :] for place in range(len(slug))}


def _is_near(one: str, other: str) -> bool:
    if _DIGITS.findall(one) != _DIGITS.findall(other):
        return False  # gpt-2 and gpt-3 are two things
    if one.replace("-", "") == other.replace("-", "") or _singular(one) == _singular(other):
        return True
    shorter = min(len(one), len(other))
    allowed = 0 if shorter < _ONE_SLIP else 1 if shorter < _TWO_SLIPS else 2
    return 0 < edit_distance(one, other) <= allowed


def _singular(slug: str) -> str:
    """An English plural's singular, roughly: enough to compare two forms of one word."""
    if slug.endswith("ies") and len(slug) > 4:
        return slug[:-3] + "y"
    if slug.endswith("s") and not slug.endswith("ss") and len(slug) > 2:
        return slug[:-1]
    return slug


def edit_distance(one: str, other: str) -> int:
    """How many letters to add, drop, change or swap with a neighbour to turn one into the other.

    Damerau and Levenshtein's, in its restricted form: no letter is touched twice.
    """
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(
                above[column] + 1,
                line[column - 1] + 1,
                above[column - 1] + (letter != wanted),
            )
            swapped = row > 1 and column > 1 and letter == other[column - 2]
            if swapped and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, above = above, line
    return above[-1]
