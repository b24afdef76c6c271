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
MIN_INLINE = 50

_BLOCKS = {"paragraph", "heading", "td", "th", "fence"}
_INLINE = {"em", "strong", "s", "link", "code_inline"}


def tell_language(text: str) -> str | None:
    """Tell the language of a passage by its letters; None where they do not say enough.

    A few words of Hangul make a passage Korean; English is what has Latin letters only.
    """
    hangul = len(_HANGUL.findall(text))
    latin = len(_LATIN.findall(text))
    if hangul >= MIN_HANGUL or (hangul > 1 and hangul > latin):
        return "ko"
    if latin >= MIN_LATIN and not hangul and latin > 0.9 * len(_LETTER.findall(text)):
        return "en"
    return None


def mark_foreign(tree: SyntaxTreeNode, lang: str) -> None:
    """Set ``lang`` on the blocks, and on long passages inside them, that are not in ``lang``."""
    for node in tree.children:
        inner = lang
        if node.type in _BLOCKS or node.type in _INLINE:
            told = _tell(node)
            if told and told != lang:
                _marked_token(node).attrSet("lang", told)
                inner = told
        mark_foreign(node, inner)


def _tell(node: SyntaxTreeNode) -> str | None:
    own = "".join(_own_texts(node))
    if node.type in _INLINE:
        return tell_language(own) if len(own) > MIN_INLINE else None
    # The words between the links of a paragraph are the paragraph's; short ones say too little.
    return tell_language(own) or (tell_language(read_all(node)) if len(own) <= MIN_INLINE else None)


def _own_texts(node: SyntaxTreeNode) -> list[str]:
    if node.type in ("text", "code_inline", "fence"):
        return [node.content]
    return [
        text
        for child in node.children
        if child.type in ("inline", "text")
        for text in _own_texts(child)
    ]


def read_all(node: SyntaxTreeNode) -> str:
    """The whole text below a node."""
    if node.type in ("text", "code_inline", "fence"):
        return node.content
    return "".join(read_all(child) for child in node.children)


def _marked_token(node: SyntaxTreeNode) -> Token:
    """The token that is rendered: a list item's, where its paragraph is not."""
    if node.token is not None:
        return node.token
    hidden = node.nester_tokens is not None and node.nester_tokens.opening.hidden
    outer = node.parent if hidden and node.parent is not None else node
    assert outer.nester_tokens is not None  # noqa: S101  # only inline tokens have none
    return outer.nester_tokens.opening
