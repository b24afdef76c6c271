"""A small publication, file by file. To take changed files over, and then to read their diff:
``UPDATE_GOLDENS=1 pytest tests/outputs/test_feed_goldens.py``.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from feeds.outputs.atom import write_atom
from feeds.outputs.jsonfeed import write_json
from feeds.outputs.opml import write_opml
from feeds.outputs.rss import write_rss
from tests.outputs.samples import (
    CPP,
    LANGUAGES,
    RL,
    make_article,
    make_config,
    make_site,
    make_text,
)

GOLDENS = Path(__file__).parent / "goldens" / "feeds"
KEPT = (
    "feeds.opml",
    "ko/feed.atom",
    "ko/feed.rss",
    "ko/feed.json",
    "ko/archive/2024-11.atom",
    "en/feeds/robots/feed.atom",
    "en/tags/cpp/feed.atom",
    "en/tags/reinforcement-learning/feed.rss",
)


def render_publication() -> dict[str, bytes]:
    articles = [
        make_article(title, lang=lang, day=date(2024, month, 17), position=position, tags=tags)
        for lang in LANGUAGES
        for title, month, position, tags in (
            ("What Does <EOS> Do?", 12, 0, (RL, CPP)),
            ("A & B", 12, 1, (RL,)),
            ("In November", 11, 0, (RL,)),
            ("In October", 10, 0, ()),
        )
    ]
    alone = make_article(
        "초록이 없는 글", position=2, abstract=None, translations=(), authors=(), tags=()
    )
    other = make_article("Abstract Only", position=3, commentary=None, url=None)
    borrowed = make_article("Borrowed", position=4, commentary=make_text("In English.", "en"))
    config = make_config(feeds={"robots": {"title": {"ko": "로봇", "en": "Robots"}, "any": ["rl"]}})
    site = make_site(
        [*articles, alone, other, borrowed], slugs={"reinforcement-learning": RL}, config=config
    )
    files = [
        file for write in (write_atom, write_rss, write_json, write_opml) for file in write(site)
    ]
    return {file.path: file.content for file in files}


@pytest.mark.parametrize("path", KEPT)
def test_the_files_of_a_small_publication_are_as_they_were(path: str) -> None:
    content = render_publication()[path]
    golden = GOLDENS / path
    if os.environ.get("UPDATE_GOLDENS"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(content)
    assert content == golden.read_bytes()
