"""Serving an application from a thread, for as long as a block runs."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from feeds.errors import InUseError, PaperroundError
from feeds.web.connections import Connection

_START_S = 10
# How long a reader that is still downloading is waited for at the end.
_FAREWELL_S = 1
# Python looks for signals between two waits, which Windows needs.
_SIGNAL_S = 0.5


class _Announcing(uvicorn.Server):
    """Tells another thread when it has begun to answer."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class Server:
    """Listens from the moment it is made, answers while its block runs.

    ``port`` 0 takes any free one; ``address`` tells which.

    :raises InUseError: another program has the port.
    :raises PaperroundError: this machine cannot listen there.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str,
        port: int,
        connection: type[Connection] = Connection,
    ) -> None:
        self._socket = _listen(host, port)
        self.host, self.port = host, self._socket.getsockname()[1]
        self._server = _Announcing(
            uvicorn.Config(
                app,
                http=connection,
                ws="none",
                # Who asks is told from the connection, not from what a header says.
                proxy_headers=False,
                log_config=None,
                # What strangers send is no warning.
                log_level="error",
                access_log=False,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=_FAREWELL_S,
            )
        )
        self._thread = Thread(target=self._serve, name="serve", daemon=True)

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  # compared, not listened on
        return f"http://[{shown}]:{self.port}" if ":" in shown else f"http://{shown}:{self.port}"

    def below(self, prefix: str) -> str:
        """Where a path prefix (``papers``, or nothing) of what is served is found."""
        return f"{self.address}/{prefix}/" if prefix else f"{self.address}/"

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.ready.wait(_START_S)  # ending it before it has begun would leave things open
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()

    def _serve(self) -> None:
        with self._socket:
            self._server.run(sockets=[self._socket])


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise PaperroundError(f"{port} is no port; expected 0 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InUseError(
                f"port {port} of {host} is in use by another program; choose another with --port"
            ) from error
        reason = error.strerror or str(error)
        raise PaperroundError(f"cannot listen on port {port} of {host}: {reason}") from error


@contextmanager
def stop_signals() -> Iterator[Event]:
    """An event that SIGINT (Ctrl+C) and SIGTERM set while the block runs; for the main thread."""
    stop = Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for(stop: Event) -> None:
    """Wait until an event is set."""
    while not stop.wait(_SIGNAL_S):
        pass
