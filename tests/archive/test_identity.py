"""An entry keeps its id and address whatever happens to its text and its note."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from feeds.errors import ManyDeletionsError
from feeds.model import Entry, Note
from tests.archive.builders import (
    DAY,
    LATER,
    NEXT,
    NOW,
    PAPER,
    Built,
    build,
    make_config,
    make_entry,
    make_note,
    one_id,
)

MIDNIGHT = datetime(2024, 12, 21, tzinfo=ZoneInfo("Asia/Seoul"))


@pytest.mark.parametrize(
    "edited",
    [
        replace(PAPER, title="GPT-4 — a report!"),
        replace(PAPER, title="Another Title"),
        replace(PAPER, title="Another Title", url=None),
        replace(PAPER, title="Another Title", abstract=("Another.",)),
        replace(PAPER, url="http://www.arxiv.org/pdf/2303.08774v6.pdf", abstract=(), authors=()),
        replace(PAPER, url=None, abstract=()),
        replace(PAPER, commentary={"ko": ("다시 썼습니다.",), "en": ("Rewritten.",)}, tags=()),
    ],
    ids=["spelling", "title", "title-url", "title-abstract", "abstract", "url", "commentary"],
)
@pytest.mark.parametrize("day", [DAY, NEXT], ids=["stays", "moves"])
def test_edited_entry_keeps_its_id_where_it_is_and_moved(edited: Entry, day: date) -> None:
    first = build([make_note(DAY, PAPER)])
    second = build([make_note(day, edited, path="moved/x.md")], first, now=LATER)
    assert one_id(second) == one_id(first) == "tag:example.org,2024-12-17:gpt-4-a-report/en"
    assert len(second.ledger.records) == 1
    article = second.archive.articles["en"][0]
    assert article.day == day
    assert article.path == "en/2024/12/17/gpt-4-a-report/"


def test_title_of_an_entry_with_nothing_but_commentary_can_be_corrected() -> None:
    first = build([make_note(DAY, make_entry("Papr"))])
    assert one_id(build([make_note(DAY, make_entry("Paper"))], first)) == one_id(first)


def test_edit_moves_updated_of_its_language_only() -> None:
    first = build([make_note(DAY, PAPER, make_entry("B"))])
    edited = replace(PAPER, commentary={**PAPER.commentary, "en": ("Rewritten.",)})
    second = build([make_note(DAY, edited, make_entry("B"))], first, now=LATER)
    assert second.article(PAPER.title, "en").updated == MIDNIGHT
    assert second.article(PAPER.title, "ko") == first.article(PAPER.title, "ko")
    assert second.article("B") == first.article("B")


@pytest.mark.parametrize(
    "edited",
    [
        replace(PAPER, title="A Report of GPT-4"),
        replace(PAPER, authors=("OpenAI", "Others")),
        replace(PAPER, abstract=("We report more.",)),
        replace(PAPER, url="https://openai.com/gpt-4"),
        replace(PAPER, tags=("rl", "llm")),
    ],
    ids=["title", "authors", "abstract", "url", "tags"],
)
def test_edit_that_all_readers_see_moves_updated_of_all(edited: Entry) -> None:
    first = build([make_note(DAY, PAPER)])
    second = build([make_note(DAY, edited)], first, now=LATER)
    for lang in ("ko", "en"):
        assert second.archive.articles[lang][0].updated == MIDNIGHT
        assert second.archive.articles[lang][0].published == first.article(PAPER.title).published


def test_spelling_and_order_of_tags_are_no_edit() -> None:
    first = build([make_note(DAY, replace(PAPER, tags=("RL", "large_models")))])
    second = build([make_note(DAY, replace(PAPER, tags=("large-models", "rl")))], first, now=LATER)
    assert second.article(PAPER.title).updated == first.article(PAPER.title).updated


def test_edits_of_a_day_have_each_their_second_and_come_after_those_before() -> None:
    notes = [make_note(DAY, make_entry("A"), make_entry("B"))]
    first = build(notes)
    second = build(
        [make_note(DAY, make_entry("A", en="1"), make_entry("B", en="1"))], first, now=LATER
    )
    third = build(
        [make_note(DAY, make_entry("A", en="2"), make_entry("B", en="1"))], second, now=LATER
    )
    assert second.article("A").updated == MIDNIGHT
    assert second.article("B").updated == MIDNIGHT + timedelta(seconds=1)
    assert third.article("A").updated == MIDNIGHT + timedelta(seconds=2)
    assert third.article("B").updated == second.article("B").updated


def test_edit_on_the_day_of_publication_comes_after_it() -> None:
    today = NOW.date()
    first = build([make_note(today, make_entry("A"))])
    second = build([make_note(today, make_entry("A", en="new"))], first, now=NOW)
    published = second.article("A").published
    assert published == first.article("A").published > MIDNIGHT - timedelta(days=1)
    assert second.article("A").updated == published + timedelta(seconds=1)


def test_many_edits_just_after_midnight_are_not_in_the_future() -> None:
    now = MIDNIGHT + timedelta(seconds=2)
    titles = [str(number) for number in range(8)]
    first = build([make_note(DAY, *(make_entry(title) for title in titles))])
    second = build(
        [make_note(DAY, *(make_entry(title, en="new") for title in titles))], first, now=now
    )
    times = {article.updated for article in second.archive.articles["en"]}
    assert len(times) == 8
    assert max(times) <= now
    assert min(times) > max(article.updated for article in first.archive.articles["en"])


def test_translation_added_is_updated_like_an_edit_in_its_language_only() -> None:
    first = build([make_note(DAY, make_entry("A", en=None))])
    second = build([make_note(DAY, make_entry("A"))], first, now=LATER)
    assert second.article("A", "en").updated == MIDNIGHT
    assert second.article("A", "en").published == first.article("A", "ko").published
    assert second.article("A", "ko").updated == first.article("A", "ko").updated


def test_language_added_to_the_publication_is_no_edit() -> None:
    notes = [make_note(DAY, make_entry("A"), make_entry("B"))]
    first = build(notes, config=make_config(languages=("ko",)))
    second = build(notes, first, now=LATER)
    assert second.article("A", "en").updated == first.article("A", "ko").published


def test_same_build_twice_changes_nothing() -> None:
    notes = [make_note(DAY, PAPER, make_entry("B"), make_entry("B")), make_note(NEXT, PAPER)]
    first = build(notes)
    second = build(list(reversed(notes)), first, now=NOW + timedelta(hours=5))
    assert second.text == first.text
    assert second.archive == first.archive


# --- entries that are alike ---


def keys_by_text(built: Built) -> dict[str, str]:
    return {
        article.commentary.plain[0]: article.key
        for article in built.archive.articles["en"]
        if article.commentary
    }


def test_entries_of_one_title_keep_their_keys_when_one_is_added_or_taken_out() -> None:
    a, b, c = (make_entry("Same", en=text) for text in "abc")
    first = build([make_note(DAY, a, b)])
    assert keys_by_text(first) == {"a": "same", "b": "same-2"}
    more = build([make_note(DAY, c, a, b)], first)
    assert keys_by_text(more) == {"a": "same", "b": "same-2", "c": "same-3"}
    less = build([make_note(DAY, b, c)], more)
    assert keys_by_text(less) == {"b": "same-2", "c": "same-3"}
    back = build([make_note(DAY, b, c, a)], less)
    assert keys_by_text(back) == {"a": "same", "b": "same-2", "c": "same-3"}
    assert not back.archive.findings


def test_entries_of_one_title_are_told_apart_by_url_when_both_are_edited() -> None:
    one, two = (make_entry("Same", url=f"https://x.org/{n}", en=n) for n in "12")
    first = build([make_note(DAY, one, two)])
    one, two = (
        replace(entry, commentary={"en": (f"new {n}",)}) for entry, n in ((one, 1), (two, 2))
    )
    second = build([make_note(DAY, two, one)], first)
    assert keys_by_text(second) == {"new 1": "same", "new 2": "same-2"}


def test_entries_that_are_wholly_alike_keep_their_order() -> None:
    notes = [make_note(DAY, make_entry("Same"), make_entry("Same"), make_entry("Same"))]
    first = build(notes)
    assert [one.key for one in first.archive.articles["en"]] == ["same", "same-2", "same-3"]
    assert build(notes, first).text == first.text


def test_doubt_is_reported_and_decided_once() -> None:
    first = build([make_note(DAY, make_entry("Same", en="a"))])
    notes = [make_note(DAY, make_entry("Same", en="b"), make_entry("Same", en="c"))]
    second = build(notes, first)
    assert keys_by_text(second) == {"b": "same", "c": "same-2"}
    (finding,) = second.archive.findings
    assert str(finding).startswith(
        "2024-12-17.txt:2: 'Same': entries look alike, 2 in the notes and 1 in the ledger"
    )
    assert not build(notes, second).archive.findings


def test_namesake_years_later_is_an_entry_of_its_own() -> None:
    old = make_note(DAY, make_entry("Introducing GPT-4", en="old"))
    first = build([old])
    new = make_note(date(2026, 3, 1), make_entry("Introducing GPT-4", en="new"), path="2025.txt")
    now = NOW + timedelta(days=600)
    second = build([new, old], first, now=now)
    days = {a.commentary.plain[0]: a.day for a in second.archive.articles["en"] if a.commentary}
    assert days == {"old": DAY, "new": date(2026, 3, 1)}


def test_moved_entry_is_not_robbed_by_a_namesake_where_it_was() -> None:
    first = build([make_note(DAY, make_entry("T", en="moved"))])
    moved = make_note(NEXT, make_entry("T", en="moved"))
    second = build([moved], first)
    third = build([make_note(DAY, make_entry("T", en="new")), moved], second)
    assert keys_by_text(third) == {"moved": "t", "new": "t-2"}


def test_other_paper_of_a_title_taken_out_long_ago_is_new() -> None:
    first = build([make_note(DAY, make_entry("Introduction", en="old"), make_entry("B"))])
    second = build([make_note(DAY, make_entry("B"))], first)
    new = make_note(NEXT, make_entry("Introduction", en="new"))
    third = build([make_note(DAY, make_entry("B")), new], second)
    assert third.article("Introduction").day == NEXT


def test_two_papers_of_one_title_and_nothing_else_in_common_are_two() -> None:
    one = make_entry("Report", url="https://a.org", abstract=("One.",), en="1")
    two = make_entry("Report", url="https://b.org", abstract=("Two.",), en="2")
    first = build([make_note(DAY, one)])
    assert build([make_note(NEXT, two)], first).article("Report").day == NEXT


def test_entry_cut_in_one_build_and_pasted_in_the_next_keeps_its_id() -> None:
    first = build([make_note(DAY, PAPER, make_entry("B"))])
    cut = build([make_note(DAY, make_entry("B"))], first)
    assert cut.titles() == ["B"]
    pasted = build([make_note(DAY, make_entry("B")), make_note(NEXT, PAPER)], cut)
    assert pasted.article(PAPER.title).id == first.article(PAPER.title).id


# --- what vanishes ---


def notes_of(count: int) -> list[Note]:
    return [make_note(DAY, *(make_entry(f"Paper {number}") for number in range(count)))]


def test_more_than_a_fifth_gone_stops_the_build() -> None:
    first = build(notes_of(10))
    assert build(notes_of(8), first, allow_deletes=False).ledger.records[9].gone
    with pytest.raises(ManyDeletionsError, match=r"3 of 10 .* --allow-deletes"):
        build(notes_of(7), first, allow_deletes=False)
    with pytest.raises(ManyDeletionsError):
        build([], first, allow_deletes=False)


def test_what_was_gone_before_does_not_count_again() -> None:
    less = build(notes_of(5), build(notes_of(10)))
    assert sum(record.gone for record in less.ledger.records) == 5
    assert build(notes_of(4), less, allow_deletes=False).titles() == [
        f"Paper {n}" for n in range(4)
    ]


def test_note_that_cannot_be_read_for_a_while_comes_back_as_it_was() -> None:
    notes = [*notes_of(3), make_note(NEXT, PAPER)]
    first = build(notes)
    without = build(notes[:1], first, now=LATER)
    assert PAPER.title not in without.titles()
    again = build(notes, without, now=LATER + timedelta(days=3))
    assert again.text == first.text
    assert again.archive == first.archive


def test_draft_is_not_published_and_keeps_its_place() -> None:
    first = build([*notes_of(5), make_note(NEXT, PAPER)])
    hidden = build([*notes_of(5), make_note(NEXT, PAPER, draft=True)], first, allow_deletes=False)
    assert PAPER.title not in hidden.titles()
    shown = build([*notes_of(5), make_note(NEXT, PAPER)], hidden)
    assert shown.article(PAPER.title) == first.article(PAPER.title)


def test_note_without_a_date_is_not_published() -> None:
    assert build([make_note(None, PAPER)]).text == build([]).text
