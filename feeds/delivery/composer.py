"""From a line of the outbox to the bytes of a mail: rendered once for all who chose the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from sqlalchemy import Engine

from feeds.config import Config
from feeds.database.engine import explain_errors
from feeds.database.letters import LETTER_KINDS, LetterKind
from feeds.delivery.audience import choose, why_not
from feeds.delivery.message import MailTemplate, build_letter, prepare_message
from feeds.delivery.outbox import Line, read_mailed_articles, read_mailing
from feeds.delivery.variant import assemble
from feeds.model import Letter, Mailing, Subscriber
from feeds.personal import Personal
from feeds.secrets import Keys
from feeds.subscribers.links import Links

WriteLetter = Callable[[LetterKind, Subscriber, str | None, datetime], Letter]
Sign = Callable[[bytes], bytes]

Key = TypeVar("Key")
Value = TypeVar("Value")

_MOST_MAILINGS = 16
_MOST_TEMPLATES = 256
# A week may hold days that were late.
_OLDEST_IN_WEEK = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that is ready: to an address in ASCII, lines ended by CRLF, no dot at its end."""

    recipient: str
    content: bytes


class NobodysError(Exception):
    """A line that is for nobody any more, and why."""


class Composer:
    """Writes the mails of the outbox. Safe to call from several threads."""

    def __init__(
        self,
        engine: Engine,
        config: Config,
        keys: Keys,
        *,
        write_letter: WriteLetter,
        sign: Sign | None = None,
    ) -> None:
        self._engine = engine
        self._config = config
        self._keys = keys
        self._links = Links(keys, confirm_hours=config.readers.confirm_hours)
        self._write_letter = write_letter
        self._sign = sign
        self._mailings: _Kept[tuple[date, str, str], Mailing] = _Kept(_MOST_MAILINGS)
        self._templates: _Kept[tuple[object, ...], MailTemplate] = _Kept(_MOST_TEMPLATES)

    def compose(self, line: Line, now: datetime) -> Mail:
        """Write the mail of a line by what its reader wants now.

        :raises NobodysError: nobody is to have it.
        :raises DeliveryError: it cannot be written: an address that is none.
        :raises RenderError: a letter's template does not render.
        """
        reason = why_not(line, now, self._config)
        if reason or line.reader is None:
            raise NobodysError(reason)
        personal = self._address(line, line.reader, now)
        content = self._write(line, line.reader, personal, now)
        if self._sign is not None:
            content = self._sign(content)
        return Mail(recipient=personal.recipient, content=content)

    def _address(self, line: Line, reader: Subscriber, now: datetime) -> Personal:
        proof = self._keys.digest("delivery", f"{line.id}.{reader.token}").hex()
        name = line.day.isoformat() if line.day else line.kind
        return Personal(
            recipient=reader.address,
            message_id=f"<{name}.{line.id}.{proof[:32]}@{self._config.id_domain}>",
            delivery=f"{line.id}.{proof[32:]}",
            date=now.astimezone(self._config.zone).replace(microsecond=0),
            unsubscribe=self._links.unsubscribe(reader.token),
            preferences=self._links.preferences(reader.token, now),
        )

    def _write(self, line: Line, reader: Subscriber, personal: Personal, now: datetime) -> bytes:
        if line.day is None:
            kind = next(kind for kind in LETTER_KINDS if kind == line.kind)
            letter = self._write_letter(kind, reader, line.nonce, now)
            return build_letter(letter, self._config, personal)
        return self._find_template(line.day, line, reader).splice(personal)

    def _find_template(self, day: date, line: Line, reader: Subscriber) -> MailTemplate:
        # In the language that the reader wants now, where the day has an issue in it.
        key = (day, reader.preferences.lang, line.kind)
        mailing = self._mailings.get(key, lambda: self._read(*key))
        chosen = choose(mailing, reader.preferences.selection)
        if not chosen:
            raise NobodysError("no entry has the reader's tags")
        if line.had_days:
            chosen = self._leave_out_days(mailing, chosen, reader)
        return self._templates.get(
            (*key, chosen), lambda: prepare_message(assemble(mailing, chosen), self._config)
        )

    def _leave_out_days(
        self, mailing: Mailing, chosen: tuple[int, ...], reader: Subscriber
    ) -> tuple[int, ...]:
        """What of a week its reader has not had, who took the mail by the day when it began."""
        with explain_errors(self._engine), self._engine.begin() as connection:
            had = read_mailed_articles(
                connection, reader.id, mailing.lang, mailing.day - _OLDEST_IN_WEEK, mailing.day
            )
        left = tuple(number for number in chosen if mailing.entries[number].article not in had)
        if not left:
            raise NobodysError("the reader had all of it by the day")
        return left

    def _read(self, day: date, lang: str, kind: str) -> Mailing:
        with explain_errors(self._engine), self._engine.begin() as connection:
            mailing = read_mailing(connection, day, lang, kind)
        if mailing is None:
            raise NobodysError("the day has no issue in the reader's language")
        return mailing


class _Kept(Generic[Key, Value]):
    """Values by a key, each made once at a time; those that were asked for longest ago go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._making = Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        with self._making:
            if key not in self._values:
                self._values[key] = make()
                if len(self._values) > self._most:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]
