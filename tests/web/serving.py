"""A small folder to serve, and ways to ask for what is in it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path

import httpx

from feeds.web.server import Server
from feeds.web.static import create_app

FILES: Mapping[str, str] = {
    "index.html": "<h1>home</h1>",
    "404.html": "<h1>nothing here</h1>",
    "robots.txt": "User-agent: *\n",
    "ko/index.html": "<h1>한국어</h1>",
    "ko/feed.atom": "<feed/>",
    "ko/feed.rss": "<rss/>",
    "ko/feed.json": "{}",
    "ko/entries.json": "{}",
    "ko/2026/11/03/newsletter.html": "<h1>mail</h1>",
    "feeds.opml": "<opml/>",
    "sitemap.xml": "<urlset/>",
    "assets/site.0123456789abcdef.css": "body {}",
    "assets/site.0123456789abcdef.js": "1",
    "assets/search/ko/words-0.012345.json": "[]",
    "ko/tags/강화학습/index.html": "<h1>tag</h1>",
    "images/0123456789abcdef0123.png": "a picture",
    "images/drawing.svg": "<svg/>",
    "data.unknown": "?",
    ".paperround-files": "index.html",
    ".git/config": "secret",
    "ko/.feed.atom.4711.tmp": "half",
    "ko/feed.atom.tmp": "half",
}


def fill(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """Write files into ``out`` in a folder, with a secret beside it; return ``out``."""
    (folder / "secret.txt").write_text("secret")
    for name, text in files.items():
        path = folder / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "out"


def ask(
    out: Path,
    path: str,
    method: str = "GET",
    *,
    prefix: str = "",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Ask an application that has just been made, without a socket."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(out, prefix=prefix))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(send())


def send_raw(server: Server, request: bytes) -> bytes:
    """Send bytes as they are, which clients tidy up before they ask; read to the end."""
    with socket.create_connection((server.host, server.port), timeout=30) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def get_raw(server: Server, target: str, *headers: str) -> bytes:
    """Get a target as it is written."""
    lines = [f"GET {target} HTTP/1.1", "Host: test", "Connection: close", *headers, "", ""]
    return send_raw(server, "\r\n".join(lines).encode())


def status_of(answer: bytes) -> int:
    """The status of an answer that was read raw."""
    return int(answer.split(b" ", 2)[1])
