"""Notes for benchmarks: sentences of real notes, put together anew, as many as one wants.

::

    python -m benchmarks.corpus FOLDER [--notes 3854] [--seed 7]

Writes a publication: ``FOLDER/paperround.toml`` and ``FOLDER/notes/``. Its shape is that of six
years of real notes: 1.3 KB in the middle, days of 1 to 15 entries, 381 tags of which a few are on
everything and most are rare, Korean nearly always and English half the time, day files and vault
files. More notes are first more days in these six years, then more years.

Sentences put together alone would have far fewer different words than that many real notes, and an
index of them would be too small. So a part of the words is coined, spelled like the others; a few
of them come often and most of them once or twice, as real names and terms do.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from feeds.languages import load_languages
from feeds.model import Entry
from feeds.notes import parse_note
from feeds.slugs import tag_slug, title_key

SAMPLE = Path(__file__).parents[1] / "notes"
NOTES = 3854
TAGS = 381
# Early in a month: a month that is not closed is in a feed whole, even if it is long.
LAST_DAY = date(2026, 10, 10)
CONFIG = """\
title = { ko = "아침 논문 한 장", en = "A Paper a Morning" }
base_url = "https://example.org/papers"
"""

_LANGUAGES = tuple(load_languages(("ko", "en")).values())
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
# What stands in a sentence by itself: formulas, code and addresses are never coined.
_KEPT = r"\$[^$]*\$|`[^`]*`|\(?https?://[^\s)]+\)?|\\\w+"
_ENGLISH = re.compile(rf"{_KEPT}|\b(?P<stem>[A-Za-z]{{5,}})\b")
_KOREAN = re.compile(
    rf"{_KEPT}|(?P<stem>[가-힣]{{2,4}})(?P<end>을|를|은|는|이|가|의|에|로|과|와)\b"
)
_HANGUL = re.compile("[가-힣]")
_NO_SENTENCE = re.compile(r"[^\w*\"'`]|.*(?:\[\[|!\[|\n)", re.S)
# How many words of a sentence are coined, and how many coined words there are.
_COINED_SHARE = {"en": 0.06, "ko": 0.15}
_COINED_WORDS = 20_000
_SPAN = 6 * 365
_MOST_A_DAY = 15
_REMEMBERED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeNote:
    """One entry as it was made up; ``place`` counts from 0 within its day.

    ``tags`` are slugs, ``spelled`` the same as written. ``related`` are names of vault notes.
    """

    day: date
    place: int
    vault: bool
    title: str
    url: str
    authors: tuple[str, ...]
    abstract: str
    commentary: Mapping[str, tuple[str, ...]]
    tags: tuple[str, ...]
    spelled: tuple[str, ...]
    related: tuple[str, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages whose feeds it is in: those of its commentary, else all of them."""
        return tuple(self.commentary) or ("ko", "en")

    @property
    def key(self) -> str:
        """What nothing else is called, in letters, digits and hyphens."""
        return title_key(self.title)

    @property
    def name(self) -> str:
        """The name of its file in a vault, without ending."""
        stamp = f"{self.day:%y%m%d}" if self.day.year >= 2000 else self.day.isoformat()
        return f"{stamp} {self.title.split(':')[0]}"

    def as_lines(self) -> list[str]:
        """The entry in a day file."""
        lines = [f"{self.title} ({self.url})", f"({', '.join(self.authors)})"]
        lines += [self.abstract] if self.abstract else []
        lines += self.commentary.get("ko", ())
        if english := self.commentary.get("en", ()):
            lines += english if "ko" in self.commentary else ["[en]", *english]
        return [*lines, " ".join(f"#{tag}" for tag in self.spelled)]

    def as_file(self) -> str:
        """The entry as a vault note."""
        blocks = [self.url, f"*{self.title}* ({', '.join(self.authors)})"]
        blocks += [f"> {self.abstract}"] if self.abstract else []
        blocks += self.commentary.get("ko", ())
        if english := self.commentary.get("en"):
            blocks.append("<english>\n" + "\n\n".join(english) + "\n</english>")
        blocks.append(" ".join(f"#{tag}" for tag in self.spelled))
        if self.related:
            blocks += ["# Links", "\n".join(f"[[{name}.md]]" for name in self.related)]
        return "\n\n".join(blocks) + "\n"


class Coiner:
    """Makes words like those it has seen: each letter follows the two before it."""

    def __init__(self, words: Sequence[str], order: int, chance: random.Random) -> None:
        self._chance = chance
        self._order = order
        self._next: dict[str, list[str]] = defaultdict(list)
        for word in words:
            for place in range(len(word) + 1):
                before = word[max(0, place - order) : place]
                self._next[before].append(word[place : place + 1])
        self.words = [self._coin() for _ in range(_COINED_WORDS)]
        self._odds = list(_add_up(1 / (rank + 10) for rank in range(_COINED_WORDS)))

    def pick(self) -> str:
        """A coined word, the first of the list more often than the last."""
        return self._chance.choices(self.words, cum_weights=self._odds)[0]

    def _coin(self) -> str:
        word = ""
        while letter := self._chance.choice(self._next[word[-self._order :] if word else ""]):
            word += letter
            if len(word) > 14:
                break
        return word if len(word) > 1 else self._coin()


class Corpus:
    """Sentences, titles, names and tags of notes, and notes made of them; a seed gives the same."""

    def __init__(self, folders: Iterable[Path] = (SAMPLE,), seed: int = 7) -> None:
        self.chance = random.Random(seed)
        entries = [entry for folder in folders for entry in _read_entries(folder)]
        self.abstracts = _sentences(text for entry in entries for text in entry.abstract)
        self.commentary = {
            lang: _sentences(text for entry in entries for text in entry.commentary.get(lang, ()))
            for lang in ("ko", "en")
        }
        # A quotation in a Korean commentary would read as the English one, put last.
        self.commentary["ko"] = [s for s in self.commentary["ko"] if _HANGUL.search(s)]
        self.titles = [entry.title for entry in entries]
        names = sorted({name for entry in entries for name in entry.authors if " " in name})
        self.given = [name.split()[0] for name in names]
        self.family = [name.split()[-1] for name in names]
        english = [word.lower() for text in self.abstracts for word in _find(_ENGLISH, text)]
        korean = [word for text in self.commentary["ko"] for word in _find(_KOREAN, text)]
        self.coiners = {
            "en": Coiner(english, 3, self.chance),
            "ko": Coiner(korean, 1, self.chance),
        }
        self.tags = self._name_tags({tag for entry in entries for tag in entry.tags})
        self._odds = list(_add_up(1 / (rank + 2) for rank in range(TAGS)))
        self._names: deque[str] = deque(maxlen=_REMEMBERED)
        self._number = 0

    def days(self, count: int) -> Iterator[list[MadeNote]]:
        """So many notes by the day, the oldest day first; none is kept."""
        sizes: list[int] = []
        while (left := count - sum(sizes)) > 0:
            size = 1 + int(self.chance.expovariate(1 / 3.4))
            sizes.append(min(size, _MOST_A_DAY, left))
        back = sorted(self.chance.sample(range(max(_SPAN, len(sizes))), len(sizes)), reverse=True)
        back[-1] = 0
        for days, size in zip(back, sizes, strict=True):
            yield self._make_day(LAST_DAY - timedelta(days=days), size)

    def one_more(self) -> MadeNote:
        """A note of the day after the last."""
        return self._make(LAST_DAY + timedelta(days=1), 0, vault=True)

    def write(self, folder: Path, count: int = NOTES) -> list[int]:
        """Write notes into a new folder; returns the sizes of the entries in bytes."""
        return [size for day in self.days(count) for size in write_day(folder, day)]

    def _make_day(self, day: date, size: int) -> list[MadeNote]:
        vault = self.chance.random() < 0.5
        notes = [self._make(day, place, vault=vault) for place in range(size)]
        if not vault:
            return notes
        # Files of a day are read in the order of their names.
        notes.sort(key=lambda note: note.name)
        return [replace(note, place=place) for place, note in enumerate(notes)]

    def _make(self, day: date, place: int, *, vault: bool) -> MadeNote:
        chance = self.chance
        self._number += 1
        tags, commentary = self._choose_tags(), self._comment(vault=vault)
        note = MadeNote(
            day=day,
            place=place,
            vault=vault,
            title=self._title(),
            url=self._address(day),
            authors=tuple(self._name() for _ in range(self._few(6))),
            # Some notes are commentary alone; one without any is an abstract alone.
            abstract=self._abstract() if not commentary or chance.random() < 0.76 else "",
            commentary=commentary,
            tags=tags,
            # The same tag in another spelling, now and then.
            spelled=tuple(t.replace("-", "_") if chance.random() < 0.03 else t for t in tags),
            related=self._relate() if vault else (),
        )
        if vault:
            self._names.append(note.name)
        return note

    def _address(self, day: date) -> str:
        return f"https://arxiv.org/abs/{day:%y%m}.{self.chance.randrange(100_000):05}"

    def _abstract(self) -> str:
        return self._text(self.abstracts, "en", 3 + self._few(3))

    def _comment(self, *, vault: bool) -> dict[str, tuple[str, ...]]:
        """Korean nearly always; English in most day files and in few vault files; seldom none."""
        chance = self.chance
        dice = chance.random()
        languages = {"ko"} if dice < 0.96 else {"en"} if dice < 0.985 else set()
        if dice < 0.96 and chance.random() < (0.2 if vault else 0.75):
            languages.add("en")
        return {
            lang: tuple(self._paragraph(lang, vault=vault) for _ in range(self._few(1)))
            for lang in ("ko", "en")
            if lang in languages
        }

    def _paragraph(self, lang: str, *, vault: bool) -> str:
        chance, pool = self.chance, self.commentary[lang]
        text = self._text(pool, lang, self._few(2))
        dice = chance.random()
        if dice < 0.25:
            text += f" ({self._address(date(chance.randrange(2015, 2026), 5, 1))})"
        elif dice < 0.35:
            text += f" $O(n^{chance.randrange(2, 9)} \\log n)$"
        elif dice < 0.45:
            word = self.coiners["en"].pick()
            particle = "을" if lang == "ko" else ""
            text = f"**{word.title()}({word[:3].upper()})**{particle} {text}"
        if vault and chance.random() < 0.08:
            items = [f"- {self._text(pool, lang, 1)}" for _ in range(3)]
            return "\n".join([text, "", *items])
        if vault and self._names and chance.random() < 0.06:
            return f"{text} [[{chance.choice(self._names)}]]"
        return text

    def _relate(self) -> tuple[str, ...]:
        if not self._names or self.chance.random() > 0.15:
            return ()
        return tuple({self.chance.choice(self._names): None for _ in range(2)})

    def _choose_tags(self) -> tuple[str, ...]:
        count = self.chance.choices((1, 2, 3, 4), (40, 35, 18, 7))[0]
        return tuple(dict.fromkeys(self.chance.choices(self.tags, cum_weights=self._odds, k=count)))

    def _name_tags(self, real: set[str]) -> list[str]:
        """Slugs of tags, the most used first."""
        found = dict.fromkeys(tag_slug(tag) for tag in sorted(real))
        while len(found) < TAGS:
            dice = self.chance.random()
            words = [self.coiners["ko" if dice < 0.05 else "en"].pick()]
            if dice > 0.6:
                words.append(self.coiners["en"].pick())
            found[tag_slug("-".join(words))] = None
        tags = list(found)
        self.chance.shuffle(tags)
        return tags

    def _few(self, mean: int) -> int:
        return max(1, min(3 * mean, round(self.chance.expovariate(1 / mean))))

    def _title(self) -> str:
        words = self.chance.choice(self.titles).split()
        other = self.chance.choice(self.titles).split()
        name = self.coiners["en"].pick().title()
        return f"{name}{self._number}: {' '.join([*words[1:4], *other[-4:]]).replace(':', '')}"

    def _name(self) -> str:
        family = self.chance.choice(self.family)
        if self.chance.random() < 0.3:
            family = self.coiners["en"].pick().title()
        return f"{self.chance.choice(self.given)} {family}"

    def _text(self, pool: Sequence[str], lang: str, count: int) -> str:
        sentences = self.chance.choices(pool, k=count)
        return " ".join(self._vary(sentence, lang) for sentence in sentences)

    def _vary(self, sentence: str, lang: str) -> str:
        share, coiner = _COINED_SHARE[lang], self.coiners[lang]

        def coin(match: re.Match[str]) -> str:
            found = match.groupdict()
            if found["stem"] is None or self.chance.random() >= share:
                return match[0]
            return coiner.pick() + found.get("end", "")

        return (_KOREAN if lang == "ko" else _ENGLISH).sub(coin, sentence)


def write_day(folder: Path, notes: Sequence[MadeNote]) -> list[int]:
    """Write the notes of a day into a folder by the year; returns the sizes of the entries."""
    first = notes[0]
    folder /= f"{first.day.year}"
    folder.mkdir(parents=True, exist_ok=True)
    if first.vault:
        texts = [note.as_file() for note in notes]
        for note, text in zip(notes, texts, strict=True):
            (folder / f"{note.name}.md").write_text(text, "utf-8")
    else:
        texts = ["\n".join(note.as_lines()) for note in notes]
        day = "\n".join([first.day.isoformat(), *texts])
        (folder / f"{first.day}.txt").write_text(f"{day}\n", "utf-8")
    return [len(text.encode()) for text in texts]


def _read_entries(folder: Path) -> list[Entry]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".md", ".txt"})
    notes = [parse_note(path.name, path.read_bytes(), _LANGUAGES) for path in paths]
    return [entry for note in notes for entry in note.entries]


def _sentences(texts: Iterable[str]) -> list[str]:
    found = (each.strip() for text in texts for each in _SENTENCE.split(text))
    return sorted({s for s in found if 20 < len(s) < 500 and not _NO_SENTENCE.match(s)})


def _find(pattern: re.Pattern[str], text: str) -> list[str]:
    return [found for match in pattern.finditer(text) if (found := match["stem"])]


def _add_up(weights: Iterable[float]) -> Iterator[float]:
    total = 0.0
    for weight in weights:
        total += weight
        yield total


def main() -> None:
    """Write one publication."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--notes", type=int, default=NOTES)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    sizes = Corpus(seed=asked.seed).write(asked.folder / "notes", asked.notes)
    (asked.folder / "paperround.toml").write_text(CONFIG, "utf-8")
    print(f"{len(sizes):,} notes, {statistics.median(sizes):,.0f} bytes in the middle")


if __name__ == "__main__":
    main()
