"""The tokens of a parsed text as a tree: what stands inside what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from markdown_it.token import Token


@dataclass(slots=True)
class Node:
    """A token, or a pair of them and what stands between: ``type`` is then without ``_open``.

    ``token`` is the first of the pair.
    """

    type: str
    token: Token
    children: list[Node] = field(default_factory=list)


def grow_tree(tokens: Iterable[Token]) -> list[Node]:
    """The topmost nodes of a parsed text."""
    top: list[Node] = []
    open_lists = [top]
    for token in tokens:
        if token.nesting < 0:
            open_lists.pop()
            continue
        if token.nesting:
            node = Node(token.type.removesuffix("_open"), token)
            open_lists[-1].append(node)
            open_lists.append(node.children)
        else:
            inside = grow_tree(token.children) if token.children else []
            open_lists[-1].append(Node(token.type, token, inside))
    return top
