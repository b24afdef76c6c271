"""Signed links: each for one reader and one purpose, for as long as it should be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.secrets import Keys
from feeds.subscribers.links import LinkError, Links, Purpose
from feeds.subscribers.store import new_token

NOW = datetime(2024, 12, 20, 12, 0, tzinfo=UTC)
TOKEN, NONCE = "a-token_of-22-letters_", "another-one-as-long_as"
OLD, PRESENT, NEXT = b"the key before", b"the present key", b"the next key"
SECOND = timedelta(seconds=1)


def make_links(*signing: bytes, confirm_hours: int = 72) -> Links:
    return Links(Keys(signing=signing, permanent=b"stays"), confirm_hours=confirm_hours)


LINKS = make_links(PRESENT)
# What each purpose's link holds, how it is made, and for how long it is good.
TIMED: list[tuple[Purpose, Callable[[Links], str], tuple[str, str], timedelta]] = [
    (
        "confirm",
        lambda links: links.confirm(TOKEN, NONCE, NOW),
        (TOKEN, NONCE),
        timedelta(hours=72),
    ),
    ("preferences", lambda links: links.preferences(TOKEN, NOW), (TOKEN, ""), timedelta(days=400)),
    ("access", lambda links: links.access(TOKEN, NONCE, NOW), (TOKEN, NONCE), timedelta(hours=1)),
]
PURPOSES = [purpose for purpose, *_ in TIMED]


@pytest.mark.parametrize(("purpose", "make", "held", "good_for"), TIMED, ids=PURPOSES)
def test_a_link_is_good_until_its_end(
    purpose: Purpose, make: Callable[[Links], str], held: tuple[str, str], good_for: timedelta
) -> None:
    text = make(LINKS)
    assert LINKS.read(purpose, text, NOW) == held
    assert LINKS.read(purpose, text, NOW + good_for) == held
    with pytest.raises(LinkError, match="expired") as told:
        LINKS.read(purpose, text, NOW + good_for + SECOND)
    assert told.value.expired


def test_how_long_a_confirmation_is_waited_for_is_configured() -> None:
    links = make_links(PRESENT, confirm_hours=1)
    text = links.confirm(TOKEN, NONCE, NOW)
    assert links.read("confirm", text, NOW + timedelta(hours=1)) == (TOKEN, NONCE)
    with pytest.raises(LinkError):
        links.read("confirm", text, NOW + timedelta(hours=1) + SECOND)


def test_unsubscribing_never_ends() -> None:
    assert LINKS.read_unsubscribe(LINKS.unsubscribe(TOKEN)) == TOKEN


@pytest.mark.parametrize(("purpose", "make", "held", "good_for"), TIMED, ids=PURPOSES)
def test_a_link_opens_nothing_else(
    purpose: Purpose, make: Callable[[Links], str], held: object, good_for: object
) -> None:
    text = make(LINKS)
    for other in PURPOSES:
        if other != purpose:
            with pytest.raises(LinkError):
                LINKS.read(other, text, NOW)
        with pytest.raises(LinkError):
            LINKS.read(other, LINKS.unsubscribe(TOKEN), NOW)
    with pytest.raises(LinkError):
        LINKS.read_unsubscribe(text)


def every_link(links: Links) -> dict[str, str]:
    return {purpose: make(links) for purpose, make, *_ in TIMED} | {
        "unsubscribe": links.unsubscribe(TOKEN)
    }


def opens(links: Links, purpose: str, text: str) -> bool:
    try:
        if purpose == "unsubscribe":
            return links.read_unsubscribe(text) == TOKEN
        timed: Purpose = next(one for one in PURPOSES if one == purpose)
        return links.read(timed, text, NOW)[0] == TOKEN
    except LinkError:
        return False


@pytest.mark.parametrize("purpose", [*PURPOSES, "unsubscribe"])
def test_no_letter_of_it_can_be_changed_or_left_out(purpose: str) -> None:
    text = every_link(LINKS)[purpose]
    assert opens(LINKS, purpose, text)
    for position, letter in enumerate(text):
        other = "A" if letter != "A" else "B"
        if position < len(text) - 1:  # of the last letter two bits are padding
            assert not opens(LINKS, purpose, text[:position] + other + text[position + 1 :])
        assert not opens(LINKS, purpose, text[:position])
        assert not opens(LINKS, purpose, text[position + 1 :])
    assert not opens(LINKS, purpose, f"{text}A")


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b.c", TOKEN, f"{TOKEN}.", "한글", "a" * 5000, f"{TOKEN}.\0", "%00", "a.b\n"],
)
def test_what_is_no_link_is_told_as_one_that_is_none(text: str) -> None:
    for purpose in PURPOSES:
        with pytest.raises(LinkError) as told:
            LINKS.read(purpose, text, NOW)
        assert not told.value.expired
    with pytest.raises(LinkError):
        LINKS.read_unsubscribe(text)


@given(text=st.text(max_size=300))
def test_no_text_opens_anything_or_breaks_it(text: str) -> None:
    assert not any(opens(LINKS, purpose, text) for purpose in (*PURPOSES, "unsubscribe"))


def test_links_survive_one_rotation_and_not_two() -> None:
    before = every_link(make_links(OLD))
    rotated, twice = make_links(PRESENT, OLD), make_links(NEXT, PRESENT)
    for purpose, text in before.items():
        assert opens(rotated, purpose, text)
        assert not opens(twice, purpose, text)
    for purpose, text in every_link(rotated).items():
        assert opens(make_links(PRESENT), purpose, text), "the newest key signs"
        assert opens(twice, purpose, text)
    stolen = every_link(make_links(b"somebody else's"))
    assert not any(opens(rotated, purpose, text) for purpose, text in stolen.items())


def test_a_clock_that_was_set_back_makes_a_link_young_and_not_false() -> None:
    text = LINKS.preferences(TOKEN, NOW)
    assert LINKS.read("preferences", text, NOW - timedelta(hours=1)) == (TOKEN, "")
    with pytest.raises(LinkError) as told:
        LINKS.read("preferences", text, NOW - timedelta(days=2))
    assert not told.value.expired


def test_no_two_readers_have_the_same_token() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {LINKS.read_unsubscribe(LINKS.unsubscribe(token)) for token in tokens} == tokens
