"""The newsletter as a document: an issue's page, and what its mail is made of (``mailing.py``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from markupsafe import Markup

from feeds.keys import digest
from feeds.model import Issue, OutputFile
from feeds.outputs.addresses import day_path
from feeds.outputs.characters import allow_characters
from feeds.outputs.inline import inline_css, parse_document
from feeds.outputs.language_marks import mark_languages
from feeds.outputs.mail_html import fit_for_mail
from feeds.outputs.newsletter_items import Item, Room, lay_out, list_tags
from feeds.outputs.newsletter_pieces import drop_marks, keep_marks, mark_html, mark_text
from feeds.outputs.newsletter_words import Lead, say_days, say_lead, say_publication, say_reason
from feeds.outputs.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a document shows of an issue: the entries, and every way it may speak of them.

    Where all readers get the same, ``leads`` and ``counts`` hold one each, and ``rests`` none; else
    one for every choice of entries, each of which stands between marks.
    """

    items: Sequence[Item]
    leads: Sequence[Lead]
    counts: Iterable[int]
    rests: Iterable[int] = ()


def newsletter_path(lang: str, day: date) -> str:
    """The address of an issue's page, relative to the base URL."""
    return f"{day_path(lang, day)}newsletter.html"


def write_newsletters(site: Site) -> Iterator[OutputFile]:
    """The page of every issue in every language."""
    for lang in site.config.languages:
        for issue in site.archive.issues[lang]:
            yield OutputFile(
                path=newsletter_path(lang, issue.day),
                content=partial(_encode_page, issue, site),
                media_type="text/html; charset=utf-8",
                key=partial(digest, site.setting, issue),
            )


def _encode_page(issue: Issue, site: Site) -> bytes:
    return render_page(issue, site).encode()


def render_page(issue: Issue, site: Site) -> str:
    """Render an issue as a page, its CSS inlined: whole, and with nothing in it that is a reader's.

    :raises RenderError: a template does not render.
    """
    items = lay_out(issue, site, Room())
    first = (*issue.articles, *issue.late)[0]
    shown = Shown(items=items, leads=[say_lead(0, first, issue, site)], counts=[len(items)])
    return drop_marks(render_html(issue, site, shown, describe(issue, site)))


def describe(
    issue: Issue, site: Site, *, unsubscribe: str | None = None, preferences: str | None = None
) -> dict[str, Any]:
    """What an issue says whatever it shows; a page has no addresses that are one reader's."""
    config, lang = site.config, issue.lang
    language = site.languages[lang]
    paged, postal = "pages" in config.outputs, config.mail.postal_address
    page = config.address(newsletter_path(lang, issue.day))
    publication = say_publication(lang, site)
    joinable = config.has_readers and unsubscribe is None
    return {
        "heading": say_days(issue, language),
        "publication": publication,
        "reason": say_reason(issue, publication, language),
        "unsubscribe": unsubscribe,
        "preferences": preferences,
        # A week has no page of its own: each of its days has one.
        "page": page if "newsletter" in config.outputs and issue.kind == "daily" else None,
        "archive": config.address(f"{lang}/") if paged else None,
        "feeds": config.address(f"{lang}/feeds/") if paged else None,
        # Whoever reads the mail has signed up.
        "sign_up": config.reader_address(lang, "subscribe") if joinable else None,
        "postal_address": allow_characters(config.localized(postal, lang)) if postal else None,
    }


def render_html(issue: Issue, site: Site, shown: Shown, context: dict[str, Any]) -> str:
    """Render a document with its CSS inlined and its marks in it.

    :raises RenderError: a template does not render.
    """
    theme, lang = site.theme, issue.lang
    style = theme.render("css/newsletter.css", lang, languages=site.languages)
    document = theme.render(
        "newsletter/newsletter.html",
        lang,
        shown=shown,
        style=Markup(style),  # noqa: S704  # our own style sheet
        when=mark_html,
        end=mark_html(),
        **context,
    )
    root = parse_document(document)
    keep_marks(root)
    fit_for_mail(root)
    mark_languages(root, lang, site.languages)
    return inline_css(root, site.styles)


def render_text(issue: Issue, site: Site, shown: Shown, context: dict[str, Any]) -> str:
    """Render the text part of a mail with its marks in it.

    :raises RenderError: a template does not render.
    """
    return site.theme.render(
        "newsletter/newsletter.txt",
        issue.lang,
        shown=shown,
        tags=list_tags(issue, site),
        when=mark_text,
        end=mark_text(),
        **context,
    )
