"""What ``issue`` writes: the page, the text and the mail of a day."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.publications import (
    NOTE,
    copy_sample,
    read_tree,
    run,
    write_publication,
)


def test_an_issue_is_a_page_a_text_and_a_complete_mail(tmp_path: Path) -> None:
    config = copy_sample(tmp_path)
    before = read_tree(tmp_path)
    result = run(config, "issue", "2026-11-03", "--out", tmp_path / "mail")
    assert result.exit_code == 0
    names = {f"{lang}.{ending}" for lang in ("ko", "en") for ending in ("html", "txt", "eml")}
    assert set(read_tree(tmp_path / "mail")) == names
    assert {name: read_tree(tmp_path)[name] for name in before} == before
    mail = (tmp_path / "mail" / "ko.eml").read_bytes()
    assert mail.count(b"\n") == mail.count(b"\r\n")
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    parts = {part.get_content_type(): part for part in message.iter_parts()}
    assert list(parts) == ["text/plain", "text/html"]
    page = (tmp_path / "mail" / "ko.html").read_text(encoding="utf-8")
    assert parts["text/html"].get_content().split() == page.split()


def test_one_language_of_an_issue_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    config = write_publication(tmp_path)
    for folder in ("one", "two"):
        run(config, "issue", "2024-12-17", "--lang", "en", "--out", tmp_path / folder)
    one, two = read_tree(tmp_path / "one"), read_tree(tmp_path / "two")
    assert sorted(one) == ["en.eml", "en.html", "en.txt"]
    assert one == two


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["2024-12-16"], "no issue of 2024-12-16; the newest is 2024-12-18"),
        (["2024-12-18", "--lang", "en"], "no issue of 2024-12-18 in en; the newest is 2024-12-17"),
        (["2024-12-17", "--lang", "fr"], "'fr' is no language here; expected ko or en"),
    ],
)
def test_an_issue_that_is_not_there_is_told(
    tmp_path: Path, arguments: Sequence[str], told: str
) -> None:
    later = "2024-12-18\nTitle\n(A)\n한국어 해설.\n#t\n"
    config = write_publication(tmp_path, {"a.txt": NOTE, "b.txt": later})
    result = run(config, "issue", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"paperround: {told}\n"
    empty = write_publication(tmp_path / "empty", {"a.txt": "2024-12-17\n"})
    assert "there is none at all" in run(empty, "issue", "2024-12-17").stderr
