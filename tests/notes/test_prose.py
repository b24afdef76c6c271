"""What is taken for a line of prose without a look at its blocks reads as the library reads it."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.rules_core import block as read_any_block
from markdown_it.rules_inline import text as stop_often

from feeds.notes.markup.inline import NoteMarkdown

MARKERS = st.sampled_from(
    [
        *(
            "#",
            "##",
            ">",
            "- ",
            "-",
            "+ ",
            "* ",
            "*",
            "**",
            "***",
            "_",
            "__",
            "`",
            "```",
            "~~",
            "~",
        ),
        *("1.", "1. ", "12) ", "2024", "1234567890. ", "|", "---", "![", "[", "]", "](u)", "[[a]]"),
        *(
            "<",
            ">",
            "<https://a.org>",
            "https://a.org/b",
            "http:",
            "://",
            ":",
            "&amp;",
            "&",
            "=",
            "\\",
        ),
        *("$x^2$", "\\(y_1\\)", "\\textbf{b}", "\\url{https://a.org}", "\\%", "{", "}", "--", "!"),
        *(
            "word",
            "낱말",
            "말을 ",
            " ",
            "\t",
            "\u00a0",
            "\u3000",
            "\u200b",
            ".",
            "(",
            ")",
            "'",
            '"',
            "\n",
        ),
    ]
)
BLOCKS = st.lists(MARKERS | st.text(max_size=3), max_size=12).map("".join)


@cache
def parser_of_ours(*, markdown: bool) -> NoteMarkdown:
    return NoteMarkdown(markdown=markdown)


@cache
def parser_of_the_library(*, markdown: bool) -> NoteMarkdown:
    parser = NoteMarkdown(markdown=markdown)
    parser.core.ruler.at("block", read_any_block)
    parser.inline.ruler.at("text", stop_often)
    return parser


def assert_read_alike(block: str, *, markdown: bool) -> None:
    ours = parser_of_ours(markdown=markdown).render(block)
    assert ours == parser_of_the_library(markdown=markdown).render(block)


@given(block=BLOCKS)
@settings(max_examples=400)
def test_any_block_of_commentary_reads_as_the_library_reads_it(block: str) -> None:
    block = re.sub("[\x00\r]", "", block)
    assert_read_alike(block, markdown=True)


@given(block=BLOCKS)
@settings(max_examples=200)
def test_any_paragraph_of_an_abstract_reads_as_the_library_reads_it(block: str) -> None:
    block = " ".join(block.replace("\x00", "").split())
    assert_read_alike(block, markdown=False)


@pytest.mark.parametrize("start", ["# a", "> a", "- a", "1. a", "---", "***", "~~~", "```", "* a"])
def test_a_line_with_the_mark_of_another_block_is_no_prose(start: str) -> None:
    assert not parser_of_ours(markdown=True).render(start).startswith("<p>")
