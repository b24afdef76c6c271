"""What tomllib and msgspec say of a configuration, in the words of those who write one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from tomllib import TOMLDecodeError
from typing import Any, get_args

import msgspec

_CHOICES = {
    "fallback": "none or original",
    "issue_day": "next or same",
    "smtp.security": "starttls, tls or none",
    "smtp.on_ambiguous": "retry or hold",
    "durability": "process or power",
}

# How TOML's types are called by those who write it.
_KINDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number with a point",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}

# A name outside of quotes, before the equals sign or in a heading, with other letters than TOML's.
_BARE_NAME = re.compile(r"""[^"'#=]*[^\x00-\x7f"'#=]""")


def explain_toml(error: TOMLDecodeError, text: str) -> str:
    """What is wrong with a file that is no TOML, and where a common mistake comes from."""
    found = re.search(r"at line (\d+)", str(error))
    line = text.split("\n")[int(found[1]) - 1] if found else ""
    hint = ""
    if _BARE_NAME.match(line):
        hint = "; expected quotes around a name in other letters than a to z"
    elif "Invalid value" in str(error):
        hint = "; expected a text in quotes, a number, true, false, a list or a table"
    return f"is no TOML: {error}{hint}"


def explain_mismatch(
    error: msgspec.ValidationError, table: Mapping[str, Any], model: type[msgspec.Struct]
) -> tuple[str, str]:
    """The key that is wrong in a table that does not fit a model, and what was expected of it."""
    text, _, where = str(error).partition(" - at `$")
    parts = re.sub(r"\[\d+\]", "", where.rstrip("`").replace("[...]", ".*")).split(".")[1:]
    parts = _name_stars(parts, table, model, str(error))
    key = ".".join(parts)
    if match := re.match(r"Object contains unknown field `(.+)`", text):
        return ".".join([*parts, match[1]]), explain_unknown(match[1], parts, model)
    if match := re.match(r"Object missing required field `(.+)`", text):
        return ".".join([*parts, match[1]]), "missing; expected a value"
    if match := re.match(r"Expected `(.+)`, got `(.+)`", text):
        wanted = " or ".join(_KINDS.get(kind, kind) for kind in match[1].split(" | "))
        return key, f"{_KINDS.get(match[2], match[2])}; expected {wanted}"
    if match := re.match(r"Invalid enum value (.+)", text):
        return key, f"{match[1]}; expected {_CHOICES[key]}"
    return key, text[0].lower() + text[1:].replace("`", "")


def explain_unknown(name: str, place: Sequence[str], model: type[msgspec.Struct]) -> str:
    """What was expected instead of an unknown key: one that is spelt alike, or is elsewhere."""
    keys = _keys_at(model, place)
    if close := get_close_matches(name, keys, 1):
        return f"unknown key; expected {close[0]}, perhaps"
    if place and name in _keys_at(model, ()):
        return "unknown key; expected before the first [table] of the file"
    for heading in _keys_at(model, ()):
        # Feeds have names of their own in between, and an author is seldom a table.
        if heading not in (*place, "feeds", "author") and name in _keys_at(model, (heading,)):
            return f"unknown key; expected under [{heading}]"
    return f"unknown key; expected one of {', '.join(keys)}"


def _keys_at(model: type[msgspec.Struct], place: Sequence[str]) -> list[str]:
    """The keys of the table at a place; none where a value is no table of fixed keys."""
    for name in place:
        kinds = {field.encode_name: field.type for field in msgspec.structs.fields(model)}
        if name in kinds:
            inner = next(_structs_in(kinds[name]), None)
            if inner is None:
                return []
            model = inner
    # The folder that relative folders start from is no key.
    names = (field.encode_name for field in msgspec.structs.fields(model))
    return [name for name in names if name != "root"]


def _structs_in(kind: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for inner in get_args(kind):
        yield from _structs_in(inner)


def _name_stars(
    parts: Sequence[str], table: Mapping[str, Any], model: type[msgspec.Struct], said: str
) -> list[str]:
    """Put names for stars: msgspec leaves out the keys that a writer is free to choose."""
    named = list(parts)
    for position in (position for position, part in enumerate(parts) if part == "*"):
        place = named[:position]
        holder: Any = table
        for name in place:
            holder = holder[name]
        said_of = (n for n in holder if _says(said, _keep_only(table, place, n), model))
        named[position] = next(said_of, "*")
    return named


def _says(said: str, table: Mapping[str, Any], model: type[msgspec.Struct]) -> bool:
    try:
        msgspec.convert(table, model)
    except msgspec.ValidationError as error:
        return str(error) == said
    return False


def _keep_only(table: Mapping[str, Any], place: Sequence[str], name: str) -> dict[str, Any]:
    """The same table with one entry of the table at a place."""
    if not place:
        return {name: table[name]}
    return {**table, place[0]: _keep_only(table[place[0]], place[1:], name)}
