"""Files to a bucket: only what changed, pages after what they show, what is gone at the end.

Whatever a publish is broken off by, the next one brings the bucket to the same state: see
``plan.py`` for what is ours, ``manifest.py`` for how it is known.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import nullcontext, suppress
from itertools import groupby, islice
from pathlib import Path
from typing import TypeVar

from feeds.errors import ManyRemovalsError, PublishError
from feeds.publish.bucket.local import LocalFiles, Progress
from feeds.publish.bucket.manifest import MANIFEST, read_manifest, write_manifest
from feeds.publish.bucket.plan import Entry, LocalFile, make_plan
from feeds.publish.bucket.store import Bucket, ConflictError, open_bucket
from feeds.publish.served import kind_of

__all__ = ["Publish", "open_bucket"]

T = TypeVar("T")

_WORKERS = 16
# Uploads after which the manifest is kept: what a kill makes the next publish repeat, at most.
_STEP = 500
# Files of more bytes than this are held in memory one at a time.
_LARGE = 4 * 1024 * 1024


class Publish:
    """The publishing of a folder: worked out when made, carried out by ``carry_out``.

    ``progress`` is called with what is done and how often, and gives what is called each time.
    """

    def __init__(self, out: Path, bucket: Bucket, *, progress: Progress) -> None:
        """Compare the folder with the bucket, and change nothing.

        :raises PublishError: either of them cannot be read.
        """
        self._files = LocalFiles(out)
        self._bucket = bucket
        self._progress = progress
        # The manifest before the listing: if another publish ends in between, writing the
        # manifest fails, and with it this publish, before anything is done.
        self._e_tag, known = self._read_manifest()
        listed = bucket.list_objects()
        listed.pop(MANIFEST, None)
        self.plan = make_plan(self._files.compare(progress), listed, known)
        self._known = dict(self.plan.known)
        self._run = secrets.token_hex(8)
        self._large = threading.Lock()

    def check_removals(self) -> None:
        """Refuse to take away more than a fifth of what is published.

        :raises ManyRemovalsError: that is what the plan does.
        """
        if self.plan.gone * 5 > self.plan.published:
            raise ManyRemovalsError(self.plan.gone, self.plan.published)

    def carry_out(self) -> None:
        """Bring the bucket to hold the files, and nothing else that an earlier publish put there.

        :raises PublishError: the store refused, a file changed meanwhile, or another publish is
            under way. Each object is then as it was or as it should be, and the next publish goes
            on from there.
        """
        plan = self.plan
        if not plan.uploads and not plan.removals:
            return
        self._known = dict(plan.begun)
        self._keep()
        advance = self._progress("Uploading", len(plan.uploads))
        for step in _split(plan.uploads, lambda file: kind_of(file.path)):
            self._upload(step, advance)
            self._keep()
        advance = self._progress("Removing", len(plan.removals))
        for paths in _split(plan.removals, kind_of):
            with ThreadPoolExecutor(_WORKERS) as pool:
                for _ in pool.map(self._bucket.remove, paths):
                    advance()
        for path in plan.removals:
            del self._known[path]
        if plan.removals:
            self._keep()

    def _upload(self, files: Sequence[LocalFile], advance: Callable[[], None]) -> None:
        """Upload files side by side, and note what became of each."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            sent = {pool.submit(self._send, file): file for file in files}
            try:
                for done in as_completed(sent):
                    done.result()
                    advance()
            except BaseException as error:
                pool.shutdown(cancel_futures=True)
                self._note(sent)
                if not isinstance(error, ConflictError):
                    with suppress(PublishError):  # the first error is the one to tell
                        self._keep()
                raise
            self._note(sent)

    def _send(self, file: LocalFile) -> str | None:
        with self._large if file.size > _LARGE else nullcontext():
            return self._bucket.put(file.path, self._files.read(file))

    def _note(self, sent: dict[Future[str | None], LocalFile]) -> None:
        for future, file in sent.items():
            if future.done() and not future.cancelled() and not future.exception():
                self._known[file.path] = Entry(digest=file.digest, e_tag=future.result())

    def _read_manifest(self) -> tuple[str | None, dict[str, Entry | None]]:
        found = self._bucket.read(MANIFEST)
        if found is None:
            return None, {}
        content, e_tag = found
        try:
            return e_tag, read_manifest(content)
        except ValueError as error:
            raise PublishError(self._bucket.place.address(MANIFEST), str(error)) from error

    def _keep(self) -> None:
        """Write the manifest, unless another publish has."""
        content = write_manifest(self._known, run=self._run)
        self._e_tag = self._bucket.replace(MANIFEST, content, self._e_tag)


def _split(things: Iterable[T], kind: Callable[[T], str]) -> Iterator[list[T]]:
    """Steps of one kind each, of so many at most, in the order of the things."""
    for _, group in groupby(things, kind):
        while step := list(islice(group, _STEP)):
            yield step
