"""The last gate for untrusted text: its characters, and its HTML by an allow-list."""

from __future__ import annotations

import re

import nh3

# What XML 1.0 (section 2.2) forbids, the C1 controls, and the mark of a failed decoding, at which
# some mail programs stop reading.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffd-\uffff]")
_BREAKS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_ODD = re.compile(f"{_FORBIDDEN.pattern}|{_BREAKS.pattern}")

_TAGS = "p br hr h3 h4 h5 h6 strong em s code pre ul ol li blockquote a img"
_TABLE_TAGS = "table thead tbody tr th td"
_ATTRIBUTES = {
    **{tag: {"lang"} for tag in f"{_TAGS} {_TABLE_TAGS}".split()},
    "a": {"href", "lang"},
    "img": {"src", "width", "height", "alt"},
    "ol": {"start", "lang"},
    "th": {"align", "lang"},
    "td": {"align", "lang"},
}
# Presentation MathML that browsers show, without links, styles and names. Firefox aligns the cells
# of a table by ``columnalign``, the pages' style sheet does so for others.
_SET = "displaystyle scriptlevel"
MATHML = {
    tag: set(attributes.split())
    for tags, attributes in (
        ("math", "display alttext tabindex"),
        ("mrow mstyle mtable", _SET),
        ("mn mtext mtr msub msup msubsup msqrt mroot mmultiscripts mprescripts mphantom", ""),
        ("mi", "mathvariant"),
        ("mo", "form stretchy symmetric largeop movablelimits lspace rspace minsize maxsize"),
        ("mspace", "width"),
        ("mpadded", "width height"),
        ("mfrac", f"linethickness {_SET}"),
        ("mover munder munderover", "accent accentunder"),
        ("mtd", "columnalign"),
    )
    for tag in tags.split()
}
_TRUTH = re.compile("true|false")
# No length of a formula is ten letters wide.
_LENGTH = re.compile(r"-?\d?(?:\.\d+)?(?:em)?")
_VALUES = {
    **dict.fromkeys(
        (
            *("displaystyle", "stretchy", "symmetric", "largeop"),
            *("movablelimits", "accent", "accentunder"),
        ),
        _TRUTH,
    ),
    **dict.fromkeys(
        ("lspace", "rspace", "minsize", "maxsize", "width", "height", "linethickness"), _LENGTH
    ),
    "display": re.compile("block"),
    "tabindex": re.compile("0"),
    "scriptlevel": re.compile("[0-3]"),
    "mathvariant": re.compile("normal"),
    "form": re.compile("prefix|infix|postfix"),
    "columnalign": re.compile("left|right"),
}

# Paragraphs with nothing in them but words, flat emphasis and code: the cleaner gives them back as
# they are. Possessive, so that what is none is told in time that grows with its length.
_WORDS = r"(?:[^<>&\r]++|&(?:amp|lt|gt|quot);)"
_PARAGRAPHS = re.compile(
    rf'(?:<p(?: lang="[a-z]{{2,8}}")?>(?:{_WORDS}|<(strong|em|s|code)>{_WORDS}*+</\1>)*+</p>\n?)*+'
)

_SCHEMES = {"http", "https", "mailto"}
_ABSOLUTE = re.compile(r"(?:https?://|mailto:)\S")


def clean_text(text: str) -> str:
    """Take out the characters that no XML document and no mail may hold."""
    return _FORBIDDEN.sub("", _BREAKS.sub(" ", text)) if _ODD.search(text) else text


def clean_html(html: str, *, mathml: bool = False) -> str:
    """Keep the tags and attributes that a note needs, and nothing else; ``mathml`` where asked.

    The result is well-formed but for void elements (``<br>``), holds no named entity beyond those
    of XML, and every address in it is absolute.
    """
    if _PARAGRAPHS.fullmatch(html):
        return clean_text(html.replace("&quot;", '"'))
    kept = (_MATHML_CLEANER if mathml else _CLEANER).clean(html)
    # The one named entity that the serialiser of HTML writes and XML does not know.
    return clean_text(kept.replace("&nbsp;", "\u00a0"))


def allows_value(name: str, value: str) -> bool:
    """Tell whether an attribute of MathML may say this; those that hold text may say anything."""
    return name not in _VALUES or bool(_VALUES[name].fullmatch(value))


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if tag in MATHML:
        return value if allows_value(name, value) else None
    if name in ("href", "src") and not _ABSOLUTE.match(value):
        return None
    return value


def _make_cleaner(attributes: dict[str, set[str]]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(attributes),
        attributes=attributes,
        attribute_filter=_keep_attribute,
        url_schemes=_SCHEMES,
        link_rel=None,
    )


# To make one takes as long as to clean a paragraph.
_CLEANER = _make_cleaner(_ATTRIBUTES)
_MATHML_CLEANER = _make_cleaner(_ATTRIBUTES | MATHML | {"span": set()})
