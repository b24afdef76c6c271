"""Those who hold a connection without asking for anything; over real sockets."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import httpx
import pytest
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from feeds.web.connections import Connection
from feeds.web.server import Server
from feeds.web.static import create_app
from tests.web.serving import fill, status_of

LARGE = "x" * 12_000_000
ASK = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
lost: defaultdict[int, Event] = defaultdict(Event)  # by the port of those who asked


class Impatient(Connection):
    """Gives up soon, and tells when a connection has ended."""

    head_s = 0.3
    stalled_s = 0.3

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.client:
            lost[self.client[1]].set()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("connections")
    out = fill(folder, {"index.html": "<h1>home</h1>", "large.bin": LARGE})
    app = create_app(out)
    with Server(app, host="127.0.0.1", port=0, connection=Impatient) as running:
        yield running


def connect(server: Server) -> socket.socket:
    connection = socket.create_connection((server.host, server.port), timeout=20)
    lost[port_of(connection)].clear()
    return connection


def port_of(connection: socket.socket) -> int:
    return int(connection.getsockname()[1])


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: te"])
def test_who_never_asks_is_not_waited_for(server: Server, sent: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(sent)
        assert connection.recv(100) == b""


def test_who_asks_a_letter_at_a_time_is_not_waited_for(server: Server) -> None:
    with connect(server) as connection:
        letters = 0
        while not lost[port_of(connection)].wait(0.01):
            connection.sendall(b"x")
            letters += 1
    assert 1 < letters < 500


def test_the_second_request_of_a_connection_has_to_come_in_time_as_well(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(ASK)
        answer = b""
        while not answer.endswith(b"<h1>home</h1>"):
            answer += connection.recv(65536)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: te")
        assert connection.recv(100) == b""


def test_a_head_without_end_is_refused_with_a_line_that_arrives(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200_000)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert status_of(answer) in (400, 431)
    assert b"default-src 'none'" in answer


def test_who_fetches_nothing_of_an_answer_is_not_waited_for(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(ASK.replace(b"/", b"/large.bin", 1))
        assert lost[port_of(connection)].wait(20)
        received = sum(len(part) for part in iter(lambda: connection.recv(65536), b""))
    assert 0 < received < len(LARGE)  # what the system had taken already


def test_who_fetches_slowly_gets_it_all(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(ASK.replace(b"/", b"/large.bin", 1))
        received = 0
        while received < len(LARGE):
            part = connection.recv(400_000)
            assert part
            received += len(part)
            lost[port_of(connection)].wait(0.005)


def test_no_more_is_read_of_a_head_while_another_answer_is_made() -> None:
    asked, ready = Event(), Event()

    async def take_time(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await run_in_threadpool(ready.wait, 20)
        await PlainTextResponse("done")(scope, receive, send)

    most = 64_000_000
    sent = 0
    with Server(take_time, host="127.0.0.1", port=0) as server, connect(server) as connection:
        connection.sendall(ASK)
        assert asked.wait(20)
        connection.sendall(b"GET / HTTP/1.1\r\n")
        connection.settimeout(0.5)
        with suppress(TimeoutError):
            while sent < most:
                sent += connection.send(b"X: y\r\n" * 10_000)
        ready.set()
    assert sent < most  # what the two systems hold between them


@pytest.mark.parametrize("first", [ASK, ASK * 3])
def test_what_follows_a_request_and_is_none_is_no_fault_of_ours(
    server: Server, first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(server) as connection:
        connection.sendall(first + b"no request\r\n\r\n")
        with suppress(ConnectionResetError):
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
            assert not answer or status_of(answer) == 400
    assert httpx.get(f"{server.address}/").status_code == 200
    assert not [record for record in caplog.records if record.exc_info]


def test_who_offers_another_protocol_is_answered_in_this_one_and_may_ask_again(
    server: Server,
) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n"
    with connect(server) as connection:
        for request in (ASK[:-2] + offer, ASK):
            connection.sendall(request)
            answer = b""
            while not answer.endswith(b"<h1>home</h1>"):
                answer += connection.recv(65536)
            assert status_of(answer) == 200


def test_others_are_answered_meanwhile(server: Server) -> None:
    waiting = [connect(server) for _ in range(50)]
    try:
        for connection in waiting:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        assert httpx.get(f"{server.address}/").status_code == 200
    finally:
        for connection in waiting:
            connection.close()


def test_beyond_a_number_of_connections_the_newest_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.web.connections._MOST_CONNECTIONS", 3)
    out = fill(tmp_path, {"index.html": "<h1>home</h1>"})
    with Server(create_app(out), host="127.0.0.1", port=0) as server:
        first = [connect(server) for _ in range(3)]
        with httpx.Client() as client, pytest.raises(httpx.TransportError):
            client.get(f"{server.address}/")
        for connection in first:
            connection.sendall(ASK)
            assert connection.recv(10) == b"HTTP/1.1 2"
            connection.close()
