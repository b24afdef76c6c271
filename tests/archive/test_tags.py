from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.archive.tags import is_safe_name, join_tags, map_slugs, name_tags, tag_slug, title_key
from feeds.errors import ConfigError
from feeds.model import Tag
from tests.archive.builders import DAY, build, make_config, make_entry, make_note


@pytest.mark.parametrize(
    ("label", "slug"),
    [
        ("GAN", "gan"),
        ("efficient_training", "efficient-training"),
        ("text/to image", "text-to-image"),
        ("state\u2011space–model", "state-space-model"),
        ("한국어_모델", "한국어-모델"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("ＧＰＴ４", "gpt4"),
        ("हिन्दी", "हिन्दी"),
        ("c++", "cpp"),
        ("C++17", "cpp17"),
        ("c#", "c-sharp"),
        ("F#", "f-sharp"),
        (".NET", "net"),
        ("3d", "3d"),
        ("R&D", "rd"),
        ("--a___b--", "a-b"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", ""),
        ("+", ""),
        ("🎉", ""),
        ("☁\ufe0f", ""),
        ("\u3164", ""),
        ("con", "con-"),
        ("COM¹", "com1-"),
        ("lpt10", "lpt10"),
        ("<script>", "script"),
        ("x" * 100, "x" * 64),
        ("가" * 30, "가" * 21),
    ],
)
def test_slug_of_a_tag(label: str, slug: str) -> None:
    assert tag_slug(label) == slug


@settings(deadline=None)
@given(st.text())
def test_slug_of_a_slug_is_itself_and_names_a_folder(label: str) -> None:
    slug = tag_slug(label)
    assert tag_slug(slug) == slug
    assert len(slug.encode()) <= 64
    assert not slug or is_safe_name(slug)
    assert title_key(title_key(label)) == title_key(label)
    assert is_safe_name(title_key(label))


@settings(deadline=None)
@given(st.text(alphabet="._/-con+#ㄱ\u0300 ", max_size=8))
def test_slug_of_awkward_text_is_safe(label: str) -> None:
    slug = tag_slug(label)
    assert tag_slug(slug) == slug
    assert not set(slug) & set("./\\ \0:")


def test_a_title_without_letters_has_a_key() -> None:
    assert title_key("???") == "entry"
    assert len(title_key("긴 제목 " * 1000).encode()) <= 80


def test_key_of_a_long_title_is_cut_between_words() -> None:
    assert title_key("Some Words " * 20) == "-".join(["some-words"] * 7)
    assert title_key("a " + "x" * 100) == "a-" + "x" * 78
    assert title_key("가" * 100) == "가" * 26


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


def test_aliases_are_followed_to_the_end_by_slug() -> None:
    joins = join_tags({"Text2Img": "t2i", "T2I": "Text_to_image"})
    assert joins.slugs(("text2img", "t2i", "text-to-image", "rl")) == ("text-to-image", "rl")


def test_spelling_behind_an_alias_has_no_vote() -> None:
    joins = join_tags({"t2i": "Text-to-Image"})
    used = [("t2i",), ("t2i",), ("text-to-image",)]
    assert name_tags(used, joins)["text-to-image"].label == "text-to-image"
    assert name_tags(used[:2], joins)["text-to-image"].label == "Text-to-Image"


@pytest.mark.parametrize(
    "aliases",
    [
        {"a": "b", "b": "a"},
        {"a": "b", "b": "c", "c": "b"},
        {"++": "a"},
        {"a": "!"},
        {"A": "b", "a": "c"},
    ],
)
def test_alias_that_leads_nowhere_is_a_configuration_error(aliases: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"tags\.aliases"):
        join_tags(aliases)


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


def test_tag_that_leaves_nothing_is_reported_with_its_place() -> None:
    built = build([make_note(DAY, make_entry("A", tags=("!!!", "rl")))])
    assert [str(f) for f in built.archive.findings] == [
        "2024-12-17.txt:2: tag '!!!' is left out: expected a letter or a digit in it"
    ]
    assert [tag.slug for tag in built.article("A").tags] == ["rl"]


def test_map_of_slugs_is_in_order() -> None:
    assert list(map_slugs(["b", "a", "b"], {}, join_tags({}))) == ["a", "b"]
