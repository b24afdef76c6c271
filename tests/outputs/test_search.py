"""The files of the search: what they hold, how few of them change, and that nothing breaks them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.model import Article, OutputFile
from feeds.outputs import OUTPUTS
from feeds.outputs.search.files import (
    GROUP,
    choose_count,
    encode_postings,
    manifest_path,
    write_search,
)
from feeds.outputs.search.index import WEIGHTS, index_articles, order_articles
from feeds.outputs.search.words import find_shard, list_terms, name_shelf
from feeds.publish.served import KEEP_FOR_EVER, cache_control_of
from tests.outputs.samples import (
    CPP,
    KOREAN,
    LANGUAGES,
    make_article,
    make_config,
    make_hostile_site,
    make_site,
    make_text,
)

LAST_DAY = date(2024, 12, 17)


def make_articles(count: int, lang: str = "ko") -> list[Article]:
    """Entries of ten words each, of which each entry has five of its own."""
    return [
        make_article(
            f"Paper {number} on {spell(number)}",
            day=LAST_DAY - timedelta(days=count - number),
            lang=lang,
            commentary=make_text(
                f"모델을 {spell(number + 7)} {spell(number * 3)} 학습합니다.", lang
            ),
        )
        for number in range(count)
    ]


def spell(number: int) -> str:
    """A word for a number, of letters."""
    return "".join(chr(ord("a") + int(digit) * 2) for digit in f"{number * 7919:06}")


def write(articles: Iterable[Article], **keys: Any) -> dict[str, bytes]:
    site = make_site(articles, config=make_config(**keys))
    return {file.path: file.content for file in write_search(site)}


def read_manifest(files: dict[str, bytes], lang: str = "ko") -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(files[manifest_path(lang)])
    return manifest


def read_words(files: dict[str, bytes], lang: str = "ko") -> dict[str, str]:
    found: dict[str, str] = {}
    for path, content in files.items():
        if path.startswith(f"assets/search/{lang}/words-"):
            found |= json.loads(content)
    return found


def entries_of(articles: list[Article], term: str) -> set[int]:
    return {posting // WEIGHTS for posting in index_articles(articles).get(term, ())}


def test_a_manifest_names_every_file_and_no_other() -> None:
    files = write(make_articles(30))
    manifest = read_manifest(files)
    named = {
        f"assets/search/ko/{kind}-{number:x}.{names[number * 6 : number * 6 + 6]}.json"
        for kind in ("words", "texts")
        if (names := manifest[kind])
        for number in range(len(names) // 6)
    }
    assert named == {path for path in files if path.startswith("assets/search/ko/")}
    assert manifest["entries"] == 30


def test_what_is_named_by_its_content_is_kept_for_ever_and_the_manifest_is_not() -> None:
    for path in write(make_articles(3)):
        assert (cache_control_of(path) == KEEP_FOR_EVER) == path.startswith("assets/"), path


def test_every_term_of_an_entry_leads_to_it() -> None:
    articles = order_articles(make_articles(12))
    postings = index_articles(articles)
    for number, article in enumerate(articles):
        texts = [article.title, *article.authors]
        texts += [
            line for text in (article.commentary, article.abstract) if text for line in text.plain
        ]
        for term in {term for text in texts for term in list_terms(text).terms}:
            assert number in {posting // WEIGHTS for posting in postings[term]}, term


def test_terms_stand_in_the_file_where_they_are_looked_for() -> None:
    files = write(make_articles(400))
    count = len(read_manifest(files)["words"]) // 6
    assert count > 1
    for path, content in files.items():
        if found := re.fullmatch(r"assets/search/ko/words-([0-9a-f]+)\..*", path):
            for term in json.loads(content):
                assert find_shard(name_shelf(term), count) == int(found[1], 16), term


def test_a_new_entry_changes_the_files_of_its_own_words_only() -> None:
    before = make_articles(399)
    new = make_article(
        "새 글",
        day=LAST_DAY + timedelta(days=1),
        commentary=None,
        abstract=None,
        authors=(),
        url=None,
        tags=(),
    )
    old_files, new_files = write(before), write([*before, new])
    count = len(read_manifest(new_files)["words"]) // 6
    own = {
        find_shard(name_shelf(term), count)
        for term, postings in index_articles(order_articles([*before, new])).items()
        if 399 in {posting // WEIGHTS for posting in postings}
    }
    changed = set(new_files) - set(old_files)
    assert {path for path in changed if "words-" not in path} == {
        path for path in changed if f"texts-{399 // GROUP:x}." in path
    }
    assert {
        int(path.split("words-")[1].split(".")[0], 16) for path in changed if "words-" in path
    } <= own
    assert len(own) < count, "or the test shows nothing"


def test_an_old_entry_found_late_gets_the_last_number() -> None:
    articles = make_articles(5)
    late = make_article("Late", day=LAST_DAY - timedelta(days=900), first_seen=LAST_DAY)
    assert order_articles([late, *articles])[-1] is late


def test_the_same_entries_in_any_order_give_the_same_bytes() -> None:
    articles = make_articles(40)
    assert write(articles) == write(articles[::-1])


def test_files_are_few_for_few_entries_and_double_rarely() -> None:
    assert choose_count(0) == 1
    assert len(read_manifest(write(make_articles(40)))["words"]) // 6 <= 4
    counts = [choose_count(size) for size in range(0, 10_000_000, 5_000)]
    assert counts == sorted(counts)
    assert set(counts) == {1 << power for power in range(11)}


def test_a_word_written_together_apart_and_with_a_hyphen_is_one() -> None:
    spellings = ["finetuning", "fine-tuning", "fine tuning", "tuning, fine"]
    articles = order_articles(
        make_article(text, day=LAST_DAY + timedelta(days=place), tags=(), abstract=None)
        for place, text in enumerate(spellings)
    )
    assert entries_of(articles, "finetuning") == {0, 1, 2}
    assert entries_of(articles, "tuning") == {0, 1, 2, 3}


def test_titles_weigh_most_and_tags_are_found_by_slug_and_label() -> None:
    article = make_article("강화 학습", tags=(CPP, KOREAN))
    postings = index_articles([article])
    assert postings["강화"][0] % WEIGHTS == 3
    assert postings["ad" + "a"][0] % WEIGHTS == 0
    for term in ("#cpp", "#한국어", "c++", "cpp", "한국"):
        assert term in postings


def test_an_entry_without_text_is_found_by_its_title() -> None:
    stub = make_article("Lonely Title", commentary=None, abstract=None, stub=True)
    assert entries_of([stub], "lonely") == {0}
    [text] = [
        content for path, content in write([stub]).items() if "texts-" in path and "/ko/" in path
    ]
    assert json.loads(text)[0]["texts"] == []


@given(st.dictionaries(st.integers(0, 5000), st.integers(0, WEIGHTS - 1)))
def test_postings_are_plain_text(entries: dict[int, int]) -> None:
    text = encode_postings(
        [number * WEIGHTS + weight for number, weight in sorted(entries.items())]
    )
    assert re.fullmatch(r"[#-\[\]-~]*", text)
    assert len(text) >= len(entries)


def test_whatever_titles_hold_is_only_data() -> None:
    files: list[OutputFile] = list(write_search(make_hostile_site()))
    for file in files:
        assert isinstance(json.loads(file.content), dict | list)
    hostile = [make_article("__proto__ constructor " + "x" * 5000, tags=())]
    words = read_words(write(hostile))
    assert {"proto", "constructor", "x" * 40} <= set(words)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_language_has_an_index_of_its_own(lang: str) -> None:
    files = write([make_article("하나", lang="ko"), make_article("One", lang="en")])
    assert ("하나" in read_words(files, lang)) == (lang == "ko")
    assert ("one" in read_words(files, lang)) == (lang == "en")
    assert read_manifest(files, lang)["entries"] == 1


def test_without_entries_the_index_is_empty_and_whole() -> None:
    manifest = read_manifest(write([]))
    assert (manifest["entries"], manifest["texts"]) == (0, "")
    assert len(manifest["words"]) == 6


def test_without_search_no_page_leads_to_it() -> None:
    site = make_site([make_article("One")], config=make_config(outputs=["pages", "atom"]))
    pages = {
        file.path: file.content.decode()
        for file in OUTPUTS["pages"](site)
        if file.path.endswith(".html")
    }
    assert "ko/search/index.html" not in pages
    assert not [path for path, page in pages.items() if "/search/" in page]
