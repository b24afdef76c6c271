from __future__ import annotations

import asyncio
import logging
import re
from datetime import date
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from feeds.errors import NoteError
from feeds.languages import load_languages
from feeds.model import OutputFile
from feeds.outputs.theme import Theme
from feeds.watch import Watched
from feeds.web.changes import Changes
from feeds.web.preview import create_preview, serving_preview

DAY = date(2024, 12, 17)


class Desk:
    """A note that is being written, and how it renders."""

    def __init__(self, folder: Path) -> None:
        self.note = folder / "note.txt"
        self.note.write_text("처음", encoding="utf-8")

    def render(self, lang: str) -> str:
        text = self.note.read_text(encoding="utf-8")
        if text == "broken":
            raise NoteError("note.txt", 3, "no <date>; expected one")
        if text == "fault":
            raise ZeroDivisionError("division by zero")
        return f"<p>{lang}: {text}</p>"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def app(desk: Desk, changes: Changes) -> Starlette:
    theme = Theme(load_languages(("ko", "en")))
    image = OutputFile(path="images/a.png", content=b"png", media_type="image/png")
    return create_preview(DAY, ("ko", "en"), theme, desk.render, changes, {image.path: image})


def ask(app: Starlette, path: str, host: str = "127.0.0.1:8001") -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.get(path)

    return asyncio.run(send())


def test_the_frame_offers_languages_and_widths(app: Starlette) -> None:
    page = ask(app, "/?lang=en&width=phone")
    assert page.status_code == 200
    assert "Tuesday, 17 December 2024" in page.text
    assert '<iframe class="phone" src="/newsletter?lang=en"' in page.text
    chosen = re.findall(r'aria-current="page">([^<]+)<', page.text)
    assert chosen == ["English", "Phone"]


def test_images_that_are_published_nowhere_yet_are_shown(app: Starlette) -> None:
    image = ask(app, "/images/a.png")
    assert (image.content, image.headers["content-type"]) == (b"png", "image/png")
    assert ask(app, "/images/b.png").status_code == 404
    policy = ask(app, "/newsletter").headers["content-security-policy"]
    assert "img-src 'self'" in policy


@pytest.mark.parametrize("query", ["", "?lang=xx&width=huge", "?lang=<script>"])
def test_what_is_not_offered_is_not_taken(app: Starlette, query: str) -> None:
    page = ask(app, f"/{query}")
    assert '<html lang="ko"' in page.text
    assert '<iframe class="desktop" src="/newsletter?lang=ko"' in page.text
    assert "2024년 12월 17일" in page.text


def test_the_newsletter_is_rendered_from_the_notes_as_they_are(app: Starlette, desk: Desk) -> None:
    assert ask(app, "/newsletter?lang=ko").text == "<p>ko: 처음</p>"
    desk.note.write_text("다음", encoding="utf-8")
    answer = ask(app, "/newsletter?lang=en")
    assert answer.text == "<p>en: 다음</p>"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("broken", "note.txt:3: no &lt;date&gt;; expected one"),
        ("fault", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_note_that_cannot_be_read_is_told_in_the_page(
    app: Starlette, desk: Desk, text: str, message: str
) -> None:
    desk.note.write_text(text)
    page = ask(app, "/newsletter?lang=en")
    assert page.status_code == 200
    assert message in page.text
    assert "Traceback" not in page.text


def test_scripts_run_in_the_frame_and_not_in_the_newsletter(app: Starlette) -> None:
    frame = ask(app, "/").headers["content-security-policy"]
    assert "script-src 'self'" in frame
    mail = ask(app, "/newsletter").headers["content-security-policy"]
    assert "default-src 'none'" in mail
    assert "script-src" not in mail
    assert "<script>" not in ask(app, "/").text


def test_style_and_script_come_from_the_templates(app: Starlette) -> None:
    assert "EventSource" in ask(app, "/preview.js").text
    assert ask(app, "/preview.css").headers["content-type"] == "text/css; charset=utf-8"


def test_a_page_elsewhere_cannot_read_it_through_a_name_of_its_own(app: Starlette) -> None:
    answer = ask(app, "/newsletter", host="attacker.example")
    assert answer.status_code == 400
    assert "처음" not in answer.text


def test_an_edit_is_told_to_the_open_page(app: Starlette, desk: Desk, changes: Changes) -> None:
    watched = Watched(folders=[desk.note.parent])
    with (
        serving_preview(app, changes, watched, 0) as address,
        httpx.Client(timeout=30) as client,
        client.stream("GET", f"{address}changes") as response,
    ):
        lines = response.iter_lines()
        assert next(lines) == "retry: 1000"  # from here on the page listens
        for text in ("다음", "그다음"):
            desk.note.write_text(text, encoding="utf-8")
            assert next(line for line in lines if line.startswith("event:")) == "event: change"
            assert client.get(f"{address}newsletter").text == f"<p>ko: {text}</p>"


def test_the_end_sends_an_open_page_home_and_breaks_nothing_off(
    app: Starlette, changes: Changes, caplog: pytest.LogCaptureFixture
) -> None:
    with httpx.Client(timeout=30) as client:
        with serving_preview(app, changes, Watched(folders=[]), 0) as address:
            request = client.build_request("GET", f"{address}changes")
            response = client.send(request, stream=True)
            stream = response.iter_raw()
            assert next(stream) == b"retry: 1000\n\n"
        assert list(stream) == []
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
