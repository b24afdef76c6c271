"""Notes for the benchmark of the search: sentences of real notes, put together anew.

Put together alone they would have far fewer different words than that many real notes, and an index
of them would be too small. So a part of the words is replaced by coined ones, spelled like the
others; a few of them come often and most of them once or twice, as real names and terms do.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from feeds.languages import load_languages
from feeds.model import Entry
from feeds.notes import parse_note

LANGUAGES = tuple(load_languages(("ko", "en")).values())
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_ENGLISH = re.compile(r"\b[A-Za-z]{5,}\b")
_KOREAN = re.compile(r"([가-힣]{2,4})(을|를|은|는|이|가|의|에|로|과|와)\b")
# How many words of a sentence are coined, and how many coined words there are.
_COINED_SHARE = {"en": 0.06, "ko": 0.15}
_COINED_WORDS = 20_000


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
        self.odds = [1 / (rank + 10) for rank in range(_COINED_WORDS)]

    def pick(self, count: int) -> list[str]:
        """Coined words, the first of the list more often than the last."""
        return self._chance.choices(self.words, self.odds, k=count)

    def _coin(self) -> str:
        word = ""
        while letter := self._chance.choice(self._next[word[-self._order :] if word else ""]):
            word += letter
            if len(word) > 14:
                break
        return word if len(word) > 1 else self._coin()


class Corpus:
    """Sentences, titles, names and tags of notes, and notes made of them; a seed gives the same."""

    def __init__(self, folders: Iterable[Path], seed: int = 7) -> None:
        self.chance = random.Random(seed)
        entries = [entry for folder in folders for entry in _read_entries(folder)]
        self.abstracts = _sentences(text for entry in entries for text in entry.abstract)
        self.commentary = {
            lang: _sentences(text for entry in entries for text in entry.commentary.get(lang, ()))
            for lang in ("ko", "en")
        }
        self.titles = [entry.title for entry in entries]
        names = sorted({name for entry in entries for name in entry.authors if " " in name})
        self.given = [name.split()[0] for name in names]
        self.family = [name.split()[-1] for name in names]
        self.tags = sorted({tag for entry in entries for tag in entry.tags})
        english = [word.lower() for text in self.abstracts for word in _ENGLISH.findall(text)]
        korean = [word for text in self.commentary["ko"] for word, _ in _KOREAN.findall(text)]
        self.coiners = {
            "en": Coiner(english, 3, self.chance),
            "ko": Coiner(korean, 1, self.chance),
        }

    def write(self, folder: Path, count: int) -> list[int]:
        """Write notes, five a day; returns their sizes in bytes."""
        folder.mkdir(parents=True)
        sizes = []
        for first in range(0, count, 5):
            day = date(2026, 10, 31) - timedelta(days=first // 5)
            notes = [self._note(number) for number in range(first, min(first + 5, count))]
            sizes += [len(note.encode()) for note in notes]
            (folder / f"{day}.txt").write_text("\n".join([day.isoformat(), *notes]), "utf-8")
        return sizes

    def _note(self, number: int) -> str:
        chance = self.chance
        lines = [self._title(number), f"({', '.join(self._name() for _ in range(self._few(6)))})"]
        # Some notes are commentary alone, and many say it in one language.
        if chance.random() < 0.8:
            lines.append(self._text(self.abstracts, "en", 3 + self._few(3)))
        lines.append(self._text(self.commentary["ko"], "ko", self._few(2)))
        if chance.random() < 0.5:
            lines.append(self._text(self.commentary["en"], "en", self._few(2)))
        lines.append(" ".join(f"#{tag}" for tag in chance.sample(self.tags, self._few(2))))
        return "\n".join(lines)

    def _few(self, mean: int) -> int:
        return max(1, min(3 * mean, round(self.chance.expovariate(1 / mean))))

    def _title(self, number: int) -> str:
        words = self.chance.choice(self.titles).split()
        other = self.chance.choice(self.titles).split()
        name = self.coiners["en"].pick(1)[0].title()
        return f"{name}: {' '.join([*words[1:4], *other[-4:]])} {number}"

    def _name(self) -> str:
        family = self.chance.choice(self.family)
        if self.chance.random() < 0.3:
            family = self.coiners["en"].pick(1)[0].title()
        return f"{self.chance.choice(self.given)} {family}"

    def _text(self, pool: Sequence[str], lang: str, count: int) -> str:
        sentences = self.chance.choices(pool, k=count)
        return " ".join(self._vary(sentence, lang) for sentence in sentences)

    def _vary(self, sentence: str, lang: str) -> str:
        share, coin = _COINED_SHARE[lang], self.coiners[lang].pick

        def replace(match: re.Match[str]) -> str:
            if self.chance.random() >= share:
                return match[0]
            return coin(1)[0] + (match[2] if lang == "ko" else "")

        return (_KOREAN if lang == "ko" else _ENGLISH).sub(replace, sentence)


def _read_entries(folder: Path) -> list[Entry]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".md", ".txt"})
    notes = [parse_note(path.name, path.read_bytes(), LANGUAGES) for path in paths]
    return [entry for note in notes for entry in note.entries]


def _sentences(texts: Iterable[str]) -> list[str]:
    found = (each.strip() for text in texts for each in _SENTENCE.split(text))
    return sorted({each for each in found if 20 < len(each) < 500 and "\n" not in each})
