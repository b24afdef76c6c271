"""The configuration: ``paperround.toml``, or ``[tool.paperround]`` in ``pyproject.toml``.

Every key has a default that works, but for ``base_url`` and ``title``. An unknown key is an error:
a misspelt one would otherwise be ignored for years.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from feeds.config.checks import OUTPUT_NAMES, find_problems
from feeds.config.explain import explain_mismatch, explain_toml, explain_unknown
from feeds.errors import ConfigError

CONFIG_NAME = "paperround.toml"

Localized = str | dict[str, str]


class Author(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose words the commentary is."""

    name: str
    email: str | None = None
    url: str | None = None


class NamedFeed(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"not_": "not"}
):
    """A feed by a combination of tags: any of these, all of these, none of these."""

    title: Localized | None = None
    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()


class Tags(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tags that are joined to others, and what tags are about: as written or as slugs."""

    aliases: dict[str, str] = {}
    descriptions: dict[str, Localized] = {}


class Folders(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Folders, relative to the configuration file."""

    notes: str = "notes"
    out: str = "out"
    state: str = ".paperround"
    templates: str | None = None


class Mail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a newsletter is from. Secrets never stand here."""

    from_name: Localized | None = None
    from_address: str | None = None
    reply_to: str | None = None
    postal_address: Localized | None = None
    list_id: str | None = None
    unsubscribe_mailto: str | None = None


class Smtp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The relay that takes the mail. The password is a secret and never stands here.

    ``per_second``, ``domain_per_minute`` and ``daily_limit`` are messages; 0 is no limit. With
    ``warm_up_from`` the first day's limit is that many, and half as many again on each day after.
    """

    host: str = "localhost"
    port: int | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    verify: bool = True
    user: str | None = None
    hello: str | None = None
    connections: int = 4
    timeout_seconds: int = 60
    per_second: int = 0
    domain_per_minute: int = 0
    daily_limit: int = 0
    warm_up_from: int = 0
    give_up_hours: int = 48
    on_ambiguous: Literal["retry", "hold"] = "retry"

    @property
    def port_number(self) -> int:
        """The port, by default the one that is registered for the security chosen."""
        return self.port or {"tls": 465, "starttls": 587, "none": 25}[self.security]


class Dkim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What signs the mail; ``key`` is a file, relative to the configuration."""

    selector: str = "paperround"
    domain: str | None = None
    key: str | None = None


class Readers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Signing up: how long a confirmation is waited for, and how much of it there may be."""

    confirm_hours: int = 72
    evidence_days: int = 1095
    address_per_day: int = 3
    network_per_hour: int = 20
    total_per_hour: int = 500
    proxies: int = 0


class Webhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an issue is posted to as JSON; what signs it is a secret and never stands here."""

    url: str
    languages: tuple[str, ...] = ()


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A publication. ``root`` is the folder that relative folders start from."""

    title: Localized
    base_url: str
    subtitle: Localized = ""
    author: str | Author = "Paperround"
    rights: Localized | None = None
    icon: str | None = None
    logo: str | None = None
    domain: str | None = None
    languages: tuple[str, ...] = ("ko", "en")
    fallback: Literal["none", "original"] = "none"
    timezone: str = "Asia/Seoul"
    hour: int | str = 7
    issue_day: Literal["next", "same"] = "next"
    quiet_minutes: int = 30
    backfill_days: int = 14
    feed_entries: int = 50
    feeds: dict[str, NamedFeed] = {}
    tags: Tags = Tags()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    outputs: tuple[str, ...] = OUTPUT_NAMES
    application: bool = False
    publish: str | None = None
    folders: Folders = Folders()
    ledger: str = "ledger.jsonl"
    deliver: tuple[str, ...] = ("folder",)
    mail: Mail = Mail()
    smtp: Smtp = Smtp()
    dkim: Dkim = Dkim()
    readers: Readers = Readers()
    webhooks: dict[str, Webhook] = {}
    database: str | None = None
    durability: Literal["process", "power"] = "process"
    log_addresses: bool = False
    root: Path = Path()

    # What the keys mean, worked out in one place:

    @property
    def zone(self) -> ZoneInfo:
        """The publication's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def publication_time(self) -> time:
        """The hour of publication, in the publication's time zone."""
        return parse_hour(self.hour)

    @property
    def writer(self) -> Author:
        """The publication's writer, always as a table."""
        return self.author if isinstance(self.author, Author) else Author(name=self.author)

    @property
    def id_domain(self) -> str:
        """The authority of ``tag:`` URIs (RFC 4151, section 2.1)."""
        return (self.domain or urlsplit(self.base_url).hostname or "localhost").lower()

    @property
    def path_prefix(self) -> str:
        """The path of the base URL, decoded, without slashes at its ends (``papers``)."""
        return unquote(urlsplit(self.base_url).path).strip("/")

    @property
    def notes_folder(self) -> Path:
        """Where the notes are."""
        return self.root / self.folders.notes

    @property
    def out_folder(self) -> Path:
        """Where a build writes."""
        return self.root / self.folders.out

    @property
    def state_folder(self) -> Path:
        """Where the database, and mail that the folder takes, are kept."""
        return self.root / self.folders.state

    @property
    def ledger_path(self) -> Path:
        """Where the ledger is."""
        return self.root / self.ledger

    @property
    def templates_folder(self) -> Path | None:
        """A folder of the publication's own templates, looked into first."""
        return self.root / self.folders.templates if self.folders.templates else None

    def localized(self, value: Localized, lang: str) -> str:
        """A text of the configuration in ``lang``, else in the first language that has it."""
        if isinstance(value, str):
            return value
        for code in (lang, *self.languages):
            if code in value:
                return value[code]
        return next(iter(value.values()), "")

    def address(self, path: str = "") -> str:
        """The absolute address of a percent-encoded path below the base URL."""
        return f"{self.base_url.rstrip('/')}/{path}"

    @property
    def has_readers(self) -> bool:
        """Whether people can sign up: there is mail for them."""
        return "mail" in self.deliver

    @property
    def dkim_domain(self) -> str:
        """The domain that signs: by default the sender's."""
        sender = (self.mail.from_address or "").rpartition("@")[2]
        return self.dkim.domain or sender or self.id_domain

    @property
    def dkim_key_path(self) -> Path:
        """Where the private key that signs is kept."""
        return self.root / (self.dkim.key or f"{self.folders.state}/{self.dkim.selector}.dkim.pem")

    def unsubscribe_address(self, lang: str) -> str:
        """The page that says, in a language, how to stop the newsletter."""
        return self.address(f"{lang}/unsubscribe/")

    def reader_address(self, lang: str, page: str, token: str = "") -> str:
        """A page for one reader (``unsubscribe``, ``preferences`` …), with what opens it."""
        return self.address(f"{lang}/{page}{f'?t={token}' if token else ''}")


def parse_hour(value: int | str) -> time:
    """Read an hour of the day: ``7``, ``"7"`` or ``"07:30"``.

    :raises ValueError: it is none.
    """
    match = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", str(value).strip())
    if not match:
        raise ValueError(f"{value!r} is no hour")
    return time(int(match[1]), int(match[2] or 0))


def find_config(start: Path) -> Path:
    """The configuration of ``start`` or of the nearest folder above it.

    :raises ConfigError: there is none.
    """
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / CONFIG_NAME).is_file():
            return candidate / CONFIG_NAME
        project = candidate / "pyproject.toml"
        if project.is_file() and _table_of(project) is not None:
            return project
    raise ConfigError(
        str(start), "", f"no {CONFIG_NAME} here or above; expected one (paperround init writes it)"
    )


def load_config(path: Path, *, base_url: str | None = None) -> Config:
    """Read and check a configuration file; ``base_url`` stands in for the one of the file.

    Ids keep the domain that the file gives them, so that trying things out changes no id.

    :raises ConfigError: it cannot be read, or a key is wrong or unknown.
    """
    table = _table_of(path)
    if table is None:
        raise ConfigError(str(path), "tool.paperround", "no such table; expected the configuration")
    config = parse_config(table, file=str(path), root=path.parent)
    if base_url is None:
        return config
    replaced = {**table, "base_url": base_url, "domain": config.id_domain}
    return parse_config(replaced, file="--base-url", root=path.parent)


def parse_config(table: Mapping[str, Any], *, file: str, root: Path) -> Config:
    """Check a table of keys; ``file`` is named in errors.

    :raises ConfigError: a key is wrong or unknown.
    """
    if "root" in table:
        raise ConfigError(file, "root", explain_unknown("root", (), Config))
    try:
        config = msgspec.convert({**table}, Config)
    except msgspec.ValidationError as error:
        key, message = explain_mismatch(error, table, Config)
        raise ConfigError(file, key, message) from error
    config = msgspec.structs.replace(config, root=root)
    for key, message in find_problems(config):
        raise ConfigError(file, key, message)
    return config


def _table_of(path: Path) -> dict[str, Any] | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(str(path), "", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "", "is not UTF-8; expected TOML in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), "", explain_toml(error, text)) from error
    if path.name != "pyproject.toml":
        return table
    tools = table.get("tool")
    found = tools.get("paperround") if isinstance(tools, dict) else None
    return found if isinstance(found, dict) else None
