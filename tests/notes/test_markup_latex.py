from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.notes.markup.latex import latex_to_text


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        # formulas
        (r"1.53$\times$~20.57$\times$", "1.53×~20.57×"),
        ("just $4$K, $k$-NN, the $n$th", "just 4K, k-NN, the nth"),
        (r"$\Delta W = BA$, $\alpha \times \beta$, $C^{0.73}$", "ΔW = BA, α × β, C^0.73"),
        (r"$O(n^2)$, $10^{-3}$, $2^{16}$, 90$^\circ$, $k^{th}$", "O(n²), 10⁻³, 2¹⁶, 90°, kth"),
        (r"$x_{i}$, $x_{max}$, $x_{i,j}$, CO$_2$", "xᵢ, x_max, x_(i,j), CO₂"),
        (r"$\mathcal{L}_{CE}$, $\mathbb{R}$, $\mathbf{W}$, $\mathbb{E}[x]$", "ℒ_CE, ℝ, W, E[x]"),
        (r"$\frac{a}{b}$, $\frac{a+b}{c}$, $\frac12$", "a/b, (a+b)/c, 1/2"),
        (
            r"$\tilde{O}(\sqrt{T})$, $\sqrt{x+y}$, $\sqrt[3]{x}$, $\hat{x}$",
            "Õ(√T), √(x+y), ³√x, x̂",
        ),
        (r"$O(n\log n)$, $\operatorname{KL}(p\|q)$, $\max_i x$", "O(n log n), KL(p‖q), maxᵢ x"),
        (
            r"$4\times 4$, $\sim 10$, $a \leq b$, $\rightarrow$, $p<0.05$",
            "4 × 4, ~10, a ≤ b, →, p<0.05",
        ),
        (r"$\left( x \right.$, $\alpha\beta$, $A^\top B$", "( x, αβ, Aᵀ B"),
        (r"$$E=mc^2$$ \(x_1\) \[a=b\]", "E=mc² x₁ a=b"),
        (r"$\text{Acc. of } x$, $50\%$", "Acc. of x, 50%"),
        # text
        (
            r"\textit{Linear Alignment} \textbf{a $k$-NN b} {\em foo bar}",
            "Linear Alignment a k-NN b foo bar",
        ),
        (r"20\% \& \#1 \_x \{a\} \$5 5\,000", "20% & #1 _x {a} $5 5 000"),
        (
            r"Poincar\'e, G\"odel, {\'e}t{\'{e}}, Erd\H{o}s, \v{S}ar",
            "Poincaré, Gödel, été, Erdős, Šar",
        ),
        (r"As shown~\cite{a,b}. \citep[see][]{c}Next", "As shown. Next"),
        (
            r"\url{https://a.example/b_c} \href{https://x.example}{here}",
            "https://a.example/b_c here (https://x.example)",
        ),
        (r"3\times, \alpha-blend, text\footnote{see x}", "3×, α-blend, text(see x)"),
        ("``quoted'' text -- dash---em a--b 5%--10%", "“quoted” text – dash—em a–b 5%–10%"),
        # as it was typed
        ("from $5 to $10 and $4K; $5-$10, US$5, HK$", "from $5 to $10 and $4K; $5-$10, US$5, HK$"),
        ("$HOME/foo:$PATH and $ x $", "$HOME/foo:$PATH and $ x $"),
        (
            r"C:\temp\alpha \n \d+ it\'s don\'t \unknown{x} \ours",
            r"C:\temp\alpha \n \d+ it\'s don\'t \unknown{x} \ours",
        ),
        (r"broken $\frac{a$ and {x} \textbf{y", r"broken $\frac{a$ and {x} \textbf{y"),
        (
            r"$\begin{matrix}a\end{matrix}$ \[1\] \(hello\)",
            r"$\begin{matrix}a\end{matrix}$ \[1\] \(hello\)",
        ),
        ("run --flag, `x`, 30% of {GPT}, a_b^c", "run --flag, `x`, 30% of {GPT}, a_b^c"),
    ],
)
def test_latex_reads_as_text(source: str, shown: str) -> None:
    assert latex_to_text(source) == shown


PIECES = [
    *r"$\{}[]()^_~&%'`-x2 가",
    *(r"\frac", r"\sqrt", r"\cite{", r"\begin{a}", r"\left", r"\'", r"\text{", "{\\em ", "\n"),
]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_latex_gives_text(source: str) -> None:
    assert isinstance(latex_to_text(source), str)


@given(st.text(st.characters(exclude_characters="$\\{-`'")))
def test_text_without_latex_is_not_touched(source: str) -> None:
    assert latex_to_text(source) == source
