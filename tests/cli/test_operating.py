from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from feeds.config import load_config
from feeds.database.places import database_path
from feeds.database.tables import HEAD
from feeds.delivery.dkim import dns_record
from tests.databases import fresh_database, needs_postgresql
from tests.publications import run, write_publication

MAIL = 'deliver = ["mail"]\nmail = { from_address = "notes@papers.kr" }\n'


def test_the_doctor_says_a_line_a_finding_and_ends_with_1_on_errors(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    well = run(config, "doctor", "--offline")
    assert well.exit_code == 0
    assert "\nok       " in well.stdout
    assert well.stdout.endswith("findings: all is well\n")
    config = write_publication(tmp_path, settings=MAIL)
    ill = run(config, "doctor", "--offline")
    assert ill.exit_code == 1
    lines = ill.stdout.splitlines()
    assert (
        "error    configuration: links in mails lead to example.org, where no reader gets; "
        "set base_url to where out/ is"
    ) in lines
    assert lines[-1].startswith(f"{len(lines) - 1} findings: 1 error, ")


def test_the_doctor_tells_of_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    result = run(write_publication(tmp_path, settings="nope = 1"), "doctor")
    assert result.exit_code == 1
    assert result.stdout.startswith("error    configuration: ")


def test_the_doctor_changes_nothing(tmp_path: Path) -> None:
    config = write_publication(tmp_path, settings=MAIL)
    before = sorted(tmp_path.rglob("*"))
    run(config, "doctor", "--offline")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_new_key_is_written_for_its_owner_and_its_record_is_printed(
    tmp_path: Path, kind: str
) -> None:
    config = write_publication(tmp_path, settings=MAIL)
    result = run(config, "dkim", "new", "--kind", kind)
    assert result.exit_code == 0
    path = load_config(config).dkim_key_path
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    pem = path.read_bytes()
    record = dns_record("paperround", "papers.kr", pem)
    assert f"wrote {path}\n" in result.stdout
    assert f"Name:   {record.name}\n" in result.stdout
    assert f"Value:  {record.value}\n" in result.stdout
    assert f"{record.name}. IN TXT {record.zone_value}\n" in result.stdout
    assert pem.decode().splitlines()[1] not in result.stdout
    assert run(config, "dkim", "show").stdout in result.stdout


def test_a_key_that_is_there_is_left_alone(tmp_path: Path) -> None:
    config = write_publication(tmp_path, settings=MAIL)
    run(config, "dkim", "new")
    path = load_config(config).dkim_key_path
    before = path.read_bytes()
    again = run(config, "dkim", "new")
    assert again.exit_code == 1
    assert f"{path}: is there already" in again.stderr
    assert "--selector" in again.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("place", [None, "secrets/one.pem"])
def test_a_second_key_stands_beside_the_first_until_it_is_named(
    tmp_path: Path, place: str | None
) -> None:
    dkim = f'dkim = {{ key = "{place}" }}\n' if place else ""
    config = write_publication(tmp_path, settings=f"{MAIL}{dkim}")
    run(config, "dkim", "new")
    result = run(config, "dkim", "new", "--selector", "summer")
    assert result.exit_code == 0
    assert "summer._domainkey.papers.kr" in result.stdout
    assert 'selector = "summer"' in result.stdout
    first = load_config(config).dkim_key_path
    key = f', key = "{Path(place).with_name("summer.dkim.pem").as_posix()}"' if place else ""
    named = f'dkim = {{ selector = "summer"{key} }}\n'
    second = load_config(write_publication(tmp_path, settings=f"{MAIL}{named}")).dkim_key_path
    assert first.read_bytes() != second.read_bytes()
    assert run(config, "dkim", "show").stdout in result.stdout


def test_a_selector_is_a_name(tmp_path: Path) -> None:
    config = write_publication(tmp_path, settings=MAIL)
    result = run(config, "dkim", "new", "--selector", "../x")
    assert result.exit_code == 2
    assert "dkim.selector: '../x'; expected a name" in result.stderr


def test_without_a_key_there_is_none_to_show(tmp_path: Path) -> None:
    result = run(write_publication(tmp_path, settings=MAIL), "dkim", "show")
    assert result.exit_code == 1
    assert "is not there yet; paperround dkim new makes it" in result.stderr


def test_a_database_is_made_and_then_left_alone(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    assert run(config, "db", "upgrade").stdout == f"The database is made: version {HEAD}\n"
    assert database_path(load_config(config)).is_file()
    again = run(config, "db", "upgrade")
    assert again.stdout == (f"The database is of version {HEAD} already: nothing was to be done\n")


@needs_postgresql
def test_a_server_is_moved_by_this_command(tmp_path: Path) -> None:
    with fresh_database("postgresql") as url:
        config = write_publication(tmp_path, settings=f'database = "{url}"\n')
        assert "paperround db upgrade" in run(config, "status").stderr
        assert run(config, "db", "upgrade").stdout == f"The database is made: version {HEAD}\n"
        assert run(config, "status").exit_code == 0
