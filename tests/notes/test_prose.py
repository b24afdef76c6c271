"""What is taken for a line of prose without a look at its blocks reads as the library reads it."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_core import block as read_any_block
from markdown_it.rules_inline import text as stop_often

from feeds.notes.markup.inline import NoteMarkdown
from feeds.notes.markup.sanitize import clean_html, clean_text

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

WORDS = st.sampled_from(
    ["word", "&quot;", "&amp;", "&lt;", "&nbsp;", "&#13;", "&", "\u00a0", "\r", "\n", '"', "'", "<"]
) | st.text(max_size=3).map(escapeHtml)
TAG_NAMES = st.sampled_from(["strong", "em", "s", "code", "a", "p"])
# Mostly as the renderer writes it: a tag that another closes is a chance in some.
SPANS = WORDS | st.tuples(TAG_NAMES, WORDS, TAG_NAMES, st.booleans()).map(
    lambda span: f"<{span[0]}>{span[1]}</{span[2] if span[3] else span[0]}>"
)
PARAGRAPHS = st.lists(
    st.tuples(
        st.sampled_from(["<p>", "<p>", '<p lang="en">', "<p id>"]),
        st.lists(SPANS, max_size=4).map("".join),
        st.sampled_from(["</p>\n", "</p>\n", "</p>", ""]),
    ).map("".join),
    max_size=3,
).map(lambda pieces: clean_text("".join(pieces)))


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


@given(html=PARAGRAPHS)
@settings(max_examples=400)
def test_paragraphs_of_words_come_out_as_the_cleaner_gives_them(html: str) -> None:
    # With a comment, which is taken out, nothing passes the cleaner by.
    assert clean_html(html) == clean_html(f"<!---->{html}")


def test_what_is_nearly_a_paragraph_of_words_is_told_soon() -> None:
    html = "<p>" + "word &amp; " * 20_000 + "<em>" * 1_000
    assert clean_html(html).count("<em>") == 1_000


@pytest.mark.parametrize("start", ["# a", "> a", "- a", "1. a", "---", "***", "~~~", "```", "* a"])
def test_a_line_with_the_mark_of_another_block_is_no_prose(start: str) -> None:
    assert not parser_of_ours(markdown=True).render(start).startswith("<p>")
