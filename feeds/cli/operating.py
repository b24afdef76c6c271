"""Commands for who runs it: what stands in the way, keys, and the database."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli.options import locate_config, read_config
from feeds.cli.streams import out
from feeds.cli.terminal import LEVELS, count, make_visible

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.delivery.dkim import DnsRecord, Kind
    from feeds.doctor.diagnosis import Diagnosis

_STYLES = {**LEVELS, "ok": "green"}


@click.command()
@click.option("--offline", is_flag=True, help="Ask no relay, no DNS and no web server.")
@click.pass_obj
def doctor(config_path: Path | None, offline: bool) -> None:
    """Look for what stands in the way, and say how to mend it.

    Looks at the configuration, at secrets and who can read them, at the database, the clock and
    the key that signs mail; asks the relay (nothing is sent), the DNS (DKIM, SPF, DMARC) and the
    site. Changes nothing. Ends with 1 if there are errors.
    """
    from feeds.doctor import examine
    from feeds.doctor.diagnosis import Surroundings
    from feeds.doctor.names import look_up_texts

    surroundings = Surroundings(
        clock=lambda: datetime.now(UTC), environment=os.environ, look_up=look_up_texts
    )
    found = []
    for diagnosis in examine(locate_config(config_path), surroundings, offline=offline):
        _print_diagnosis(diagnosis)
        found.append(diagnosis.level)
    told = [count(found.count(level), level) for level in ("error", "warning") if level in found]
    out.print(f"{count(len(found), 'finding')}: {', '.join(told) or 'all is well'}")
    sys.exit(1 if "error" in found else 0)


def _print_diagnosis(diagnosis: Diagnosis) -> None:
    remedy = f"; {diagnosis.remedy}" if diagnosis.remedy else ""
    line = f"{diagnosis.topic}: {diagnosis.message}{remedy}"
    out.print((f"{diagnosis.level:9}", _STYLES[diagnosis.level]), make_visible(line))


@click.group()
def dkim() -> None:
    """The key that signs mail, and what the DNS has to say of it."""


@dkim.command("new")
@click.option(
    "--kind",
    type=click.Choice(["rsa", "ed25519"]),
    default="rsa",
    show_default=True,
    help="RSA of 2048 bits, which every mailbox can verify, or Ed25519, which few can.",
)
@click.option("--selector", help="The key's name in the DNS. By default that of the configuration.")
@click.pass_obj
def new_key(config_path: Path | None, kind: Kind, selector: str | None) -> None:
    """Make a key that signs mail, and print its DNS record.

    The key goes where dkim.key says, by default into the state folder, for its owner to read only.
    One that is there already is left alone: to change keys, make one with another selector, set
    its record, and only then name it in the configuration.
    """
    from feeds.delivery.dkim import generate_key
    from feeds.errors import SecretError
    from feeds.secrets import write_private

    path = locate_config(config_path)
    config = read_config(config_path)
    chosen = _choose_selector(config, selector)
    key_path = chosen.dkim_key_path
    if key_path.exists():
        message = (
            "is there already, and stays; paperround dkim show tells its record, and dkim new "
        )
        raise SecretError(str(key_path), f"{message}--selector NAME makes another beside it")
    write_private(key_path, generate_key(kind).decode("ascii"))
    out.print(f"wrote {key_path}\n")
    record = _read_record(chosen)
    _print_record(record)
    steps = [
        "Set this record in the DNS, and wait until others see it.",
        "paperround doctor      tells whether they do",
    ]
    if chosen.dkim != config.dkim:
        line = f'selector = "{chosen.dkim.selector}"'
        key = f' and key = "{chosen.dkim.key}"' if chosen.dkim.key else ""
        steps.insert(1, f"Put {line}{key} under [dkim] into {path}: from then on it signs.")
    out.print("\nNext:")
    for number, step in enumerate(steps, start=1):
        out.print(f"  {number}. {step}")


@dkim.command("show")
@click.option("--selector", help="The key's name in the DNS. By default that of the configuration.")
@click.pass_obj
def show_key(config_path: Path | None, selector: str | None) -> None:
    """Print the DNS record of the key that signs mail."""
    config = read_config(config_path)
    _print_record(_read_record(_choose_selector(config, selector)))


def _choose_selector(config: Config, selector: str | None) -> Config:
    """The configuration as it would be with another selector, and so with another key."""
    if selector is None or selector == config.dkim.selector:
        return config
    import msgspec

    from feeds.config import parse_config

    # A key of another selector stands beside the one that is used.
    place = config.dkim.key and str(Path(config.dkim.key).with_name(f"{selector}.dkim.pem"))
    table = msgspec.to_builtins(config.dkim)
    chosen = {name: value for name, value in table.items() if value is not None}
    chosen |= {"selector": selector} | ({"key": place} if place else {})
    # Checked as if it stood there: it becomes a part of a file's name.
    basis = {"title": "x", "base_url": config.base_url, "dkim": chosen}
    checked = parse_config(basis, file="--selector", root=config.root)
    return msgspec.structs.replace(config, dkim=checked.dkim)


def _read_record(config: Config) -> DnsRecord:
    from feeds.delivery.dkim import dns_record
    from feeds.errors import SecretError

    path = config.dkim_key_path
    try:
        pem = path.read_bytes()
    except FileNotFoundError as error:
        message = "is not there yet; paperround dkim new makes it"
        raise SecretError(str(path), message) from error
    except OSError as error:
        raise SecretError(str(path), f"cannot be read: {error.strerror}") from error
    return dns_record(config.dkim.selector, config.dkim_domain, pem)


def _print_record(record: DnsRecord) -> None:
    out.print(f"Name:   {record.name}\nType:   TXT\nValue:  {record.value}\n")
    out.print(f"In a zone file:\n{record.name}. IN TXT {record.zone_value}")


@click.group()
def db() -> None:
    """The database of issues, readers and mails."""


@db.command()
@click.pass_obj
def upgrade(config_path: Path | None) -> None:
    """Make the database, or move it to the version that this Paperround knows.

    SQLite is moved by every command that opens it; a PostgreSQL, which others may be using, by this
    command only. All or nothing.
    """
    from feeds.database.opening import upgrade_database
    from feeds.database.tables import HEAD

    before = upgrade_database(read_config(config_path))
    if before is None:
        out.print(f"The database is made: version {HEAD}")
    elif before == HEAD:
        out.print(f"The database is of version {HEAD} already: nothing was to be done")
    else:
        out.print(f"The database was of version {before} and is of version {HEAD} now")
