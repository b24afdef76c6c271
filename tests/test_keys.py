"""What is made from equal values has one key, and from others another."""

from __future__ import annotations

from datetime import date

import pytest
from markupsafe import Markup

from feeds.keys import digest
from feeds.model import Feed, Tag, Text
from tests.outputs.samples import make_article

SAME = [
    ("text", 1, None, (date(2024, 12, 17), Tag(slug="rl", label="RL"))),
    (Text(lang="ko", html="<p>글</p>", plain=("글",)), Markup("<b>&amp;</b>")),
    ("half of a letter: \ud800",),
]


@pytest.mark.parametrize("values", SAME, ids=repr)
def test_a_key_is_the_same_each_time(values: tuple[object, ...]) -> None:
    assert digest(*values) == digest(*values)
    assert len(digest(*values)) == 16


def test_every_part_of_a_text_counts() -> None:
    texts = [
        Text(lang="ko", html="<p>a</p>", plain=("a",)),
        Text(lang="en", html="<p>a</p>", plain=("a",)),
        Text(lang="ko", html="<p>b</p>", plain=("a",)),
        Text(lang="ko", html="<p>a</p>", plain=("b",)),
        Text(lang="ko", html="<p>a</p>", plain=("a", "")),
        Text(lang="ko", html="<p>a</p>", plain=("a",), mathml="<p>a</p>"),
    ]
    assert len({digest(text) for text in texts}) == len(set(texts)) == len(texts)


def test_every_article_of_a_feed_counts() -> None:
    one = make_article()
    feeds = [
        Feed(
            kind="all",
            id="tag:example.org,2026:ko/feed",
            lang="ko",
            title="t",
            subtitle="s",
            stem="ko/feed",
            page="ko/",
            updated=one.updated,
            articles=articles,
        )
        for articles in ((), (one,), (one, one), (make_article(title="Another"),))
    ]
    assert len({digest(feed) for feed in feeds}) == len(feeds)


def test_what_has_no_key_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no digest"):
        digest([object()])
