"""Publishing to a bucket, against a real server that speaks S3."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from feeds.config.places import parse_place
from feeds.errors import ManyRemovalsError, PublishError
from feeds.publish.bucket import Publish, open_bucket
from feeds.publish.bucket.manifest import MANIFEST
from feeds.publish.bucket.store import ConflictError
from feeds.publish.served import MEDIA_TYPES
from tests.buckets import SECRET, Asked, Store, look_at, prepare, publish, running_store, write_out

STYLES = "assets/site.0123456789abcdef.css"
SITE: dict[str, str | bytes] = {
    STYLES: "body {}",
    "images/0123456789abcdef0.png": b"\x89PNG",
    "assets/search/ko/words-0.0123456789.json": "{}",
    "ko/search/index.json": "data assets/search/ko/words-0.0123456789.json",
    "ko/entries.json": "{}",
    "index.html": "",
    "ko/2024/12/17/논문 하나/index.html": f"page {STYLES}",
    "ko/tags/100%/index.html": "page",
    "ko/feed.atom": "feed ko/2024/12/17/논문 하나/index.html",
    "ko/feed.rss": "feed",
    "ko/feed.json": "{}",
    "feeds.opml": "list ko/feed.atom",
    "sitemap.xml": "list ko/2024/12/17/논문 하나/index.html",
    "robots.txt": "",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with running_store() as store:
        yield store


@pytest.fixture
def store(server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    look_at(server, monkeypatch)
    return server


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    write_out(folder, SITE)
    return folder


@pytest.fixture
def bucket(store: Store) -> str:
    return store.make_bucket()


def encoded(files: Mapping[str, str | bytes]) -> dict[str, bytes]:
    return {p: c.encode() if isinstance(c, str) else c for p, c in files.items()}


def read_kept(store: Store, bucket: str) -> set[str]:
    """What the manifest says is ours."""
    kept = json.loads(store.client.get_object(Bucket=bucket, Key=MANIFEST)["Body"].read())
    return set(kept["objects"])


# --- what is there afterwards --------------------------------------------------------------------


def test_every_file_is_an_object_with_its_name_its_type_and_its_caching(
    store: Store, bucket: str, out: Path
) -> None:
    publish(out, f"s3://{bucket}/내 논문/둘")
    prefix = "내 논문/둘/"
    assert store.read(bucket) == {f"{prefix}{p}": c for p, c in encoded(SITE).items()}

    def headers_of(path: str) -> tuple[str, str]:
        found = store.client.head_object(Bucket=bucket, Key=prefix + path)
        return found["ContentType"], found["CacheControl"]

    for_ever = "public, max-age=31536000, immutable"
    assert headers_of(STYLES) == ("text/css; charset=utf-8", for_ever)
    assert headers_of("images/0123456789abcdef0.png") == ("image/png", for_ever)
    types = {path: headers_of(path) for path in ("ko/feed.atom", "ko/feed.json", "index.html")}
    assert types["ko/feed.atom"][0] == "application/atom+xml; charset=utf-8"
    assert types["ko/feed.json"][0] == "application/feed+json"
    assert types["index.html"][0] == "text/html; charset=utf-8"
    assert not any("immutable" in cache for _, cache in types.values())


def test_a_name_is_composed_whatever_the_disk_makes_of_it(store: Store, tmp_path: Path) -> None:
    bucket = store.make_bucket()
    files = {unicodedata.normalize("NFD", "ko/논문.html"): "page"}
    write_out(tmp_path, files)
    publish(tmp_path, f"s3://{bucket}")
    assert list(store.read(bucket)) == ["ko/논문.html"]


def test_hidden_and_unfinished_files_and_links_stay_at_home(
    store: Store, bucket: str, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    for name in (".hidden", ".paperround-tmp-1/half.html", "half.html.tmp", "old.html~"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("no")
    (out / "link.txt").symlink_to(tmp_path / "secret.txt")
    (out / "mine.txt").write_text("put there by hand, and served as well")
    publish(out, f"s3://{bucket}")
    assert set(store.read(bucket)) == {*SITE, "mine.txt"}


def test_nothing_is_sent_where_nothing_changed(store: Store, bucket: str, out: Path) -> None:
    publish(out, f"s3://{bucket}")
    store.asked.clear()
    again = publish(out, f"s3://{bucket}/")
    assert [one.method for one in store.asked] == ["GET", "GET"]
    assert (again.plan.uploads, again.plan.unchanged) == ((), len(SITE))


def test_only_what_changed_is_sent_and_what_is_gone_is_removed(
    store: Store, bucket: str, out: Path
) -> None:
    publish(out, f"s3://{bucket}")
    changed = {**SITE, "ko/feed.rss": "other", "new.html": "new"}
    del changed["robots.txt"]
    write_out(out, changed)
    store.asked.clear()
    publish(out, f"s3://{bucket}")
    assert store.changes() == [
        ("PUT", "new.html"),
        ("PUT", "ko/feed.rss"),
        ("DELETE", "robots.txt"),
    ]
    assert store.read(bucket) == encoded(changed)
    assert read_kept(store, bucket) == set(changed)


def test_a_file_that_is_served_differently_is_sent_anew(
    store: Store, bucket: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(out, f"s3://{bucket}")
    monkeypatch.setitem(MEDIA_TYPES, ".rss", "text/xml")
    store.asked.clear()
    publish(out, f"s3://{bucket}")
    assert store.changes() == [("PUT", "ko/feed.rss")]
    assert store.client.head_object(Bucket=bucket, Key="ko/feed.rss")["ContentType"] == "text/xml"


def test_what_somebody_removed_or_changed_comes_back(store: Store, bucket: str, out: Path) -> None:
    publish(out, f"s3://{bucket}")
    store.client.delete_object(Bucket=bucket, Key="ko/feed.atom")
    store.client.put_object(Bucket=bucket, Key="ko/feed.rss", Body=b"FEED")  # of the same size
    store.asked.clear()
    publish(out, f"s3://{bucket}")
    assert sorted(path for _, path in store.changes()) == ["ko/feed.atom", "ko/feed.rss"]
    assert store.read(bucket) == encoded(SITE)


def test_what_others_put_there_is_counted_and_left_alone(
    store: Store, bucket: str, out: Path
) -> None:
    for key in ("site/", "site/CNAME", "site/folder/", "site/ko/mine.txt", "sites/other.html"):
        store.client.put_object(Bucket=bucket, Key=key, Body=b"mine")
    publish(out, f"s3://{bucket}/site")
    write_out(out, {path: text for path, text in SITE.items() if path != "ko/feed.rss"})
    published = publish(out, f"s3://{bucket}/site")
    assert published.plan.foreign == 3
    assert published.plan.removals == ("ko/feed.rss",)
    left = {"site/CNAME", "site/folder/", "site/ko/mine.txt", "sites/other.html"}
    assert left < set(store.read(bucket))


def test_an_object_that_others_wrote_over_ours_is_theirs(
    store: Store, bucket: str, out: Path
) -> None:
    publish(out, f"s3://{bucket}")
    store.client.put_object(Bucket=bucket, Key="robots.txt", Body=b"theirs")
    write_out(out, {path: text for path, text in SITE.items() if path != "robots.txt"})
    assert publish(out, f"s3://{bucket}").plan.foreign == 1
    assert store.read(bucket)["robots.txt"] == b"theirs"


def test_a_listing_of_many_pages_is_read_whole(
    store: Store, bucket: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(out, f"s3://{bucket}")
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    store.asked.clear()
    assert publish(out, f"s3://{bucket}").plan.unchanged == len(SITE)
    assert len(store.asked) > len(SITE) / 3


# --- in which order, and how much of it -----------------------------------------------------------


def test_what_others_link_to_comes_first_and_goes_last(
    store: Store, bucket: str, out: Path
) -> None:
    publish(out, f"s3://{bucket}")
    kinds = [_kind(path) for _, path in store.changes()]
    assert kinds == sorted(kinds)
    assert set(kinds) == {0, 1, 2, 3, 4}
    write_out(out, {"index.html": ""})
    store.asked.clear()
    prepare(out, f"s3://{bucket}").carry_out()
    kinds = [_kind(path) for method, path in store.changes() if method == "DELETE"]
    assert kinds == sorted(kinds, reverse=True)
    assert len(kinds) == len(SITE) - 1


def _kind(path: str) -> int:
    patterns = (
        r".*\.(css|png)|.*/words-0\..*\.json",
        r".*/(entries|index)\.json",
        r".*\.html",
        r".*feed\.(atom|rss|json)",
        r".*",
    )
    return next(rank for rank, found in enumerate(patterns) if re.fullmatch(found, path))


def test_more_than_a_fifth_is_removed_only_when_that_is_allowed(
    store: Store, bucket: str, out: Path
) -> None:
    publish(out, f"s3://{bucket}")
    # Eleven of the fourteen count: the names of three are made of their content.
    kept = ["index.html", "ko/feed.atom", "ko/feed.rss", "ko/feed.json"]
    fewer = {path: f"{SITE[path]!r} changed" for path in kept}
    write_out(out, fewer)
    store.asked.clear()
    with pytest.raises(ManyRemovalsError, match="7 of 11 published files are gone"):
        publish(out, f"s3://{bucket}")
    assert {one.method for one in store.asked} == {"GET"}
    prepare(out, f"s3://{bucket}").carry_out()
    assert store.read(bucket) == encoded(fewer)
    write_out(out, {**fewer, STYLES.replace("0", "f"): "body {}", "ko/entries.json": "{}"})
    publish(out, f"s3://{bucket}")
    write_out(out, fewer)
    publish(out, f"s3://{bucket}")  # one of five, and one that does not count
    assert set(store.read(bucket)) == set(fewer)


# --- broken off ----------------------------------------------------------------------------------

PUBLISH = """
import os, sys
from pathlib import Path
from feeds.config.places import parse_place
from feeds.publish.bucket import Publish, open_bucket
bucket = open_bucket(parse_place(sys.argv[2]), os.environ)
Publish(Path(sys.argv[1]), bucket, progress=lambda *_: lambda: None).carry_out()
"""


def test_killed_at_any_request_it_leaves_no_loose_end_and_the_next_publish_mends_it(
    store: Store, bucket: str, tmp_path: Path
) -> None:
    old = {
        "assets/site.00.css": "old",
        "page.html": "page assets/site.00.css",
        "gone.html": "gone",
        "feed.atom": "feed page.html gone.html",
    }
    new = {
        "assets/site.11.css": "new",
        "page.html": "page assets/site.11.css",
        "new.html": "new assets/site.11.css",
        "feed.atom": "feed page.html new.html",
    }
    requests = 0
    ended = False
    while not ended:
        requests += 1
        place = f"s3://{bucket}/{requests}"
        store.fault = None
        store.client.put_object(Bucket=bucket, Key=f"{requests}/mine.txt", Body=b"mine")
        write_out(tmp_path, old)
        publish(tmp_path, place)
        write_out(tmp_path, new)
        ended = _publish_and_kill(store, tmp_path, place, requests)
        left = store.read(bucket, f"{requests}/")
        for path, text in left.items():
            missing = set(text.decode().split()[1:]) - set(left)
            assert not missing, f"{path} names {missing} after {requests} requests"
        prepare(tmp_path, place).carry_out()
        held = store.read(bucket, f"{requests}/")
        assert held == {**encoded(new), "mine.txt": b"mine"}, requests
    assert requests > 10


def _publish_and_kill(store: Store, out: Path, place: str, requests: int) -> bool:
    """Publish in a process of its own, and kill it at a request; True: it ended before that."""
    process = subprocess.Popen([sys.executable, "-c", PUBLISH, out, place])
    seen: list[Asked] = []

    def kill(asked: Asked) -> None:
        seen.append(asked)
        if len(seen) == requests:
            asked.process()
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    store.fault = kill
    process.wait(timeout=60)
    store.fault = None
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode == 0


def test_what_was_uploaded_before_a_failure_is_not_uploaded_again(
    store: Store, bucket: str, out: Path
) -> None:
    def refuse(asked: Asked) -> tuple[int, str] | None:
        denied = asked.path.endswith("index.html") and "논문" in asked.path
        return (403, "<Error><Code>AccessDenied</Code></Error>") if denied else None

    store.fault = refuse
    with pytest.raises(
        PublishError, match=r"논문 하나/index\.html: access is denied; expected key"
    ):
        publish(out, f"s3://{bucket}")
    there = set(store.read(bucket))
    assert not any(path.endswith((".atom", ".rss", ".opml")) for path in there)
    store.fault = None
    store.asked.clear()
    publish(out, f"s3://{bucket}")
    assert there.isdisjoint(path for _, path in store.changes())
    assert store.read(bucket) == encoded(SITE)


def test_after_a_failure_no_more_is_begun(store: Store, bucket: str, out: Path) -> None:
    write_out(out, {f"{number}.html": "page" for number in range(200)})
    denied = "<Error><Code>AccessDenied</Code></Error>"
    store.fault = lambda asked: (403, denied) if asked.path.endswith(".html") else None
    with pytest.raises(PublishError, match="access is denied"):
        publish(out, f"s3://{bucket}")
    assert len(store.changes()) < 200


def test_a_busy_store_is_asked_again(store: Store, bucket: str, out: Path) -> None:
    busy = {"assets": 2, "manifest": 1}

    def answer(asked: Asked) -> tuple[int, str] | None:
        name = "manifest" if asked.path == MANIFEST else "assets"
        if asked.method == "PUT" and busy[name]:
            busy[name] -= 1
            return 503, "<Error><Code>SlowDown</Code></Error>"
        return None

    store.fault = answer
    publish(out, f"s3://{bucket}")
    assert store.read(bucket) == encoded(SITE)


def test_an_answer_that_was_lost_is_no_conflict(store: Store, bucket: str, out: Path) -> None:
    lost: list[Asked] = []

    def drop(asked: Asked) -> None:
        if asked.method == "PUT" and asked.path == MANIFEST and len(lost) < 1:
            lost.append(asked)
            asked.process()
            asked.drop()

    store.fault = drop
    publish(out, f"s3://{bucket}")
    assert lost
    assert store.read(bucket) == encoded(SITE)


# --- two at once, and files that change ----------------------------------------------------------


def test_of_two_publishes_one_ends_and_the_other_is_told_before_it_did_anything(
    store: Store, bucket: str, out: Path
) -> None:
    first, second = prepare(out, f"s3://{bucket}"), prepare(out, f"s3://{bucket}")
    first.carry_out()
    store.asked.clear()
    with pytest.raises(ConflictError, match="another publish is under way; publish again"):
        second.carry_out()
    assert store.changes() == []
    assert publish(out, f"s3://{bucket}").plan.uploads == ()


def test_a_publish_that_is_overtaken_stops_and_loses_nothing(
    store: Store, bucket: str, out: Path, tmp_path: Path
) -> None:
    publish(out, f"s3://{bucket}")
    other = tmp_path / "other"
    other.mkdir()
    theirs = {**SITE, "ko/feed.atom": "their feed", "theirs.html": "their page"}
    write_out(other, theirs)
    write_out(out, {**SITE, "ko/feed.atom": "our feed", "ours.html": "our page"})
    overtaken: list[Asked] = []

    def overtake(asked: Asked) -> None:
        if asked.path == "ours.html":
            overtaken.append(asked)
            store.fault = None
            prepare(other, f"s3://{bucket}").carry_out()

    store.fault = overtake
    with pytest.raises(ConflictError):
        publish(out, f"s3://{bucket}")
    assert overtaken
    assert encoded(theirs).items() <= store.read(bucket).items()
    publish(other, f"s3://{bucket}")
    assert encoded(theirs).items() <= store.read(bucket).items()


def test_a_store_without_conditions_is_published_to(store: Store, bucket: str, out: Path) -> None:
    def answer(asked: Asked) -> tuple[int, str] | None:
        conditional = {"IF_MATCH", "IF_NONE_MATCH"} & set(asked.headers)
        return (501, "<Error><Code>NotImplemented</Code></Error>") if conditional else None

    store.fault = answer
    publish(out, f"s3://{bucket}")
    assert store.read(bucket) == encoded(SITE)
    assert publish(out, f"s3://{bucket}").plan.uploads == ()


@pytest.mark.parametrize("what", ["changed", "gone"])
def test_a_build_that_runs_meanwhile_stops_it_before_the_feeds(
    store: Store, bucket: str, out: Path, what: str
) -> None:
    prepared = prepare(out, f"s3://{bucket}")
    if what == "gone":
        (out / "ko/feed.atom").unlink()
    else:
        (out / "ko/feed.atom").write_text("feed of a page that is not there")
    with pytest.raises(PublishError, match=r"feed\.atom: changed while it was published"):
        prepared.carry_out()
    assert "ko/feed.atom" not in store.read(bucket)
    assert "feeds.opml" not in store.read(bucket)


def test_a_build_that_runs_while_files_are_compared_stops_it_before_anything(
    store: Store, bucket: str, out: Path
) -> None:
    def progress(_what: str, _pieces: int) -> Callable[[], None]:
        return lambda: (out / "new.html").touch()

    with pytest.raises(PublishError, match="out: changed while it was published"):
        Publish(out, open_bucket(parse_place(f"s3://{bucket}"), os.environ), progress=progress)


def test_a_build_that_was_broken_off_is_not_published(store: Store, bucket: str, out: Path) -> None:
    (out / "ko/feed.rss").unlink()
    with pytest.raises(PublishError, match=r"feed\.rss: is missing: the last build is not finishe"):
        publish(out, f"s3://{bucket}")
    assert store.asked == []


# --- what stores refuse ---------------------------------------------------------------------------

REFUSED = [
    ("<Code>AccessDenied</Code>", 403, "access is denied; expected keys that may list"),
    ("<Code>InvalidAccessKeyId</Code>", 403, "AWS_ACCESS_KEY_ID is not known there"),
    ("<Code>SignatureDoesNotMatch</Code>", 403, "AWS_SECRET_ACCESS_KEY does not belong to"),
    ("<Code>ExpiredToken</Code>", 400, "AWS_SESSION_TOKEN has expired"),
    (
        "<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region>",
        400,
        "the bucket is in another region (eu-west-1); expected it in AWS_REGION",
    ),
    ("<Code>PermanentRedirect</Code>", 301, "the bucket is in another region; expected it in"),
    ("<Code>Odd</Code><Message>a\n b</Message>", 400, "refuses: Odd: a b"),
    ("", 403, "access is denied"),
]


@pytest.mark.parametrize(("body", "status", "told"), REFUSED)
def test_what_a_store_refuses_is_told_in_one_line_without_a_secret(
    store: Store, bucket: str, out: Path, body: str, status: int, told: str
) -> None:
    text = f"<Error>{body}<StringToSign>{SECRET}</StringToSign></Error>"
    store.fault = lambda _asked: (status, text)
    with pytest.raises(PublishError) as raised:
        publish(out, f"s3://{bucket}/p")
    assert str(raised.value).startswith(f"s3://{bucket}/p: ")
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_bucket_that_is_not_there_is_told(store: Store, out: Path) -> None:
    with pytest.raises(PublishError, match="s3://nowhere: there is no such bucket"):
        publish(out, "s3://nowhere")


def test_a_foreign_object_that_cannot_be_listed_is_told(
    store: Store, bucket: str, out: Path
) -> None:
    store.client.put_object(Bucket=bucket, Key="a//b", Body=b"")
    with pytest.raises(PublishError, match='invalid path: Path "a//b" contained empty'):
        publish(out, f"s3://{bucket}")
    publish(out, f"s3://{bucket}/beside")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "cannot be read; remove it, and all is uploaded anew"),
        (b"\xff", "cannot be read"),
        (b'{"paperround": 1, "run": "", "objects": {"a": 1}}', "cannot be read"),
        (b'{"paperround": 2, "run": "", "objects": {}}', "is of format 2; expected 1"),
    ],
)
def test_a_manifest_that_is_none_is_told(
    store: Store, bucket: str, out: Path, content: bytes, told: str
) -> None:
    publish(out, f"s3://{bucket}")
    store.client.put_object(Bucket=bucket, Key=MANIFEST, Body=content)
    store.asked.clear()
    with pytest.raises(PublishError, match=rf"{re.escape(MANIFEST)}: {told}"):
        publish(out, f"s3://{bucket}")
    assert store.changes() == []


def test_without_its_manifest_everything_is_uploaded_anew(
    store: Store, bucket: str, out: Path
) -> None:
    publish(out, f"s3://{bucket}")
    store.client.delete_object(Bucket=bucket, Key=MANIFEST)
    write_out(out, {path: text for path, text in SITE.items() if path != "robots.txt"})
    published = publish(out, f"s3://{bucket}")
    assert len(published.plan.uploads) == len(SITE) - 1
    assert "robots.txt" in store.read(bucket)  # nobody knows whose it is
    assert read_kept(store, bucket) == set(SITE) - {"robots.txt"}
