"""Whatever a bucket holds and whatever breaks publishes off, the next one brings it to ``out/``."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from feeds.config.places import Place
from feeds.errors import PublishError
from feeds.publish.bucket import Publish
from feeds.publish.bucket.manifest import MANIFEST, read_manifest, write_manifest
from feeds.publish.bucket.plan import Entry, Listed, LocalFile, make_plan
from feeds.publish.bucket.store import Bucket
from feeds.publish.served import kind_of
from tests.buckets import in_silence, write_out

PATHS = (
    "assets/site.0123456789abcdef.css",
    "ko/entries.json",
    "ko/a.html",
    "ko/b.html",
    "ko/feed.atom",
    "feeds.opml",
)

sites = st.dictionaries(st.sampled_from(PATHS), st.sampled_from("123"), min_size=1)


@dataclass(frozen=True)
class Published:
    """A publish of these files that is killed before so many requests, if it comes that far."""

    files: dict[str, str]
    requests: int


@dataclass(frozen=True)
class Written:
    """Somebody else wrote an object, or (None) removed it."""

    path: str
    content: bytes | None


events = st.one_of(
    st.builds(Published, sites, st.integers(0, 16)),
    st.builds(Written, st.sampled_from((*PATHS, "mine.txt")), st.sampled_from((b"1", b"x", None))),
)


class Killed(Exception):  # noqa: N818  # it is none of the program's
    pass


class Mortal(Bucket):
    """A bucket in memory, whose ETags are numbers; after so many requests nothing is answered."""

    def __init__(self, store: MemoryStore, requests: int = 1000) -> None:
        super().__init__(store, Place(bucket="bucket", prefix=""), host="memory")
        self._left = requests

    def _live(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed

    def list_objects(self) -> dict[str, Listed]:
        self._live()
        return super().list_objects()

    def read(self, path: str) -> tuple[bytes, str | None] | None:
        self._live()
        return super().read(path)

    def put(self, path: str, content: bytes, *, mode: obstore.PutMode = "overwrite") -> str | None:
        self._live()
        return super().put(path, content, mode=mode)

    def remove(self, path: str) -> None:
        self._live()
        super().remove(path)


def publish(files: dict[str, str], bucket: Bucket, out: Path) -> Publish:
    write_out(out, files)
    published = Publish(out, bucket, progress=in_silence)
    published.carry_out()
    return published


def read(store: MemoryStore) -> dict[str, bytes]:
    listed = obstore.list(store).collect()
    found = {one["path"]: bytes(obstore.get(store, one["path"]).bytes()) for one in listed}
    found.pop(MANIFEST, None)
    return found


@settings(max_examples=100)
@given(st.lists(events, max_size=5), sites)
def test_after_any_history_a_publish_leaves_the_files_and_what_others_wrote(
    history: Sequence[Published | Written], files: dict[str, str]
) -> None:
    store = MemoryStore()
    others: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for event in history:
            if isinstance(event, Written):
                others.pop(event.path, None)
                if event.content is None:
                    obstore.delete(store, event.path)
                else:
                    obstore.put(store, event.path, event.content)
                    others[event.path] = event.content
            else:
                with suppress(Killed):
                    publish(event.files, Mortal(store, event.requests), Path(folder))
        before = read(store)
        publish(files, Mortal(store), Path(folder))
        after = read(store)
        again = publish(files, Mortal(store), Path(folder))
    wanted = {path: text.encode() for path, text in files.items()}
    assert after == {**{p: c for p, c in after.items() if p in others}, **wanted}
    # What others wrote is there as long as no file of the same name was published over it.
    for path, content in others.items():
        if path not in files and before.get(path) == content:
            overwritten = any(isinstance(e, Published) and path in e.files for e in history)
            assert overwritten or after.get(path) == content
    assert (again.plan.uploads, again.plan.removals) == ((), ())


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(PATHS), st.sampled_from("12")),
    st.dictionaries(st.sampled_from(PATHS), st.sampled_from("12")),
    st.dictionaries(st.sampled_from(PATHS), st.sampled_from("12") | st.none()),
)
def test_a_plan_accounts_for_every_file_and_every_object(
    local: dict[str, str], remote: dict[str, str], known: dict[str, str | None]
) -> None:
    files = [LocalFile(path=p, size=1, digest=d) for p, d in local.items()]
    listed = {p: Listed(size=1, e_tag=tag) for p, tag in remote.items()}
    entries = {p: Entry(digest=tag, e_tag=tag) if tag else None for p, tag in known.items()}
    plan = make_plan(files, listed, entries)
    uploads = [file.path for file in plan.uploads]
    assert len(uploads) + plan.unchanged == len(local)
    assert set(plan.removals) == {
        p for p in remote if p not in local and p in known and known[p] in (None, remote[p])
    }
    assert set(uploads) == {
        p for p in local if not (p in remote and known.get(p) == remote[p] == local[p])
    }
    assert plan.foreign == len(set(remote) - set(local) - set(plan.removals))
    kinds = ["asset", "other file", "page", "feed", "list"]
    order = [kinds.index(kind_of(path)) for path in uploads]
    assert order == sorted(order)
    backwards = [kinds.index(kind_of(path)) for path in plan.removals]
    assert backwards == sorted(backwards, reverse=True)
    assert set(plan.begun) == set(plan.known) | {p for p in uploads if p not in remote}
    assert all(plan.begun[p] is None for p in uploads if p in plan.begun)


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1),
        st.none() | st.builds(Entry, digest=st.text("0f"), e_tag=st.none() | st.text("0f")),
    )
)
def test_a_manifest_is_read_as_it_was_written(known: dict[str, Entry | None]) -> None:
    assert read_manifest(write_manifest(known, run="1")) == known


def test_a_store_that_makes_no_etags_is_compared_by_size() -> None:
    known = {path: Entry(digest="1", e_tag=None) for path in PATHS}
    listed = {path: Listed(size=1, e_tag=None) for path in PATHS}
    listed[PATHS[2]] = Listed(size=2, e_tag=None)
    plan = make_plan([LocalFile(path=p, size=1, digest="1") for p in PATHS], listed, known)
    assert [file.path for file in plan.uploads] == [PATHS[2]]


def test_one_upload_that_fails_is_told_and_the_others_are_kept(tmp_path: Path) -> None:
    class Refusing(Mortal):
        def put(
            self, path: str, content: bytes, *, mode: obstore.PutMode = "overwrite"
        ) -> str | None:
            if path == "ko/b.html":
                raise PublishError(path, "refused")
            return super().put(path, content, mode=mode)

    store = MemoryStore()
    files = dict.fromkeys(PATHS, "1")
    with pytest.raises(PublishError, match="refused"):
        publish(files, Refusing(store), tmp_path)
    kept = read_manifest(bytes(obstore.get(store, MANIFEST).bytes()))
    assert kept[PATHS[0]] is not None
    assert kept["ko/b.html"] is None
    plan = Publish(tmp_path, Mortal(store), progress=in_silence).plan
    assert [file.path for file in plan.uploads if file.path not in ("ko/a.html",)] == [
        "ko/b.html",
        "ko/feed.atom",
        "feeds.opml",
    ]
