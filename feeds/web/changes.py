"""Telling every open page that something changed: from any thread, to coroutines that wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from threading import Lock


class Changes:
    """A bell: ``tell`` rings it, and whoever listens hears it; ``close`` sends them home."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._closed = False

    def tell(self) -> None:
        """Tell all who listen now."""
        with self._lock:
            listeners = list(self._listeners.items())
        for event, loop in listeners:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        """End every listening, and any that is begun later."""
        self._closed = True
        self.tell()

    async def listen(self, *, pause_s: float) -> AsyncIterator[bool]:
        """Yield True after a change and False after a pause without any, until closed.

        The first is a False at once: from there on no change is missed.
        """
        event = asyncio.Event()
        with self._lock:
            self._listeners[event] = asyncio.get_running_loop()
        try:
            yield False
            while not self._closed:
                try:
                    await asyncio.wait_for(event.wait(), pause_s)
                except TimeoutError:
                    yield False
                    continue
                event.clear()
                if not self._closed:
                    yield True
        finally:
            with self._lock:
                del self._listeners[event]
