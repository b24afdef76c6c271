from __future__ import annotations

from datetime import date

import pytest

from feeds.notes.dates import date_in_name, parse_date, split_name

DAY = date(2024, 12, 17)


@pytest.mark.parametrize(
    "line",
    [
        "2024년 12월 17일",
        "2024년12월17일",
        "2024\u00a0년 12월\t17일",
        "2024년 12월 17일 화요일",
        "2024년 12월 17일 (화)",
        "# 2024년 12월 17일",
        "2024-12-17",
        "#2024-12-17",
        "## 2024-12-17, Tuesday",
        "**2024/12/17**",
        "2024.12.17.",
        "2024. 12. 17.",
        "20241217",
        "December 17, 2024",
        "Dec. 17th, 2024",
        "Tuesday, December 17, 2024",
        "17 December 2024",
        "17th of dec 2024",
        "2024年12月17日",
    ],
)
def test_first_line_is_a_date_in_any_form(line: str) -> None:
    assert parse_date(line) == DAY


@pytest.mark.parametrize(
    "line",
    ["", "241217", "2024", "2024-12-17 notes", "12월 17일", "A Title 2024-12-17", "1" * 9999],
)
def test_other_lines_are_no_dates(line: str) -> None:
    assert parse_date(line) is None


@pytest.mark.parametrize("line", ["2024년 13월 45일", "2024-02-30", "February 30, 2024"])
def test_a_day_that_no_calendar_has_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"month|day|range"):
        parse_date(line)


@pytest.mark.parametrize(
    ("stem", "rest"),
    [
        ("241217 Title", "Title"),
        ("241217", ""),
        ("241217_Title", "Title"),
        ("2024-12-17 Title", "Title"),
        ("2024-12-17", ""),
        ("20241217-Title", "Title"),
        ("2024년 12월 17일 제목", "제목"),
    ],
)
def test_name_begins_with_a_date(stem: str, rest: str) -> None:
    assert split_name(stem) == (DAY, rest)


@pytest.mark.parametrize(
    "stem", ["Title", "241399 Title", "2412 Title", "2412170 Title", "241217b"]
)
def test_other_names_have_no_date(stem: str) -> None:
    assert split_name(stem) == (None, stem)


def test_day_file_may_have_the_date_anywhere_in_its_name() -> None:
    assert date_in_name("notes of 2024-12-17") == DAY
    assert date_in_name("notes 7") is None
