from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from feeds.web.server import Server
from feeds.web.static import create_app
from tests.web.serving import ask, fill

FOR_EVER = "public, max-age=31536000, immutable"
A_FEED = "public, max-age=300, must-revalidate"
A_PAGE = "public, max-age=60, must-revalidate"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return fill(tmp_path)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/ko/", "text/html; charset=utf-8"),
        ("/ko/index.html", "text/html; charset=utf-8"),
        ("/ko/feed.atom", "application/atom+xml; charset=utf-8"),
        ("/ko/feed.rss", "application/rss+xml; charset=utf-8"),
        ("/ko/feed.json", "application/feed+json"),
        ("/ko/entries.json", "application/json"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/sitemap.xml", "application/xml; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/assets/site.0123456789abcdef.css", "text/css; charset=utf-8"),
        ("/assets/site.0123456789abcdef.js", "text/javascript; charset=utf-8"),
        ("/images/0123456789abcdef0123.png", "image/png"),
        ("/images/drawing.svg", "image/svg+xml; charset=utf-8"),
        ("/data.unknown", "application/octet-stream"),
    ],
)
def test_a_file_has_its_media_type(out: Path, path: str, media_type: str) -> None:
    answer = ask(out, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/images/0123456789abcdef0123.png", FOR_EVER),
        ("/assets/site.0123456789abcdef.css", FOR_EVER),
        ("/assets/search/ko/words-0.012345.json", FOR_EVER),
        ("/ko/feed.atom", A_FEED),
        ("/ko/feed.rss", A_FEED),
        ("/ko/feed.json", A_FEED),
        ("/feeds.opml", A_FEED),
        ("/", A_PAGE),
        ("/ko/2026/11/03/newsletter.html", A_PAGE),
        ("/ko/entries.json", "no-cache"),
        ("/images/drawing.svg", "no-cache"),
        ("/ko", "no-cache"),
        ("/nothing", "no-store"),
    ],
)
def test_an_answer_is_kept_as_long_as_it_stays_true(out: Path, path: str, kept: str) -> None:
    assert ask(out, path).headers["cache-control"] == kept


def test_below_a_prefix_and_nowhere_else(out: Path) -> None:
    assert ask(out, "/papers/ko/feed.atom", prefix="/papers").text == "<feed/>"
    assert ask(out, "/papers/", prefix="papers/").text == "<h1>home</h1>"
    for path in ("/", "/papers"):
        answer = ask(out, path, prefix="/papers")
        assert (answer.status_code, answer.headers["location"]) == (308, "/papers/")
    for path in ("/ko/feed.atom", "/papersko/feed.atom", "/papers/papers/"):
        assert ask(out, path, prefix="/papers").status_code == 404


def test_what_crawlers_look_for_is_at_the_top_of_the_host_as_well(out: Path) -> None:
    for path in ("/robots.txt", "/papers/robots.txt"):
        assert ask(out, path, prefix="/papers").text == "User-agent: *\n"
    for path in ("/favicon.ico", "/papers/favicon.ico"):
        answer = ask(out, path, prefix="/papers")
        assert (answer.status_code, answer.text) == (404, "There is no such file.\n")
    (out / "assets" / "icon.0123456789abcdef.svg").write_text("<svg/>")
    answer = ask(out, "/favicon.ico", prefix="/papers")
    assert answer.status_code == 308
    assert answer.headers["location"] == "/papers/assets/icon.0123456789abcdef.svg"
    (out / "favicon.ico").write_text("an icon")
    assert ask(out, "/favicon.ico", prefix="/papers").headers["content-type"] == "image/x-icon"
    for prefix in ("", "/papers"):
        assert ask(out, "/.well-known/security.txt", prefix=prefix).status_code == 404


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
    assert answer.headers["x-robots-tag"] == "noindex"
    (out / "404.html").unlink()
    answer = ask(out, "/ko/nothing/")
    assert (answer.status_code, answer.text) == (404, "There is no such page.\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_folder_that_is_not_there_is_to_be_asked_for_later(out: Path) -> None:
    with Server(create_app(out), host="127.0.0.1", port=0) as server:
        assert httpx.get(f"{server.address}/ko/feed.atom").status_code == 200
        shutil.rmtree(out)
        for path in ("/", "/ko/feed.atom"):
            answer = httpx.get(f"{server.address}{path}")
            assert (answer.status_code, answer.text) == (503, "Nothing has been built yet.\n")
            assert answer.headers["retry-after"] == "60"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_no_other_method_is_answered(out: Path, method: str) -> None:
    answer = ask(out, "/ko/", method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["connection"] == "close"  # whatever else it sends is not read


def test_head_tells_the_same_without_the_file(out: Path) -> None:
    got, head = ask(out, "/ko/feed.atom"), ask(out, "/ko/feed.atom", "HEAD")
    assert head.content == b""
    assert head.headers == got.headers
    assert head.headers["content-length"] == "7"
    part = ask(out, "/ko/feed.atom", "HEAD", headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.headers) == (200, got.headers)


# --- what browsers are told to refuse -------------------------------------------------------------


@pytest.mark.parametrize(("path", "status"), [("/ko/", 200), ("/x", 404), ("/ko", 308)])
def test_a_page_runs_nothing_but_what_is_beside_it(out: Path, path: str, status: int) -> None:
    answer = ask(out, path)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


def test_a_mail_has_its_own_styles_and_no_script(out: Path) -> None:
    policy = ask(out, "/ko/2026/11/03/newsletter.html").headers["content-security-policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize(
    "path",
    ["/ko/feed.atom", "/ko/feed.rss", "/ko/feed.json", "/feeds.opml", "/images/drawing.svg"],
)
def test_feeds_and_pictures_are_for_readers_on_other_sites_as_well(out: Path, path: str) -> None:
    answer = ask(out, path)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-security-policy"].endswith("; sandbox")
    again = ask(out, path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_error_is_no_way_around_the_policy(out: Path, method: str) -> None:
    answer = ask(out, "/%2e%2e/%2e%2e/etc/passwd", method)
    assert answer.status_code in (404, 405)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


# --- feeds that are made when they are asked for --------------------------------------------------


class Echo:
    """Answers for feeds with what it was asked, and keeps none."""

    def recall(self, _path: str, _query: bytes) -> None:
        return None

    def answer(self, path: str, query: bytes, asked: Headers) -> Response | None:
        if query == b"page=2":
            return None
        if query == b"broken":
            raise ZeroDivisionError
        return PlainTextResponse(f"{path} {query.decode()} {asked.get('range')}")


def test_a_query_is_for_those_who_make_feeds_first(out: Path) -> None:
    app = create_app(out, prefix="/papers", feeds=Echo())
    with Server(app, host="127.0.0.1", port=0) as server:
        place = f"{server.below('papers')}ko/feed.atom"
        made = httpx.get(f"{place}?any=rl,%ED%95%9C")
        assert made.text == "ko/feed.atom any=rl,%ED%95%9C None"
        assert made.headers["access-control-allow-origin"] == "*"
        assert httpx.get(f"{place}?page=2").text == "<feed/>"
        assert httpx.get(place).text == "<feed/>"
        assert httpx.post(f"{place}?any=rl").status_code == 405
        headers = {"Range": "bytes=0-1"}
        assert httpx.get(f"{place}?any=rl", headers=headers).text.endswith(" bytes=0-1")
        head = httpx.head(f"{place}?any=rl", headers=headers)
        assert head.headers["content-length"] == str(len("ko/feed.atom any=rl None"))


def test_a_fault_is_answered_in_one_line_and_logged(
    out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(out, feeds=Echo())
    with Server(app, host="127.0.0.1", port=0) as server:
        answer = httpx.get(f"{server.address}/ko/feed.atom?broken")
        assert (answer.status_code, answer.text) == (500, "Something went wrong here.\n")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert httpx.get(f"{server.address}/ko/feed.atom").status_code == 200
    assert "ZeroDivisionError" in caplog.text
