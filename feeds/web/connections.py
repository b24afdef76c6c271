"""One connection: bounds on what it may send, and on how long it may take over it.

The protocol of uvicorn waits for ever for the end of a request's head, and reads on as long as it
is sent. Here nobody holds a connection for long without asking for something, and whatever is no
request gets one line.
"""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from feeds.web.policies import safety_headers

HEAD_S = 20.0
"""How long the head of a request may take, in seconds."""
STALLED_S = 300.0
"""How long nothing of an answer may be fetched, in seconds; systems hold megabytes of it."""
_MOST_HEAD_BYTES = 64 * 1024
# Systems let a process have a thousand and some things open.
_MOST_CONNECTIONS = 900
# What was sent and not read yet would make the system throw our answer away.
_LEAVE_S = 2.0


class Connection(HttpToolsProtocol):
    """Speaks HTTP/1.1, by httptools."""

    head_s = HEAD_S
    stalled_s = STALLED_S

    _received = 0  # bytes of a head that is not complete
    _leaving = False
    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        # Else the body waits for the reader's word that it has the head: 40 ms on Linux. asyncio
        # sees to it by itself only where the listening socket was told its protocol.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > _MOST_CONNECTIONS:
            self.transport.abort()
        else:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._leaving:
            return
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._received = 0
            self._stop_waiting()
        elif before is None or before.response_complete:
            self._received += len(data)
            self._wait_for_head()
            if self._received > _MOST_HEAD_BYTES:
                self._leave(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif not before.more_body:
            self.flow.pause_reading()  # the next head may wait until this one is answered

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; ``msg`` is uvicorn's."""
        if self.pipeline:
            self.transport.abort()  # the answers to those that wait come first, and would follow it
            return
        if self.cycle is not None:
            self.cycle.disconnected = True  # its answer would be one to something else
        self._leave(HTTPStatus.BAD_REQUEST)

    def shutdown(self) -> None:
        if self._leaving:
            self.transport.close()
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size() + 1)

    def resume_writing(self) -> None:
        self._stop_watching()
        super().resume_writing()

    # -- the end of it -----------------------------------------------------------------------------

    def _leave(self, status: HTTPStatus) -> None:
        """Say why, and close when the other side has heard it."""
        if self._leaving or self.transport.is_closing():
            return
        self._leaving = True
        self._stop_waiting()
        self.transport.write(_line(status))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(_LEAVE_S, self.transport.close)

    # -- patience ----------------------------------------------------------------------------------

    def _wait_for_head(self) -> None:
        if self._deadline is None and not self._leaving:
            self._deadline = self.loop.call_later(self.head_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _watch(self, left: int) -> None:
        """Give up when as much is left to be fetched as a while ago."""
        now = self.transport.get_write_buffer_size()
        if now >= left:
            self.transport.abort()
        else:
            self._stalled = self.loop.call_later(self.stalled_s, self._watch, now)

    def _stop_watching(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def _line(status: HTTPStatus) -> bytes:
    """A whole answer; what is asked can be understood by nobody else."""
    text = f"{status.phrase}.\n".encode("ascii")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        *safety_headers(""),
    ]
    head = b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode("ascii"))
    return head + b"".join(b"%s: %s\r\n" % pair for pair in headers) + b"\r\n" + text
