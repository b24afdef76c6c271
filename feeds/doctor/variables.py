"""Secrets in the environment: missing, empty, too short, misspelt."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from feeds.config import Config
from feeds.delivery.webhook import read_key, webhook_secret_name
from feeds.doctor.diagnosis import Diagnosis, Surroundings, bad, doubtful, fine
from feeds.errors import SecretError
from feeds.secrets import PREFIX, Keys, kept_key_path, load_keys, read_secret

KEY_NAMES = ("SIGNING_KEY", "PERMANENT_KEY")
_NAMES = (*KEY_NAMES, "SIGNING_KEY_OLD", "SMTP_PASSWORD", "DATABASE_PASSWORD")


def secret_names(config: Config) -> tuple[str, ...]:
    """Every secret that a configuration may want, without ``PAPERROUND_``."""
    hooks = [webhook_secret_name(name) for name in config.webhooks]
    return (*_NAMES, *hooks, *(f"{name}_OLD" for name in hooks))


def find_keys(config: Config, surroundings: Surroundings) -> Keys | None:
    """The keys of a publication; None where some have yet to be made. None is made here.

    :raises SecretError: one cannot be read, or is too short.
    """
    environment = surroundings.environment
    for name in KEY_NAMES:
        if not (read_secret(name, environment) or kept_key_path(name, config).is_file()):
            return None
    return load_keys(config, environment)


def check_variables(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    """What is set, and what should be."""
    environment = surroundings.environment
    readable: dict[str, str | None] = {}
    for name in secret_names(config):
        try:
            readable[name] = read_secret(name, environment)
        except SecretError as error:
            yield bad(str(error), "set it, or leave the variable out")
        variable = f"{PREFIX}{name}"
        if variable in environment and f"{variable}_FILE" in environment:
            yield doubtful(f"{variable} and {variable}_FILE are set: the file counts", "leave one")
    yield from _check_spelling(config, surroundings)
    yield from _check_keys(config, surroundings, readable)
    yield from _check_password(config, readable)
    if "webhook" in config.deliver:
        for name in config.webhooks:
            yield from _check_webhook(name, readable)


def _check_spelling(config: Config, surroundings: Surroundings) -> Iterator[Diagnosis]:
    known = {f"{PREFIX}{name}{end}" for name in secret_names(config) for end in ("", "_FILE")}
    for variable in sorted(surroundings.environment):
        if variable.startswith(PREFIX) and variable not in known:
            close = get_close_matches(variable, known, n=1, cutoff=0.85)
            if close:
                yield doubtful(f"{variable} is nothing that is read", f"{close[0]}, perhaps?")


def _check_keys(
    config: Config, surroundings: Surroundings, readable: dict[str, str | None]
) -> Iterator[Diagnosis]:
    if not config.has_readers or not all(name in readable for name in KEY_NAMES):
        return
    try:
        keys = find_keys(config, surroundings)
    except SecretError as error:
        yield bad(str(error))
        return
    if keys is None:
        yield fine("keys are made at the first start")
        return
    kept = kept_key_path("PERMANENT_KEY", config)
    where = "in the environment" if readable["PERMANENT_KEY"] else f"in {kept}"
    yield fine(f"the permanent key ({keys.fingerprint}) is {where}: keep a copy, it never changes")


def _check_password(config: Config, readable: dict[str, str | None]) -> Iterator[Diagnosis]:
    if not config.has_readers or "SMTP_PASSWORD" not in readable:
        return
    given = readable["SMTP_PASSWORD"] is not None
    if config.smtp.user and not given:
        yield bad("smtp.user has no password", f"set {PREFIX}SMTP_PASSWORD, or …_FILE")
    if given and not config.smtp.user:
        yield doubtful(f"{PREFIX}SMTP_PASSWORD is set, and nobody logs in", "set smtp.user")


def _check_webhook(name: str, readable: dict[str, str | None]) -> Iterator[Diagnosis]:
    secret = webhook_secret_name(name)
    for variable in (secret, f"{secret}_OLD"):
        given = readable.get(variable)
        if given is not None:
            try:
                read_key(variable, given)
            except SecretError as error:
                yield bad(str(error))
            else:
                yield fine(f"{PREFIX}{variable} signs what is posted")
        elif variable == secret and variable in readable:
            remedy = f"set {PREFIX}{variable}, or …_FILE, to what the receiver has"
            yield bad(f"webhook {name} has no secret: nothing is posted", remedy)
