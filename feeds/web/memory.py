"""Bytes that are served often, kept in memory within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock


class Memory:
    """Bytes by a key; those that were asked for longest ago go first. For any thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._changing = Lock()

    def get(self, key: Hashable) -> bytes | None:
        """What was kept under a key, if it is still here."""
        with self._changing:
            content = self._kept.get(key)
            if content is not None:
                self._kept.move_to_end(key)
            return content

    def keep(self, key: Hashable, content: bytes) -> None:
        """Keep what takes no more than a sixteenth of all there is room for."""
        if len(content) > self._most_bytes // 16:
            return
        with self._changing:
            self._bytes += len(content) - len(self._kept.pop(key, b""))
            self._kept[key] = content
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1])
