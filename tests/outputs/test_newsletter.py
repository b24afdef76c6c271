"""What a newsletter holds and says, and how it stays short."""

from __future__ import annotations

import re
from datetime import date

import pytest
from lxml import html

from feeds.delivery.folder import compose_mail
from feeds.model import Link, Tag
from feeds.outputs.mailing import LIMIT_BYTES
from feeds.outputs.newsletter import render_page, write_newsletters
from tests.issues import (
    BASE,
    UNSUBSCRIBE,
    abstract,
    commentary,
    long_issue,
    make_article,
    make_config,
    make_issue,
    make_site,
)
from tests.outputs.newsletters import WRITERS, commentaries, headings, links, mail, one, tree

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


def test_what_is_a_message_in_a_mail_is_the_main_thing_of_the_page() -> None:
    issue = make_issue([make_article("A")])
    page: html.HtmlElement = html.document_fromstring(render_page(issue, make_site()))
    assert page.xpath("//@role") == ["main"]
    assert tree(mail(issue)).xpath("//body/*/@role") == ["article"]


@pytest.mark.parametrize(
    ("lang", "said"), [("ko", "메일로 받기"), ("en", "Subscribe")], ids=["ko", "en"]
)
def test_page_leads_to_signing_up_where_there_is_mail_and_the_mail_does_not(
    lang: str, said: str
) -> None:
    issue = make_issue([make_article("A", lang=lang)], lang=lang)
    mails = {"deliver": ["mail"], "mail": {"from_address": "papers@paperround.example"}}
    way = (said, f"{BASE}/{lang}/subscribe")
    page: html.HtmlElement = html.document_fromstring(
        render_page(issue, make_site(make_config(**mails)))
    )
    assert [(link.text, link.get("href")) for link in page.iter("a")].count(way) == 1
    assert "/subscribe" not in render_page(issue, make_site())
    assert mail(issue, **mails).html == mail(issue).html
    assert mail(issue, **mails).text == mail(issue).text


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
    raw = compose_mail(newsletter, make_config(), date=make_article("A").published)
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
