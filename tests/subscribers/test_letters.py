from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.config import Config, Mail
from feeds.database.letters import LETTER_KINDS, LetterKind
from feeds.languages import load_languages
from feeds.model import Letter
from feeds.outputs.theme import Theme
from feeds.subscribers.letters import Letters
from feeds.subscribers.links import LinkError, Links
from feeds.subscribers.store import access_nonce
from tests.presses import make_config
from tests.web.desks import KEYS, NOW, make_subscriber, read_page

NONCE = "n" * 22
LINKS = Links(KEYS)
LANGUAGES = ("ko", "en")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    postal = {"ko": "서울특별시 종로구 세종대로 1", "en": "1 Sejong-daero, Seoul"}
    return make_config(tmp_path, mail=Mail(from_address="a@example.org", postal_address=postal))


def write(config: Config, kind: LetterKind, lang: str = "en", nonce: str | None = NONCE) -> Letter:
    letters = Letters(config, Theme(load_languages(LANGUAGES)), KEYS)
    return letters.write(kind, make_subscriber(lang), nonce, NOW)


def way(letter: Letter) -> str:
    [link] = read_page(letter.html).find_class("button")
    return str(link.get("href"))


@pytest.mark.parametrize("kind", LETTER_KINDS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_letter_says_the_same_in_text_and_in_html(
    config: Config, kind: LetterKind, lang: str
) -> None:
    letter = write(config, kind, lang)
    assert letter.lang == lang
    page = read_page(letter.html)
    said = " ".join(page.text_content().split())
    for line in letter.text.splitlines():
        if line and not line.startswith("―") and "unsubscribe?t=" not in line:
            assert line.rstrip(":") in said, line
    assert way(letter) in letter.text
    assert page.findtext("head/title") == letter.subject
    assert page.get("lang") == lang
    assert "{" not in letter.text + letter.subject


def test_the_links_of_letters_open_what_they_are_for(config: Config) -> None:
    reader = make_subscriber("en")
    base = "https://example.org/papers/en/"
    confirm, known, access = (
        way(write(config, kind)).split("?t=") for kind in ("confirm", "known", "access")
    )
    assert confirm[0] == f"{base}confirm"
    assert LINKS.read("confirm", confirm[1], NOW) == (reader.token, NONCE)
    assert known[0] == f"{base}preferences"
    assert LINKS.read("preferences", known[1], NOW) == (reader.token, "")
    assert access[0] == f"{base}mine"
    assert LINKS.read("access", access[1], NOW) == (reader.token, access_nonce(reader, KEYS))
    with pytest.raises(LinkError):
        LINKS.read("access", access[1], NOW + timedelta(hours=1, seconds=1))


def test_a_letter_holds_nothing_that_a_stranger_typed(config: Config) -> None:
    from feeds.model import Preferences

    theme = Theme(load_languages(LANGUAGES))
    wishes = Preferences(lang="en", selection="any=buy-my-pills")
    stranger = make_subscriber(address="buy.my.pills@example.org", preferences=wishes)
    for kind in LETTER_KINDS:
        letter = Letters(config, theme, KEYS).write(kind, stranger, NONCE, NOW)
        assert "pills" not in letter.subject + letter.text + letter.html


def test_who_is_no_subscriber_yet_is_offered_nothing_to_leave(config: Config) -> None:
    assert "unsubscribe" not in write(config, "confirm").text
    assert "https://example.org/papers/en/unsubscribe?t=" in write(config, "known").text


def test_a_confirmation_that_is_waited_for_no_more_opens_nothing(config: Config) -> None:
    token = way(write(config, "confirm", nonce=None)).split("?t=")[1]
    with pytest.raises(LinkError):
        LINKS.read("confirm", token, NOW)


def test_a_letter_in_a_language_that_is_gone_is_in_the_first_one(config: Config) -> None:
    assert write(config, "confirm", "fr").lang == "ko"


def test_a_letter_says_who_sends_it_and_where_they_are(config: Config) -> None:
    for lang, place in (("ko", "서울특별시"), ("en", "1 Sejong-daero")):
        letter = write(config, "access", lang)
        assert place in letter.text
        assert place in letter.html
    assert "이 링크는 72시간 동안" in write(config, "confirm", "ko").text


def test_styles_are_in_the_elements_and_the_dark_in_a_query(config: Config) -> None:
    letter = write(config, "confirm")
    [button] = read_page(letter.html).find_class("button")
    assert "background-color: #1c5788" in button.get("style", "").replace(":#", ": #")
    assert "prefers-color-scheme: dark" in letter.html
    assert letter.html.startswith("<!DOCTYPE html>")
