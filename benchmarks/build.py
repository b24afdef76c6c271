"""How long a build takes, and how much memory, beside Hugo and Pelican building the same notes.

::

    python -m benchmarks.build [--runs 5] [--scale 1,3,10] [--peers FOLDER] [--picture FILE]

All build in turn, each in a process of its own; figures are medians of the runs, CPU is user and
system of the whole process. Ratios are to Hugo's full build of comparable output in the same run.
``comparable`` is Atom feeds and pages, ``everything`` all that Paperround writes. The peers are
installed once, each into an environment of its own. What each bar is, is printed beside it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.corpus import CONFIG, NOTES, Corpus, MadeNote, write_day
from benchmarks.peers.feeds import compare_feeds
from benchmarks.peers.sites import PEERS, Peer
from benchmarks.scaling import draw_scaling

CHECKOUT = Path(__file__).parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paperround-peers"
WAYS = {"comparable": 'outputs = ["atom", "pages"]\n', "everything": ""}
FOLDERS = """\
ledger = "{way}.jsonl"
[folders]
out = "{way}"
state = ".{way}"
"""
FULL, ONE_NOTE, NOTHING = "full build", "one new note", "nothing changed"
# The most CPU of each job for each CPU second of Hugo's full build.
RATIO_BARS = {
    ("comparable", FULL): 0.5,
    ("everything", FULL): 1.0,
    ("everything", ONE_NOTE): 0.08,
    ("everything", NOTHING): 0.03,
}
PEAK_MIB, GROWTH, GROWTH_ONE_NOTE = 400, 1.0, 2.0
NEWSLETTER_MS, START_MS, STARTS = 1.5, 80, 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What a process took: seconds, and MiB at its peak."""

    cpu: float
    wall: float
    peak: float


Figures = dict[tuple[str, str], list[Took]]


def run(command: Sequence[str]) -> Took:
    """Run a program to its end; stop all where it fails."""
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env=variables, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(command)}\n{said.read().decode(errors='replace')}")
    return Took(cpu=usage.ru_utime + usage.ru_stime, wall=wall, peak=usage.ru_maxrss / 1024)


def install(peer: Peer, folder: Path) -> Path:
    """The environment that a peer is in, made where there is none."""
    environment = folder / peer.name.lower()
    if not environment.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip = [str(environment / "bin" / "pip"), "install", "--quiet", peer.requirement]
        if subprocess.run(pip, check=False).returncode:
            shutil.rmtree(environment)
            sys.exit(f"{peer.requirement} could not be installed")
    return environment


class Rivals:
    """The same notes as a publication and as a site of each peer, in one folder."""

    def __init__(self, root: Path, notes: int, environments: Sequence[tuple[Peer, Path]]) -> None:
        self.root = root
        self.peers = environments
        for peer, _ in environments:
            peer.begin(root / peer.name)
        corpus = Corpus()
        for day in corpus.days(notes):
            self._write(day)
        self._more = corpus.one_more()
        for way, outputs in WAYS.items():
            text = CONFIG + outputs + FOLDERS.format(way=way)
            (root / f"{way}.toml").write_text(text, "utf-8")

    def run(self, figures: Figures) -> None:
        """Let each build all, then each once more with one note more."""
        jobs = self._jobs()
        self._clear()
        for name, command in jobs:
            figures.setdefault((name, FULL), []).append(run(command))
        self._write([self._more])
        for name, command in jobs:
            figures.setdefault((name, ONE_NOTE), []).append(run(command))
            if name in WAYS:
                figures.setdefault((name, NOTHING), []).append(run(command))

    def compare(self) -> Iterable[str]:
        """Where a peer's feeds and ours do not hold the same entries."""
        for peer, _ in self.peers:
            site = self.root / peer.name
            yield from compare_feeds(
                self.root / "comparable",
                partial(peer.find_feed, site),
                peer.name,
            )

    def _jobs(self) -> list[tuple[str, list[str]]]:
        program = [sys.executable, "-m", "feeds", "--config"]
        peers = [
            (peer.name, peer.command(self.root / peer.name, environment))
            for peer, environment in self.peers
        ]
        ours = [(way, [*program, str(self.root / f"{way}.toml"), "build"]) for way in WAYS]
        return [*peers, *ours]

    def _write(self, day: Sequence[MadeNote]) -> None:
        write_day(self.root / "notes", day)
        for peer, _ in self.peers:
            for note in day:
                peer.write(self.root / peer.name, note)

    def _clear(self) -> None:
        """Leave nothing of a build before, and not the one note more."""
        for way in WAYS:
            for written in (way, f".{way}"):
                shutil.rmtree(self.root / written, ignore_errors=True)
            (self.root / f"{way}.jsonl").unlink(missing_ok=True)
        for peer, _ in self.peers:
            shutil.rmtree(peer.output(self.root / peer.name), ignore_errors=True)
        for file in self.root.glob(f"notes/*/{self._more.name}.md"):
            file.unlink()
        for folder in self.root.glob(f"*/content/*/{self._more.day}"):
            shutil.rmtree(folder)


def median(figures: Iterable[Took], of: Callable[[Took], float] = lambda took: took.cpu) -> float:
    """The middle of some figures, by default of their CPU seconds."""
    return statistics.median(of(took) for took in figures)


def judge(value: float, bar: float | None, unit: str = "") -> str:
    """A bar as it is printed, with whether it is met."""
    return "" if bar is None else f"{'ok' if value <= bar else 'NO'} (bar {bar:g}{unit})"


def print_table(figures: Figures) -> None:
    """Print each job: CPU, wall, peak, and the ratio to Hugo's full build of the same run."""
    hugo = [took.cpu for took in figures["Hugo", FULL]]
    print(f"{'':<28} {'CPU s':>7} {'wall s':>7} {'MiB':>5} {'of Hugo':>8}  bar")
    for (name, job), runs in figures.items():
        ratio = statistics.median(t.cpu / h for t, h in zip(runs, hugo, strict=True))
        wall, peak = median(runs, lambda t: t.wall), median(runs, lambda t: t.peak)
        bar = judge(ratio, RATIO_BARS.get((name, job)))
        print(
            f"{job + ', ' + name:<28} {median(runs):>7.2f} {wall:>7.2f} {peak:>5.0f}"
            f" {ratio:>8.3f}  {bar}"
        )


def print_growth(sizes: dict[int, Figures]) -> None:
    """Print how what is built whole and with one note more grows with the notes."""
    least, most = min(sizes), max(sizes)
    if least == most:
        return
    times = most / least
    print(f"\n{'×' + format(times, 'g') + ' the notes':<28} {'CPU':>7} {'MiB':>7}  bar")
    for name, job in sizes[least]:
        small, large = sizes[least][name, job], sizes[most][name, job]
        growth, peak = median(large) / median(small), median(large, lambda t: t.peak)
        bars = [judge(growth, _growth_bar(name, job, times)) if name in WAYS else ""]
        bars += [judge(peak, PEAK_MIB, " MiB")] if name == "everything" else []
        print(f"{job + ', ' + name:<28} {'×':>2}{growth:>5.1f} {peak:>7.0f}  {'  '.join(bars)}")


def _growth_bar(name: str, job: str, times: float) -> float | None:
    if name != "everything":
        return None
    return {FULL: times * GROWTH, ONE_NOTE: GROWTH_ONE_NOTE}.get(job)


def print_starts() -> None:
    """Print what starting the program takes over starting Python."""
    jobs = {"": ["-c", "pass"], "--version": ["--version"], "--help": ["--help"]}
    taken: dict[str, list[Took]] = {}
    for _ in range(STARTS):
        for name, words in jobs.items():
            ours = ["-m", "feeds"] if name else []
            taken.setdefault(name, []).append(run([sys.executable, *ours, *words]))
    bare = taken.pop("")
    print()
    for name, runs in taken.items():
        over = statistics.median(t.cpu - b.cpu for t, b in zip(runs, bare, strict=True)) * 1000
        print(
            f"{'paperround ' + name:<28} {over:>4.0f} ms CPU over Python  {judge(over, START_MS)}"
        )


def print_newsletters(notes: int) -> None:
    """Print the CPU that one newsletter's document takes, of all that there are."""
    # Here, so that this process is small while it starts others: its size counts as their peak.
    from feeds.config import load_config
    from feeds.outputs.newsletter import write_newsletters
    from feeds.pipeline import prepare

    with tempfile.TemporaryDirectory() as name:
        Corpus().write(Path(name, "notes"), notes)
        Path(name, "paperround.toml").write_text(CONFIG, "utf-8")
        site = prepare(load_config(Path(name, "paperround.toml")), now=datetime.now(UTC)).site
    began = time.process_time()
    documents = sum(1 for file in write_newsletters(site) if file.content)
    each = (time.process_time() - began) / documents * 1000
    print(
        f"{'a newsletter of ' + format(documents, ','):<28} {each:>4.2f} ms CPU"
        f"  {judge(each, NEWSLETTER_MS)}"
    )


def main() -> int:
    """Measure; 1 where feeds of the peers hold other entries than ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", default="1", help="times the notes: 1,3,10")
    parser.add_argument("--notes", type=int, default=NOTES, help="how many ×1 is")
    parser.add_argument("--peers", type=Path, default=CACHE, help="where the peers are installed")
    parser.add_argument("--without", nargs="*", default=[], help="peers to leave out: Pelican")
    parser.add_argument("--picture", type=Path, help="draw how builds grow, as SVG")
    asked = parser.parse_args()
    peers = [peer for peer in PEERS if peer.name not in asked.without]
    environments = [(peer, install(peer, asked.peers)) for peer in peers]
    sizes: dict[int, Figures] = {}
    differences: list[str] = []
    for times in sorted(map(int, asked.scale.split(","))):
        with tempfile.TemporaryDirectory() as name:
            rivals = Rivals(Path(name), times * asked.notes, environments)
            figures = sizes.setdefault(times, {})
            for _ in range(asked.runs):
                rivals.run(figures)
            differences += rivals.compare()
        print(f"\n{times * asked.notes:,} notes, {asked.runs} runs")
        print_table(figures)
    print("\n".join(differences[:9]) or "The feeds of all hold the same entries.")
    if len(differences) > 9:
        print(f"and {len(differences) - 9} more")
    print_growth(sizes)
    print_starts()
    print_newsletters(asked.notes)
    if asked.picture:
        asked.picture.write_text(draw_scaling(trace(sizes, asked.notes)), "utf-8")
    return int(bool(differences))


def trace(sizes: dict[int, Figures], notes: int) -> dict[str, list[tuple[int, float]]]:
    """The lines of the picture: CPU seconds by the number of notes."""
    jobs = {name: (name, FULL) for name, job in sizes[min(sizes)] if job == FULL}
    jobs |= {f"Paperround, {way}": jobs.pop(way) for way in WAYS}
    jobs |= {f"Paperround, {job}": ("everything", job) for job in (ONE_NOTE, NOTHING)}
    return {
        label: [(times * notes, median(sizes[times][job])) for times in sizes]
        for label, job in jobs.items()
    }


if __name__ == "__main__":
    sys.exit(main())
