from __future__ import annotations

from pathlib import Path

import pytest

from feeds.doctor.variables import check_variables
from feeds.secrets import kept_key_path, load_keys
from tests.doctor.cases import configure, levels, only, run_check, surround

HOOKS = {"my-chat": {"url": "https://chat.kr"}}
KEY = "a key of more than 24 letters"


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    [found] = run_check(check_variables, configure(tmp_path))
    assert found.message == "keys are made at the first start"
    assert list(tmp_path.iterdir()) == []


def test_the_permanent_key_is_named_so_that_it_is_kept(tmp_path: Path) -> None:
    config = configure(tmp_path)
    keys = load_keys(config, {})
    [found] = run_check(check_variables, config)
    assert found.level == "ok"
    assert keys.fingerprint in found.message
    assert str(kept_key_path("PERMANENT_KEY", config)) in found.message
    assert keys.permanent.decode() not in found.message


@pytest.mark.parametrize(
    ("environment", "level", "message"),
    [
        ({"PAPERROUND_SMTP_PASSWORD": ""}, "error", "PAPERROUND_SMTP_PASSWORD: empty"),
        ({"PAPERROUND_SIGNING_KEY": " "}, "error", "PAPERROUND_SIGNING_KEY: empty"),
        ({"PAPERROUND_PERMANENT_KEY_FILE": "/nowhere"}, "error", "No such file"),
        (
            {"PAPERROUND_SIGNING_KEY": "short", "PAPERROUND_PERMANENT_KEY": KEY},
            "error",
            "too short",
        ),
        ({"PAPERROUND_SMTP_PASWORD": "hunter2"}, "warning", "PAPERROUND_SMTP_PASWORD is nothing"),
        ({"PAPERROUND_SMTP_PASSWORD": "hunter2"}, "warning", "nobody logs in"),
    ],
)
def test_what_is_wrong_with_a_secret_is_told_and_not_the_secret(
    tmp_path: Path, environment: dict[str, str], level: str, message: str
) -> None:
    found = run_check(check_variables, configure(tmp_path), surround(environment))
    assert message in only(found, level).message
    assert "hunter2" not in str(found)


def test_a_variable_of_others_is_not_told(tmp_path: Path) -> None:
    found = run_check(check_variables, configure(tmp_path), surround({"PAPERROUND_HOME": "/srv"}))
    assert levels(found) == ["ok"]


def test_a_user_needs_a_password(tmp_path: Path) -> None:
    config = configure(tmp_path, smtp={"user": "notes"})
    found = only(run_check(check_variables, config), "error")
    assert found.message == "smtp.user has no password"
    assert "PAPERROUND_SMTP_PASSWORD" in found.remedy
    given = surround({"PAPERROUND_SMTP_PASSWORD": "hunter2"})
    assert levels(run_check(check_variables, config, given)) == ["ok"]


def test_a_file_and_a_variable_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2")
    environment = {
        "PAPERROUND_SMTP_PASSWORD": "hunter3",
        "PAPERROUND_SMTP_PASSWORD_FILE": str(tmp_path / "password"),
    }
    config = configure(tmp_path, smtp={"user": "notes"})
    found = run_check(check_variables, config, surround(environment))
    assert "the file counts" in only(found, "warning").message


def test_a_webhook_needs_a_good_secret(tmp_path: Path) -> None:
    config = configure(tmp_path, webhooks=HOOKS, deliver=["webhook"])
    missing = only(run_check(check_variables, config), "error")
    assert missing.message == "webhook my-chat has no secret: nothing is posted"
    assert "PAPERROUND_WEBHOOK_MY_CHAT_SECRET" in missing.remedy
    short = surround({"PAPERROUND_WEBHOOK_MY_CHAT_SECRET": "hunter2"})
    assert "too short" in only(run_check(check_variables, config, short), "error").message
    good = surround({"PAPERROUND_WEBHOOK_MY_CHAT_SECRET": KEY})
    assert levels(run_check(check_variables, config, good)) == ["ok"]
