from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

import brotli
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.web.compression import CompressedFiles, compress, is_compressible
from feeds.web.encodings import CODINGS, accepts_plain, choose_coding
from feeds.web.server import Server
from feeds.web.static import create_app
from tests.web.serving import fill

PAGE = "<p>" + "The same words again and again. " * 200
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": bytes,
}


# --- which coding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, None),
        ("", None),
        ("br", "br"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000, gzip;q=0.001", "gzip"),
        ("*", "br"),
        ("*;q=0.5, br;q=0.1", "gzip"),
        ("*;q=0", None),
        ("*;q=0, gzip", "gzip"),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0", None),
        ("identity;q=0, br", "br"),
        ("gzip;q=2, br;q=x", None),
        ("gzip;q=, br", "br"),
        ("gzip q=1", None),
        (" gzip ; q=0.8 ", "gzip"),
        (",,gzip,,", "gzip"),
        ("gzip;level=9", None),
        ("gzip, gzip;q=0", "gzip"),
        ("zstd, compress", None),
        (";;;==,\x00,\xff", None),
    ],
)
def test_the_reader_says_which_coding_it_likes_best(header: str | None, chosen: str | None) -> None:
    assert choose_coding(header, CODINGS) == chosen


def test_only_what_is_offered_is_chosen() -> None:
    assert choose_coding("br, gzip;q=0.1", ("gzip",)) == "gzip"
    assert choose_coding("br, gzip", ()) is None


@pytest.mark.parametrize(
    ("header", "plain"),
    [
        (None, True),
        ("br", True),
        ("identity;q=0", False),
        ("*;q=0", False),
        ("*;q=0,br", False),
        ("*;q=0, identity", True),
        ("identity;q=0.1", True),
    ],
)
def test_the_plain_content_may_be_sent_unless_it_is_refused(
    header: str | None, plain: bool
) -> None:
    assert accepts_plain(header) == plain


@given(st.text(alphabet="gzipbrqx*identy;=.,01 \t-\xe9", max_size=60))
def test_no_header_is_too_strange_to_choose_by(header: str) -> None:
    assert choose_coding(header, CODINGS) in (None, *CODINGS)


weights = st.sampled_from(["0", "0.001", "0.5", "0.999", "1", "1.000"])


@given(st.dictionaries(st.sampled_from(["br", "gzip", "identity", "*", "zstd"]), weights))
def test_nothing_that_is_liked_less_or_refused_is_chosen(liked: dict[str, str]) -> None:
    header = ", ".join(f"{name};q={weight}" for name, weight in liked.items())
    chosen = choose_coding(header, CODINGS)
    of = {name: float(liked.get(name, liked.get("*", "0"))) for name in CODINGS}
    plain = float(liked.get("identity", "0"))
    if chosen:
        assert of[chosen] == max(of.values())
        assert of[chosen] > 0
        assert of[chosen] >= plain
    else:
        assert max(of.values()) == 0 or plain > max(of.values())


# --- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("length", [0, 1, 5_000, 100_000, 400_000])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_copy_is_the_content_again_and_always_the_same(
    coding: str, length: int, at_once: bool
) -> None:
    content = (PAGE.encode() * 100)[:length]
    made = compress(content, coding, at_once=at_once)
    assert DECODERS[coding](made) == content
    assert compress(content, coding, at_once=at_once) == made
    assert length < 5_000 or len(made) < length / 10
    if coding == "gzip":
        assert made[4:8] == bytes(4)  # no time of making (RFC 1952, section 2.3)


@pytest.mark.parametrize(
    ("media_type", "worth_it"),
    [
        ("text/html; charset=utf-8", True),
        ("text/x-opml; charset=utf-8", True),
        ("text/javascript; charset=utf-8", True),
        ("application/atom+xml; charset=utf-8", True),
        ("application/feed+json", True),
        ("application/json", True),
        ("application/manifest+json", True),
        ("image/svg+xml; charset=utf-8", True),
        ("image/png", False),
        ("image/avif", False),
        ("font/woff2", False),
        ("application/octet-stream", False),
    ],
)
def test_texts_are_compressed_and_what_is_compressed_is_not(
    media_type: str, worth_it: bool
) -> None:
    assert is_compressible(media_type, 1024) == worth_it
    assert not is_compressible(media_type, 1023)


def digest(number: int) -> str:
    return blake2b(str(number).encode(), digest_size=16).hexdigest()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_copy_is_made_once_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "compressed"
    first = CompressedFiles(folder)
    assert first.find(digest(1), "br") is None
    made = first.copy(digest(1), "br", PAGE.encode())
    assert names(folder) == {f"{digest(1)}.br"}
    again = CompressedFiles(folder)
    assert again.find(digest(1), "br") == made
    assert again.copy(digest(1), "br", b"") == made
    assert again.find(digest(1), "gzip") is None


def test_a_copy_that_was_cut_to_nothing_is_made_again(tmp_path: Path) -> None:
    (tmp_path / f"{digest(1)}.gz").touch()
    made = CompressedFiles(tmp_path).copy(digest(1), "gzip", PAGE.encode())
    assert gzip.decompress(made) == PAGE.encode()
    assert CompressedFiles(tmp_path).find(digest(1), "gzip") == made


def test_many_who_ask_at_once_get_the_same(tmp_path: Path) -> None:
    store = CompressedFiles(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        asked = [i % 4 for i in range(64)]
        contents = list(pool.map(lambda i: store.copy(digest(i), "br", b"%d" % i * 2000), asked))
    assert [brotli.decompress(made) for made in contents] == [b"%d" % i * 2000 for i in asked]
    assert len(names(tmp_path)) == 4


def test_too_many_copies_lose_the_oldest(tmp_path: Path) -> None:
    store = CompressedFiles(tmp_path, most_files=20)
    store.prune()
    for number in range(21):
        store.copy(digest(number), "gzip", b"x")
        moment = time.time() - 1000 + number
        os.utime(tmp_path / f"{digest(number)}.gz", (moment, moment))
        if number == 10:
            assert store.find(digest(0), "gzip")  # used again: it is no old one
    kept = names(tmp_path)
    assert len(kept) == 18
    assert f"{digest(0)}.gz" in kept
    assert f"{digest(20)}.gz" in kept
    assert f"{digest(1)}.gz" not in kept
    store.copy(digest(30), "gzip", b"x")
    assert len(names(tmp_path)) == 19


def test_copies_are_made_while_others_are_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = CompressedFiles(tmp_path, most_files=2)
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda i: store.copy(digest(i), "gzip", b"%d" % i * 2000), range(400))
        assert [gzip.decompress(each) for each in made] == [b"%d" % i * 2000 for i in range(400)]
    assert not caplog.messages
    assert len(names(tmp_path)) <= 2


def test_copies_that_take_too_much_room_lose_the_oldest(tmp_path: Path) -> None:
    store = CompressedFiles(tmp_path, most_bytes=5_000)
    for number in range(10):
        store.copy(digest(number), "br", os.urandom(1_000))
        moment = time.time() - 1000 + number
        os.utime(tmp_path / f"{digest(number)}.br", (moment, moment))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 5_000
    assert f"{digest(9)}.br" in names(tmp_path)


def test_at_the_start_what_nobody_asked_for_in_a_month_goes(tmp_path: Path) -> None:
    hours = {"new.br": 0, "month.br": 29 * 24, "older.br": 31 * 24, "older.gz": 31 * 24}
    hours |= {".now.br.1.tmp": 0, ".broken.br.1.tmp": 2, "notes.txt": 1000 * 24}
    for name, age in hours.items():
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (time.time() - age * 3600,) * 2)
    CompressedFiles(tmp_path).prune()
    assert names(tmp_path) == {"new.br", "month.br", ".now.br.1.tmp", "notes.txt"}


# --- over HTTP ------------------------------------------------------------------------------------


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return fill(tmp_path, {"index.html": PAGE, "ko/feed.atom": PAGE, "short.html": "<p>"})


def fetch(address: str, coding: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """Fetch, and give the bytes as they came."""
    sent = {"Accept-Encoding": coding} | {k.replace("_", "-"): v for k, v in headers.items()}
    with httpx.Client() as client, client.stream("GET", address, headers=sent) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_a_file_is_sent_in_the_coding_a_reader_takes(
    out: Path, tmp_path: Path, coding: str
) -> None:
    state = tmp_path / "state"
    with Server(create_app(out, state=state), host="127.0.0.1", port=0) as server:
        address = f"{server.address}/ko/feed.atom"
        for _ in range(2):
            answer, content = fetch(address, coding)
            assert answer.headers.get("content-encoding", "identity") == coding
            assert answer.headers["content-length"] == str(len(content))
            assert answer.headers["vary"] == "Accept-Encoding"
            assert DECODERS[coding](content) == PAGE.encode()
        head = httpx.head(address, headers={"Accept-Encoding": coding})
        assert {**head.headers, "date": ""} == {**answer.headers, "date": ""}
        tag = answer.headers["etag"]
        again, nothing = fetch(address, coding, If_None_Match=tag)
        assert (again.status_code, again.headers["etag"], nothing) == (304, tag, b"")
        other = "gzip" if coding != "gzip" else "br"
        assert fetch(address, other, If_None_Match=tag)[0].status_code == 200
        assert fetch(f"{server.address}/short.html", coding)[1] == b"<p>"
    kept = names(state / "compressed") if (state / "compressed").exists() else set()
    endings = {coding} if coding != "identity" else set()
    assert {{".br": "br", ".gz": "gzip"}[name[-3:]] for name in kept} == endings | {other}


def test_a_copy_that_is_there_is_served_by_the_next_process(out: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Server(create_app(out, state=state), host="127.0.0.1", port=0) as server:
        fetch(server.address, "br")
    (copy,) = (state / "compressed").iterdir()
    mark = brotli.compress(b"this very copy")
    copy.write_bytes(mark)
    with Server(create_app(out, state=state), host="127.0.0.1", port=0) as server:
        assert fetch(server.address, "br")[1] == mark


def test_asking_whether_it_changed_compresses_nothing(out: Path, tmp_path: Path) -> None:
    with Server(create_app(out), host="127.0.0.1", port=0) as server:
        tag = fetch(server.address, "br")[0].headers["etag"]
    state = tmp_path / "state"
    with Server(create_app(out, state=state), host="127.0.0.1", port=0) as server:
        assert fetch(server.address, "br", If_None_Match=tag)[0].status_code == 304
    assert not state.exists()


def test_a_file_compressed_by_somebody_else_is_used_unless_it_is_older(
    out: Path, tmp_path: Path
) -> None:
    page, own = out / "index.html", out / "index.html.br"
    own.write_bytes(brotli.compress(b"made elsewhere"))
    os.utime(page, (1_000_000, 1_000_000))
    os.utime(own, (1_000_000, 1_000_000))
    with Server(create_app(out), host="127.0.0.1", port=0) as server:
        answer, content = fetch(server.address, "br")
        assert brotli.decompress(content) == b"made elsewhere"
        tag = answer.headers["etag"]
        assert fetch(server.address, "br", If_None_Match=tag)[0].status_code == 304
        assert fetch(server.address, "identity")[1] == PAGE.encode()
        assert gzip.decompress(fetch(server.address, "gzip")[1]) == PAGE.encode()
        os.utime(own, (999_999, 999_999))
        answer, content = fetch(server.address, "br", If_None_Match=tag)
        assert (answer.status_code, brotli.decompress(content)) == (200, PAGE.encode())
        own.unlink()
        own.symlink_to(tmp_path / "secret.txt")
        answer, content = fetch(server.address, "br")
        assert b"secret" not in content


@pytest.mark.skipif(os.name == "nt", reason="folders have no such rights")
def test_a_state_folder_that_cannot_be_written_costs_nothing_but_time(
    out: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "state"
    state.write_text("no folder")
    with Server(create_app(out, state=state), host="127.0.0.1", port=0) as server:
        for path in ("/", "/ko/feed.atom"):
            assert brotli.decompress(fetch(f"{server.address}{path}", "br")[1]) == PAGE.encode()
    assert caplog.text.count("compressed files are not kept") == 1
