"""Newsletters for tests, and how to read them."""

from __future__ import annotations

from typing import Any

from lxml import html

from feeds.delivery.variant import assemble
from feeds.model import Issue, Newsletter
from feeds.outputs.mailing import LIMIT_BYTES, ROOMS, render_mailing, render_sample
from feeds.outputs.newsletter import Shown, describe, render_html, render_text
from feeds.outputs.newsletter_items import Room, lay_out
from feeds.outputs.newsletter_pieces import drop_marks
from feeds.outputs.newsletter_words import say_lead
from feeds.outputs.site import Site
from feeds.personal import PREFERENCES_MARK, UNSUBSCRIBE_MARK
from tests.issues import BASE, make_article, make_config, make_issue, make_site

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
    """The issue as `paperround issue` shows it."""
    sample = render_sample(issue, make_site(make_config(**keys)))
    return assemble(sample, range(len(sample.entries)))


def mail_to_readers(issue: Issue, **keys: object) -> Newsletter:
    """The issue as those get it who chose all of it, marks where their own links will be."""
    mailing = render_mailing(issue, make_site(make_config(**keys)))
    return assemble(mailing, range(len(mailing.entries)))


def render_directly(issue: Issue, site: Site) -> Newsletter:
    """The same, rendered as one document that was never meant for any other choice of entries."""
    whole = lay_out(issue, site, Room())
    lead = say_lead(0, (*issue.articles, *issue.late)[0], issue, site)
    context = describe(
        issue,
        site,
        unsubscribe=f"{BASE}/{issue.lang}/unsubscribe?t={UNSUBSCRIBE_MARK}",
        preferences=f"{BASE}/{issue.lang}/preferences?t={PREFERENCES_MARK}",
    )

    def render(room: Room, count: int) -> str:
        rest = len(whole) - count
        shown = Shown(
            items=lay_out(issue, site, room)[:count],
            leads=[lead],
            counts=[len(whole)],
            rests=[rest] if rest else [],
        )
        return drop_marks(render_html(issue, site, shown, context))

    count, document = len(whole), ""
    for room in ROOMS:
        document = render(room, count)
        if size_of(document) <= LIMIT_BYTES:
            break
    while (size := size_of(document)) > LIMIT_BYTES and count > 1:
        count = min(count - 1, max(1, int(count * LIMIT_BYTES / size * 0.97)))
        document = render(ROOMS[-1], count)
    shown = Shown(items=whole, leads=[lead], counts=[len(whole)])
    return Newsletter(
        kind=issue.kind,
        day=issue.day,
        lang=issue.lang,
        subject=lead.subject,
        preheader=lead.preheader,
        html=document,
        text=drop_marks(render_text(issue, site, shown, context)),
    )


def size_of(document: str) -> int:
    """The bytes of a document on the wire, where line ends are two."""
    return len(document.replace("\n", "\r\n").encode())


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
