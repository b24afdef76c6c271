"""The preview in a real browser: the newsletter follows the note without a hand on the keyboard."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from playwright.sync_api import expect

from feeds.languages import load_languages
from feeds.outputs.theme import Theme
from feeds.watch import Watched
from feeds.web.changes import Changes
from feeds.web.preview import create_preview, serving_preview
from tests.browsing import browsing, needs_chromium

pytestmark = needs_chromium


def test_the_newsletter_follows_the_note(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("before")
    changes = Changes()
    app = create_preview(
        date(2024, 12, 17),
        ("ko", "en"),
        Theme(load_languages(("ko", "en"))),
        lambda lang: (
            f"<!doctype html><p>{note.read_text()}</p><script>document.body.remove()</script>"
        ),
        changes,
        {},
    )
    with (
        serving_preview(app, changes, Watched(folders=[tmp_path]), 0) as address,
        browsing() as browser,
    ):
        page = browser.new_page()
        with page.expect_response(f"{address}changes"):
            page.goto(f"{address}?lang=en")
        newsletter = page.frame_locator("iframe").locator("p")
        expect(newsletter).to_have_text("before")
        note.write_text("after")
        expect(newsletter).to_have_text("after", timeout=20_000)
        page.get_by_role("link", name="Phone").click()
        expect(page.locator("iframe")).to_have_css("width", "375px")
