"""What readers are served: which files of ``out/``, as what, and for how long they may keep them.

One table for the application and for buckets, so that a site is the same wherever it is.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

MEDIA_TYPES = {
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".json": "application/json",
    ".opml": "text/x-opml; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
FEED_JSON = "application/feed+json"

# Kept, but asked for each time: a question costs a 304. For lists that name other files.
ASK_EACH_TIME = "no-cache"
# A minute: a crowd in the morning is answered by the cache in front, and whoever edits a note sees
# the page soon.
KEEP_A_PAGE = "public, max-age=60, must-revalidate"
# Readers come by the hour, many of them to the same cache: nobody sees yesterday's feed for long.
KEEP_A_FEED = "public, max-age=300, must-revalidate"
KEEP_FOR_EVER = "public, max-age=31536000, immutable"
# Pictures, styles, scripts and the parts of the search index: names made of their content.
_NAMED_BY_CONTENT = re.compile(
    r"images/[0-9a-f]{16,}\.[a-z0-9]+"
    r"|assets/[a-z0-9_-]+\.[0-9a-f]{16}\.[a-z0-9]+"
    r"|assets/search/[A-Za-z0-9_-]+/[a-z]+-[0-9a-f]+\.[0-9a-f]{6,}\.json"
)
_FEEDS = {".atom", ".rss", ".opml"}
# In the order of writing: what others name stands before what names it.
KINDS = ("asset", "other file", "page", "feed", "list")
_LISTS = (".opml", ".xml", "/robots.txt")
_UNFINISHED = ("~", ".tmp", ".part")


def is_served(path: str) -> bool:
    """Whether a path names something below a folder: no step up, no drive, nothing hidden.

    Nor anything that has the name of an unfinished file.
    """
    parts = path.split("/")
    return (
        all(part and not part.startswith(".") for part in parts)
        and not any(character in "\\:" or ord(character) < 32 for character in path)
        and not path.endswith(_UNFINISHED)
    )


def media_type_of(path: str) -> str:
    """The media type of a file of ``out/``, by its path."""
    name = PurePosixPath(path)
    if name.name == "feed.json":
        return FEED_JSON
    return MEDIA_TYPES.get(name.suffix.lower(), "application/octet-stream")


def is_named_by_content(path: str) -> bool:
    """Whether a file of ``out/`` has a name that changes with its content."""
    return _NAMED_BY_CONTENT.fullmatch(path) is not None


def cache_control_of(path: str) -> str:
    """For how long a reader may keep a file of ``out/`` (RFC 9111, section 5.2)."""
    name = PurePosixPath(path)
    if is_named_by_content(path):
        return KEEP_FOR_EVER
    if name.suffix == ".html":
        return KEEP_A_PAGE
    return KEEP_A_FEED if _is_feed(name) else ASK_EACH_TIME


def kind_of(path: str) -> str:
    """One of ``KINDS``.

    Assets are named by their content; the index of the search names some, pages name all of them.
    Feeds name pages; lists (OPML, a sitemap) name feeds and pages.
    """
    name = PurePosixPath(path)
    if is_named_by_content(path):
        return "asset"
    if name.suffix == ".html":
        return "page"
    if f"/{path}".endswith(_LISTS):
        return "list"
    return "feed" if _is_feed(name) else "other file"


def rank_of(path: str) -> int:
    """The place of a file's kind in the order of writing."""
    return KINDS.index(kind_of(path))


def _is_feed(name: PurePosixPath) -> bool:
    return name.suffix in _FEEDS or name.name == "feed.json"
