"""What a text is searched by; the browser's half of the same cases is in test_search_browser.py."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.outputs.search.words import find_shard, fold, list_terms, name_shelf, split
from tests.outputs.searching import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_text_is_split_as_its_case_says(case: dict[str, Any]) -> None:
    assert [[piece.gap, *piece.parts] for piece in split(case["text"])] == case["pieces"]


def test_korean_is_kept_in_pairs_within_words_and_across_spaces() -> None:
    terms = list_terms("강화 학습이").terms
    assert sorted(terms) == sorted(["강화", "화학", "학습", "습이", "이"])
    assert "화학" in list_terms("강화학습").terms


def test_no_pair_goes_on_behind_a_particle() -> None:
    assert "을학" not in list_terms("모델을 학습").terms
    assert "을" not in list_terms("모델을 학습").terms


def test_a_syllable_at_the_end_is_kept_alone() -> None:
    assert "글" in list_terms("좋은 글.").terms
    assert any(term.startswith("글") for term in list_terms("글은 길다").terms)


def test_a_word_with_hyphens_is_kept_whole_and_in_parts() -> None:
    terms = list_terms("chain-of-thought").terms
    assert {"chain", "of", "thought", "chainofthought", "ofthought"} == set(terms)


def test_capitals_part_a_word_like_hyphens() -> None:
    assert {"alphageometry", "alpha", "geometry"} == set(list_terms("AlphaGeometry").terms)
    assert set(list_terms("LoRA RLHF ReLU").terms) == {"lora", "rlhf", "relu"}


def test_neighbours_are_words_with_a_space_between() -> None:
    assert list_terms("fine tuning, then").neighbours == ("finetuning",)
    assert list_terms("fine-tuning a model").neighbours == ("tuninga", "amodel")


@given(st.text())
def test_any_text_is_split_into_pieces_that_are_split_no_further(text: str) -> None:
    for piece in split(text):
        assert all(len(part) <= 40 for part in piece.parts)
        if piece.paired:
            assert [again.parts for again in split(piece.raw)] == [piece.parts]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(min_size=3, alphabet=st.characters(codec="ascii", categories=["Ll"])))
def test_words_that_begin_with_the_same_three_letters_are_in_one_shard(word: str) -> None:
    assert find_shard(name_shelf(word), 64) == find_shard(name_shelf(word[:3]), 64)
    assert 0 <= find_shard(name_shelf(word), 64) < 64
