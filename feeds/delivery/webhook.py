"""The webhook: an issue as JSON, posted to a chat's or a social network's bridge.

The request is that of Standard Webhooks 1.0.0 (standardwebhooks.com): ``webhook-id`` is the same
each time an issue is posted to a target, and ``webhook-signature`` proves that it comes from here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from feeds.asking import ANSWER_S, Answer, ask, show_origin
from feeds.config import Config, Webhook
from feeds.delivery.retry_after import find_wait, keep_wait, read_retry_after
from feeds.errors import DeliveryError, SecretError
from feeds.model import Newsletter
from feeds.secrets import PREFIX, read_secret

VERSION = 1
"""Of the JSON: it grows when a field is taken away or comes to mean something else."""

# At least 192 bits of key ("Signature scheme" of the specification).
_LEAST_KEY_BYTES = 24
_MARKER = "whsec_"
_TRY_AGAIN = {408, 425, 429}
_MAY_ASK_TO_WAIT = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


def open_webhooks(
    config: Config,
    *,
    clock: Callable[[], datetime] = partial(datetime.now, UTC),  # noqa: B008  # called later
    environment: Mapping[str, str] = os.environ,
    answer_s: float = ANSWER_S,
) -> Mapping[str, WebhookWay]:
    """A way for each ``[webhooks.NAME]``, called ``webhook:NAME``; nothing is asked yet.

    ``clock`` tells the time of posting (aware), which receivers compare with their own.
    """
    return {
        f"webhook:{name}": WebhookWay(name, clock, environment, answer_s)
        for name in config.webhooks
    }


class WebhookWay:
    """Posts an issue to one target; where to is read from the configuration each time."""

    def __init__(
        self,
        name: str,
        clock: Callable[[], datetime],
        environment: Mapping[str, str],
        answer_s: float,
    ) -> None:
        self._name = name
        self._clock = clock
        self._environment = environment
        self._answer_s = answer_s

    def __call__(self, newsletter: Newsletter, config: Config, *, published: datetime) -> None:
        """Post an issue; one in a language that the target does not want is done with.

        A target that asked to be left alone for a while (``Retry-After``) is.

        :raises DeliveryError: the target did not take it, or there is no secret to sign with.
        """
        target = config.webhooks.get(self._name)
        if target is None:
            message = f"is gone from the configuration; expected [webhooks.{self._name}]"
            raise self._fail(message, temporary=False)
        if target.languages and newsletter.lang not in target.languages:
            return
        place, now = show_origin(target.url), self._clock()
        if until := find_wait(config, self._name, target.url, now):
            raise self._fail(f"{place} {_say_wait(until)}", temporary=True)
        message_id = identify(newsletter, config, self._name)
        body = write_payload(newsletter, config, published=published, message_id=message_id)
        moment = int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message_id,
            "webhook-id": message_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": sign(self._keys(), message_id, moment, body),
        }
        try:
            answer = ask("POST", target.url, headers=headers, body=body, answer_s=self._answer_s)
        except ConnectionError as error:
            raise self._fail(f"{place}: {error}", temporary=True) from error
        self._judge(answer, place, target, config)

    def _judge(self, answer: Answer, place: str, target: Webhook, config: Config) -> None:
        """Do nothing where the target took the issue.

        :raises DeliveryError: it did not.
        """
        status = answer.status
        if 200 <= status < 300:
            return
        key = f"webhooks.{self._name}"
        advice = ""
        if 300 <= status < 400:
            advice = f"; redirects are not followed: expected the address itself as {key}.url"
        elif status == HTTPStatus.GONE:
            advice = f"; it wants no more: remove [{key}]"
        elif status in _MAY_ASK_TO_WAIT and (until := self._heed(answer, target, config)):
            advice = f"; it {_say_wait(until)}"
        temporary = status in _TRY_AGAIN or status >= 500
        raise self._fail(f"{place} answered {_name_status(status)}{advice}", temporary=temporary)

    def _heed(self, answer: Answer, target: Webhook, config: Config) -> datetime | None:
        """Keep until when the target wants to be left alone, if it says so."""
        said = answer.headers.get("retry-after", "")
        until = read_retry_after(said, self._clock(), config)
        if until is not None:
            keep_wait(config, self._name, target.url, until)
        return until

    def _keys(self) -> list[bytes]:
        """The keys to sign with: the newest, and the one before it while receivers change over.

        :raises DeliveryError: there is none, or one is none.
        """
        variable = webhook_secret_name(self._name)
        try:
            newest = read_secret(variable, self._environment)
            old = read_secret(f"{variable}_OLD", self._environment)
        except SecretError as error:
            # A folder of secrets may come later than this process.
            raise self._fail(str(error), temporary=True) from error
        if newest is None:
            expected = f"expected {PREFIX}{variable}, which signs what is posted"
            raise self._fail(f"no secret; {expected}", temporary=False)
        given = {variable: newest, f"{variable}_OLD": old}
        try:
            return [read_key(name, text) for name, text in given.items() if text is not None]
        except SecretError as error:
            raise self._fail(str(error), temporary=False) from error

    def _fail(self, message: str, *, temporary: bool) -> DeliveryError:
        return DeliveryError(f"webhook:{self._name}", message, temporary=temporary)


def webhook_secret_name(name: str) -> str:
    """What the secret of a target is called, without ``PAPERROUND_``."""
    return f"WEBHOOK_{name.upper().replace('-', '_')}_SECRET"


def read_key(name: str, text: str) -> bytes:
    """A key as it is given out: base64 behind ``whsec_``; any other text stands for itself.

    :raises SecretError: it is shorter than 24 bytes, or no base64.
    """
    key = text.encode()
    if text.startswith(_MARKER):
        try:
            digits = text.removeprefix(_MARKER).rstrip("=")
            key = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
        except (binascii.Error, ValueError) as error:
            expected = f"expected {_MARKER} and base64 behind it"
            raise SecretError(f"{PREFIX}{name}", f"no base64; {expected}") from error
    if len(key) < _LEAST_KEY_BYTES:
        expected = f"expected {_LEAST_KEY_BYTES} bytes or more, chosen by chance"
        raise SecretError(f"{PREFIX}{name}", f"too short; {expected}")
    return key


def identify(newsletter: Newsletter, config: Config, name: str) -> str:
    """An id that an issue has for one target, however often it is posted; no point stands in it."""
    # Two publications may share a domain and a target.
    publication = f"{config.id_domain}/{config.path_prefix}"
    facts = (publication, newsletter.kind, str(newsletter.day), newsletter.lang, name)
    return f"issue_{hashlib.sha256(chr(0).join(facts).encode()).hexdigest()[:32]}"


def sign(keys: list[bytes], message_id: str, moment: int, body: bytes) -> str:
    """A signature for each key: ``v1,`` and the HMAC-SHA-256 of id, time and body in base64."""
    signed = f"{message_id}.{moment}.".encode() + body
    digests = [hmac.digest(key, signed, hashlib.sha256) for key in keys]
    return " ".join(f"v1,{base64.b64encode(digest).decode('ascii')}" for digest in digests)


def write_payload(
    newsletter: Newsletter, config: Config, *, published: datetime, message_id: str
) -> bytes:
    """The JSON of an issue, in UTF-8; ``page`` is null where the issue has none."""
    # A week has no page of its own: each of its days has one.
    paged = "newsletter" in config.outputs and newsletter.kind == "daily"
    page = f"{newsletter.lang}/{newsletter.day:%Y/%m/%d}/newsletter.html"
    payload: dict[str, Any] = {
        "type": "issue.published",
        "version": VERSION,
        "id": message_id,
        "timestamp": published.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "publication": {
                "title": config.localized(config.title, newsletter.lang),
                "base_url": config.base_url,
            },
            "kind": newsletter.kind,
            "day": newsletter.day.isoformat(),
            "lang": newsletter.lang,
            "subject": newsletter.subject,
            "preheader": newsletter.preheader,
            "page": config.address(page) if paged else None,
            "html": newsletter.html,
            "text": newsletter.text,
        },
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _say_wait(until: datetime) -> str:
    return f"asks to be left alone until {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _name_status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
