"""A note before it is parsed: its lines, its front matter and what there is to tell about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from feeds.model import Finding, Language, Level, Source
from feeds.notes.frontmatter import FrontMatter
from feeds.notes.lines import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What every dialect is given. ``findings`` is added to while the note is read.

    ``line_date`` is the date of the first line, where that is one; ``name_date`` and ``name_title``
    are the parts of the file's name.
    """

    path: str
    markdown: bool
    front: FrontMatter
    lines: Sequence[Line]
    languages: Sequence[Language]
    line_date: date | None
    name_date: date | None
    name_title: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return PurePosixPath(self.path).stem

    def tell(self, level: Level, line: int, message: str) -> None:
        """Add a finding about a line."""
        source = Source(path=self.path, line=line)
        self.findings.append(Finding(level=level, source=source, message=message))
