"""Parsed notes -> plain text: for the text part of a mail, and for summaries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from markdown_it.tree import SyntaxTreeNode

from feeds.model import Text
from feeds.notes.addresses import show_address
from feeds.notes.links import url_spans

_SENTENCE_END = re.compile(r"[.!?…。]['\")\]”’]*(?=\s|$)")
_ASIDE = re.compile(r"\s*\((?:https?://[^\s()]+[,;\s]*)+\)")
# Characters that belong to the one before them (UAX 29): marks, joiners, selectors, skin tones.
_JOINER = "\u200d"


def write_plain(tree: SyntaxTreeNode) -> tuple[str, ...]:
    """Write a text without markup: a string a block.

    A list, a table, a quotation and code are one block each, with line ends.
    """
    return tuple(block for node in tree.children if (block := _write_block(node)))


def summarize(text: Text, length: int = 160) -> str:
    """Shorten a text to at most ``length`` characters: whole sentences, else whole words.

    What was cut off is told by an ellipsis. Addresses in parentheses are left out, others short.
    """
    words = " ".join(_shorten_urls(_ASIDE.sub("", "\n".join(text.plain))).split())
    if len(words) <= length:
        return words
    sentences = [match.end() for match in _SENTENCE_END.finditer(words, 0, length)]
    if sentences and sentences[-1] >= length // 2:
        return words[: sentences[-1]]
    cut = words.rfind(" ", 0, length)
    if cut < length // 2:
        cut = _find_boundary(words, length - 1)
    return words[:cut].rstrip(" ,;:·-–—(") + "…"


def _shorten_urls(text: str) -> str:
    for start, end in reversed(url_spans(text)):
        text = text[:start] + show_address(text[start:end]) + text[end:]
    return text


def _find_boundary(text: str, at: int) -> int:
    """The last place up to ``at`` where no character is torn apart (UAX 29, in short)."""
    while at > 0 and (_extends(text[at]) or text[at - 1] == _JOINER or _is_flag(text, at)):
        at -= 1
    return at


def _extends(char: str) -> bool:
    code = ord(char)
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char == _JOINER
        or 0x1F3FB <= code <= 0x1F3FF
        or 0x1160 <= code <= 0x11FF
    )


def _is_flag(text: str, at: int) -> bool:
    """Tell whether ``at`` parts the two letters of a flag."""
    start = at
    while start > 0 and 0x1F1E6 <= ord(text[start - 1]) <= 0x1F1FF:
        start -= 1
    return (at - start) % 2 == 1 and 0x1F1E6 <= ord(text[at]) <= 0x1F1FF


def _write_block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list" | "ordered_list":
            return "\n".join(_write_items(node))
        case "blockquote":
            inner = "\n\n".join(write_plain(node))
            return "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))
        case "table":
            return "\n".join(" | ".join(row).rstrip() for row in _read_rows(node))
        case "fence":
            return _indent(node.content.rstrip("\n"), "    ")
        case "hr":
            return "* * *"
        case _:
            return _write_inline(node.children).strip()


def _write_items(node: SyntaxTreeNode) -> Iterator[str]:
    number = int(node.attrs.get("start", 1))
    for offset, item in enumerate(node.children):
        mark = "- " if node.type == "bullet_list" else f"{number + offset}. "
        body = "\n".join(write_plain(item))
        yield mark + _indent(body, " " * len(mark)).lstrip()


def _indent(text: str, margin: str) -> str:
    return "\n".join(margin + line if line else "" for line in text.split("\n"))


def _read_rows(table: SyntaxTreeNode) -> Iterator[list[str]]:
    for part in table.children:
        for row in part.children:
            yield [_write_inline(cell.children).strip() for cell in row.children]


def _write_inline(nodes: Sequence[SyntaxTreeNode]) -> str:
    return "".join(_write_span(node) for node in nodes)


def _write_span(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak" | "hardbreak":
            return "\n"
        case "picture":
            return f"[{node.attrs['alt']}]" if node.attrs["alt"] else ""
        case "link":
            return _write_link(node)
        case _:
            return _write_inline(node.children)


def _write_link(node: SyntaxTreeNode) -> str:
    address = str(node.attrs["href"])
    said = _write_inline(node.children).strip()
    for shown in (show_address(address), show_address(address, whole=True)):
        if said == shown:
            return address.removeprefix("mailto:")
        said = said.removesuffix(f" ({shown})")
    return f"{said} ({address})"
