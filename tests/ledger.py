"""A real SMTP server that keeps a ledger of what arrived, outside of what is tried."""

from __future__ import annotations

import asyncio
import email
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from threading import Condition
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was taken: on which session, as which of it, and what it was."""

    session: int
    recipient: str
    message_id: str
    content: bytes

    @property
    def message(self) -> Message:
        """The message, parsed."""
        return email.message_from_bytes(self.content)


@dataclass
class Ledger:
    """What arrived, in order. ``reply`` says what a message or a recipient is answered.

    ``notice`` is called with each thing that happens (``rcpt``, ``content``, ``taken``), in the
    server's thread, before the other side hears of it.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    recipients_asked: list[str] = field(default_factory=list)
    reply: Callable[[str, str], str | None] = lambda _step, _recipient: None
    notice: Callable[[str], None] = lambda _step: None
    changed: Condition = field(default_factory=Condition)
    sessions: dict[Session, int] = field(default_factory=dict)

    @property
    def recipients(self) -> list[str]:
        """Who was sent a message, as often as they were."""
        return [arrival.recipient for arrival in self.arrivals]

    def wait_for(self, count: int, timeout_s: float = 30) -> None:
        """Wait until so many messages have arrived."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.arrivals) >= count, timeout_s)

    # What aiosmtpd calls, by the names that it has for it:

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, said: list[str]
    ) -> list[str]:
        session.host_name = name
        return ["250-PIPELINING", *said]

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        self.recipients_asked.append(address)
        self.notice("rcpt")
        if answer := self.reply("rcpt", address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.notice("content")
        [recipient] = envelope.rcpt_tos
        if answer := self.reply("content", recipient):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        number = self.sessions.setdefault(session, len(self.sessions))
        message_id = str(email.message_from_bytes(content)["Message-ID"])
        with self.changed:
            self.arrivals.append(Arrival(number, recipient, message_id, content))
            self.changed.notify_all()
        self.notice("taken")
        return "250 OK"


@contextmanager
def listening(ledger: Ledger, **options: Any) -> Iterator[int]:
    """Serve a ledger on a free port of this machine; yields the port."""
    controller = _AnyPort(ledger, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class _AnyPort(Controller):
    """Takes port 0 for any free one; the library would look for an answer at 0 itself."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library has no types
