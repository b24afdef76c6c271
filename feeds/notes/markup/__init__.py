"""Untrusted notes -> text that can be shown: Markdown and LaTeX to safe HTML and to plain text.

A paragraph goes through markdown-it (with no HTML), its links and images through
``targets``, and what comes out through nh3. No input raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from feeds.model import Image, Language, Text
from feeds.notes.markup.blocks import join_blocks
from feeds.notes.markup.foreign import mark_foreign
from feeds.notes.markup.inline import NoteMarkdown, markdown_parser, plain_parser
from feeds.notes.markup.latex import has_quotes, latex_to_text, read_prose
from feeds.notes.markup.plain import write_plain
from feeds.notes.markup.sanitize import clean_html, clean_text
from feeds.notes.markup.targets import Targets

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
    tokens = _parse(parser, join_blocks([clean_text(each) for each in paragraphs]))
    _level_headings(tokens)
    _adapt_tables(tokens)
    return _finish(parser, tokens, lang, languages, Targets(link=link, image=image))


def render_abstract(
    paragraphs: Sequence[str], *, lang: str, languages: Mapping[str, Language]
) -> Text:
    """Render an abstract: plain text with LaTeX, where URLs are links and nothing else is markup.

    Each paragraph is a ``<p>``; one that is not in ``lang`` says so.
    """
    parser = plain_parser()
    tokens = _parse(parser, (" ".join(clean_text(each).split()) for each in paragraphs))
    _set_prose(tokens)
    targets = Targets(link=_find_nothing, image=_find_nothing)
    return _finish(parser, tokens, lang, languages, targets)


def plain_title(text: str) -> str:
    """Make a title readable: LaTeX as Unicode, on one line, without emphasis around all of it."""
    title = " ".join(clean_text(text).split())
    if match := _EMPHASIZED.fullmatch(title):
        title = match[2]
    return " ".join(clean_text(latex_to_text(title)).split())


def _parse(parser: NoteMarkdown, blocks: Iterable[str]) -> list[Token]:
    env: dict[str, object] = {}
    return [token for block in blocks for token in parser.parse(block, env)]


def _finish(
    parser: NoteMarkdown,
    tokens: list[Token],
    lang: str,
    languages: Mapping[str, Language],
    targets: Targets,
) -> Text:
    targets.settle(tokens)
    tree = SyntaxTreeNode(tokens)
    mark_foreign(tree, lang, languages)
    html = clean_html(parser.renderer.render(tokens, parser.options, {}))
    return Text(
        lang=lang, html=html.strip(), plain=tuple(clean_text(each) for each in write_plain(tree))
    )


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
        linked = False
        for child in token.children or ():
            linked = child.type == "link_open" or (linked and child.type != "link_close")
            if child.type == "text" and not linked:
                child.content = read_prose(child.content, quoted=quoted)


def _find_nothing(_target: str) -> None:
    return None
