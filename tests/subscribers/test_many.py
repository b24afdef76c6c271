"""Readers by the thousand: brought in once, all or none, and listed page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from feeds.database.letters import IMPORT_PRIORITY, ISSUE_PRIORITY, LETTER_PRIORITY
from feeds.database.tables import outbox, subscribers
from feeds.errors import StateError
from feeds.model import Preferences
from feeds.subscribers import many
from feeds.subscribers.many import Candidate, Fate, bring_in, foresee, read_all
from tests.subscribers.desks import KEYS, NOW, PLAIN, Desk

WISHES = Preferences(lang="en", selection="any=rl", hour=8)
EARLIER = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def people(*names: str, **values: object) -> list[Candidate]:
    return [
        Candidate(address=f"{name}@example.org", preferences=WISHES, **values)  # type: ignore[arg-type]  # as the test says
        for name in names
    ]


def bring(desk: Desk, some: list[Candidate], *, confirmed: bool = False) -> dict[Fate, int]:
    """Bring people in, once it has been told what would become of them."""
    before = desk.dump()
    foreseen = foresee(desk.engine, KEYS, some, confirmed=confirmed)
    assert desk.dump() == before
    told = bring_in(desk.engine, KEYS, some, NOW, source="the old list", confirmed=confirmed)
    assert told == foreseen
    return dict(told)


def test_who_is_brought_in_is_asked_to_confirm(desk: Desk) -> None:
    assert bring(desk, people("a", "b", created=EARLIER)) == {"asked": 2}
    row = desk.read("a@example.org")
    assert (row["state"], row["created"], row["confirmed"]) == ("pending", EARLIER, None)
    assert (row["asked"], row["lang"], row["hour"], row["selection"]) == (NOW, "en", 8, "any=rl")
    assert desk.letters() == ["confirm", "confirm"]
    assert desk.steps() == [("imported", "the old list")] * 2
    assert desk.confirm("a@example.org").preferences == WISHES
    assert desk.read("b@example.org")["token"] != row["token"]


def test_their_letters_hold_nothing_up(desk: Desk) -> None:
    bring(desk, people("a"))
    with desk.engine.begin() as connection:
        row = connection.execute(select(outbox)).one()
    assert row.priority == IMPORT_PRIORITY > ISSUE_PRIORITY > LETTER_PRIORITY
    assert (row.kind, row.day, row.lang, row.state) == ("confirm", None, "en", "pending")
    assert (row.due, row.first_due, row.attempts) == (NOW, NOW, 0)
    assert row.subscriber == desk.find("a@example.org").id


def test_who_is_vouched_for_reads_at_once(desk: Desk) -> None:
    known = people("a", created=EARLIER, confirmed=EARLIER + timedelta(days=1), consent="the fair")
    assert bring(desk, [*known, *people("b")], confirmed=True) == {"active": 2}
    first, second = desk.find("a@example.org"), desk.find("b@example.org")
    assert (first.state, first.confirmed) == ("active", EARLIER + timedelta(days=1))
    assert (second.state, second.confirmed, second.created) == ("active", NOW, NOW)
    assert desk.letters() == []
    assert sorted(desk.steps()) == [
        ("imported", "the old list"),
        ("imported", "the old list: the fair"),
    ]


def test_nobody_can_vouch_for_who_had_not_confirmed(desk: Desk) -> None:
    assert bring(desk, people("a", unconfirmed=True), confirmed=True) == {"asked": 1}
    assert desk.find("a@example.org").state == "pending"
    assert desk.letters() == ["confirm"]


def test_who_is_there_stays_as_they_are(desk: Desk) -> None:
    active = desk.subscribe("active@example.org")
    left = desk.subscribe("left@example.org")
    desk.readers.leave(left.token, NOW)
    back = desk.subscribe("back@example.org")
    desk.readers.leave(back.token, NOW)
    desk.sign_up("back@example.org", NOW + timedelta(hours=2))
    forgotten = desk.subscribe("forgotten@example.org")
    desk.readers.delete(forgotten.token, NOW)
    before = desk.dump()
    for confirmed in (False, True):
        told = bring(desk, people("ACTIVE", "left", "back", "forgotten"), confirmed=confirmed)
        assert told == {"reads": 1, "left": 2, "suppressed": 1}
        assert desk.dump() == before
    assert desk.find("active@example.org") == active


def test_who_waits_is_not_asked_again_but_may_be_vouched_for(desk: Desk) -> None:
    row = desk.sign_up("a@example.org")
    assert bring(desk, people("a")) == {"waits": 1}
    assert desk.letters() == ["confirm"]
    assert bring(desk, people("a"), confirmed=True) == {"confirmed": 1}
    after = desk.read("a@example.org")
    assert (after["state"], after["confirmed"], after["nonce"]) == ("active", NOW, None)
    assert after["revision"] > row["revision"]
    assert after["lang"] == "ko"  # what they themselves wanted
    assert desk.steps() == [("asked", "the page"), ("imported", "the old list")]


def test_bringing_them_in_again_changes_nothing(desk: Desk) -> None:
    everybody = people(*(f"reader{number}" for number in range(30)))
    assert bring(desk, everybody[:20]) == {"asked": 20}
    assert bring(desk, everybody) == {"asked": 10, "waits": 20}
    before = desk.dump()
    assert bring(desk, everybody) == {"waits": 30}
    assert desk.dump() == before


def test_more_than_a_batch_is_still_one_transaction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "BATCH", 10)
    everybody = people(*(f"reader{number}" for number in range(25)))
    letters = 0

    def break_off(*told: object) -> None:
        nonlocal letters
        letters += "INSERT INTO outbox" in str(told[2])
        if letters == 3:
            raise StateError("the power fails")

    event.listen(desk.engine, "before_cursor_execute", break_off)
    with pytest.raises(StateError, match="the power fails"):
        bring_in(desk.engine, KEYS, everybody, NOW, source="a list", confirmed=False)
    event.remove(desk.engine, "before_cursor_execute", break_off)
    assert desk.rows("subscribers") == desk.rows("outbox") == desk.rows("consents") == 0
    steps: list[None] = []
    told = bring_in(
        desk.engine,
        KEYS,
        everybody,
        NOW,
        source="a list",
        confirmed=False,
        progress=lambda: steps.append(None),
    )
    assert (dict(told), len(steps)) == ({"asked": 25}, 3)
    assert desk.rows("outbox") == desk.rows("consents") == 25


def test_nobody_at_all_is_no_fault(desk: Desk) -> None:
    assert bring(desk, []) == {}
    assert list(read_all(desk.engine)) == []


def test_a_list_has_everybody_once_however_long_its_pages(desk: Desk) -> None:
    bring(desk, people(*(f"reader{number}" for number in range(7))), confirmed=True)
    desk.sign_up("asked@example.org", NOW + timedelta(days=1), PLAIN)
    left = desk.find("reader3@example.org")
    desk.readers.leave(left.token, NOW + timedelta(days=2))
    whole = [one.address for one in read_all(desk.engine)]
    assert whole == [*(f"reader{number}@example.org" for number in range(7)), "asked@example.org"]
    for page in (1, 2, 8, 9):
        assert [one.address for one in read_all(desk.engine, page=page)] == whole
    assert [one.address for one in read_all(desk.engine, lang="ko")] == ["asked@example.org"]
    states = {
        one.address: (one.state, one.since)
        for state in ("pending", "left")
        for one in read_all(desk.engine, state=state)
    }
    assert states == {
        "asked@example.org": ("pending", NOW + timedelta(days=1)),
        "reader3@example.org": ("left", NOW + timedelta(days=2)),
    }


def test_a_list_tells_the_last_step_towards_consent(desk: Desk) -> None:
    bring(desk, people("a"))
    [asked] = read_all(desk.engine)
    assert asked.consent == "the old list"
    desk.confirm("a@example.org", NOW + timedelta(days=1))
    [reader] = read_all(desk.engine)
    assert (reader.consent, reader.since) == ("the letter", NOW + timedelta(days=1))
    desk.readers.housekeep(NOW + timedelta(days=5000))
    assert [one.consent for one in read_all(desk.engine)] == [""]


def test_letters_that_wait_their_turn_keep_their_readers_waiting(desk: Desk) -> None:
    bring(desk, people("a", "b"))
    with desk.engine.begin() as connection:
        mine = select(subscribers.c.id).where(subscribers.c.address == "a@example.org")
        connection.execute(
            update(outbox).where(outbox.c.subscriber.in_(mine)).values(state="sent", changed=NOW)
        )
    desk.readers.housekeep(NOW + timedelta(days=30))
    assert [one.address for one in read_all(desk.engine)] == ["b@example.org"]
