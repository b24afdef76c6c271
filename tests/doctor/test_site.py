from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from feeds.config import Config, load_config
from feeds.doctor.diagnosis import Surroundings
from feeds.doctor.site import check_clock, check_site
from tests.certificates import Authority
from tests.doctor.cases import NOW, configure, levels, only, run_check, surround
from tests.publications import NOTE, build_at, write_publication

MAIL = 'deliver = ["mail"]\nmail = { from_address = "notes@papers.kr" }\n'


class Site(SimpleHTTPRequestHandler):
    """Serves a folder; /away/ leads elsewhere."""

    def send_head(self):  # type: ignore[no-untyped-def]  # as its base
        if self.path.startswith("/away/"):
            self.send_response(302)
            self.send_header("Location", "https://papers.kr/")
            self.end_headers()
            return None
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
        pass


class Publication:
    """A publication that is built, and whose out/ is served at its base URL."""

    def __init__(self, root: Path) -> None:
        self.root = root
        handler = partial(Site, directory=str(root / "out"))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.configure(self.base)
        build_at(root / "paperround.toml")

    def configure(self, base: str, settings: str = "") -> Config:
        write_publication(self.root, {"2024-12-17.txt": NOTE}, settings)
        path = self.root / "paperround.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("https://example.org/papers", base), encoding="utf-8")
        return load_config(path)


@pytest.fixture
def publication(tmp_path: Path) -> Iterator[Publication]:
    made = Publication(tmp_path)
    thread = Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def today(shift: timedelta = timedelta()) -> Surroundings:
    return surround(clock=lambda: datetime.now(UTC) + shift)


def test_a_site_that_serves_the_last_build_is_well(publication: Publication) -> None:
    config = publication.configure(publication.base)
    [found] = run_check(check_site, config, today())
    assert found.level == "ok"
    assert found.message == f"{publication.base}/ko/feed.atom is this publication's"


def test_a_site_that_serves_an_older_build_is_told(publication: Publication) -> None:
    config = publication.configure(publication.base)
    feed = publication.root / "out" / "ko" / "feed.atom"
    elsewhere = publication.root / "elsewhere"
    shutil.move(publication.root / "out", elsewhere)
    # What was built since then is here, and not where it is served from.
    config = publication.configure(publication.base, f'folders = {{ out = "{elsewhere}" }}')
    shutil.copytree(elsewhere, publication.root / "out")
    feed.write_text(feed.read_text().replace("<updated>2024", "<updated>2023", 1))
    found = only(run_check(check_site, config, today()), "warning")
    assert "is of 2023" in found.message
    assert "publish" in found.remedy


def test_a_site_of_another_publication_is_told(publication: Publication) -> None:
    config = publication.configure(publication.base)
    out = publication.root / "out"
    built = publication.root / "built"
    shutil.copytree(out, built)
    config = publication.configure(publication.base, f'folders = {{ out = "{built}" }}')
    feed = out / "ko" / "feed.atom"
    feed.write_text(feed.read_text().replace("<id>tag:127.0.0.1", "<id>tag:others.kr", 1))
    found = only(run_check(check_site, config, today()), "error")
    assert "is not this publication's: its id is tag:others.kr" in found.message
    feed.write_text("<html>under construction</html>")
    assert "it is no feed" in only(run_check(check_site, config, today()), "error").message


def test_a_site_that_is_not_there_is_told(publication: Publication) -> None:
    nothing = publication.configure(f"{publication.base}/nothing")
    assert "answers 404" in only(run_check(check_site, nothing, today()), "error").message
    away = publication.configure(f"{publication.base}/away")
    found = only(run_check(check_site, away, today()), "warning")
    assert "leads to https://papers.kr/" in found.message
    refused = publication.configure("http://127.0.0.1:1")
    assert "refused" in only(run_check(check_site, refused, today()), "error").message


def test_a_certificate_that_nobody_trusts_is_told(publication: Publication) -> None:
    tls = Authority(publication.root).serve_as("127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]  # expected
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        config = publication.configure(f"https://127.0.0.1:{server.server_port}")
        found = only(run_check(check_site, config, today()), "error")
        server.shutdown()
        thread.join()
    assert "the certificate is not valid" in found.message


def test_a_form_that_does_not_answer_is_told(publication: Publication) -> None:
    config = publication.configure(publication.base, MAIL)
    found = only(run_check(check_site, config, today()), "error")
    assert "/ko/subscribe answers 404: nobody can sign up or leave" in found.message
    (publication.root / "out" / "ko" / "subscribe").write_text("a form")
    assert levels(run_check(check_site, config, today())) == ["ok", "ok"]


@pytest.mark.parametrize(
    ("shift", "way"), [(10, "10 minutes ahead of"), (-10, "10 minutes behind")]
)
def test_clocks_that_disagree_are_told(publication: Publication, shift: int, way: str) -> None:
    config = publication.configure(publication.base)
    found = only(run_check(check_site, config, today(timedelta(minutes=shift))), "warning")
    assert way in found.message


def test_a_note_from_the_future_tells_of_a_wrong_clock(tmp_path: Path) -> None:
    config = configure(tmp_path)
    assert [each.message for each in run_check(check_clock, config)] == [
        "here it is 2026-11-30 09:00 KST"
    ]
    note = config.notes_folder / "a" / "2026-11-30.txt"
    note.parent.mkdir(parents=True)
    note.write_text("a note")
    later = (NOW + timedelta(hours=1)).timestamp()
    os.utime(note, (later, later))
    found = only(run_check(check_clock, config), "warning")
    assert f"{note} was written at 2026-11-30 10:00 KST" in found.message
    os.utime(note, (NOW.timestamp(), NOW.timestamp()))
    assert levels(run_check(check_clock, config)) == ["ok"]
