from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from feeds.database.opening import upgrade_database
from feeds.delivery.dkim import generate_key
from feeds.doctor.files import check_files, check_git
from feeds.secrets import kept_key_path, load_keys
from tests.doctor.cases import configure, levels, only, run_check, surround

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="files have no such modes"),
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git"),
]


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    (tmp_path / ".gitignore").write_text("/.paperround/\n")
    return tmp_path


def test_keys_as_they_are_made_are_their_owners_alone(tmp_path: Path) -> None:
    config = configure(tmp_path)
    assert run_check(check_files, config) == []
    load_keys(config, {})
    assert levels(run_check(check_files, config)) == ["ok"]


@pytest.mark.parametrize(
    ("mode", "level", "who"), [(0o644, "error", "every user"), (0o640, "warning", "its group")]
)
def test_a_key_that_others_can_read_is_told(
    tmp_path: Path, mode: int, level: str, who: str
) -> None:
    config = configure(tmp_path)
    load_keys(config, {})
    path = kept_key_path("SIGNING_KEY", config)
    path.chmod(mode)
    [found] = run_check(check_files, config)
    assert found.level == level
    assert f"{path} can be read by {who}" in found.message
    assert found.remedy == f"chmod 600 {path}"


def test_a_file_that_a_variable_names_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("hunter2")
    path.chmod(0o644)
    environment = {"PAPERROUND_SMTP_PASSWORD_FILE": str(path)}
    [found] = run_check(check_files, configure(tmp_path), surround(environment))
    assert found.level == "warning"
    assert str(path) in found.message


def test_addresses_that_every_user_can_read_are_told(tmp_path: Path) -> None:
    config = configure(tmp_path)
    upgrade_database(config)
    config.state_folder.chmod(0o755)
    (config.state_folder / "paperround.sqlite3").chmod(0o644)
    [found] = run_check(check_files, config)
    assert found.level == "warning"
    assert found.remedy == f"chmod 700 {config.state_folder}"
    config.state_folder.chmod(0o700)
    assert run_check(check_files, config) == []


def test_outside_of_git_there_is_nothing_to_mend(tmp_path: Path) -> None:
    assert levels(run_check(check_git, configure(tmp_path))) == ["ok"]


def test_a_repository_that_git_does_not_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    [found] = run_check(check_git, configure(tmp_path / "papers"))
    assert (found.level, "git -C" in found.remedy) == ("warning", True)


def test_a_state_folder_that_is_ignored_is_well(repository: Path) -> None:
    config = configure(repository)
    load_keys(config, {})
    git(repository, "add", ".")
    [found] = run_check(check_git, config)
    assert (found.level, found.message) == ("ok", "no key is in the git repository")


def test_a_state_folder_that_is_not_ignored_is_told(repository: Path) -> None:
    (repository / ".gitignore").write_text("")
    found = only(run_check(check_git, configure(repository)), "error")
    assert found.message == "git does not ignore the state folder"
    assert "/.paperround/" in found.remedy


def test_keys_that_git_has_are_told_each(repository: Path) -> None:
    inner = repository / "papers"
    config = configure(inner, dkim={"key": "dkim/key"})
    load_keys(config, {})
    (inner / "dkim").mkdir()
    (inner / "dkim" / "key").write_bytes(generate_key("ed25519"))
    (inner / "old.pem").write_bytes(generate_key("ed25519"))
    (inner / "public.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (repository / "password.txt").write_text("hunter2")
    git(repository, "add", "--force", ".")
    surroundings = surround({"PAPERROUND_SMTP_PASSWORD_FILE": str(repository / "password.txt")})
    (repository / ".gitignore").write_text(".paperround/\n")
    found = run_check(check_git, config, surroundings)
    assert set(levels(found)) == {"error"}
    assert [each.message.split(" is in ")[0] for each in found] == [
        "papers/.paperround/keys/permanent",
        "papers/.paperround/keys/signing",
        "papers/.paperround/keys.lock",
        "papers/dkim/key",
        "papers/old.pem",
        "password.txt",
    ]
    assert found[3].remedy.startswith("git rm --cached papers/dkim/key")
