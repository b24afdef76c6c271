"""In which languages an entry is shown, in which issues, and where its links go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feeds.archive.articles import abstract_lang
from feeds.model import Link
from tests.archive.builders import DAY, LANGUAGES, Built, build, make_config, make_entry, make_note

BASE = "https://example.org/papers/"
ABSTRACT = ("We do a thing.",)
FALLBACK = make_config(fallback="original")


def shown_in(built: Built) -> list[str]:
    return [lang for lang in built.archive.languages if built.archive.articles[lang]]


def test_entry_is_shown_in_the_languages_of_its_commentary() -> None:
    assert shown_in(build([make_note(DAY, make_entry(abstract=ABSTRACT, en=None))])) == ["ko"]
    assert shown_in(build([make_note(DAY, make_entry())])) == ["ko", "en"]


def test_abstract_alone_is_shown_in_every_language_and_makes_no_issue() -> None:
    built = build([make_note(DAY, make_entry(abstract=ABSTRACT, ko=None, en=None))])
    assert shown_in(built) == ["ko", "en"]
    article = built.archive.articles["ko"][0]
    assert article.commentary is None
    assert article.abstract
    assert article.abstract.lang == "en"
    assert not article.stub
    assert built.archive.issues == {"ko": (), "en": ()}


def test_stub_is_on_the_site_and_in_no_issue() -> None:
    built = build([make_note(DAY, make_entry("Stub", ko=None, en=None), make_entry("A"))])
    assert built.article("Stub", "ko").stub
    assert built.article("Stub", "en").stub
    assert [one.title for one in built.archive.days["ko"][0].articles] == ["Stub", "A"]
    assert [one.title for one in built.archive.issues["ko"][0].articles] == ["A"]


def test_issue_holds_what_is_shown_where_one_entry_has_commentary_in_the_language() -> None:
    entries = (
        make_entry("Ko", en=None),
        make_entry("Abstract", ko=None, en=None, abstract=ABSTRACT),
        make_entry("En", ko=None),
    )
    built = build([make_note(DAY, *entries)])
    (ko,), (en,) = built.archive.issues["ko"], built.archive.issues["en"]
    assert [one.title for one in ko.articles] == ["Ko", "Abstract"]
    assert [one.title for one in en.articles] == ["Abstract", "En"]


def test_fallback_shows_the_original_and_makes_an_issue() -> None:
    built = build([make_note(DAY, make_entry(en=None))], config=FALLBACK)
    article = built.archive.articles["en"][0]
    assert article.commentary
    assert article.commentary.lang == "ko"
    assert [issue.articles for issue in built.archive.issues["en"]] == [(article,)]
    assert len(built.archive.issues["ko"]) == 1


def test_edit_of_an_original_is_an_edit_where_it_is_shown_instead() -> None:
    first = build([make_note(DAY, make_entry(en=None))], config=FALLBACK)
    notes = [make_note(DAY, make_entry(ko="고쳤습니다.", en=None))]
    second = build(notes, first, config=FALLBACK)
    for lang in ("ko", "en"):
        before, after = (one.archive.articles[lang][0] for one in (first, second))
        assert after.updated > before.updated


def test_commentary_in_a_foreign_language_counts_only_as_an_original() -> None:
    entry = make_entry("A", ko=None, en=None, commentary={"ja": ("よい論文。",)})
    assert build([make_note(DAY, entry)]).article("A").stub
    article = build([make_note(DAY, entry)], config=FALLBACK).article("A")
    assert article.commentary
    assert article.commentary.lang == "ja"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("We propose a thing.", "en"),
        ("우리는 새로운 방법을 제안한다. GPT", "ko"),
        ("우리는 Transformer Language Model", "en"),
        ("123", "en"),
    ],
)
def test_language_of_an_abstract_is_told_by_most_of_its_letters(text: str, lang: str) -> None:
    assert abstract_lang([text], LANGUAGES) == lang


def test_articles_name_their_translations() -> None:
    built = build([make_note(DAY, make_entry("A"), make_entry("B", en=None))])
    assert built.article("A").translations == (Link(path="ko/2024/12/17/a/", title="A", lang="ko"),)
    assert built.article("B", "ko").translations == ()


@pytest.mark.parametrize(
    "target",
    [
        "241217 EAGLE",
        "papers/241217 EAGLE",
        "241217 eagle.md",
        "EAGLE:  A Paper",
        "eagle: a paper#Results",
    ],
)
def test_wikilink_leads_to_the_entry_in_the_reader_s_language(target: str) -> None:
    eagle = make_note(DAY, make_entry("EAGLE: A Paper"), path="papers/241217 EAGLE.md")
    entry = make_entry("A", ko=f"[[{target}]]", en=f"[[{target}]]", related=(target, "nowhere"))
    built = build([eagle, make_note(DAY, entry, path="a.md")])
    for lang in ("ko", "en"):
        path = f"{lang}/2024/12/17/eagle-a-paper/"
        article = built.article("A", lang)
        assert article.commentary
        assert article.commentary.plain[-1] == BASE + path
        assert article.related == (Link(path=path, title="EAGLE: A Paper", lang=lang),)


def test_wikilink_to_an_entry_in_another_language_only_leads_there() -> None:
    notes = [make_note(DAY, make_entry("Ko", en=None), make_entry("A", related=("ko",)))]
    assert [link.path for link in build(notes).article("A").related] == ["ko/2024/12/17/ko/"]


def test_decomposed_hangul_in_a_wikilink_is_found() -> None:
    notes = [make_note(DAY, make_entry("한글"), make_entry("A", related=("\u1112\u1161\u11ab글",)))]
    assert build(notes).article("A").related


def test_name_of_a_file_of_several_entries_is_no_entry_s() -> None:
    notes = [make_note(DAY, make_entry("A", related=("2024-12-17",)), make_entry("B"))]
    assert build(notes).article("A").related == ()


def test_newest_comes_first_everywhere() -> None:
    days = [DAY - timedelta(days=number) for number in range(3)]
    built = build([make_note(day, make_entry(day.isoformat())) for day in days])
    assert built.titles() == [day.isoformat() for day in days]
    assert [day.date for day in built.archive.days["en"]] == days
    assert [issue.day for issue in built.archive.issues["en"]] == days
