"""One HTTP request to somebody else's server: verified, bounded in time and size, no redirects."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from feeds import __version__

CONNECT_S = 10.0
ANSWER_S = 30.0
MOST_BYTES = 64 * 1024
_AGENT = {"User-Agent": f"Paperround/{__version__}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said; names of headers are in lower case, ``body`` may be cut."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    connect_s: float = CONNECT_S,
    answer_s: float = ANSWER_S,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """Ask once. Certificates are verified; a redirect is an answer as any other.

    ``answer_s`` is for all of the answer, however slowly it drips. Once there is a status, the
    answer counts: of its body there is as much as came, ``most_bytes`` at most.

    :raises ConnectionError: there was no answer; says why, and nothing of the address.
    """
    parts = urlsplit(url)
    connection = _prepare(parts, connect_s)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    overdue = Event()
    try:
        connection.connect()
        with _at_most(answer_s, connection.sock, overdue):
            connection.request(method, target, body=body, headers={**_AGENT, **(headers or {})})
            return _read(connection.getresponse(), most_bytes)
    except (OSError, HTTPException) as error:
        raise ConnectionError(_say(error, overdue.is_set())) from error
    finally:
        connection.close()


def show_origin(url: str) -> str:
    """An address as far as a log may tell it: many a service keeps a secret in the path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _prepare(parts: SplitResult, connect_s: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, parts.port, timeout=connect_s, context=context)
    return HTTPConnection(host, parts.port, timeout=connect_s)


@contextlib.contextmanager
def _at_most(seconds: float, sock: socket.socket, overdue: Event) -> Iterator[None]:
    """Hang up after some seconds: a socket's own time-out begins anew with every byte."""
    sock.settimeout(seconds)

    def hang_up() -> None:
        overdue.set()
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(response: HTTPResponse, most_bytes: int) -> Answer:
    content = b""
    with contextlib.suppress(OSError, HTTPException):
        while piece := response.read1(most_bytes - len(content)):
            content += piece
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(status=response.status, headers=headers, body=content)


def _say(error: Exception, overdue: bool) -> str:
    """Why there was no answer, in words that hold nothing the other side chose."""
    match error:
        case _ if overdue:
            return "no answer in time"
        case TimeoutError():
            return "no answer in time"
        case socket.gaierror():
            return "no such host"
        case ssl.SSLCertVerificationError():
            return f"the certificate is not valid: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or 'no handshake'}"
        case ConnectionRefusedError():
            return "the connection is refused"
        case ConnectionError():  # of http.client as well, which says that nothing came
            return "the connection broke off"
        case HTTPException():
            return "the answer is no HTTP"
        case OSError(strerror=str(reason)):
            return reason
        case _:
            return "no answer"
