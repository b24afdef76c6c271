from __future__ import annotations

import pytest

from feeds.outputs.shorten import collapse, shorten, summarize, take_sentences


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short enough", 12, "short enough"),
        ("cut at a word, not inside", 18, "cut at a word…"),
        ("ends with a word", 12, "ends with a…"),
        ("oneverylongwordwithoutspace", 10, "oneverylo…"),
        ("낱말 사이에서 줄입니다", 9, "낱말 사이에서…"),
    ],
)
def test_lines_are_cut_at_a_word(text: str, limit: int, expected: str) -> None:
    assert shorten(text, limit) == expected
    assert len(expected) <= limit


@pytest.mark.parametrize(
    ("text", "first_two"),
    [
        ("One. Two. Three.", "One. Two."),
        (
            "Of e.g. GPT-4 by Brown et al. We speak. 3.5 is a number. End.",
            "Of e.g. GPT-4 by Brown et al. We speak. 3.5 is a number.",
        ),
        ("It asks why? “Because.” And ends.", "It asks why? “Because.”"),
        ("첫 문장입니다. 둘째 문장이죠! 셋째.", "첫 문장입니다. 둘째 문장이죠!"),
        ("一つ目。二つ目。三つ目。", "一つ目。二つ目。"),
    ],
)
def test_sentences_end_where_people_end_them(text: str, first_two: str) -> None:
    assert take_sentences((text,), 2) == ((first_two,), True)


def test_sentences_are_counted_over_paragraphs() -> None:
    paragraphs = ("One. Two.", "Three. Four.", "Five.")
    assert take_sentences(paragraphs, 0) == ((), True)
    assert take_sentences(paragraphs, 2) == (("One. Two.",), True)
    assert take_sentences(paragraphs, 3) == (("One. Two.", "Three."), True)
    assert take_sentences(paragraphs, 5) == (paragraphs, False)


def test_a_line_has_no_breaks_and_no_controls() -> None:
    assert collapse(" a\r\n b\t\x00c\u00a0 d\x85e ") == "a b c d e"


def test_a_line_of_marks_is_read_in_one_go() -> None:
    # Backtracking over it would take hours.
    line = "." * 1_000_000
    assert take_sentences((line,), 2) == ((line,), False)
    assert take_sentences(("“정말?!” 그렇습니다。다음… 끝.", "B."), 2) == (
        ("“정말?!” 그렇습니다。",),
        True,
    )


def test_a_summary_ends_with_a_sentence_where_one_fills_half_of_it() -> None:
    assert summarize(["One. Two is a little longer. Three does not fit."], 40) == (
        "One. Two is a little longer."
    )
    assert (
        summarize(["One. Then a sentence that goes on and on."], 30) == "One. Then a sentence that…"
    )
    assert (
        summarize(["첫 문장입니다. 둘째 문장은 더 깁니다. 셋째."], 20)
        == "첫 문장입니다. 둘째 문장은 더…"
    )


def test_a_summary_joins_paragraphs_and_keeps_what_fits() -> None:
    assert summarize(["One\ntwo.", "", "Three."], 20) == "One two. Three."
    assert summarize([], 20) == ""
    assert len(summarize(["word " * 10_000], 160)) <= 160
