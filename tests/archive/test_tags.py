from __future__ import annotations

from feeds.archive.tags import map_slugs, name_tags
from feeds.model import Tag
from feeds.slugs import join_tags
from tests.archive.builders import DAY, build, make_config, make_entry, make_note


def test_label_is_the_most_frequent_spelling_and_a_tie_goes_to_the_earliest() -> None:
    joins = join_tags({})
    assert name_tags([("GAN",), ("gan",), ("gan",)], joins)["gan"].label == "gan"
    assert name_tags([("Gan",), ("gan",)], joins)["gan"].label == "Gan"


def test_a_spelling_counts_once_an_entry() -> None:
    tags = name_tags([("gan",), ("gan",), ("GAN", "GAN", "GAN")], join_tags({}))
    assert tags["gan"].label == "gan"


def test_earlier_day_wins_a_tie_whatever_the_path() -> None:
    late = make_note(DAY, make_entry("A", tags=("GAN",)), path="a.md")
    early = make_note(DAY.replace(day=1), make_entry("B", tags=("gan",)), path="b.md")
    assert [tag.label for tag in build([late, early]).archive.tags] == ["gan"]


def test_spelling_behind_an_alias_has_no_vote() -> None:
    joins = join_tags({"t2i": "Text-to-Image"})
    used = [("t2i",), ("t2i",), ("text-to-image",)]
    assert name_tags(used, joins)["text-to-image"].label == "text-to-image"
    assert name_tags(used[:2], joins)["text-to-image"].label == "Text-to-Image"


def test_slug_once_published_goes_to_the_tag_it_was_joined_to() -> None:
    notes = [make_note(DAY, make_entry("A", tags=("t2i", "rl")))]
    first = build(notes)
    config = make_config(tags={"aliases": {"t2i": "text-to-image"}})
    second = build(notes, first, config=config)
    target = Tag(slug="text-to-image", label="text-to-image")
    assert second.archive.slugs["t2i"] == second.archive.slugs["text-to-image"] == target
    assert target in second.archive.tags
    assert second.article("A").tags == (target, Tag(slug="rl", label="rl"))
    assert second.article("A").updated == first.article("A").updated


def test_slug_that_no_entry_has_any_more_is_still_there() -> None:
    first = build([make_note(DAY, make_entry("A", tags=("old", "rl")))])
    second = build([make_note(DAY, make_entry("A"))], first)
    assert second.archive.slugs["old"] == Tag(slug="old", label="old")
    assert [tag.slug for tag in second.archive.tags] == ["rl"]


def test_tag_that_leaves_nothing_is_left_out() -> None:
    built = build([make_note(DAY, make_entry("A", tags=("!!!", "rl")))])
    assert [tag.slug for tag in built.article("A").tags] == ["rl"]


def test_map_of_slugs_is_in_order() -> None:
    assert list(map_slugs(["b", "a", "b"], {}, join_tags({}))) == ["a", "b"]
