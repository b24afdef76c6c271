"""``paperround run`` as a whole: a real process, real notes, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from feeds.config import load_config
from feeds.database.state import open_state
from tests.runs import CONFIG, SOON_S, running, write_note


def read_mails(folder: Path) -> dict[str, tuple[bytes, int]]:
    mail = folder / ".paperround" / "mail"
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in mail.iterdir()}


@pytest.fixture
def publication(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    (tmp_path / "paperround.toml").write_text(CONFIG, encoding="utf-8")
    write_note(tmp_path, 5, "Already There")
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_it_runs_is_killed_and_goes_on_and_mails_each_day_once(publication: Path) -> None:
    with running(publication) as run:
        address = run.expect("serving").split()[-1]
        run.expect("first start")
        third = write_note(publication, 3, "Written While It Runs")
        run.expect(f"delivered the issue of {third} in ko")
        with httpx.Client() as client:
            assert "Written While It Runs" in client.get(f"{address}ko/feed.atom").text
            # What is combined comes from this process: whatever is in its folder by then.
            (publication / ".paperround" / "entries.z").unlink()
            assert "Written While It Runs" in client.get(f"{address}ko/feed.rss?any=Testing").text
            assert "<item>" not in client.get(f"{address}ko/feed.rss?not=testing").text
        assert run.end(signal.SIGKILL) == -signal.SIGKILL
    before = read_mails(publication)

    second = write_note(publication, 2, "Written While It Was Down")
    with running(publication) as run:
        run.expect(f"delivered the issue of {second} in ko")
        refused = subprocess.run(
            [sys.executable, "-m", "feeds", "run", "--port", "0"],
            cwd=publication,
            capture_output=True,
            text=True,
            timeout=SOON_S,
        )
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "another process of Paperround works here" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert run.end(signal.SIGTERM) == 0
    after = read_mails(publication)
    assert sorted(after) == sorted(
        f"{day}.{lang}.eml" for day in (third, second) for lang in ("en", "ko")
    )
    assert before.items() <= after.items()
    with open_state(load_config(publication / "paperround.toml")) as state:
        assert {issue.state for issue in state.issues()} == {"delivered"}


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_a_held_day_goes_out_after_its_release(publication: Path) -> None:
    def command(*words: str) -> str:
        program = [sys.executable, "-m", "feeds", *words]
        return subprocess.run(
            program, cwd=publication, capture_output=True, text=True, check=True, timeout=SOON_S
        ).stdout

    with running(publication) as run:
        run.expect("first start")
        assert run.end(signal.SIGINT) == 0
    held = write_note(publication, 2, "Held")
    title = "Free, and Longer Than What Stands Beside It"
    free = write_note(publication, 1, title)
    assert "is held" in command("hold", held)
    with running(publication) as run:
        run.expect(f"delivered the issue of {free} in ko")
        assert run.end(signal.SIGINT) == 0
    assert all(name.startswith(free) for name in read_mails(publication))
    status = command("status").splitlines()
    assert any(line.startswith(f"held: {held}") for line in status)
    # A pipe gets whole lines.
    [line] = [line for line in status if line.startswith(f"{free}  ko ")]
    assert line.endswith(f" · {title}")
    assert "is released" in command("release", held)
    with running(publication) as run:
        run.expect(f"delivered the issue of {held} in ko")
        assert run.end(signal.SIGINT) == 0
