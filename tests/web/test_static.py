from __future__ import annotations

import asyncio
import os
import socket
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from feeds.web.server import Server
from feeds.web.static import create_app

FILES: Mapping[str, str] = {
    "index.html": "<h1>home</h1>",
    "404.html": "<h1>nothing here</h1>",
    "ko/index.html": "<h1>한국어</h1>",
    "ko/feed.atom": "<feed/>",
    "ko/feed.rss": "<rss/>",
    "ko/feed.json": "{}",
    "feeds.opml": "<opml/>",
    "assets/site.css": "body {}",
    "assets/search.json": "[]",
    "ko/tags/강화학습/index.html": "<h1>tag</h1>",
    "images/0123456789abcdef0123.png": "a picture",
    "images/drawing.svg": "<svg/>",
    "data.unknown": "?",
    ".paperround-files": "index.html",
    ".git/config": "secret",
    "ko/.feed.atom.4711.tmp": "half",
    "ko/feed.atom.tmp": "half",
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    for name, text in FILES.items():
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "out"


def ask(
    out: Path,
    path: str,
    method: str = "GET",
    *,
    prefix: str = "",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(out, prefix=prefix))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(send())


# --- what is served -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/ko/", "text/html; charset=utf-8"),
        ("/ko/index.html", "text/html; charset=utf-8"),
        ("/ko/feed.atom", "application/atom+xml; charset=utf-8"),
        ("/ko/feed.rss", "application/rss+xml; charset=utf-8"),
        ("/ko/feed.json", "application/feed+json"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/assets/site.css", "text/css; charset=utf-8"),
        ("/assets/search.json", "application/json"),
        ("/images/0123456789abcdef0123.png", "image/png"),
        ("/images/drawing.svg", "image/svg+xml; charset=utf-8"),
        ("/data.unknown", "application/octet-stream"),
    ],
)
def test_a_file_has_its_media_type(out: Path, path: str, media_type: str) -> None:
    answer = ask(out, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type


def test_below_a_prefix_and_nowhere_else(out: Path) -> None:
    assert ask(out, "/papers/ko/feed.atom", prefix="/papers").text == "<feed/>"
    assert ask(out, "/papers/", prefix="papers/").text == "<h1>home</h1>"
    for path in ("/", "/papers"):
        answer = ask(out, path, prefix="/papers")
        assert (answer.status_code, answer.headers["location"]) == (308, "/papers/")
    for path in ("/ko/feed.atom", "/papersko/feed.atom", "/papers/papers/"):
        assert ask(out, path, prefix="/papers").status_code == 404


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_path_with_letters_of_any_script_is_found(out: Path, form: str) -> None:
    path = unicodedata.normalize(form, "/ko/tags/강화학습/")  # type: ignore[arg-type]
    assert ask(out, path).text == "<h1>tag</h1>"
    answer = ask(out, "/ko/tags/강화학습")
    assert answer.status_code == 308
    assert answer.headers["location"] == "/ko/tags/%EA%B0%95%ED%99%94%ED%95%99%EC%8A%B5/"


def test_what_is_not_there_has_a_page_of_its_own(out: Path) -> None:
    answer = ask(out, "/ko/nothing/")
    assert (answer.status_code, answer.text) == (404, "<h1>nothing here</h1>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    (out / "404.html").unlink()
    answer = ask(out, "/ko/nothing/")
    assert (answer.status_code, answer.text) == (404, "There is no such page.\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_folder_that_was_never_built_is_served_as_empty(tmp_path: Path) -> None:
    assert ask(tmp_path / "out", "/").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_no_other_method_is_answered(out: Path, method: str) -> None:
    answer = ask(out, "/ko/", method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_tells_the_same_without_the_file(out: Path) -> None:
    got, head = ask(out, "/ko/feed.atom"), ask(out, "/ko/feed.atom", "HEAD")
    assert head.content == b""
    assert head.headers == got.headers
    assert head.headers["content-length"] == "7"


@pytest.mark.parametrize(("path", "status"), [("/ko/", 200), ("/x", 404), ("/ko", 308)])
def test_no_script_runs_in_anything_served(out: Path, path: str, status: int) -> None:
    answer = ask(out, path)
    assert answer.status_code == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


# --- asking again ---------------------------------------------------------------------------------


def test_a_reader_that_has_the_file_gets_no_copy(out: Path) -> None:
    first = ask(out, "/ko/feed.atom")
    tag = first.headers["etag"]
    for condition in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = ask(out, "/ko/feed.atom", headers={"If-None-Match": condition})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "cache-control", "last-modified"):
            assert again.headers[name] == first.headers[name]
        assert "content-type" not in again.headers


def test_a_change_of_the_same_length_and_time_is_told_by_its_tag(out: Path) -> None:
    path = out / "ko" / "feed.atom"
    tag, status = ask(out, "/ko/feed.atom").headers["etag"], path.stat()
    path.write_text("<food/>")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    answer = ask(out, "/ko/feed.atom", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.text) == (200, "<food/>")


def test_a_date_is_a_condition_where_there_is_no_tag(out: Path) -> None:
    os.utime(out / "ko" / "feed.atom", (1_700_000_000, 1_700_000_000))
    since = ask(out, "/ko/feed.atom").headers["last-modified"]
    assert since == "Tue, 14 Nov 2023 22:13:20 GMT"

    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(out, "/ko/feed.atom", headers=named).status_code

    assert status(if_modified_since=since) == 304
    assert status(if_modified_since="Tue, 14 Nov 2023 22:13:19 GMT") == 200
    assert status(if_modified_since="yesterday") == 200
    assert status(if_modified_since=since, if_none_match='"other"') == 200


def test_pictures_are_kept_and_everything_else_is_asked_for(out: Path) -> None:
    picture = ask(out, "/images/0123456789abcdef0123.png").headers["cache-control"]
    assert picture == "public, max-age=31536000, immutable"
    for path in ("/ko/", "/ko/feed.atom", "/images/drawing.svg", "/nothing"):
        assert ask(out, path).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("asked", "status", "text", "told"),
    [
        ("bytes=0-2", 206, "a p", "bytes 0-2/9"),
        ("bytes=7-", 206, "re", "bytes 7-8/9"),
        ("bytes=-2", 206, "re", "bytes 7-8/9"),
        ("bytes=-99", 206, "a picture", "bytes 0-8/9"),
        ("bytes=0-99", 206, "a picture", "bytes 0-8/9"),
        ("bytes=9-", 416, "", "bytes */9"),
        ("bytes=-0", 416, "", "bytes */9"),
        ("bytes=0-1,3-4", 200, "a picture", None),
        ("bytes=2-1", 200, "a picture", None),
        ("bytes=-", 200, "a picture", None),
        ("pages=1-2", 200, "a picture", None),
    ],
)
def test_a_part_of_a_file(out: Path, asked: str, status: int, text: str, told: str | None) -> None:
    answer = ask(out, "/images/0123456789abcdef0123.png", headers={"Range": asked})
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers.get("content-range") == told


def test_a_part_goes_only_with_the_file_it_is_a_part_of(out: Path) -> None:
    path = "/images/0123456789abcdef0123.png"
    tag = ask(out, path).headers["etag"]
    part = ask(out, path, headers={"Range": "bytes=0-2", "If-Range": tag})
    assert part.status_code == 206
    whole = ask(out, path, headers={"Range": "bytes=0-2", "If-Range": '"other"'})
    assert (whole.status_code, whole.text) == (200, "a picture")


# --- what is not served ---------------------------------------------------------------------------

ESCAPES = [
    "/../secret.txt",
    "/ko/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/ko/%2e%2e/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/ko/..\\..\\secret.txt",
    "//etc/passwd",
    "/%2fetc/passwd",
    "/C:/secret.txt",
    "/ko/feed.atom%00.html",
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
    "/pipe.html",
    "/" + "a" * 5000,
    "/%ff%fe",
    "/%ed%a0%80",
]


@pytest.fixture
def trapped(out: Path) -> Path:
    (out / "link.txt").symlink_to(out.parent / "secret.txt")
    (out / "folder").symlink_to(out.parent)
    (out / "hidden.txt").symlink_to(out / ".git" / "config")
    os.mkfifo(out / "pipe.html")
    return out


def send_raw(server: Server, path: str) -> bytes:
    """Send a path as it is: clients tidy ``..`` away before they ask."""
    with socket.create_connection((server.host, server.port), timeout=30) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode()
        )
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes in folders")
def test_nothing_hidden_unfinished_or_outside_is_served(trapped: Path) -> None:
    with Server(create_app(trapped), host="127.0.0.1", port=0) as server:
        for path in ESCAPES:
            answer = send_raw(server, path)
            assert answer.split(b" ")[1] in (b"400", b"404"), path
            assert b"secret" not in answer, path


def test_a_link_that_stays_inside_is_followed(out: Path) -> None:
    (out / "latest.atom").symlink_to(out / "ko" / "feed.atom")
    assert ask(out, "/latest.atom").text == "<feed/>"


def test_no_redirect_leads_to_another_host(out: Path) -> None:
    (out / "example.com").mkdir()
    (out / "example.com" / "index.html").write_text("x")
    for path in ("//example.com", "/%2fexample.com", "/\\example.com", "///example.com"):
        with Server(create_app(out), host="127.0.0.1", port=0) as server:
            assert b"location" not in send_raw(server, path).lower()
    assert ask(out, "/example.com").headers["location"] == "/example.com/"
