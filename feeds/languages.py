"""Languages: one file each in ``templates/languages/``, read once.

A language is added by adding its file and naming it in the configuration; nothing else knows which
languages there are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from importlib.resources import files
from pathlib import Path
from string import Formatter

import msgspec

from feeds.errors import ConfigError
from feeds.model import Language

_MODEL = "en"  # the language that the others are held to
_PARTS_OF_A_DATE = ("day", "month", "month_number", "weekday", "year")


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
    language = _read_language(code, found[code])
    for key, message in _find_problems(language, _read_language(_MODEL, _model_file())):
        raise ConfigError(str(found[code]), key, message)
    return language


def load_languages(codes: tuple[str, ...], folder: Path | None = None) -> dict[str, Language]:
    """Read several languages, in the order given."""
    return {code: load_language(code, folder) for code in codes}


def _language_files(folder: Path | None) -> dict[str, Path]:
    """The publication's own file of a language stands in for the package's."""
    folders = (templates_folder(), folder) if folder else (templates_folder(),)
    return {path.stem: path for root in folders for path in root.glob("languages/*.toml")}


def _model_file() -> Path:
    return templates_folder() / "languages" / f"{_MODEL}.toml"


def _read_language(code: str, path: Path) -> Language:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert({"code": code, **table}, Language)
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "", "is not UTF-8; expected TOML in UTF-8") from error
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(str(path), "", str(error).replace("`", "")) from error


def _find_problems(language: Language, model: Language) -> Iterator[tuple[str, str]]:
    """Keys that are missing or that say something else than those of the model."""
    for key, names, expected in (
        ("months", language.months, 12),
        ("weekdays", language.weekdays, 7),
        ("weekdays_short", language.weekdays_short, 7),
    ):
        if len(names) != expected:
            yield key, f"{len(names)} names; expected {expected}"
    if not 1 <= language.week_begins <= 7:
        yield "week_begins", f"{language.week_begins}; expected 1 (Monday) to 7 (Sunday)"
    try:
        re.compile(language.script or "")
    except re.error as error:
        yield "script", f"{error}; expected a regular expression of letters"
    for style in model.dates:
        yield from _compare(f"dates.{style}", language.dates.get(style), _PARTS_OF_A_DATE)
    for section, words in model.words.items():
        for name, text in words.items():
            said = language.words.get(section, {}).get(name)
            yield from _compare(f"words.{section}.{name}", said, _placeholders(text))


def _compare(key: str, text: str | None, known: Collection[str]) -> Iterator[tuple[str, str]]:
    if text is None:
        yield key, f"missing; expected a text, as in {_MODEL}.toml"
        return
    try:
        unknown = sorted(set(_placeholders(text)).difference(known))
    except ValueError as error:
        yield key, f"{error}; expected a text with {{name}} where something is filled in"
        return
    if unknown:
        expected = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
        yield key, f"{{{unknown[0]}}} is never filled in; expected {expected}"


def _placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]
