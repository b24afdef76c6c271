"""``.paperround-objects.json``: what Paperround put into a bucket, kept in the bucket itself.

It is written before the first upload, with every path that is about to be ours, and again as
uploads end. So an interrupted publish leaves no object that nobody knows of, and whatever is not
listed here was put there by somebody else.
"""

from __future__ import annotations

import json

import msgspec

from feeds.publish.bucket.plan import Entry, Known

MANIFEST = ".paperround-objects.json"
_FORMAT = 1


class _Form(msgspec.Struct):
    # Each object: [digest, ETag], or null where an upload was begun.
    paperround: int
    run: str
    objects: dict[str, tuple[str, str | None] | None]


def write_manifest(known: Known, *, run: str) -> bytes:
    """As JSON; ``run`` is the publish that writes it, so that no two publishes write the same."""
    objects = {
        path: [entry.digest, entry.e_tag] if entry else None
        for path, entry in sorted(known.items())
    }
    form = {"paperround": _FORMAT, "run": run, "objects": objects}
    return (json.dumps(form, ensure_ascii=False, indent=0) + "\n").encode()


def read_manifest(content: bytes) -> dict[str, Entry | None]:
    """What a manifest says.

    :raises ValueError: it is none, or one of a newer Paperround.
    """
    try:
        form = msgspec.json.decode(content, type=_Form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            "cannot be read; remove it, and all is uploaded anew (nothing that is gone is removed)"
        ) from error
    if form.paperround != _FORMAT:
        raise ValueError(f"is of format {form.paperround}; expected {_FORMAT}: a newer Paperround")
    return {
        path: Entry(digest=pair[0], e_tag=pair[1]) if pair else None
        for path, pair in form.objects.items()
    }
