from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.languages import load_languages
from feeds.model import Text
from feeds.notes.markup import render_abstract, render_commentary
from feeds.notes.markup.mathml import MAX_SIZE, write_mathml
from tests.reading import Hypertext

LANGUAGES = load_languages(("ko", "en"))
CASES = Path(__file__).parent / "cases" / "mathml"


def render(*paragraphs: str, lang: str = "ko") -> Text:
    return render_commentary(
        paragraphs, lang=lang, languages=LANGUAGES, link=lambda _: None, image=lambda _: None
    )


def on_page(text: Text) -> str:
    return text.mathml or text.html


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.tex")))
def test_case(name: str) -> None:
    """A line of a case is a formula; in the file beside it, the line is what pages show of it.

    With ``UPDATE_CASES=1`` in the environment, what comes out is written instead of compared.
    """
    formulas = (CASES / f"{name}.tex").read_text(encoding="utf-8").splitlines()
    shown = "".join(f"{on_page(render(f'$${formula}$$'))}\n" for formula in formulas)
    path = CASES / f"{name}.html"
    if os.environ.get("UPDATE_CASES"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_text_without_a_formula_has_no_version_of_its_own_for_pages() -> None:
    paragraphs = [r"From $5 to $10, \textit{Name}, \times and \[1\].", "Words."]
    assert render(*paragraphs).mathml is None
    assert render_abstract(paragraphs, lang="en", languages=LANGUAGES).mathml is None


def test_formula_that_cannot_be_set_leaves_no_version_for_pages() -> None:
    assert render(r"$\unknown{x}$ and $\frac{a$").mathml is None


@pytest.mark.parametrize(
    ("written", "display"),
    [
        ("$$x = 1$$", True),
        ("$$\nx\n= 1\n$$", True),
        (r"\[x = 1\]", True),
        ("- $$x = 1$$", True),
        ("$x = 1$", False),
        (r"\(x = 1\)", False),
        ("where $$x = 1$$ holds", False),
    ],
)
def test_formula_stands_on_its_own_line_where_nothing_else_does(
    written: str, display: bool
) -> None:
    shown = on_page(render(written))
    assert ('<math display="block"' in shown) == display
    assert ('<math alttext="' in shown) != display


def test_what_is_written_on_to_a_formula_stays_with_it() -> None:
    shown = re.sub(
        "<math.*?</math>", "M", on_page(render(r"복잡도는 ($O(n^2)$)과 CO$_2$, 그리고 $k$ 값"))
    )
    assert shown == "<p>복잡도는 <span>(M)과</span> <span>COM,</span> 그리고 M 값</p>"
    long = on_page(render(rf"{'가' * 9}$x$ $y${'나' * 9}, $x{'+x' * 20}$, z"))
    assert "<span>" not in long


def test_formulas_without_end_are_not_kept_on_one_line() -> None:
    words = re.findall("<span>(.*?)</span>", on_page(render("$abc$" * 30)))
    assert len(words) > 2
    assert all(word.count("<math") < 9 for word in words)


def test_long_formula_can_be_scrolled_from_the_keyboard() -> None:
    assert 'tabindex="0"' in on_page(render(f"$x{'+x' * 30}$"))
    assert "tabindex" not in on_page(render("$x+y$"))


def test_pages_say_the_same_as_feeds_but_for_the_formulas() -> None:
    paragraphs = [
        r"# $k$-NN",
        r"- **$\alpha$-blend** and `$x$`, [$x^2$ here](https://a.example/x)",
        r"> A quotation in English, long enough to be told, with $\pi_\theta$ in it.",
        "|a|$n$|",
        "|-|-:|",
        "|1|$$2$$|",
    ]
    text = render(*paragraphs)
    assert text.mathml is not None
    assert 'lang="en"' in text.html
    formula = re.compile(r'<math[^>]*? alttext="([^"]*)".*?</math>')
    assert re.sub("</?span>", "", formula.sub(r"\1", text.mathml)) == text.html


def test_dashes_and_quotes_of_an_abstract_are_set_around_formulas() -> None:
    text = render_abstract(
        ["Between $5$--$10$ of ``$k$--fold'' runs"], lang="en", languages=LANGUAGES
    )
    assert text.html == "<p>Between 5–10 of “k–fold” runs</p>"
    assert re.sub("<[^>]*>", "", on_page(text)) == re.sub("<[^>]*>", "", text.html)


PLAIN = re.compile("p|span|math|m(row|i|n|o|text|space|table|tr|td|sub|sup|subsup|under|over)")
HOSTILE = [
    r"\href{javascript:alert(1)}{x}",
    r"\url{javascript:alert(1)}",
    r"\style{position:fixed}{x}",
    r"\class{live}{x}",
    r"\htmlId{text}{x}",
    r"\htmlClass{live}{x}",
    r"\htmlStyle{color:red}{x}",
    r"\htmlData{x=y}{x}",
    r"\unicode{x3c}script\unicode{x3e}",
    r"\char60 script\char62",
    r"\includegraphics{https://evil.example/x.png}",
    r"\require{html}\href{javascript:alert(1)}{x}",
    r"\label{text}\ref{text}\eqref{text}",
    r"\begin{align}x\label{text}\tag{1}\end{align}",
    r"\text{<img src=x onerror=alert(1)>}",
    r"\text{</math><script>alert(1)</script>}",
    r"\mbox{</mtext></math><img src=x onerror=alert(1)>}",
    r"\textbf{<svg onload=alert(1)>}",
    r"\operatorname{<script>alert(1)</script>}",
    "</math><script>alert(1)</script>_1",
    '"onmouseover="alert(1)_1',
    r"\color{red;background:url(https://evil.example)}x",
    r"\textcolor{\"onload=alert(1)}{x}",
    r"\mathrm{<annotation-xml encoding=text/html><script>}",
    r"\hspace{1em\" onload=\"alert(1)}x",
    r"\newcommand{\x}{\x\x}\x",
    r"\def\x{{{{{{{{\x}}}}}}}}\x",
    "&lt;script&gt;_1",
    r"x_1 &ApplyFunction; &#60;script&#62;",
]


@pytest.mark.parametrize("formula", HOSTILE)
def test_hostile_formula_is_harmless(formula: str) -> None:
    for written in (f"$${formula}$$", rf"see \({formula}\).", f"$x_1$ and ${formula}$"):
        read = Hypertext(on_page(render(written)))
        assert not read.attacks
        assert not read.links
        # An angle that opens no tag is written as an entity.
        assert all(map(PLAIN.fullmatch, re.findall(r"</?(\w+|.)", read.html)))


CHAINS = (
    "{",
    "^{",
    r"\sqrt",
    r"\sqrt{",
    r"\frac1",
    r"\frac{",
    r"\hat",
    r"\left(",
    r"\bf{",
    r"\not",
)


@pytest.mark.parametrize("link", [*CHAINS, r"\begin{matrix}", r"\text{", r"\mbox{$", r"\norm{"])
@pytest.mark.parametrize("closed", [True, False])
def test_deep_formula_neither_ends_the_program_nor_fills_the_page(link: str, closed: bool) -> None:
    for times in (19, 150, 1900 // len(link)):
        formula = link * times + "x" + ("}" * times if closed and link.endswith("{") else "")
        written = write_mathml(formula, shown="x", display=True)
        assert written is None or len(written) <= MAX_SIZE


def test_deep_formula_needs_little_of_a_thread() -> None:
    # A stack that overflows ends the program, so it is another one that tries.
    formulas = [link * (1900 // len(link)) + "x" for link in CHAINS]
    formulas += [link * 190 + "x" for link in CHAINS]
    formulas += [link * 19 + "x" + "}" * 19 for link in CHAINS if link.endswith("{")]
    code = (
        "import sys, threading\n"
        "from feeds.notes.markup.mathml import write_mathml\n"
        "write_mathml('x', shown='x', display=False)\n"
        "def run():\n"
        "    for formula in sys.argv[1:]: write_mathml(formula, shown='x', display=False)\n"
        "    print('done')\n"
        "threading.stack_size(512 * 1024)\n"
        "thread = threading.Thread(target=run)\n"
        "thread.start(); thread.join()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *formulas], capture_output=True, text=True, check=False
    )
    assert ran.stdout == "done\n", ran.stderr


PIECES = [
    *r"${}[]()^_~&%'`-x2 가<>\"|",
    *(
        r"\frac",
        r"\sqrt",
        r"\left",
        r"\right",
        r"\text{",
        r"\mbox{$",
        r"\hat",
        r"\not",
        r"\\",
        "\n",
    ),
    *(
        r"\begin{cases}",
        r"\end{cases}",
        r"\begin{align}",
        r"\end{align}",
        r"\substack{",
        r"\tag{1}",
    ),
    *(
        r"\operatorname{",
        r"\mathcal",
        r"\bullet",
        r"\color{red}",
        r"\def\x",
        r"\limits",
        r"\middle|",
    ),
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_formula_is_safe_on_a_page(formula: str) -> None:
    text = render(f"$x${formula}$y_1$", f"$${formula}$$")
    assert not Hypertext(on_page(text)).attacks
    assert "<math" not in text.html


def test_threads_may_write_formulas_at_the_same_time() -> None:
    written: list[str | None] = []

    def write(number: int) -> None:
        written.append(write_mathml(f"x_{{{number}}}", shown="x", display=False))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(written)) == 20
    assert None not in written


def test_library_is_loaded_with_the_first_formula_only() -> None:
    code = "import sys, feeds.cli\nprint('math_core' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
