"""What mail clients need of a newsletter, whatever the notes hold."""

from __future__ import annotations

import re

import pytest

from feeds.model import Tag, Text
from tests.issues import (
    BASE,
    DAY,
    abstract,
    commentary,
    long_issue,
    make_article,
    make_issue,
)
from tests.outputs.newsletters import WRITERS, mail, one, tree

# --- what mail clients need -----------------------------------------------------------------------


def test_document_says_language_and_direction_wherever_clients_cut_it() -> None:
    newsletter = one()
    assert newsletter.html.startswith('<!DOCTYPE html>\n<html lang="ko" dir="ltr">')
    assert newsletter.html.index('charset="utf-8"') < 200
    for child in tree(newsletter).find("body"):
        assert (child.get("lang"), child.get("dir")) == ("ko", "ltr")


def test_dark_colours_win_over_inlined_ones() -> None:
    newsletter = one()
    style = tree(newsletter).findtext(".//style") or ""
    assert len(style.encode()) <= 8 * 1024
    _, dark = style.split("@media (prefers-color-scheme: dark) {")
    declarations = re.findall(r"[a-z-]+: #[^;]*;", dark)
    assert declarations
    assert all(declaration.endswith("!important;") for declaration in declarations)


def test_style_needs_no_sheet_and_uses_what_clients_know() -> None:
    newsletter = one(commentary=commentary(*WRITERS), abstract=abstract("Quiet words."))
    body = tree(newsletter).find("body")
    for element in body.iter("p", "h1", "h2", "h3", "blockquote", "table", "td", "code"):
        assert element.get("style"), element.tag
    forbidden = r"white-space|flex|grid|var\(|\[|nth-|\+ |rem;|position|min-width|visibility"
    assert not re.search(forbidden, tree(newsletter).findtext(".//style") or "")
    assert "word-break:keep-all" in body.get("style", "")


def test_english_words_in_a_korean_mail_say_so() -> None:
    root = tree(one(authors=("Ashish Vaswani",), commentary=commentary(*WRITERS)))
    for text in ("Attention Is All You Need", "Ashish Vaswani", "This is a whole English"):
        found = [e for e in root.iter("a", "span", "p") if text in e.text_content()]
        assert any(element.get("lang") == "en" for element in found), text


def test_korean_words_in_an_english_mail_say_so() -> None:
    article = make_article(
        "한국어 제목", lang="en", authors=("홍길동", "성춘향", "이몽룡", "변학도")
    )
    postal = {"postal_address": "서울특별시 종로구 세종대로 일번지"}
    newsletter = mail(make_issue([article], lang="en"), mail=postal)
    marked = {e.text_content() for e in tree(newsletter).iter() if e.get("lang") == "ko"}
    assert marked == {
        "한국어 제목",
        "홍길동, 성춘향, 이몽룡, 변학도",
        "서울특별시 종로구 세종대로 일번지",
    }


def test_code_and_pictures_become_what_every_client_shows() -> None:
    root = tree(one(commentary=commentary(*WRITERS)))
    assert root.find(".//pre") is None
    code = root.find_class("code")[0]
    assert [br.tail for br in code.iter("br")] == ["\xa0\xa0\xa0\xa0return a\xa0\xa0# 아주 긴 줄"]
    images = list(root.iter("img"))
    assert [(i.get("src"), i.get("width"), i.get("height")) for i in images] == [
        (f"{BASE}/images/picture.png", "600", "300")
    ]
    assert any(a.get("href") == f"{BASE}/images/picture.webp" for a in root.iter("a"))


def test_layout_tables_are_named_as_such() -> None:
    newsletter = one(commentary=commentary(*WRITERS))
    ghosts = re.findall(r"<!--\[if mso\]>(<table[^>]*>)", newsletter.html)
    assert len(ghosts) == 1
    assert 'role="presentation"' in ghosts[0]
    assert "<!--[if mso]></td></tr></table><![endif]-->" in newsletter.html
    tables = list(tree(newsletter).iter("table"))
    assert [table.getparent().get("class") for table in tables] == ["frame"]
    assert tables[0].find(".//th") is not None


# --- what notes may hold --------------------------------------------------------------------------

BAD = (
    "<script>alert(1)</script>",
    "<!--[if mso]><img src=x onerror=alert(1)><![endif]-->",
    "{{ config }} {% raw %}",
    "</title></style><b>",
    "a\x00b\x1bc\x85d\ufffde",
)


@pytest.mark.parametrize("text", BAD)
def test_nothing_of_a_note_is_live(text: str) -> None:
    newsletter = one(
        title=f"Title {text}",
        path="ko/2024/12/17/a/",
        authors=(text,),
        tags=(Tag(slug="tag", label=text),),
        commentary=commentary(text, f"![{text}](picture.png)"),
        abstract=abstract(text),
    )
    root = tree(newsletter)
    assert not list(root.iter("script", "b"))
    assert not [e for e in root.iter() if any(name.startswith("on") for name in e.attrib)]
    assert newsletter.html.count("<!--[if") == 2
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]", newsletter.html)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]", newsletter.text)


def test_the_same_issue_gives_the_same_bytes() -> None:
    assert long_issue(3, sentences=3) == long_issue(3, sentences=3)
    assert mail(long_issue(3, sentences=3)) == mail(long_issue(3, sentences=3))


def test_day_is_the_issues_own() -> None:
    assert one().day == DAY


@pytest.mark.parametrize("after", ["", " two"])
def test_a_link_that_leads_nowhere_keeps_its_words(after: str) -> None:
    html = f'<p><a href="nowhere:1">one <b>of</b></a>{after}</p>'
    said = commentary("글")
    newsletter = one(commentary=Text(lang=said.lang, html=html, plain=said.plain))
    [prose] = tree(newsletter).find_class("prose")
    assert prose.text_content().strip() == f"one of{after}"
    assert not list(prose.iter("a"))
