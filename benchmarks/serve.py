"""How fast feeds are served, beside nginx serving the same files.

::

    python -m benchmarks.serve [--rounds 5] [--seconds 3] [--connections 32]

``paperround serve``, one process, and nginx with one worker are asked in turn by one thread of
``wrk``, over connections that are kept open. Prints requests a second and the CPU time of each; the
ratios, medians of all rounds, are what to compare between machines. nginx makes no combined feeds.
Needs nginx and wrk (``apt install nginx-light wrk``), and Linux.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

CHECKOUT = Path(__file__).parents[1]
FEED = "en/feed.atom"
COMBINED = "en/feed.atom?any=rl,llm&not=vision"
_SETTLED_S = 3  # a file that changed a moment ago is read anew at each request
CONFIG = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  types {{ application/atom+xml atom; }}
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {out}; }}
}}
"""


@dataclass(frozen=True)
class Site:
    """Somebody who serves: the process that answers, and where."""

    pid: int
    address: str


@dataclass(frozen=True)
class Case:
    """One question, asked over and over; ``headers`` are sent besides."""

    name: str
    site: Site
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Sample:
    """What one run of wrk came to: requests a second, and CPU time in µs for each."""

    rate: float
    cpu_us: float


def main() -> None:
    """Measure one site."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)  # the worker of nginx is another user where root starts it
        out = build_site(root)
        with serve_by_paperround(root) as ours, serve_by_nginx(root, out) as plain:
            cases = make_cases(ours, plain)
            found: list[list[Sample]] = [[] for _case in cases]
            for _round in range(asked.rounds):
                for case, samples in zip(cases, found, strict=True):
                    samples.append(sample(case, asked.connections, asked.seconds))
    report(cases, found)


def build_site(root: Path) -> Path:
    """The sample notes as a publication whose files have settled; its ``out``."""
    shutil.copytree(CHECKOUT / "notes", root / "notes")
    (root / "paperround.toml").write_text(
        'title = { ko = "아침 논문 한 장", en = "A Paper a Morning" }\n'
        'base_url = "http://127.0.0.1/"\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "feeds", "-c", str(root / "paperround.toml"), "build"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    time.sleep(_SETTLED_S)
    return root / "out"


@contextmanager
def serve_by_paperround(root: Path) -> Iterator[Site]:
    """The command as anybody starts it."""
    port = _free_port()
    command = [sys.executable, "-m", "feeds", "-c", str(root / "paperround.toml"), "serve"]
    with _run([*command, "--port", str(port)], port) as pid:
        yield Site(pid, f"http://127.0.0.1:{port}/")


@contextmanager
def serve_by_nginx(root: Path, out: Path) -> Iterator[Site]:
    """One worker, which is the only child of the process that is started."""
    port = _free_port()
    config = root / "nginx.conf"
    config.write_text(CONFIG.format(folder=root, port=port, out=out))
    program = find_program("nginx", "nginx-light")
    with _run([program, "-c", str(config), "-e", str(root / "error.log")], port) as pid:
        httpx.get(f"http://127.0.0.1:{port}/{FEED}")  # once it is answered, there is a worker
        worker = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
        yield Site(int(worker), f"http://127.0.0.1:{port}/")


def find_program(name: str, package: str) -> str:
    """A program that Debian may keep where only root looks."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    return found or sys.exit(f"{name} is missing: apt install {package}")


def make_cases(ours: Site, plain: Site) -> list[Case]:
    """What is asked, in turn; whoever asks again has the feed already."""
    cases = []
    for name, path, sites in [("", FEED, (ours, plain)), (", combined", COMBINED, (ours,))]:
        for site in sites:
            whole = Case(f"200{name}", site, path, {})
            first = _get(whole)
            again = Case(f"304{name}", site, path, {"If-None-Match": first.headers["etag"]})
            if (first.status_code, _get(again).status_code) != (200, 304):
                sys.exit(f"{site.address}{path} is not answered as it should be")
            print(f"{site.address}{path}: {len(first.content):,} bytes")
            cases += [again, whole]
    return cases


def sample(case: Case, connections: int, seconds: int) -> Sample:
    """Ask one question for a while; nothing else than the answer that was seen before may come."""
    headers = [f"-H{name}: {text}" for name, text in case.headers.items()]
    command = [find_program("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", *headers]
    before = _cpu_s(case.site.pid)
    told = subprocess.run(
        [*command, case.site.address + case.path], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    cpu_s = _cpu_s(case.site.pid) - before
    rate, asked = (
        re.search(r"Requests/sec:\s+([\d.]+)", told),
        re.search(r"(\d+) requests in", told),
    )
    if not rate or not asked or "Non-2xx" in told or "Socket errors" in told:
        sys.exit(told)
    return Sample(float(rate[1]), cpu_s / int(asked[1]) * 1e6)


def report(cases: list[Case], found: list[list[Sample]]) -> None:
    """Print each case, and how ours compares where nginx was asked the same."""
    by_name: dict[str, list[list[Sample]]] = {}
    for case, samples in zip(cases, found, strict=True):
        by_name.setdefault(case.name, []).append(samples)
    for name, (ours, *plain) in by_name.items():
        print(f"{name:<14} paperround {_describe(ours)}")
        for theirs in plain:
            rates = [one.rate / other.rate for one, other in zip(ours, theirs, strict=True)]
            costs = [other.cpu_us / one.cpu_us for one, other in zip(ours, theirs, strict=True)]
            print(f"{'':<14} nginx      {_describe(theirs)}")
            print(
                f"{'':<14} ratio of rates {statistics.median(rates):.3f} "
                f"({min(rates):.3f} to {max(rates):.3f}), of requests a CPU second "
                f"{statistics.median(costs):.3f}"
            )


def _describe(samples: list[Sample]) -> str:
    rate = statistics.median(one.rate for one in samples)
    cpu_us = statistics.median(one.cpu_us for one in samples)
    return f"{rate:>9,.0f} a second {cpu_us:>7.1f} µs of CPU each"


def _get(case: Case) -> httpx.Response:
    """The answer to a case, as wrk gets it: it asks for no coding."""
    headers = {"Accept-Encoding": "identity", **case.headers}
    return httpx.get(case.site.address + case.path, headers=headers)


def _cpu_s(pid: int) -> float:
    """CPU time of a process so far, all threads together (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _run(command: list[str], port: int) -> Iterator[int]:
    """A server, until the block ends; its process."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield process.pid
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _attempt in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nobody answers at port {port}")


if __name__ == "__main__":
    main()
