from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest

from feeds.languages import load_languages
from feeds.model import Image, Text
from feeds.notes.markup import plain_title, render_abstract, render_commentary

LANGUAGES = load_languages(("ko", "en"))
CASES = Path(__file__).parent / "cases" / "markup"
# A block with line ends (code, a formula), else a line.
_PARAGRAPH = re.compile(r"^ *```[^\n]*\n.*?^ *```$|^\$\$\n.*?^\$\$$|^[^\n]+$", re.M | re.S)


def find_note(target: str) -> str | None:
    return "https://papers.example/ko/known/" if target.endswith("known note") else None


def find_image(target: str) -> Image | None:
    if target != "figure.png":
        return None
    return Image(address="https://papers.example/images/f.png", width=1200, height=801)


def render(*paragraphs: str, lang: str = "ko") -> Text:
    return render_commentary(
        paragraphs, lang=lang, languages=LANGUAGES, link=find_note, image=find_image
    )


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.md")))
def test_case(name: str) -> None:
    """A case is commentary in Markdown; beside it, what becomes of it as HTML and as plain text.

    Where it holds formulas, pages have HTML of their own.

    With ``UPDATE_CASES=1`` in the environment, what comes out is written instead of compared.
    """
    source = (CASES / f"{name}.md").read_text(encoding="utf-8")
    lang = name.partition(".")[2] or "ko"
    text = render(*_PARAGRAPH.findall(source), lang=lang)
    shown = {"html": text.html + "\n", "txt": "\n\n".join(text.plain) + "\n"}
    if text.mathml is not None:
        shown["page.html"] = text.mathml + "\n"
    for ending, content in shown.items():
        path = CASES / f"{name}.{ending}"
        if os.environ.get("UPDATE_CASES"):
            path.write_text(content, encoding="utf-8")
        assert content == path.read_text(encoding="utf-8")
    assert (CASES / f"{name}.page.html").exists() == (text.mathml is not None)


def test_abstract_is_plain_text_with_latex_and_links() -> None:
    text = render_abstract(
        [
            r"We ``say'' \emph{Linear} by 20\% -- see \url{https://a.example/c_d}. <b>&amp; **x**",
            "# https://a.example/x--y`` [[x]] --flag",
        ],
        lang="en",
        languages=LANGUAGES,
    )
    assert text.html == (
        '<p>We “say” Linear by 20% – see <a href="https://a.example/c_d">a.example/c_d</a>. '
        "&lt;b&gt;&amp;amp; **x**</p>\n"
        '<p># <a href="https://a.example/x--y">a.example/x--y</a>`` [[x]] --flag</p>'
    )
    assert text.plain == (
        "We “say” Linear by 20% – see https://a.example/c_d. <b>&amp; **x**",
        "# https://a.example/x--y`` [[x]] --flag",
    )


def test_english_abstract_in_a_korean_mail_says_that_it_is_english() -> None:
    paragraphs = ["Large language models are aligned with preferences."]
    text = render_abstract(paragraphs, lang="ko", languages=LANGUAGES)
    assert text.html.startswith('<p lang="en">')
    assert text.lang == "ko"


def test_nothing_in_gives_nothing_out() -> None:
    assert render() == Text(lang="ko", html="", plain=())
    assert render_abstract([], lang="en", languages=LANGUAGES) == Text(lang="en", html="", plain=())
    assert render("", "   ").plain == ()


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("*A Title* ", "A Title"),
        ("**A Title**", "A Title"),
        ("_A Title_", "A Title"),
        ("*A* and *B*", "*A* and *B*"),
        ("2*3*4", "2*3*4"),
        ("snake_case_", "snake_case_"),
        (r"$\pi_0$: A VLA", "π₀: A VLA"),
        (r"$\mathcal{B}$-Coder", "ℬ-Coder"),
        (r"\textsc{Foo}: 10\% & <EOS>", "Foo: 10% & <EOS>"),
        ("a\x00b\tc\n d\u2028e", "ab c d e"),
        ("From $5 to $10", "From $5 to $10"),
    ],
)
def test_title_is_one_readable_line(written: str, title: str) -> None:
    assert plain_title(written) == title


def test_passages_are_told_by_the_scripts_of_the_languages_there_are() -> None:
    german = dataclasses.replace(LANGUAGES["en"], code="de")
    japanese = dataclasses.replace(LANGUAGES["ko"], code="ja", script="[ぁ-んァ-ヶ一-龠]")
    languages = {"de": german, "ja": japanese, **LANGUAGES}

    def show(paragraph: str, lang: str) -> str:
        text = render_commentary(
            [paragraph], lang=lang, languages=languages, link=find_note, image=find_image
        )
        return text.html.partition(">")[0] + ">"

    assert show("Das ist ein langer Satz auf Deutsch.", "de") == "<p>"
    assert show("A long sentence in Latin letters.", "en") == "<p>"
    assert show("これは日本語の注釈で、それなりに長い。", "de") == '<p lang="ja">'
    assert show("Language Models are Few-Shot Learners を読んだ", "ja") == "<p>"
    assert show("A long sentence in Latin letters.", "ja") == '<p lang="de">'
