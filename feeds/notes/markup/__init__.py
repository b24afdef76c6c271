"""Untrusted notes -> text that can be shown: Markdown and LaTeX to safe HTML and to plain text.

A paragraph goes through markdown-it (with no HTML), its links and images through
``targets``, and what comes out through nh3. Formulas become Unicode, which mails and feeds need,
and MathML besides, for pages. No input raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from markdown_it.token import Token

from feeds.model import Image, Language, Text
from feeds.notes.markup.blocks import join_blocks
from feeds.notes.markup.foreign import mark_foreign
from feeds.notes.markup.inline import (
    AS_MATHML,
    FORMULAS,
    PROSE,
    NoteMarkdown,
    markdown_parser,
    plain_parser,
)
from feeds.notes.markup.latex import has_quotes, latex_to_text, read_prose
from feeds.notes.markup.plain import write_plain
from feeds.notes.markup.sanitize import clean_html, clean_text
from feeds.notes.markup.targets import Targets
from feeds.notes.markup.tree import Node, grow_tree
from feeds.notes.markup.unbroken import keep_unbroken

# What goes along with a text while it is read.
Env = dict[str, object]

# Pages and mails have an h1 and an h2 above a commentary.
FIRST_HEADING = 3
LAST_HEADING = 6

_EMPHASIZED = re.compile(r"(\*{1,3}|_{1,3})(?=[^\s*_])((?:(?!\1).)+)(?<=\S)\1", re.DOTALL)


def render_commentary(
    paragraphs: Sequence[str],
    *,
    lang: str,
    languages: Mapping[str, Language],
    link: Callable[[str], str | None],
    image: Callable[[str], Image | None],
) -> Text:
    """Render a commentary: CommonMark with tables, strikethrough, LaTeX and ``[[links]]``.

    A paragraph is a line, or a block with its line ends (code, a formula). ``link`` gets the target
    of a ``[[link]]`` or the path of another note, and gives its absolute address or None; ``image``
    gets the target of a local image as written. Blocks that are not in ``lang`` say so, told by
    the scripts of ``languages``.
    """
    parser = markdown_parser()
    blocks = tuple(join_blocks([clean_text(each) for each in paragraphs]))

    def read(env: Env) -> list[Token]:
        tokens = _parse(parser, blocks, env)
        _level_headings(tokens)
        _adapt_tables(tokens)
        Targets(link=link, image=image).settle(tokens)
        return tokens

    return _finish(parser, read, lang, languages)


def render_abstract(
    paragraphs: Sequence[str], *, lang: str, languages: Mapping[str, Language]
) -> Text:
    """Render an abstract: plain text with LaTeX, where URLs are links and nothing else is markup.

    Each paragraph is a ``<p>``; one that is not in ``lang`` says so.
    """
    parser = plain_parser()
    blocks = [" ".join(clean_text(each).split()) for each in paragraphs]

    def read(env: Env) -> list[Token]:
        tokens = _parse(parser, blocks, env)
        _set_prose(tokens)
        Targets(link=_find_nothing, image=_find_nothing).settle(tokens)
        return tokens

    return _finish(parser, read, lang, languages)


def plain_title(text: str) -> str:
    """Make a title readable: LaTeX as Unicode, on one line, without emphasis around all of it."""
    title = " ".join(clean_text(text).split())
    if match := _EMPHASIZED.fullmatch(title):
        title = match[2]
    return " ".join(clean_text(latex_to_text(title)).split())


def _parse(parser: NoteMarkdown, blocks: Iterable[str], env: Env) -> list[Token]:
    return [token for block in blocks for token in parser.parse(block, env)]


def _finish(
    parser: NoteMarkdown,
    read: Callable[[Env], list[Token]],
    lang: str,
    languages: Mapping[str, Language],
) -> Text:
    """Write a text, and once more with its formulas as MathML where it has any."""
    env: Env = {}
    tree, html = _write(parser, read(env), lang, languages)
    mathml = None
    if FORMULAS in env:
        _, written = _write(parser, read({AS_MATHML: True}), lang, languages)
        mathml = clean_html(written, mathml=True).strip()
    return Text(
        lang=lang,
        html=clean_html(html).strip(),
        plain=tuple(clean_text(each) for each in write_plain(tree)),
        mathml=mathml if mathml and "<math" in mathml else None,
    )


def _write(
    parser: NoteMarkdown, tokens: Sequence[Token], lang: str, languages: Mapping[str, Language]
) -> tuple[list[Node], str]:
    tree = grow_tree(tokens)
    mark_foreign(tree, lang, languages)
    keep_unbroken(tokens)
    return tree, parser.renderer.render(tokens, parser.options, {})


def _level_headings(tokens: Iterable[Token]) -> None:
    """Let the headings begin at the same level, whatever their writer began with, and skip none."""
    outer: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            written = int(token.tag[1:])
            while outer and outer[-1] >= written:
                outer.pop()
            outer.append(written)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(FIRST_HEADING - 1 + len(outer), LAST_HEADING)}"


def _adapt_tables(tokens: Sequence[Token]) -> None:
    """Align cells without a style, and let the empty corner of a table be no heading."""
    for at, token in enumerate(tokens):
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs = {"align": str(token.attrs["style"]).removeprefix("text-align:")}
        if token.type == "th_open" and not tokens[at + 1].content.strip():
            token.tag = tokens[at + 2].tag = "td"


def _set_prose(tokens: Iterable[Token]) -> None:
    """Set quotes and dashes in the words of an abstract, never in its addresses."""
    for token in tokens:
        quoted = has_quotes(token.content)
        if token.type == PROSE:
            token.content = read_prose(token.content, quoted=quoted)
        children = token.children or []
        linked = False
        for at, child in enumerate(children):
            linked = child.type == "link_open" or (linked and child.type != "link_close")
            if child.type == "text" and not linked:
                before, after = _touch(children[:at], -1), _touch(children[at + 1 :], 0)
                shown = read_prose(before + child.content + after, quoted=quoted)
                child.content = shown[len(before) : len(shown) - len(after)]


def _touch(neighbours: Sequence[Token], at: int) -> str:
    """The letter of a formula that words stand beside, which tells a dash from a sign."""
    if not neighbours or neighbours[at].type != "formula":
        return ""
    char = neighbours[at].content[at]
    return char if char.isalnum() else ""


def _find_nothing(_target: str) -> None:
    return None
