"""The scripts of the search beside the Python that makes its index, and beside a plain scan."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from feeds.model import Article
from feeds.outputs.search.files import encode_postings, files_folder, manifest_path
from feeds.outputs.search.index import WEIGHTS, order_articles
from feeds.outputs.search.words import MOST_PARTS, find_shard, mark_pair, name_shelf
from tests.browsing import browsing, needs_chromium, serving_site
from tests.outputs.searching import CASES
from tests.publications import CHECKOUT, LATER, build_at, copy_sample

pytestmark = needs_chromium

SHARED = CHECKOUT.parent / "shared"
LANGUAGES = ("ko", "en")
# Particles after a vowel and after a consonant (ㄹ takes 로 as well).
PARTICLES = (
    ("를", "는", "가", "와", "로", "의", "에서"),
    ("을", "은", "이", "과", "으로", "의", "에서"),
)
STEM = re.compile(r"(?<![가-힣])([가-힣]{2,4})(?:을|를|은|는|이|가|의)(?![가-힣])")
RUN = re.compile(r"[가-힣]{2,}")
# Words of other letters (björn) and C++ are for the cases that both sides share.
WORD = re.compile(r"(?<![^\W가-힣_])(?<!['’.])[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?![^\W가-힣_]|\+\+)")
BEGIN = r"(?<![^\W가-힣_])(?<!['’])"
WHOLE = r"(?![^\W가-힣_]|['’]|\+\+)"
# The end of an address: of so many parts none are kept as one.
CHAIN = re.compile(rf"\w+(?:-\w+){{{MOST_PARTS},}}")

SEARCH = """async ([index, query, manifest, files, queries]) => {
  const { openIndex } = await import(index);
  const { parseQuery } = await import(query);
  const opened = await openIndex(manifest, files);
  const found = [];
  for (const text of queries) found.push((await opened.search(parseQuery(text).units)).numbers);
  return found;
}"""


class Wanted:
    """What a query means: a text, and patterns for what stands before it and after it.

    The patterns are the same few for thousands of texts: to compile one for each takes long.
    """

    def __init__(self, text: str, before: str = "", after: str = "") -> None:
        self._text = text
        self._before = re.compile(before)
        self._after = re.compile(after)

    def stands_in(self, note: str) -> bool:
        at = note.find(self._text)
        while at >= 0 and not (
            self._before.match(note, at) and self._after.match(note, at + len(self._text))
        ):
            at = note.find(self._text, at + 1)
        return at >= 0


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, and the seed notes where they are."""
    root = tmp_path_factory.mktemp("scripts")
    copy_sample(root, settings='exclude = ["draft-*"]')
    for folder in ("notes", "vault"):
        for path in (SHARED / folder).glob("*"):
            target = root / "notes" / folder / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return root


@pytest.fixture(scope="module")
def articles(root: Path) -> dict[str, list[Article]]:
    archive = build_at(root / "paperround.toml", LATER).publication.archive
    return {lang: order_articles(archive.articles[lang]) for lang in LANGUAGES}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser, root: Path, articles: object) -> Iterator[Page]:
    with serving_site(root / "out") as address:
        page = browser.new_page()
        page.goto(f"{address}ko/search/")
        yield page


@pytest.fixture(scope="module")
def module(root: Path, articles: object) -> Callable[[str], str]:
    def find(name: str) -> str:
        [path] = (root / "out" / "assets").glob(f"{name}.*.js")
        return f"/papers/assets/{path.name}"

    return find


def search(
    page: Page, module: Callable[[str], str], lang: str, queries: list[str]
) -> list[list[int]]:
    files = [f"/papers/{manifest_path(lang)}", f"/papers/{files_folder(lang)}"]
    scripts = [module("search-index"), module("search-query")]
    found: list[list[int]] = page.evaluate(SEARCH, [*scripts, *files, queries])
    return found


def scan(article: Article) -> str:
    bodies = [text.plain for text in (article.commentary, article.abstract) if text]
    lines = [article.title, *(line for body in bodies for line in body), *article.authors]
    text = "\n".join([*lines, *(tag.label for tag in article.tags)])
    return CHAIN.sub(" ", unicodedata.normalize("NFC", text).casefold())


def missing(
    articles: list[Article], queries: dict[str, Wanted], found: list[list[int]]
) -> dict[str, set[str]]:
    """By query, the titles of the entries that have what it means and were not found."""
    texts = [scan(article) for article in articles]
    lost = {}
    for (query, meant), numbers in zip(queries.items(), found, strict=True):
        wanted = {number for number, text in enumerate(texts) if meant.stands_in(text)}
        assert wanted, query
        if wanted - set(numbers):
            lost[query] = {articles[number].title for number in wanted - set(numbers)}
    return lost


def test_both_split_texts_alike(page: Page, module: Callable[[str], str]) -> None:
    script = "async ([words, texts]) => texts.map((await import(words)).split)"
    texts = [case["text"] for case in CASES]
    found: list[list[dict[str, Any]]] = page.evaluate(script, [module("search-words"), texts])
    for case, pieces in zip(CASES, found, strict=True):
        split = [[piece["gap"], *piece["parts"]] for piece in pieces]
        assert split == case["pieces"], case["case"]


def test_both_look_for_a_term_in_the_same_place(page: Page, module: Callable[[str], str]) -> None:
    script = """async ([words, terms, counts]) => {
      const { findShard, markPair, nameShelf } = await import(words);
      return [
        terms.map((term) => counts.map((count) => findShard(nameShelf(term), count))),
        terms.map((term) => markPair(term, "x")),
      ];
    }"""
    terms = [part for case in CASES for piece in case["pieces"] for part in piece[1:]]
    terms += ["#rl", "#한국어", "c++", "데이", "強化", "𐐨𐐨𐐨𐐨", "é"]
    counts = [1, 2, 64, 1024]
    found = page.evaluate(script, [module("search-words"), terms, counts])
    assert found == [
        [[find_shard(name_shelf(term), count) for count in counts] for term in terms],
        [mark_pair(term, "x") for term in terms],
    ]


def test_postings_are_read_as_they_were_written(page: Page, module: Callable[[str], str]) -> None:
    chance = random.Random(5)
    lists = [[], [0], [3], [WEIGHTS * 10**8]]
    for size in (10, 1_000, 20_000):
        numbers = sorted(chance.sample(range(size), size // 3))
        lists.append([number * WEIGHTS + chance.randrange(WEIGHTS) for number in numbers])
    script = """async ([index, texts]) => {
      const { decodePostings } = await import(index);
      return texts.map((text) => [...decodePostings(text)]);
    }"""
    texts = [encode_postings(postings) for postings in lists]
    found = page.evaluate(script, [module("search-index"), texts])
    assert found == [[[*divmod(posting, WEIGHTS)] for posting in postings] for postings in lists]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_run_of_syllables_is_found(
    page: Page, module: Callable[[str], str], articles: dict[str, list[Article]], lang: str
) -> None:
    runs = sorted({run for each in articles[lang] for run in RUN.findall(scan(each))})
    assert lang == "en" or len(runs) > 500
    found = search(page, module, lang, runs)
    assert not missing(articles[lang], {run: Wanted(run) for run in runs}, found)


def test_every_word_is_found_with_any_particle(
    page: Page, module: Callable[[str], str], articles: dict[str, list[Article]]
) -> None:
    stems = sorted({stem for each in articles["ko"] for stem in STEM.findall(scan(each))})
    assert len(stems) > 200
    queries = {
        stem + particle: Wanted(stem)
        for stem in stems
        for particle in PARTICLES[(ord(stem[-1]) - 0xAC00) % 28 > 0]
    }
    assert not missing(articles["ko"], queries, search(page, module, "ko", list(queries)))


def test_two_words_are_found_without_their_space(
    page: Page, module: Callable[[str], str], articles: dict[str, list[Article]]
) -> None:
    compound = re.compile(r"(?<![가-힣])([가-힣]{2}) ([가-힣]{2,3})(?![가-힣])")
    found = {pair for each in articles["ko"] for pair in compound.findall(scan(each))}
    queries = {
        first + second: Wanted(first, after=rf"\s*{second}") for first, second in sorted(found)
    }
    assert len(queries) > 100
    assert not missing(articles["ko"], queries, search(page, module, "ko", list(queries)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_latin_word_is_found_where_a_word_begins_with_it(
    page: Page, module: Callable[[str], str], articles: dict[str, list[Article]], lang: str
) -> None:
    words = sorted({word for each in articles[lang] for word in WORD.findall(scan(each))})
    assert len(words) > 1_000
    # Of one and two letters, whole words are found; it's is one.
    queries = {
        word.upper() if place % 2 else word: Wanted(word, BEGIN, WHOLE if len(word) < 3 else "")
        for place, word in enumerate(words)
    }
    assert not missing(articles[lang], queries, search(page, module, lang, list(queries)))
