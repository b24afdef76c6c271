"""Whatever is done to a publication, and in whatever order: its files are those of a full build."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from feeds.config import load_config
from feeds.pipeline import build
from tests.publications import CHECKOUT, read_product, write_publication

FIRST = date(2024, 11, 28)
TAGS = ("rl", "RL", "gan", "한국어", "reward model", "c++")
TITLES = ("Attention", "A Second Look", "보상 모델", "On $O(n)$ Bounds", "Attention, Again")
CONFIGURATIONS = (
    "",
    "application = true\n",
    'fallback = "original"\n',
    'tags = { aliases = { rl = "gan" } }\n',
    "feed_entries = 2\n",
    'outputs = ["atom", "newsletter"]\n',
    'languages = ["en"]\n',
    'feeds = { chosen = { any = ["rl"], not = ["gan"] } }\n',
)

Written = tuple[str, list[str], str]
"""An entry: title, tags, words."""

days = st.integers(0, 40).map(lambda number: FIRST + timedelta(days=number))
tags = st.lists(st.sampled_from(TAGS), max_size=3)
numbers = st.integers(0, 999)


class Publication(RuleBasedStateMachine):
    """A writer at work, who builds after everything they do."""

    @initialize()
    def start(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        (self.root / "own").mkdir()
        self.notes: dict[str, tuple[date, list[Written]]] = {}
        self.settings = ""
        self.now = datetime(2025, 1, 10, 3, 0, tzinfo=UTC)
        self.made = 0

    @rule(day=days, title=st.sampled_from(TITLES), tags=tags)
    def add_a_note(self, day: date, title: str, tags: list[str]) -> None:
        self.made += 1
        self.notes[f"{self.made:03}.txt"] = (day, [(title, tags, f"Words {self.made}.")])

    @precondition(lambda self: self.notes)
    @rule(number=numbers, title=st.sampled_from(TITLES), tags=tags)
    def add_an_entry(self, number: int, title: str, tags: list[str]) -> None:
        self.made += 1
        self._entries(number).append((title, tags, f"See [[{title}]], {self.made}."))

    @precondition(lambda self: self.notes)
    @rule(number=numbers, words=st.sampled_from(("Other words.", "**굵게(bold)**는 $x^2$.", "")))
    def edit(self, number: int, words: str) -> None:
        title, tags, _ = self._entries(number)[0]
        self._entries(number)[0] = (title, tags, words)

    @precondition(lambda self: self.notes)
    @rule(number=numbers, title=st.sampled_from(TITLES))
    def retitle(self, number: int, title: str) -> None:
        _, tags, words = self._entries(number)[0]
        self._entries(number)[0] = (title, tags, words)

    @precondition(lambda self: self.notes)
    @rule(number=numbers, tags=tags)
    def retag(self, number: int, tags: list[str]) -> None:
        title, _, words = self._entries(number)[-1]
        self._entries(number)[-1] = (title, tags, words)

    @precondition(lambda self: self.notes)
    @rule(number=numbers, day=days)
    def move_to_another_day(self, number: int, day: date) -> None:
        name = self._name(number)
        self.notes[name] = (day, self.notes[name][1])

    @precondition(lambda self: self.notes)
    @rule(number=numbers)
    def rename(self, number: int) -> None:
        self.made += 1
        self.notes[f"sub/{self.made:03}.txt"] = self.notes.pop(self._name(number))

    @precondition(lambda self: self.notes)
    @rule(number=numbers)
    def delete(self, number: int) -> None:
        del self.notes[self._name(number)]

    @rule(chosen=st.sampled_from(CONFIGURATIONS))
    def configure(self, chosen: str) -> None:
        self.settings = chosen

    @rule(word=st.sampled_from(("", "<!-- one -->", "<!-- two -->")))
    def edit_a_template(self, word: str) -> None:
        own = self.root / "own" / "site" / "home.html"
        own.parent.mkdir(parents=True, exist_ok=True)
        shipped = CHECKOUT / "templates" / "site" / "home.html"
        own.write_text(shipped.read_text(encoding="utf-8") + word, encoding="utf-8")

    @rule(days=st.integers(1, 40))
    def let_time_pass(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def the_files_are_those_of_a_full_build(self) -> None:
        if not hasattr(self, "notes"):
            return
        config = self._write()
        with tempfile.TemporaryDirectory() as folder:
            anew = Path(folder) / "anew"
            shutil.copytree(
                self.root, anew, ignore=shutil.ignore_patterns("out", ".paperround"), symlinks=True
            )
            build(load_config(config), now=self.now, allow_deletes=True)
            again = load_config(anew / config.name)
            build(again, now=self.now, allow_deletes=True, full=True)
            assert read_product(self.root) == read_product(anew)

    def teardown(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def _write(self) -> Path:
        """Bring the folder to what the writer has; what they left alone is not touched."""
        wanted = {self.root / "notes" / name: _format(*note) for name, note in self.notes.items()}
        for path in self.root.glob("notes/**/*.txt"):
            if path not in wanted:
                path.unlink()
        for path, text in wanted.items():
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        (self.root / "notes").mkdir(exist_ok=True)
        folders = 'folders = { templates = "own" }\n'
        return write_publication(self.root, {}, folders + self.settings)

    def _name(self, number: int) -> str:
        names = sorted(self.notes)
        return names[number % len(names)]

    def _entries(self, number: int) -> list[Written]:
        return self.notes[self._name(number)][1]


def _format(day: date, entries: list[Written]) -> str:
    lines = [day.isoformat()]
    for title, tags, words in entries:
        lines += [title, "(Ada Lovelace)", "An abstract.", "해설입니다.", words]
        lines += [" ".join(f"#{tag.replace(' ', '_')}" for tag in tags)] if tags else [""]
    return "\n".join(lines) + "\n"


Publication.TestCase.settings = settings(max_examples=6, stateful_step_count=8, deadline=None)
TestAnySequenceOfEdits = Publication.TestCase
