"""``paperround init``: the first files of a publication."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from feeds.config import CONFIG_NAME, load_config
from feeds.errors import ConfigError
from feeds.languages import templates_folder
from feeds.publish.atomic import write_atomically

IGNORED = "/out/\n/.paperround/\n"


def start_publication(folder: Path, *, now: datetime) -> list[Path]:
    """Write the first files of a publication into ``folder``; those that exist are left alone.

    A folder of notes that holds something gets no sample. ``now`` is aware. Returns the files
    written.

    :raises ConfigError: there is a publication in the folder already.
    :raises PublishError: the system refused to write.
    """
    if (folder / CONFIG_NAME).exists():
        raise ConfigError(
            str(folder / CONFIG_NAME), "", "is there already; expected a folder without one"
        )
    source = templates_folder() / "new"
    files = {
        folder / CONFIG_NAME: (source / CONFIG_NAME).read_text(encoding="utf-8"),
        folder / ".gitignore": IGNORED,
    }
    if not any(folder.glob("notes/*")):
        # Where the writer sits it may be tomorrow already, and a note of tomorrow waits.
        today = now.astimezone(load_config(source / CONFIG_NAME).zone).date()
        note = (source / "note.txt").read_text(encoding="utf-8")
        files[folder / "notes" / f"{today}.txt"] = note.replace("{date}", today.isoformat(), 1)
    missing = [path for path in files if not path.exists()]
    for path in missing:
        write_atomically(path, files[path].encode())
    return missing
