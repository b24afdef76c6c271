"""``paperround init``: the first files of a publication."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from feeds.config import CONFIG_NAME
from feeds.errors import ConfigError
from feeds.languages import templates_folder
from feeds.publish.atomic import write_atomically

IGNORED = "/out/\n/.paperround/\n"


def start_publication(folder: Path, *, today: date) -> list[Path]:
    """Write the first files of a publication into ``folder``; those that exist are left alone.

    Returns the files written.

    :raises ConfigError: there is a publication in the folder already.
    :raises PublishError: the system refused to write.
    """
    if (folder / CONFIG_NAME).exists():
        raise ConfigError(
            str(folder / CONFIG_NAME), "", "is there already; expected a folder without one"
        )
    source = templates_folder() / "new"
    note = (source / "note.txt").read_text(encoding="utf-8")
    files = {
        folder / CONFIG_NAME: (source / CONFIG_NAME).read_text(encoding="utf-8"),
        folder / "notes" / f"{today}.txt": note.replace("{date}", today.isoformat(), 1),
        folder / ".gitignore": IGNORED,
    }
    missing = [path for path in files if not path.exists()]
    for path in missing:
        write_atomically(path, files[path].encode())
    return missing
