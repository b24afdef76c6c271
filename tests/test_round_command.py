"""``paperround run`` with readers: from a form to a mailbox and out again, killed in between."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from feeds.config import load_config
from feeds.database.opening import open_database, upgrade_database
from feeds.database.state import open_state
from feeds.database.tables import outbox, subscribers
from tests.databases import BOTH, fresh_database
from tests.ledger import Arrival, Ledger, listening
from tests.rounds import add_readers
from tests.runs import CONFIG, Running, running, write_note

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")

BASE = "https://example.org/papers/"
ADA, GRACE = "ada@example.org", "grace@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
VARIABLES = {"PAPERROUND_WEBHOOK_CHAT_SECRET": "a secret of more than 24 bytes"}
SETTINGS = """
deliver = ["mail", "webhook"]
mail = {{ from_address = "news@example.org" }}
smtp = {{ host = "127.0.0.1", port = {relay}, security = "none", connections = 1 }}
{database}
[webhooks.chat]
url = "http://127.0.0.1:{chat}/hook"
"""


@dataclass
class Town:
    """Everything outside of the program: a relay, a chat, and readers with a browser."""

    folder: Path
    relay: Ledger
    posted: list[dict[str, Any]] = field(default_factory=list)
    client: httpx.Client = field(default_factory=httpx.Client)
    address: str = ""

    @contextmanager
    def run(self) -> Iterator[Running]:
        with running(self.folder, VARIABLES) as run:
            self.address = run.expect("serving").split()[-1]
            yield run

    def here(self, link: str) -> str:
        """An address of the site as it is served on this machine."""
        assert link.startswith(BASE)
        return link.replace(BASE, self.address)

    def sign_up(self, address: str) -> str:
        """Fill in the form; returns the link of the letter that comes."""
        before = len(self.relay.arrivals)
        form = {"address": address, "lang": "ko", "rhythm": "daily"}
        assert self.client.post(f"{self.address}ko/subscribe", data=form).status_code == 303
        self.relay.wait_for(before + 1)
        [letter] = self.relay.arrivals[before:]
        assert letter.recipient == address
        [link] = set(re.findall(rf"{BASE}ko/confirm\?t=\S+", text_of(letter.message)))
        return str(link)

    def confirm(self, link: str) -> None:
        token = parse_qs(urlsplit(link).query)["t"][0]
        answer = self.client.post(self.here(link).partition("?")[0], data={"t": token})
        assert answer.status_code == 303

    def newsletters(self, day: str) -> list[Arrival]:
        return [each for each in self.relay.arrivals if f"<{day}." in each.message_id]

    def readers(self) -> dict[str, str]:
        rows = self.rows(select(subscribers.c.address, subscribers.c.state))
        return {row.address: row.state for row in rows}

    def line_states(self, day: str) -> dict[str, int]:
        rows = self.rows(select(outbox.c.state, outbox.c.day))
        found = [row.state for row in rows if str(row.day) == day]
        return {state: found.count(state) for state in sorted(set(found))}

    def rows(self, query: Any) -> list[Any]:
        engine = open_database(load_config(self.folder / "paperround.toml"))
        try:
            with engine.connect() as connection:
                return list(connection.execute(query).all())
        finally:
            engine.dispose()


def text_of(message: Message) -> str:
    """The text part of a mail."""
    part = next(part for part in message.walk() if part.get_content_type() == "text/plain")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


@contextmanager
def chatting(posted: list[dict[str, Any]]) -> Iterator[int]:
    """A target of webhooks on this machine; yields its port."""

    class Target(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=BOTH)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    with open_town(tmp_path, request.param) as town:
        yield town


@contextmanager
def open_town(folder: Path, kind: str = "sqlite") -> Iterator[Town]:
    made = Town(folder, Ledger())
    with (
        fresh_database(kind) as database,
        listening(made.relay) as relay,
        chatting(made.posted) as chat,
        made.client,
    ):
        named = f'database = "{database}"' if database else ""
        settings = SETTINGS.format(relay=relay, chat=chat, database=named)
        (folder / "notes").mkdir()
        path = folder / "paperround.toml"
        path.write_text(f"{CONFIG}{settings}", encoding="utf-8")
        upgrade_database(load_config(path))
        yield made


def test_a_reader_signs_up_is_mailed_each_day_once_and_leaves_with_one_click(town: Town) -> None:
    write_note(town.folder, 5, "Already There")
    with town.run() as run:
        run.expect("first start")
        links = {address: town.sign_up(address) for address in (ADA, GRACE)}
        for link in links.values():
            assert town.client.get(town.here(link)).status_code == 200
        assert town.readers() == {ADA: "pending", GRACE: "pending"}
        for link in links.values():
            town.confirm(link)
        assert town.readers() == {ADA: "active", GRACE: "active"}
        first = write_note(town.folder, 3, "Written While It Runs")
        run.expect("mail: 2 sent")
        assert run.end(signal.SIGKILL) == -signal.SIGKILL
    mails = town.newsletters(first)
    assert sorted(mail.recipient for mail in mails) == [ADA, GRACE]
    assert_headers(mails[0])
    assert "Written While It Runs" in text_of(mails[0].message)

    second = write_note(town.folder, 2, "Written While It Was Down")
    with town.run() as run:
        # It is killed before the first mail of the second day, which has been published.
        town.relay.notice = lambda step: run.process.kill()
        assert run.wait() == -signal.SIGKILL
    town.relay.notice = lambda _step: None
    assert town.newsletters(second) == []
    with town.run() as run:
        run.expect("mail: 2 sent")
        [ada] = [mail for mail in town.newsletters(second) if mail.recipient == ADA]
        leave = str(ada.message["List-Unsubscribe"]).strip("<>")
        assert town.client.get(town.here(leave)).status_code == 200
        assert town.readers()[ADA] == "active"
        assert town.client.post(town.here(leave), data=ONE_CLICK).status_code == 200
        assert town.readers()[ADA] == "left"
        third = write_note(town.folder, 1, "For Who Is Left")
        run.expect("mail: 1 sent")
        assert run.end(signal.SIGTERM) == 0
    expected = {first: [ADA, GRACE], second: [ADA, GRACE], third: [GRACE]}
    assert {
        day: sorted(mail.recipient for mail in town.newsletters(day)) for day in expected
    } == expected
    letters = 2
    assert len(town.relay.arrivals) == letters + 5
    posted = [(each["data"]["day"], each["data"]["lang"]) for each in town.posted]
    assert sorted(posted) == sorted((day, lang) for day in expected for lang in ("ko", "en"))
    assert len({each["id"] for each in town.posted}) == len(posted)


def assert_headers(mail: Arrival) -> None:
    message = mail.message
    assert message["To"] == mail.recipient
    assert message["From"] == '"Papers" <news@example.org>'
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(rf"<{BASE}ko/unsubscribe\?t=\S+>", message["List-Unsubscribe"])
    assert message["List-Id"] == '"Papers" <ko.newsletter.example.org>'
    assert message["List-Archive"] == f"<{BASE}ko/>"
    assert message["X-Paperround-Delivery"]
    assert message.get_content_type() == "multipart/alternative"
    assert re.search(rf"{BASE}ko/preferences\?t=\S+", text_of(message))


def test_a_signal_in_a_delivery_ends_it_soon_and_leaves_nothing_unknown(tmp_path: Path) -> None:
    readers = [f"reader-{number}@example.org" for number in range(20)]
    with open_town(tmp_path) as town:
        with open_state(load_config(town.folder / "paperround.toml")) as state:
            state.start([], datetime.now(UTC))
            add_readers(state.engine, readers)
        day = write_note(town.folder, 2, "To Many")
        with town.run() as run:
            signals = iter([signal.SIGTERM])

            def stop_it(step: str) -> None:
                if step == "content":
                    for number in signals:
                        run.process.send_signal(number)

            town.relay.notice = stop_it
            assert run.wait() == 0
        assert 0 < len(town.relay.arrivals) < len(readers)
        sent = len(town.relay.arrivals)
        assert town.line_states(day) == {"pending": len(readers) - sent, "sent": sent}
        with town.run() as run:
            town.relay.wait_for(len(readers))
            run.expect(f"mail: {len(readers) - sent} sent")
            assert run.end(signal.SIGTERM) == 0
        assert sorted(town.relay.recipients) == sorted(readers)
        assert town.line_states(day) == {"sent": len(readers)}
