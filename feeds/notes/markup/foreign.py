"""Passages in another language than the text around them, marked for voices and hyphenation."""

from __future__ import annotations

from collections.abc import Mapping

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from feeds.model import Language
from feeds.scripts import count_latin, count_letters, count_scripts, has_script, shared_language

# Fewer letters are a term, which Korean text is full of and which needs no other voice.
MIN_LATIN = 24
MIN_OF_A_SCRIPT = 11
# Inside a paragraph only what is as long as a sentence counts.
MIN_INLINE = 60

_BLOCKS = {"paragraph", "heading", "list_item", "td", "th", "fence"}
_INLINE = {"em", "strong", "s", "link", "code_inline"}
_LEAVES = {"text", "code_inline", "fence"}


def mark_foreign(tree: SyntaxTreeNode, lang: str, languages: Mapping[str, Language]) -> None:
    """Set ``lang`` on the blocks, and on long passages inside them, that are not in ``lang``."""
    for node in tree.children:
        told = tell_passage(_read_passage(node), lang, languages)
        if told != lang:
            _opening(node).attrSet("lang", told)
        mark_foreign(node, told, languages)


def tell_passage(text: str, lang: str, languages: Mapping[str, Language]) -> str:
    """Tell the language of a passage in a text in ``lang``; ``lang`` where it says too little.

    A few words in a script make it that script's language, whatever terms stand beside them; what
    is in Latin letters alone is in the shared language, or in ``lang`` if that is written so too.
    """
    counts = count_scripts(text, languages)
    latin = count_latin(text)
    if counts:
        code, most = max(counts.items(), key=lambda count: count[1])
        return code if most >= MIN_OF_A_SCRIPT or (most > 1 and most > latin) else lang
    if latin < MIN_LATIN or latin <= 0.7 * count_letters(text) or not has_script(lang, languages):
        return lang
    return shared_language(languages)


def _read_passage(node: SyntaxTreeNode) -> str:
    """The text that tells a node's language; empty where another node's tells it."""
    if node.type in _INLINE:
        own = _read_own(node)
        return own if len(own) > MIN_INLINE else ""
    if node.type not in _BLOCKS or _is_hidden(node):
        return ""
    if node.type == "list_item":
        # In a tight list the item itself holds the text; in another its paragraphs speak.
        return next((_read_block(child) for child in node.children if _is_hidden(child)), "")
    return _read_block(node)


def _read_block(node: SyntaxTreeNode) -> str:
    own = _read_own(node)
    # The words between the links of a paragraph are the paragraph's; a few of them say too little.
    return own if len(own) > MIN_INLINE else _read_words(node)


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
