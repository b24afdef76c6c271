"""What readers find at the base URL, and whether clocks agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import available_timezones

from feeds.asking import Answer, ask
from feeds.config import Config
from feeds.doctor.diagnosis import Diagnosis, Surroundings, bad, doubtful, fine

_SKEW = timedelta(minutes=2)
# A cache in between may keep what it has for a while (RFC 9111), and its date.
_CACHED = "age"
_SERVE = "have the web server pass requests on to paperround run, or copy out/ there"


def check_site(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Ask for what every reader asks for."""
    lang = config.languages[0]
    feed = f"{lang}/feed.atom" if "atom" in config.outputs else None
    address = config.address(feed or f"{lang}/")
    answer = _get(address, surroundings)
    if isinstance(answer, Diagnosis):
        yield answer
        return
    found = _judge_status(answer, address)
    if found is None and feed:
        found = _judge_feed(answer, config, feed)
    yield found or fine(f"{address} is this publication's")
    yield from _compare_clocks(answer, surroundings.clock())
    if config.has_readers:
        yield _check_form(config.reader_address(lang, "subscribe"), surroundings)


def check_clock(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """The time here, and whether a note is from the future."""
    now = surroundings.clock().astimezone(config.zone)
    if "Asia/Seoul" not in available_timezones():
        yield doubtful("the data of time zones is not complete", "pip install -U tzdata")
    notes = config.notes_folder
    files = [path for path in notes.rglob("*") if path.is_file()] if notes.is_dir() else []
    newest = max(files, key=lambda path: path.stat().st_mtime, default=None)
    if newest is not None:
        written = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
        if written > now + _SKEW:
            yield doubtful(
                f"{newest} was written at {written.astimezone(config.zone):%Y-%m-%d %H:%M %Z}, "
                f"and here it is {now:%Y-%m-%d %H:%M}",
                "set the clock of this machine, or of the one that notes are written on",
            )
            return
    yield fine(f"here it is {now:%Y-%m-%d %H:%M %Z}")


def _get(address: str, surroundings: Surroundings) -> Answer | Diagnosis:
    patience = surroundings.patience_s
    try:
        return ask("GET", address, connect_s=patience, answer_s=patience)
    except ConnectionError as error:
        return bad(f"{address}: {error}", _SERVE)


def _judge_status(answer: Answer, address: str) -> Diagnosis | None:
    if answer.status == 200:
        return None
    if 300 <= answer.status < 400:
        target = answer.headers.get("location", "elsewhere")
        return doubtful(f"{address} leads to {target}", "set base_url to where it ends")
    return bad(f"{address} answers {answer.status}", _SERVE)


def _judge_feed(answer: Answer, config: Config, feed: str) -> Diagnosis | None:
    """Whether it is the feed that the last build wrote."""
    path = config.out_folder / feed
    served = _read_head(answer.body)
    built = _read_head(path.read_bytes()) if path.is_file() else None
    expected = built[0] if built else None
    address = config.address(feed)
    if served is None or (expected or served[0]) != served[0]:
        told = f"its id is {served[0]}" if served else "it is no feed"
        return bad(f"{address} is not this publication's: {told}", "set base_url, or domain")
    if built and built != served:
        message = f"{address} is of {served[1]}, the last build here of {built[1]}"
        return doubtful(message, "publish it, or wait for what is in between")
    return None


def _read_head(content: bytes) -> tuple[str, str] | None:
    """The id of an Atom feed and when it was updated: both stand before its entries."""
    head = content.decode("utf-8", "replace").partition("<entry")[0]
    found = [re.search(rf"<{name}>([^<]+)</{name}>", head) for name in ("id", "updated")]
    first, second = found
    return (first[1], second[1]) if "<feed" in head and first and second else None


def _check_form(address: str, surroundings: Surroundings) -> Diagnosis:
    answer = _get(address, surroundings)
    if isinstance(answer, Diagnosis):
        return answer
    if answer.status == 200:
        return fine(f"{address} lets readers sign up")
    remedy = "have the web server pass requests on to paperround run"
    return bad(f"{address} answers {answer.status}: nobody can sign up or leave", remedy)


def _compare_clocks(answer: Answer, now: datetime) -> Iterator[Diagnosis]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return
    if _CACHED in answer.headers or theirs.tzinfo is None:
        return
    ahead = now - theirs
    if abs(ahead) > _SKEW:
        minutes = round(abs(ahead) / timedelta(minutes=1))
        way = "ahead of" if ahead > timedelta() else "behind"
        message = f"the clock here is {minutes:,} minutes {way} that of the web server"
        yield doubtful(message, "set the clocks, with NTP")
