from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from feeds.errors import InUseError, StateError
from feeds.locks import hold_lock

HOLDER = (
    "import sys; from pathlib import Path; from feeds.locks import hold_lock\n"
    "with hold_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.readline()"
)
WAITER = (
    "import sys; from pathlib import Path; from feeds.locks import hold_lock\n"
    "print('asking', flush=True)\n"
    "with hold_lock(Path(sys.argv[1]), wait=True): print('held', Path(sys.argv[2]).exists())"
)


def hold_elsewhere(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_that_another_process_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with hold_elsewhere(path) as process:
        with pytest.raises(InUseError, match="another process"), hold_lock(path):
            pytest.fail("two hold it")
        process.communicate("\n", timeout=60)
    with hold_lock(path):
        pass


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with hold_elsewhere(path) as process:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    with hold_lock(path):
        pass


def test_who_waits_gets_the_lock_when_it_is_let_go(tmp_path: Path) -> None:
    path, let_go = tmp_path / "run.lock", tmp_path / "let go"
    program = [sys.executable, "-c", WAITER, str(path), str(let_go)]
    with hold_lock(path):
        process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "asking\n"
        let_go.touch()
    assert process.communicate(timeout=60)[0] == "held True\n"


def test_a_lock_is_held_within_one_process_too(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with hold_lock(path), pytest.raises(InUseError), hold_lock(path):
        pytest.fail("two hold it")


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with (
        pytest.raises(StateError, match=r"run\.lock: cannot be written"),
        hold_lock(tmp_path / "state" / "run.lock"),
    ):
        pytest.fail("nothing is held")
