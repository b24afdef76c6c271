"""Passages in another language than the text around them, marked for voices and hyphenation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from feeds.model import Language
from feeds.notes.markup.inline import PROSE
from feeds.notes.markup.tree import Node
from feeds.scripts import count_latin, count_letters, count_scripts, has_script, shared_language

# Fewer letters are a term, which Korean text is full of and which needs no other voice.
MIN_LATIN = 24
MIN_OF_A_SCRIPT = 11
# Inside a paragraph only what is as long as a sentence counts.
MIN_INLINE = 60

_BLOCKS = {PROSE, "paragraph", "heading", "list_item", "td", "th", "fence"}
_INLINE = {"em", "strong", "s", "link", "code_inline"}
_LEAVES = {PROSE, "text", "code_inline", "fence"}


def mark_foreign(nodes: Iterable[Node], lang: str, languages: Mapping[str, Language]) -> None:
    """Set ``lang`` on the blocks, and on long passages inside them, that are not in ``lang``."""
    for node in nodes:
        passage = _read_passage(node)
        told = tell_passage(passage, lang, languages) if passage else lang
        if told != lang:
            node.token.attrSet("lang", told)
        mark_foreign(node.children, told, languages)


def tell_passage(text: str, lang: str, languages: Mapping[str, Language]) -> str:
    """Tell the language of a passage in a text in ``lang``; ``lang`` where it says too little.

    A few words in a script make it that script's language, whatever terms stand beside them; what
    is in Latin letters alone is in the shared language, or in ``lang`` if that is written so too.
    """
    counts = count_scripts(text, languages)
    if counts:
        code, most = max(counts.items(), key=lambda count: count[1])
        enough = most >= MIN_OF_A_SCRIPT or (most > 1 and most > count_latin(text))
        return code if enough else lang
    if not has_script(lang, languages):
        return lang
    latin = count_latin(text)
    enough = latin >= MIN_LATIN and latin > 0.7 * count_letters(text)
    return shared_language(languages) if enough else lang


def _read_passage(node: Node) -> str:
    """The text that tells a node's language; empty where another node's tells it."""
    if node.type in _INLINE:
        own = _read_own(node)
        return own if len(own) > MIN_INLINE else ""
    if node.type not in _BLOCKS or node.token.hidden:
        return ""
    if node.type == "list_item":
        # In a tight list the item itself holds the text; in another its paragraphs speak.
        return next((_read_block(child) for child in node.children if child.token.hidden), "")
    return _read_block(node)


def _read_block(node: Node) -> str:
    own = _read_own(node)
    # The words between the links of a paragraph are the paragraph's; a few of them say too little.
    return own if len(own) > MIN_INLINE else _read_words(node)


def _read_own(node: Node) -> str:
    if node.type in _LEAVES:
        return node.token.content
    return "".join(_read_own(child) for child in node.children if child.type in ("inline", "text"))


def _read_words(node: Node) -> str:
    """The text below a node without its links, which are mostly addresses and names."""
    if node.type in _LEAVES:
        return node.token.content
    return "".join(_read_words(child) for child in node.children if child.type != "link")
