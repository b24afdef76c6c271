from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feeds.doctor.settings import check_settings
from tests.doctor.cases import configure, levels, run_check


def test_a_sound_configuration_is_all_well(tmp_path: Path) -> None:
    assert levels(run_check(check_settings, configure(tmp_path))) == ["ok"]
    assert levels(run_check(check_settings, configure(tmp_path, deliver=["folder"], mail={}))) == [
        "warning"  # its mail has a sender, and none is sent
    ]


@pytest.mark.parametrize(
    ("keys", "level", "message", "remedy"),
    [
        ({"deliver": ["folder"]}, "warning", "none is sent", 'deliver = ["folder", "mail"]'),
        (
            {"webhooks": {"chat": {"url": "https://chat.kr"}}},
            "warning",
            "none is called",
            'deliver = ["mail", "webhook"]',
        ),
        ({"base_url": "http://papers.kr"}, "error", "over https only", "set base_url"),
        ({"base_url": "https://example.org/a"}, "error", "lead to example.org", "set base_url"),
        ({"base_url": "http://localhost:8000"}, "error", "lead to localhost", "set base_url"),
        ({"base_url": "http://127.0.0.1:8000"}, "error", "lead to 127.0.0.1", "set base_url"),
        ({"base_url": "https://a.example"}, "error", "lead to a.example", "set base_url"),
        (
            {"dkim": {"domain": "mails.kr"}},
            "error",
            "from papers.kr and signed by mails.kr",
            '"papers.kr"',
        ),
        (
            {"mail": {"from_address": "notes@example.org"}},
            "error",
            "from example.org, which is nobody's",
            "mail.from_address",
        ),
        ({"mail": {"postal_address": None}}, "warning", "no postal", "mail.postal_address"),
        (
            {"mail": {"from_address": "no-reply@papers.kr"}},
            "warning",
            "cannot answer",
            "mail.reply_to",
        ),
        (
            {"smtp": {"host": "relay.kr", "security": "none"}},
            "warning",
            "to relay.kr in clear",
            "starttls",
        ),
        (
            {"smtp": {"host": "relay.kr", "verify": False}},
            "warning",
            "anybody may answer for relay.kr",
            "smtp.verify",
        ),
        ({"log_addresses": True}, "warning", "logs hold the addresses", "log_addresses"),
    ],
)
def test_what_does_not_fit_is_told_with_a_remedy(
    tmp_path: Path, keys: dict[str, Any], level: str, message: str, remedy: str
) -> None:
    [found] = run_check(check_settings, configure(tmp_path, **keys))
    assert found.level == level
    assert message in found.message
    assert remedy in found.remedy


@pytest.mark.parametrize(
    "keys",
    [
        {"mail": {"from_address": "no-reply@papers.kr", "reply_to": "editor@papers.kr"}},
        {"mail": {"from_address": "notes@mail.papers.kr"}, "dkim": {"domain": "papers.kr"}},
        {"dkim": {"domain": "mail.papers.kr"}},
        {"smtp": {"host": "127.0.0.1", "security": "none"}},
        {"smtp": {"host": "localhost", "verify": False}},
    ],
)
def test_what_fits_is_not_told(tmp_path: Path, keys: dict[str, Any]) -> None:
    assert levels(run_check(check_settings, configure(tmp_path, **keys))) == ["ok"]
