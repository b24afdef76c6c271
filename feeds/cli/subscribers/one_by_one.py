"""Commands that show readers, and change one of them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds.cli.options import read_config
from feeds.cli.streams import err, out
from feeds.cli.subscribers.desk import (
    STATES,
    check_lang,
    check_source,
    counted,
    join_some,
    opened,
    warn_without_mail,
)
from feeds.cli.terminal import count, make_visible, print_error
from feeds.errors import PaperroundError, SubscriptionError

if TYPE_CHECKING:  # it brings the database with it
    from feeds.subscribers.many import Listed

EX_TEMPFAIL = 75  # sysexits.h: try again later


@click.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only readers of this state.")
@click.option("--lang", help="Only readers of this language.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a reader.")
@click.pass_obj
def list_readers(
    config_path: Path | None, state: str | None, lang: str | None, as_json: bool
) -> None:
    """List the readers, in the order in which they came.

    Each with state, language, rhythm, hour, the day since when that state holds, address, and what
    they chose beside. How many there are of each state stands at the end.
    """
    from feeds.subscribers.many import read_all

    with opened(read_config(config_path)) as desk:
        found: Counter[str] = Counter()
        readers = counted(read_all(desk.engine, state=state, lang=lang), found)
        _print_lines(map(_to_json if as_json else _to_line, readers))
    told = ", ".join(f"{found[one]:,} {one}" for one in STATES if state in (None, one))
    (err if as_json else out).print(f"{count(found.total(), 'reader')}: {told}")


@click.command()
@click.argument("address")
@click.option("--lang", help="By default the publication's first language.")
@click.option("--any", "any_", multiple=True, metavar="TAG", help="Only with one of these tags.")
@click.option("--not", "not_", multiple=True, metavar="TAG", help="Nothing with one of these.")
@click.option("--weekly", is_flag=True, help="Once a week instead of every day.")
@click.option("--hour", type=click.IntRange(0, 23), help="By default as soon as an issue is out.")
@click.option("--zone", metavar="NAME", help="Of the hour, such as Europe/Berlin.")
@click.option("--confirmed", is_flag=True, help="They agreed already, as --source says.")
@click.option("--source", metavar="TEXT", help="From where their consent is, kept as evidence.")
@click.pass_obj
def add(
    config_path: Path | None,
    address: str,
    lang: str | None,
    any_: Sequence[str],
    not_: Sequence[str],
    weekly: bool,
    hour: int | None,
    zone: str | None,
    confirmed: bool,
    source: str | None,
) -> None:
    """Add a reader, who is asked to confirm.

    --any and --not may stand several times. With --confirmed nobody is asked, and --source has to
    say from where the consent is. Who left can only come back by confirming.
    """
    from feeds.subscribers.many import Candidate, bring_in
    from feeds.subscribers.table import split_tags
    from feeds.subscribers.wishes import make_preferences, select_tags

    evidence = check_source(confirmed, source)
    config = read_config(config_path)
    preferences = make_preferences(
        lang=check_lang(config, lang),
        selection=select_tags(any=_split(any_, split_tags), not_=_split(not_, split_tags)),
        rhythm="weekly" if weekly else "daily",
        hour="" if hour is None else str(hour),
        zone=zone or "",
    )
    with opened(config) as desk:
        known = desk.readers.find_address(address)
        if known is not None and known.state == "active":
            out.print(make_visible(f"{known.address} reads already; nothing is changed"))
            return
        now = datetime.now(UTC)
        if not confirmed:
            desk.readers.sign_up(address, preferences, now, source="command line")
            out.print(make_visible(f"{address.strip()} is asked to confirm, once an hour at most"))
            warn_without_mail(config)
            return
        from feeds.subscribers.addresses import read_address

        candidate = Candidate(address=read_address(address), preferences=preferences)
        [fate] = bring_in(desk.engine, desk.keys, [candidate], now, source=evidence, confirmed=True)
    if fate in ("left", "suppressed"):
        raise SubscriptionError(
            "address", f"{candidate.address} left; without --confirmed they are asked to come back"
        )
    out.print(make_visible(f"{candidate.address} reads from now on"))


@click.command()
@click.argument("address")
@click.option("--forget", is_flag=True, help="Delete everything that is known of them.")
@click.pass_obj
def remove(config_path: Path | None, address: str, forget: bool) -> None:
    """Unsubscribe a reader.

    Nothing is mailed to them any more, and no import brings them back. With --forget everything
    that is known of them is deleted; a keyed hash of the address stays, so that imports know it.
    """
    with opened(read_config(config_path)) as desk:
        reader = desk.readers.find_address(address)
        if reader is None:
            raise SubscriptionError("address", f"{address.strip()}: no reader has it")
        now = datetime.now(UTC)
        if forget:
            desk.readers.delete(reader.token, now, reason="removed")
        else:
            desk.readers.leave(reader.token, now)
    told = "is forgotten" if forget else "is unsubscribed"
    out.print(make_visible(f"{reader.address} {told}"))


@click.command()
@click.pass_obj
def leave(config_path: Path | None) -> None:
    """Unsubscribe whoever sent the mail on standard input.

    For the mail server to pipe to, what comes to mail.unsubscribe_mailto: in an alias, say,
    "|paperround -c /srv/papers/paperround.toml subscribers leave". A reader is known by the token
    of their own link, in the subject or the text, never by the address that a mail says it is from.
    A mail without one changes nothing and ends with 0, so that it does not bounce; where the
    database cannot be reached it ends with 75, so that the mail server tries again.
    """
    from feeds.subscribers.by_mail import LONGEST, find_leaver
    from feeds.subscribers.links import Links

    raw = sys.stdin.buffer.read(LONGEST)
    while sys.stdin.buffer.read(LONGEST):
        pass  # a mail server that is not listened to the end takes it for a failure
    try:
        config = read_config(config_path)
        with opened(config) as desk:
            token = find_leaver(raw, Links(desk.keys))
            reader = desk.readers.leave(token, datetime.now(UTC)) if token else None
            if reader is None:
                err.print("no link of a reader in this mail: nothing is changed")
                return
            name = (
                reader.address if config.log_addresses else desk.readers.pseudonym(reader.address)
            )
            err.print(make_visible(f"{name} is unsubscribed"))
    except PaperroundError as error:
        print_error(error)
        sys.exit(EX_TEMPFAIL)


def _split(options: Iterable[str], split: Callable[[str], list[str]]) -> list[str]:
    return [tag for option in options for tag in split(option) or [option]]


def _print_lines(lines: Iterable[str]) -> None:
    for piece in join_some(f"{line}\n".encode() for line in lines):
        click.echo(piece, nl=False)


def _to_line(reader: Listed) -> str:
    from feeds.subscribers.table import read_parts

    wishes = reader.preferences
    rest = [f"{name} {', '.join(part)}" for name, part in read_parts(wishes) if part]
    rest += [wishes.zone] if wishes.zone else []
    rest += [f"paused until {wishes.paused_until}"] if wishes.paused_until else []
    hour = "-" if wishes.hour is None else f"{wishes.hour:02}:00"
    cells = (
        f"{reader.state:<7}",
        f"{wishes.lang:<5}",
        f"{wishes.rhythm:<6}",
        f"{hour:<5}",
        f"{reader.since:%Y-%m-%d}",
        reader.address,
        "; ".join(rest),
    )
    return make_visible("  ".join(cells).rstrip())


def _to_json(reader: Listed) -> str:
    from feeds.subscribers.table import read_parts

    wishes = reader.preferences
    told: dict[str, Any] = {
        "address": reader.address,
        "state": reader.state,
        "since": reader.since.isoformat(),
        "language": wishes.lang,
        "tags": dict(read_parts(wishes)),
        "rhythm": wishes.rhythm,
        "hour": wishes.hour,
        "zone": wishes.zone,
        "paused_until": None if wishes.paused_until is None else wishes.paused_until.isoformat(),
    }
    return json.dumps(told, ensure_ascii=False)
