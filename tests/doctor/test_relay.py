from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from feeds.doctor.relay import check_relay
from tests.certificates import Authority
from tests.doctor.cases import configure, levels, run_check, surround

PASSWORD = {"PAPERROUND_SMTP_PASSWORD": "hunter2"}


class Ledger:
    """What a relay is told; a message would be one too many."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    async def handle_MAIL(self, *_arguments: object) -> str:  # noqa: N802  # its name
        self.commands.append("MAIL")
        return "250 OK"


class AnyPort(Controller):
    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # it has no types


def log_in(
    _server: object, _session: Session, _envelope: Envelope, _mechanism: str, data: object
) -> AuthResult:
    good = LoginPassword(b"notes", b"hunter2")
    return AuthResult(success=data == good, handled=False)


@contextmanager
def relay(ledger: Ledger, **keys: Any) -> Iterator[int]:
    controller = AnyPort(ledger, hostname="127.0.0.1", port=0, **keys)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    return authority


def smtp(port: int, **keys: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, **keys}


def test_a_relay_that_takes_mail_is_well_and_gets_none(tmp_path: Path, trusted: Authority) -> None:
    ledger = Ledger()
    tls = trusted.serve_as("127.0.0.1")
    with relay(
        ledger, tls_context=tls, require_starttls=True, authenticator=log_in, auth_required=True
    ) as port:
        config = configure(tmp_path, smtp=smtp(port, user="notes"))
        [found] = run_check(check_relay, config, surround(PASSWORD))
    assert found.level == "ok"
    assert found.message == f"127.0.0.1:{port} answers with STARTTLS, logged in as notes"
    assert ledger.commands == []


def test_tls_from_the_start_is_well_too(tmp_path: Path, trusted: Authority) -> None:
    with relay(Ledger(), ssl_context=trusted.serve_as("127.0.0.1")) as port:
        config = configure(tmp_path, smtp=smtp(port, security="tls"))
        [found] = run_check(check_relay, config)
    assert (found.level, found.message) == ("ok", f"127.0.0.1:{port} answers with TLS")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_somebody_else_is_told(
    tmp_path: Path, trusted: Authority, security: str
) -> None:
    other = trusted.serve_as("relay.example.org")
    keys: dict[str, ssl.SSLContext] = (
        {"ssl_context": other} if security == "tls" else {"tls_context": other}
    )
    with relay(Ledger(), **keys) as port:
        config = configure(tmp_path, smtp=smtp(port, security=security))
        [found] = run_check(check_relay, config)
    assert found.level == "error"
    assert "certificate is not good" in found.message


def test_a_relay_without_tls_is_told(tmp_path: Path) -> None:
    with relay(Ledger()) as port:
        [found] = run_check(check_relay, configure(tmp_path, smtp=smtp(port)))
    assert found.level == "error"
    assert "STARTTLS" in found.message


def test_a_wrong_password_is_told_and_not_shown(tmp_path: Path, trusted: Authority) -> None:
    tls = trusted.serve_as("127.0.0.1")
    with relay(Ledger(), tls_context=tls, authenticator=log_in, auth_required=True) as port:
        config = configure(tmp_path, smtp=smtp(port, user="notes"))
        wrong = surround({"PAPERROUND_SMTP_PASSWORD": "hunter3"})
        [found] = run_check(check_relay, config, wrong)
    assert found.level == "error"
    assert "535" in found.message
    assert "hunter3" not in str(found)


def test_a_relay_that_is_away_or_silent_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        config = configure(tmp_path, smtp=smtp(port, security="none"))
        started = time.monotonic()
        [found] = run_check(check_relay, config, surround(patience_s=0.1))
        assert time.monotonic() - started < config.smtp.timeout_seconds / 2
    assert found.level == "error"
    assert found.message.startswith(f"127.0.0.1:{port}: ")
    [found] = run_check(check_relay, config)
    assert found.level == "error"
    assert "refused" in found.message


def test_a_relay_that_takes_short_mails_only_is_told(tmp_path: Path) -> None:
    with relay(Ledger(), data_size_limit=100 * 1024) as port:
        config = configure(tmp_path, smtp=smtp(port, security="none"))
        found = run_check(check_relay, config)
    assert levels(found) == ["ok", "warning"]
    assert "100 KiB at most" in found[1].message


def test_without_mail_no_relay_is_asked(tmp_path: Path) -> None:
    config = configure(tmp_path, deliver=["folder"], smtp=smtp(1))
    assert run_check(check_relay, config) == []
