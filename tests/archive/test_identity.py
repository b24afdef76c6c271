"""An entry keeps its id and address whatever happens to its text and its note."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from feeds.archive.ledger import Ledger
from feeds.errors import ManyDeletionsError
from feeds.model import Entry, Note
from tests.archive.builders import DAY, NOW, Built, build, make_config, make_entry, make_note

NEXT = DAY + timedelta(days=1)
LATER = NOW + timedelta(days=1)
MIDNIGHT = datetime(2024, 12, 21, tzinfo=ZoneInfo("Asia/Seoul"))
PAPER = make_entry(
    "GPT-4: A Report",
    url="https://arxiv.org/abs/2303.08774",
    authors=("OpenAI",),
    abstract=("We report on it.",),
)


def one_id(built: Built) -> str:
    (article,) = built.archive.articles["en"]
    return article.id


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


# --- days to come ---


def test_note_of_tomorrow_waits_for_its_day_in_the_publication_s_zone() -> None:
    note = make_note(date(2024, 12, 21), PAPER)
    late_evening = datetime(2024, 12, 20, 14, 59, 59, tzinfo=ZoneInfo("UTC"))
    assert build([note], now=late_evening).text == build([]).text
    assert one_id(build([note], now=late_evening + timedelta(seconds=1)))


def test_published_entry_that_is_moved_into_the_future_stays() -> None:
    first = build([make_note(DAY, PAPER)])
    second = build([make_note(date(2042, 1, 1), PAPER)], first, allow_deletes=False)
    assert second.article(PAPER.title).day == DAY
    assert build([make_note(date(2042, 1, 1), PAPER)], second).text == second.text


def test_entry_that_was_taken_out_and_planned_again_waits() -> None:
    gone = build([], build([make_note(DAY, PAPER)]))
    assert build([make_note(date(2042, 1, 1), PAPER)], gone).text == gone.text


# --- times ---


def test_first_entry_of_a_day_stands_on_top_over_all_its_files() -> None:
    notes = [
        make_note(DAY, make_entry("C"), path="b.md"),
        make_note(DAY, make_entry("A"), make_entry("B"), path="a.txt"),
        make_note(NEXT, make_entry("Next")),
    ]
    built = build(notes)
    assert built.titles() == ["Next", "A", "B", "C"]
    assert [article.title for article in built.archive.days["en"][1].articles] == ["A", "B", "C"]
    assert built.article("A").published.isoformat() == "2024-12-17T07:00:00+09:00"
    assert built.article("C").published.isoformat() == "2024-12-17T06:59:58+09:00"


def test_entry_of_today_before_the_hour_is_published_when_it_is_seen() -> None:
    now = datetime(2024, 12, 20, 5, 0, 0, 999, tzinfo=ZoneInfo("Asia/Seoul"))
    built = build([make_note(now.date(), make_entry("A"), make_entry("B"))], now=now)
    assert built.article("A").published.isoformat() == "2024-12-20T05:00:00+09:00"
    assert built.article("B").published.isoformat() == "2024-12-20T04:59:59+09:00"


def test_entry_added_to_a_day_takes_the_next_free_second_below() -> None:
    first = build([make_note(DAY, make_entry("A"), make_entry("B"))])
    second = build([make_note(DAY, make_entry("New"), make_entry("A"), make_entry("B"))], first)
    assert second.article("New").published.isoformat() == "2024-12-17T06:59:58+09:00"
    assert second.ledger.records[:2] == first.ledger.records


def test_entry_below_one_that_moved_here_is_published_below_it() -> None:
    first = build([make_note(DAY, PAPER)])
    second = build([make_note(NEXT, PAPER, make_entry("B"))], first)
    assert second.article("B").published.isoformat() == "2024-12-18T06:59:59+09:00"


def test_hour_and_zone_of_the_configuration_change_no_time_that_was_given() -> None:
    notes = [make_note(DAY, PAPER)]
    first = build(notes)
    second = build(
        notes, first, config=make_config(hour=22, timezone="America/New_York"), now=LATER
    )
    assert second.article(PAPER.title).published == first.article(PAPER.title).published
    assert second.text == first.text


def test_day_before_the_calendar_of_the_zone_is_no_crash() -> None:
    assert one_id(build([make_note(date(1, 1, 1), PAPER)])).startswith(
        "tag:example.org,0001-01-01:"
    )


def test_ids_are_percent_encoded_and_windows_names_guarded() -> None:
    built = build([make_note(DAY, make_entry("한글 제목"), make_entry("CON"), make_entry("?!"))])
    assert (
        built.article("한글 제목", "ko").path
        == "ko/2024/12/17/%ED%95%9C%EA%B8%80-%EC%A0%9C%EB%AA%A9/"
    )
    assert built.article("CON").key == "con-"
    assert built.article("?!").key == "entry"


def test_thousands_of_one_title_on_a_day_are_built() -> None:
    notes = [make_note(DAY, *(make_entry("Same") for _ in range(3000)))]
    first = build(notes)
    assert len({article.key for article in first.archive.articles["en"]}) == 3000
    assert build(notes, first).text == first.text


# --- issues ---


def issue_days(built: Built) -> dict[str, date]:
    return {article.title: article.issue_day for article in built.archive.articles["en"]}


def test_entry_after_its_issue_went_out_belongs_to_the_next_one() -> None:
    first = build([make_note(DAY, make_entry("A"))])
    notes = [make_note(DAY, make_entry("A"), make_entry("Late"))]
    second = build(notes, first, issued={DAY, NEXT})
    # At noon of the 20th the issue of the 19th is out or was due; the 20th's comes tomorrow.
    assert issue_days(second) == {"A": DAY, "Late": date(2024, 12, 20)}
    (issue,) = [one for one in second.archive.issues["en"] if one.day == date(2024, 12, 20)]
    assert [article.title for article in issue.late] == ["Late"]
    assert issue.articles == ()
    # Frozen, whatever is issued later.
    issued = {DAY, NEXT, date(2024, 12, 20)}
    assert issue_days(build(notes, second, issued=issued, now=LATER)) == issue_days(second)


def test_entry_that_moves_before_its_issue_goes_out_moves_to_the_issue_of_its_new_day() -> None:
    today, tomorrow = date(2024, 12, 20), date(2024, 12, 21)
    first = build([make_note(today, make_entry("A"), make_entry("B"))])
    moved = [make_note(today, make_entry("A")), make_note(tomorrow, make_entry("B"))]
    second = build(moved, first, now=NOW + timedelta(hours=18))
    assert issue_days(second) == {"A": today, "B": tomorrow}


def test_entry_that_moves_after_its_issue_went_out_stays_in_it() -> None:
    first = build([make_note(DAY, make_entry("A"), make_entry("B"))])
    moved = [make_note(DAY, make_entry("A")), make_note(NEXT, make_entry("B"))]
    second = build(moved, first)
    assert second.article("B").day == NEXT
    (issue,) = second.archive.issues["en"]
    assert [article.title for article in issue.articles] == ["A", "B"]


def test_issue_that_went_out_before_its_time_is_skipped_for_late_entries() -> None:
    first = build([make_note(DAY, make_entry("A"))])
    notes = [make_note(DAY, make_entry("A"), make_entry("Late"))]
    issued = {DAY, date(2024, 12, 20), date(2024, 12, 21)}
    assert issue_days(build(notes, first, issued=issued))["Late"] == date(2024, 12, 22)


def test_entry_of_a_day_without_an_issue_so_far_belongs_to_its_own() -> None:
    first = build([make_note(DAY, make_entry("A"))])
    notes = [make_note(DAY, make_entry("A")), make_note(NEXT, make_entry("B"))]
    assert issue_days(build(notes, first, issued={DAY}))["B"] == NEXT


def test_entry_that_is_too_late_for_mail_belongs_to_its_own_day() -> None:
    first = build([make_note(DAY, make_entry("A"))])
    notes = [make_note(DAY, make_entry("A"), make_entry("Late"))]
    in_time = build(notes, first, issued={DAY}, now=NOW + timedelta(days=11))
    too_late = build(notes, first, issued={DAY}, now=NOW + timedelta(days=12))
    assert issue_days(in_time)["Late"] == date(2024, 12, 31)
    assert issue_days(too_late)["Late"] == DAY


def test_on_the_first_start_every_entry_belongs_to_its_own_day() -> None:
    assert issue_days(build([make_note(DAY, PAPER)], Ledger(), issued={DAY})) == {PAPER.title: DAY}
