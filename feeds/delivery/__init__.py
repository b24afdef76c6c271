"""The ways out: how an issue that was published reaches its readers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from feeds.config import Config
from feeds.delivery.folder import deliver_to_folder
from feeds.model import Newsletter


class Way(Protocol):
    """Takes an issue as it was published, and returns when it is delivered.

    It may be called again with the same issue, after a crash or a failure, and then delivers
    nothing twice. ``published`` is when the issue was published (aware, UTC).

    :raises DeliveryError: it did not take the issue; ``temporary`` tells whether to try again.
    """

    def __call__(self, newsletter: Newsletter, config: Config, *, published: datetime) -> None: ...


WAYS: Mapping[str, Way] = {"folder": deliver_to_folder}
"""Every way, by the name that the database keeps."""
