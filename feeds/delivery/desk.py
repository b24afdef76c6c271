"""What one connection has to keep of what it did, and in which words."""

from __future__ import annotations

import logging
import re
from threading import Event

from feeds.delivery.journal import Entry, Journal
from feeds.delivery.outbox import Operation
from feeds.errors import StateError

log = logging.getLogger(__name__)

_UNTIL_KEPT_S = 1.0


class Desk:
    """What a connection has to keep.

    A result goes with the next commit of any connection: so it is kept soon, and costs no commit of
    its own.
    """

    def __init__(self, journal: Journal, stop: Event) -> None:
        self._journal = journal
        self._stop = stop
        self._left: list[Entry] = []
        self._results: list[Operation] = []  # that could not be kept yet

    def keep(self, result: Operation) -> None:
        """Keep a result with the next commit, or at the end."""
        self._left.append(self._journal.leave([result]))

    def commit(self, mark: Operation) -> bool:
        """Commit a mark, with what waits; tell whether the mail may end with its dot."""
        self._look()
        counts = self._journal.commit([*self._results, mark])
        self._results.clear()
        self.flush()  # what somebody else could not keep, of which there is hardly ever any
        return counts[-1] == 1

    def flush(self) -> None:
        """Commit what waits, now."""
        self._look()
        while self._left or self._results:
            self._journal.commit(self._results)
            self._results.clear()
            self._look()

    def close(self) -> None:
        """Commit what waits. The relay took these mails, so it is tried until it can be kept."""
        while True:
            try:
                self.flush()
            except StateError as error:
                log.error("what the relay took is not kept yet: %s", error)  # noqa: TRY400  # one line for a person
                if self._stop.wait(_UNTIL_KEPT_S):
                    return
            else:
                return

    def _look(self) -> None:
        """See what became of results that were left to others."""
        left, self._left = self._left, []
        for entry in left:
            if not entry.done:
                self._left.append(entry)
            elif entry.error is not None:
                self._results.extend(entry.operations)


def hide_address(said: str, address: str) -> str:
    """What a relay said without the address, which is nobody's to read here."""
    hidden = said
    for part in (address, address.rpartition("@")[0]):
        # Seldom there: a pattern for each reader would cost more than it finds.
        if len(part) > 2 and part.casefold() in hidden.casefold():
            hidden = re.sub(re.escape(part), "…", hidden, flags=re.IGNORECASE)
    return hidden


def on_one_line(error: Exception) -> str:
    """What an error says, or what it is called."""
    said = str(error) or type(error).__name__
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())
