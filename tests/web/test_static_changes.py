"""Files that change while they are served: what is remembered of them is never out of date."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from threading import Event, Thread

import brotli
import httpx
import pytest

from feeds.web.compression import CompressedFiles
from feeds.web.files import SiteFiles
from feeds.web.memory import Memory
from feeds.web.server import Server
from feeds.web.static import create_app
from tests.web.serving import fill

SETTLED = "feeds.web.opening._SETTLED_NS"
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": bytes,
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return fill(tmp_path, {"feed.atom": "<feed/>", "ko/index.html": "<h1>home</h1>"})


@pytest.fixture
def files(out: Path, monkeypatch: pytest.MonkeyPatch) -> SiteFiles:
    monkeypatch.setattr(SETTLED, -1_000_000_000)  # every file has been as it is for long
    return SiteFiles(out, CompressedFiles(None))


def replace(path: Path, text: str) -> None:
    path.with_name("new").write_text(text)
    path.with_name("new").replace(path)


def test_a_file_that_stays_as_it_is_is_read_once(files: SiteFiles) -> None:
    assert files.recall("feed.atom") is None
    found = files.find("feed.atom")
    assert found is not None
    assert files.recall("feed.atom") is found
    assert found.variant(None).at_hand() == b"<feed/>"
    assert files.recall("feed.rss") is None


def test_a_file_that_changed_is_read_again(files: SiteFiles, out: Path, tmp_path: Path) -> None:
    path = out / "feed.atom"
    status = path.stat()
    times = (status.st_atime_ns, status.st_mtime_ns)

    def rewrite() -> None:  # the same length, the same time
        path.write_text("<food/>")
        os.utime(path, ns=times)

    def replace_alike() -> None:
        replace(path, "<feed/>")
        os.utime(path, ns=times)

    def link() -> None:
        path.unlink()
        path.symlink_to(out / "ko" / "index.html")

    def replace_by_another() -> None:
        replace(path, "<new/>")

    for change in (rewrite, replace_alike, replace_by_another, link):
        assert files.find("feed.atom")
        assert files.recall("feed.atom")
        change()
        assert files.recall("feed.atom") is None, change
    assert files.find("feed.atom")
    path.unlink()
    assert files.recall("feed.atom") is None
    path.symlink_to(tmp_path / "secret.txt")
    assert files.recall("feed.atom") is None
    assert files.find("feed.atom") is None


def test_a_folder_that_is_swapped_for_another_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SETTLED, -1_000_000_000)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(name)
    current = tmp_path / "current"
    current.symlink_to(tmp_path / "first")
    with Server(create_app(current), host="127.0.0.1", port=0) as server:
        for _ in range(2):
            assert httpx.get(server.address).text == "first"
        current.unlink()
        current.symlink_to(tmp_path / "second")
        for _ in range(2):
            assert httpx.get(server.address).text == "second"


def test_what_changed_a_moment_ago_is_not_relied_on(out: Path) -> None:
    files = SiteFiles(out, CompressedFiles(None))
    assert files.find("feed.atom")
    assert files.recall("feed.atom") is None  # it may change again within a tick of the clock


def test_what_is_not_in_memory_is_read_again_if_it_is_the_same(files: SiteFiles, out: Path) -> None:
    (out / "large.bin").write_bytes(b"x" * 5_000_000)
    found = files.find("large.bin")
    assert found is not None
    plain = found.variant(None)
    assert plain.at_hand() is None
    assert plain.read() == b"x" * 5_000_000
    replace(out / "large.bin", "another")
    with pytest.raises(LookupError):
        plain.read()
    (out / "large.bin").unlink()
    with pytest.raises(LookupError):
        plain.read()


def test_memory_has_room_for_so_much() -> None:
    memory = Memory(1600)
    memory.keep("too large", b"x" * 101)
    for number in range(20):
        memory.keep(number, b"%d" % (number % 10) * 100)
        memory.get(0)
    assert memory.get("too large") is None
    kept = [number for number in range(20) if memory.get(number)]
    assert kept == [0, *range(5, 20)]
    memory.keep(0, b"other")
    assert memory.get(0) == b"other"


@pytest.fixture
def replacing(out: Path) -> Iterator[None]:
    """Files are replaced as a build does it: by others of the same and of another length."""
    stop = Event()

    def work() -> None:
        number = 0
        while not stop.wait(0.02):
            number += 1
            letter = "abcdefgh"[number % 8]
            replace(out / "feed.atom", letter * (2000 + 1000 * (number % 3)))

    thread = Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
@pytest.mark.usefixtures("replacing")
def test_length_tag_and_bytes_agree_while_files_are_replaced(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coding: str
) -> None:
    monkeypatch.setattr(SETTLED, 8_000_000)  # two ticks, so that files are remembered in between
    app = create_app(out, state=tmp_path / "state")

    def fetch(client: httpx.Client, tag: str) -> str:
        headers = {"Accept-Encoding": coding, "If-None-Match": tag}
        with client.stream("GET", "/feed.atom", headers=headers) as answer:
            raw = b"".join(answer.iter_raw())
        if answer.status_code == 304:
            return tag
        assert answer.status_code == 200
        assert answer.headers["content-length"] == str(len(raw))
        content = bytes(DECODERS[answer.headers.get("content-encoding", "identity")](raw))
        digest = blake2b(content, digest_size=16).hexdigest()
        assert answer.headers["etag"].startswith(f'"{digest}')
        assert len(set(content)) == 1
        return str(answer.headers["etag"])

    def ask_often(_number: int) -> int:
        tags = [""]
        with httpx.Client(base_url=server.address) as client:
            for _ in range(40):
                tags.append(fetch(client, tags[-1]))
        return len(set(tags))

    with Server(app, host="127.0.0.1", port=0) as server, ThreadPoolExecutor(3) as pool:
        assert min(pool.map(ask_often, range(3))) > 2
