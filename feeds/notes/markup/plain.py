"""Parsed notes -> plain text, for the text part of a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feeds.notes.markup.tree import Node
from feeds.urls import show_url


def write_plain(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Write a text without markup: a string a block.

    A list, a table, a quotation and code are one block each, with line ends.
    """
    return tuple(block for node in nodes if (block := _write_block(node)))


def _write_block(node: Node) -> str:
    match node.type:
        case "bullet_list" | "ordered_list":
            return "\n".join(_write_items(node))
        case "blockquote":
            inner = "\n\n".join(write_plain(node.children))
            return "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))
        case "table":
            return "\n".join(" | ".join(row).rstrip() for row in _read_rows(node))
        case "fence":
            return _indent(node.token.content.rstrip("\n"), "    ")
        case "hr":
            return "* * *"
        case "prose":
            return node.token.content
        case _:
            return _write_inline(node.children).strip()


def _write_items(node: Node) -> Iterator[str]:
    number = int(node.token.attrs.get("start", 1))
    for offset, item in enumerate(node.children):
        mark = "- " if node.type == "bullet_list" else f"{number + offset}. "
        body = "\n".join(write_plain(item.children))
        yield mark + _indent(body, " " * len(mark)).lstrip()


def _indent(text: str, margin: str) -> str:
    return "\n".join(margin + line if line else "" for line in text.split("\n"))


def _read_rows(table: Node) -> Iterator[list[str]]:
    for part in table.children:
        for row in part.children:
            yield [_write_inline(cell.children).strip() for cell in row.children]


def _write_inline(nodes: Sequence[Node]) -> str:
    return "".join(_write_span(node) for node in nodes)


def _write_span(node: Node) -> str:
    match node.type:
        case "text" | "code_inline":
            return node.token.content
        case "softbreak" | "hardbreak":
            return "\n"
        case "picture":
            return f"[{node.token.attrs['alt']}]" if node.token.attrs["alt"] else ""
        case "link":
            return _write_link(node)
        case _:
            return _write_inline(node.children)


def _write_link(node: Node) -> str:
    address = str(node.token.attrs["href"])
    said = _write_inline(node.children).strip()
    for shown in (show_url(address), show_url(address, whole=True)):
        if said == shown:
            return address.removeprefix("mailto:")
        said = said.removesuffix(f" ({shown})")
    return f"{said} ({address})"
