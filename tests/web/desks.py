"""The pages for readers of a small publication, served over a real socket from a real database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from lxml import html
from sqlalchemy import Engine, Table, select

from feeds.archive_file import KeptSite
from feeds.config import Config, Folders, Readers, load_config
from feeds.database.letters import LetterKind
from feeds.database.opening import open_database
from feeds.database.tables import consents, outbox, subscribers
from feeds.languages import load_languages
from feeds.model import Letter, Preferences, Subscriber
from feeds.outputs.theme import Theme
from feeds.secrets import Keys
from feeds.subscribers import store
from feeds.subscribers.letters import Letters
from feeds.subscribers.links import Links
from feeds.web.readers import open_pages
from feeds.web.server import Server
from feeds.web.static import create_app
from tests.databases import fresh_database, make_tables
from tests.publications import build_at, write_publication

NOW = datetime(2024, 12, 20, 3, 0, tzinfo=UTC)
KEYS = Keys(signing=(b"the key that signs links now",), permanent=b"the key that never changes")
ADDRESS = "Reader@example.org"
SETTINGS = (
    'deliver = ["mail"]\n'
    'mail = { from_address = "notes@example.org", postal_address = "1 Some Street, Seoul" }\n'
)
# What a browser sends with a form that nobody touched but for the address.
FORM: Mapping[str, str] = {
    "address": ADDRESS,
    "lang": "ko",
    "more_any": "",
    "more_not": "",
    "rhythm": "daily",
    "hour": "",
    "zone": "",
    "remarks": "",
}


def build_publication(
    root: Path, notes: Mapping[str, str | bytes] | None = None, settings: str = ""
) -> Config:
    """A publication that delivers mail, built."""
    path = write_publication(root, notes, SETTINGS + settings)
    build_at(path)
    return load_config(path)


@dataclass
class Desk:
    """Everything there is to ask, and to look at afterwards; ``now`` may be moved."""

    config: Config
    engine: Engine
    keys: Keys
    server: Server
    client: httpx.Client
    now: datetime = NOW
    woken: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.server.below(self.config.path_prefix)

    @property
    def links(self) -> Links:
        return Links(self.keys, confirm_hours=self.config.readers.confirm_hours)

    @property
    def store(self) -> store.Readers:
        return store.Readers(self.engine, self.keys, self.config)

    # -- asking ------------------------------------------------------------------------------------

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(f"{self.base}{path}", **options)

    def post(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> Any:
        return self.client.post(f"{self.base}{path}", data=data, **options)

    def sign_up(self, page: str = "ko", **fields: Any) -> httpx.Response:
        answer: httpx.Response = self.post(f"{page}/subscribe", {**FORM, **fields})
        return answer

    def confirmed(self, **fields: Any) -> Subscriber:
        """Somebody who signed up and pressed the button."""
        address = fields.get("address", ADDRESS)
        assert self.sign_up(**fields).status_code == 303
        answer = self.post("ko/confirm", {"t": self.token_of("confirm", address)})
        assert answer.status_code == 303
        return self.reader(address)

    # -- what came of it ---------------------------------------------------------------------------

    def rows(self, table: Table) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key)).all())

    def letters(self) -> list[str]:
        """The letters that wait to be sent, by kind."""
        return [row.kind for row in self.rows(outbox) if row.state == "pending"]

    def consents(self) -> list[tuple[str, str]]:
        return [(row.step, row.source) for row in self.rows(consents)]

    def reader(self, address: str = ADDRESS) -> Subscriber:
        found = self.store.find_address(address)
        assert found is not None
        return found

    def everything(self) -> list[list[Any]]:
        """All that sign-ups and readers leave behind, to see whether something changed."""
        return [self.rows(table) for table in (subscribers, consents, outbox)]

    def write(self, kind: LetterKind, address: str = ADDRESS) -> Letter:
        """A letter to a reader as it would be sent now."""
        theme = Theme(load_languages(self.config.languages))
        [row] = [row for row in self.rows(subscribers) if row.address_key == address.casefold()]
        letters = Letters(self.config, theme, self.keys)
        return letters.write(kind, store.read_subscriber(row), row.nonce, self.now)

    def token_of(self, kind: LetterKind, address: str = ADDRESS) -> str:
        """What the link of a letter opens its page by."""
        [link] = read_page(self.write(kind, address).html).find_class("button")
        return str(parse_qs(urlsplit(link.get("href")).query)["t"][0])

    def preferences_token(self, reader: Subscriber) -> str:
        return self.links.preferences(reader.token, self.now)


@contextmanager
def open_desk(
    config: Config,
    kind: str = "sqlite",
    *,
    keys: Keys = KEYS,
    state: str = ".desk",
    bounds: Mapping[str, int] | None = None,
) -> Iterator[Desk]:
    """Serve the pages of a publication that was built; ``bounds`` are those of ``[readers]``."""
    site = KeptSite(config)
    with fresh_database(kind) as database:
        own = msgspec.structs.replace(
            config,
            database=database,
            folders=Folders(state=state),
            readers=Readers(**{"network_per_hour": 1000, **(bounds or {})}),
        )
        make_tables(own)
        engine = open_database(own)
        desk: list[Desk] = []
        pages = open_pages(
            own,
            engine,
            keys,
            site,
            clock=lambda: desk[0].now,
            wake=lambda: desk[0].woken.append("now"),
        )
        app = create_app(own.out_folder, prefix=own.path_prefix, readers=pages)
        with Server(app, host="127.0.0.1", port=0) as server, httpx.Client() as client:
            desk.append(Desk(config=own, engine=engine, keys=keys, server=server, client=client))
            try:
                yield desk[0]
            finally:
                engine.dispose()


def read_page(text: str) -> Any:
    """A page or the HTML of a letter, parsed."""
    return html.document_fromstring(text)


def shown(answer: httpx.Response) -> str:
    """The text of a page's main part, on one line."""
    main = read_page(answer.text).get_element_by_id("text")
    return " ".join(main.text_content().split())


def make_subscriber(lang: str = "ko", **values: Any) -> Subscriber:
    """A reader as a row of the table says one."""
    kept: dict[str, Any] = {
        "id": 1,
        "token": "T" * 22,
        "address": ADDRESS,
        "state": "active",
        "preferences": Preferences(lang=lang),
        "created": NOW,
        "confirmed": NOW,
        "revision": 0,
    }
    return Subscriber(**{**kept, **values})
