from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.archive.ledger import Ledger, format_ledger, parse_ledger
from feeds.archive.record import Edition, Record
from feeds.errors import LedgerError
from feeds.slugs import tag_slug, title_key
from tests.archive.builders import DAY, build, make_entry, make_note

NAME = "ledger.jsonl"
HEADER = '{"paperround":"ledger","version":1}'
SEEN = [make_note(DAY, make_entry("A"), make_entry("B"), make_entry("나"))]


def read(*lines: str) -> Ledger:
    return parse_ledger("\n".join((HEADER, *lines, "")), name=NAME)


def lines_of(ledger: Ledger) -> list[str]:
    return format_ledger(ledger).splitlines()[1:]


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Ledgers with times of their own, as a build writes them."""
    days = st.dates(date(2000, 1, 1), date(2030, 1, 1))
    text = st.text(st.characters(codec="utf-8"), max_size=20)
    places = draw(st.lists(st.tuples(days, text.map(title_key)), unique=True, max_size=8))
    count = len(places)
    moments = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001  # UTC below
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    )
    times = draw(st.lists(moments, min_size=count, max_size=count, unique=True))
    records = [
        Record(
            day=day,
            key=key,
            title=draw(text),
            url=draw(st.none() | text),
            published=moment,
            first_seen=draw(days),
            issue=draw(days),
            noted=draw(st.none() | days),
            whole=draw(text),
            works=draw(st.none() | text),
            text=draw(st.none() | text),
            slugs=tuple(sorted(set(draw(st.lists(text.map(tag_slug).filter(bool), max_size=3))))),
            languages={
                lang: Edition(hash=draw(text), updated=moment)
                for lang in sorted(draw(st.sets(st.sampled_from(["en", "ja", "ko"]))))
            },
            gone=draw(st.booleans()),
        )
        for (day, key), moment in zip(places, times, strict=True)
    ]
    records.sort(key=lambda record: (record.day, record.key))
    return Ledger(records=tuple(records))


@given(ledgers())
def test_what_is_written_is_read(ledger: Ledger) -> None:
    text = format_ledger(ledger)
    assert parse_ledger(text, name=NAME) == ledger
    assert format_ledger(parse_ledger(text, name=NAME)) == text


@given(ledgers(), st.randoms())
def test_order_of_lines_makes_no_difference(ledger: Ledger, random: object) -> None:
    header, *lines = format_ledger(ledger).removesuffix("\n").split("\n")
    random.shuffle(lines)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert parse_ledger("\n".join([header, *lines, *lines]), name=NAME).records == ledger.records


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "  \n\n"])
def test_empty_file_is_a_first_start(text: str) -> None:
    assert parse_ledger(text, name=NAME) == Ledger()


def test_header_then_one_readable_line_an_entry() -> None:
    header, *lines = build(SEEN).text.splitlines()
    assert header == HEADER
    assert len(lines) == 3
    assert '"title":"나"' in lines[2]
    assert lines == sorted(lines)


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    text = build(SEEN).text
    changed = "\ufeff" + text.replace("\n", "\r\n")
    assert format_ledger(parse_ledger(changed, name=NAME)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"paperround":"ledger","version":2}\n',
            r"ledger\.jsonl:1: .* version 2; expected 1\. Update",
        ),
        ("title = 'Papers'\n", r"ledger\.jsonl:1: no ledger; expected .* Restore"),
        ('\n{"day":"2024-12-17"}\n', r"ledger\.jsonl:2: no ledger"),
        ("[]", "no ledger"),
        ('{"paperround":"cache","version":1}', "no ledger"),
    ],
)
def test_file_that_is_no_ledger_is_refused(text: str, expected: str) -> None:
    with pytest.raises(LedgerError, match=expected):
        parse_ledger(text, name=NAME)


GOOD = lines_of(build(SEEN).ledger)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (GOOD[0][:40], "truncated"),
        ("not json", "malformed"),
        ("[]", "Expected object"),
        (GOOD[0].replace('"published"', '"publisched"'), "unknown field publisched"),
        (GOOD[0].replace('"key":"a",', ""), "missing required field key"),
        (GOOD[0].replace('"day":"2024-12-17"', '"day":20241217'), "Expected date, got int"),
        (GOOD[0].replace('"key":"a"', '"key":"../../etc"'), "'../../etc' is no key"),
        (GOOD[0].replace('["rl"]', '["a/b"]'), "'a/b' is no key or tag"),
        (GOOD[0].replace("2024-12-16T22:00:00Z", "2024-12-16T22:00:00"), "timezone"),
        (GOOD[0].replace("2024-12-16T22:00:00Z", "0001-01-01T00:00:00+09:00"), "out of range"),
        (GOOD[0].replace('"title":"A"', '"title":"\\ud800"'), "damaged"),
    ],
)
def test_damaged_line_is_told_of_and_kept_and_the_rest_is_used(damage: str, reason: str) -> None:
    ledger = read(damage, *GOOD[1:])
    (finding,) = ledger.findings
    assert finding.level == "error"
    assert str(finding).startswith("ledger.jsonl:2: a damaged line (")
    assert reason in finding.message
    assert "expected an entry as JSON" in finding.message
    assert lines_of(ledger) == [*GOOD[1:], damage]


def test_entry_of_a_damaged_line_gets_the_same_id_again() -> None:
    first = build(SEEN)
    ledger = read("damaged", *GOOD[1:])
    second = build(SEEN, ledger)
    assert second.ids() == first.ids()
    assert second.text.splitlines()[-1] == "damaged"
    assert second.archive.findings == ledger.findings


def test_conflict_markers_are_told_of_and_both_sides_are_used() -> None:
    ledger = read("<<<<<<< HEAD", GOOD[1], "=======", GOOD[0], ">>>>>>> other", GOOD[2])
    assert [f.level for f in ledger.findings].count("error") == 3
    assert lines_of(ledger) == GOOD


def test_entry_called_like_the_header_is_an_entry() -> None:
    built = build([make_note(DAY, make_entry("Paperround"))])
    assert parse_ledger(built.text, name=NAME) == built.ledger


def test_conflict_around_the_header_is_read() -> None:
    text = "\n".join(["<<<<<<< a", HEADER, GOOD[0], "=======", HEADER, GOOD[1], ">>>>>>> b"])
    assert lines_of(parse_ledger(text, name=NAME)) == GOOD[:2]


def test_lines_twice_and_out_of_order_are_joined_and_told_of() -> None:
    ledger = read(GOOD[1], GOOD[0], GOOD[1])
    assert lines_of(ledger) == GOOD[:2]
    assert [str(finding) for finding in ledger.findings] == [
        "ledger.jsonl:4: b of 2024-12-17 also stands in line 2; the two are joined",
        "ledger.jsonl:1: lines out of order; expected by day and key, and will be written so",
    ]


def test_joined_lines_keep_the_older_identity_and_the_later_edit() -> None:
    one = GOOD[0].replace("2024-12-16T22:00:00Z", "2024-12-16T21:00:00Z")
    two = GOOD[0].replace('"A"', '"A, corrected"').replace('["rl"]', '["nlp"]')
    for lines in ((one, two), (two, one)):
        (record,) = read(*lines).records
        assert record.published == datetime(2024, 12, 16, 21, tzinfo=UTC)
        assert record.languages["ko"].updated == datetime(2024, 12, 16, 22, tzinfo=UTC)
        assert record.title == "A, corrected"
        assert record.slugs == ("nlp", "rl")


def test_branches_that_gave_one_time_to_two_entries_are_told_apart() -> None:
    ledger = read(GOOD[0], GOOD[0].replace('"a"', '"c"').replace('"A"', '"C"'))
    first, second = ledger.records
    assert (first.published - second.published).total_seconds() == 1
    assert (second.languages["ko"].updated - first.languages["ko"].updated).total_seconds() == 1
    assert [finding.source.line for finding in ledger.findings] == [3]
