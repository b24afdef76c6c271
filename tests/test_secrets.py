"""Secrets: from the environment, from files that it names, or made once and kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from feeds.errors import PaperroundError, SecretError
from feeds.secrets import Keys, kept_key_path, load_keys, read_secret, write_private
from tests.presses import make_config
from tests.publications import read_tree
from tests.system import files_of_at_most, run_at_once

LONG, OTHER = "sixteen letters or more", "another one that is long"


def test_a_secret_is_that_of_the_environment() -> None:
    assert read_secret("X", {"PAPERROUND_X": LONG}) == LONG
    assert read_secret("X", {"X": LONG, "PAPERROUND_Y": LONG}) is None


def test_or_that_of_a_file_it_names_without_the_line_end(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(f"{LONG} \r\n".encode())
    environment = {"PAPERROUND_X_FILE": str(path), "PAPERROUND_X": OTHER}
    assert read_secret("X", environment) == f"{LONG} "


@pytest.mark.parametrize("content", [b"", b"\n", b" \t\n", b"\xff\xfe\x00secret"])
def test_a_file_without_a_secret_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(SecretError, match=f"^PAPERROUND_X_FILE: {path}: "):
        read_secret("X", {"PAPERROUND_X_FILE": str(path)})


@pytest.mark.parametrize("place", ["missing", "."])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, place: str) -> None:
    with pytest.raises(SecretError, match=r"^PAPERROUND_X_FILE: .*: (No such file|Is a directory)"):
        read_secret("X", {"PAPERROUND_X_FILE": str(tmp_path / place)})


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_secret_is_none_that_was_meant(value: str) -> None:
    with pytest.raises(SecretError, match=r"^PAPERROUND_X: empty; expected a secret"):
        read_secret("X", {"PAPERROUND_X": value})


# --- the keys of a publication --------------------------------------------------------------------


def test_keys_that_nobody_set_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    keys = load_keys(config, {})
    kept = [kept_key_path(name, config) for name in ("SIGNING_KEY", "PERMANENT_KEY")]
    assert [path.relative_to(tmp_path).as_posix() for path in kept] == [
        ".paperround/keys/signing",
        ".paperround/keys/permanent",
    ]
    for path in kept:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(keys.signing) == 1
    assert keys.signing[0] != keys.permanent
    assert min(map(len, (*keys.signing, keys.permanent))) >= 32
    assert load_keys(config, {}) == keys
    assert load_keys(make_config(tmp_path / "elsewhere"), {}) != keys


def test_keys_that_are_set_are_taken_and_none_is_kept(tmp_path: Path) -> None:
    environment = {
        "PAPERROUND_SIGNING_KEY": LONG,
        "PAPERROUND_SIGNING_KEY_OLD": OTHER,
        "PAPERROUND_PERMANENT_KEY": LONG,
    }
    keys = load_keys(make_config(tmp_path), environment)
    assert keys == Keys(signing=(LONG.encode(), OTHER.encode()), permanent=LONG.encode())
    assert read_tree(tmp_path) == {}


@pytest.mark.parametrize("name", ["SIGNING_KEY", "SIGNING_KEY_OLD", "PERMANENT_KEY"])
def test_a_short_key_is_refused_and_not_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecretError, match=f"^PAPERROUND_{name}: too short; expected 16") as told:
        load_keys(make_config(tmp_path), {f"PAPERROUND_{name}": "fifteen letters"})
    assert "fifteen" not in str(told.value)


def test_a_kept_key_that_was_emptied_is_told_and_not_made_anew(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    load_keys(config, {})
    path = kept_key_path("PERMANENT_KEY", config)
    path.write_text("\n")
    with pytest.raises(SecretError, match="permanent: empty"):
        load_keys(config, {})
    assert path.read_text() == "\n"


def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    answers = run_at_once(
        "from pathlib import Path; from feeds.secrets import load_keys; "
        "from tests.presses import make_config; "
        "roots = [Path(sys.argv[1]) / str(number) for number in range(40)]",
        "print([load_keys(make_config(root), {}) for root in roots])",
        tmp_path,
    )
    [answer] = set(answers)
    assert answer.startswith("[Keys(")


def test_a_disk_without_room_for_a_key_is_told_and_leaves_none(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    config.state_folder.mkdir()
    (config.state_folder / "keys.lock").touch()
    with files_of_at_most(8), pytest.raises(PaperroundError, match="cannot be written"):
        load_keys(config, {})
    assert not list(kept_key_path("SIGNING_KEY", config).parent.iterdir())
    assert load_keys(config, {}) == load_keys(config, {})


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private(path, "first")
    with pytest.raises(SecretError, match="is there already"):
        write_private(path, "second")
    assert read_tree(tmp_path) == {"key": b"first"}


# --- what they make -------------------------------------------------------------------------------


def test_a_digest_is_the_same_for_ever_and_another_for_each_purpose() -> None:
    keys = Keys(signing=(b"any",), permanent=b"a key that is never changed")
    assert keys.digest("suppression", "a@example.org").hex() == (
        "bd37e695a72a257e09893a756ad9184755cbe688736ce95f532dd898a07f62e4"
    )
    assert keys.digest("log", "a@example.org") != keys.digest("suppression", "a@example.org")
    rotated = Keys(signing=(b"another",), permanent=keys.permanent)
    assert rotated.digest("log", "a") == keys.digest("log", "a")
    assert rotated.fingerprint == keys.fingerprint
    assert keys.fingerprint not in keys.permanent.hex()
