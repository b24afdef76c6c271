"""A variant is put together from pieces, and nobody could tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.delivery.variant import assemble
from feeds.model import Article, Issue, Mailing, Tag
from feeds.outputs.mailing import LIMIT_BYTES, render_mailing
from feeds.outputs.site import Site
from tests.issues import (
    abstract,
    commentary,
    long_issue,
    make_article,
    make_issue,
    make_site,
    make_week,
)
from tests.outputs.newsletters import headings, links, render_directly, size_of

KO, EN = "보상 모형을 배우는 방법에 대한 글입니다. ", "This is about learning a reward model. "


def make_entry(number: int, lang: str, *, day: date = date(2024, 12, 17)) -> Article:
    """One of many that differ in whatever an entry may have and another may lack."""
    words = KO if lang == "ko" else EN
    labels = ("rl", "RLHF", "가나다", "search")[: number % 5]
    return make_article(
        f"{'한국어 제목' if number % 3 == 0 else 'A Title'} {number} of <EOS> & “others”",
        lang=lang,
        day=day,
        path=f"{lang}/{day:%Y/%m/%d}/{number}/",
        url=f"https://arxiv.org/abs/2412.{number:05}" if number % 2 else None,
        authors=tuple(f"Author {n}" for n in range(number)),
        tags=tuple(Tag(slug=label.lower(), label=label) for label in reversed(labels)),
        commentary=commentary(words * (number % 4 * 3 + 1), "# Heading", f"`{number}`", lang=lang)
        if number % 4 or lang == "ko"
        else None,
        abstract=abstract(f"We present number {number}. " * 30) if number % 3 else None,
    )


@cache
def make_case(name: str, lang: str) -> tuple[Issue, Site, Mailing]:
    late = [make_entry(number, lang, day=date(2024, 12, number)) for number in (7, 8, 9)]
    issue = {
        "daily": lambda: make_issue([make_entry(n, lang) for n in range(7)], late=late, lang=lang),
        "weekly": lambda: make_week(
            [make_entry(n, lang, day=date(2024, 12, 16 + n)) for n in range(7)], lang=lang
        ),
        "long": lambda: replace(long_issue(20, sentences=120, lang=lang), late=tuple(late)),
        "too long": lambda: replace(long_issue(90, sentences=1, lang=lang), late=tuple(late)),
    }[name]()
    site = make_site()
    return issue, site, render_mailing(issue, site)


def choose(issue: Issue, chosen: list[int]) -> Issue:
    """The issue of just these entries."""
    own = len(issue.articles)
    return replace(
        issue,
        articles=tuple(issue.articles[number] for number in chosen if number < own),
        late=tuple(issue.late[number - own] for number in chosen if number >= own),
    )


def check(name: str, lang: str, chosen: list[int]) -> None:
    issue, site, mailing = make_case(name, lang)
    assert assemble(mailing, chosen) == render_directly(choose(issue, chosen), site)


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("name", ["daily", "weekly"])
@settings(max_examples=15)
@given(data=st.data())
def test_a_variant_is_what_an_issue_of_its_entries_alone_would_be(
    name: str, lang: str, data: st.DataObject
) -> None:
    numbers = st.integers(0, len(make_case(name, lang)[2].entries) - 1)
    check(name, lang, sorted(data.draw(st.sets(numbers, min_size=1))))


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("chosen", [[0], [22], [3, 21], list(range(12)), list(range(5, 23))])
def test_a_variant_of_a_long_issue_is_shortened_only_as_far_as_it_needs(
    lang: str, chosen: list[int]
) -> None:
    check("long", lang, chosen)


@pytest.mark.parametrize("chosen", [[92], [0, 91, 92], list(range(40)), list(range(93))])
def test_a_variant_that_is_too_long_ends_with_the_rest_of_its_own(chosen: list[int]) -> None:
    check("too long", "ko", chosen)


def test_no_variant_is_clipped() -> None:
    mailing = make_case("too long", "ko")[2]
    for count in range(1, len(mailing.entries) + 1):
        assert size_of(assemble(mailing, range(count)).html) <= LIMIT_BYTES


@pytest.mark.parametrize("number", [0, 3, 9])
def test_one_entry_stands_without_a_list_and_leads(number: int) -> None:
    newsletter = assemble(make_case("daily", "en")[2], [number])
    assert "<ol" not in newsletter.html
    assert f"{number} of <EOS> & “others”" in newsletter.subject
    assert [tag for tag, _ in headings(newsletter)][:1] == ["h1"]
    assert "1 paper" in newsletter.text


def test_nothing_is_left_of_the_marks_and_nothing_of_the_other_entries() -> None:
    mailing = make_case("daily", "ko")[2]
    newsletter = assemble(mailing, [2, 5])
    for part in (newsletter.html, newsletter.text):
        assert "paperround:" not in part
        assert "\ufdd0" not in part
    addresses = [href for _, href in links(newsletter) if "/2024/12/" in href]
    assert {href.split("/")[-2] for href in addresses if not href.endswith(".html")} == {"2", "5"}
