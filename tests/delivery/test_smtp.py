"""The connection to a relay: secured as configured or not at all, and what each answer means."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from feeds.config import Smtp
from feeds.delivery.message import prepare_message
from feeds.delivery.smtp import (
    BrokenOffError,
    RefusedError,
    Relay,
    RelayConnection,
    RelayError,
    UnknownOutcomeError,
)
from feeds.personal import PREFERENCES_LENGTH, UNSUBSCRIBE_LENGTH, Personal
from tests.certificates import Authority
from tests.ledger import Ledger, listening
from tests.presses import make_config, make_newsletter
from tests.relays import Script, answering, following
from tests.rounds import DAY, NOW

SENDER, READER = "news@example.org", "reader@example.org"
CONTENT = b"Subject: one\r\n\r\nA line.\r\n"


def relay_at(port: int, *, password: str | None = None, **keys: Any) -> Relay:
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "timeout_seconds": 10}
    return Relay(Smtp(**{**settings, **keys}), password)


def send(connection: RelayConnection, recipient: str = READER, content: bytes = CONTENT) -> str:
    connection.offer(SENDER, recipient)
    connection.transfer(content)
    return connection.finish()


def send_one(relay: Relay, content: bytes = CONTENT) -> None:
    """Connect, send a message, and take leave."""
    connection = relay.connect()
    try:
        send(connection, content=content)
    finally:
        connection.quit()


@contextmanager
def connected(script: Script, **keys: Any) -> Iterator[RelayConnection]:
    with following(script) as port:
        connection = relay_at(port, **keys).connect()
        try:
            yield connection
        finally:
            connection.close()


# --- secured -------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    return authority


SECURITIES = pytest.mark.parametrize("security", ["starttls", "tls"])


def serve(ledger: Ledger, security: str, context: Any, **options: Any) -> Any:
    if security == "tls":
        return listening(ledger, ssl_context=context, **options)
    return listening(ledger, tls_context=context, require_starttls=True, **options)


@SECURITIES
def test_mail_goes_over_a_connection_that_is_secured_and_verified(
    trusted: Authority, security: str
) -> None:
    ledger = Ledger()
    with serve(ledger, security, trusted.serve_as("127.0.0.1")) as port:
        send_one(relay_at(port, security=security))
    assert ledger.recipients == [READER]


@SECURITIES
def test_a_certificate_for_another_host_is_refused(trusted: Authority, security: str) -> None:
    ledger = Ledger()
    with (
        serve(ledger, security, trusted.serve_as("other.example")) as port,
        pytest.raises(RelayError, match=r"certificate is not good: .*127\.0\.0\.1") as caught,
    ):
        relay_at(port, security=security).connect()
    assert "expected one for 127.0.0.1 that this machine trusts" in str(caught.value)
    assert ledger.recipients_asked == []


@SECURITIES
def test_a_certificate_that_nobody_vouches_for_is_refused(
    authority: Authority, security: str
) -> None:
    ledger = Ledger()
    context = authority.serve_as("127.0.0.1")
    with (
        serve(ledger, security, context) as port,
        pytest.raises(RelayError, match="certificate is not good: unable to get local issuer"),
    ):
        relay_at(port, security=security).connect()
    assert ledger.recipients_asked == []


@SECURITIES
def test_a_certificate_that_expired_is_refused(trusted: Authority, security: str) -> None:
    ledger = Ledger()
    context = trusted.serve_as("127.0.0.1", expired=True)
    with (
        serve(ledger, security, context) as port,
        pytest.raises(RelayError, match="certificate is not good: certificate has expired"),
    ):
        relay_at(port, security=security).connect()
    assert ledger.recipients_asked == []


@SECURITIES
def test_whoever_asks_for_no_verification_gets_none(authority: Authority, security: str) -> None:
    ledger = Ledger()
    with serve(ledger, security, authority.serve_as("other.example")) as port:
        send_one(relay_at(port, security=security, verify=False))
    assert ledger.recipients == [READER]


def test_nothing_goes_in_clear_where_the_relay_does_not_offer_to_secure_it() -> None:
    script = Script(extensions=("AUTH PLAIN LOGIN",))
    with following(script) as port, pytest.raises(RelayError, match="STARTTLS"):
        relay_at(port, security="starttls", user="notes", password="hunter2").connect()
    assert script.steps == ["CONNECT", "EHLO"]


def test_a_relay_that_takes_back_its_offer_to_secure_it_gets_nothing() -> None:
    script = Script(answering(STARTTLS=b"454 not now\r\n"), extensions=("STARTTLS",))
    with following(script) as port, pytest.raises(RelayError, match="454 not now"):
        relay_at(port, security="starttls").connect()
    assert script.steps == ["CONNECT", "EHLO", "STARTTLS"]


def test_a_relay_that_speaks_no_tls_is_told_so() -> None:
    with following(Script()) as port, pytest.raises(RelayError) as caught:
        relay_at(port, security="tls").connect()
    assert str(caught.value).startswith(f"127.0.0.1:{port}: ")


# --- logged in -----------------------------------------------------------------------------------


def log_in(
    _server: object, _session: Session, _envelope: Envelope, _mechanism: str, data: object
) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"notes", b"hunter2"), handled=False)


AUTH = {"authenticator": log_in, "auth_require_tls": False}


@SECURITIES
def test_a_user_with_the_right_password_is_let_in(trusted: Authority, security: str) -> None:
    ledger = Ledger()
    context = trusted.serve_as("127.0.0.1")
    with serve(ledger, security, context, **AUTH) as port:
        send_one(relay_at(port, security=security, user="notes", password="hunter2"))
    assert ledger.recipients == [READER]


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("hunter3", "535 .*expected smtp.user and PAPERROUND_SMTP_PASSWORD to be right"),
        (None, "smtp.user is set; expected its password in PAPERROUND_SMTP_PASSWORD"),
        ("비밀", "not ASCII; expected ASCII"),
    ],
)
def test_a_wrong_or_missing_password_is_told_and_not_repeated(
    trusted: Authority, password: str | None, said: str
) -> None:
    ledger = Ledger()
    with (
        serve(ledger, "starttls", trusted.serve_as("127.0.0.1"), **AUTH) as port,
        pytest.raises(RelayError, match=said) as caught,
    ):
        relay_at(port, security="starttls", user="notes", password=password).connect()
    assert password is None or password not in str(caught.value)
    assert ledger.recipients_asked == []


def test_a_relay_that_knows_no_users_is_told_none() -> None:
    script = Script()
    with following(script) as port, pytest.raises(RelayError, match="AUTH"):
        relay_at(port, user="notes", password="hunter2").connect()
    assert script.steps == ["CONNECT", "EHLO"]


CLEAR = {"security": "none", "user": "notes", "password": "hunter2"}


def test_a_password_goes_in_clear_to_this_machine() -> None:
    script = Script(answering(AUTH=b"235 welcome\r\n"), extensions=("AUTH PLAIN",))
    with following(script) as port:
        relay_at(port, **CLEAR).connect().close()
    assert script.steps == ["CONNECT", "EHLO", "AUTH"]


def test_a_password_goes_in_clear_nowhere_else() -> None:
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but its loopback")
    script = Script(answering(AUTH=b"235 welcome\r\n"), extensions=("AUTH PLAIN",))
    with (
        following(script, address) as port,
        pytest.raises(RelayError, match="a password would go in clear"),
    ):
        relay_at(port, host=address, **CLEAR).connect()
    assert script.steps == ["CONNECT", "EHLO"]


def own_address() -> str | None:
    """An address of this machine that is not its loopback; nothing leaves the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of a datagram's socket: it only looks up the way
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") else address


# --- what is sent --------------------------------------------------------------------------------


def test_an_envelope_is_one_round_trip_where_the_relay_allows_it() -> None:
    with_it, without = Script(), Script(extensions=())
    for script in (with_it, without):
        with connected(script) as connection:
            assert send(connection) == "250 2.0.0 OK"
            assert send(connection, "other@example.org") == "250 2.0.0 OK"
            connection.quit()
        assert script.messages == [CONTENT, CONTENT]
        assert script.steps == [
            *("CONNECT", "EHLO"),
            *("MAIL", "RCPT", "DATA", "."),
            *("MAIL", "RCPT", "DATA", ".", "QUIT"),
        ]


def test_without_pipelining_nothing_is_said_before_the_answer() -> None:
    script = Script(answering(RCPT=b"550 no\r\n"), extensions=())
    with connected(script) as connection, pytest.raises(RefusedError):
        connection.offer(SENDER, READER)
    assert script.steps[2:] == ["MAIL", "RCPT", "RSET"]


@pytest.mark.parametrize("first", [".", "..", ".hidden", ". "])
def test_lines_that_would_begin_with_a_dot_arrive_as_they_are(tmp_path: Path, first: str) -> None:
    text = f"{first}\nplain\n{first * 60}\n{first}\n"
    template = prepare_message(make_newsletter(DAY, text=text), make_config(tmp_path))
    content = template.splice(
        Personal(
            recipient=READER,
            message_id="<a@example.org>",
            delivery="1.a",
            date=NOW,
            unsubscribe="u" * UNSUBSCRIBE_LENGTH,
            preferences="p" * PREFERENCES_LENGTH,
        )
    )
    ledger = Ledger()
    with listening(ledger) as port:
        send_one(relay_at(port), content)
    [arrival] = ledger.arrivals
    assert arrival.content == content
    part = arrival.message.get_payload(0)
    assert isinstance(part, type(arrival.message))
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


FORGED = [
    "a@b.example>\r\nRCPT TO:<c@d.example",
    "a@b.example\r\nDATA",
    "a@b.example\nRSET",
    "a@b.example\0",
    "a b@c.example",
    "<a@b.example>",
    "독자@example.org",
]


@pytest.mark.parametrize("address", FORGED)
def test_an_address_says_no_command(address: str) -> None:
    script = Script()
    with connected(script) as connection:
        with pytest.raises(RefusedError, match="the recipient is no address") as caught:
            connection.offer(SENDER, address)
        assert not caught.value.temporary
        send(connection)
        with pytest.raises(RelayError, match="the sender is no address"):
            connection.offer(address, READER)
        assert not connection.is_open
    assert [line for line in script.lines if b"example" in line] == [
        b"MAIL FROM:<news@example.org>\r\n",
        b"RCPT TO:<reader@example.org>\r\n",
    ]


def test_a_message_that_was_not_ended_is_dropped_with_its_connection() -> None:
    script = Script()
    with connected(script) as connection:
        connection.offer(SENDER, READER)
        connection.transfer(CONTENT)
        connection.close()
    assert script.messages == []
    assert "." not in script.steps
    assert "QUIT" not in script.steps


# --- what is answered ----------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()], ids=["pipelining", "one by one"])
@pytest.mark.parametrize("step", ["RCPT", "DATA", "end"])
@pytest.mark.parametrize(
    ("code", "temporary"),
    [("450", True), ("451", True), ("452", True), ("550", False), ("554", False)],
)
def test_a_mail_that_is_refused_leaves_the_connection_to_the_next(
    step: str, code: str, temporary: bool, extensions: tuple[str, ...]
) -> None:
    script = Script(answering(**{step: f"{code} 4.2.0 not this one\r\n".encode()}), extensions)
    with connected(script) as connection:
        with pytest.raises(RefusedError, match=f"{code} 4.2.0 not this one") as caught:
            send(connection)
        assert caught.value.temporary is temporary
        script.answer = answering()
        assert send(connection) == "250 2.0.0 OK"
    assert script.sessions == 1
    assert CONTENT in script.messages


@pytest.mark.parametrize("code", ["450", "451", "550", "553"])
def test_a_sender_that_is_refused_is_no_readers_fault(code: str) -> None:
    script = Script(answering(MAIL=f"{code} who are you\r\n".encode()))
    with connected(script) as connection:
        with pytest.raises(RelayError, match=f"refuses the sender: {code} who are you"):
            connection.offer(SENDER, READER)
        assert not connection.is_open
    assert script.messages == []


def test_a_sender_that_is_refused_with_the_recipient_is_no_readers_fault_either() -> None:
    script = Script(answering(RCPT=b"550 5.1.8 Sender address rejected\r\n"))
    with connected(script) as connection, pytest.raises(RelayError, match="refuses the sender"):
        connection.offer(SENDER, READER)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_relay_that_says_farewell_is_no_refusal(step: str) -> None:
    script = Script(answering(**{step: b"421 4.7.0 too many messages\r\n"}))
    with connected(script) as connection:
        with pytest.raises(RelayError, match=r"421 4\.7\.0 too many messages"):
            send(connection)
        assert not connection.is_open


def test_a_relay_that_says_farewell_to_a_message_did_not_take_it() -> None:
    script = Script(answering(end=b"421 shutting down\r\n"))
    with connected(script) as connection:
        with pytest.raises(RefusedError, match="421 shutting down") as caught:
            send(connection)
        assert caught.value.temporary
        assert not connection.is_open


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "answer", [None, b"hello?\r\n", b"\r\n", b"999 what\r\n", b"x" * 9000 + b"\r\n"]
)
def test_silence_or_garbage_before_the_end_of_a_message_is_the_relays_fault(
    step: str, answer: bytes | None
) -> None:
    script = Script(answering(**{step: answer, "HELO": answer}))
    with following(script) as port, pytest.raises(RelayError) as caught:
        send_one(relay_at(port))
    assert len(str(caught.value)) < 400
    assert script.messages == []


@pytest.mark.parametrize("answer", [None, b"hello?\r\n", b"354 go on\r\n", b"x" * 9000 + b"\r\n"])
def test_silence_or_garbage_after_the_end_leaves_it_unknown(answer: bytes | None) -> None:
    with connected(Script(answering(end=answer))) as connection:
        with pytest.raises(UnknownOutcomeError, match="complete message"):
            send(connection)
        assert not connection.is_open


def test_a_connection_that_breaks_within_a_message_leaves_it_unsent() -> None:
    script = Script()
    with following(script) as port:
        connection = relay_at(port).connect()
        connection.offer(SENDER, READER)
        connection._socket.shutdown(socket.SHUT_WR)  # as when the network goes
        with pytest.raises(BrokenOffError):
            connection.transfer(CONTENT)
        assert not connection.is_open
    assert script.messages == []


@pytest.mark.parametrize("at", ["content", "end"])
def test_a_relay_that_does_not_listen_to_the_end_is_asked_why(at: str) -> None:
    script = Script(answering(DATA=b"354 go on\r\n552 5.3.4 too big\r\n"))
    with connected(script) as connection:
        connection.offer(SENDER, READER)
        if at == "end":
            connection.transfer(CONTENT)
        connection._socket.shutdown(socket.SHUT_WR)
        with pytest.raises(RefusedError, match=r"552 5\.3\.4 too big") as caught:
            connection.transfer(CONTENT) if at == "content" else connection.finish()
        assert not caught.value.temporary
        assert not connection.is_open


@pytest.mark.parametrize("step", ["RSET", "QUIT"])
def test_a_relay_that_closes_where_nothing_is_left_to_say_changes_nothing(step: str) -> None:
    script = Script(answering(**{step: None, "RCPT": b"550 no\r\n"}))
    with connected(script) as connection:
        with pytest.raises(RefusedError, match="550 no"):
            send(connection)
        assert connection.is_open is (step == "QUIT")
        connection.quit()


def test_a_relay_that_does_not_answer_in_time_is_given_up() -> None:
    over = Event()

    def answer(step: str) -> bool:
        return over.wait(20) if step == "RCPT" else True

    with connected(Script(answer), timeout_seconds=1) as connection:
        with pytest.raises(RelayError, match="no answer in time"):
            connection.offer(SENDER, READER)
        over.set()


def test_an_answer_is_one_line_of_bearable_length_in_whichever_language() -> None:
    said = "250-받았습니다\r\n250-  \x1b[31mand\x07 more\r\n250 끝\r\n".encode()
    with connected(Script(answering(end=said))) as connection:
        assert send(connection) == "250 받았습니다 [31mand more 끝"
    long = b"".join(b"550-%d is the matter\r\n" % number for number in range(200)) + b"550 so\r\n"
    with (
        connected(Script(answering(RCPT=long))) as connection,
        pytest.raises(RefusedError) as caught,
    ):
        send(connection)
    told = str(caught.value).partition(": ")[2]
    assert told.startswith("550 0 is the matter 1 is the matter 2 is")
    assert len(told) == 300


def test_bytes_that_are_no_utf8_do_not_harm() -> None:
    with connected(Script(answering(end=b"250 \xc3\x28\x00 OK\r\n"))) as connection:
        assert send(connection) == "250 �( OK"


def test_the_longest_message_is_what_the_relay_says() -> None:
    for extensions, expected in ((("SIZE 1000",), 1000), (("SIZE",), None), ((), None)):
        with connected(Script(extensions=extensions)) as connection:
            assert connection.limit_bytes == expected
