"""Tables of readers: as services write them, as programs break them, and as we write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.errors import SubscriptionError
from feeds.model import Preferences
from feeds.outputs.selection import Selection
from feeds.subscribers.csv_file import read_lines
from feeds.subscribers.many import Candidate, Listed
from feeds.subscribers.table import (
    HEADER,
    Problem,
    Settings,
    Skipped,
    Table,
    escape_cell,
    format_rows,
    make_line,
    unescape_cell,
)

CASES = Path(__file__).parent / "cases"
NOW = datetime(2024, 12, 20, 12, 0, tzinfo=UTC)
SETTINGS = Settings(lang="ko", languages=("ko", "en"))
FIRST, SECOND = datetime(2023, 5, 1, 9, 0), datetime(2024, 2, 3, 10, 11, 12)  # noqa: DTZ001

# Of each export: who had not confirmed there, and how many are not to be mailed.
EXPORTS: dict[str, tuple[list[str], int]] = {
    "mailchimp": ([], 0),
    "substack": ([], 1),
    "buttondown": (["asked"], 2),
    "ghost": ([], 2),
    "beehiiv": (["asked", "late"], 2),
    "kit": ([], 4),
    "mailerlite": (["asked"], 3),
    "listmonk": ([], 2),
    "stibee": (["asked"], 3),
    "stibee-cp949": (["asked"], 3),
    "stibee-utf-16": (["asked"], 3),
}


def lines_of(text: str | bytes) -> list[str]:
    raw = text.encode() if isinstance(text, str) else text
    return list(io.StringIO(raw.decode(), newline=""))


def read(text: str, settings: Settings = SETTINGS) -> list[Candidate | Skipped | Problem]:
    return list(Table(lines_of(text), settings, NOW).rows())


def candidates(rows: list[Candidate | Skipped | Problem]) -> list[Candidate]:
    assert not [row for row in rows if isinstance(row, Problem)]
    return [row for row in rows if isinstance(row, Candidate)]


def addresses(text: str) -> list[str]:
    return [one.address for one in candidates(read(text))]


def problems(text: str) -> list[tuple[int, str]]:
    return [(row.line, row.message) for row in read(text) if isinstance(row, Problem)]


# --- what services write --------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPORTS)
def test_the_export_of_a_service_is_read(name: str) -> None:
    unconfirmed, gone = EXPORTS[name]
    table = Table(read_lines(CASES / f"{name}.csv"), SETTINGS, NOW)
    rows = list(table.rows())
    found = candidates(rows)
    assert [one.address for one in found if not one.unconfirmed] == [
        "ada@example.org",
        "grace@example.org",
    ]
    assert [one.address for one in found if one.unconfirmed] == [
        f"{who}@example.org" for who in unconfirmed
    ]
    assert [row.reason for row in rows if isinstance(row, Skipped)] == ["gone"] * gone
    # What is said of tags there is about customers, and no wish of theirs.
    assert {one.preferences for one in found} == {Preferences(lang="ko")}
    assert table.ignored


@pytest.mark.parametrize("name", sorted(set(EXPORTS) - {"kit", "mailerlite"}))
def test_since_when_somebody_reads_is_taken_along(name: str) -> None:
    ada, grace, *_ = candidates(
        list(Table(read_lines(CASES / f"{name}.csv"), SETTINGS, NOW).rows())
    )
    assert ada.created is not None
    assert ada.created.replace(microsecond=0, tzinfo=None) == FIRST
    assert ada.created.tzinfo is not None
    assert grace.created == SECOND.replace(tzinfo=UTC)


@pytest.mark.parametrize("name", ["unsubscribed", "cleaned"])
def test_a_list_of_those_who_left_brings_nobody_in(name: str) -> None:
    table = Table(read_lines(CASES / f"mailchimp-{name}.csv"), SETTINGS, NOW)
    assert [row.reason for row in table.rows() if isinstance(row, Skipped)] == ["gone"]


@pytest.mark.parametrize(
    "header",
    [
        *("email", "Email Address", "E-mail", "E-Mail Adresse", "EMAIL_ADDRESS", "Ｅｍａｉｌ"),
        *("이메일", "이메일 주소", "전자우편", "\ufeffEmail", " Email ", "address"),
    ],
)
def test_a_column_of_addresses_has_many_names(header: str) -> None:
    assert addresses(f"name,{header}\nA,a@example.org\n") == ["a@example.org"]


def test_an_address_of_a_house_is_none_of_mail() -> None:
    text = "Address,Email Address\n1 Some Street,a@example.org\n"
    assert addresses(text) == ["a@example.org"]


def test_the_states_of_a_country_say_nothing_of_readers() -> None:
    assert addresses("email,State\na@example.org,California\n") == ["a@example.org"]
    assert [type(row) for row in read("email,State\na@example.org,unsubscribed\n")] == [Skipped]


@pytest.mark.parametrize("word", ["zombie", "수신중지"])
def test_a_status_that_is_not_known_brings_nobody_in(word: str) -> None:
    assert problems(f"email,status\na@example.org,active\nb@example.org,{word}\n") == [
        (3, f"status: {word!r}; expected a word such as active or unsubscribed")
    ]


def test_of_two_columns_the_worse_one_counts() -> None:
    header = "email,state,status\n"
    for one, other in (("unsubscribed", "active"), ("active", "bounced"), ("pending", "junk")):
        assert [type(row) for row in read(f"{header}a@example.org,{one},{other}\n")] == [Skipped]
    [asked] = candidates(read(f"{header}a@example.org,pending,active\n"))
    assert asked.unconfirmed


@pytest.mark.parametrize("cell", ["no", "FALSE", "0", "N", "아니오"])
def test_who_said_no_is_not_brought_in(cell: str) -> None:
    for column in ("subscribed", "opt-in", "Accepts Email Marketing", "consent"):
        assert [type(row) for row in read(f"email,{column}\na@example.org,{cell}\n")] == [Skipped]
    assert addresses(f"email,unsubscribed\na@example.org,{cell}\n") == ["a@example.org"]


def test_columns_that_say_nothing_here_are_named() -> None:
    table = Table(lines_of("email,Name,,status\na@example.org,A,,active\n"), SETTINGS, NOW)
    assert table.ignored == ("Name", "(no name)")


def test_tags_count_where_they_are_asked_for() -> None:
    text = 'email,tags\na@example.org,"""RL"", NLP;vision"\nb@example.org,\n'
    taking = Settings(lang="ko", languages=("ko",), take_tags=True)
    assert [one.preferences.selection for one in candidates(read(text, taking))] == [
        "any=nlp,rl,vision",
        "",
    ]


def test_languages_are_read_by_their_code_and_others_are_told() -> None:
    text = "email,lang\na@x.org,en-US\nb@x.org,KO_KR\nc@x.org,fr\nd@x.org,\ne@x.org,fr\n"
    table = Table(lines_of(text), SETTINGS, NOW)
    assert [one.preferences.lang for one in candidates(list(table.rows()))] == [
        *("en", "ko", "ko", "ko", "ko")
    ]
    assert table.other_languages == {"fr": 2}


def test_the_first_of_two_lines_with_an_address_counts() -> None:
    rows = read("email,lang\nA@example.org,en\na@EXAMPLE.org,ko\n")
    assert [type(row) for row in rows] == [Candidate, Skipped]
    assert rows[1] == Skipped(line=3, reason="twice")


def test_a_moment_to_come_or_that_is_none_is_not_taken() -> None:
    text = "email,created_at\na@x.org,2030-01-01\nb@x.org,0001-01-01\nc@x.org,03/04/2020\n"
    assert [one.created for one in candidates(read(text))] == [None] * 3


# --- what programs do to files --------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(delimiter: str, end: str) -> None:
    rows = [["name", "email", "lang"], ["Kim; A, B|C\tD", "a@example.org", "en"], ["", "", ""]]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(rows)
    assert addresses(file.getvalue() + end * 3) == ["a@example.org"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949"]
)
def test_encodings_are_found_out(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("email address,이름\na@example.org,김뷁\n".encode(encoding))
    if encoding.startswith("utf-16-"):  # without a mark it is known by its zeros
        path.write_bytes(("email address,name,x" * 4 + "\na@example.org,김\n").encode(encoding))
    assert read_lines(path)[1].startswith("a@example.org,김")


def test_tags_of_a_korean_spreadsheet_are_read(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("email,tags\na@example.org,강화학습\n".encode("cp949"))
    taking = Settings(lang="ko", languages=("ko",), take_tags=True)
    [reader] = candidates(list(Table(read_lines(path), taking, NOW).rows()))
    assert reader.preferences.selection == Selection.of(["강화학습"], [], []).query


def test_a_wrong_byte_costs_its_own_line_at_most(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(
        "이메일,이름\na@example.org,가\nb@example.org,".encode()
        + b"\xff\xfe\n"
        + b"c\xff@example.org,x\nd@example.org,\n"
    )
    rows = list(Table(read_lines(path), SETTINGS, NOW).rows())
    assert [row.address for row in rows if isinstance(row, Candidate)] == [
        *("a@example.org", "b@example.org", "d@example.org")
    ]
    assert [row.line for row in rows if isinstance(row, Problem)] == [4]


def test_a_line_is_that_of_the_file_and_not_of_the_record() -> None:
    text = 'email,note\na@x.org,"one\ntwo\n\nthree"\nnobody,\n\n\n"b@x.org","\r\n"\nnor,this\n'
    assert [line for line, _ in problems(text)] == [6, 11]


def test_a_quote_that_never_ends_costs_one_line() -> None:
    rest = "".join(f"reader{number}@x.org,x,y\n" for number in range(300))
    text = f'email,name,note\na@x.org,"Kim,x\nb@x.org,Lee,y\nc@x.org,"Park","z"\n{rest}'
    rows = read(text)
    assert [row for row in rows if isinstance(row, Problem)] == [
        Problem(line=2, message="line: has a quotation mark that is not closed")
    ]
    found = [row.address for row in rows if isinstance(row, Candidate)]
    assert found[:2] == ["b@x.org", "c@x.org"]
    assert len(found) == 302


def test_a_quote_inside_of_a_name_costs_nothing() -> None:
    assert addresses('email,name\na@x.org,"Kim" Lee\nb@x.org,5" disk\n') == ["a@x.org", "b@x.org"]


def test_cells_that_are_missing_or_too_many_are_told() -> None:
    text = "email,name,status\na@x.org\nb@x.org,Kim, Lee,active\nc@x.org,Kim,active,,\n"
    assert problems(text) == [
        (2, "line: has 1 cells; expected 3 as in the header"),
        (3, "line: has 4 cells; expected 3 as in the header"),
    ]


@pytest.mark.parametrize("start", ["sep=;\r\n", "\n\n", "\ufeff", ";;\n"])
def test_what_stands_before_the_header_is_passed_over(start: str) -> None:
    assert addresses(f"{start}name;email\n;a@x.org\n") == ["a@x.org"]


@pytest.mark.parametrize("text", ["", "\n\n", "name,phone\nA,1\n", "a@example.org\nb@x.org\n"])
def test_a_file_without_a_column_of_addresses_is_told(text: str) -> None:
    with pytest.raises(SubscriptionError, match="expected"):
        Table(lines_of(text), SETTINGS, NOW)


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("hour", "24", "hour: '24'; expected 0 to 23"),
        ("hour", "٣", "hour: '٣'; expected 0 to 23"),
        ("zone", "Mars/Olympus", "zone: 'Mars/Olympus'; expected a name such as Asia/Seoul"),
        ("rhythm", "hourly", "rhythm: 'hourly'; expected daily or weekly"),
        ("paused_until", "soon", "paused_until: 'soon'; expected a day such as 2026-11-03"),
        ("any", "!", "any: '!'; expected a letter or a digit in a tag"),
        ("not", ",".join(f"t{n}" for n in range(51)), "tags: 51 tags; expected 50 at most"),
        ("status", "x" * 900, "status: 'xxx"),
    ],
)
def test_a_wish_that_cannot_be_is_told(column: str, cell: str, told: str) -> None:
    [(line, message)] = problems(f'email,{column}\na@x.org,"{cell}"\n')
    assert line == 2
    assert message.startswith(told)
    assert len(message) < 200


@pytest.mark.parametrize("address", ["a@x.org\r\nBcc: b@x.org", "a@x.org\0", "a,b@x.org", " "])
def test_an_address_that_is_none_is_told(address: str) -> None:
    [(line, message)] = problems(f'email,name\n"{address}",A\n')
    assert line == 2
    assert message.startswith("address: ")


@given(text=st.text(st.sampled_from('",;\t\r\n@a.b\ufeff\0한='), max_size=80))
@example(text='"')
@example(text='email\n"\n"')
def test_no_file_breaks_the_reader(text: str) -> None:
    for whole in (text, f"email,name\n{text}"):
        with suppress(SubscriptionError):
            read(whole)


# --- what we write --------------------------------------------------------------------------------

words = st.text(st.sampled_from("abz한글ß09"), min_size=1, max_size=5)
tags = st.lists(words, max_size=4)
moments = st.datetimes(datetime(1991, 1, 1), datetime(2024, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
wishes = st.builds(
    Preferences,
    lang=st.sampled_from(["ko", "en"]),
    selection=st.builds(lambda a, b, c: Selection.of(a, b, c).query, tags, tags, tags),
    rhythm=st.sampled_from(["daily", "weekly"]),
    hour=st.none() | st.integers(0, 23),
    zone=st.none() | st.sampled_from(["Asia/Seoul", "Europe/Berlin", "UTC"]),
    paused_until=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
locals_ = st.text(st.sampled_from("abAB09=+-'|!#$%&*/?^_`{}~"), min_size=1, max_size=12)
texts = st.text(st.sampled_from("ab =+-@'\",;\t\r\n한"), max_size=20).map(make_line)


@st.composite
def listed(draw: st.DrawFn, state: str) -> Listed:
    created = draw(moments)
    return Listed(
        address=f"{draw(locals_)}@example.org",
        state=state,
        preferences=draw(wishes),
        created=created,
        confirmed=created if state == "active" else None,
        since=created,
        consent=draw(texts.filter(lambda text: text.casefold() not in {"n", "f", "0", ""})),
    )


@given(readers=st.lists(listed("active") | listed("pending") | listed("left"), max_size=6))
def test_what_we_write_is_read_as_it_was(readers: list[Listed]) -> None:
    rows = read(b"".join(format_rows(readers)).decode())
    unique = {one.address.casefold(): one for one in reversed(readers) if one.state != "left"}
    expected = [one for one in readers if unique.get(one.address.casefold()) is one]
    assert [
        (one.address, one.unconfirmed, one.preferences, one.created, one.confirmed, one.consent)
        for one in candidates(rows)
    ] == [
        (
            one.address,
            one.state == "pending",
            one.preferences,
            one.created,
            one.confirmed,
            one.consent,
        )
        for one in expected
    ]
    gone = [row for row in rows if isinstance(row, Skipped) and row.reason == "gone"]
    assert len(gone) == len([one for one in readers if one.state == "left"])


def cells_of(readers: list[Listed]) -> Iterator[str]:
    for record in csv.reader(io.StringIO(b"".join(format_rows(readers)).decode(), newline="")):
        yield from record


@given(readers=st.lists(listed("active"), max_size=3))
def test_no_cell_is_a_formula(readers: list[Listed]) -> None:
    assert not [cell for cell in cells_of(readers) if cell.startswith(tuple("=+-@\t\r"))]


@given(text=st.text(st.sampled_from("'=+-@\t\ra"), max_size=6))
def test_a_cell_that_was_escaped_is_itself_again(text: str) -> None:
    assert unescape_cell(escape_cell(text)) == text


def test_the_header_is_that_of_the_manual() -> None:
    assert b"".join(format_rows([])).decode() == ",".join(HEADER) + "\r\n"
