"""What it takes to deliver mail, put together from the configuration and the secrets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from feeds.config import Config
from feeds.database.key_facts import remember_key
from feeds.delivery.composer import Composer, Mail, Sign
from feeds.delivery.dkim import DkimSigner
from feeds.delivery.message import prepare_message
from feeds.delivery.postman import Postman
from feeds.delivery.smtp import Relay
from feeds.delivery.variant import assemble
from feeds.errors import SecretError
from feeds.languages import load_languages
from feeds.model import Mailing
from feeds.outputs.theme import Theme
from feeds.personal import Personal
from feeds.secrets import Keys, read_secret
from feeds.subscribers.addresses import name_address
from feeds.subscribers.letters import Letters
from feeds.subscribers.links import Links

_NOBODY = "nobody".center(22, "-")


def open_postman(
    config: Config, engine: Engine, keys: Keys, *, clock: Callable[[], datetime]
) -> Postman:
    """Who delivers the mail of a publication.

    :raises SecretError: a key or a password cannot be read, or the permanent key is another than
        the one that this database was first used with.
    """
    if not remember_key(engine, keys, clock()):
        raise SecretError(
            "PAPERROUND_PERMANENT_KEY",
            "another one than this database was first used with: who left would be mailed again. "
            "Expected the first one",
        )
    composer = open_composer(config, engine, keys)
    relay = open_relay(config)
    return Postman(
        engine,
        config,
        composer,
        relay,
        clock=clock,
        name_reader=lambda address: name_address(address, keys),
    )


def open_composer(config: Config, engine: Engine, keys: Keys) -> Composer:
    """Who writes the mails.

    :raises SecretError: the key that signs them cannot be read.
    """
    theme = Theme(
        load_languages(config.languages, config.templates_folder), config.templates_folder
    )
    letters = Letters(config, theme, keys)
    return Composer(engine, config, keys, write_letter=letters.write, sign=open_signer(config))


def write_trial(
    mailing: Mailing, config: Config, keys: Keys, address: str, now: datetime
) -> tuple[str, Mail]:
    """The subject and the mail of an issue, whole, to somebody who need not be a reader.

    Its links are well signed, and nobody's.

    :raises DeliveryError: the address is none.
    :raises SecretError: the key that signs mails cannot be read.
    """
    links = Links(keys)
    newsletter = assemble(mailing, range(len(mailing.entries)))
    proof = keys.digest("trial", f"{mailing.day}.{mailing.lang}.{address}.{now}").hex()
    personal = Personal(
        recipient=address,
        message_id=f"<trial.{proof[:32]}@{config.id_domain}>",
        delivery=f"0.{proof[32:]}",
        date=now.replace(microsecond=0),
        unsubscribe=links.unsubscribe(_NOBODY),
        preferences=links.preferences(_NOBODY, now),
    )
    content = prepare_message(newsletter, config).splice(personal)
    sign = open_signer(config)
    mail = Mail(recipient=address, content=sign(content) if sign else content)
    return newsletter.subject, mail


def open_relay(config: Config) -> Relay:
    """Where mail goes.

    :raises SecretError: the password cannot be read.
    """
    return Relay(config.smtp, read_secret("SMTP_PASSWORD"))


def open_signer(config: Config) -> Sign | None:
    """What signs mails, if a key is configured or was made; None sends them unsigned.

    :raises SecretError: there should be a key, and it cannot be read.
    """
    pem = read_secret("DKIM_KEY")
    if pem is None:
        path = config.dkim_key_path
        if config.dkim.key is None and not path.exists():
            return None
        try:
            pem = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is no key"
            raise SecretError("dkim.key", f"{path}: {reason}; expected a PEM file") from error
    return DkimSigner(config.dkim.selector, config.dkim_domain, pem.encode("ascii")).sign
