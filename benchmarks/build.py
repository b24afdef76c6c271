"""How long a build takes, and how much memory, beside writing the same files and nothing else.

::

    python benchmarks/build.py [--entries 1000]

Prints CPU seconds and wall seconds of a first build, of a second one that finds everything done,
and of writing the same bytes; the ratios are what to compare between machines.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from feeds.config import Config
from feeds.pipeline import Publication, build, render_files

NOW = datetime.fromisoformat("2026-11-01T12:00:00+09:00")
ENGLISH = """
    model reward policy gradient token attention layer training data scaling loss diffusion
    sample search image language benchmark efficient sparse memory
""".split()
KOREAN = """
    모델이 학습을 데이터로 보상을 사용해서 결과가 성능은 방법입니다 흥미롭네요
    이미지의 토큰을 어텐션에 생각합니다 논문에서 제안하는 구조와 비슷하게 최적화를
""".split()
TAGS = [f"tag-{number}" for number in range(120)]


def write_notes(folder: Path, entries: int) -> None:
    """Write day files of 5 entries each; the same seed gives the same notes."""
    chance = random.Random(7)
    folder.mkdir(parents=True)

    def words(pool: list[str], count: int) -> str:
        return " ".join(chance.choices(pool, k=count)).capitalize() + "."

    for index in range(0, entries, 5):
        day = date(2026, 10, 31) - timedelta(days=index // 5)
        lines = [day.isoformat()]
        for number in range(index, min(index + 5, entries)):
            lines += [
                f"{words(ENGLISH, 7)[:-1]} {number}",
                "(Ada Lovelace, Alan Turing, Grace Hopper)",
                words(ENGLISH, 120),
                words(KOREAN, 45),
                words(ENGLISH, 60),
                " ".join(f"#{tag}" for tag in chance.sample(TAGS, 2)),
            ]
        (folder / f"{day}.txt").write_text("\n".join(lines), encoding="utf-8")


def measure(name: str, work: Callable[[], object]) -> float:
    """Run ``work`` once, print what it took, and return its CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<34} {cpu:7.2f} s CPU {wall:7.2f} s wall")
    return cpu


def write_plainly(publication: Publication, folder: Path) -> Callable[[], None]:
    """What writes the same files and does nothing else."""
    files = render_files(publication)

    def write() -> None:
        for file in files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)

    return write


def main() -> None:
    """Measure one corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=1000)
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_notes(root / "notes", entries)
        config = Config(title="Benchmark", base_url="https://example.org", root=root)
        first = measure(f"first build, {entries:,} entries", lambda: build(config, now=NOW))
        second = measure("second build, nothing to do", lambda: build(config, now=NOW))
        publication = build(config, now=NOW).publication
        plain = measure("writing the same files", write_plainly(publication, root / "plain"))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"first build / writing: {first / plain:.1f}   second / first: {second / first:.2f}")
    print(f"peak memory: {peak_mib:.0f} MiB, {peak_mib * 1024 / entries:.0f} KiB an entry")


if __name__ == "__main__":
    main()
