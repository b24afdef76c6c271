"""A connection to the relay: RFC 5321, with several commands a round trip (RFC 2920).

The standard library opens it, secures it and logs in. From there on one message takes two round
trips instead of four: its envelope is sent at once, and then its content, with the dot apart, so
that there is a moment before it.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from typing import NoReturn, TypeVar

from feeds.config import Smtp
from feeds.errors import DeliveryError

# How long a relay may take over a message that is complete (RFC 5321, section 4.5.3.2.6).
_LAST_REPLY_S = 600.0
_LAST_WORD_S = 2.0
_LONGEST_REPLY = 300
# What stands in angle brackets: nothing that ends it, or its line.
_PATH = re.compile(r"[!-;=?-~]*")
# A relay may say it of the recipient, and means the sender (RFC 3463, section 3.2).
_SENDER_IS_BAD = re.compile(rb"5\.1\.[78]\b")
_DOT = b".\r\n"
_GO_ON = 354
_CLOSING = 421

T = TypeVar("T")


class RelayError(DeliveryError):
    """The relay takes nothing at all for now: it is the relay's fault, and not the mail's."""

    def __init__(self, relay: str, message: str) -> None:
        super().__init__(relay, message, temporary=True)


class RefusedError(DeliveryError):
    """The relay refused one mail; ``temporary`` where it said that it may take it later."""


class BrokenOffError(RelayError):
    """The connection broke in the middle of a message, which may be the message's fault."""


class UnknownOutcomeError(DeliveryError):
    """A mail was complete, and no answer came: it may have been taken."""

    def __init__(self, relay: str, message: str) -> None:
        super().__init__(relay, message, temporary=True)


class Relay:
    """Where mail goes; ``password`` is for the user of the configuration."""

    def __init__(self, smtp: Smtp, password: str | None) -> None:
        self._smtp = smtp
        self._password = password
        self.name = f"{smtp.host}:{smtp.port_number}"

    def connect(self) -> RelayConnection:
        """Connect, secure the connection as configured, and log in.

        :raises RelayError: any of it failed; nothing is ever sent without the security chosen.
        """
        try:
            return RelayConnection(self._open(), self.name)
        except smtplib.SMTPAuthenticationError as error:
            said = _say(error.smtp_code, error.smtp_error)
            raise RelayError(
                self.name, f"{said}; expected smtp.user and PAPERROUND_SMTP_PASSWORD to be right"
            ) from error
        except smtplib.SMTPResponseException as error:
            raise RelayError(self.name, _say(error.smtp_code, error.smtp_error)) from error
        except ssl.SSLCertVerificationError as error:
            raise RelayError(
                self.name,
                f"its certificate is not good: {error.verify_message}; expected one for "
                f"{self._smtp.host} that this machine trusts",
            ) from error
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise RelayError(self.name, _say_error(error)) from error

    def _open(self) -> smtplib.SMTP:
        smtp = self._smtp
        context = self._secure() if smtp.security != "none" else None
        if smtp.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                smtp.host,
                smtp.port_number,
                local_hostname=smtp.hello,
                timeout=smtp.timeout_seconds,
                context=context,
            )
        else:
            client = smtplib.SMTP(
                smtp.host,
                smtp.port_number,
                local_hostname=smtp.hello,
                timeout=smtp.timeout_seconds,
            )
        try:
            client.ehlo_or_helo_if_needed()
            if smtp.security == "starttls":
                client.starttls(context=context)  # raises where it is not offered
                client.ehlo()
            self._log_in(client)
        except BaseException:
            client.close()
            raise
        return client

    def _secure(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self._smtp.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _log_in(self, client: smtplib.SMTP) -> None:
        user = self._smtp.user
        if user is None:
            return
        if self._password is None:
            raise RelayError(
                self.name, "smtp.user is set; expected its password in PAPERROUND_SMTP_PASSWORD"
            )
        if self._smtp.security == "none" and not _is_loopback(client):
            raise RelayError(
                self.name, 'a password would go in clear; expected smtp.security = "starttls"'
            )
        if not f"{user}{self._password}".isascii():  # the library would tell which letter is not
            raise RelayError(self.name, "smtp.user or its password is not ASCII; expected ASCII")
        client.login(user, self._password)


class RelayConnection:
    """One open connection; any error but a refusal ends it."""

    def __init__(self, client: smtplib.SMTP, name: str) -> None:
        self._client = client
        self._name = name
        self._pipelining = client.has_extn("pipelining")
        sock = client.sock
        assert sock is not None  # noqa: S101  # it is connected
        self._socket: socket.socket = sock
        # Else a last short packet waits for the word that the others have come: 40 ms on Linux.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def offer(self, sender: str, recipient: str) -> None:
        """Say from whom and to whom the next message is.

        :raises RefusedError: this recipient is not taken; the connection may be used again.
        :raises RelayError: nothing is taken any more; the connection is closed.
        """
        if not _PATH.fullmatch(recipient):
            raise RefusedError(self._name, "the recipient is no address", temporary=False)
        if not _PATH.fullmatch(sender):
            self.close()
            raise RelayError(self._name, "the sender is no address; expected mail.from_address")
        replies = self._say_envelope(f"MAIL FROM:<{sender}>\r\n", f"RCPT TO:<{recipient}>\r\n")
        mail, rcpt, data = replies
        for reply in replies:
            if reply[0] == _CLOSING or not 200 <= reply[0] < 600:
                self._give_up(_say(*reply))
        # Whatever the relay has against the sender, no reader is to blame.
        for reply in (mail, rcpt):
            if reply[0] // 100 != 2 and (reply is mail or _SENDER_IS_BAD.search(reply[1])):
                self._give_up(f"refuses the sender: {_say(*reply)}")
        if rcpt[0] // 100 != 2 or data[0] != _GO_ON:
            self._start_over(data[0])
            refused = rcpt if rcpt[0] // 100 != 2 else data
            raise RefusedError(self._name, _say(*refused), temporary=refused[0] // 100 != 5)

    def transfer(self, content: bytes) -> None:
        """Send a message without its end: lines end in CRLF, and none begins with a dot.

        :raises RefusedError: the relay did not want to hear all of it; the connection is closed.
        :raises BrokenOffError: the connection broke; the message was not complete.
        """
        try:
            self._socket.sendall(content)
        except OSError as error:
            self._read_last_word()
            raise BrokenOffError(self._name, _say_error(error)) from error

    def finish(self) -> str:
        """Send the dot that ends the message; what the relay said when it took it.

        :raises RefusedError: it did not take it.
        :raises UnknownOutcomeError: it did not answer; the connection is closed.
        """
        try:
            self._socket.settimeout(_LAST_REPLY_S)
            self._say_the_end()
            reply = self._client.getreply()
            self._socket.settimeout(self._client.timeout)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise UnknownOutcomeError(
                self._name, f"no answer to a complete message: {_say_error(error)}"
            ) from error
        if reply[0] // 100 == 2:
            return _say(*reply)
        if reply[0] // 100 not in (4, 5):
            self.close()
            raise UnknownOutcomeError(
                self._name, f"no answer of SMTP to a complete message: {_say(*reply)}"
            )
        if reply[0] == _CLOSING:
            self.close()
        raise RefusedError(self._name, _say(*reply), temporary=reply[0] // 100 == 4)

    @property
    def is_open(self) -> bool:
        """Whether another message may be offered."""
        return self._client.sock is not None

    @property
    def limit_bytes(self) -> int | None:
        """The longest message that the relay says it takes (RFC 1870), if it says so."""
        said = self._client.esmtp_features.get("size", "")
        return int(said) or None if said.isdecimal() else None

    def quit(self) -> None:
        """Take leave, and close."""
        try:
            if self.is_open:
                self._client.quit()
        except (smtplib.SMTPException, OSError):
            pass  # it is closed either way
        self.close()

    def close(self) -> None:
        """Close without a word: a message that was begun is not complete, so it is dropped."""
        self._client.close()

    def _say_envelope(self, *commands: str) -> list[tuple[int, bytes]]:
        everything = [*(command.encode("ascii") for command in commands), b"DATA\r\n"]

        def converse() -> list[tuple[int, bytes]]:
            if self._pipelining:
                self._socket.sendall(b"".join(everything))
                return [self._client.getreply() for _ in everything]
            replies: list[tuple[int, bytes]] = []
            for command in everything:
                self._socket.sendall(command)
                replies.append(self._client.getreply())
                if replies[-1][0] // 100 not in (2, 3):
                    break
            return replies + [(503, b"not asked")] * (len(everything) - len(replies))

        return self._guard(converse)

    def _say_the_end(self) -> None:
        try:
            self._socket.sendall(_DOT)
        except OSError:
            self._read_last_word()
            raise

    def _read_last_word(self) -> None:
        """Close, and tell why a relay did not listen to a message any more, if it said so.

        :raises RefusedError: it did.
        """
        try:
            self._socket.settimeout(_LAST_WORD_S)
            reply = self._client.getreply()
        except (smtplib.SMTPException, OSError):
            reply = (0, b"")
        self.close()
        if reply[0] // 100 in (4, 5):
            raise RefusedError(self._name, _say(*reply), temporary=reply[0] // 100 == 4)

    def _start_over(self, after_data: int) -> None:
        """Leave a transaction in which nothing is to be sent (RFC 2920, section 3.1).

        Where that is not answered well the connection ends; what was refused is refused.
        """
        try:
            if after_data == _GO_ON:
                self._socket.sendall(_DOT)
                self._client.getreply()
            self._socket.sendall(b"RSET\r\n")
            if self._client.getreply()[0] // 100 != 2:
                self.close()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _give_up(self, message: str) -> NoReturn:
        self.close()
        raise RelayError(self._name, message)

    def _guard(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise RelayError(self._name, _say_error(error)) from error


def _say(code: int, text: bytes | str) -> str:
    """A reply on one line, of a bearable length."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return f"{code} {line}"[:_LONGEST_REPLY]


def _say_error(error: Exception) -> str:
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(reason).split())[:_LONGEST_REPLY]


def _is_loopback(client: smtplib.SMTP) -> bool:
    if client.sock is None:
        return False
    address: str = client.sock.getpeername()[0]
    return ip_address(address).is_loopback
