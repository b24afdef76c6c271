"""What the query of a feed's address means, however it is spelled, and what it selects."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.outputs.selection import LONGEST_QUERY, QueryError, Selection, parse_query
from feeds.slugs import tag_slug

RL_WITHOUT_GAN = Selection(any=("rl", "rlhf"), not_=("gan",))


@pytest.mark.parametrize(
    "query",
    [
        b"any=rl,rlhf&not=gan",
        b"not=gan&any=rlhf,rl",
        b"any=rlhf&not=gan&any=rl",
        b"any=RL,RLHF&not=GAN",
        b"ANY=rl,rlhf&Not=gan",
        b"any=rl%2Crlhf&not=gan",
        b"any=rl%2crlhf&not=gan&",
        b"&&any=rl,,rlhf,&not=gan",
        b"any=%72%6c,rlhf&%6eot=gan",
        b"any=rl,rl,rlhf&not=gan&not=gan",
        b"any=rl,+rlhf&not=gan",
        b"any=rl,rlhf&amp;not=gan",
        b"any=rl,rlhf&not=gan&utm_source=reader&UTM_campaign=x",
        b"by=tags&any=rl&any=rlhf&not=gan",
        b"any=%23rl,#rlhf&not=gan",
    ],
)
def test_one_selection_may_be_spelled_in_many_ways(query: bytes) -> None:
    assert parse_query(query) == RL_WITHOUT_GAN


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        (b"any=C%2B%2B", ("cpp",)),
        (b"any=c++", ("cpp",)),
        (b"any=c++,rl", ("cpp", "rl")),
        (b"any=c%23", ("c-sharp",)),
        (b"any=reward+model", ("reward-model",)),
        (b"any=reward_model,Reward%20Model", ("reward-model",)),
        ("any=강화학습".encode(), ("강화학습",)),
        (b"any=%EA%B0%95%ED%99%94%ED%95%99%EC%8A%B5", ("강화학습",)),
        # Decomposed, as macOS writes it.
        (b"any=%E1%84%80%E1%85%A1%E1%86%BC", ("강",)),
    ],
)
def test_tags_in_a_query_compare_as_tags_in_notes_do(query: bytes, slugs: tuple[str, ...]) -> None:
    selection = parse_query(query)
    assert selection is not None
    assert selection.any == slugs


@pytest.mark.parametrize(
    "query", [b"", b"&", b"utm_source=x", b"nto=gan", b"q=any", b"page=%", b"%=%"]
)
def test_a_query_that_does_not_speak_of_tags_is_none_of_ours(query: bytes) -> None:
    assert parse_query(query) is None


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"any=", "any is empty; expected a tag, as in any=rl"),
        (b"any=rl&not=", "not is empty; expected a tag, as in not=rl"),
        (b"any", "any is empty; expected a tag, as in any=rl"),
        (b"any=,", "any is empty; expected a tag, as in any=rl"),
        (b"by=tags", "no tag was chosen; expected one at least, as in any=rl"),
        (b"any=rl&nto=gan", "'nto' is no part of a query; expected any, all or not"),
        (b"any=rl&%3Cb%3E=1", "'<b>' is no part of a query; expected any, all or not"),
        (b"any=%21", "any: '!' has no letter and no digit"),
        (b"any=+", "any: ' ' has no letter and no digit"),
        (b"any=%", "a % without two hexadecimal digits behind it; expected %25 for itself"),
        (b"any=rl&not=%zz", "a % without two hexadecimal digits behind it; expected %25 for itse"),
        (b"any=rl&%u0041=1", "a % without two hexadecimal digits behind it; expected %25 "),
        (b"any=%ff", "the query is not UTF-8"),
        (b"any=%ed%a0%80", "the query is not UTF-8"),
        (b"any=rl%00", "a control character in 'rl\\x00'"),
        (b"any=rl%0d%0aSet-Cookie:%20a", "a control character in 'rl\\r\\nSet-Cookie: a'"),
        (b"any=rl%1b[31m", "a control character in 'rl\\x1b[31m'"),
        (b"any=rl%C2%85", "a control character in 'rl\\x85'"),
        (b"any=rl&%E2%80%AEx=1", "'\\u202ex' is no part of a query"),
        (b"any=" + b",".join(b"t%d" % n for n in range(51)), "51 tags; expected 50 at most"),
        (b"&".join(b"not=t%d" % n for n in range(400)), "400 tags; expected 50 at most"),
        (b"any=" + b"a" * LONGEST_QUERY, "the query has 4100 bytes; expected 4096 at most"),
    ],
)
def test_what_is_not_understood_is_told_in_one_line(query: bytes, message: str) -> None:
    with pytest.raises(QueryError) as told:
        parse_query(query)
    assert str(told.value).startswith(message)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 150


def test_fifty_tags_are_not_too_many() -> None:
    selection = parse_query(b"any=" + b",".join(b"t%d" % n for n in range(50)))
    assert selection is not None
    assert len(selection.any) == 50


# --- whatever the spelling ------------------------------------------------------------------------

TAGS = ["rl", "RL", "gan", "C++", "c#", "강화학습", "Reward Model", "reward_model", "3d", "Ünïcode"]
PARTS = st.fixed_dictionaries(
    {part: st.lists(st.sampled_from(TAGS), max_size=6) for part in ("any", "all", "not")}
).filter(lambda parts: any(parts.values()))


def spell(parts: Mapping[str, Sequence[str]], chance: random.Random) -> bytes:
    """Write the parts as some reader or other would: in any order, in pieces, over-encoded."""
    pairs = []
    for part, tags in parts.items():
        left = [*tags, *chance.sample(tags, chance.randrange(len(tags) + 1))]
        chance.shuffle(left)
        while left:
            size = chance.randrange(len(left)) + 1
            comma = chance.choice([",", "%2C", "%2c"])
            pairs.append((part, comma.join(encode(tag, chance) for tag in left[:size])))
            left = left[size:]
    chance.shuffle(pairs)
    return "&".join(f"{name}={value}" for name, value in pairs).encode()


def encode(tag: str, chance: random.Random) -> str:
    spelled = ""
    for letter in chance.choice([tag, tag.upper(), tag.lower()]):
        spelled += quote(letter, safe="")
        if letter.isascii() and letter.isalnum() and chance.random() < 0.3:
            spelled = spelled[:-1] + f"%{ord(letter):02{chance.choice('xX')}}"
    return spelled


@given(PARTS, st.integers(0, 2**32))
def test_every_spelling_has_the_same_canonical_query(
    parts: Mapping[str, Sequence[str]], seed: int
) -> None:
    selection = Selection.of(parts["any"], parts["all"], parts["not"])
    spelled = parse_query(spell(parts, random.Random(seed)))
    assert spelled is not None
    assert spelled.query == selection.query
    again = parse_query(selection.query.encode())
    assert again == selection
    assert selection.query.isascii()


@given(PARTS, st.frozensets(st.sampled_from(sorted({tag_slug(tag) for tag in TAGS}))))
def test_a_selection_is_what_the_words_say(
    parts: Mapping[str, Sequence[str]], slugs: frozenset[str]
) -> None:
    wanted = {part: [tag_slug(tag) for tag in tags] for part, tags in parts.items()}
    expected = True
    if wanted["any"] and not any(slug in slugs for slug in wanted["any"]):
        expected = False
    for slug in wanted["all"]:
        expected = expected and slug in slugs
    for slug in wanted["not"]:
        expected = expected and slug not in slugs
    assert Selection.of(parts["any"], parts["all"], parts["not"]).fits(slugs) == expected
