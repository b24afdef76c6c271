"""A real Chromium, and the site that a build wrote as the web application serves it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from feeds.web.server import Server
from feeds.web.static import create_app

CHROMIUM = os.environ.get("CHROME") or shutil.which("chromium")
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


@dataclass
class Watch:
    """What a page complained of, and what it asked other hosts for."""

    host: str
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
        if urlsplit(request.url).scheme != "data" and urlsplit(request.url).netloc != self.host:
            self.strangers.append(request.url)
