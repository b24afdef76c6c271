"""When an entry is published and updated, and which issue it belongs to."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from feeds.archive.ledger import Ledger
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
