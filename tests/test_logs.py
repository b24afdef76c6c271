from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.cli.terminal import make_visible
from feeds.logs import configure_logs, log_findings
from feeds.model import Finding, Source
from feeds.secrets import Keys

KEYS = Keys(signing=(b"s" * 32,), permanent=b"p" * 32)
log = logging.getLogger("feeds.tests.logs")


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks


def start(*, form: str = "json", addresses: bool = False, keys: Keys | None = KEYS) -> io.StringIO:
    lines = io.StringIO()
    logging.getLogger().handlers.clear()  # those of pytest, which would raise what ours tell
    configure_logs(
        json=form == "json", addresses=addresses, keys=keys, show=make_visible, stream=lines
    )
    return lines


def read(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def fail(text: str, cause: Exception | None = None) -> NoReturn:
    raise ValueError(text) from cause


def test_a_line_for_a_person_begins_with_the_time() -> None:
    lines = start(form="text")
    log.info("delivered the issue of %s", "2024-12-17", extra={"way": "mail", "readers": 3})
    log.warning("held", extra={"reason": "a day off", "days": ["a", "b"], "none": None})
    first, second = lines.getvalue().splitlines()
    told = r"\d\d:\d\d:\d\d delivered the issue of 2024-12-17 way=mail readers=3"
    assert re.fullmatch(told, first)
    assert second.endswith('held reason="a day off" days=["a", "b"] none=null')


def test_a_line_for_a_program_is_an_object() -> None:
    lines = start()
    before = datetime.now(UTC)
    log.info("제목 %s", "하나", extra={"day": "2024-12-17", "attempt": 2, "late": True})
    [line] = read(lines)
    assert list(line) == ["timestamp", "level", "logger", "event", "day", "attempt", "late"]
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert before <= moment <= datetime.now(UTC)
    assert moment.utcoffset() is not None
    assert line == {
        "level": "info",
        "logger": "feeds.tests.logs",
        "event": "제목 하나",
        "day": "2024-12-17",
        "attempt": 2,
        "late": True,
    }


def test_a_traceback_is_a_field_for_a_program_and_lines_for_a_person() -> None:
    for form in ("json", "text"):
        lines = start(form=form)
        try:
            fail("of jane@example.org")
        except ValueError:
            log.exception("failed")
        said = lines.getvalue()
        assert "jane" not in said
        if form == "json":
            [line] = read(lines)
            assert line["level"] == "error"
            assert line["exception"].startswith("Traceback (most recent call last):\n")
            assert "ValueError: of reader-" in line["exception"]
        else:
            assert said.splitlines()[1] == "Traceback (most recent call last):"
            assert said.splitlines()[-1].startswith("ValueError: of reader-")


def test_a_reader_has_the_same_name_in_every_line_and_it_is_nobodys() -> None:
    lines = start()
    log.info("to jane@example.org")
    log.info("again", extra={"to": "Jane@Example.org"})
    log.info("to john@example.org")
    first, again, other = read(lines)
    assert re.fullmatch("to reader-[0-9a-f]{10}", first["event"])
    assert again["to"] == first["event"].removeprefix("to ")
    assert other["event"] != first["event"]


def test_without_keys_an_address_is_hidden_too() -> None:
    lines = start(form="text", keys=None)
    log.info("to jane@example.org")
    assert lines.getvalue().endswith(" to (address)\n")


def test_addresses_stand_there_where_the_operator_wants_them() -> None:
    lines = start(form="text", addresses=True)
    log.info("to jane@example.org", extra={"copy": "john@example.org"})
    assert lines.getvalue().endswith(" to jane@example.org copy=john@example.org\n")


@pytest.mark.parametrize("form", ["text", "json"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.emails(),
    st.sampled_from(["%s", "to <%s>: 550", "to=%s", "'%s'", '"%s", say', "%s에게"]),
)
def test_no_address_that_goes_in_comes_out(form: str, address: str, around: str) -> None:
    lines = start(form=form)
    text = around % address
    fields = {
        "reader": address,
        "list_of_them": [text, {"deep": {address: text}}],
        "raw": address.encode(),
        "cause": ValueError(text),
        address: 1,
    }
    log.info(text.replace("%", "%%") if "%" in text else text, extra={**fields})
    log.info("%s and %r", text, text)
    try:
        fail(text, ValueError(address))
    except ValueError:
        log.exception("failed: %s", address, stack_info=True)
    said = lines.getvalue()
    assert said.count("reader-") > 9
    local, _, domain = address.rpartition("@")
    for secret in (address, address.upper(), f"{local}@", f"@{domain}"):
        assert secret not in said
        assert json.dumps(secret)[1:-1] not in said


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobody_forges_a_line(form: str) -> None:
    lines = start(form=form)
    log.info("of %s", "a\n12:00:00 forged\x1b[2J", extra={"why": "b\r\nforged"})
    assert lines.getvalue().count("\n") == 1
    assert "\x1b" not in lines.getvalue()


def test_a_line_that_cannot_be_written_is_told_without_what_it_holds() -> None:
    lines = start(form="text")
    log.info("%d readers", "jane@example.org")
    log.info("and on it goes")
    first, second = lines.getvalue().splitlines()
    assert "cannot be written (TypeError)" in first
    assert "jane" not in first
    assert second.endswith("and on it goes")


def test_a_stream_that_is_gone_stops_nothing() -> None:
    lines = start()
    lines.close()
    log.info("unheard")


def test_what_a_thread_dies_of_is_a_line_too() -> None:
    lines = start()

    thread = threading.Thread(target=fail, args=["of jane@example.org"], name="work")
    thread.start()
    thread.join()
    [line] = read(lines)
    assert (line["level"], line["event"]) == ("critical", "the thread work ended by a fault")
    assert "ValueError: of reader-" in line["exception"]


def test_warnings_and_what_a_process_dies_of_are_lines_too() -> None:
    program = (
        "import warnings\n"
        "from feeds.logs import configure_logs\n"
        "configure_logs(json=True, addresses=False)\n"
        "warnings.warn('old: john@example.org')\n"
        "raise ValueError('of jane@example.org')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    warned, died = map(json.loads, done.stderr.splitlines())
    assert (warned["level"], "old: (address)" in warned["event"]) == ("warning", True)
    assert "ValueError: of (address)" in died["exception"]


def test_what_a_build_found_is_a_line_with_its_place() -> None:
    lines = start()
    source = Source(path="2024-12-17.txt", line=3)
    log_findings([Finding(level="error", source=source, message="no date")])
    log_findings([Finding(level="notice", source=source, message="100 % odd")])
    error, notice = read(lines)
    assert (error["level"], error["event"]) == ("error", "no date")
    assert (error["path"], error["line"]) == ("2024-12-17.txt", 3)
    assert (notice["level"], notice["event"]) == ("info", "100 % odd")


def test_libraries_that_tell_each_step_are_quiet() -> None:
    lines = start(form="text")
    logging.getLogger("apscheduler.scheduler").info("Added job")
    logging.getLogger("apscheduler.scheduler").warning("missed")
    assert lines.getvalue().endswith(" missed\n")
    assert "Added" not in lines.getvalue()


def test_what_another_handler_leaves_in_a_record_is_no_field() -> None:
    other = logging.StreamHandler(io.StringIO())
    other.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    lines = start(form="text")
    logging.getLogger().handlers.insert(0, other)
    log.info("said")
    assert re.fullmatch(r"\S+ said\n", lines.getvalue())


def test_configuring_again_writes_each_line_once() -> None:
    lines = start(form="text")
    for _again in range(2):
        configure_logs(json=True, addresses=False, stream=lines)
    log.info("once")
    assert len(read(lines)) == 1
