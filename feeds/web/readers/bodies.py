"""What a request brings along, read within bounds of size and of time."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import Receive

MOST_BYTES = 64 * 1024
# What is too large is read to its end and thrown away, within reason: a connection that is closed
# with something unread takes the answer with it.
_MOST_DISCARDED = 32 * 1024 * 1024
_BODY_S = 20.0


class RefusedError(Exception):
    """A request that is not looked into: its status, and the words that say why.

    ``reason`` names two texts of a language's ``[words.readers]``: itself, and ``<reason>_text``.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason

    @property
    def is_last(self) -> bool:
        """Whether the connection has to end with it, as more of the body may follow."""
        return self.status in (408, 413)


async def read_body(headers: Headers, receive: Receive) -> bytes:
    """The whole body.

    :raises RefusedError: it has more than ``MOST_BYTES``, whatever it was said to have, takes more
        than 20 s, or does not end.
    """
    too_large = _said_length(headers) > MOST_BYTES
    if too_large and headers.get("expect"):
        raise RefusedError(413, "broken")  # it waits for our word before it sends anything
    kept = bytearray()
    received = 0
    try:
        async with asyncio.timeout(_BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RefusedError(400, "broken")
                piece = message.get("body", b"")
                received += len(piece)
                if received <= MOST_BYTES:
                    kept += piece
                if not message.get("more_body") or received > _MOST_DISCARDED:
                    break
    except TimeoutError as error:
        raise RefusedError(408, "broken") from error
    if too_large or received > MOST_BYTES:
        raise RefusedError(413, "large")
    return bytes(kept)


def _said_length(headers: Headers) -> int:
    said = headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else 0
