"""Front matter: the YAML at the top of a Markdown note, every scalar of it kept as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from feeds.notes.text import trim

_LINE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:[ \t]*(.*)")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The keys of a note's front matter, in lower case; values are text or lists of text.

    ``problem`` says what is wrong with it, at ``problem_line``; the keys are then those that could
    be read line by line. ``first_line`` is the number of the first line below it.
    """

    values: Mapping[str, Any]
    first_line: int = 1
    problem: str = ""
    problem_line: int = 1

    def text(self, *keys: str) -> str:
        """The first of these keys that holds a text, else ""."""
        for key in keys:
            value = self.values.get(key)
            if isinstance(value, str) and (text := trim(value)):
                return text
        return ""

    def texts(self, *keys: str) -> tuple[str, ...]:
        """What these keys list, as a YAML list or as one text."""
        found: list[str] = []
        for key in keys:
            value = self.values.get(key)
            items = value if isinstance(value, list) else [value]
            found += [text for item in items if isinstance(item, str) and (text := trim(item))]
        return tuple(found)

    def says(self, key: str, answer: bool) -> bool:
        """Whether a key is there and says yes (or no)."""
        words = ("true", "yes", "on", "1") if answer else ("false", "no", "off", "0")
        return self.text(key).lower() in words


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Part a note into its front matter and what stands below it.

    Text between two rulers that is no list of keys is no front matter. Keys and values are text:
    ``tags: [1e3, no]`` is two tags, ``date: 2024-12-17`` a text that is read like any other date.
    """
    handler = YAMLHandler()
    body = text.lstrip("\n")
    nothing = FrontMatter(values={})
    if not handler.detect(body):
        return nothing, text
    try:
        matter, rest = handler.split(body)
    except ValueError:
        return nothing, text
    opening = len(text) - len(body)
    first = text.count("\n", 0, len(text) - len(rest)) + 1
    try:
        values = yaml.load(matter, Loader=yaml.BaseLoader)  # noqa: S506  it makes nothing but text
    except (yaml.YAMLError, RecursionError) as error:
        read = _read_loosely(matter)
        mark = getattr(error, "problem_mark", None)
        line = opening + 1 + (mark.line if mark else 0)
        problem = str(getattr(error, "problem", None) or "nested too deeply")
        found = FrontMatter(values=read, first_line=first, problem=problem, problem_line=line)
        return (found, rest) if read else (nothing, text)
    if not isinstance(values, dict):
        return (nothing, text) if values else (FrontMatter(values={}, first_line=first), rest)
    keys = {str(key).lower(): value for key, value in values.items() if isinstance(key, str)}
    return FrontMatter(values=keys, first_line=first), rest


def _read_loosely(matter: str) -> dict[str, Any]:
    """Read keys line by line where YAML gives up: ``title: A: B`` is what people write."""
    values: dict[str, Any] = {}
    key = ""
    for line in matter.split("\n"):
        if match := _LINE.match(line):
            key, value = match[1].lower(), trim(match[2])
            inner = value[1:-1] if value[:1] == "[" and value[-1:] == "]" else None
            values[key] = value.strip("\"'") if inner is None else _parts(inner)
        elif key and (item := _ITEM.match(line)):
            listed = values[key] if isinstance(values[key], list) else []
            values[key] = [*listed, trim(item[1]).strip("\"'")]
    return values


def _parts(inner: str) -> list[str]:
    return [trim(part).strip("\"'") for part in inner.split(",")]
