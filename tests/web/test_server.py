from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from feeds.errors import InUseError, PaperroundError
from feeds.web.server import Server
from feeds.web.static import create_app

SERVE = (
    "import sys; from pathlib import Path\n"
    "from feeds.web.server import Server, stop_signals, wait_for\n"
    "from feeds.web.static import create_app\n"
    "with stop_signals() as stop, Server(create_app(Path(sys.argv[1])), host='127.0.0.1', port=0)"
    " as server:\n"
    "    print(server.address, flush=True)\n"
    "    wait_for(stop)\n"
)


def test_a_feed_is_fetched_and_asked_for_again_over_a_real_socket(tmp_path: Path) -> None:
    (tmp_path / "feed.atom").write_text("<feed/>")
    with Server(create_app(tmp_path), host="127.0.0.1", port=0) as server, httpx.Client() as client:
        first = client.get(f"{server.address}/feed.atom")
        assert (first.status_code, first.text) == (200, "<feed/>")
        tag = {"If-None-Match": first.headers["etag"]}
        assert client.get(f"{server.address}/feed.atom", headers=tag).status_code == 304
        (tmp_path / "feed.atom").write_text("<feed>new</feed>")
        assert client.get(f"{server.address}/feed.atom", headers=tag).status_code == 200
        assert client.head(f"{server.address}/feed.atom").headers["content-length"] == "16"


def test_who_asks_is_told_from_the_connection_and_not_from_what_a_header_says() -> None:
    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        told = f"{scope['client'][0]} {scope['scheme']}"
        await PlainTextResponse(told)(scope, receive, send)

    forged = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    with Server(tell, host="127.0.0.1", port=0) as server:
        assert httpx.get(server.address, headers=forged).text == "127.0.0.1 http"


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InUseError, match=f"port {port} of 127.0.0.1 is in use by another"):
            Server(create_app(tmp_path), host="127.0.0.1", port=port)


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [("192.0.2.1", 0, "cannot listen on port 0 of 192.0.2.1"), ("127.0.0.1", 70000, "no port")],
)
def test_an_address_that_is_none_of_this_machine_is_told(
    tmp_path: Path, host: str, port: int, message: str
) -> None:
    with pytest.raises(PaperroundError, match=message):
        Server(create_app(tmp_path), host=host, port=port)


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "index.html").write_text("home")
    program = [sys.executable, "-X", "dev", "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with httpx.Client() as client:  # a connection that is kept open does not keep it waiting
            assert client.get(address).text == "home"
            process.send_signal(number)
            _out, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints) == (0, "")
