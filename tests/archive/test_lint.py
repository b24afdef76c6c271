from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from feeds.archive.lint import check_archive
from feeds.archive.tag_lint import edit_distance
from feeds.config import Config
from feeds.model import Note
from tests.archive.builders import DAY, build, make_config, make_entry, make_note


def check(*notes: Note, config: Config | None = None) -> list[str]:
    config = config or make_config()
    built = build(notes, config=config)
    return [f"{one.level} {one}" for one in check_archive(notes, built.archive, config)]


def check_tags(*tags: str, config: Config | None = None) -> list[str]:
    entries = (make_entry(f"Paper {number}", tags=(tag,)) for number, tag in enumerate(tags))
    return check(make_note(DAY, *entries), config=config)


def test_good_note_has_nothing_to_mend() -> None:
    assert check(make_note(DAY, make_entry("A"), make_entry("B", tags=("rl", "llm")))) == []


def test_tag_in_two_spellings_is_told_where_the_rarer_stands() -> None:
    assert check_tags("reward-model", "reward-model", "reward_model") == [
        (
            "notice 2024-12-17.txt:22: #reward_model (1) is mostly spelled #reward-model (2);"
            " they are one tag already: spell it alike"
        ),
    ]


def test_tag_of_a_named_feed_that_no_entry_has_is_told() -> None:
    config = make_config(
        feeds={"agents": {"any": ["RL", "trnasformer"], "not": ["reinforcement"]}},
        tags={"aliases": {"reinforcement": "rl"}},
    )
    assert check_tags("rl", config=config) == [
        ("notice feeds.agents:1: no entry has the tag 'trnasformer'; expected one that is in use")
    ]


@pytest.mark.parametrize(
    ("usual", "slip"),
    [
        ("reward-model", "reward-modle"),
        ("reward-model", "rewardmodel"),
        ("rlhf", "rl-hf"),
        ("pruning", "prunning"),
        ("transformer", "transformers"),
        ("llm", "llms"),
        ("study", "studies"),
        ("autoregressive-model", "autoregresive-modal"),
        ("강화학습-모델", "강화학슴-모델"),
    ],
)
def test_slip_of_the_hand_is_told_with_the_alias_that_joins_it(usual: str, slip: str) -> None:
    (found,) = check_tags(usual, slip, usual)
    assert found.startswith(f"notice 2024-12-17.txt:12: #{slip} (1) looks like #{usual} (2)")
    assert f'`"{slip}" = "{usual}"` under [tags.aliases]' in found
    joined = make_config(tags={"aliases": {slip: usual}})
    assert check_tags(usual, slip, usual, config=joined) == []


@pytest.mark.parametrize(
    "tags",
    [("gpt-2", "gpt-3"), ("2d", "3d"), ("gan", "gat"), ("llama-2", "llama-3"), ("vision", "audio")],
)
def test_tags_that_mean_two_things_are_left_alone(tags: tuple[str, ...]) -> None:
    assert check_tags(*tags) == []


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("ab", "ab", 0),
        ("ab", "ba", 1),
        ("ab", "a", 1),
        ("ab", "cb", 1),
        ("abcd", "badc", 2),
        ("", "ab", 2),
    ],
)
def test_edit_distance_counts_a_swap_as_one(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == distance


def test_paper_noted_twice_is_told_by_address_and_by_title() -> None:
    found = check(
        make_note(DAY, make_entry("A", url="https://arxiv.org/abs/2403.12345v2")),
        make_note(date(2024, 12, 18), make_entry("B", url="http://arxiv.org/pdf/2403.12345")),
        make_note(date(2024, 12, 19), make_entry("a!")),
        make_note(date(2024, 12, 20), make_entry("A", url="https://example.org")),
    )
    assert found == [
        (
            "warning 2024-12-18.txt:2: 'B': the same paper as 2024-12-17.txt:2 (2024-12-17);"
            " take one out, or join the two"
        ),
        (
            "warning 2024-12-19.txt:2: 'a!': the same title as 2024-12-17.txt:2 (2024-12-17);"
            " take one out, or join the two"
        ),
    ]


def test_what_an_entry_lacks_is_told() -> None:
    entries = (
        make_entry("No English", en=None),
        make_entry("Stub", ko=None, en=None),
        make_entry("Untagged", tags=()),
        make_entry("Abstract alone", ko=None, en=None, abstract=("We.",)),
        make_entry("Japanese", commentary={"ja": ("よい。",)}),
    )
    assert check(make_note(DAY, *entries)) == [
        (
            "notice 2024-12-17.txt:2: 'No English' has no commentary in en:"
            " add it, or readers there miss it"
        ),
        (
            "warning 2024-12-17.txt:12: 'Stub' has no abstract and no commentary:"
            " it is in no feed and no mail"
        ),
        (
            "notice 2024-12-17.txt:22: 'Untagged' has no tag: add a line such as #topic,"
            " or no tag's feed has it"
        ),
        (
            "notice 2024-12-17.txt:42: 'Japanese': its commentary in 'ja' is in no language"
            " of the publication"
        ),
    ]


def test_links_that_lead_nowhere_are_told_once_and_code_is_none() -> None:
    entry = make_entry(
        "A",
        ko="[[B]] [[Nowhere]] ![[picture.png]] `[[code]]`",
        en="```\n[[code]]\n```",
        related=("Nowhere", "Draft"),
    )
    hidden = make_note(DAY, make_entry("Draft"), path="draft.md", draft=True)
    found = check(make_note(DAY, entry, make_entry("B")), hidden)
    assert [line.partition(" leads")[0] for line in found] == [
        "notice 2024-12-17.txt:2: [[Nowhere]]",
        "notice 2024-12-17.txt:2: [[Draft]]",
        (
            "notice draft.md:1: a draft: left out until `draft: true` (or `publish: false`)"
            " is taken out"
        ),
    ]


def test_note_of_a_day_to_come_is_told() -> None:
    assert check(make_note(date(2042, 1, 1), make_entry("A"), make_entry("B"))) == [
        (
            "notice 2042-01-01.txt:1: dated 2042-01-01, in the future: it waits for that day;"
            " mend the date if it is wrong"
        ),
    ]


def test_slip_is_found_among_thousands_of_tags() -> None:
    words = ("neural", "reward", "policy", "sparse", "vision", "speech", "robust", "latent")
    tags = ["-".join(three) for three in product(words, repeat=3)]
    slip = "neural-rewadr-policy"
    found = check(make_note(DAY, make_entry("A", tags=(*tags, slip))))
    assert len(found) == 1
    assert f"#{slip} (1) looks like #neural-reward-policy (1)" in found[0]
