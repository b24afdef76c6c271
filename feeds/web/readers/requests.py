"""A request as the pages for readers see it."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.datastructures import Headers

from feeds.web.readers.fields import Fields
from feeds.web.readers.origins import network_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of ``/<lang>/<page>``, and by whom.

    ``client`` is their address. ``fields`` are those of the form; a GET has none.
    """

    page: str
    lang: str
    is_post: bool
    query: Fields
    headers: Headers
    client: str
    fields: Fields = field(default_factory=Fields)

    @property
    def token(self) -> str:
        """What opens the page: from the form, else from the address.

        :raises RefusedError: it stands there twice.
        """
        return self.fields.one("t") or self.query.one("t")

    @property
    def network(self) -> str:
        """Where they ask from."""
        return network_of(self.client)

    @property
    def source(self) -> str:
        """From where somebody agreed, as it is kept: ``203.0.113.9 (web, ko)``."""
        return f"{self.client} (web, {self.lang})"
