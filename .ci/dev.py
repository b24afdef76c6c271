#!/usr/bin/env python3
"""One command each to try Paperround, to test it, and to renew its lock files.

Needs Python 3.11 or newer and nothing else: what is used is installed, by hash, into ``.venv``
beside this folder the first time and whenever a lock file has changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import venv
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LOCKS = {"demo": "requirements.lock", "test": "requirements-dev.lock"}
USAGE = """\
python3 .ci/dev.py demo          build the sample notes and serve them, as they are edited
python3 .ci/dev.py test [ARG…]   run the tests; arguments go to pytest
python3 .ci/dev.py lock          renew the lock files (needs the index of packages)
"""


def main(arguments: list[str]) -> int:
    """Do what the first argument says; the result is an exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  # whoever starts this may have an older one
        print(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
        print("With a newer one beside it: python3.13 .ci/dev.py demo")
        return 2
    if arguments[:1] == ["demo"]:
        return run(python("demo"), "-m", "feeds", "run", *local_address())
    if arguments[:1] == ["test"]:
        # Tests start hundreds of processes. One that neither finds nor leaves its code compiled
        # takes four times as long to start.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        # Whoever is done first takes half of what waits for another: files differ by minutes.
        workers = ["-n", "auto", "--dist", "worksteal"]
        return run(python("test"), "-m", "pytest", *workers, *arguments[1:])
    if arguments == ["lock"]:
        return renew_locks()
    print(USAGE, end="")
    return 2


def run(*command: str) -> int:
    """Run a program at the top of the checkout, and end as it ends."""
    try:
        return subprocess.run(command, cwd=TOP, check=False).returncode
    except KeyboardInterrupt:
        return 130


def local_address() -> list[str]:
    """Options that serve on this machine: on port 8000, or a free one where that is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8000))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return ["--port", str(port), "--base-url", f"http://127.0.0.1:{port}"]


def python(purpose: str) -> str:
    """The interpreter of ``.venv``, with everything that the purpose needs installed."""
    folder = TOP / ".venv"
    program = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    lock = TOP / ".ci" / LOCKS[purpose]
    stamp = folder / f".{lock.name}"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not program.exists():
        print("Setting up .venv …", flush=True)
        make_environment(folder)
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing what {purpose} needs …", flush=True)
        pip = [str(program), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        # Older pips would build what has no wheel in a way of the past, and complain of it. As a
        # variable, since pips that know no other way may not know the option.
        os.environ["PIP_USE_PEP517"] = "1"
        install(*pip, "--require-hashes", "-r", str(lock))
        if purpose == "test":  # tests start the command in folders of their own
            install(*pip, "--no-deps", "--no-build-isolation", "-e", ".")
        stamp.write_text(wanted)
    return str(program)


def install(*command: str) -> None:
    """Run pip, or end where it could not do its work."""
    if code := run(*command):
        sys.exit(130 if code == 130 else "Not installed: see above. The next start tries again.")


def make_environment(folder: Path) -> None:
    """Make a virtual environment, or say what the system lacks for it."""
    try:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    except (subprocess.CalledProcessError, KeyboardInterrupt) as error:
        shutil.rmtree(folder)  # half of one would be taken for a whole one at the next start
        if isinstance(error, KeyboardInterrupt):
            sys.exit(130)
        sys.exit(
            "This Python cannot make virtual environments; on Debian and Ubuntu, "
            "`apt install python3-venv` adds that."
        )


def renew_locks() -> int:
    """Resolve the dependencies anew, for every platform, with hashes and no address."""
    common = ["--universal", "--python-version", "3.11", "--generate-hashes"]
    common += ["--no-emit-index-url", "--no-header", "--upgrade", "-q", "pyproject.toml"]
    user, developer = (f".ci/{name}" for name in LOCKS.values())
    uv = [python("test"), "-m", "uv", "pip", "compile"]
    # What users get follows from what developers test with: some tools know no newest release.
    return run(*uv, *common, "--extra", "dev", "-o", developer) or run(
        *uv, *common, "-c", developer, "-o", user
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
