"""The commands, as a person at a terminal uses them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from feeds import __version__
from feeds.config import load_config
from feeds.database.state import open_state
from tests.publications import (
    NOTE,
    NOW,
    invoke,
    read_times,
    read_tree,
    run,
    run_alone,
    write_publication,
)

COMMANDS = {
    "init": "FOLDER",
    "build": "--allow-deletes",
    "check": "",
    "parse": "FILES",
    "issue": "DAY",
    "run": "--port",
    "serve": "--port",
    "publish": "s3://BUCKET/PREFIX",
    "preview": "DAY",
    "send": "--dry-run",
    "retry": "--failed",
    "hold": "DAY",
    "release": "DAY",
    "status": "",
    "subscribers": "COMMAND",
    "doctor": "--offline",
    "dkim": "COMMAND",
    "db": "COMMAND",
}


# --- help and wrong use --------------------------------------------------------------------------


def test_every_command_is_listed_with_what_it_does_in_one_whole_line() -> None:
    result = invoke("--help")
    assert result.exit_code == 0
    listed = result.stdout.partition("Commands:")[2].split("\n")
    lines = {line.split()[0]: line for line in listed if line.strip()}
    assert list(lines) == list(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in lines.values())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_of_a_command_tells_of_its_arguments(command: str, option: str) -> None:
    result = invoke(command, option)
    assert result.exit_code == 0
    assert COMMANDS[command] in result.stdout
    assert "\\b" not in result.stdout
    assert "``" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_start_up_brings_in_nothing_heavy() -> None:
    heavy = "alembic apscheduler cryptography feedgen jinja2 limits lxml premailer psycopg "
    heavy += "sqlalchemy starlette structlog uvicorn"
    script = (
        "import sys\n"
        "from feeds.cli import main\n"
        "main(['--version'], standalone_mode=False)\n"
        f"print(*sorted(sys.modules.keys() & set({heavy.split()})))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.splitlines()[1:] == [""]


def test_the_version_is_told() -> None:
    assert invoke("--version").stdout == f"paperround, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nope"], "No such command 'nope'"),
        (["build", "--nope"], "No such option"),
        (["parse"], "Missing argument 'FILES...'"),
        (["issue"], "Missing argument 'DAY'"),
        (["issue", "tomorrow"], "'tomorrow' is no day; expected one such as 2026-11-03"),
        (["hold", "2026-02-30"], "'2026-02-30' is no day; expected one such as 2026-11-03"),
        (["run", "--port", "99999"], "99999 is not in the range 0<=x<=65535"),
        (["parse", "--languages", "xx", "a.txt"], "xx: no such language; expected one of en, ko"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_ends_with_2(arguments: Sequence[str], told: str) -> None:
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


@pytest.mark.parametrize("command", ["build", "check", "status", "serve", "run"])
def test_a_folder_without_a_publication_is_told_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke(command)
    assert result.exit_code == 2
    assert "no paperround.toml here or above; expected one (paperround init" in result.stderr


# --- the first minutes ---------------------------------------------------------------------------


def test_init_then_build_then_issue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    started = invoke("init", "my papers")
    assert started.exit_code == 0
    assert "cd 'my papers' && paperround build" in started.stdout
    monkeypatch.chdir(tmp_path / "my papers")
    built = invoke("build")
    assert (built.exit_code, built.stderr) == (0, "")
    assert built.stdout.startswith("Built 1 entry of 1 day in ")
    checked = invoke("check")
    assert (checked.exit_code, checked.stdout) == (0, "1 note checked: nothing to tell\n")
    today = Path("notes").glob("*.txt").__next__().stem
    written = invoke("issue", today)
    assert written.exit_code == 0
    assert [Path(line).name for line in written.stdout.splitlines()] == [
        f"{lang}.{ending}" for lang in ("ko", "en") for ending in ("html", "txt", "eml")
    ]
    assert all(Path(line).is_file() for line in written.stdout.splitlines())
    assert invoke("status").exit_code == 0


def test_the_first_note_is_of_the_publications_own_day(tmp_path: Path) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # never on the same day
        folder = tmp_path / zone.replace("/", "-")
        before = datetime.now(ZoneInfo("Asia/Seoul")).date()
        assert run_alone("init", folder, cwd=tmp_path, variables={"TZ": zone}).returncode == 0
        after = datetime.now(ZoneInfo("Asia/Seoul")).date()
        [note] = (folder / "notes").iterdir()
        assert note.name in {f"{before}.txt", f"{after}.txt"}


def test_init_leaves_alone_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text(NOTE)
    (tmp_path / ".gitignore").write_text("mine\n")
    result = invoke("init", tmp_path)
    assert result.exit_code == 0
    assert sorted(read_tree(tmp_path)) == [".gitignore", "notes/mine.txt", "paperround.toml"]
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    before = read_tree(tmp_path)
    again = invoke("init", tmp_path)
    assert again.exit_code == 2
    assert "paperround.toml: is there already; expected a folder without one" in again.stderr
    assert read_tree(tmp_path) == before


def test_the_name_of_a_folder_is_printed_as_it_is(tmp_path: Path) -> None:
    assert (
        f"wrote {tmp_path}/:smile: [b]/paperround.toml"
        in invoke("init", tmp_path / ":smile: [b]").stdout
    )


def test_it_runs_from_a_folder_inside_the_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_publication(tmp_path)
    monkeypatch.chdir(tmp_path / "notes")
    assert invoke("build").exit_code == 0
    assert (tmp_path / "out" / "ko" / "feed.atom").is_file()
    assert sorted(read_tree(tmp_path / "notes")) == ["2024-12-17.txt"]


# --- build and check -----------------------------------------------------------------------------


def test_a_build_tells_what_it_did_and_the_next_one_does_nothing(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    first = run(config, "build")
    files = len([name for name in read_tree(tmp_path / "out") if name != ".paperround-files"])
    assert f": {files} files written, 0 unchanged, in {tmp_path / 'out'}\n" in first.stdout
    times = read_times(tmp_path / "out")
    second = run(config, "build")
    assert f": 0 files written, {files} unchanged, in" in second.stdout
    assert {name: time for name, time in read_times(tmp_path / "out").items() if name != "."} == {
        name: time for name, time in times.items() if name != "."
    }


def test_a_note_with_an_error_ends_a_build_with_1_and_the_rest_is_built(tmp_path: Path) -> None:
    config = write_publication(tmp_path, {"good.txt": NOTE, "bad.txt": "Title\n(A)\n한국어\n"})
    result = run(config, "build")
    assert result.exit_code == 1
    assert result.stderr.startswith("bad.txt:1: error: no date; expected a first line such as")
    assert result.stdout.startswith("Built 2 entries of 1 day in ")
    assert result.stdout.endswith("1 error: see above. What could be read is built\n")


def test_another_base_url_is_for_one_time_and_changes_no_id(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    run(config, "build")
    first = json.loads((tmp_path / "out/ko/feed.json").read_bytes())
    ledger = (tmp_path / "ledger.jsonl").read_bytes()
    assert run(config, "build", "--base-url", "http://localhost:8000").exit_code == 0
    second = json.loads((tmp_path / "out/ko/feed.json").read_bytes())
    assert [item["id"] for item in second["items"]] == [item["id"] for item in first["items"]]
    assert second["items"][0]["url"].startswith("http://localhost:8000/ko/2024/12/17/")
    assert (tmp_path / "ledger.jsonl").read_bytes() == ledger


def test_an_entry_of_a_day_that_went_out_belongs_to_a_later_issue(tmp_path: Path) -> None:
    config = write_publication(tmp_path, settings="backfill_days = 36500")
    run(config, "build")
    with open_state(load_config(config)) as state:
        state.start([date(2024, 12, 17)], NOW)
    late = f"{NOTE}\nThird Paper\n(Alan Turing)\nAbstract.\n셋째 논문의 해설.\n#late\n"
    (tmp_path / "notes" / "2024-12-17.txt").write_text(late, encoding="utf-8")
    assert run(config, "build").exit_code == 0
    lines = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    issues = {line["key"]: line["issue"] for line in map(json.loads, lines)}
    assert issues["first-paper"] == issues["second-paper"] == "2024-12-17"
    assert issues["third-paper"] > "2024-12-17"


def test_check_prints_everything_and_writes_nothing(tmp_path: Path) -> None:
    notes = {
        "2024-12-17.txt": NOTE,
        "2024-12-18.txt": NOTE.replace("12-17", "12-18").replace("#two", "#sharde"),
        ".hidden/2024-12-19.txt": NOTE,
        "undated.md": "한국어\n",
    }
    config = write_publication(tmp_path, notes)
    before = read_tree(tmp_path)
    result = run(config, "check")
    assert result.exit_code == 0
    assert read_tree(tmp_path) == before
    lines = result.stdout.splitlines()
    assert ".hidden:1: notice: left out: hidden" in lines
    assert any(line.startswith("undated.md:1: notice: ") for line in lines)
    assert any(line.startswith("2024-12-18.txt:") and "#sharde" in line for line in lines)
    assert any("the same paper as" in line or "the same title as" in line for line in lines)
    assert lines[-1].startswith("3 notes checked: ")


# --- held and released ---------------------------------------------------------------------------


def test_a_day_is_held_and_released(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    told = [
        run(config, command, "2030-01-02").stdout
        for command in ("hold", "hold", "release", "release")
    ]
    assert told == [
        "2030-01-02 is held\n",
        "2030-01-02 was held already\n",
        "2030-01-02 is released\n",
        "2030-01-02 was not held\n",
    ]
    run(config, "hold", "2030-01-02")
    status = run(config, "status")
    assert status.exit_code == 0
    assert "held: 2030-01-02    paperround release 2030-01-02 lets it go" in status.stdout
    assert "Not started yet: paperround run publishes each new day." in status.stdout


def test_serving_before_the_first_build_is_told(tmp_path: Path) -> None:
    result = run(write_publication(tmp_path), "serve")
    assert result.exit_code == 2
    assert "out: is not there yet; paperround build makes it" in result.stderr


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    run(config, "hold", "2030-01-02")
    [database] = (tmp_path / ".paperround").glob("*.sqlite3")
    database.write_bytes(b"not a database" * 100)
    for command in ("build", "status"):
        result = run(config, command)
        assert result.exit_code == 1
        assert database.name in result.stderr
        assert len(result.stderr.splitlines()) == 1
