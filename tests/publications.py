"""Small publications on disk: their notes, their configuration, and what a build makes of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click.testing

from feeds.cli import main
from feeds.config import load_config
from feeds.pipeline import Build, build

NOW = datetime(2024, 12, 20, 3, 0, tzinfo=UTC)
# When every note of the sample is in the past.
LATER = datetime(2026, 12, 20, 3, 0, tzinfo=UTC)
BASE = "https://example.org/papers"
SETTINGS = f'title = {{ ko = "논문", en = "Papers" }}\nbase_url = "{BASE}"\n'
CHECKOUT = Path(__file__).parents[1]

NOTE = """2024-12-17
First Paper
(Ada Lovelace)
An abstract.
첫 논문의 해설.
Words on the first paper.
#one #shared

Second Paper
(Grace Hopper)
Another abstract.
둘째 논문의 해설.
Words on the second paper.
#two #shared
"""


def write_publication(
    root: Path, notes: Mapping[str, str | bytes] | None = None, settings: str = ""
) -> Path:
    """Write notes and a configuration; returns the path of the latter.

    ``settings`` stand before what every publication has, so that they may hold tables in braces
    only; what begins with ``[`` stands behind it.
    """
    for name, text in (notes if notes is not None else {"2024-12-17.txt": NOTE}).items():
        path = root / "notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    config = root / "paperround.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f"{SETTINGS}{settings}\n", encoding="utf-8")
    return config


def copy_sample(root: Path, *, base_url: str = BASE, settings: str = "") -> Path:
    """The notes that ship with the project, as a publication of their own."""
    shutil.copytree(CHECKOUT / "notes", root / "notes", ignore=shutil.ignore_patterns("*.jsonl"))
    config = root / "paperround.toml"
    config.write_text(
        f'title = {{ ko = "아침 논문", en = "Morning Papers" }}\nbase_url = "{base_url}"\n'
        f'domain = "example.org"\n{settings}\n'
        '[feeds.training]\nany = ["optimizer", "training", "scaling"]\nnot = ["rl"]\n',
        encoding="utf-8",
    )
    return config


def build_at(config: Path, now: datetime = NOW, *, allow_deletes: bool = False) -> Build:
    """Build as the command does, at a moment of the test's choice."""
    return build(load_config(config), now=now, allow_deletes=allow_deletes)


def run(config: Path, *arguments: str | Path) -> click.testing.Result:
    """Run a command in this process; what it raised, but for its exit, is raised here."""
    result = click.testing.CliRunner().invoke(
        main, ["-c", str(config), *map(str, arguments)], catch_exceptions=False
    )
    assert "Traceback" not in result.output
    return result


def invoke(*arguments: str | Path) -> click.testing.Result:
    """Run a command in this process, as it is typed."""
    return click.testing.CliRunner().invoke(
        main, [str(each) for each in arguments], catch_exceptions=False
    )


def run_alone(
    *arguments: str | Path, cwd: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "feeds", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def run_on_terminal(
    config: Path, *arguments: str, when_seen: Mapping[bytes, Callable[[], object]] | None = None
) -> tuple[bytes, bytes]:
    """Run the program with a terminal as its standard error: what it printed, what was seen there.

    ``when_seen`` is called, once for each, when something shows up. There are no pseudo-terminals
    on Windows.
    """
    import pty

    terminal, end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "feeds", "-c", str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=end,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"},
    ) as process:
        os.close(end)
        seen, waiting = b"", dict(when_seen or {})
        for piece in _read_terminal(terminal):
            seen += piece
            for what in [what for what in waiting if what in seen]:
                waiting.pop(what)()
        assert process.stdout is not None
        printed = process.stdout.read()
    os.close(terminal)
    assert process.returncode == 0
    return printed, seen


def _read_terminal(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux tells the end of the other side so
            return
        if not piece:
            return
        yield piece


def read_tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_product(root: Path) -> dict[str, bytes]:
    """What a build made of a publication: the files of ``out/``, and the ledger if there is one."""
    ledger = root / "ledger.jsonl"
    kept = {ledger.name: ledger.read_bytes()} if ledger.is_file() else {}
    return {**read_tree(root / "out"), **kept}


def read_times(folder: Path) -> dict[str, int]:
    """When every file and folder below a folder was last written, in nanoseconds."""
    return {
        path.relative_to(folder).as_posix(): path.lstat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
    }


@contextmanager
def waiting_at_most(seconds: int) -> Iterator[None]:
    """Fail where something would wait for ever, for the other end of a pipe, say."""

    def fail(_number: int, _frame: FrameType | None) -> None:
        # No TimeoutError: that is one of the system, which the program would tell and go on.
        raise AssertionError(f"it is still waiting after {seconds} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
