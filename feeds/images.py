"""Local images: those that notes show, and the publication's own icon and logo.

The former are published under a name made of their content, the latter under the name that the
configuration gives them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

import imagesize

from feeds.config import Config
from feeds.model import Entry, Finding, Image, Note, OutputFile, Source

# How each kind begins, its ending and its media type. What a file holds counts and not what it is
# called: pictures are often saved under the wrong ending. An SVG can carry scripts that run when it
# is opened by itself, so it is not among these.
_KINDS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), ".png", "image/png"),
    (re.compile(rb"\xff\xd8\xff"), ".jpg", "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), ".gif", "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), ".webp", "image/webp"),
)
_LIMIT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The images of a publication: what to publish, and where each target of a note leads.

    ``targets`` are found by a note's path and a target in one spelling.
    """

    files: tuple[OutputFile, ...]
    findings: tuple[Finding, ...]
    targets: Mapping[tuple[str, str], Image]

    def of(self, entry: Entry) -> Callable[[str], Image | None]:
        """How the images of one entry are found: by the target as written."""
        return lambda target: self.targets.get((entry.source.path, _spell(target)))


def collect_pictures(notes: Iterable[Note], images: Mapping[str, Path], config: Config) -> Pictures:
    """Read the images that notes name, and the icon and the logo.

    A target is looked for beside its note, then from the top of the notes' folder, then by its
    name anywhere, as note-taking programs do. ``images`` maps paths relative to that folder to
    files. What is missing or no image becomes a finding.
    """
    by_name = {PurePosixPath(path).name.casefold(): path for path in sorted(images, reverse=True)}
    published: dict[str, tuple[OutputFile, Image]] = {}
    findings: list[Finding] = []
    targets: dict[tuple[str, str], Image] = {}
    for entry in (entry for note in notes for entry in note.entries):
        for target in entry.images:
            try:
                path = _find(target, entry.source.path, images, by_name)
                if path not in published:
                    published[path] = _publish(images[path], config)
                targets[entry.source.path, _spell(target)] = published[path][1]
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                message = f"the image {target!r} is left out: {reason}"
                findings.append(Finding(level="warning", source=entry.source, message=message))
    emblems, missing = _read_emblems(config)
    files = {file.path: file for file in (*emblems, *(file for file, _ in published.values()))}
    return Pictures(files=tuple(files.values()), findings=(*findings, *missing), targets=targets)


def _read_emblems(config: Config) -> tuple[list[OutputFile], list[Finding]]:
    """Read the icon and the logo where the configuration names files beside it, not addresses."""
    files: list[OutputFile] = []
    findings: list[Finding] = []
    for key in ("icon", "logo"):
        value = getattr(config, key)
        if not value or urlsplit(value).scheme:
            continue
        try:
            files.append(_read_emblem(PurePosixPath(unquote(value)), config))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            source = Source(path=value, line=1)
            message = f"{key}: {reason}; feeds name it all the same"
            findings.append(Finding(level="warning", source=source, message=message))
    return files, findings


def _read_emblem(path: PurePosixPath, config: Config) -> OutputFile:
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("expected an address, or a file below the configuration's folder")
    content = (config.root / path).read_bytes()
    kind = f"image/{path.suffix.lower().removeprefix('.')}"
    return OutputFile(path=path.as_posix(), content=content, media_type=kind)


def _spell(target: str) -> str:
    """One spelling of a target: Markdown encodes on its way what a note has as it is."""
    return normalize("NFC", unquote(target)).strip()


def _find(target: str, note: str, images: Mapping[str, Path], by_name: Mapping[str, str]) -> str:
    wanted = _spell(target).lstrip("/")
    parts: list[str] = []
    for part in (PurePosixPath(note).parent / wanted).parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    for candidate in ("/".join(parts), wanted):
        if candidate in images:
            return candidate
    name = PurePosixPath(wanted).name.casefold()
    if name not in by_name:
        raise ValueError("no such file among the notes")
    return by_name[name]


def _publish(path: Path, config: Config) -> tuple[OutputFile, Image]:
    if not path.is_file() or path.stat().st_size > _LIMIT_BYTES:
        raise ValueError(f"expected a file of at most {_LIMIT_BYTES >> 20} MiB")
    content = path.read_bytes()
    kinds = [(ending, kind) for start, ending, kind in _KINDS if start.match(content)]
    if not kinds:
        raise ValueError("expected a PNG, JPEG, GIF or WebP image")
    [(ending, media_type)] = kinds
    width, height = imagesize.get(io.BytesIO(content))
    if width < 1 or height < 1:
        raise ValueError("its size cannot be read; expected a whole image")
    name = f"images/{hashlib.sha256(content).hexdigest()[:20]}{ending}"
    image = Image(address=config.address(name), width=int(width), height=int(height))
    return OutputFile(path=name, content=content, media_type=media_type), image
