"""An issue is posted to a real server, which looks at it as a receiver would."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from feeds.config import Config, Smtp, Webhook
from feeds.database.state import open_state
from feeds.delivery.webhook import WebhookWay, open_webhooks
from feeds.errors import DeliveryError
from feeds.outputs.newsletter import newsletter_path
from feeds.schedule import publish_due
from tests.certificates import Authority
from tests.presses import NOON, Press, make_config, make_issue, make_newsletter

DAY = date(2024, 12, 17)
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
SECRETS = {"PAPERROUND_WEBHOOK_CHAT_SECRET": SECRET}
SENT = datetime(2024, 12, 20, 12, 34, 56, tzinfo=UTC)

Reply = Callable[[BaseHTTPRequestHandler], None]


class Receiver:
    """A server that keeps what it is posted, and answers as it is told."""

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        waiting = list(replies)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                names = {name.lower(): value for name, value in self.headers.items()}
                receiver.seen.append((self.path, names, body))
                (waiting.pop(0) if waiting else answer(204))(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # whoever does not trust the certificate hangs up

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.origin = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Receiver:
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def configure(root: Path, url: str, *, smtp: Smtp | None = None, **keys: Any) -> Config:
    return make_config(root, webhooks={"chat": Webhook(url=url, **keys)}, smtp=smtp or Smtp())


def open_way(
    config: Config,
    *,
    secrets: Mapping[str, str] = SECRETS,
    answer_s: float = 20.0,
    now: datetime = SENT,
) -> WebhookWay:
    ways = open_webhooks(config, clock=lambda: now, environment=secrets, answer_s=answer_s)
    assert list(ways) == ["webhook:chat"]
    return ways["webhook:chat"]


def post(config: Config, lang: str = "ko", **keys: Any) -> None:
    open_way(config, **keys)(make_newsletter(DAY, lang), config, published=NOON)


def refuse(config: Config, **keys: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as told:
        post(config, **keys)
    return told.value


def verify(headers: Mapping[str, str], body: bytes, key: bytes = KEY) -> bool:
    """What a receiver does, by the specification's words."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body.decode()}"
    expected = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
    given = [entry.split(",") for entry in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(s, expected) for version, s in given)


def test_an_issue_arrives_whole_and_in_korean(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = configure(tmp_path, f"{receiver.origin}/hook?room=1")
        post(config)
    [(path, headers, body)] = receiver.seen
    assert path == "/hook?room=1"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("Paperround/")
    newsletter = make_newsletter(DAY)
    said = json.loads(body)
    assert said == {
        "type": "issue.published",
        "version": 1,
        "id": headers["webhook-id"],
        "timestamp": "2024-12-20T12:00:00Z",
        "data": {
            "publication": {"title": "Papers", "base_url": "https://example.org/papers"},
            "kind": "daily",
            "day": "2024-12-17",
            "lang": "ko",
            "subject": "2024-12-17 · 제목",
            "preheader": "먼저 읽히는 줄",
            "page": f"https://example.org/papers/{newsletter_path('ko', DAY)}",
            "html": newsletter.html,
            "text": newsletter.text,
        },
    }
    assert "제목".encode() in body


def test_a_receiver_can_verify_who_posted_and_when(tmp_path: Path) -> None:
    with Receiver() as receiver:
        post(configure(tmp_path, receiver.origin))
    [(_, headers, body)] = receiver.seen
    assert verify(headers, body)
    assert not verify(headers, body, key=bytes(32))
    assert not verify(headers, body.replace(b"Papers", b"Scissors"))
    assert headers["webhook-timestamp"] == str(int(SENT.timestamp()))


def test_while_a_secret_is_changed_both_sign(tmp_path: Path) -> None:
    new = "a plain text of more than 24 letters"
    both = {
        "PAPERROUND_WEBHOOK_CHAT_SECRET": new,
        "PAPERROUND_WEBHOOK_CHAT_SECRET_OLD": SECRET,
    }
    with Receiver() as receiver:
        post(configure(tmp_path, receiver.origin), secrets=both)
    [(_, headers, body)] = receiver.seen
    assert verify(headers, body, key=new.encode())
    assert verify(headers, body, key=KEY)


def test_the_same_issue_has_the_same_id_when_it_is_tried_again(tmp_path: Path) -> None:
    with Receiver(answer(500), answer(200)) as receiver:
        config = configure(tmp_path, receiver.origin)
        assert refuse(config).temporary
        post(config)
    (_, first, _), (_, second, _) = receiver.seen
    assert first["webhook-id"] == second["webhook-id"] == second["idempotency-key"]
    assert "." not in first["webhook-id"]


def test_another_issue_language_rhythm_or_target_has_another_id(tmp_path: Path) -> None:
    daily = make_newsletter(DAY)
    issues = [
        daily,
        make_newsletter(date(2024, 12, 18)),
        make_newsletter(DAY, "en"),
        replace(daily, kind="weekly"),
    ]
    secrets = {**SECRETS, "PAPERROUND_WEBHOOK_MY_BRIDGE_SECRET": SECRET}
    with Receiver() as receiver:
        hook = Webhook(url=receiver.origin)
        config = make_config(tmp_path, webhooks={"chat": hook, "my-bridge": hook})
        for way in open_webhooks(config, environment=secrets).values():
            for issue in issues:
                way(issue, config, published=NOON)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.seen}) == 8


def test_an_issue_without_a_page_says_so(tmp_path: Path) -> None:
    weekly = replace(make_newsletter(DAY), kind="weekly")
    with Receiver() as receiver:
        config = configure(tmp_path, receiver.origin)
        open_way(config)(weekly, config, published=NOON)
    [(_, _, body)] = receiver.seen
    data = json.loads(body)["data"]
    assert (data["kind"], data["page"]) == ("weekly", None)


def test_a_target_gets_the_languages_that_it_wants(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = configure(tmp_path, receiver.origin, languages=("en",))
        post(config, "ko")
        post(config, "en")
    assert [json.loads(body)["data"]["lang"] for _, _, body in receiver.seen] == ["en"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503, 599])
def test_what_may_pass_is_tried_again(tmp_path: Path, status: int) -> None:
    with Receiver(answer(status)) as receiver:
        error = refuse(configure(tmp_path, receiver.origin))
    assert error.temporary
    assert f"answered {status}" in str(error)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "answered 400 Bad Request"),
        (404, "answered 404 Not Found"),
        (410, "answered 410 Gone; it wants no more: remove [webhooks.chat]"),
    ],
)
def test_what_will_not_change_is_not_tried_again(tmp_path: Path, status: int, said: str) -> None:
    with Receiver(answer(status)) as receiver:
        error = refuse(configure(tmp_path, receiver.origin))
    assert not error.temporary
    assert str(error) == f"webhook:chat: {receiver.origin} {said}"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "said",
    [
        "120",
        " 0120 ",
        "Fri, 20 Dec 2024 12:36:56 GMT",
        "Friday, 20-Dec-24 12:36:56 GMT",
        "Fri Dec 20 12:36:56 2024",
    ],
)
def test_a_target_that_asks_to_be_left_alone_is(tmp_path: Path, status: int, said: str) -> None:
    with Receiver(answer(status, {"Retry-After": said})) as receiver:
        config = configure(tmp_path, receiver.origin)
        error = refuse(config)
        assert error.temporary
        asks = "asks to be left alone until 2024-12-20 12:36:56 UTC"
        assert str(error).endswith(f"; it {asks}")
        # Whatever it is, in whichever process: each opens its ways anew.
        for lang in ("ko", "en"):
            error = refuse(config, lang=lang, now=SENT + timedelta(seconds=119))
            assert error.temporary
            assert str(error) == f"webhook:chat: {receiver.origin} {asks}"
        assert len(receiver.seen) == 1
        post(config, now=SENT + timedelta(seconds=120))
        assert len(receiver.seen) == 2


@pytest.mark.parametrize(
    "said",
    [
        "9" * 4,
        "9" * 9,
        "9" * 5000,
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
    ],
    ids=lambda said: said[:20],
)
@pytest.mark.parametrize("hours", [2, 10**12])
def test_nobody_is_left_alone_for_longer_than_mails_are_tried(
    tmp_path: Path, said: str, hours: int
) -> None:
    longest = timedelta(hours=2 if hours == 2 else 7 * 24)
    with Receiver(answer(429, {"Retry-After": said})) as receiver:
        config = configure(tmp_path, receiver.origin, smtp=Smtp(give_up_hours=hours))
        assert refuse(config).temporary
        post(config, now=SENT + longest)
    assert len(receiver.seen) == 2


@pytest.mark.parametrize(
    "said",
    [
        "",
        "0",
        "-1",
        "-99999999999999999999",
        "1.5",
        "1e9",
        "²",
        "soon",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 20 Dec 2024 12:34:56 GMT",
        "Fri, 32 Dec 2024 12:34:56 GMT",
        "Fri, 20 Dec 99999999999 12:34:56 GMT",
        "Fri, 20 Dec 2024 12:34:56 +99999999999999999999",
        "," * 100,
    ],
    ids=lambda said: said[:60],
)
def test_what_is_no_time_to_wait_for_is_not_waited_for(tmp_path: Path, said: str) -> None:
    with Receiver(answer(503, {"Retry-After": said})) as receiver:
        config = configure(tmp_path, receiver.origin)
        error = refuse(config)
        assert error.temporary
        assert str(error).endswith("answered 503 Service Unavailable")
        post(config)
    assert len(receiver.seen) == 2


def test_another_address_is_not_kept_waiting(tmp_path: Path) -> None:
    with Receiver(answer(429, {"Retry-After": "3600"})) as receiver:
        refuse(configure(tmp_path, f"{receiver.origin}/old"))
        post(configure(tmp_path, f"{receiver.origin}/new"))
    assert [path for path, _, _ in receiver.seen] == ["/old", "/new"]


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"\xff",
        b"2024-12-20T12:35:00 x",
        b"2024-12-20T12:35:00+00:00 x",
        b"2999-12-20T12:35:00+00:00 {}",
        b"2024-12-20T12:35:00 {}",
    ],
)
def test_a_wait_that_was_kept_wrongly_keeps_nobody_waiting(tmp_path: Path, kept: bytes) -> None:
    with Receiver(answer(429, {"Retry-After": "60"})) as receiver:
        config = configure(tmp_path, receiver.origin)
        refuse(config)
        [file] = (config.state_folder / "webhooks").iterdir()
        file.write_bytes(kept.replace(b"{}", file.read_bytes().split()[1]))
        post(config)
    assert len(receiver.seen) == 2


def test_a_target_is_posted_to_where_a_wait_cannot_be_kept(tmp_path: Path) -> None:
    with Receiver(answer(429, {"Retry-After": "60"})) as receiver:
        config = configure(tmp_path, receiver.origin)
        config.state_folder.mkdir()
        (config.state_folder / "webhooks").write_text("in the way")
        assert refuse(config).temporary
        post(config)
    assert len(receiver.seen) == 2


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with Receiver() as elsewhere:
        away = answer(307, {"Location": f"{elsewhere.origin}/?key=hunter2"})
        with Receiver(away) as receiver:
            error = refuse(configure(tmp_path, receiver.origin))
    assert elsewhere.seen == []
    assert not error.temporary
    assert "redirects are not followed" in str(error)
    assert "hunter2" not in str(error)


def test_a_target_that_says_nothing_is_left_after_a_while(tmp_path: Path) -> None:
    ended = Event()

    def wait(_handler: BaseHTTPRequestHandler) -> None:
        ended.wait(20)

    with Receiver(wait) as receiver:
        started = time.monotonic()
        error = refuse(configure(tmp_path, receiver.origin), answer_s=0.3)
        assert time.monotonic() - started < 10
        ended.set()
    assert error.temporary
    assert str(error) == f"webhook:chat: {receiver.origin}: no answer in time"


def test_a_target_that_drips_is_left_after_a_while(tmp_path: Path) -> None:
    ended = Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        while not ended.wait(0.05):
            try:
                handler.wfile.write(b"H")
            except OSError:
                return

    with Receiver(drip) as receiver:
        error = refuse(configure(tmp_path, receiver.origin), answer_s=0.4)
        ended.set()
    assert error.temporary
    assert "no answer in time" in str(error)


def test_no_more_of_an_answer_is_read_than_is_needed(tmp_path: Path) -> None:
    sent = 0

    def flood(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(1024):
                handler.wfile.write(bytes(1024 * 1024))
                sent += 1
        except OSError:
            pass

    with Receiver(flood) as receiver:
        post(configure(tmp_path, receiver.origin))
    assert sent < 32  # what the system takes before anybody reads it


def test_a_target_that_is_away_is_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = refuse(configure(tmp_path, f"http://127.0.0.1:{port}/"))
    assert error.temporary
    assert str(error) == f"webhook:chat: http://127.0.0.1:{port}: the connection is refused"


def test_a_target_that_hangs_up_is_tried_again(tmp_path: Path) -> None:
    with Receiver(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)) as receiver:
        error = refuse(configure(tmp_path, receiver.origin))
    assert error.temporary
    assert "the connection broke off" in str(error)


def test_what_answers_without_http_is_tried_again(tmp_path: Path) -> None:
    def mumble(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail.example.org ESMTP\r\n")

    with Receiver(mumble) as receiver:
        error = refuse(configure(tmp_path, receiver.origin))
    assert error.temporary
    assert "the answer is no HTTP" in str(error)


def test_a_certificate_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    with Receiver(tls=authority.serve_as("127.0.0.1")) as receiver:
        config = configure(tmp_path, receiver.origin)
        error = refuse(config)
        assert error.temporary
        assert "the certificate is not valid" in str(error)
        assert receiver.seen == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        post(config)
        assert len(receiver.seen) == 1
    with Receiver(tls=authority.serve_as("chat.example.org")) as stranger:
        error = refuse(configure(tmp_path, stranger.origin))
        assert "the certificate is not valid" in str(error)
        assert stranger.seen == []


def test_without_a_secret_nothing_is_posted(tmp_path: Path) -> None:
    with Receiver() as receiver:
        error = refuse(configure(tmp_path, receiver.origin), secrets={})
    assert receiver.seen == []
    assert not error.temporary
    assert str(error) == (
        "webhook:chat: no secret; expected PAPERROUND_WEBHOOK_CHAT_SECRET, which signs what is "
        "posted"
    )


@pytest.mark.parametrize(
    "secret", ["hunter2hunter2", "whsec_dG9vIHNob3J0", "whsec_no base64 at all"]
)
def test_a_poor_secret_is_refused_and_not_told(tmp_path: Path, secret: str) -> None:
    with Receiver() as receiver:
        secrets = {"PAPERROUND_WEBHOOK_CHAT_SECRET": secret}
        error = refuse(configure(tmp_path, receiver.origin), secrets=secrets)
    assert receiver.seen == []
    assert not error.temporary
    assert "PAPERROUND_WEBHOOK_CHAT_SECRET: " in str(error)
    assert secret not in str(error)


def test_a_secret_may_come_later_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    secrets = {"PAPERROUND_WEBHOOK_CHAT_SECRET_FILE": str(file)}
    with Receiver() as receiver:
        config = configure(tmp_path, receiver.origin)
        assert refuse(config, secrets=secrets).temporary
        file.write_text(f"{SECRET}\n")
        post(config, secrets=secrets)
    [(_, headers, body)] = receiver.seen
    assert verify(headers, body)


def test_no_error_tells_the_path_or_what_follows_it(tmp_path: Path) -> None:
    with Receiver(answer(403)) as receiver:
        for origin in (receiver.origin, "http://127.0.0.1:1"):
            error = refuse(configure(tmp_path, f"{origin}/hooks/T0/s3cret?key=hunter2"))
            assert "s3cret" not in str(error)
            assert "hunter2" not in str(error)


def test_a_target_that_was_removed_gets_nothing_more(tmp_path: Path) -> None:
    with Receiver() as receiver:
        way = open_way(configure(tmp_path, receiver.origin))
        with pytest.raises(DeliveryError, match="gone from the configuration") as told:
            way(make_newsletter(DAY), make_config(tmp_path), published=NOON)
    assert receiver.seen == []
    assert not told.value.temporary


def test_the_schedule_posts_again_until_it_is_taken_and_beside_the_other_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERROUND_WEBHOOK_CHAT_SECRET", SECRET)
    with Receiver(answer(503), answer(200)) as receiver:
        hook = {"chat": Webhook(url=receiver.origin)}
        config = make_config(tmp_path, deliver=("folder", "webhook"), webhooks=hook)
        press = Press(config=config, issues=[make_issue(DAY)])
        with open_state(config) as state:
            state.start([], NOON)
            due = datetime(2024, 12, 18, tzinfo=UTC)
            for minutes in range(3):
                publish_due(press, state, due + timedelta(minutes=minutes))
            [issue] = state.issues()
    assert {one.way: (one.state, one.attempts) for one in issue.deliveries} == {
        "folder": ("delivered", 1),
        "webhook:chat": ("delivered", 2),
    }
    assert len({headers["webhook-id"] for _, headers, _ in receiver.seen}) == 1
    assert len(receiver.seen) == 2
