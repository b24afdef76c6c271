"""Languages: one file each in ``templates/languages/``, read once.

A language is added by adding its file and naming it in the configuration; nothing else knows which
languages there are.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import msgspec

from feeds.errors import ConfigError
from feeds.model import Language


def templates_folder() -> Path:
    """The folder of the templates: inside an installed package, else at the checkout's top."""
    package = Path(str(files("feeds")))
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def known_languages(folder: Path | None = None) -> tuple[str, ...]:
    """The codes of the languages that have a file, sorted.

    ``folder`` is the publication's own folder of templates, which adds to the package's.
    """
    return tuple(sorted(_language_files(folder)))


def load_language(code: str, folder: Path | None = None) -> Language:
    """Read one language.

    :raises ConfigError: there is no such file, or a key of it is missing or wrong.
    """
    found = _language_files(folder)
    if code not in found:
        known = ", ".join(sorted(found))
        raise ConfigError("languages", code, f"no such language; expected one of {known}")
    path = found[code]
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert({"code": code, **table}, Language)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(str(path), "", str(error)) from error


def load_languages(codes: tuple[str, ...], folder: Path | None = None) -> dict[str, Language]:
    """Read several languages, in the order given."""
    return {code: load_language(code, folder) for code in codes}


def _language_files(folder: Path | None) -> dict[str, Path]:
    """The publication's own file of a language stands in for the package's."""
    folders = (templates_folder(), folder) if folder else (templates_folder(),)
    return {path.stem: path for root in folders for path in root.glob("languages/*.toml")}
