"""Style sheets and scripts: files whose names are made of their content, to be kept for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from feeds.errors import RenderError
from feeds.model import OutputFile
from feeds.outputs.theme import Theme

_FOLDERS = {
    "css": ("css/", "text/css; charset=utf-8"),
    "js": ("js/", "text/javascript; charset=utf-8"),
    "svg": ("site/", "image/svg+xml; charset=utf-8"),
}
_NAMES = (
    "site.css",
    "builder.css",
    "plots.css",
    "search.css",
    "icon.svg",
    "site.js",
    "filter.js",
    "search.js",
    "builder.js",
)
READERS_STYLE = "readers.css"
"""What the pages for readers have besides, where there are any."""
# import { … } from "./selection.js";
_IMPORT = re.compile(r"""(?<=["'])\./([a-z_-]+\.js)(?=["'])""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """The files, and where each is found: by its name in the theme, a path below the base URL."""

    files: tuple[OutputFile, ...]
    paths: Mapping[str, str]


def collect_assets(theme: Theme, others: Iterable[str] = ()) -> Assets:
    """Read what pages use from the theme, those besides, and whatever these import.

    A style sheet is a template: it has the fonts and line breaking of every language.

    A script names the modules that it imports as ``./name.js``; in the file that is written it
    names their hashed files, so that two builds never mix in a browser's cache.

    :raises RenderError: a file is missing, is not UTF-8, or modules import each other in a circle.
    """
    made: dict[str, OutputFile] = {}
    for name in (*_NAMES, *others):
        _make(name, theme, made, ())
    return Assets(
        files=tuple(made.values()), paths={name: file.path for name, file in made.items()}
    )


def _make(name: str, theme: Theme, made: dict[str, OutputFile], users: tuple[str, ...]) -> str:
    """Make a file and those it imports; returns its name, hash included."""
    if name in users:
        raise RenderError(f"js/{name}", f"imports itself through {' -> '.join(users)}")
    if name not in made:
        stem, _, ending = name.rpartition(".")
        folder, media_type = _FOLDERS[ending]
        text = _IMPORT.sub(
            lambda found: f"./{_make(found[1], theme, made, (*users, name))}",
            _read(f"{folder}{name}", theme),
        )
        content = text.encode()
        digest = blake2b(content, digest_size=8).hexdigest()
        path = f"assets/{stem}.{digest}.{ending}"
        made[name] = OutputFile(path=path, content=content, media_type=media_type)
    return made[name].path.removeprefix("assets/")


def _read(path: str, theme: Theme) -> str:
    text = theme.read(path)  # of a style sheet too: what is no text, it says best
    if not path.endswith(".css"):
        return text
    languages = theme.languages
    style = theme.render(path, next(iter(languages)), languages=languages.values())
    return f"{style}\n"
