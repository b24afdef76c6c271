"""Dates as people write them on the first line of a day's notes, and in the names of files."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_NUMBERS = r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
_WEEKDAY_EN = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
_WEEKDAY = rf"(?:[월화수목금토일月火水木金土日][요曜][일日]|{_WEEKDAY_EN})"
_WEEKDAY_AFTER = rf"(?:[\s,]*(?:{_WEEKDAY}|[((](?:{_WEEKDAY}|[월화수목금토일月火水木金土日])[))]))?"
_WEEKDAY_BEFORE = rf"(?:{_WEEKDAY}[\s,]+)?"

_FORMS = (
    rf"{_YEAR}\s*년\s*{_NUMBERS[0]}\s*월\s*{_NUMBERS[1]}\s*일",
    rf"{_YEAR}\s*年\s*{_NUMBERS[0]}\s*月\s*{_NUMBERS[1]}\s*日",
    rf"{_YEAR}(?P<sep>[-/._])\s?{_NUMBERS[0]}(?P=sep)\s?{_NUMBERS[1]}",
    rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)",
    rf"{_MONTH}\s+{_DAY}\s*,?\s+{_YEAR}",
    rf"{_DAY}\s+(?:of\s+)?{_MONTH}\s*,?\s+{_YEAR}",
)
_LINES = tuple(
    re.compile(rf"{_WEEKDAY_BEFORE}{form}\.?{_WEEKDAY_AFTER}[:.]?", re.I) for form in _FORMS
)
_SHORT = r"(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)"
_NAMES = tuple(re.compile(rf"{form}(?![^\W_])", re.I) for form in (*_FORMS, _SHORT))
_LONGEST = 60


def parse_date(line: str) -> date | None:
    """Read a line that is wholly a date, with or without ``#`` before it and a weekday beside it.

    :raises ValueError: it has the form of a date and names no day of the calendar.
    """
    text = line.lstrip("#").strip().strip("*_").strip()
    if len(text) > _LONGEST or not any(each.isdigit() for each in text):
        return None
    for form in _LINES:
        if match := form.fullmatch(text):
            return _day_of(match)
    return None


def is_date(line: str) -> bool:
    """Whether a line is wholly a day of the calendar."""
    try:
        return parse_date(line) is not None
    except ValueError:
        return False


def split_name(stem: str) -> tuple[date | None, str]:
    """Part a file's name, without its ending, into the date it begins with and the rest.

    ``241217 Title`` is in the 2000s. The rest is empty where the whole name is a date, and the
    whole name where it begins with none.
    """
    for form in _NAMES:
        if match := form.match(stem):
            try:
                return _day_of(match), stem[match.end() :].strip(" \t\u00a0-_.,–—")
            except ValueError:
                continue
    return None, stem


def date_in_name(stem: str) -> date | None:
    """The first date in a file's name, anywhere, as a day file has it (``notes 2024-12-17``)."""
    for start in (0, *(match.end() for match in re.finditer(r"[^0-9]+", stem))):
        if found := split_name(stem[start:])[0]:
            return found
    return None


def _day_of(match: re.Match[str]) -> date:
    """The day that a match names; two digits of a year are in the 2000s."""
    month = match["month"]
    number = int(month) if month.isdigit() else _MONTHS[month[:3].lower()]
    year = int(match["year"])
    return date(year if year > 99 else 2000 + year, number, int(match["day"]))
