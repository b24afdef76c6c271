"""Readers sign up, confirm, change their mind, leave and are forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import insert, select, update

from feeds.database.letters import add_letter
from feeds.database.tables import consents, outbox, subscribers, suppressions
from feeds.errors import SubscriptionError
from feeds.model import Preferences
from feeds.subscribers.addresses import hash_address
from feeds.subscribers.many import Candidate, bring_in
from feeds.subscribers.store import access_nonce, new_reader
from tests.subscribers.desks import ADDRESS, KEYS, NOW, PLAIN, Desk

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WISHES = Preferences(
    lang="en",
    selection="any=rl&not=gan",
    rhythm="weekly",
    hour=8,
    zone="Europe/Berlin",
    paused_until=date(2025, 1, 2),
)


def mailed_line(desk: Desk, reader: int, *, first_due: datetime, attempts: int = 0) -> None:
    """Put a mail of an issue into the outbox."""
    with desk.engine.begin() as connection:
        connection.execute(
            insert(outbox).values(
                kind="daily",
                day=first_due.date(),
                lang="ko",
                subscriber=reader,
                state="pending",
                priority=1,
                due=first_due,
                first_due=first_due,
                attempts=attempts,
                changed=first_due,
            )
        )


def dues(desk: Desk) -> list[datetime]:
    with desk.engine.begin() as connection:
        lines = select(outbox.c.due).where(outbox.c.day.is_not(None)).order_by(outbox.c.id)
        return list(connection.scalars(lines))


# --- signing up ----------------------------------------------------------------------------------


def test_who_signs_up_is_asked_once_and_reads_when_they_confirm(desk: Desk) -> None:
    row = desk.sign_up(wishes=WISHES)
    assert (row["state"], row["confirmed"], row["asked"]) == ("pending", None, NOW)
    assert desk.letters() == ["confirm"]
    reader = desk.confirm(now=NOW + HOUR)
    assert (reader.state, reader.confirmed, reader.preferences) == ("active", NOW + HOUR, WISHES)
    assert desk.steps() == [("asked", "the page"), ("confirmed", "the letter")]
    assert (desk.read()["nonce"], desk.read()["asked"]) == (None, None)


def test_confirming_twice_is_no_fault_and_no_second_consent(desk: Desk) -> None:
    row = desk.sign_up()
    for _ in range(2):
        desk.readers.confirm(row["token"], row["nonce"], NOW, source="the letter")
    assert desk.steps() == [("asked", "the page"), ("confirmed", "the letter")]


@pytest.mark.parametrize("nonce", ["", "another", "Ä"])
def test_nobody_confirms_for_somebody_else(desk: Desk, nonce: str) -> None:
    row = desk.sign_up()
    for token in (row["token"], "nobody's"):
        with pytest.raises(SubscriptionError, match="no sign-up waits for this"):
            desk.readers.confirm(token, nonce.encode().hex(), NOW, source="the letter")
    assert desk.read()["state"] == "pending"


def test_one_confirmation_is_pending_and_asked_for_again_only_after_an_hour(desk: Desk) -> None:
    first = desk.sign_up()
    soon = desk.sign_up(ADDRESS.upper(), NOW + HOUR - timedelta(seconds=1), WISHES)
    assert (soon["id"], soon["nonce"]) == (first["id"], first["nonce"])
    assert soon["asked"] == NOW
    assert (soon["lang"], soon["address"]) == ("en", "READER@example.org")  # the newer wishes count
    assert desk.letters() == ["confirm"]
    later = desk.sign_up(now=NOW + HOUR)
    assert (later["nonce"], later["asked"]) == (first["nonce"], NOW + HOUR)
    assert desk.letters() == ["confirm", "confirm"]
    assert desk.rows("subscribers") == 1


def test_who_reads_already_is_told_so_once_a_day(desk: Desk) -> None:
    desk.subscribe(wishes=WISHES)
    for now in (NOW, NOW + HOUR, NOW + DAY - timedelta(seconds=1)):
        desk.sign_up(now=now)
    assert desk.letters() == ["confirm", "known"]
    desk.sign_up(now=NOW + DAY)
    assert desk.letters() == ["confirm", "known", "known"]
    # Whoever knows the address only has changed nothing.
    assert desk.find().preferences == WISHES
    assert desk.find().state == "active"


def test_who_left_can_sign_up_again_and_has_left_until_they_confirm(desk: Desk) -> None:
    token = desk.subscribe().token
    desk.readers.leave(token, NOW + HOUR)
    row = desk.sign_up(now=NOW + DAY)
    assert (row["state"], row["left"], row["token"]) == ("pending", NOW + HOUR, token)
    assert desk.letters() == ["confirm", "confirm"]
    desk.confirm(now=NOW + DAY)
    assert (desk.read()["state"], desk.read()["left"]) == ("active", None)


def test_the_letter_of_a_sign_up_confirms_nothing_once_its_reader_left(desk: Desk) -> None:
    row = desk.sign_up()
    desk.readers.leave(row["token"], NOW)
    with pytest.raises(SubscriptionError, match="sign up again"):
        desk.readers.confirm(row["token"], row["nonce"], NOW, source="the letter")
    assert desk.find().state == "left"


def test_two_sign_ups_at_the_same_moment_are_one(desk: Desk) -> None:
    if desk.engine.dialect.name == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time")
    told: list[BaseException] = []

    def sign_up() -> None:
        try:
            desk.readers.sign_up(ADDRESS, WISHES, NOW, source="the other page")
        except BaseException as error:  # a thread has nobody else to tell
            told.append(error)

    with desk.engine.begin() as connection:
        asked = {"nonce": "n" * 22, "asked": NOW}
        row = new_reader(ADDRESS, "pending", PLAIN, NOW, **asked)
        connection.execute(insert(subscribers).values(row))
        other = Thread(target=sign_up)
        other.start()
        other.join(0.5)  # it waits for this transaction, or has not begun: both are to end well
    other.join(60)
    assert told == []
    assert desk.rows("subscribers") == 1
    assert desk.read()["lang"] == "en"


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "a\r\nBcc: x@example.org"])
def test_no_address_no_reader(desk: Desk, address: str) -> None:
    with pytest.raises(SubscriptionError, match=r"^address: "):
        desk.readers.sign_up(address, PLAIN, NOW, source="the page")
    with pytest.raises(SubscriptionError, match=r"^address: "):
        desk.readers.find_address(address)
    assert desk.rows("subscribers") == desk.rows("outbox") == 0


def test_what_looks_like_sql_is_text(desk: Desk) -> None:
    text = "'; DROP TABLE subscribers; --"
    desk.readers.sign_up(ADDRESS, PLAIN, NOW, source=text)
    assert desk.readers.find(text) is None
    assert desk.readers.leave(text, NOW) is None
    assert desk.steps() == [("asked", text)]


# --- what a reader wants --------------------------------------------------------------------------


def test_each_change_counts(desk: Desk) -> None:
    token = desk.subscribe().token
    seen = [desk.find()]
    desk.readers.change(token, WISHES, NOW)
    seen.append(desk.find())
    desk.readers.leave(token, NOW)
    seen.append(desk.find())
    desk.readers.leave(token, NOW)  # which changes nothing any more
    revisions = [reader.revision for reader in seen]
    assert revisions == sorted(set(revisions))
    assert desk.find().revision == revisions[-1]
    nonces = {access_nonce(reader, KEYS) for reader in seen}
    assert len(nonces) == 3


def test_a_new_hour_moves_the_mail_that_waits_and_nothing_else(desk: Desk) -> None:
    reader = desk.subscribe()
    published = datetime(2024, 12, 20, 22, 0, tzinfo=UTC)  # 07:00 in Seoul
    mailed_line(desk, reader.id, first_due=published)
    mailed_line(desk, reader.id, first_due=published + DAY, attempts=1)  # on its way
    desk.readers.change(reader.token, Preferences(lang="ko", hour=9), NOW)
    assert dues(desk) == [published + 2 * HOUR, published + DAY]
    desk.readers.change(reader.token, Preferences(lang="ko", hour=9, zone="UTC"), NOW)
    assert dues(desk) == [datetime(2024, 12, 21, 9, 0, tzinfo=UTC), published + DAY]
    desk.readers.change(reader.token, PLAIN, NOW)
    assert dues(desk) == [published, published + DAY]
    with desk.engine.begin() as connection:
        letters = select(outbox.c.due).where(outbox.c.day.is_(None))
        assert set(connection.scalars(letters)) == {NOW}


def test_who_is_not_there_is_none(desk: Desk) -> None:
    for answer in (
        desk.readers.find("nobody"),
        desk.readers.find_address(ADDRESS),
        desk.readers.change("nobody", PLAIN, NOW),
        desk.readers.leave("nobody", NOW),
        desk.readers.export("nobody"),
    ):
        assert answer is None
    assert not desk.readers.ask_access("nobody", NOW)
    assert not desk.readers.delete("nobody", NOW)


def test_leaving_is_one_moment_however_often_it_is_asked(desk: Desk) -> None:
    token = desk.subscribe().token
    for now in (NOW + HOUR, NOW + DAY):
        left = desk.readers.leave(token, now)
        assert left is not None
        assert left.state == "left"
    assert desk.read()["left"] == NOW + HOUR
    assert desk.readers.count() == {"active": 0, "pending": 0, "left": 1}


# --- their data -----------------------------------------------------------------------------------


def test_an_export_has_everything_that_is_known(desk: Desk) -> None:
    reader = desk.subscribe(wishes=WISHES)
    mailed_line(desk, reader.id, first_due=NOW)
    desk.readers.leave(reader.token, NOW + DAY)
    told = desk.readers.export(reader.token)
    assert told is not None
    assert told["address"] == ADDRESS
    assert told["state"] == "left"
    assert told["created"] == told["confirmed"] == NOW.isoformat()
    assert told["left"] == (NOW + DAY).isoformat()
    assert told["preferences"] == {
        "language": "en",
        "tags": "any=rl&not=gan",
        "rhythm": "weekly",
        "hour": 8,
        "time_zone": "Europe/Berlin",
        "paused_until": "2025-01-02",
    }
    assert [(one["step"], one["from"]) for one in told["consent"]] == desk.steps()
    assert [(one["kind"], one["day"]) for one in told["mails"]] == [
        ("confirm", None),
        ("daily", "2024-12-20"),
    ]


def test_only_who_confirmed_once_is_mailed_a_link_to_their_data(desk: Desk) -> None:
    row = desk.sign_up()
    assert not desk.readers.ask_access(row["token"], NOW)
    desk.confirm()
    assert desk.readers.ask_access(row["token"], NOW)
    assert desk.letters() == ["confirm", "access"]


def test_who_is_forgotten_leaves_a_hash_and_lines_that_are_nobodys(desk: Desk) -> None:
    address = "Some.Body+papers@example.org"
    reader = desk.subscribe(address)
    other = desk.subscribe("other@example.org")
    mailed_line(desk, reader.id, first_due=NOW)
    with desk.engine.begin() as connection:
        sent = outbox.c.kind == "daily"
        connection.execute(update(outbox).where(sent).values(state="sent", reply="250 ok"))
    assert "some.body" in desk.dump().casefold()
    assert desk.readers.delete(reader.token, NOW)
    left = desk.dump().casefold()
    assert "some.body" not in left
    assert reader.token.casefold() not in left
    assert hash_address(address.upper(), KEYS) in left
    with desk.engine.begin() as connection:
        lines = connection.execute(select(outbox.c.kind, outbox.c.subscriber)).all()
        assert {(line.kind, line.subscriber) for line in lines} == {
            ("daily", None),
            ("confirm", other.id),
        }
        assert set(connection.scalars(select(consents.c.subscriber))) == {other.id}
    assert not desk.readers.delete(reader.token, NOW)


def test_no_import_brings_back_who_was_forgotten_until_they_sign_up_themselves(desk: Desk) -> None:
    desk.readers.delete(desk.subscribe().token, NOW)
    again = [Candidate(address=ADDRESS.title(), preferences=PLAIN)]
    for confirmed in (False, True):
        told = bring_in(desk.engine, KEYS, again, NOW, source="a file", confirmed=confirmed)
        assert dict(told) == {"suppressed": 1}
    desk.sign_up()
    assert desk.rows("suppressions") == 1  # asked is not confirmed
    told = bring_in(desk.engine, KEYS, again, NOW, source="a file", confirmed=True)
    assert dict(told) == {"suppressed": 1}
    desk.confirm()
    assert desk.rows("suppressions") == 0
    assert desk.find().state == "active"


def test_who_is_forgotten_twice_is_one_line(desk: Desk) -> None:
    for _ in range(2):
        with desk.engine.begin() as connection:
            values = new_reader(ADDRESS, "active", PLAIN, NOW)
            connection.execute(insert(subscribers).values(values))
        assert desk.readers.delete(desk.find().token, NOW)
    assert desk.rows("suppressions") == 1


def test_an_id_is_never_given_to_another(desk: Desk) -> None:
    first = desk.subscribe()
    desk.readers.delete(first.token, NOW)
    assert desk.subscribe("other@example.org").id > first.id


# --- what time does -------------------------------------------------------------------------------


def settle_letters(desk: Desk, moment: datetime) -> None:
    with desk.engine.begin() as connection:
        connection.execute(update(outbox).values(state="sent", changed=moment))


def test_a_sign_up_that_nobody_confirmed_is_forgotten_without_a_trace(desk: Desk) -> None:
    desk.sign_up()
    settle_letters(desk, NOW)
    desk.readers.housekeep(NOW + timedelta(hours=72))
    assert desk.rows("subscribers") == 1
    desk.readers.housekeep(NOW + timedelta(hours=72, seconds=1))
    assert desk.rows("subscribers") == desk.rows("consents") == desk.rows("suppressions") == 0
    assert ADDRESS not in desk.dump()


def test_a_sign_up_is_waited_for_from_when_its_letter_went(desk: Desk) -> None:
    desk.sign_up()
    desk.readers.housekeep(NOW + 10 * DAY)  # the letter still waits its turn
    assert desk.find().state == "pending"
    settle_letters(desk, NOW + 10 * DAY)
    desk.readers.housekeep(NOW + 12 * DAY)
    assert desk.find().state == "pending"
    desk.readers.housekeep(NOW + 14 * DAY)
    assert desk.readers.find_address(ADDRESS) is None


def test_who_had_left_has_left_still_when_nobody_confirmed(desk: Desk) -> None:
    reader = desk.subscribe()
    desk.readers.leave(reader.token, NOW + HOUR)
    again = desk.sign_up(now=NOW + 2 * HOUR)
    settle_letters(desk, NOW + 2 * HOUR)
    desk.readers.housekeep(NOW + 10 * DAY)
    row = desk.read()
    assert (row["state"], row["left"], row["nonce"]) == ("left", NOW + HOUR, None)
    assert row["revision"] > again["revision"]


def test_evidence_is_kept_as_long_as_the_configuration_says(desk: Desk) -> None:
    desk.subscribe()
    desk.readers.housekeep(NOW + timedelta(days=1095))
    assert len(desk.steps()) == 2
    desk.readers.housekeep(NOW + timedelta(days=1095, seconds=1))
    assert desk.steps() == []
    assert desk.find().state == "active"


def test_readers_are_counted_by_state(desk: Desk) -> None:
    assert desk.readers.count() == {"active": 0, "pending": 0, "left": 0}
    desk.subscribe("a@example.org")
    desk.subscribe("b@example.org")
    desk.sign_up("c@example.org")
    assert desk.readers.count() == {"active": 2, "pending": 1, "left": 0}


def test_letters_belong_to_readers_that_there_are(desk: Desk) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), desk.engine.begin() as connection:
        add_letter(connection, 4711, "confirm", "ko", NOW)
    with desk.engine.begin() as connection:
        assert connection.execute(select(suppressions)).all() == []
