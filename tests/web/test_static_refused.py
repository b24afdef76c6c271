"""What is not served, and requests that no reader sends; over real sockets, as they are written."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feeds.web.paths import decode_path
from feeds.web.server import Server
from feeds.web.static import create_app
from tests.web.serving import ask, fill, get_raw, send_raw, status_of

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no pipes in folders")

ESCAPES = [
    "/../secret.txt",
    "/ko/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/ko/%2e%2e/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/ko/..\\..\\secret.txt",
    "/%252e%252e/secret.txt",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/C:/secret.txt",
    "/ko%2ffeed.atom",
    "/ko%2Ffeed.atom",
    "/ko%5Cfeed.atom",
    "/ko/feed.atom%00.html",
    "/ko/feed.atom%00",
    "/ko/feed.atom%0d%0aX-Injected:%201",
    "/ko//feed.atom",
    "/./index.html",
    "/ko/feed.atom/",
    "/.paperround-files",
    "/.git/config",
    "/ko/.feed.atom.4711.tmp",
    "/ko/feed.atom.tmp",
    "/link.txt",
    "/folder/secret.txt",
    "/hidden.txt",
    "/gone.txt",
    "/circle.txt",
    "/pipe.html",
    "/null.txt",
    "/index.html::$DATA",
    "/" + "a" * 5000,
    "/%",
    "/%2",
    "/%zz",
    "/ko/feed.atom%",
    "/%ff%fe",
    "/%ed%a0%80",
    "/%c0%ae%c0%ae/secret.txt",
    "/%c0%af",
    "/%e0%80%ae%e0%80%ae/secret.txt",
    "/%u002e%u002e/secret.txt",
    "http://test/../secret.txt",
    "*",
    "index.html",
    "file:///etc/passwd",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    out = fill(tmp_path_factory.mktemp("refused"))
    (out / "link.txt").symlink_to(out.parent / "secret.txt")
    (out / "folder").symlink_to(out.parent)
    (out / "hidden.txt").symlink_to(out / ".git" / "config")
    (out / "gone.txt").symlink_to(out / "nowhere")
    (out / "circle.txt").symlink_to(out / "circle.txt")
    (out / "null.txt").symlink_to("/dev/null")
    (out / "latest.atom").symlink_to(out / "ko" / "feed.atom")
    os.mkfifo(out / "pipe.html")
    with Server(create_app(out), host="127.0.0.1", port=0) as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that is sent from outside makes a traceback."""
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    assert not [record for record in records if record.exc_info]


@pytest.mark.parametrize("path", ESCAPES)
def test_nothing_hidden_unfinished_or_outside_is_served(server: Server, path: str) -> None:
    answer = get_raw(server, path)
    assert status_of(answer) in (400, 404)
    assert b"secret" not in answer
    assert b"x-injected" not in answer.lower()
    for header in (b"content-security-policy:", b"x-content-type-options: nosniff"):
        assert header in answer.lower()


def test_a_link_that_stays_inside_is_followed(server: Server) -> None:
    assert httpx.get(f"{server.address}/latest.atom").text == "<feed/>"


def test_a_target_with_its_host_is_the_path_in_it(server: Server) -> None:
    for target in ("http://test/ko/feed.atom", "HTTP://other.example:99/ko/feed.atom?x"):
        assert get_raw(server, target).endswith(b"\r\n\r\n<feed/>")
    for target in ("http://test/", "http://test/?x"):
        assert get_raw(server, target).endswith(b"<h1>home</h1>")
    assert decode_path(b"http://test") == "/"


def test_an_escaped_separator_is_no_separator_and_nothing_is_decoded_twice() -> None:
    assert decode_path(b"/a%2Fb") is None
    assert decode_path(b"/a%5cb") is None
    assert decode_path(b"/%252e%252e/") == "/%2e%2e/"
    assert decode_path(b"/100%25") == "/100%"
    assert decode_path("/한".encode()) == "/한"  # some clients do not escape


def test_no_redirect_leads_to_another_host(tmp_path: Path) -> None:
    out = fill(tmp_path, {"example.com/index.html": "x"})
    for prefix in ("", "/papers"):
        with Server(create_app(out, prefix=prefix), host="127.0.0.1", port=0) as server:
            for path in ("//example.com", "/%2fexample.com", "/\\example.com", "///example.com"):
                assert b"\r\nlocation:" not in get_raw(server, path).lower()
    assert ask(out, "/example.com").headers["location"] == "/example.com/"


# --- requests that no reader sends ----------------------------------------------------------------

HOST = b"Host: test\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", {200}),
        (b"GET / HTTP/1.0\r\n\r\n", {200}),
        (b'GET / HTTP/1.1\r\nHost: "><script>\r\nConnection: close\r\n\r\n', {200, 400}),
        (b"GET / HTTP/1.1\r\nHost: a/../b\\c:99999\r\nConnection: close\r\n\r\n", {200, 400}),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", {200, 400}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Host: other\r\n\r\n", {200, 400}),
        (b"GET /\r\n\r\n", {200, 400}),
        (b"GET\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200 + b"\r\n\r\n", {400}),
        (b"\x00\xff" * 500 + b"\r\n\r\n", {400}),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 405}),
        (b"GET / HTTP/9.9\r\n" + HOST + b"\r\n", {200, 400, 505}),
        (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {405, 400}),
        (b"CONNECT test:443 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
        (b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: \x00\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n folded\r\n" + HOST + b"\r\n", {200, 400}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\n\r\n", {200}),
        (
            (
                b"GET / HTTP/1.1\r\nHost: test\r\n"
                b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            ),
            {200, 400},
        ),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc", {405}),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", {400, 405}),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {400, 414, 431}),
        (b"GET /?" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 100_000 + b"\r\n\r\n", {400, 431}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 20_000 + b"\r\n", {400, 431}),
        (
            b"GET / HTTP/1.1\r\n" + HOST + b"If-None-Match: " + b'"x", ' * 20_000 + b"\r\n\r\n",
            {400, 431},
        ),
        (b"GET / HTTP/1.1\r\n" + HOST + b"If-None-Match: " + b"," * 9_000 + b"\r\n\r\n", {200}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Accept-Encoding: " + b"x," * 4000 + b"\r\n\r\n", {200}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Range: bytes=" + b"0-0," * 2500 + b"\r\n\r\n", {200}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X-Forwarded-Host: evil.example\r\n\r\n", {200}),
    ],
)
def test_a_strange_request_gets_a_plain_answer(
    server: Server, request_: bytes, statuses: set[int]
) -> None:
    answer = send_raw(server, request_)
    assert status_of(answer) in statuses
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"evil" not in answer
    assert b"script>" not in answer
    assert b"default-src 'none'" in head
    if status_of(answer) >= 400:
        assert body.count(b"\n") <= 1
        assert b"no-store" in head
    assert httpx.get(f"{server.address}/ko/feed.atom").text == "<feed/>"


def test_who_leaves_in_the_middle_disturbs_nobody(server: Server) -> None:
    for sent in (b"", b"GET", b"GET / HTTP/1.1\r\nHo", b"POST / HTTP/1.1\r\n" + HOST):
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(sent)
    assert httpx.get(f"{server.address}/ko/feed.atom").status_code == 200


def test_nothing_depends_on_what_a_proxy_or_a_reader_says_of_the_host(server: Server) -> None:
    told = ("Host: evil.example", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example")
    for path in ("/ko", "/nothing", "/ko/"):
        assert b"evil" not in get_raw(server, path, *told[1:])
        raw = f"GET {path} HTTP/1.0\r\n{told[0]}\r\n\r\n".encode()
        assert b"evil" not in send_raw(server, raw)
