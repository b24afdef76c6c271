from __future__ import annotations

import email
import email.policy
from datetime import date
from pathlib import Path

import pytest

from feeds.delivery.folder import deliver_to_folder
from feeds.errors import DeliveryError
from tests.presses import NOON, make_config, make_newsletter

DAY = date(2024, 12, 17)


def test_an_issue_becomes_a_complete_mail(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    deliver_to_folder(make_newsletter(DAY), config, published=NOON)
    data = (tmp_path / ".paperround" / "mail" / "2024-12-17.ko.eml").read_bytes()
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert mail["Subject"] == "2024-12-17 · 제목"
    assert mail["Date"] == "Fri, 20 Dec 2024 21:00:00 +0900"
    assert mail["List-Unsubscribe"] == "<https://example.org/papers/ko/unsubscribe/>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_same_issue_is_the_same_mail(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    path = tmp_path / ".paperround" / "mail" / "2024-12-17.ko.eml"
    deliver_to_folder(make_newsletter(DAY), config, published=NOON)
    first = path.read_bytes()
    deliver_to_folder(make_newsletter(DAY), config, published=NOON)
    assert path.read_bytes() == first


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / ".paperround" / "mail"
    folder.mkdir(parents=True)
    (folder / ".2024-12-17.ko.eml.4711.tmp").write_text("ha")
    (folder / ".2024-12-18.ko.eml.4711.tmp").write_text("of another issue")
    deliver_to_folder(make_newsletter(DAY), make_config(tmp_path), published=NOON)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [".2024-12-18.ko.eml.4711.tmp", "2024-12-17.ko.eml"]


def test_a_folder_that_cannot_be_written_may_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / ".paperround").write_text("in the way")
    with pytest.raises(DeliveryError, match=r"2024-12-17\.ko\.eml: cannot be written") as told:
        deliver_to_folder(make_newsletter(DAY), make_config(tmp_path), published=NOON)
    assert told.value.temporary
