"""How large the index of the search is, what a query fetches of it, and what it finds.

::

    python -m benchmarks.search [--notes 3854] [--queries 200] [FOLDER ...]

Notes are put together from those in the folders, by default the sample's. What is found is compared
with a plain scan of titles, commentary, abstracts, tags and authors, composed (NFC) and without
case. The scripts of the site look things up, in a real Chromium.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import resource
import shutil
import statistics
import tempfile
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import brotli
from playwright.sync_api import Page, sync_playwright

from benchmarks.corpus import Corpus
from feeds.config import Config
from feeds.model import Article, OutputFile
from feeds.outputs.assets import collect_assets
from feeds.outputs.search import write_search
from feeds.outputs.search.files import files_folder, manifest_path
from feeds.outputs.search.index import order_articles
from feeds.pipeline import prepare
from feeds.web.server import Server
from feeds.web.static import create_app

CHECKOUT = Path(__file__).parents[1]
NOW = datetime.fromisoformat("2026-11-01T12:00:00+09:00")
RESULTS_A_PAGE = 10
HANGUL = re.compile(r"([가-힣]{2,4})(을|를|은|는|이|가|의|에|로|과|와)(?![가-힣])")
SPACED = re.compile(r"(?<![가-힣])([가-힣]{2}) ([가-힣]{2,3})(?![가-힣])")
MIXED = re.compile(r"\b([A-Za-z][A-Za-z0-9-]{2,})(을|를|은|는|이|가|의)(?![가-힣])")
WORD = re.compile(r"(?<![\w-])[A-Za-z]{4,}(?![\w-])")
HYPHENATED = re.compile(r"(?<![\w-])[A-Za-z]{2,}-[A-Za-z]{3,}(?![\w-])")
# A word's particles, after a vowel and after a consonant.
PARTICLES = (
    ("를", "는", "가", "와", "로", "의", "에서"),
    ("을", "은", "이", "과", "으로", "의", "에서"),
)

SEARCH = """async ([index, query, marks, address, files, page, queries]) => {
  const { openIndex } = await import(index);
  const { parseQuery } = await import(query);
  const { sortNear } = await import(marks);
  const answers = [];
  for (const text of queries) {
    const opened = await openIndex(address, files);
    const { numbers, units } = await opened.search(parseQuery(text).units);
    const first = numbers.slice(0, page);
    const entries = await opened.describe(first);
    const shown = sortNear(entries, units).map((entry) => first[entries.indexOf(entry)]);
    const found = [...shown, ...numbers.slice(page)];
    answers.push({ found, fetched: [address, ...opened.kept.keys()] });
  }
  return answers;
}"""


@dataclass(frozen=True)
class Question:
    """What is typed, and which text has to be in a note that is found."""

    typed: str
    wanted: Callable[[str], bool]


@dataclass(frozen=True)
class Answer:
    """Which notes were found, and what was fetched for the first page of them."""

    found: tuple[int, ...]
    fetched: tuple[str, ...]


def plain(text: str) -> str:
    """A text as the scan compares it."""
    return unicodedata.normalize("NFC", text).casefold()


def scan_text(article: Article) -> str:
    """All of a note that is searched, as the scan compares it."""
    bodies = [text.plain for text in (article.commentary, article.abstract) if text]
    parts = [article.title, *(line for body in bodies for line in body), *article.authors]
    return plain("\n".join([*parts, *(tag.label for tag in article.tags)]))


def has(text: str) -> Callable[[str], bool]:
    """Whether a note holds a text."""
    wanted = plain(text)
    return lambda note: wanted in note


def begins(text: str) -> Callable[[str], bool]:
    """Whether a note holds a text where a word begins: rl is in RLHF, and not in world."""
    wanted = plain(text)
    pattern = re.compile(rf"(?<![^\W가-힣_]){re.escape(wanted)}")
    return lambda note: wanted in note and bool(pattern.search(note))


def names(author: str) -> Callable[[str], bool]:
    """Whether a note holds a whole name."""
    wanted = plain(author)
    pattern = re.compile(rf"\b{re.escape(wanted)}\b")
    return lambda note: wanted in note and bool(pattern.search(note))


def has_spaced(first: str, second: str) -> Callable[[str], bool]:
    """Whether a note holds two words side by side, with or without a space."""
    pattern = re.compile(rf"{first}\s*{second}")
    return lambda note: first in note and bool(pattern.search(note))


def add_particle(stem: str, chance: random.Random) -> str:
    """A Korean word with a particle that may follow it."""
    final = (ord(stem[-1]) - 0xAC00) % 28 > 0
    return stem + chance.choice(PARTICLES[final])


def ask(articles: Sequence[Article], count: int) -> Mapping[str, list[Question]]:
    """Questions of every kind, drawn from the notes."""
    chance = random.Random(3)
    texts = ["\n".join(t.plain) for a in articles for t in (a.commentary, a.abstract) if t]

    def draw(pattern: re.Pattern[str]) -> list[tuple[str, ...]]:
        """Different words, each as likely as it is frequent: so people ask."""
        found = [m.groups() or (m[0],) for text in texts for m in pattern.finditer(text)]
        chance.shuffle(found)
        return list(dict.fromkeys(found))[:count]

    stems = [stem for stem, _ in draw(HANGUL)]
    words = [word for (word,) in draw(WORD)]
    hyphenated = [word for (word,) in draw(HYPHENATED)]
    authors = sorted({name for article in articles for name in article.authors})
    authors = chance.sample(authors, min(count, len(authors)))
    tags = sorted({tag.label for article in articles for tag in article.tags})
    return {
        "Korean words": [Question(w, has(w)) for w in stems],
        "with a particle": [Question(add_particle(w, chance), has(w)) for w in stems],
        "without their space": [Question(a + b, has_spaced(a, b)) for a, b in draw(SPACED)],
        "Korean phrases": [Question(f"{a} {b}", has(f"{a} {b}")) for a, b in draw(SPACED)],
        "English words": [Question(w, begins(w)) for w in words],
        "  inside words too": [Question(w, has(w)) for w in words],
        "  in capitals": [Question(w.upper(), begins(w)) for w in words],
        "  with a hyphen": [Question(w, begins(w)) for w in hyphenated],
        "  both (LoRA를)": [Question(a + b, begins(a)) for a, b in draw(MIXED)],
        "authors": [Question(name, names(name)) for name in authors],
        "tags": [Question(tag, begins(tag)) for tag in tags],
    }


class Browser:
    """Looks things up with the scripts of the site."""

    def __init__(self, page: Page, address: str, scripts: Mapping[str, str], lang: str) -> None:
        self._page = page
        self._arguments = [
            f"{address}{scripts['search-index.js']}",
            f"{address}{scripts['search-query.js']}",
            f"{address}{scripts['search-marks.js']}",
            f"{address}{manifest_path(lang)}",
            f"{address}{files_folder(lang)}",
            RESULTS_A_PAGE,
        ]
        self._address = address
        page.goto(address)

    def search(self, questions: Iterable[Question]) -> list[Answer]:
        """Ask each question of an index that has fetched nothing yet."""
        typed = [question.typed for question in questions]
        answers: list[dict[str, Any]] = self._page.evaluate(SEARCH, [*self._arguments, typed])
        return [
            Answer(
                found=tuple(answer["found"]),
                fetched=tuple(each.removeprefix(self._address) for each in answer["fetched"]),
            )
            for answer in answers
        ]


def print_sizes(files: Sequence[OutputFile], lang: str) -> None:
    """Print what the files of a language's index weigh."""
    kinds = {
        "index of words": [f for f in files if f.path.startswith(f"{files_folder(lang)}words-")],
        "texts of results": [f for f in files if f.path.startswith(f"{files_folder(lang)}texts-")],
        "manifest": [f for f in files if f.path == manifest_path(lang)],
    }
    print(
        f"{lang:<22} {'files':>6} {'raw KB':>8} {'gzip KB':>8} {'brotli KB':>9}"
        f" {'largest, gzip':>14}"
    )
    for kind, members in kinds.items():
        packed = [len(gzip.compress(file.content, 9)) for file in members]
        small = sum(len(brotli.compress(file.content)) for file in members)
        raw = sum(len(file.content) for file in members)
        print(
            f"{kind:<22} {len(members):>6} {raw / 1e3:>8.0f} {sum(packed) / 1e3:>8.0f}"
            f" {small / 1e3:>9.0f} {max(packed) / 1e3:>11.1f} KB"
        )


def print_quality(
    browser: Browser,
    articles: Sequence[Article],
    questions: Mapping[str, list[Question]],
    sizes: Mapping[str, int],
) -> None:
    """Print, for each kind of question, what was found and what was fetched for it."""
    notes = [scan_text(article) for article in articles]
    print(
        f"{'':<22} {'queries':>7} {'recall':>7} {'precision':>9} {'first right':>11}"
        f" {'KB median':>10} {'KB max':>7}"
    )
    every: list[float] = []
    for kind, asked in questions.items():
        answers = browser.search(asked)
        if not asked:
            continue
        marks = [
            mark(answer, {number for number, note in enumerate(notes) if question.wanted(note)})
            for question, answer in zip(asked, answers, strict=True)
        ]
        fetched = [sum(sizes[path] for path in answer.fetched) / 1e3 for answer in answers]
        every += fetched
        shares = [statistics.mean(column) for column in zip(*marks, strict=True)]
        print(
            f"{kind:<22} {len(asked):>7} {shares[0]:>7.3f} {shares[1]:>9.3f} {shares[2]:>11.3f}"
            f" {statistics.median(fetched):>10.1f} {max(fetched):>7.1f}"
        )
    print(f"{'all':<60} {statistics.median(every):>10.1f} {max(every):>7.1f}")


def mark(answer: Answer, wanted: set[int]) -> tuple[float, float, float]:
    """Recall, precision, and whether the first result is right; of nothing, all is right."""

    def share(part: Collection[int], whole: Collection[int]) -> float:
        return len(part) / len(whole) if whole else 1.0

    right = wanted.intersection(answer.found)
    first = answer.found[:1]
    return (
        share(right, wanted),
        share(right, answer.found),
        share(wanted.intersection(first), first),
    )


def main() -> None:
    """Measure one corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--notes", type=int, default=3854)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("folders", nargs="*", type=Path, default=[CHECKOUT / "notes"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), asked.folders, asked.notes, asked.queries)


def measure(root: Path, folders: Sequence[Path], notes: int, queries: int) -> None:
    """Write notes, index them, and ask."""
    sizes = Corpus(folders).write(root / "notes", notes)
    print(f"{notes:,} notes, median {statistics.median(sizes) / 1e3:.2f} KB")
    config = Config(title="Benchmark", base_url="https://example.org/", root=root)
    site = prepare(config, now=NOW).site
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    files = list(write_search(site))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"index built in {time.process_time() - began:.1f} s CPU, {grown / 1024:.0f} MiB more\n")
    assets = collect_assets(site.theme)
    for file in [*files, *assets.files]:
        (root / "out" / file.path).parent.mkdir(parents=True, exist_ok=True)
        (root / "out" / file.path).write_bytes(file.content)
    (root / "out" / "index.html").write_text("<!doctype html><title>Benchmark</title>")
    packed = {file.path: len(gzip.compress(file.content, 9)) for file in files}
    with (
        Server(create_app(root / "out"), host="127.0.0.1", port=0) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        ) as chromium,
    ):
        page = chromium.new_page()
        for lang in config.languages:
            articles = order_articles(site.archive.articles[lang])
            print_sizes(files, lang)
            browser = Browser(page, f"{server.address}/", assets.paths, lang)
            print_quality(browser, articles, ask(articles, queries), packed)
            print()


if __name__ == "__main__":
    main()
