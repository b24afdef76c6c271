"""What one reader gets of a mailing: the same pieces for all who chose the same entries."""

from __future__ import annotations

from collections.abc import Sequence

from feeds.model import Mailing, Newsletter, Piece


def assemble(mailing: Mailing, chosen: Sequence[int]) -> Newsletter:
    """Put together what those get who chose these entries: positions, ascending, one at least.

    It is what rendering an issue of just these entries gives, but for titles and link texts that
    were made to differ from those of entries that are left out.
    """
    lead = mailing.entries[chosen[0]]
    return Newsletter(
        kind=mailing.kind,
        day=mailing.day,
        lang=mailing.lang,
        subject=lead.subject,
        preheader=lead.preheader,
        html=_fit(mailing, chosen),
        text=_join(mailing.text, _list_facts(mailing, chosen, len(chosen))),
    )


def _fit(mailing: Mailing, chosen: Sequence[int]) -> str:
    """The HTML in the first room that it fits in; in the last one, as many entries as fit."""
    facts = _list_facts(mailing, chosen, len(chosen))
    if len(mailing.rooms) == 1:
        return _join(mailing.rooms[0], facts)
    document = ""
    for room in mailing.rooms:
        document = _join(room, facts)
        if _size(document) <= mailing.limit_bytes:
            return document
    count, limit = len(chosen), mailing.limit_bytes
    while (size := _size(document)) > limit and count > 1:
        count = min(count - 1, max(1, int(count * limit / size * 0.97)))
        document = _join(mailing.rooms[-1], _list_facts(mailing, chosen, count))
    return document


def _list_facts(mailing: Mailing, chosen: Sequence[int], count: int) -> set[str]:
    """The facts that pieces go by, where the first ``count`` of the entries are shown."""
    shown = [mailing.entries[number] for number in chosen[:count]]
    facts = {"", f"lead {chosen[0]}", f"count {len(chosen)}", f"rest {len(chosen) - count}"}
    facts.update(f"entry {number}" for number in chosen[:count])
    facts.update(f"tag {slug}" for entry in shown for slug in entry.tags)
    if len(chosen) > 1:
        facts.add("several")
        facts.update(f"listed {number}" for number in chosen[:count])
    if any(entry.late for entry in shown):
        facts.add("late")
    if any(entry.tags for entry in shown):
        facts.add("tagged")
    return facts


def _join(document: Sequence[Piece], facts: set[str]) -> str:
    return "".join([piece.text for piece in document if piece.when in facts])


def _size(document: str) -> int:
    """The bytes of a document as it is encoded for the wire, with CRLF."""
    return len(document.encode()) + document.count("\n")
