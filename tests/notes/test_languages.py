"""Any set of languages divides by the same rules: a third script, or two that share one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from feeds.languages import load_languages
from feeds.model import Entry, Language
from feeds.notes import parse_note

KO, EN = load_languages(("ko", "en")).values()
JA = replace(EN, code="ja", name="日本語", script="[ぁ-んァ-ヶ]", words={})
DE = replace(EN, code="de", name="Deutsch", words={})


def read(text: str, *languages: Language, name: str = "2024-12-17.txt") -> Entry:
    (entry,) = parse_note(name, f"A Title\n(Ann Lee, Bob Ray)\n{text}".encode(), languages).entries
    return entry


def commentary(text: str, *languages: Language) -> Mapping[str, tuple[str, ...]]:
    return read(text, *languages).commentary


def test_third_script_is_told_like_the_others() -> None:
    entry = read("The abstract.\n한국어입니다.\nEnglish.\nこれは日本語です。\n", KO, EN, JA)

    assert entry.abstract == ("The abstract.",)
    assert entry.commentary == {
        "ko": ("한국어입니다.",),
        "en": ("English.",),
        "ja": ("これは日本語です。",),
    }


def test_languages_stand_in_the_publications_order() -> None:
    text = "한국어입니다.\nEnglish.\n"

    assert list(commentary(text, KO, EN)) == ["ko", "en"]
    assert list(commentary(text, EN, KO)) == ["en", "ko"]


def test_shared_script_belongs_to_the_first_language_that_has_it() -> None:
    assert commentary("한국어.\nDeutsch.\n", KO, DE, EN) == {
        "ko": ("한국어.",),
        "de": ("Deutsch.",),
    }


@pytest.mark.parametrize("mark", ["[de]", "<de>", "<Deutsch>", "<DEUTSCH>", "[deutsch]"])
def test_mark_tells_two_languages_of_one_script(mark: str) -> None:
    assert commentary(f"Abstract.\n{mark}\nDeutsch.\n[en]\nEnglish.\n", EN, DE) == {
        "en": ("English.",),
        "de": ("Deutsch.",),
    }


def test_without_a_shared_language_english_stays_with_the_korean() -> None:
    assert commentary("한국어.\nEnglish.\n", KO) == {"ko": ("한국어.", "English.")}


def test_english_alone_is_the_abstract_unless_one_is_quoted() -> None:
    plain = read("One.\nTwo.\n", EN)
    quoted = read("> One.\nTwo.\n", EN)

    assert (plain.abstract, plain.commentary) == (("One.", "Two."), {})
    assert (quoted.abstract, quoted.commentary) == (("One.",), {"en": ("Two.",)})


def test_indent_of_a_list_is_kept_and_that_of_prose_is_not() -> None:
    text = "\t한국어입니다.\n- 하나\n  - 둘\n\t그리고 셋\n넷\n  다섯\n"

    assert commentary(text, KO, EN)["ko"] == (
        "한국어입니다.",
        "- 하나",
        "  - 둘",
        "\t그리고 셋",
        "넷",
        "다섯",
    )


def test_block_keeps_its_line_ends() -> None:
    text = "한국어입니다.\n```py\nx = 1\n\n# y\n```\n"

    assert commentary(text, KO, EN)["ko"][1] == "```py\nx = 1\n\n# y\n```"
