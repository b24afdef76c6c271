"""Which coding of a content a reader takes (RFC 9110, section 12.5.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

BROTLI, GZIP = "br", "gzip"
# Best first: what is chosen among those that a reader likes as well.
CODINGS = (BROTLI, GZIP)

_IDENTITY = "identity"
_ITEM = re.compile(
    r"\s*([a-z0-9!#$%&'*+.^_`|~-]+)\s*(?:;\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?", re.I
)
# More than any client sends; the rest of a longer list is not read.
_MOST_ITEMS = 32


def choose_coding(header: str | None, offered: Sequence[str]) -> str | None:
    """The coding to send among those ``offered`` (best first); None: send the content as it is.

    What is malformed in the header is left out. Somebody who refuses the plain content and every
    coding there is gets the plain content: section 12.1 leaves that to us, and it helps more than
    an error.
    """
    if not header or not offered:
        return None
    weights = _weights(header)
    everything_else = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, everything_else))
    liked = weights.get(best, everything_else)
    return best if liked > 0 and liked >= weights.get(_IDENTITY, 0.0) else None


def accepts_plain(header: str | None) -> bool:
    """Whether the content may be sent as it is: unless it is refused, it may."""
    weights = _weights(header or "")
    return weights.get(_IDENTITY, weights.get("*", 1.0)) > 0


@lru_cache(maxsize=256)
def _weights(header: str) -> Mapping[str, float]:
    """How much each coding is liked, 0 to 1; of one that is named twice, the first counts."""
    weights: dict[str, float] = {}
    for item in header.split(",", _MOST_ITEMS)[:_MOST_ITEMS]:
        if match := _ITEM.fullmatch(item):
            name = match[1].lower().removeprefix("x-")
            weights.setdefault(name, float(match[2] or 1))
    return weights
