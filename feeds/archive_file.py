"""What feeds by any combination of tags are made from, kept by a build for whoever serves.

``entries.z`` in the state folder: a line that says what it is, then JSON, compressed. It holds the
configuration and the words of the build as well, so that the entries of a combined feed are those
of the files beside it. It may be deleted at any time: the next build writes it again.
"""

from __future__ import annotations

import stat
import zlib
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from feeds import __version__
from feeds.config import Config
from feeds.errors import PublishError
from feeds.model import Archive, Article, Finding, Language, Source, Tag, Text
from feeds.outputs.formats import FORMATS
from feeds.outputs.site import Site
from feeds.outputs.theme import Theme
from feeds.publish.atomic import write_atomically

# Another version may know other fields: what it kept counts as nothing.
_FIRST_LINE = f"paperround entries 1 {__version__}\n".encode()
# On 8,000 articles the least effort takes an eighth of the size and of a second.
_LEVEL = 1
_FAULTS = (OSError, ValueError, zlib.error, msgspec.MsgspecError)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """``articles`` of each language, newest first, without stubs."""

    config: Config
    languages: dict[str, Language]
    articles: dict[str, tuple[Article, ...]]
    tags: tuple[Tag, ...]
    slugs: dict[str, Tag]


def entries_path(config: Config) -> Path:
    """Where a build keeps them."""
    return config.state_folder / "entries.z"


def keep_entries(site: Site) -> list[Finding]:
    """Keep what combined feeds are made from, where it changed; nothing if no feed is written.

    Returns a warning where it cannot be kept: everything else was built.
    """
    path = entries_path(site.config)
    try:
        if not any(form.name in site.config.outputs for form in FORMATS):
            path.unlink(missing_ok=True)
            return []
        content = _dump(site)
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)
    except (OSError, PublishError) as error:
        reason = error.reason if isinstance(error, PublishError) else error.strerror
        message = f"{reason}; feeds by a combination of tags stay as they were"
        return [Finding(level="warning", source=_name(path, site.config), message=message)]
    return []


class KeptSite:
    """The site as the newest build kept it: call it for what there is now, or None.

    A process that builds hands its sites over, and no file is read any more. Else the file is
    looked at with each call and read when it changed; while it is missing or damaged, what was
    read before stays. Safe to call from several threads.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._path = entries_path(config)
        self._reading = Lock()
        self._seen: tuple[int, ...] | None = None
        self._site: Site | None = None
        self._handed_over = False

    def __call__(self) -> Site | None:
        """The site now: the same object for as long as nothing changed."""
        if self._handed_over or self._stamp() == self._seen:
            return self._site
        # Whoever comes while it is read has what was there before, if anything was.
        if self._reading.acquire(blocking=self._site is None):
            try:
                self._read()
            finally:
                self._reading.release()
        return self._site

    def hand_over(self, site: Site) -> None:
        """Show this site from now on; one that says the same is no other."""
        with self._reading:
            if self._site is None or not _is_same(self._site, site):
                self._site = site
            self._handed_over = True

    def _read(self) -> None:
        stamp = self._stamp()
        if stamp != self._seen and not self._handed_over:
            if stamp and (site := load_entries(self._config)):
                self._site = site
            self._seen = stamp

    def _stamp(self) -> tuple[int, ...] | None:
        """What tells a file from the one that it replaced; None for none."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def load_entries(config: Config) -> Site | None:
    """The site that was kept; None where there is none, or none of this version.

    It has what feeds need of a site, and neither days nor issues nor pages.
    """
    try:
        content = entries_path(config).read_bytes()
        if not content.startswith(_FIRST_LINE):
            return None
        body = zlib.decompress(content[len(_FIRST_LINE) :])
        kept = msgspec.json.decode(body, type=_Kept, dec_hook=_read)
    except _FAULTS:
        return None
    built = msgspec.structs.replace(kept.config, root=config.root)
    return Site(
        config=built,
        languages=kept.languages,
        archive=Archive(
            languages=tuple(kept.articles),
            articles=kept.articles,
            days={},
            issues={},
            tags=kept.tags,
            slugs=kept.slugs,
            findings=(),
        ),
        feeds=(),
        unlisted_feeds=(),
        theme=Theme(kept.languages, built.templates_folder),
    )


def _is_same(one: Site, other: Site) -> bool:
    """Whether two sites make the same feeds, so that nothing made of the first has to go."""
    return (one.config, one.languages, one.archive) == (
        other.config,
        other.languages,
        other.archive,
    )


def _dump(site: Site) -> bytes:
    archive = site.archive
    kept = _Kept(
        config=site.config,
        languages=dict(site.languages),
        articles={
            lang: tuple(article for article in articles if not article.stub)
            for lang, articles in archive.articles.items()
        },
        tags=archive.tags,
        slugs=dict(archive.slugs),
    )
    return _FIRST_LINE + zlib.compress(msgspec.json.encode(kept, enc_hook=_spell), _LEVEL)


def _spell(value: Any) -> Any:
    if isinstance(value, Text):
        return (value.lang, value.html, value.plain)  # feeds have no use for MathML
    return ""  # where the publication is on this machine: not told, the reader knows it


def _read(kind: type, value: Any) -> Any:
    if kind is Text:
        lang, html, plain = value
        return Text(lang=lang, html=html, plain=tuple(plain))
    return kind(value)


def _name(path: Path, config: Config) -> Source:
    inside = path.is_relative_to(config.root)
    return Source(path=path.relative_to(config.root).as_posix() if inside else str(path), line=1)
