"""Related entries: what shares tags and is near, and never a matter of the whole archive."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from feeds.model import Article, Tag
from feeds.outputs.related import MOST, REACH, Neighbours
from tests.outputs.samples import make_article

FIRST = date(2020, 1, 1)


def make_entry(number: int, slugs: str, **values: Any) -> Article:
    """The entry of a day, with a tag for each letter of ``slugs``."""
    tags = tuple(Tag(slug=slug, label=slug) for slug in slugs)
    day = FIRST + timedelta(days=number)
    return make_article(f"Paper {number}", day=day, tags=tags, **values)


def newest_first(entries: list[Article]) -> list[Article]:
    return sorted(entries, key=lambda entry: entry.published, reverse=True)


def find(entries: list[Article], entry: Article, **values: Any) -> list[str]:
    found = Neighbours(newest_first(entries)).find(entry, **values)
    return [each.title for each in found]


def test_more_shared_tags_go_before_closeness_and_that_before_the_newer() -> None:
    entries = [make_entry(day, tags) for day, tags in ((0, "ab"), (4, "a"), (5, "ab"), (6, "b"))]
    assert find(entries, entries[2]) == ["Paper 0", "Paper 6", "Paper 4"]


def test_without_a_tag_in_common_nothing_is_related() -> None:
    entries = [make_entry(0, "a"), make_entry(1, "b"), make_entry(2, "")]
    assert [find(entries, entry) for entry in entries] == [[], [], []]


def test_what_is_linked_already_and_what_says_nothing_are_left_out() -> None:
    entries = [make_entry(day, "a", stub=day == 1) for day in range(4)]
    assert find(entries, entries[2], without={entries[3].path}) == ["Paper 0"]
    # A stub is nobody's neighbour, but has neighbours.
    assert find(entries, entries[1]) == ["Paper 2", "Paper 0", "Paper 3"]


def test_at_most_five_are_shown() -> None:
    entries = [make_entry(day, "a") for day in range(20)]
    assert find(entries, entries[10]) == [f"Paper {n}" for n in (11, 9, 12, 8, 13)]
    assert MOST == 5


PAPERS = st.lists(st.text("abcdef", max_size=3).map(set).map(sorted).map("".join), max_size=40)


@given(PAPERS)
def test_related_entries_share_a_tag_and_are_never_the_entry_itself(papers: list[str]) -> None:
    entries = newest_first([make_entry(day, tags) for day, tags in enumerate(papers)])
    neighbours = Neighbours(entries)
    for entry in entries:
        found = neighbours.find(entry)
        assert entry not in found
        assert len({other.id for other in found}) == len(found) <= MOST
        for other in found:
            assert set(other.tags) & set(entry.tags)


@given(PAPERS, st.text("abcdef", min_size=1, max_size=3).map(set).map(sorted).map("".join))
def test_a_new_entry_changes_those_of_a_few_neighbours_only(papers: list[str], tags: str) -> None:
    entries = newest_first([make_entry(day, slugs) for day, slugs in enumerate(papers)])
    new = make_entry(len(papers), tags)
    before, after = Neighbours(entries), Neighbours([new, *entries])
    changed = [entry for entry in entries if before.find(entry) != after.find(entry)]
    assert len(changed) <= REACH * len(tags)
    near = {each.id for tag in new.tags for each in [e for e in entries if tag in e.tags][:REACH]}
    assert {entry.id for entry in changed} <= near
