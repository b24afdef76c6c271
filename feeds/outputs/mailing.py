"""An issue as it is mailed: rendered once, for every choice of its entries at the same time.

The whole issue is rendered, so that no two of its entries share a title or a link's text with
another target, and is then cut at the entries. A variant may thus number a title whose double it
does not hold; but for that it is what rendering an issue of just those entries would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feeds.errors import RenderError
from feeds.model import Issue, MailedEntry, Mailing, Piece
from feeds.outputs.newsletter import Shown, describe, render_html, render_text
from feeds.outputs.newsletter_items import Room, lay_out
from feeds.outputs.newsletter_pieces import cut_pieces, drop_marks
from feeds.outputs.newsletter_words import Lead, say_lead
from feeds.outputs.site import Site
from feeds.personal import PREFERENCES_MARK, UNSUBSCRIBE_MARK

# Gmail clips a message at 102 KB as it is sent; in base64 that is 74 KiB of HTML (RFC 2045, 6.8).
LIMIT_BYTES = 74 * 1024

# How an issue that is too long is cut: sentences of each abstract, then of each commentary.
ROOMS = (
    Room(),
    Room(abstract=2),
    Room(abstract=0),
    Room(abstract=0, commentary=3),
    Room(abstract=0, commentary=1),
    Room(abstract=0, commentary=0),
)


def render_mailing(issue: Issue, site: Site) -> Mailing:
    """Render an issue for its readers: their own links are marks until a mail is one reader's.

    The HTML of a variant is at most ``LIMIT_BYTES`` long, line ends counted as two: abstracts
    shrink first, then commentaries, then the number of entries, each cut with a link to the rest.

    :raises RenderError: a template does not render, or does not mark the entries.
    """
    config, lang = site.config, issue.lang
    return _render(
        issue,
        site,
        describe(
            issue,
            site,
            unsubscribe=config.reader_address(lang, "unsubscribe", UNSUBSCRIBE_MARK),
            preferences=config.reader_address(lang, "preferences", PREFERENCES_MARK),
        ),
    )


def render_sample(issue: Issue, site: Site) -> Mailing:
    """The same for nobody: with a link that says how to leave, and none that is a reader's.

    :raises RenderError: as above.
    """
    leave = site.config.unsubscribe_address(issue.lang)
    return _render(issue, site, describe(issue, site, unsubscribe=leave))


def _render(issue: Issue, site: Site, context: dict[str, Any]) -> Mailing:
    articles = (*issue.articles, *issue.late)
    leads = [say_lead(number, article, issue, site) for number, article in enumerate(articles)]
    rooms = tuple(_render_rooms(issue, site, leads, context))
    text = cut_pieces(render_text(issue, site, _show(issue, site, leads, Room()), context))
    _check_marks(len(articles), rooms[0], "newsletter/newsletter.html")
    _check_marks(len(articles), text, "newsletter/newsletter.txt")
    return Mailing(
        kind=issue.kind,
        day=issue.day,
        lang=issue.lang,
        entries=tuple(
            MailedEntry(
                article=article.id,
                tags=tuple(tag.slug for tag in article.tags),
                late=lead.number >= len(issue.articles),
                subject=lead.subject,
                preheader=lead.preheader,
            )
            for article, lead in zip(articles, leads, strict=True)
        ),
        rooms=rooms,
        text=text,
        limit_bytes=LIMIT_BYTES,
    )


def _render_rooms(
    issue: Issue, site: Site, leads: list[Lead], context: dict[str, Any]
) -> Iterator[tuple[Piece, ...]]:
    """The issue in the first room, and in the others if it does not fit whole."""
    for room in ROOMS:
        shown = _show(issue, site, leads, room)
        document = render_html(issue, site, shown, context)
        yield cut_pieces(document)
        # With every way to speak of the entries in it, it is longer than any variant.
        if room == ROOMS[0] and _size(drop_marks(document)) <= LIMIT_BYTES:
            return


def _show(issue: Issue, site: Site, leads: list[Lead], room: Room) -> Shown:
    count = len(leads)
    return Shown(
        items=lay_out(issue, site, room),
        leads=leads,
        counts=range(1, count + 1),
        rests=range(1, count) if room == ROOMS[-1] else (),
    )


def _size(document: str) -> int:
    """The bytes of a document as it is encoded for the wire, with CRLF."""
    return len(document.encode()) + document.count("\n")


def _check_marks(count: int, pieces: tuple[Piece, ...], template: str) -> None:
    """Make sure that no reader gets what they did not choose: a template may be anybody's.

    :raises RenderError: an entry cannot be told from the rest.
    """
    if not {f"entry {number}" for number in range(count)} <= {piece.when for piece in pieces}:
        message = 'an entry is not marked; expected {{ when("entry", item.number) }} … {{ end }}'
        raise RenderError(template, message)
