"""What only a browser can tell of formulas: how they are laid out, and what is read of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.notes.test_markup_mathml import CASES, HOSTILE, on_page, render
from tests.publications import BASE, build_at, write_publication

CHROMIUM = os.environ.get("CHROME") or shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt install chromium"),
]

WIDE = (
    r"\frac{1}{N} \sum_{i=1}^{N} \log p_\theta(y_i \mid x_i) + \lambda \|\theta\|_2^2 + x_1 + x_2"
)
NOTE = rf"""2024-12-17
A Paper
(Ada Lovelace)
An abstract with $O(n^2)$.
값은 $\frac{{a+b}}{{2}}$이고 CO$_2$는 ${WIDE}$ 와 같다.
$${WIDE}$$
$$\begin{{cases}} x & \text{{if }} y \\ xxxxxxxx & z \end{{cases}}$$
Words.
#math
"""


STRANGELY_READ = """texts => texts.filter(text => {
  const wanted = new DOMParser().parseFromString(
    `<body xmlns="http://www.w3.org/1999/xhtml">${text}</body>`
      .replaceAll('<math', '<math xmlns="http://www.w3.org/1998/Math/MathML"'),
    'application/xhtml+xml').documentElement;
  wanted.querySelectorAll('math').forEach(formula => formula.removeAttribute('xmlns'));
  const read = new DOMParser().parseFromString(text, 'text/html').body;
  return read.innerHTML === '' || [...read.childNodes].some(
    (node, at) => !node.isEqualNode(wanted.childNodes[at]));
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of an entry with formulas, 320 pixels wide, its assets beside it."""
    root = tmp_path_factory.mktemp("formulas")
    build_at(write_publication(root, {"2024-12-17.txt": NOTE}))
    context = browser.new_context(viewport={"width": 320, "height": 640})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=BASE)
    context.route("**/*", lambda route: route.fulfill(path=_find(root / "out", route.request.url)))
    opened = context.new_page()
    opened.goto(f"{BASE}/ko/2024/12/17/{quote('a-paper')}/", wait_until="networkidle")
    yield opened
    context.close()


def _find(out: Path, url: str) -> Path:
    path = out / url.removeprefix(f"{BASE}/").removeprefix("https://example.org/")
    return path / "index.html" if path.is_dir() else path


def test_fraction_is_laid_out_as_one(page: Page) -> None:
    fraction = page.locator(".commentary mfrac").first
    above, below = fraction.locator(":scope > *").all()
    upper, lower = above.bounding_box(), below.bounding_box()
    assert upper is not None
    assert lower is not None
    assert upper["y"] + upper["height"] <= lower["y"] + 1
    middles = [box["x"] + box["width"] / 2 for box in (upper, lower)]
    assert abs(middles[0] - middles[1]) < 1


def test_wide_formulas_scroll_and_the_page_does_not(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    scroll = "all => all.map(formula => (formula.scrollLeft = 20, formula.scrollLeft))"
    # One in a sentence, one on a line of its own; the columns of cases only look long in LaTeX.
    assert page.locator("math[tabindex]").evaluate_all(scroll) == [20, 20, 0]


def test_particle_stays_on_the_line_of_its_formula(page: Page) -> None:
    lines = """w => {
      document.querySelector('.commentary').style.width = `${w}px`;
      const word = document.querySelector('.commentary span');
      const particle = document.createRange();
      particle.selectNodeContents(word.lastChild);
      return particle.getBoundingClientRect().top
        - word.querySelector('math').getBoundingClientRect().bottom;
    }"""
    assert all(page.evaluate(lines, width) < 0 for width in range(60, 200, 4))
    page.evaluate("document.querySelector('.commentary').style.width = ''")


def test_columns_of_cases_begin_at_the_same_place(page: Page) -> None:
    left = (
        "rows => rows.map(r => r.querySelector('mtd').firstElementChild.getBoundingClientRect().x)"
    )
    starts = page.locator("mtr").evaluate_all(left)
    assert len(starts) == 2
    assert abs(starts[0] - starts[1]) < 1


def test_formulas_are_copied_as_text(page: Page) -> None:
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.commentary p'))")
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("값은 (a+b)/2이고 CO₂는 1/N ∑")
    assert "\n" not in copied


def test_browsers_read_what_was_written(page: Page) -> None:
    """Read as HTML, the tree is the one of the same text as XML: nothing changes its place."""
    paths = sorted(CASES.glob("*.tex"))
    formulas = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    written = [on_page(render(f"$${formula}$$")) for formula in (*formulas, *HOSTILE)]
    assert sum("<math" in html for html in written) > 50
    assert page.evaluate(STRANGELY_READ, written) == []
