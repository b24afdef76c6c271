from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.responses import Response

from feeds.web.responses import Representation, respond

WHEN = datetime(2023, 11, 14, 22, 13, 20, 999, tzinfo=UTC)
SINCE = "Tue, 14 Nov 2023 22:13:20 GMT"
PICTURE = Representation(b"a picture", "image/png", WHEN, "no-cache", {"X-Robots-Tag": "noindex"})
FEED = Representation(b"<feed>" + b"word " * 1000 + b"</feed>", "application/atom+xml", WHEN, "x")


def ask(representation: Representation, **headers: str) -> Response:
    return respond(representation, Headers({k.replace("_", "-"): v for k, v in headers.items()}))


def decode(answer: Response) -> bytes:
    coding = answer.headers.get("content-encoding")
    decoders = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
    return bytes(decoders[coding](bytes(answer.body)))


# --- asking again ---------------------------------------------------------------------------------


def test_a_reader_that_has_the_content_gets_no_copy() -> None:
    first = ask(PICTURE)
    tag = first.headers["etag"]
    for condition in (tag, f"W/{tag}", f'"other", {tag}', f'"other",W/{tag},', "*"):
        again = ask(PICTURE, if_none_match=condition)
        assert (again.status_code, again.body) == (304, b""), condition
        for name in ("etag", "cache-control", "last-modified", "x-robots-tag"):
            assert again.headers[name] == first.headers[name]
        assert not {"content-type", "content-length"} & set(again.headers)
    for condition in ('"other"', tag.strip('"'), f"x{tag}", "", ",,,", "**", f'"other" {tag}'):
        assert ask(PICTURE, if_none_match=condition).status_code == 200, condition


def test_a_list_of_tags_may_come_in_several_lines() -> None:
    lines = [(b"if-none-match", b'"other"'), (b"if-none-match", PICTURE.etag.encode())]
    assert respond(PICTURE, Headers(raw=lines)).status_code == 304


def test_a_date_is_a_condition_where_there_is_no_tag() -> None:
    assert ask(PICTURE).headers["last-modified"] == SINCE
    assert ask(PICTURE, if_modified_since=SINCE).status_code == 304
    assert ask(PICTURE, if_modified_since="Tue, 14 Nov 2023 22:13:19 GMT").status_code == 200
    assert ask(PICTURE, if_modified_since=SINCE, if_none_match='"other"').status_code == 200
    for nonsense in ("yesterday", "", "Tue, 99 Nov 99999 22:13:20 GMT", "0", "-" * 9000):
        assert ask(PICTURE, if_modified_since=nonsense).status_code == 200


def test_a_time_of_any_zone_is_said_in_that_of_the_protocol() -> None:
    seoul = WHEN.astimezone(timezone(timedelta(hours=9)))
    there = Representation(b"x", "text/plain", seoul, "no-cache")
    assert ask(there).headers["last-modified"] == SINCE
    assert ask(there, if_modified_since=SINCE).status_code == 304


def test_who_wants_another_content_or_none_gets_none() -> None:
    assert ask(PICTURE, if_match=PICTURE.etag).status_code == 200
    assert ask(PICTURE, if_match="*").status_code == 200
    for condition in ('"other"', f"W/{PICTURE.etag}"):  # compared strongly
        refused = ask(PICTURE, if_match=condition)
        assert (refused.status_code, refused.body) == (412, b"")
    assert ask(PICTURE, if_unmodified_since=SINCE).status_code == 200
    early = format_datetime(WHEN - timedelta(days=1), usegmt=True)
    assert ask(PICTURE, if_unmodified_since=early).status_code == 412


# --- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "text", "told"),
    [
        ("bytes=0-2", 206, b"a p", "bytes 0-2/9"),
        ("bytes=7-", 206, b"re", "bytes 7-8/9"),
        ("bytes=-2", 206, b"re", "bytes 7-8/9"),
        ("bytes=-99", 206, b"a picture", "bytes 0-8/9"),
        ("bytes=0-99", 206, b"a picture", "bytes 0-8/9"),
        ("bytes=9-", 416, b"", "bytes */9"),
        ("bytes=-0", 416, b"", "bytes */9"),
        ("bytes=0-1,3-4", 200, b"a picture", None),
        ("bytes=" + ",".join(["0-"] * 2000), 200, b"a picture", None),
        ("bytes=2-1", 200, b"a picture", None),
        ("bytes=-", 200, b"a picture", None),
        ("bytes=", 200, b"a picture", None),
        ("pages=1-2", 200, b"a picture", None),
        ("bytes=0-٣", 200, b"a picture", None),
        ("bytes=" + "9" * 5000 + "-", 200, b"a picture", None),
    ],
)
def test_a_part_of_a_content(asked: str, status: int, text: bytes, told: str | None) -> None:
    answer = respond(PICTURE, Headers(raw=[(b"range", asked.encode("utf-8"))]))
    assert (answer.status_code, answer.body) == (status, text)
    assert answer.headers.get("content-range") == told


@given(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["{0}-{1}", "{0}-", "-{1}"]))
def test_any_part_is_what_slicing_gives(first: int, last: int, form: str) -> None:
    answer = ask(PICTURE, range=f"bytes={form.format(first, last)}")
    if answer.status_code == 206:
        told = answer.headers["content-range"].removeprefix("bytes ").removesuffix("/9")
        start, _, end = told.partition("-")
        assert answer.body == PICTURE.content[int(start) : int(end) + 1]
        assert answer.headers["content-length"] == str(len(answer.body))
    else:
        assert answer.status_code == 416 or answer.body == PICTURE.content


def test_a_part_goes_only_with_the_content_it_is_a_part_of() -> None:
    for condition in (PICTURE.etag, SINCE):
        assert ask(PICTURE, range="bytes=0-2", if_range=condition).status_code == 206
    for condition in ('"other"', f"W/{PICTURE.etag}", "Tue, 14 Nov 2023 22:13:21 GMT", "x"):
        whole = ask(PICTURE, range="bytes=0-2", if_range=condition)
        assert (whole.status_code, whole.body) == (200, PICTURE.content)


# --- codings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("x-gzip", "gzip"), ("deflate", None)],
)
def test_a_content_is_sent_in_the_coding_a_reader_takes(accepted: str, coding: str | None) -> None:
    answer = ask(FEED, accept_encoding=accepted)
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert decode(answer) == FEED.content
    assert (len(answer.body) < len(FEED.content) / 10) == (coding is not None)


def test_each_coding_has_a_validator_of_its_own() -> None:
    tags = {c: ask(FEED, accept_encoding=c).headers["etag"] for c in ("br", "gzip", "identity")}
    assert tags["identity"] == FEED.etag
    assert len(set(tags.values())) == 3
    for coding, tag in tags.items():
        again = ask(FEED, accept_encoding=coding, if_none_match=tag)
        assert again.status_code == 304
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == "Accept-Encoding"
        others = ", ".join(set(tags.values()) - {tag})
        assert ask(FEED, accept_encoding=coding, if_none_match=others).status_code == 200


def test_a_part_is_one_of_the_content_as_it_is() -> None:
    part = ask(FEED, accept_encoding="br", range="bytes=0-5")
    assert (part.status_code, part.body) == (206, b"<feed>")
    assert part.headers["etag"] == FEED.etag
    assert "content-encoding" not in part.headers
    other = ask(FEED, accept_encoding="br", range="bytes=0-5", if_range=FEED.etag[:-1] + '-br"')
    assert (other.status_code, other.headers["content-encoding"]) == (200, "br")
    refused = ask(FEED, accept_encoding="br, identity;q=0", range="bytes=0-5")
    assert (refused.status_code, refused.headers["content-encoding"]) == (200, "br")


def test_what_is_short_or_no_text_is_sent_as_it_is() -> None:
    short = Representation(b"x" * 1023, "text/html; charset=utf-8", WHEN, "x")
    picture = Representation(b"x" * 5000, "image/png", WHEN, "x")
    for representation in (short, picture):
        answer = ask(representation, accept_encoding="br, gzip")
        assert answer.body == representation.content
        assert not {"content-encoding", "vary"} & set(answer.headers)
    long = Representation(b"x" * 1024, "text/html; charset=utf-8", WHEN, "x")
    assert ask(long, accept_encoding="br").headers["content-encoding"] == "br"
