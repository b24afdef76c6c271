"""The newsletter: an issue as a page, and as the two parts of a mail.

The mail is cut to what clients show in one item; the page and the text part hold everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from feeds.model import Issue, Newsletter, OutputFile
from feeds.outputs.addresses import day_path
from feeds.outputs.characters import allow_characters
from feeds.outputs.inline import inline_css, parse_document
from feeds.outputs.language_marks import mark_languages
from feeds.outputs.mail_html import fit_for_mail
from feeds.outputs.newsletter_items import Item, Room, lay_out
from feeds.outputs.shorten import collapse, shorten
from feeds.outputs.site import Site
from feeds.outputs.theme import format_date

# Gmail clips a message at 102 KB as it is sent; in base64 that is 74 KiB of HTML (RFC 2045, 6.8).
LIMIT_BYTES = 74 * 1024
SUBJECT_LENGTH = 70
PREHEADER_LENGTH = (60, 120)

# How an issue that is too long is cut: sentences of each abstract, then of each commentary.
ROOMS = (
    Room(),
    Room(abstract=2),
    Room(abstract=0),
    Room(abstract=0, commentary=3),
    Room(abstract=0, commentary=1),
    Room(abstract=0, commentary=0),
)


def newsletter_path(lang: str, day: date) -> str:
    """The address of an issue's page, relative to the base URL."""
    return f"{day_path(lang, day)}newsletter.html"


def write_newsletters(site: Site) -> Iterator[OutputFile]:
    """The page of every issue in every language."""
    for lang in site.config.languages:
        for issue in site.archive.issues[lang]:
            yield OutputFile(
                path=newsletter_path(lang, issue.day),
                content=render_page(issue, site).encode(),
                media_type="text/html; charset=utf-8",
            )


def render_page(issue: Issue, site: Site) -> str:
    """Render an issue as a page, its CSS inlined: whole, and with nothing in it that is a reader's.

    :raises RenderError: a template does not render.
    """
    return _render_html(issue, site, _describe(issue, site, None), lay_out(issue, site, Room()))


def render_newsletter(issue: Issue, site: Site, *, unsubscribe: str) -> Newsletter:
    """Render an issue as a mail, its CSS inlined.

    ``unsubscribe`` is the address that its reader leaves by. The HTML is at most ``LIMIT_BYTES``
    long, line ends counted as two: abstracts shrink first, then commentaries, then the number of
    entries, each cut with a link to the rest.

    :raises RenderError: a template does not render.
    """
    context = _describe(issue, site, unsubscribe)
    whole = lay_out(issue, site, Room())
    document = _render_html(issue, site, context, whole)
    if _size(document) > LIMIT_BYTES:
        document = _render_cut(issue, site, context)
    text = site.theme.render("newsletter/newsletter.txt", issue.lang, items=whole, **context)
    return Newsletter(
        day=issue.day,
        lang=issue.lang,
        subject=context["subject"],
        preheader=context["preheader"],
        html=document,
        text=allow_characters(text),
    )


def _describe(issue: Issue, site: Site, unsubscribe: str | None) -> dict[str, Any]:
    """What both parts of a mail say about the issue as a whole."""
    config, lang = site.config, issue.lang
    paged, postal = "pages" in config.outputs, config.mail.postal_address
    page = config.address(newsletter_path(lang, issue.day))
    title = collapse(config.localized(config.title, lang))
    return {
        "issue": issue,
        "publication": title,
        "subject": _say_subject(issue, site),
        "preheader": _say_preheader(issue, site, title),
        "unsubscribe": unsubscribe,
        "page": page if "newsletter" in config.outputs else None,
        "archive": config.address(f"{lang}/") if paged else None,
        "feeds": config.address(f"{lang}/feeds/") if paged else None,
        "postal_address": config.localized(postal, lang) if postal else None,
    }


def _render_cut(issue: Issue, site: Site, context: dict[str, Any]) -> str:
    """Render as much as there is room for."""
    document = ""
    for room in ROOMS[1:]:
        items = lay_out(issue, site, room)
        document = _render_html(issue, site, context, items)
        if _size(document) <= LIMIT_BYTES:
            return document
    count = len(items)
    while (size := _size(document)) > LIMIT_BYTES and count > 1:
        count = min(count - 1, max(1, int(count * LIMIT_BYTES / size * 0.97)))
        document = _render_html(issue, site, context, items[:count])
    return document


def _render_html(issue: Issue, site: Site, context: dict[str, Any], items: Sequence[Item]) -> str:
    theme, lang = site.theme, issue.lang
    style = theme.render("css/newsletter.css", lang, languages=site.languages)
    document = theme.render(
        "newsletter/newsletter.html",
        lang,
        items=items,
        rest=len(issue.articles) + len(issue.late) - len(items),
        style=Markup(style),  # noqa: S704  # our own style sheet
        **context,
    )
    root = parse_document(document)
    fit_for_mail(root)
    mark_languages(root, lang, site.languages)
    return inline_css(root)


def _size(document: str) -> int:
    """The bytes of a document as it is encoded for the wire, with CRLF."""
    return len(document.encode()) + document.count("\n")


def _say_subject(issue: Issue, site: Site) -> str:
    """The date and the leading title, in at most ``SUBJECT_LENGTH`` characters."""
    language = site.languages[issue.lang]
    pattern = language.words["newsletter"]["subject"]
    day = format_date(issue.day, language, "short")
    room = SUBJECT_LENGTH - len(pattern.format(date=day, title=""))
    leading = (issue.articles or issue.late)[0]
    title = shorten(collapse(leading.title), max(room, 1))
    return pattern.format(date=day, title=title)


def _say_preheader(issue: Issue, site: Site, publication: str) -> str:
    """The line that an inbox shows after the subject: how the leading entry's text begins."""
    language = site.languages[issue.lang]
    words = language.words["newsletter"]
    articles = (*issue.articles, *issue.late)
    least, most = PREHEADER_LENGTH
    content = articles[0].content
    candidates = [
        " ".join(content.plain) if content else "",
        *(article.title for article in articles[1:]),
        format_date(issue.day, language, "full"),
        publication,
        words["reason"].format(title=publication),
    ]
    said = ""
    for candidate in dict.fromkeys(map(collapse, candidates)):
        if candidate and len(said) < least:
            said = f"{said} · {candidate}" if said else candidate
    return shorten(said, most)
