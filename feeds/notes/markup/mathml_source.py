r"""Formulas as people type them -> LaTeX as math-core reads it.

Notes are not LaTeX documents: a ``%`` is a percent sign, Korean words stand among the symbols, and
nothing refers to the number of an equation.
"""

from __future__ import annotations

import re

from feeds.notes.markup.latex_reader import MAX_DEPTH, MAX_LENGTH

# math-core descends by recursion, in a stack that a thread may have little of: about 3 kB a level.
MAX_COMMANDS = 200

# What our own reader knows, or what packages define that many papers use, and math-core does not.
MACROS = {
    "ensuremath": "#1",
    "mathnormal": "#1",
    "pmb": r"\boldsymbol{#1}",
    "uline": r"\underline{#1}",
    # The wide one of math-core stretches in some browsers only.
    "widetilde": r"\tilde{#1}",
    "nicefrac": "{#1}/{#2}",
    "sfrac": "{#1}/{#2}",
    "softmax": r"\operatorname{softmax}",
    "substack": r"\begin{subarray}{c}#1\end{subarray}",
    "textsuperscript": r"{}^{\text{#1}}",
    "textsubscript": r"{}_{\text{#1}}",
    "mathds": r"\mathbb{#1}",
    "mathbbm": r"\mathbb{#1}",
    "abs": r"\left\lvert #1\right\rvert",
    "norm": r"\left\lVert #1\right\rVert",
    "num": "#1",
    "SI": r"#1\,\mathrm{#2}",
    **dict.fromkeys(("xspace", "noindent", "protect", "centering", "small", "tiny"), ""),
}

# A command that defines another could make a deep or a huge formula of a few letters.
_DEFINITION = re.compile(
    r"\\(?:[a-z]?def|(?:future)?let|[A-Za-z]*[Cc]ommand|Declare[A-Za-z]*|global|long)(?![A-Za-z])"
)
_COMMAND = re.compile(r"\\[A-Za-z]+")
_GROUPING = re.compile(r"\\left(?![a-z])|\\right(?![a-z])|\\(?:begin|end)\b|\\.|[{}]", re.DOTALL)
_DEEPER = {"{", r"\left", r"\begin"}
_SHALLOWER = {"}", r"\right", r"\end"}

_BARE_PERCENT = re.compile(r"(\\.)|%", re.DOTALL)
_ANCHOR = re.compile(r"\\(?:label|tag\*?)\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([a-z]+)\*?\}")
# Those that LaTeX numbers, by what sets the same without numbers; the last need no setting.
_UNNUMBERED = {
    **dict.fromkeys(("align", "eqnarray", "flalign", "split"), "aligned"),
    **dict.fromkeys(("gather", "multline"), "gathered"),
    **dict.fromkeys(("equation", "displaymath", "math"), ""),
}

_TEXT = re.compile(
    r"\\(text(?:rm|normal|up|md|sl|bf|it|sf|tt|sc)?|emph|mbox|hbox)(?![A-Za-z])\s*\{"
)
_STYLES = {
    "textbf": "mathbf",
    "textit": "mathit",
    "textsl": "mathit",
    "emph": "mathit",
    "textsf": "mathsf",
    "texttt": "mathtt",
}
_DOLLAR = re.compile(r"(?<!\\)\$")
_SPECIAL = re.compile(r"(\\.)|([_&#])", re.DOTALL)
_CJK = "ᄀ-ᇿ㄰-㆏가-힣ぁ-ヿ一-鿿"
_WORDS = re.compile(rf"[{_CJK}]+(?: +[{_CJK}]+)*")


def prepare_source(source: str) -> str | None:
    """Write the inside of a formula for math-core; None where it had better not be read."""
    if len(source) > MAX_LENGTH or _DEFINITION.search(source):
        return None
    if len(_COMMAND.findall(source)) > MAX_COMMANDS or _measure_depth(source) > MAX_DEPTH:
        return None
    source = _BARE_PERCENT.sub(lambda found: found[1] or r"\%", source)
    source = _ENVIRONMENT.sub(_drop_number, _ANCHOR.sub("", source))
    return _set_words(source)


def _measure_depth(source: str) -> int:
    depth = deepest = 0
    for found in _GROUPING.findall(source):
        depth += (found in _DEEPER) - (found in _SHALLOWER)
        deepest = max(deepest, depth)
    return deepest


def _drop_number(found: re.Match[str]) -> str:
    name = _UNNUMBERED.get(found[2])
    if name is None:
        return found[0]
    return rf"\{found[1]}{{{name}}}" if name else {"begin": "{", "end": "}"}[found[1]]


def _set_words(source: str) -> str:
    """Set words as text: those marked so, formulas inside them apart, and Korean ones."""
    pieces: list[str] = []
    pos = 0
    while match := _TEXT.search(source, pos):
        end = _find_brace(source, match.end())
        if end < 0:
            break
        pieces += (_mark_words(source[pos : match.start()]), _set_text(match, end))
        pos = end + 1
    return "".join(pieces) + _mark_words(source[pos:])


def _find_brace(source: str, pos: int) -> int:
    depth = 1
    for found in _GROUPING.finditer(source, pos):
        depth += (found[0] == "{") - (found[0] == "}")
        if not depth:
            return found.start()
    return -1


def _mark_words(source: str) -> str:
    return _WORDS.sub(r"\\text{\g<0>}", source)


def _set_text(opening: re.Match[str], end: int) -> str:
    name, body = opening[1], opening.string[opening.end() : end]
    if name in _STYLES and body.isascii() and body.isalnum():
        return rf"\{_STYLES[name]}{{{body}}}"
    words = [_SPECIAL.sub(lambda found: found[1] or f"\\{found[2]}", body)]
    if "$" in body:
        words = _DOLLAR.split(body)
    if len(words) == 1:
        return rf"\text{{{words[0]}}}"
    set_pieces = [
        _set_words(piece) if at % 2 else rf"\text{{{piece}}}" for at, piece in enumerate(words)
    ]
    return f"{{{''.join(set_pieces)}}}"
