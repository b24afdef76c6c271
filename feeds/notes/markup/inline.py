r"""The parser of Markdown, with what notes hold beyond it: formulas, ``[[links]]``, bare URLs.

Tokens keep targets as they were written; what becomes of them is decided in ``targets``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, partial

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core.state_core import StateCore
from markdown_it.rules_inline.state_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from feeds.notes.links import url_spans
from feeds.notes.markup.emphasis import KoreanInline
from feeds.notes.markup.latex import (
    TIES,
    Formula,
    drops_tie,
    find_formula,
    read_escape,
    read_formula,
    read_fragment,
)
from feeds.notes.markup.mathml import write_mathml

WIKI = "wiki"
BARE = "bare"

# A paragraph without any markup in it.
PROSE = "prose"

# In what goes along with a text: whether formulas were met in it, and whether they become MathML.
FORMULAS = "formulas"
AS_MATHML = "as_mathml"

# Markdown's own limit on nesting would cut text off; ``blocks`` keeps well below this one.
_MAX_NESTING = 100

# A block that is one paragraph on one line, and can be nothing else: neither an item, a heading, a
# rule, a quotation nor a fence.
_PROSE = re.compile(
    r"(?:[^\s\d#>*+\-_`~]|\*{1,2}(?=[^\s*])|`(?=[^`])|\d+(?![\d.)]))(?:[^\r\n]*\S)?"
)
_PLAIN_PROSE = re.compile(r"\S(?:[^\r\n]*\S)?")
# Where text stops because a rule may begin there.
_STOP = re.compile(r"[\n\\`*_~\[\]<&${]|!(?=\[)|:(?=//)")
_PLAIN_STOP = re.compile(r"[\\${]|:(?=//)")

_WIKILINK = re.compile(r"(!?)\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]*))?\]\]")
_MATRIX = re.compile(r"[\d\s.,:;+*e-]+")
_TEX_LINK = re.compile(r"\\(?:url\{([^{}\s]+)\}|href\{([^{}\s]+)\}\{([^{}]*)\})")


class NoteMarkdown(MarkdownIt):
    """markdown-it for untrusted notes: every target is let through here and judged later."""

    def __init__(self, *, markdown: bool) -> None:
        super().__init__("zero")
        self.inline = KoreanInline()
        self.configure("commonmark" if markdown else "zero")
        self.options.update({"html": False, "maxNesting": _MAX_NESTING, "breaks": True})
        if markdown:
            self.enable(["table", "strikethrough"])
            # A paragraph is a line: nothing is indented code, an underlined heading or a footnote.
            self.disable(["code", "lheading", "reference", "html_block", "html_inline"])
            self.inline.ruler.before("escape", "latex", _read_latex)
            self.inline.ruler.before("link", "wikilink", _read_wikilink)
        else:
            self.inline.ruler.push("latex", _read_plain_latex)
        prose, stop = (_PROSE, _STOP) if markdown else (_PLAIN_PROSE, _PLAIN_STOP)
        self.core.ruler.at("block", partial(_read_block, prose, stop))
        self.inline.ruler.at("text", partial(_read_text, stop))
        self.inline.ruler.after("text", "bare_url", _read_bare_url)
        self.add_render_rule("formula", _render_formula)
        self.add_render_rule(PROSE, _render_prose)

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # the library's name
        """Keep a target as it was written."""
        return url

    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        """Let every target through."""
        return True


@cache
def markdown_parser() -> NoteMarkdown:
    """The parser of commentary."""
    return NoteMarkdown(markdown=True)


@cache
def plain_parser() -> NoteMarkdown:
    """The parser of abstracts: LaTeX and URLs only."""
    return NoteMarkdown(markdown=False)


def push_text(state: StateInline, text: str) -> None:
    """Add text that is not looked into again."""
    token = state.push("text", "", 0)
    token.content = text


def _push_link(state: StateInline, target: str, shown: str, kind: str) -> None:
    token = state.push("link_open", "a", 1)
    token.attrs = {"href": target}
    token.info = kind
    push_text(state, shown)
    state.push("link_close", "a", -1)


def _read_block(prose: re.Pattern[str], stop: re.Pattern[str], state: StateCore) -> None:
    """Read a block; a line of prose, as most of them are, is not tried for anything else.

    One without any markup in it is a token of its own kind: whole, and without children.
    """
    if not prose.fullmatch(state.src):
        state.md.block.parse(state.src, state.md, state.env, state.tokens)
        return
    if not stop.search(state.src):
        state.tokens.append(Token(PROSE, "p", 0, content=state.src, block=True))
        return
    state.tokens += (
        Token("paragraph_open", "p", 1, block=True),
        Token("inline", "", 0, content=state.src, block=True),
        Token("paragraph_close", "p", -1, block=True),
    )


def _read_text(stop: re.Pattern[str], state: StateInline, silent: bool) -> bool:
    """Read text up to where another rule may begin; the library's own rule stops far more often."""
    match = stop.search(state.src, state.pos)
    end = match.start() if match else state.posMax
    if end == state.pos:
        return False
    if not silent:
        state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def _read_latex(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\{":
        return False
    if match := _TEX_LINK.match(state.src, state.pos):
        return _accept_tex_link(state, match, silent)
    formula = find_formula(state.src, state.pos)
    shown = read_formula(formula) if formula else read_fragment(state.src, state.pos)
    if formula and formula.end <= state.posMax:
        state.env[FORMULAS] = True
        typed = state.src[state.pos : formula.end]
        if state.env.get(AS_MATHML) and _accept_formula(
            state, formula, shown[0] if shown else typed, silent
        ):
            return True
    return _accept(state, shown, silent)


def _accept_formula(state: StateInline, formula: Formula, shown: str, silent: bool) -> bool:
    # One in a sentence stays there, however its writer marked it.
    alone = not (state.src[: state.pos] + state.src[formula.end :]).strip()
    mathml = write_mathml(formula.body, shown=shown, display=formula.display and alone)
    if mathml and not silent:
        token = state.push("formula", "math", 0)
        token.content = shown
        token.meta["mathml"] = mathml
    state.pos = formula.end if mathml else state.pos
    return bool(mathml)


def _render_prose(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType
) -> str:
    token = tokens[at]
    return f"<p{renderer.renderAttrs(token)}>{escapeHtml(token.content)}</p>\n"


def _render_formula(
    _renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: EnvType
) -> str:
    return str(tokens[at].meta["mathml"])


def _read_plain_latex(state: StateInline, silent: bool) -> bool:
    if _read_latex(state, silent):
        return True
    return _accept(state, read_escape(state.src, state.pos), silent)


def _accept(state: StateInline, found: tuple[str, int] | None, silent: bool) -> bool:
    if not found or found[1] > state.posMax:
        return False
    shown, end = found
    if not silent:
        if shown.strip():
            push_text(state, shown)
        elif drops_tie(state.src, end):
            state.pending = state.pending.rstrip(TIES)
    state.pos = end
    return True


def _accept_tex_link(state: StateInline, match: re.Match[str], silent: bool) -> bool:
    if match.end() > state.posMax:
        return False
    if not silent:
        target = re.sub(r"\\(?=[_%#&~])", "", match[1] or match[2])
        if state.linkLevel:
            push_text(state, match[3] or target)
        else:
            _push_link(state, target, match[3] or target, BARE)
    state.pos = match.end()
    return True


def _read_bare_url(state: StateInline, silent: bool) -> bool:
    """Read an URL at its ``://``: the text rule has taken its scheme already."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    spans = state.env.setdefault("urls", {})
    if state.src not in spans:
        spans[state.src] = dict(url_spans(state.src))
    for length in (5, 4):
        start = state.pos - length
        end = spans[state.src].get(start)
        if end and end <= state.posMax and state.pending.endswith(state.src[start : state.pos]):
            if not silent:
                state.pending = state.pending[:-length]
                url = state.src[start:end].replace("\\", "")
                _push_link(state, url, url, BARE)
            state.pos = end
            return True
    return False


def _read_wikilink(state: StateInline, silent: bool) -> bool:
    match = _WIKILINK.match(state.src, state.pos)
    if not match or match.end() > state.posMax or _is_index(state, match):
        return False
    if not silent:
        target, alias = match[2].strip(), (match[3] or "").strip()
        if match[1]:
            token = state.push("image", "img", 0)
            token.attrs = {"src": target, "alt": ""}
            token.content = alias
            token.info = WIKI
        elif state.linkLevel:
            push_text(state, alias or target)
        else:
            _push_link(state, target, alias or target, WIKI)
    state.pos = match.end()
    return True


def _is_index(state: StateInline, match: re.Match[str]) -> bool:
    """Tell code: ``x[[0, 1]]`` and a matrix are no links."""
    before = state.src[state.pos - 1] if state.pos else " "
    called = before.isascii() and (before.isalnum() or before in ")]_")
    return not match[1] and (called or bool(_MATRIX.fullmatch(match[2])))
