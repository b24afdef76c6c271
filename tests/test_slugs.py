"""Slugs: what tags compare by, and what becomes a part of an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.slugs import AliasError, is_safe_name, join_tags, tag_slug, title_key


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


@given(st.text())
def test_slug_of_a_slug_is_itself_and_names_a_folder(label: str) -> None:
    slug = tag_slug(label)
    assert tag_slug(slug) == slug
    assert len(slug.encode()) <= 64
    assert not slug or is_safe_name(slug)
    assert title_key(title_key(label)) == title_key(label)
    assert is_safe_name(title_key(label))


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


def test_aliases_are_followed_to_the_end_by_slug() -> None:
    joins = join_tags({"Text2Img": "t2i", "T2I": "Text_to_image"})
    assert joins.slugs(("text2img", "t2i", "text-to-image", "rl")) == ("text-to-image", "rl")


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
def test_alias_that_leads_nowhere_is_told_of(aliases: dict[str, str]) -> None:
    with pytest.raises(AliasError, match="expected") as raised:
        join_tags(aliases)
    assert raised.value.alias in aliases
