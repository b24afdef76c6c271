"""Secrets: from the environment, from files that it names, or made once and kept.

``PAPERROUND_<NAME>`` holds a secret, ``PAPERROUND_<NAME>_FILE`` the path of a file that does; a
line end behind it does not count. The configuration never holds one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from feeds.config import Config
from feeds.errors import PublishError, SecretError
from feeds.locks import hold_lock
from feeds.publish.atomic import write_atomically

PREFIX = "PAPERROUND_"
_LEAST_CHARACTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What signs links, newest first, and the key that is never changed.

    The first of ``signing`` signs, all of them are accepted: so links survive a rotation.
    ``permanent`` is what hashes of addresses that left and ids of mails are made with.
    """

    signing: tuple[bytes, ...]
    permanent: bytes

    def digest(self, purpose: str, text: str) -> bytes:
        """A keyed hash (HMAC-SHA-256) that is the same for ever, and another for each purpose."""
        return hmac.digest(self.permanent, f"{purpose}\0{text}".encode(), hashlib.sha256)

    @property
    def fingerprint(self) -> str:
        """What tells the permanent key from another, and nothing about it."""
        return self.digest("fingerprint", "").hex()[:16]


def read_secret(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The secret ``PAPERROUND_<name>``, or that in the file ``PAPERROUND_<name>_FILE`` names.

    :raises SecretError: the file cannot be read, or the secret is empty.
    """
    variable = f"{PREFIX}{name}"
    place = environment.get(f"{variable}_FILE")
    if place is None:
        value = environment.get(variable)
        if value is not None and not value.strip():
            raise SecretError(variable, "empty; expected a secret, or no such variable")
        return value
    try:
        value = Path(place).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretError(f"{variable}_FILE", f"{place}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SecretError(f"{variable}_FILE", f"{place}: is no text") from error
    if not value.strip():
        raise SecretError(f"{variable}_FILE", f"{place}: empty; expected a secret")
    return value


def load_keys(config: Config, environment: Mapping[str, str] = os.environ) -> Keys:
    """The keys of a publication; those that nobody set are made and kept in the state folder.

    ``PAPERROUND_SIGNING_KEY`` signs links; after a change, ``PAPERROUND_SIGNING_KEY_OLD`` is the
    one before it. ``PAPERROUND_PERMANENT_KEY`` must stay for ever.

    :raises SecretError: one is too short, or cannot be read or kept.
    """
    newest = _find_key("SIGNING_KEY", config, environment)
    old = read_secret("SIGNING_KEY_OLD", environment)
    signing = [newest] if old is None else [newest, _check_length("SIGNING_KEY_OLD", old)]
    return Keys(
        signing=tuple(key.encode() for key in signing),
        permanent=_find_key("PERMANENT_KEY", config, environment).encode(),
    )


def kept_key_path(name: str, config: Config) -> Path:
    """Where a key that nobody set is kept: ``.paperround/keys/signing``."""
    return config.state_folder / "keys" / name.removesuffix("_KEY").lower()


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, whole or not at all.

    :raises SecretError: it cannot be written, or is there already.
    """
    if path.exists():
        raise SecretError(str(path), "is there already; expected none")
    try:
        write_atomically(path, text.encode(), private=True)
    except PublishError as error:
        raise SecretError(str(path), error.reason) from error


def _find_key(name: str, config: Config, environment: Mapping[str, str]) -> str:
    given = read_secret(name, environment)
    if given is not None:
        return _check_length(name, given)
    path = kept_key_path(name, config)
    # Two processes that start at once must not make two keys.
    with hold_lock(config.state_folder / "keys.lock", wait=True):
        if not path.exists():
            write_private(path, f"{secrets.token_urlsafe(32)}\n")
        return _check_length(name, read_secret("KEPT", {f"{PREFIX}KEPT_FILE": str(path)}) or "")


def _check_length(name: str, key: str) -> str:
    if len(key) < _LEAST_CHARACTERS:
        expected = f"expected {_LEAST_CHARACTERS} characters or more, chosen by chance"
        raise SecretError(f"{PREFIX}{name}", f"too short; {expected}")
    return key
