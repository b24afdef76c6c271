"""What LaTeX macros look like in Unicode, beyond the symbols that pylatexenc knows."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Macros whose argument is shown as it is: a reader of plain text has no bold.
WRAPPERS = _words(
    """
    emph textit textbf texttt textsc textsf textrm textup textmd textsl textnormal text underline
    uline mbox hbox fbox mathrm mathbf mathit mathsf mathtt mathnormal mathcal mathbb mathfrak
    mathscr mathop mathbin mathrel bm boldsymbol pmb operatorname operatorname* ensuremath
    underbrace overbrace boxed
    """
)

# Macros that vanish with their argument: there is nothing to point at.
DROPPED = _words(
    """
    cite citep citet citealp citealt citeauthor citeyear cite* citep* citet* parencite textcite
    autocite footcite nocite label vspace hspace vspace* hspace* phantom vphantom hphantom
    """
)

# Macros that say how something is set, not what.
SILENT = _words(
    """
    left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle
    textstyle scriptstyle limits nolimits xspace noindent em it bf tt rm sl sc itshape bfseries
    ttfamily normalfont small tiny centering protect ! / -
    """
)

# Functions are words: they want a space on both sides.
FUNCTIONS = {
    name: name
    for name in _words("""
    arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det dim exp gcd hom inf ker lg
    lim ln log max min sec sin sinh softmax sup tan tanh Pr
    """)
} | {"limsup": "lim sup", "liminf": "lim inf", "bmod": "mod", "mod": "mod"}

SYMBOLS = {
    # The plain tilde is in every font and says the same.
    "sim": "~",
    "textasciitilde": "~",
    "checkmark": "✓",
    "cmark": "✓",
    "xmark": "✗",
    "degree": "°",
    "|": "‖",
    "S": "§",
    "textbackslash": "\\",
    "backslash": "\\",
    "textdollar": "$",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "eps": "ε",
    "star": "*",
    "ast": "*",
    "dots": "…",
    "cdots": "…",
    "vdots": "…",
    "prime": "′",
    "lbrack": "[",
    "rbrack": "]",
    "lbrace": "{",
    "rbrace": "}",
    "tie": " ",
    "quad": " ",
    "qquad": " ",
    "\\": " ",
    " ": " ",
    ",": " ",
    ";": " ",
    ":": " ",
    ">": " ",
    "%": "%",
    "&": "&",
    "#": "#",
    "_": "_",
    "$": "$",
    "{": "{",
    "}": "}",
}

ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "H": "\u030b",
    "u": "\u0306",
    "k": "\u0328",
    "r": "\u030a",
    "d": "\u0323",
    "b": "\u0331",
    "acute": "\u0301",
    "grave": "\u0300",
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "overline": "\u0304",
    "breve": "\u0306",
    "check": "\u030c",
    "dot": "\u0307",
    "ddot": "\u0308",
    "mathring": "\u030a",
    "vec": "\u20d7",
}

# Only letters of the basic plane: the others are in few fonts, and screen readers spell them out.
_SCRIPT_LETTERS = dict(zip("BEFHILMRgo", "ℬℰℱℋℐℒℳℛℊℴ", strict=True))
LETTERLIKE = {
    "mathcal": _SCRIPT_LETTERS,
    "mathscr": _SCRIPT_LETTERS,
    "mathbb": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "mathfrak": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
}

SUPERSCRIPTS = {
    **dict(zip("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾", strict=True)),
    **dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)),
    **dict(zip("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ", strict=True)),
    "∘": "°",
    "°": "°",
    "⊤": "ᵀ",
    "′": "′",
    **{shown: shown for shown in ("*", "†", "‡", "'", "th", "st", "nd", "rd")},
}

SUBSCRIPTS = {
    **dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True)),
    **dict(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)),
    **dict(zip("βγρφχ", "ᵦᵧᵨᵩᵪ", strict=True)),
}
