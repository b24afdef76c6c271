"""Lines of tags: ``#reward-model #rlhf``, ``#tag1, #tag2``, ``#한국어``, ``#c++``, ``#c#``."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A second `#` belongs to the tag where the tag ends with it (`#c#`), else it begins the next.
_TOKEN = re.compile(r"#[^\s#,;]+(?:#(?![^\s,;]))?")
_LINE = re.compile(rf"{_TOKEN.pattern}(?:[\s,;]*{_TOKEN.pattern})*[\s,;]*")


def is_tag_line(text: str) -> bool:
    """Whether every word of a line is a ``#tag``; ``# Heading`` and ``##`` are not."""
    return text.startswith("#") and _LINE.fullmatch(text) is not None


def tags_of(lines: Iterable[str]) -> tuple[str, ...]:
    """The tags of lines of tags, as written but for the ``#``, each spelling once."""
    return tuple(dict.fromkeys(token[1:] for line in lines for token in _TOKEN.findall(line)))


def names_something(tag: str) -> bool:
    """Whether a tag has a letter or a digit, which an address can be made of."""
    return any(each.isalnum() for each in tag)
