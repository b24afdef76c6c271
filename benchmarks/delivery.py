"""How fast mail is made, on one core, and how fast it is delivered.

::

    python -m benchmarks.delivery render [--readers 10000]
    python -m benchmarks.delivery deliver [--readers 10000] [--rounds 5] [--database URL]
    python -m benchmarks.delivery growth [--database URL]
    python -m benchmarks.delivery durability [--readers 3000] [--rounds 3] [--database URL]

``render`` makes the mails of one issue to readers with random tags in two languages: who gets what,
their variants, and each reader's own mail. CPU seconds of this process count, so that other work on
the machine does not. ``deliver`` sends them to ``smtp-sink`` with the durable outbox, beside
``smtp-source`` with as many connections in the same run; ``growth`` does so for 1,000, 10,000 and
100,000 readers, and ``durability`` for both kinds of commits. A database of PostgreSQL has to be
empty: each run makes its tables in it, and readers that are there already stand in the way.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from feeds.config import Config, parse_config
from feeds.delivery.audience import choose
from feeds.delivery.dkim import DkimSigner, Kind, generate_key
from feeds.delivery.message import MailTemplate, prepare_message
from feeds.delivery.variant import assemble
from feeds.languages import load_languages
from feeds.model import Archive, Article, Issue, Mailing, Source, Tag
from feeds.notes.markup import render_abstract, render_commentary
from feeds.outputs.mailing import render_mailing
from feeds.outputs.selection import Selection
from feeds.outputs.site import Site
from feeds.outputs.theme import Theme
from feeds.personal import Personal
from feeds.secrets import Keys
from feeds.subscribers.links import Links

NOW = datetime(2026, 11, 3, 22, 0, tzinfo=UTC)
TAGS = [f"tag-{number}" for number in range(380)]
WEIGHTS = [1 / (rank + 1) for rank in range(len(TAGS))]
"""How often a tag is used, and wished for: as with words, few of them often."""

ENGLISH = """
    model reward policy gradient token attention layer training data scaling loss diffusion
    sample search image language benchmark efficient sparse memory the of a to and we in that
""".split()
KOREAN = """
    모델이 학습을 데이터로 보상을 사용해서 결과가 성능은 방법입니다 흥미롭네요
    이미지의 토큰을 어텐션에 생각합니다 논문에서 제안하는 구조와 비슷하게 최적화를
""".split()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads in a language what has certain tags."""

    number: int
    lang: str
    token: str
    selection: str


def make_readers(count: int, chance: random.Random) -> Iterator[Reader]:
    """Readers in two languages: a third takes all, the others some tags, a few of them not."""
    for number in range(count):
        yield Reader(
            number,
            chance.choice(("ko", "en")),
            "".join(chance.choices("ABCDEFGHabcdefgh01234567_-", k=22)),
            "" if chance.random() < 1 / 3 else _make_selection(chance),
        )


def _make_selection(chance: random.Random) -> str:
    any_of = chance.choices(TAGS, WEIGHTS, k=chance.randint(1, 8))
    none_of = chance.choices(TAGS, WEIGHTS, k=2) if chance.random() < 0.25 else []
    return Selection.of(any_of, (), none_of).query


def make_site(config: Config) -> Site:
    """A publication of nothing but what its newsletters need."""
    languages = load_languages(config.languages)
    archive = Archive(
        languages=config.languages,
        articles={},
        days={},
        issues={},
        tags=(),
        slugs={},
        findings=(),
    )
    return Site(
        config=config,
        languages=languages,
        archive=archive,
        feeds=(),
        unlisted_feeds=(),
        theme=Theme(languages),
    )


def make_issue(site: Site, lang: str, entries: int, chance: random.Random) -> Issue:
    """A day's issue with entries as long as those of real notes."""
    day = NOW.date()
    articles = [_make_article(site, lang, number, chance) for number in range(entries)]
    return Issue(day=day, lang=lang, articles=tuple(articles), late=())


def _make_article(site: Site, lang: str, number: int, chance: random.Random) -> Article:
    def say(words: Sequence[str], count: int) -> str:
        return " ".join(chance.choices(words, k=count)).capitalize() + "."

    tags = dict.fromkeys(chance.choices(TAGS, WEIGHTS, k=chance.randint(1, 4)))
    words, count = (KOREAN, 25) if lang == "ko" else (ENGLISH, 35)
    moment = NOW - timedelta(seconds=number)
    return Article(
        id=f"tag:example.org,2026-11-03:{number}/{lang}",
        lang=lang,
        day=NOW.date(),
        issue_day=NOW.date(),
        first_seen=NOW.date(),
        key=str(number),
        path=f"{lang}/2026/11/03/{say(ENGLISH, 7)[:-1].replace(' ', '-')}-{number}/",
        published=moment,
        updated=moment,
        title=f"{say(ENGLISH, 9)[:-1]} {number}",
        url=f"https://arxiv.org/abs/2611.{number:05}",
        authors=tuple(f"Author Number{n}" for n in range(chance.randint(2, 9))),
        tags=tuple(Tag(slug=slug, label=slug) for slug in tags),
        commentary=render_commentary(
            [say(words, count)],
            lang=lang,
            languages=site.languages,
            link=lambda _: None,
            image=lambda _: None,
        ),
        abstract=render_abstract(
            [" ".join(say(ENGLISH, 22) for _ in range(4))], lang="en", languages=site.languages
        ),
        links=(),
        translations=(),
        related=(),
        stub=False,
        source=Source(path="2026-11-03.txt", line=1),
    )


class Press:
    """Makes each reader's mail, every variant once."""

    def __init__(self, mailings: Mapping[str, Mailing], config: Config) -> None:
        self._mailings = mailings
        self._config = config
        self._zone = ZoneInfo(config.timezone)
        self.templates: dict[tuple[str, tuple[int, ...]], MailTemplate] = {}

    def choose(self, reader: Reader) -> tuple[int, ...]:
        return choose(self._mailings[reader.lang], reader.selection)

    def find_template(self, lang: str, chosen: tuple[int, ...]) -> MailTemplate:
        template = self.templates.get((lang, chosen))
        if template is None:
            newsletter = assemble(self._mailings[lang], chosen)
            template = self.templates[lang, chosen] = prepare_message(newsletter, self._config)
        return template

    def address(self, reader: Reader, links: Links) -> Personal:
        return Personal(
            recipient=f"reader.{reader.number}@mail{reader.number % 50}.example.org",
            message_id=f"<2026-11-03.{reader.number}.0a1b2c3d@example.org>",
            delivery=f"{reader.number}.{reader.token}",
            date=NOW.astimezone(self._zone),
            unsubscribe=links.unsubscribe(reader.token),
            preferences=links.preferences(reader.token, NOW),
        )


def measure_rendering(count: int) -> None:
    """Print how many mails a second are made, and what each step of it takes."""
    press, readers, links = _prepare(count)
    clock = _Clock()
    with clock.measure("who gets what"):
        wanted = [(reader, press.choose(reader)) for reader in readers]
    served = [(reader, chosen) for reader, chosen in wanted if chosen]
    with clock.measure("variants"):
        templates = [press.find_template(reader.lang, chosen) for reader, chosen in served]
    with clock.measure("signed links", counts=False):
        personals = [press.address(reader, links) for reader, _ in served]
    with clock.measure("each reader's own"):
        total = sum(
            len(template.splice(personal))
            for template, personal in zip(templates, personals, strict=True)
        )
    print(f"{count} readers, {len(served)} mails of {total // len(served) / 1000:.0f} kB,", end=" ")
    print(f"{len(press.templates)} variants")
    clock.print(len(served))
    some = [template.splice(personals[0]) for template in templates[:300]]
    for kind in ("rsa", "ed25519"):
        _measure_signing(kind, some)


def make_readers_seeded(count: int) -> Iterator[Reader]:
    """The same readers each time."""
    return make_readers(count, random.Random(11))


def make_mailings() -> list[Mailing]:
    """An issue of a day in both languages, as it is frozen when it is published."""
    chance = random.Random(7)
    config = _make_config()
    site = make_site(config)
    # Five entries make a mail of some 30 KB.
    return [render_mailing(make_issue(site, lang, 5, chance), site) for lang in config.languages]


def _prepare(count: int) -> tuple[Press, list[Reader], Links]:
    chance = random.Random(7)
    config = _make_config()
    site = make_site(config)
    mailings = {
        lang: render_mailing(make_issue(site, lang, 9, chance), site) for lang in config.languages
    }
    keys = Keys(signing=(b"k" * 32,), permanent=b"p" * 32)
    return Press(mailings, config), list(make_readers(count, chance)), Links(keys)


def _make_config() -> Config:
    table = {
        "title": {"ko": "아침 논문 한 장", "en": "A Paper a Morning"},
        "base_url": "https://example.org/papers",
        "mail": {"from_address": "notes@example.org"},
    }
    return parse_config(table, file="benchmark", root=Path())


class _Clock:
    """CPU seconds by step; those that do not count are told and left out of the sum."""

    def __init__(self) -> None:
        self._steps: list[tuple[str, float, bool]] = []

    @contextmanager
    def measure(self, name: str, *, counts: bool = True) -> Iterator[None]:
        started = time.process_time()
        yield
        self._steps.append((name, time.process_time() - started, counts))

    def print(self, mails: int) -> None:
        for name, seconds, counts in self._steps:
            note = "" if counts else "  (not rendering)"
            print(f"  {name:<20} {seconds:6.3f} s  {seconds / mails * 1e6:6.1f} µs a mail{note}")
        rendering = sum(seconds for _, seconds, counts in self._steps if counts)
        everything = sum(seconds for _, seconds, _ in self._steps)
        print(f"rendering and splicing   {mails / rendering:8,.0f} mails a second of CPU")
        print(f"with signed links        {mails / everything:8,.0f}")


def _measure_signing(kind: Kind, mails: Sequence[bytes]) -> None:
    signer = DkimSigner("paperround", "example.org", generate_key(kind))
    started = time.process_time()
    for mail in mails:
        signer.sign(mail)
    each = (time.process_time() - started) / len(mails)
    print(f"DKIM alone, {kind:<12} {1 / each:8,.0f}  {each * 1e6:6.1f} µs a mail")


def _add_rounds(commands: Any) -> None:
    """The commands that deliver for real."""
    from benchmarks import round as rounds  # it imports this module

    deliver = commands.add_parser("deliver", help="send an issue, beside smtp-source")
    growth = commands.add_parser("growth", help="memory and time for more and more readers")
    durability = commands.add_parser("durability", help="what it costs to outlive a power cut")
    for parser, readers, number in ((deliver, 10_000, 5), (durability, 3_000, 3)):
        parser.add_argument("--readers", type=int, default=readers)
        parser.add_argument("--rounds", type=int, default=number)
    for parser in (deliver, growth, durability):
        parser.add_argument("--database", help="a PostgreSQL; SQLite by default")
    deliver.set_defaults(run=lambda o: rounds.measure_delivery(o.readers, o.rounds, o.database))
    growth.set_defaults(run=lambda o: rounds.measure_growth(o.database))
    durability.set_defaults(
        run=lambda o: rounds.measure_durability(o.readers, o.rounds, o.database)
    )


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(description="How fast mail is made.")
    commands = parser.add_subparsers(required=True)
    render = commands.add_parser("render", help="make the mails of one issue, and send none")
    render.add_argument("--readers", type=int, default=10_000)
    render.set_defaults(run=lambda options: measure_rendering(options.readers))
    _add_rounds(commands)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
