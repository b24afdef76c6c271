from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from feeds import doctor
from feeds.config import Config
from feeds.doctor import examine
from feeds.doctor.diagnosis import Check, Diagnosis, Surroundings, fine
from feeds.errors import StateError
from tests.doctor.cases import surround
from tests.publications import write_publication


def break_by_a_fault(_config: Config, _surroundings: Surroundings) -> Iterator[Diagnosis]:
    yield fine("so far")
    raise RuntimeError("a fault")


def break_by_an_error(_config: Config, _surroundings: Surroundings) -> Iterator[Diagnosis]:
    raise StateError("the database is gone")
    yield


def go_well(_config: Config, _surroundings: Surroundings) -> Iterator[Diagnosis]:
    yield fine("well")


def test_a_check_that_fails_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks: Mapping[str, Check] = {"a": break_by_a_fault, "b": break_by_an_error, "c": go_well}
    monkeypatch.setattr(doctor, "CHECKS", checks)
    found = examine(write_publication(tmp_path), surround(), offline=True)
    assert [(each.topic, each.level, each.message) for each in found] == [
        ("a", "ok", "so far"),
        ("a", "error", "could not be looked at: RuntimeError: a fault"),
        ("b", "error", "the database is gone"),
        ("c", "ok", "well"),
    ]


def test_offline_nobody_is_asked(tmp_path: Path) -> None:
    settings = (
        'deliver = ["mail"]\nmail = { from_address = "notes@papers.kr" }\n'
        'smtp = { host = "127.0.0.1", port = 1 }\n'
    )
    path = write_publication(tmp_path, settings=settings)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("https://example.org/papers", "http://127.0.0.1:1"))
    topics = [each.topic for each in examine(path, surround(), offline=True)]
    asking = [each.topic for each in examine(path, surround(), offline=False)]
    assert set(asking) - set(topics) == {"relay", "domain", "site"}
    assert asking[: len(topics)] == topics


def test_a_configuration_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    path = write_publication(tmp_path, settings="nope = 1")
    [found] = examine(path, surround(), offline=False)
    assert (found.topic, found.level) == ("configuration", "error")
    assert "nope: unknown key" in found.message
