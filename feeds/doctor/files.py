"""Who may read keys: other users of this machine, and everybody who has the git repository."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from feeds.config import Config
from feeds.database.places import database_path
from feeds.doctor.diagnosis import Diagnosis, Surroundings, bad, doubtful, fine
from feeds.doctor.variables import KEY_NAMES, secret_names
from feeds.secrets import PREFIX, kept_key_path

_PRIVATE_KEY = b"PRIVATE KEY-----"
_MOST_BYTES = 64 * 1024
_GIT_S = 20


def check_files(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Whether keys are their owner's alone."""
    if os.name == "nt":
        return  # there are no such modes
    ours = _own_key_files(config)
    found = [
        *_check_modes(ours, mine=True),
        *_check_modes(_named_files(config, surroundings), mine=False),
        *_check_database(config),
    ]
    yield from found
    if not found and any(path.is_file() for path in ours):
        yield fine("only their owner can read the keys")


def check_git(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Whether a repository holds what is nobody else's."""
    program = shutil.which("git")
    top = _ask_git(program, config.root, "rev-parse", "--show-toplevel") if program else None
    if program is None or top is None:
        folders = (config.root.absolute(), *config.root.absolute().parents)
        if any((folder / ".git").exists() for folder in folders):
            yield doubtful(
                "git does not say what it keeps here",
                f"see what git -C {config.root} status says; the folder may be another user's",
            )
        else:
            yield fine("the publication is in no git repository")
        return
    root = Path(top.rstrip("\n")).resolve()
    listed = _ask_git(program, root, "ls-files", "-z") or ""
    tracked = {root / name for name in listed.split("\0") if name}
    secret = sorted(_find_secrets(config, surroundings, tracked))
    for path in secret:
        name = path.relative_to(root)
        yield bad(
            f"{name} is in the git repository, and in all its copies",
            f"git rm --cached {name}; then take another key: this one is known",
        )
    state = config.state_folder.resolve()
    if not state.is_relative_to(root):
        return
    # Patterns may end in a slash, for folders only, and this one may not be there yet. What is
    # tracked already counts as well.
    place = f"{state.relative_to(root)}/"
    ignored = _ask_git(program, root, "check-ignore", "--no-index", place)
    if ignored is None:
        line = f"/{state.relative_to(root)}/"
        yield bad("git does not ignore the state folder", f"put {line} into {root / '.gitignore'}")
    elif not secret:
        yield fine("no key is in the git repository")


def _own_key_files(config: Config) -> list[Path]:
    return [*(kept_key_path(name, config) for name in KEY_NAMES), config.dkim_key_path]


def _named_files(config: Config, surroundings: Surroundings) -> list[Path]:
    """The files that variables name."""
    variables = [f"{PREFIX}{name}_FILE" for name in secret_names(config)]
    places = [surroundings.environment.get(variable) for variable in variables]
    return [Path(place).absolute() for place in places if place]


def _check_modes(paths: list[Path], *, mine: bool) -> Iterator[Diagnosis]:
    for path in paths:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue  # one that is missing is told where it is needed
        if not mode & 0o077:
            continue
        who = "every user" if mode & 0o007 else "its group"
        message = f"{path} can be read by {who} of this machine (mode {mode:03o})"
        # Services that hand out secrets have modes of their own.
        strict = mine and mode & 0o007
        yield (bad if strict else doubtful)(message, f"chmod 600 {path}")


def _check_database(config: Config) -> Iterator[Diagnosis]:
    path, folder = database_path(config), config.state_folder
    if not config.has_readers or config.database is not None or not path.is_file():
        return
    if path.stat().st_mode & 0o004 and folder.stat().st_mode & 0o001:
        message = f"every user of this machine can read the addresses of readers in {path}"
        yield doubtful(message, f"chmod 700 {folder}")


def _find_secrets(config: Config, surroundings: Surroundings, tracked: set[Path]) -> Iterator[Path]:
    """Which of the files that git keeps hold a secret."""
    state, root = config.state_folder.resolve(), config.root.resolve()
    named = {
        path.resolve() for path in (*_own_key_files(config), *_named_files(config, surroundings))
    }
    for path in tracked:
        ours = path.is_relative_to(root) and path.suffix in (".pem", ".key")
        if path in named or path.is_relative_to(state) or (ours and _holds_key(path)):
            yield path


def _holds_key(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _PRIVATE_KEY in file.read(_MOST_BYTES)
    except OSError:
        return False


def _ask_git(program: str, folder: Path, *words: str) -> str | None:
    """What git says in a folder; None where it says no."""
    try:
        done = subprocess.run(
            [program, "-C", str(folder), *words],
            capture_output=True,
            check=False,
            timeout=_GIT_S,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
