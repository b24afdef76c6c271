"""The commands for the list of readers, on both databases."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click.testing
import pytest

from feeds.cli import main
from feeds.config import Config, load_config
from feeds.database import engine as database_engine
from feeds.database.opening import open_database, upgrade_database
from feeds.database.places import database_path
from feeds.model import Subscriber
from feeds.secrets import load_keys
from feeds.subscribers.links import Links
from feeds.subscribers.store import Readers
from tests.databases import BOTH, fresh_database
from tests.publications import read_tree, run, run_alone, run_on_terminal, write_publication
from tests.system import files_of_at_most

MAIL = 'deliver = ["folder", "mail"]\nmail.from_address = "papers@example.org"\n'
LIST = "email,name,lang\nada@example.org,Ada,en\ngrace@example.org,Grace,\n"


@dataclass(frozen=True, kw_only=True)
class Office:
    """A publication that mails, and its commands."""

    path: Path

    @property
    def config(self) -> Config:
        return load_config(self.path)

    @property
    def root(self) -> Path:
        return self.path.parent

    def run(self, *arguments: str | Path) -> click.testing.Result:
        return run(self.path, "subscribers", *arguments)

    def say(self, *arguments: str | Path) -> str:
        """What a command that ends well tells."""
        result = self.run(*arguments)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout

    def write(self, text: str | bytes, name: str = "list.csv") -> Path:
        path = self.root / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def listed(self) -> dict[str, dict[str, object]]:
        result = self.run("list", "--json")
        assert result.exit_code == 0
        found = [json.loads(line) for line in result.stdout.splitlines()]
        return {one["address"]: one for one in found}

    def states(self) -> dict[str, object]:
        return {address: one["state"] for address, one in self.listed().items()}

    def do(self, address: str, *steps: str) -> Subscriber:
        """Have a reader do things themselves: sign up, confirm, leave."""
        engine = open_database(self.config)
        readers = Readers(engine, load_keys(self.config), self.config)
        now = datetime.now(UTC)
        found = readers.find_address(address)
        assert found is not None
        with engine.begin() as connection:
            nonce = connection.exec_driver_sql(
                f"SELECT nonce FROM subscribers WHERE id = {found.id}"
            ).scalar()
        for step in steps:
            if step == "confirm":
                readers.confirm(found.token, nonce or "", now, source="the letter")
            else:
                readers.leave(found.token, now)
        engine.dispose()
        return found


@pytest.fixture(scope="module", params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    with fresh_database(request.param) as url:
        yield url


@pytest.fixture
def office(database: str | None, tmp_path: Path) -> Office:
    settings = MAIL if database is None else f'{MAIL}database = "{database}"\n'
    office = Office(path=write_publication(tmp_path, settings=settings))
    if database is not None:
        upgrade_database(office.config)
        engine = open_database(office.config)
        with engine.begin() as connection:
            connection.exec_driver_sql("TRUNCATE subscribers, outbox, consents, suppressions")
        engine.dispose()
    return office


@pytest.fixture
def desk_of_files(tmp_path: Path) -> Office:
    """On SQLite, where there are files to spoil."""
    return Office(path=write_publication(tmp_path, settings=MAIL))


# --- add and remove -------------------------------------------------------------------------------


def test_who_is_added_is_asked_to_confirm(office: Office) -> None:
    told = office.say(
        *("add", "Ada@Example.org", "--lang", "en", "--any", "RL", "--any", "nlp,vision"),
        *("--not", "GAN", "--weekly", "--hour", "8", "--zone", "Europe/Berlin"),
    )
    assert told == "Ada@Example.org is asked to confirm, once an hour at most\n"
    reader = office.listed()["Ada@example.org"]
    assert reader == {
        "address": "Ada@example.org",
        "state": "pending",
        "since": reader["since"],
        "language": "en",
        "tags": {"any": ["nlp", "rl", "vision"], "all": [], "not": ["gan"]},
        "rhythm": "weekly",
        "hour": 8,
        "zone": "Europe/Berlin",
        "paused_until": None,
    }
    office.do("ada@example.org", "confirm")
    assert office.say("add", "ADA@example.org") == (
        "Ada@example.org reads already; nothing is changed\n"
    )
    assert office.listed()["Ada@example.org"]["rhythm"] == "weekly"


def test_who_is_vouched_for_reads_at_once(office: Office) -> None:
    told = office.say("add", "ada@example.org", "--confirmed", "--source", "signed  at\nthe fair")
    assert told == "ada@example.org reads from now on\n"
    assert office.states() == {"ada@example.org": "active"}
    assert ",signed at the fair\n" in office.say("export")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "a@example.org", "--confirmed"], "--confirmed needs --source"),
        (["add", "a@example.org", "--confirmed", "--source", " "], "--confirmed needs --source"),
        (["add", "a@example.org", "--source", "x"], "--source goes with --confirmed"),
        (["add", "a@example.org", "--lang", "fr"], "'fr' is no language here; expected ko or en"),
        (["add", "a@example.org", "--hour", "24"], "24 is not in the range 0<=x<=23"),
        (["add"], "Missing argument 'ADDRESS'"),
        (["import", "nowhere.csv"], "'nowhere.csv' does not exist"),
        (["list", "--state", "dead"], "'dead' is not one of 'active', 'pending', 'left'"),
        (["nope"], "No such command 'nope'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_ends_with_2_and_makes_nothing(
    desk_of_files: Office, arguments: list[str], told: str
) -> None:
    result = desk_of_files.run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert not (desk_of_files.root / ".paperround").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "nobody"], "address: 'nobody': "),
        (["add", "a@example.org", "--any", "!"], "any: '!'; expected a letter or a digit"),
        (["add", "a@example.org", "--zone", "Mars/X"], "zone: 'Mars/X'; expected a name such as"),
        (["remove", "a@example.org"], "address: a@example.org: no reader has it"),
        (["remove", "a@example.org\x1b[2J"], "address: holds a space or a control character"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_one_line(office: Office, arguments: list[str], told: str) -> None:
    result = office.run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"paperround: {told}")
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr
    assert office.listed() == {}


def test_who_is_removed_has_left_and_comes_back_by_themselves_only(office: Office) -> None:
    office.say("add", "ada@example.org", "--confirmed", "--source", "the fair")
    assert office.say("remove", "ADA@example.org") == "ada@example.org is unsubscribed\n"
    assert office.states() == {"ada@example.org": "left"}
    again = office.run("add", "ada@example.org", "--confirmed", "--source", "the fair")
    assert again.exit_code == 1
    assert "ada@example.org left; without --confirmed they are asked to come" in again.stderr
    assert office.states() == {"ada@example.org": "left"}
    office.say("add", "ada@example.org")
    office.do("ada@example.org", "confirm")
    assert office.states() == {"ada@example.org": "active"}


def test_who_is_forgotten_is_in_no_list_and_no_import_brings_them_back(office: Office) -> None:
    office.say("add", "ada@example.org", "--confirmed", "--source", "the fair")
    told = office.say("remove", "ada@example.org", "--forget")
    assert told == "ada@example.org is forgotten\n"
    assert office.listed() == {}
    told = office.say("import", office.write(LIST), "--confirmed", "--source", "the fair")
    assert "        1  were forgotten, and are not brought back\n" in told
    assert office.states() == {"grace@example.org": "active"}
    again = office.run("add", "ada@example.org", "--confirmed", "--source", "the fair")
    assert again.exit_code == 1


# --- list -----------------------------------------------------------------------------------------


def test_a_list_has_a_line_for_each_reader_and_counts(office: Office) -> None:
    office.say(
        *("add", "ada@example.org", "--confirmed", "--source", "x", "--any", "rl,nlp"),
        *("--not", "gan", "--hour", "8", "--zone", "Europe/Berlin", "--lang", "en"),
    )
    office.say("add", "grace@example.org", "--weekly")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    wishes = "any nlp, rl; not gan; Europe/Berlin"
    assert office.say("list").splitlines() == [
        f"active   en     daily   08:00  {today}  ada@example.org  {wishes}",
        f"pending  ko     weekly  -      {today}  grace@example.org",
        "2 readers: 1 active, 1 pending, 0 left",
    ]
    assert office.say("list", "--state", "left") == "0 readers: 0 left\n"
    assert office.say("list", "--lang", "ko").endswith("1 reader: 0 active, 1 pending, 0 left\n")


# --- import ---------------------------------------------------------------------------------------


def test_an_import_asks_everybody_to_confirm(office: Office) -> None:
    told = office.say("import", office.write(LIST))
    assert told == "        2  are asked to confirm\nColumns not used: name\n"
    listed = office.listed()
    assert {address: one["language"] for address, one in listed.items()} == {
        "ada@example.org": "en",
        "grace@example.org": "ko",
    }
    assert set(office.states().values()) == {"pending"}
    assert "        2  have been asked already\n" in office.say("import", office.root / "list.csv")


def test_an_import_of_readers_who_agreed_keeps_from_where(office: Office) -> None:
    path = office.write("email,status\na@example.org,active\nb@example.org,unconfirmed\n")
    told = office.say("import", path, "--confirmed", "--source", "our old list", "--lang", "en")
    assert told == "        1  read from now on\n        1  are asked to confirm\n"
    assert office.states() == {"a@example.org": "active", "b@example.org": "pending"}
    assert {one["language"] for one in office.listed().values()} == {"en"}
    assert office.say("export").count(",our old list\n") == 2


def test_bad_lines_are_named_with_their_number_and_the_rest_is_imported(office: Office) -> None:
    path = office.write(
        "email,name,status\r\n"
        'ada@example.org,"Ada\r\nLovelace",active\r\n'
        "nobody,,active\r\n"
        "ada@EXAMPLE.org,again,active\r\n"
        ",,\r\n"
        "left@example.org,,unsubscribed\r\n"
        "odd@example.org,,zombie\r\n"
        "grace@example.org,,\r\n"
    )
    result = office.run("import", path)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [line.partition(": error: ")[0] for line in lines] == [f"{path}:4", f"{path}:8"]
    assert "address: 'nobody'" in lines[0]
    assert "status: 'zombie'; expected a word such as active" in lines[1]
    assert result.stdout.splitlines() == [
        "        2  are asked to confirm",
        "        1  had unsubscribed there, or could not be reached: left out",
        "        1  stand in the file before: the first line counts",
        "        2  could not be read, see above: left out",
        "Columns not used: name",
    ]
    assert set(office.states()) == {"ada@example.org", "grace@example.org"}


def test_a_dry_run_says_what_would_happen_and_changes_nothing(office: Office) -> None:
    office.say("add", "ada@example.org", "--confirmed", "--source", "x")
    path = office.write(f"{LIST}nobody,,\n")
    before = office.listed()
    trial = office.run("import", path, "--dry-run")
    assert trial.exit_code == 1
    assert trial.stdout.splitlines() == [
        "        1  would be asked to confirm",
        "        1  read already",
        "        1  could not be read, see above: left out",
        "Columns not used: name",
        "Nothing was changed.",
    ]
    assert office.listed() == before
    done = office.run("import", path)
    assert done.stderr == trial.stderr
    assert done.stdout.splitlines()[:2] == [
        "        1  are asked to confirm",
        "        1  read already",
    ]


@pytest.mark.parametrize("before", [[], ["hold", "2030-01-02"]], ids=["nothing", "no keys"])
def test_a_dry_run_makes_no_database_and_no_key(desk_of_files: Office, before: list[str]) -> None:
    path = desk_of_files.write(LIST)
    if before:
        run(desk_of_files.path, *before)
    files = set(read_tree(desk_of_files.root))
    trial = desk_of_files.say("import", path, "--dry-run", "--confirmed", "--source", "x")
    assert "        2  would read from now on\n" in trial
    assert set(read_tree(desk_of_files.root)) == files


def test_languages_that_are_not_published_and_many_columns_are_told(office: Office) -> None:
    names = ",".join(f"c{number}" for number in range(25))
    path = office.write(f"email,lang,{names}\na@example.org,fr{',' * 25}\n")
    result = office.run("import", path)
    assert result.exit_code == 0
    assert "warning: 'fr' is not published here: 1 line taken for ko\n" in result.stderr
    assert "c18, c19 and 5 more\n" in result.stdout


def test_tags_of_a_file_are_wishes_where_that_is_said(office: Office) -> None:
    path = office.write('email,tags\na@example.org,"rl, nlp"\n')
    assert "Columns not used: tags" in office.say("import", path, "--dry-run")
    office.say("import", path, "--tags")
    assert office.listed()["a@example.org"]["tags"] == {"any": ["nlp", "rl"], "all": [], "not": []}


def test_a_file_without_addresses_is_told(office: Office) -> None:
    path = office.write("name,phone\nA,1\n")
    result = office.run("import", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"paperround: {path}: header: 'name,phone' names no column of addresses; "
        "expected one such as email or 이메일\n"
    )


def test_without_mail_it_is_told_that_confirmations_wait(tmp_path: Path) -> None:
    office = Office(path=write_publication(tmp_path))
    for arguments in (["add", "b@example.org"], ["import", office.write(LIST)]):
        result = office.run(*arguments)
        assert result.exit_code == 0
        assert result.stderr.splitlines() == [
            "warning: no mail is delivered (deliver has no 'mail'): confirmations wait"
        ]
    assert len(office.listed()) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_a_long_import_shows_bars(desk_of_files: Office) -> None:
    lines = "".join(f"reader{number}@example.org\n" for number in range(6000))
    path = desk_of_files.write(f"email\n{lines}")
    printed, seen = run_on_terminal(desk_of_files.path, "subscribers", "import", str(path))
    assert printed.startswith(b"    6,000  are asked to confirm")
    assert b"Reading list.csv" in seen
    assert b"Bringing them in" in seen


# --- export ---------------------------------------------------------------------------------------


def test_what_was_exported_is_imported_elsewhere_as_it_was(office: Office, tmp_path: Path) -> None:
    office.say(
        *("add", "=1+1@example.org", "--confirmed", "--source", "=cmd|' /C calc'!A0", "--any"),
        *("한국어,rl", "--not", "c++", "--weekly", "--hour", "0", "--zone", "Asia/Seoul"),
    )
    office.say("add", "left@example.org", "--confirmed", "--source", "x")
    office.say("remove", "left@example.org")
    office.say("add", "asked@example.org", "--lang", "en")
    table = office.root / "readers.csv"
    assert office.say("export", table) == f"wrote 3 readers to {table}\n"
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    assert "\r\n'=1+1@example.org,active" in table.read_bytes().decode()
    elsewhere = Office(path=write_publication(tmp_path / "elsewhere", settings=MAIL))
    told = elsewhere.say("import", table, "--confirmed", "--source", "moved")
    assert told.splitlines() == [
        "        1  read from now on",
        "        1  are asked to confirm",
        "        1  had unsubscribed there, or could not be reached: left out",
    ]
    before, after = office.listed(), elsewhere.listed()
    for address in ("=1+1@example.org", "asked@example.org"):
        for one in (before[address], after[address]):
            del one["since"]
        assert after[address] == before[address]


def test_an_export_is_of_one_state_where_that_is_asked(office: Office) -> None:
    office.say("import", office.write(LIST))
    office.do("ada@example.org", "confirm")
    rows = office.say("export", "--state", "active").splitlines()
    assert len(rows) == 2
    assert rows[0].startswith("address,state,language,any,all,not,rhythm,hour,zone,paused_until,")
    assert rows[1].startswith("ada@example.org,active,en,")


def test_an_export_that_finds_no_room_leaves_the_one_before(desk_of_files: Office) -> None:
    lines = "".join(f"reader{number}@example.org\n" for number in range(1000))
    desk_of_files.say("import", desk_of_files.write(f"email\n{lines}"))
    table = desk_of_files.write("the one before", "readers.csv")
    with files_of_at_most(50_000):  # which is enough for the journal of the database
        result = desk_of_files.run("export", table)
    assert result.exit_code == 1
    assert f"{table}: cannot be written: File too large" in result.stderr
    assert table.read_text() == "the one before"
    assert not list(desk_of_files.root.glob(".readers*"))


# --- leave ----------------------------------------------------------------------------------------


def pipe(office: Office, raw: bytes) -> click.testing.Result:
    arguments = ["-c", str(office.path), "subscribers", "leave"]
    return click.testing.CliRunner().invoke(main, arguments, input=raw, catch_exceptions=False)


def test_a_mail_with_their_token_unsubscribes_a_reader(office: Office) -> None:
    office.say("add", "ada@example.org", "--confirmed", "--source", "x")
    token = Links(load_keys(office.config)).unsubscribe(office.do("ada@example.org").token)
    for _ in range(2):
        result = pipe(office, f"From: x@y.org\nSubject: unsubscribe {token}\n\n".encode())
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr.startswith("reader-")
        assert result.stderr.endswith(" is unsubscribed\n")
        assert "ada" not in result.stderr
    assert office.states() == {"ada@example.org": "left"}


def test_any_other_mail_changes_nothing_and_does_not_bounce(office: Office) -> None:
    office.say("add", "ada@example.org", "--confirmed", "--source", "x")
    stranger = Links(load_keys(office.config)).unsubscribe("nobody-of-22-letters-a")
    for raw in (
        b"",
        b"From: ada@example.org\nSubject: unsubscribe\n\nunsubscribe me, ada@example.org\n",
        f"Subject: unsubscribe {stranger}\n\n".encode(),
        b"Subject: x\n\n" + b"x" * 3_000_000,
    ):
        result = pipe(office, raw)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "no link of a reader in this mail: nothing is changed\n"
    assert office.states() == {"ada@example.org": "active"}


def test_a_mail_is_tried_again_where_the_database_cannot_be_read(desk_of_files: Office) -> None:
    desk_of_files.say("list")
    database_path(desk_of_files.config).write_bytes(b"not a database" * 100)
    result = pipe(desk_of_files, b"Subject: unsubscribe\n\n")
    assert result.exit_code == 75
    assert "it is damaged" in result.stderr
    assert result.stderr.count("\n") == 1


# --- when the database fails ----------------------------------------------------------------------


def test_a_database_that_another_process_writes_is_waited_for_and_then_told(
    desk_of_files: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = desk_of_files
    office.say("add", "first@example.org")
    before = office.states()
    path = office.write(LIST)
    monkeypatch.setattr(database_engine, "BUSY_TIMEOUT_S", 0.3)
    other = sqlite3.connect(database_path(office.config), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for arguments in (["add", "b@example.org"], ["import", path], ["remove", "first@example.org"]):
        result = office.run(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "database is locked; another process has been writing for long; try again" in (
            result.stderr
        )
        assert result.stderr.count("\n") == 1
    other.execute("ROLLBACK")
    other.close()
    assert office.states() == before
    office.say("import", path)
    assert len(office.states()) == 3


def test_a_disk_without_room_imports_nobody(desk_of_files: Office) -> None:
    office = desk_of_files
    office.say("add", "first@example.org")
    lines = "".join(f"reader{number}@example.org\n" for number in range(5000))
    path = office.write(f"email\n{lines}")
    with files_of_at_most(400_000):
        result = office.run("import", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"paperround: {database_path(office.config)}: ")
    assert "expected a disk that has room" in result.stderr
    assert result.stderr.count("\n") == 1
    assert office.states() == {"first@example.org": "pending"}
    assert "    5,000  are asked to confirm\n" in office.say("import", path)


def test_a_damaged_database_is_one_line(desk_of_files: Office) -> None:
    office = desk_of_files
    path = office.write(LIST)
    office.say("import", path)
    database = database_path(office.config)
    database.write_bytes(b"not a database" * 100)
    for arguments in (
        ["list"],
        ["export"],
        ["add", "a@example.org"],
        ["remove", "ada@example.org"],
        ["import", path],
        ["import", path, "--dry-run"],
    ):
        result = office.run(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "it is damaged: restore it" in result.stderr
        assert result.stderr.count("\n") == 1
    assert database.read_bytes() == b"not a database" * 100


def test_a_server_that_is_gone_is_one_line(tmp_path: Path) -> None:
    settings = f'{MAIL}database = "postgresql://papers@127.0.0.1:9/papers"'
    office = Office(path=write_publication(tmp_path, settings=settings))
    for arguments in (["list"], ["add", "a@example.org"], ["import", office.write(LIST)]):
        result = office.run(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "expected a PostgreSQL that answers there" in result.stderr
        assert result.stderr.count("\n") == 1


def test_keys_that_cannot_be_kept_are_told(desk_of_files: Office) -> None:
    (desk_of_files.root / ".paperround").write_text("in the way")
    result = desk_of_files.run("list")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_a_reader_of_the_output_may_leave_early(desk_of_files: Office) -> None:
    lines = "".join(f"reader{number}@example.org\n" for number in range(3000))
    desk_of_files.say("import", desk_of_files.write(f"email\n{lines}"))
    shell = shutil.which("sh")
    assert shell is not None
    for command in ("list", "export"):
        line = f'"{sys.executable}" -m feeds subscribers {command} | head -n 1'
        with (desk_of_files.root / "errors").open("w+") as errors:
            done = subprocess.run(
                [shell, "-c", line],
                cwd=desk_of_files.root,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=subprocess.PIPE,
                stderr=errors,
                check=False,
                timeout=60,
            )
            errors.seek(0)
            assert "Traceback" not in errors.read()
        assert done.stdout.count(b"\n") == 1


def test_addresses_and_tags_are_shown_whatever_the_terminal(desk_of_files: Office) -> None:
    desk_of_files.say("add", "ada@example.org", "--any", "한국어")
    variables = {"PYTHONIOENCODING": "ascii"}
    result = run_alone("subscribers", "list", cwd=desk_of_files.root, variables=variables)
    assert result.returncode == 0
    assert "ada@example.org" in result.stdout
