"""Patterns of paths, as ``.gitignore`` has them: ``drafts/``, ``*.private.md``, ``/2019/**``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

_PART = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|[^*?\[]+|\[")
_WILD = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]", "[": r"\["}


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path, or a folder that it is in, matches one of some patterns.

    A pattern without a slash matches a name at any depth, another one the path from the top;
    ``*`` does not cross a slash, ``**`` does, and a slash at the end matches folders only. Case
    counts.
    """
    steps = PurePosixPath(path).parts
    folders = ["/".join(steps[: end + 1]) + "/" for end in range(len(steps) - 1)]
    return any(
        _compile(pattern).fullmatch(candidate)
        for pattern in patterns
        for candidate in (*folders, path)
    )


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    """Turn a pattern into a regular expression of a path; that of a folder ends with a slash."""
    folder = pattern.endswith("/")
    bare = pattern.strip("/")
    anywhere = "/" not in bare and not pattern.startswith("/")
    body = "".join(_WILD.get(part) or _literal(part) for part in _PART.findall(bare))
    above, below = "(?:.*/)?" if anywhere else "", "/" if folder else "/?"
    try:
        return re.compile(f"{above}{body}{below}", re.S)
    except re.error:  # a range the wrong way round: then it is no pattern but a name
        return re.compile(f"{above}{re.escape(bare)}{below}", re.S)


def _literal(part: str) -> str:
    if part.startswith("["):
        negation = "^" if part[1] == "!" else ""
        inner = part[1:-1].removeprefix("!")
        escaped = re.sub(r"[\\^\[]", r"\\\g<0>", inner)
        return f"[{negation}{escaped}]"
    return re.escape(part)
