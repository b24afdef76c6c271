"""Newsletters for tests, and how to read them."""

from __future__ import annotations

from typing import Any

from lxml import html

from feeds.model import Issue, Newsletter
from feeds.outputs.newsletter import (
    render_newsletter,
)
from tests.issues import (
    UNSUBSCRIBE,
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
