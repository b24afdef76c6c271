"""What a link or an image of a note points at, and what it is called.

A link gets a text that says where it leads, because people also read links out of their context;
the same text never leads to two places in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from markdown_it.token import Token

from feeds.model import Image
from feeds.notes.markup.inline import WIKI
from feeds.notes.markup.sanitize import clean_text
from feeds.urls import encode_link, is_generic, name_file, show_url

MAX_WIDTH = 600

_WEB = re.compile(r"https?://", re.I)
_NOTE = re.compile(r"[^:?]*\.md(?:#.*)?", re.I | re.S)
_SIZE = re.compile(r"(\d{1,5})(?:x\d{1,5})?")


@dataclass(slots=True)
class Targets:
    """Decides on every link and image of one piece of text.

    ``link`` finds the address of another note, ``image`` a local picture; ``seen`` remembers which
    text leads where.
    """

    link: Callable[[str], str | None]
    image: Callable[[str], Image | None]
    seen: dict[str, str] = field(default_factory=dict)

    def settle(self, tokens: Iterable[Token]) -> None:
        """Give the links and images of a parsed text their final form, in place."""
        for token in tokens:
            if token.children:
                token.children = self._settle_inline(token.children)

    def _settle_inline(self, children: Sequence[Token]) -> list[Token]:
        settled: list[Token] = []
        start = -1
        for token in children:
            if token.type == "image":
                settled += self._settle_image(token, linked=start >= 0)
            elif token.type == "link_close":
                settled[start:] = self._settle_link([*settled[start:], token])
                start = -1
            else:
                if token.type == "link_open":
                    start = len(settled)
                settled.append(token)
        return settled

    def _settle_link(self, tokens: list[Token]) -> list[Token]:
        opening, *label, closing = tokens
        target = str(opening.attrs["href"])
        wiki = opening.info == WIKI
        if wiki and read_label(label) == target:
            label = [_text(name_note(target))]
        if address := self._find_address(target, wiki=wiki):
            opening.attrs = {"href": address}
            return [opening, *self._label(label, address), closing]
        return label if wiki or _NOTE.fullmatch(target) else _as_typed(opening, label, target)

    def _find_address(self, target: str, *, wiki: bool) -> str | None:
        if not wiki and not _NOTE.fullmatch(target):
            return encode_link(clean_text(target))
        path = _strip_note(target if wiki else unquote(target))
        found = self.link(path) if path else None
        return encode_link(found) if found else None

    def _label(self, label: list[Token], address: str) -> list[Token]:
        """Make sure that a link's text says where it leads, and nowhere else."""
        said = read_label(label)
        if not said or _WEB.match(said):
            said = show_url(address)
            if self.seen.get(said, address) != address:
                said = show_url(address, whole=True)
            pictures = [token for token in label if token.type == "picture"]
            label = [*pictures, _text(said)]
        elif is_generic(said) or self.seen.get(said, address) != address:
            addition = f" ({show_url(address)})"
            label = [*label, _text(addition)]
            said += addition
        self.seen.setdefault(said, address)
        return label

    def _settle_image(self, token: Token, *, linked: bool) -> list[Token]:
        target = str(token.attrs["src"])
        alt, width = _split_size(token.content)
        if address := encode_link(clean_text(target)):
            shown = alt or name_file(address)
            if linked:
                return [_text(shown)]
            opening = Token("link_open", "a", 1, attrs={"href": address})
            return self._settle_link([opening, _text(shown), Token("link_close", "a", -1)])
        if picture := self.image(target):
            return [_picture(picture, alt or (_stem(target) if linked else ""), width)]
        if token.info == WIKI and not linked:
            opening = Token("link_open", "a", 1, attrs={"href": target}, info=WIKI)
            return self._settle_link([opening, _text(alt or target), Token("link_close", "a", -1)])
        # Of data: and javascript: nothing is worth showing.
        named = "" if re.match(r"\s*[a-z]{2,}:", target, re.I) else _stem(target)
        return [_text(alt or named)] if alt or named else []


def read_label(tokens: Iterable[Token]) -> str:
    """The text of inline tokens as it is read: pictures by what they show."""
    said = "".join(
        str(token.attrs.get("alt", "")) if token.type == "picture" else token.content
        for token in tokens
    )
    return re.sub(r"\s+", " ", said).strip()


def name_note(target: str) -> str:
    """Say what another note is called: without its folder and its ending."""
    name = _strip_note(target).rpartition("/")[2].strip()
    return name or target.strip("#^ ") or target


def _strip_note(target: str) -> str:
    """The path of a note as its writer means it: without a heading in it and without ``.md``."""
    path = target.partition("#")[0].strip().removesuffix("\\")
    return re.sub(r"\.md$", "", path, flags=re.I)


def _as_typed(opening: Token, label: list[Token], target: str) -> list[Token]:
    if opening.markup == "autolink":
        return [_text("<"), *label, _text(">")]
    title = f' "{opening.attrs["title"]}"' if "title" in opening.attrs else ""
    return [_text("["), *label, _text(f"]({target}{title})")]


def _split_size(content: str) -> tuple[str, int | None]:
    """Split ``alt|300`` as vaults write it; a lone ``300`` is a size too."""
    alt, _, last = content.rpartition("|")
    if match := _SIZE.fullmatch(last.strip()):
        return _flatten(alt), int(match[1])
    return _flatten(content), None


def _flatten(alt: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[*`]|\\(?=\W)", "", alt)).strip()


def _stem(target: str) -> str:
    name = unquote(target).replace("\\", "/").rpartition("/")[2]
    return name.partition("#")[0].partition("?")[0].strip()


def _picture(image: Image, alt: str, width: int | None) -> Token:
    shown = max(1, min(width or image.width, MAX_WIDTH))
    height = max(1, round(image.height * shown / image.width)) if image.width else image.height
    address = encode_link(image.address) or image.address
    attrs: dict[str, str | int | float] = {"src": address, "width": shown, "height": height}
    return Token("picture", "img", 0, attrs={**attrs, "alt": alt})


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
