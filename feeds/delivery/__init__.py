"""The ways out: how an issue that was published reaches its readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from feeds.config import Config
from feeds.delivery.folder import deliver_to_folder
from feeds.delivery.outbox import post_mailing
from feeds.delivery.webhook import open_webhooks
from feeds.model import Mailing, Newsletter


class Way(Protocol):
    """Takes an issue as it was published, and returns when it is delivered.

    It may be called again with the same issue, after a crash or a failure, and then delivers
    nothing twice. ``published`` is when the issue was published (aware, UTC).

    :raises DeliveryError: it did not take the issue; ``temporary`` tells whether to try again.
    """

    def __call__(self, newsletter: Newsletter, config: Config, *, published: datetime) -> None: ...


class PostMailing(Protocol):
    """Notes in the transaction that publishes what each reader is to get; others deliver it."""

    def __call__(
        self, connection: Connection, mailing: Mailing, config: Config, published: datetime
    ) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The ways of a publication.

    ``whole`` take an issue as it is, by the name that the database keeps; ``post`` is for those
    who get what they chose of it, where there are any.
    """

    whole: Mapping[str, Way] = field(default_factory=dict)
    post: PostMailing | None = None


WAYS: Mapping[str, Callable[[Config], Ways]] = {
    "folder": lambda _config: Ways(whole={"folder": deliver_to_folder}),
    "mail": lambda _config: Ways(post=post_mailing),
    "webhook": lambda config: Ways(whole=open_webhooks(config)),
}
"""Every way, by its name in the configuration (``deliver``)."""


def open_ways(config: Config) -> Ways:
    """The ways that the configuration names."""
    opened = [WAYS[name](config) for name in config.deliver]
    return Ways(
        whole={name: way for ways in opened for name, way in ways.whole.items()},
        post=next((ways.post for ways in opened if ways.post), None),
    )
