"""Passages in another language than the text around them, marked for voices and hyphenation."""

from __future__ import annotations

import re

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff]")
_LATIN = re.compile("[A-Za-z]")
_LETTER = re.compile(r"[^\W\d_]")

# Fewer letters are a term, which Korean text is full of and which needs no other voice.
MIN_LATIN = 24
MIN_HANGUL = 11
# Inside a paragraph only what is as long as a sentence counts.
MIN_INLINE = 60

_BLOCKS = {"paragraph", "heading", "list_item", "td", "th", "fence"}
_INLINE = {"em", "strong", "s", "link", "code_inline"}
_LEAVES = {"text", "code_inline", "fence"}


def tell_language(text: str) -> str | None:
    """Tell the language of a passage by its letters; None where they do not say enough.

    A few words of Hangul make a passage Korean; English is what is in Latin letters without any.
    """
    hangul = len(_HANGUL.findall(text))
    latin = len(_LATIN.findall(text))
    if hangul >= MIN_HANGUL or (hangul > 1 and hangul > latin):
        return "ko"
    if latin >= MIN_LATIN and not hangul and latin > 0.7 * len(_LETTER.findall(text)):
        return "en"
    return None


def mark_foreign(tree: SyntaxTreeNode, lang: str) -> None:
    """Set ``lang`` on the blocks, and on long passages inside them, that are not in ``lang``."""
    for node in tree.children:
        told = _tell(node) or lang
        if told != lang:
            _opening(node).attrSet("lang", told)
        mark_foreign(node, told)


def _tell(node: SyntaxTreeNode) -> str | None:
    if node.type in _INLINE:
        own = _read_own(node)
        return tell_language(own) if len(own) > MIN_INLINE else None
    if node.type not in _BLOCKS or _is_hidden(node):
        return None
    if node.type == "list_item":
        # In a tight list the item itself holds the text; in another its paragraphs speak.
        return next((_tell_block(child) for child in node.children if _is_hidden(child)), None)
    return _tell_block(node)


def _tell_block(node: SyntaxTreeNode) -> str | None:
    own = _read_own(node)
    # The words between the links of a paragraph are the paragraph's; a few of them say too little.
    return tell_language(own if len(own) > MIN_INLINE else _read_words(node))


def _read_own(node: SyntaxTreeNode) -> str:
    if node.type in _LEAVES:
        return node.content
    return "".join(_read_own(child) for child in node.children if child.type in ("inline", "text"))


def _read_words(node: SyntaxTreeNode) -> str:
    """The text below a node without its links, which are mostly addresses and names."""
    if node.type in _LEAVES:
        return node.content
    return "".join(_read_words(child) for child in node.children if child.type != "link")


def _is_hidden(node: SyntaxTreeNode) -> bool:
    return node.nester_tokens is not None and node.nester_tokens.opening.hidden


def _opening(node: SyntaxTreeNode) -> Token:
    if node.token is not None:
        return node.token
    assert node.nester_tokens is not None  # noqa: S101  # the tree's other kind of node
    return node.nester_tokens.opening
