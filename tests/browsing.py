"""A real Chromium, what it finds wrong with a page, and a site as the web application serves it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from feeds.web.server import Server
from feeds.web.static import create_app

# The same engine without windows opens a page in a third of the time, where it is installed.
CHROMIUM = (
    os.environ.get("CHROME") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; apt install chromium"),
]


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser, for as long as the block runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving_site(out: Path) -> Iterator[str]:
    """Serve a folder below ``/papers``; yields the address, with its slash."""
    with Server(create_app(out, prefix="papers"), host="127.0.0.1", port=0) as server:
        yield server.below("papers")


@contextmanager
def looking(browser: Browser, site: str | None = None, **options: Any) -> Iterator[Page]:
    """A page in a window of its own, which complains of nothing: no script, no policy.

    Of a ``site``, nothing is asked of other hosts either. ``options`` are those of a context.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(5_000)
    page = context.new_page()
    watch = Watch(urlsplit(site).netloc if site else None)
    watch.follow(page)
    yield page
    context.close()
    assert not watch.complaints
    assert not watch.strangers


def check_access(page: Page, what: str = "") -> None:
    """Have axe find nothing wrong: by day with all of its rules, at night with those of colours."""
    page.emulate_media(color_scheme="light")
    found = Axe().run(page)
    assert found.violations_count == 0, f"{what} by day: {found.generate_report()}"
    page.emulate_media(color_scheme="dark")
    violations = page.evaluate(  # by the axe that is in the page by now
        """async () => (await axe.run({
          runOnly: ["color-contrast", "link-in-text-block"], resultTypes: ["violations"],
        })).violations"""
    )
    assert violations == [], f"{what} at night"


@dataclass
class Watch:
    """What a page complained of, and what it asked other hosts for."""

    host: str | None
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Watch a page from now on."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def _see(self, request: Request) -> None:
        address = urlsplit(request.url)
        if self.host and address.scheme != "data" and address.netloc != self.host:
            self.strangers.append(request.url)
