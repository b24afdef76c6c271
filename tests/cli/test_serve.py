"""The command that serves what was built: what its log tells, and how."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.publications import build_at, write_publication

ADDRESS = "reader@example.org"
MAIL = 'deliver = ["mail"]\nmail.from_address = "papers@example.org"\nfolders.templates = "own"\n'
# What it says of such a template holds the address.
FAULTY = f'{{{{ {{}}["{ADDRESS}"] }}}}'


def log_of_a_fault(root: Path, *options: str, settings: str = "") -> str:
    """What stands on standard error of the command after a page for readers failed."""
    path = write_publication(root, settings=MAIL + settings)
    faulty = root / "own" / "web" / "subscribe.html"
    faulty.parent.mkdir(parents=True)
    faulty.write_text(FAULTY)
    build_at(path)
    program = [sys.executable, "-m", "feeds", "-c", str(path), "serve", "--port", "0", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().split()[0]
            assert httpx.get(f"{base}ko/subscribe").status_code == 500
        finally:
            process.terminate()
        return process.communicate(timeout=10)[1]


def test_a_fault_is_logged_for_a_person_without_addresses(tmp_path: Path) -> None:
    log = log_of_a_fault(tmp_path)
    assert "GET '/papers/ko/subscribe'" in log
    assert "web/subscribe.html" in log
    assert "no attribute 'reader-" in log
    assert ADDRESS not in log


@pytest.mark.parametrize("shown", [True, False])
def test_lines_are_json_and_show_addresses_where_that_is_wanted(
    tmp_path: Path, shown: bool
) -> None:
    settings = "log_addresses = true\n" if shown else ""
    log = log_of_a_fault(tmp_path, "--log", "json", settings=settings)
    lines = [json.loads(line) for line in log.splitlines()]
    [fault] = [line for line in lines if line["level"] == "error"]
    assert fault["event"] == "GET '/papers/ko/subscribe'"
    assert (ADDRESS in fault["exception"]) is shown
