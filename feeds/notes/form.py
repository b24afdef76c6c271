"""The form in which ``paperround parse`` prints a note: JSON, one line a file."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from feeds.model import Entry, Note
from feeds.notes import vault


def note_to_json(note: Note) -> dict[str, Any]:
    """Turn a note into plain data for ``json.dumps``; a vault note names its file first.

    ``{"date", "entries": [{"title", "url", "authors", "abstract", "commentary": {"ko": […]},
    "tags", "links"}]}``; a date is ISO 8601 or None, every paragraph is stripped at both ends.
    """
    name = {"file": PurePosixPath(note.path).name} if note.dialect == vault.NAME else {}
    return {
        **name,
        "date": note.date.isoformat() if note.date else None,
        "entries": [_entry_to_json(entry) for entry in note.entries],
    }


def _entry_to_json(entry: Entry) -> dict[str, Any]:
    return {
        "title": entry.title,
        "url": entry.url,
        "authors": list(entry.authors),
        "abstract": [text.strip() for text in entry.abstract],
        "commentary": {
            lang: [text.strip() for text in texts] for lang, texts in entry.commentary.items()
        },
        "tags": list(entry.tags),
        "links": list(entry.links),
    }
