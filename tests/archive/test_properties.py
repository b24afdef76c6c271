"""Whatever is done to notes between two builds, ids and dates keep what they promise."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.model import Note
from tests.archive.builders import NOW, Built, build, make_entry, make_note

DAYS = [NOW.date() + timedelta(days=number) for number in range(-3, 3)]


@dataclass(frozen=True)
class Paper:
    """A paper of the model: ``number`` is who it really is, the rest may change."""

    number: int
    title: str
    day: date
    file: str = "a"
    ko: int | None = 0
    en: int | None = 0
    tag: str = "rl"
    there: bool = True


changes = st.one_of(
    st.fixed_dictionaries({"title": st.sampled_from("ABC")}),
    st.fixed_dictionaries({"day": st.sampled_from(DAYS)}),
    st.fixed_dictionaries({"file": st.sampled_from("abc")}),
    st.fixed_dictionaries({"ko": st.none() | st.integers(0, 2)}),
    st.fixed_dictionaries({"en": st.none() | st.integers(0, 2)}),
    st.fixed_dictionaries({"tag": st.sampled_from(("rl", "RL", "llm"))}),
    st.fixed_dictionaries({"there": st.booleans()}),
)
steps = st.lists(st.tuples(st.integers(0, 4), changes), max_size=4)
histories = st.lists(st.tuples(steps, st.integers(60, 100_000)), min_size=1, max_size=5)
starts = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(DAYS)), min_size=5, max_size=5)


def write(papers: Sequence[Paper], *, identified: bool) -> list[Note]:
    """The notes of the papers that are there; ``identified``: each is known by URL and title."""
    notes: dict[tuple[date, str], list[Paper]] = {}
    for paper in papers:
        if paper.there:
            notes.setdefault((paper.day, paper.file), []).append(paper)
    return [
        make_note(
            day,
            *(
                make_entry(
                    f"{paper.title} {paper.number}" if identified else paper.title,
                    url=f"https://example.org/{paper.number}" if identified else None,
                    ko=None if paper.ko is None else f"글 {paper.ko}",
                    en=None if paper.en is None else f"text {paper.en}",
                    tags=(paper.tag,),
                )
                for paper in found
            ),
            path=f"{file}/{day}.txt",
        )
        for (day, file), found in notes.items()
    ]


def change(papers: list[Paper], step: Sequence[tuple[int, dict[str, object]]]) -> list[Paper]:
    papers = list(papers)
    for number, fields in step:
        papers[number] = replace(papers[number], **fields)  # type: ignore[arg-type]  # drawn by field
    return papers


def check_promises(before: Built | None, after: Built, now: datetime) -> None:
    records = after.ledger.records
    assert len({(record.day, record.key) for record in records}) == len(records)
    assert len({record.published for record in records}) == len(records)
    assert all(record.published <= now for record in records)
    for lang in ("ko", "en"):
        articles = after.archive.articles[lang]
        assert len({article.id for article in articles}) == len(articles)
        updated = [r.languages[lang].updated for r in records if lang in r.languages]
        assert len(set(updated)) == len(updated)
        assert all(moment <= now for moment in updated)
        assert all(article.updated >= article.published for article in articles)
    known = {(record.day, record.key): record for record in records}
    for old in before.ledger.records if before else ():
        new = known[old.day, old.key]
        assert (new.published, new.first_seen) == (old.published, old.first_seen)
        assert new.issue == old.issue or new.note_day != old.note_day
        assert set(old.slugs) <= set(new.slugs)
        for lang, edition in old.languages.items():
            if new.languages[lang].hash == edition.hash:
                assert new.languages[lang].updated == edition.updated
            else:
                assert new.languages[lang].updated > edition.updated


def check_same_again(notes: list[Note], built: Built, now: datetime, seed: int) -> None:
    shuffled = list(notes)
    random.Random(seed).shuffle(shuffled)
    again = build(shuffled, built, now=now)
    assert again.text == built.text
    assert replace(again.archive, findings=()) == replace(built.archive, findings=())


@settings(max_examples=80)
@given(starts, histories, st.integers())
def test_any_history_keeps_the_promises(
    start: list[tuple[str, date]],
    history: list[tuple[list[tuple[int, dict[str, object]]], int]],
    seed: int,
) -> None:
    papers = [Paper(number, title, day) for number, (title, day) in enumerate(start)]
    now, built = NOW, None
    for step, seconds in [([], 0), *history]:
        papers, now = change(papers, step), now + timedelta(seconds=seconds)
        notes = write(papers, identified=False)
        after = build(notes, built, now=now, issued=DAYS[:2])
        check_promises(built, after, now)
        check_same_again(notes, after, now, seed)
        built = after


@settings(max_examples=80)
@given(starts, histories)
def test_paper_keeps_its_id_through_edits_moves_renames_and_absence(
    start: list[tuple[str, date]],
    history: list[tuple[list[tuple[int, dict[str, object]]], int]],
) -> None:
    papers = [Paper(number, title, day) for number, (title, day) in enumerate(start)]
    now, built = NOW, None
    ids: dict[str | None, str] = {}
    for step, seconds in [([], 0), *history]:
        papers, now = change(papers, step), now + timedelta(seconds=seconds)
        built = build(write(papers, identified=True), built, now=now)
        shown = {a.url: a for lang in ("ko", "en") for a in built.archive.articles[lang]}
        for url, article in shown.items():
            identity = article.id.rpartition("/")[0]
            assert ids.setdefault(url, identity) == identity
        there = {f"https://example.org/{p.number}" for p in papers if p.there}
        due = {f"https://example.org/{p.number}" for p in papers if p.there and p.day <= now.date()}
        assert due <= set(shown) <= there
        assert len(set(ids.values())) == len(ids)
