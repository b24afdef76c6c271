"""Styles are inlined as premailer does it to a whole document, and premailer is seldom asked."""

from __future__ import annotations

import logging
from html import escape

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html
from premailer import Premailer

from feeds.model import Issue
from feeds.outputs.inline import Styles, inline_css, parse_document
from feeds.outputs.newsletter import render_page
from tests.issues import abstract, commentary, make_article, make_issue, make_site
from tests.outputs.newsletters import WRITERS, mail
from tests.outputs.samples import HOSTILE_TITLES

SITE = make_site()
SHEET = SITE.theme.render("css/newsletter.css", "ko", languages=SITE.languages)

TAGS = (
    *("p", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "th"),
    *("td", "hr", "img", "div", "pre", "a", "code", "strong", "em", "s", "br", "span"),
)
CLASSES = (
    *("", "page", "sheet", "contents", "entry", "title", "facts", "label", "abstract", "prose"),
    *("abstract prose", " prose  code ", "code", "frame", "small", "tags", "late", "unknown"),
    *("preheader", "masthead", "count", "rest", "footer"),
)
TREES = st.recursive(
    st.just(""),
    lambda inner: st.builds(
        "<{0} class='{1}'>{2}</{0}>{3}".format,
        st.sampled_from(TAGS),
        st.sampled_from(CLASSES),
        inner,
        inner,
    ),
    max_leaves=25,
)


def inline_all(document: str) -> str:
    """What premailer makes of a whole document."""
    root = parse_document(document)
    Premailer(
        allow_network=False,
        keep_style_tags=True,
        strip_important=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
        disable_basic_attributes=["align", "bgcolor", "height", "valign", "width"],
        align_floating_images=False,
    ).transform(root)
    body = etree.tostring(root, method="html", encoding="unicode")
    return f"<!DOCTYPE html>\n{body}\n"


def inline(document: str, styles: Styles | None = None) -> str:
    return inline_css(parse_document(document), {} if styles is None else styles)


def page(body: str, sheet: str = SHEET) -> str:
    return f"<html><head><style>{sheet}</style></head><body class=page>{body}</body></html>"


def without_styles(document: str) -> str:
    root: html.HtmlElement = html.document_fromstring(document)
    for element in root.iter():
        element.attrib.pop("style", None)
    return etree.tostring(root, method="html", encoding="unicode")


def make_issues() -> list[Issue]:
    said = commentary(*WRITERS, "> 인용\n> - 항목", "1. 하나\n   - 둘")
    quoted = abstract(*WRITERS)
    articles = [
        make_article(title, path=f"ko/{at}/", authors=("A",) * at, commentary=said, abstract=quoted)
        for at, title in enumerate(HOSTILE_TITLES)
    ]
    return [make_issue(articles), make_issue(articles[:2], late=articles[2:])]


@pytest.mark.parametrize("issue", make_issues(), ids=["in time", "late"])
def test_newsletters_have_the_styles_that_premailer_gives_a_whole_document(issue: Issue) -> None:
    styles: Styles = {}
    for document in (render_page(issue, SITE), mail(issue).html):
        bare = without_styles(document)
        assert inline(bare, styles) == inline_all(bare) == document


@settings(deadline=None)
@given(trees=st.lists(TREES, min_size=1, max_size=3))
def test_any_elements_have_the_styles_that_premailer_gives_them(trees: list[str]) -> None:
    styles: Styles = {}
    for document in map(page, trees):
        assert inline(document, styles) == inline_all(document)


@pytest.mark.parametrize(
    "body",
    [
        "<p style='color: red; margin: 0 !important'>one</p><p>two</p>",
        "<!-- paper --><p>one<!-- round --></p>",
        "<div class=entry><div class=entry><p>one</p></div></div>",
        "",
    ],
    ids=["a style of its own", "comments", "twice the same", "nothing"],
)
def test_what_else_a_template_may_hold_is_as_premailer_leaves_it(body: str) -> None:
    for document in (page(body), page(body, sheet="p > b { color: red }"), body or "<p>one</p>"):
        assert inline(document) == inline_all(document)


def test_a_rule_that_looks_at_more_than_the_way_to_an_element_works_from_the_style() -> None:
    sheet = "p:first-child, p + p, p#one, p[lang] { color: red } p { margin: 0 }"
    document = inline(page("<p id=one lang=ko>one</p><p>two</p>", sheet=escape(sheet, quote=False)))
    root: html.HtmlElement = html.document_fromstring(document)
    assert [each.get("style") for each in root.iter("p")] == ["margin:0", "margin:0"]
    assert "p:first-child, p + p, p#one" in document


def test_styles_of_documents_before_are_taken_as_they_were_kept() -> None:
    styles: Styles = {}
    first = inline(page("<p>one</p>"), styles)
    kept = msgspec.json.decode(msgspec.json.encode(styles), type=Styles)
    [known] = kept.values()
    assert inline(page("<p>one</p>"), kept) == first
    for way in known:
        known[way] = "color:kept"
    assert inline(page("<p>two</p>"), kept).count('style="color:kept"') == len(known)
