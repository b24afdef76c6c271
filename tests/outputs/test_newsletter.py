from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from lxml import html

from feeds.delivery.message import build_message
from feeds.model import Issue, Link, Newsletter, Tag
from feeds.outputs.newsletter import (
    LIMIT_BYTES,
    render_newsletter,
    render_page,
    write_newsletters,
)
from tests.issues import (
    BASE,
    DAY,
    UNSUBSCRIBE,
    abstract,
    commentary,
    long_issue,
    make_article,
    make_config,
    make_issue,
    make_site,
)

WRITERS = (
    "**굵은 글**과 [여기](https://github.com/a/b), 또 [여기](https://github.com/c/d)를 보세요.",
    "[코드](https://a.example/1)와 [코드](https://a.example/2)도 있습니다.",
    "https://example.org/page_(one) 그리고 https://arxiv.org/abs/2403.17297을 보세요.",
    "This is a whole English paragraph that a Korean commentary quotes, word by word, at length.",
    "# 첫째 제목",
    "### 둘째 제목",
    "```python\ndef f(a):\n    return a  # 아주 긴 줄\n```",
    "| 모델 | 점수 |",
    "|---|---|",
    "| 큰 것 | 12.5 |",
    "![그림](picture.png) ![그림](picture.webp)",
)


def mail(issue: Issue, **keys: object) -> Newsletter:
    return render_newsletter(issue, make_site(make_config(**keys)), unsubscribe=UNSUBSCRIBE)


def tree(newsletter: Newsletter) -> html.HtmlElement:
    return html.document_fromstring(newsletter.html)


def links(newsletter: Newsletter) -> list[tuple[str, str]]:
    """Text and target of every link, in order."""
    found = tree(newsletter).iter("a")
    return [(" ".join(link.text_content().split()), link.get("href", "")) for link in found]


def headings(newsletter: Newsletter) -> list[tuple[str, str]]:
    found = tree(newsletter).iter("h1", "h2", "h3", "h4", "h5", "h6")
    return [(heading.tag, heading.text_content().strip()) for heading in found]


def commentaries(newsletter: Newsletter) -> str:
    return "".join(part.text_content() for part in tree(newsletter).find_class("prose"))


def one(title: str = "Attention Is All You Need", **changes: Any) -> Newsletter:
    return mail(make_issue([make_article(title, **changes)]))


# --- what it holds --------------------------------------------------------------------------------


def test_titles_stand_in_a_list_on_top_and_over_their_entries() -> None:
    newsletter = mail(make_issue([make_article("First of Them"), make_article("Second of Them")]))
    first = ("First of Them", f"{BASE}/ko/2024/12/17/first-of-them/")
    second = ("Second of Them", f"{BASE}/ko/2024/12/17/second-of-them/")
    assert links(newsletter)[:4] == [first, second, first, second]
    assert headings(newsletter) == [
        ("h1", "2024년 12월 17일 화요일"),
        ("h2", "First of Them"),
        ("h2", "Second of Them"),
    ]


def test_commentary_comes_before_the_abstract() -> None:
    newsletter = one(commentary=commentary("해설이 먼저입니다."), abstract=abstract("Then this."))
    assert newsletter.html.index("해설이 먼저") < newsletter.html.index("Then this")
    assert newsletter.text.index("해설이 먼저") < newsletter.text.index("Then this")


def test_numbers_are_counted_as_the_language_counts() -> None:
    two = [make_article("A B"), make_article("C D")]
    assert "논문 2편" in mail(make_issue(two)).html
    english = make_article("A B", lang="en", authors=("Q",) * 7)
    newsletter = mail(make_issue([english], lang="en"))
    assert "1 paper\n" in newsletter.text
    assert "Q, Q, Q, Q, Q and 2 others\n" in newsletter.text


def test_six_authors_are_all_named() -> None:
    assert "A, B, C, D, E, F\n" in one(authors=tuple("ABCDEF")).text


def test_late_entries_stand_under_a_heading_of_their_own() -> None:
    late = make_article(
        "Late One", day=date(2024, 12, 3), commentary=commentary("# 제목", "글입니다.")
    )
    newsletter = mail(make_issue([make_article("In Time")], late=[late]))
    assert headings(newsletter)[1:] == [
        ("h2", "In Time"),
        ("h2", "지난 날짜의 논문"),
        ("h3", "Late One"),
        ("h4", "제목"),
    ]
    assert "2024년 12월 3일 화요일" in newsletter.html
    assert "지난 날짜의 논문" in newsletter.text


def test_a_fallback_says_that_it_is_the_original() -> None:
    article = make_article("A B", lang="en", commentary=commentary("한국어 해설입니다."))
    newsletter = mail(make_issue([article], lang="en"))
    prose = tree(newsletter).find_class("prose")[0]
    assert prose.get("lang") == "ko"
    assert "Original" in newsletter.html
    assert "[Original]" in newsletter.text


def test_text_part_holds_every_address_of_the_html_part() -> None:
    newsletter = mail(
        make_issue(
            [
                make_article(
                    "Doing Something",
                    url="https://arxiv.org/abs/2412.00001",
                    commentary=commentary(*WRITERS),
                    tags=(Tag(slug="한국어", label="한국어"),),
                    related=(Link(path="ko/2024/12/16/other/", title="Other", lang="ko"),),
                )
            ]
        )
    )
    assert [href for _, href in links(newsletter) if href not in newsletter.text] == []


def test_text_part_has_no_markup_and_says_all_titles() -> None:
    titles = ['<EOS> & "Quotes"', "한국어 제목"]
    newsletter = mail(make_issue([make_article(title) for title in titles]))
    for title in titles:
        assert newsletter.text.count(title) == 2
    assert not re.search(r"<(p|a|td|br|span)\b|&\w+;", newsletter.text)


# --- subject and preheader ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "Short",
        "A Very Long Title about Something That Nobody Would Ever Say in One Breath of Air",
        "한국어로 된 아주 긴 제목도 낱말 사이에서 줄여야 보기에 좋습니다 " * 2,
        "W" * 10_000,
        "Split\r\nBcc: somebody@example.org \x00\x85",
    ],
)
def test_subject_is_one_short_line_of_date_and_title(title: str) -> None:
    newsletter = mail(make_issue([make_article(title, path="ko/2024/12/17/a/")]))
    assert newsletter.subject.startswith(f"12월 17일 · {title[:5]}")
    assert len(newsletter.subject) <= 70
    assert newsletter.subject.isprintable()
    assert tree(newsletter).findtext(".//title") == newsletter.subject


def test_subject_is_cut_at_a_word() -> None:
    newsletter = mail(make_issue([make_article("Word " * 40)]))
    assert newsletter.subject.endswith("Word…")


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("words", ["짧음.", "길게 이어지는 해설입니다. " * 20])
def test_preheader_is_hidden_first_and_of_a_length_that_inboxes_show(lang: str, words: str) -> None:
    article = make_article("A", lang=lang, commentary=commentary(words, lang=lang))
    newsletter = mail(make_issue([article], lang=lang), title="A")
    first = tree(newsletter).find("body")[0]
    assert "display:none" in first.get("style", "")
    shown = re.sub("[\u034f\u2007]", "", first.text_content()).strip()
    assert shown == newsletter.preheader
    assert 35 <= len(shown) <= 140


# --- the page -------------------------------------------------------------------------------------


def test_page_is_whole_and_has_nothing_personal() -> None:
    issue = long_issue(30, sentences=60)
    page = render_page(issue, make_site())
    assert len(page) > LIMIT_BYTES
    assert "unsubscribe" not in page
    assert "구독 해지" not in page
    document: html.HtmlElement = html.document_fromstring(page)
    assert not document.find_class("preheader")


def test_every_issue_has_a_page() -> None:
    issues = [make_issue([make_article("A B", lang=lang)], lang=lang) for lang in ("ko", "en")]
    files = list(write_newsletters(make_site(None, *issues)))
    assert [file.path for file in files] == [
        "ko/2024/12/17/newsletter.html",
        "en/2024/12/17/newsletter.html",
    ]
    assert all(file.content.startswith(b"<!DOCTYPE html>\n<html lang=") for file in files)


def test_without_pages_no_link_leads_nowhere() -> None:
    article = make_article(
        "A B",
        url="https://arxiv.org/abs/2412.00001",
        tags=(Tag(slug="rl", label="rl"),),
        related=(Link(path="ko/2024/12/16/other/", title="Other", lang="ko"),),
    )
    newsletter = mail(make_issue([article]), outputs=["atom"])
    assert {href for _, href in links(newsletter)} == {
        "https://arxiv.org/abs/2412.00001",
        UNSUBSCRIBE,
    }
    assert "#rl" in newsletter.html


# --- size -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(("count", "sentences"), [(14, 70), (20, 60), (40, 60), (1, 3000)])
def test_no_mail_is_long_enough_to_be_clipped(lang: str, count: int, sentences: int) -> None:
    newsletter = mail(long_issue(count, sentences=sentences, lang=lang))
    assert len(newsletter.html.encode()) <= LIMIT_BYTES
    raw = build_message(
        newsletter,
        make_config(),
        recipient="reader@example.org",
        date=make_article("A").published,
        unsubscribe=UNSUBSCRIBE,
    )
    part = raw[raw.index(b"Content-Type: text/html") :]
    assert len(part) <= 102 * 1024
    assert len(headings(newsletter)) == count + 1
    assert newsletter.text.count("We present something") == count * sentences


def test_size_is_counted_in_bytes() -> None:
    article = make_article("A B", commentary=commentary("보상 모형을 배우는 글입니다. " * 1800))
    newsletter = mail(make_issue([article]))
    assert len(newsletter.html.encode()) <= LIMIT_BYTES
    assert ("이어 읽기: A B", f"{BASE}/ko/2024/12/17/a-b/") in links(newsletter)


def test_abstracts_shrink_to_two_sentences_before_anything_is_dropped() -> None:
    newsletter = mail(long_issue(14, sentences=200))
    quotes = list(tree(newsletter).iter("blockquote"))
    assert {quote.text_content().count("We present") for quote in quotes} == {2}
    assert commentaries(newsletter).count("이 방법은") == 14 * 6
    texts = [text for text, _ in links(newsletter)]
    assert "초록 전문: Paper Number 3: On Learning Something from…" in texts


def test_abstracts_go_before_commentaries() -> None:
    newsletter = mail(long_issue(34, sentences=60))
    assert list(tree(newsletter).iter("blockquote")) == []
    assert commentaries(newsletter).count("이 방법은") >= 34


def test_what_is_still_too_long_ends_with_a_link_to_the_rest() -> None:
    newsletter = mail(long_issue(90, sentences=1))
    assert len(newsletter.html.encode()) <= LIMIT_BYTES
    shown = len(headings(newsletter)) - 1
    assert "논문 90편" in newsletter.html
    rest = (f"웹에서 나머지 논문 {90 - shown}편 보기", f"{BASE}/ko/2024/12/17/newsletter.html")
    assert rest in links(newsletter)


# --- links ----------------------------------------------------------------------------------------


def test_a_link_text_has_one_target_and_says_where_it_leads() -> None:
    title = "Same Title"
    articles = [
        make_article(title, path="ko/2024/12/17/a/", commentary=commentary(*WRITERS)),
        make_article(title, path="ko/2024/12/17/b/", url="https://arxiv.org/abs/2412.1"),
        make_article(f"{title} (2)", path="ko/2024/12/17/c/"),
        make_article("Third", url="http://arxiv.org/abs/2412.1", commentary=commentary(*WRITERS)),
        make_article("Fourth", url="https://example.org/paper_(two)"),
    ]
    found = links(mail(make_issue(articles)))
    targets: dict[str, str] = {}
    for text, href in found:
        assert text
        assert not re.match(r"https?://", text)
        assert not re.fullmatch("여기|here|링크", text)
        assert targets.setdefault(text, href) == href, text
    assert targets["Same Title (2)"] == f"{BASE}/ko/2024/12/17/b/"
    assert targets["Same Title (2) (2)"] == f"{BASE}/ko/2024/12/17/c/"
    assert targets["arxiv.org/abs/2412.1"] == "https://arxiv.org/abs/2412.1"
    assert targets["example.org/page_(one)"] == "https://example.org/page_(one%29"
    assert targets["example.org/paper_(two)"] == "https://example.org/paper_(two%29"


def test_every_link_is_coloured_and_underlined_inline() -> None:
    newsletter = one(commentary=commentary(*WRITERS), url="https://arxiv.org/abs/2412.1")
    for link in tree(newsletter).iter("a"):
        style = link.get("style", "")
        assert "color:#" in style
        assert "text-decoration:underline" in style or "border-bottom:1px solid" in style


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
    site = make_site(make_config(mail={"postal_address": "서울특별시 종로구 세종대로 일번지"}))
    newsletter = render_newsletter(make_issue([article], lang="en"), site, unsubscribe=UNSUBSCRIBE)
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
