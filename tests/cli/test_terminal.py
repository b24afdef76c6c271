"""What a person sees: bars on a terminal only, and nothing that it cannot show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.publications import (
    NOTE,
    copy_sample,
    run_alone,
    run_on_terminal,
    write_publication,
)


def test_without_a_terminal_there_are_no_bars_and_no_colours(tmp_path: Path) -> None:
    write_publication(tmp_path, {"good.txt": NOTE, "bad.txt": "Title\n(A)\n한국어\n"})
    for command in ("build", "check", "status"):
        result = run_alone(command, cwd=tmp_path, variables={"TERM": "xterm-256color"})
        assert "\x1b" not in result.stdout + result.stderr
        assert "Reading" not in result.stdout + result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_long_work_shows_bars_and_leaves_none_behind(tmp_path: Path) -> None:
    printed, seen = run_on_terminal(copy_sample(tmp_path), "build")
    assert printed.startswith(b"Built ")
    assert b"Writing" in seen
    erase_line = b"\x1b[2K"
    assert b"Writing" not in seen[seen.rindex(erase_line) :]


def test_what_a_terminal_cannot_show_is_shown_as_escapes(tmp_path: Path) -> None:
    write_publication(tmp_path, {"2024-12-17.txt": NOTE, "한글.txt": "제목\n"})
    for encoding in ("ascii", "latin-1"):
        result = run_alone("check", cwd=tmp_path, variables={"PYTHONIOENCODING": encoding})
        assert result.returncode == 1
        assert r"\ud55c\uae00.txt:1: error: no date" in result.stdout


def test_a_reader_of_the_output_may_leave_early(tmp_path: Path) -> None:
    notes = {f"{number}.txt": "Title\n(A)\n" for number in range(2000)}
    config = write_publication(tmp_path, notes)
    with subprocess.Popen(
        [sys.executable, "-m", "feeds", "-c", str(config), "check"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
