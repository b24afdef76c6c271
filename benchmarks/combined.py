"""What feeds by any combination of tags cost: kept by a build, made when asked for, asked again.

::

    python -m benchmarks.combined [--entries 4000]

CPU time throughout, so that what else the machine does counts little.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from starlette.datastructures import Headers

from benchmarks.corpus import LAST_DAY, Corpus
from feeds.archive_file import entries_path, keep_entries, load_entries
from feeds.config import Config
from feeds.pipeline import list_files, prepare
from feeds.web.combined import CombinedFeeds

ASKED = Headers({})
NOW = datetime.combine(LAST_DAY + timedelta(days=1), datetime.min.time(), UTC)


def spend(work: Callable[[], object], times: int = 1) -> float:
    """CPU milliseconds of one run of ``work``."""
    before = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - before) * 1000 / times


def measure_keeping(config: Config) -> None:
    """What a build pays, beside rendering, which is most of it."""
    publication = prepare(config, now=NOW)
    rendering = spend(lambda: [file.content for file in list_files(publication)])
    keeping = spend(lambda: keep_entries(publication.site))
    size = entries_path(config).stat().st_size / 2**20
    print(f"kept in {keeping:.0f} ms ({size:.1f} MiB), rendering takes {rendering:.0f} ms")
    print(f"read again in {spend(lambda: load_entries(config)):.0f} ms")


def measure_serving(config: Config, tags: Sequence[str]) -> None:
    """What a reader pays whose feed nobody has asked for, and the next one."""
    site = load_entries(config)
    feeds = CombinedFeeds(lambda: site)
    chance = random.Random(7)
    known = f"any={tags[0]}"

    def ask(query: str, ending: str = "atom") -> None:
        feeds.answer(f"ko/feed.{ending}", query.encode(), ASKED)

    def ask_anew(ending: str) -> None:
        ask(f"any={','.join(chance.sample(tags, 3))}", ending)

    print(f"the first of a site: {spend(lambda: ask(known)):.1f} ms")
    for ending in ("atom", "rss", "json"):
        cost = spend(partial(ask_anew, ending), 50)
        print(f"one that nobody asked for yet, {ending}: {cost:.1f} ms")
    print(f"one that is kept: {1000 / spend(lambda: ask(known), 20_000):,.0f} a second")
    many = f"any={','.join(f't{number}' for number in range(500))}"
    print(f"500 tags, refused: {spend(lambda: ask(many), 500):.2f} ms")


def main() -> None:
    """Measure one corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=4000)
    entries = parser.parse_args().entries
    corpus = Corpus()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        corpus.write(root / "notes", entries)
        config = Config(title="Benchmark", base_url="https://example.org", root=root)
        measure_keeping(config)
        measure_serving(config, corpus.tags)


if __name__ == "__main__":
    main()
