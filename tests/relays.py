"""Relays that go wrong: one that answers what a test tells it, and Debian's ``smtp-sink``."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

Answer = bytes | None
"""What is answered; None closes the connection instead."""

SINK = shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin")
needs_sink = pytest.mark.skipif(SINK is None, reason="no smtp-sink here; Debian's postfix has it")

_GOOD = {
    "CONNECT": b"220 relay\r\n",
    "DATA": b"354 go on\r\n",
    "QUIT": b"221 farewell\r\n",
}


@dataclass
class Script:
    """A relay that takes everything, but for the steps that ``answer`` has something else for.

    A step is ``CONNECT``, the verb of a command, or ``.`` for a message that is complete.
    """

    answer: Callable[[str], Answer | bool] = lambda _step: True
    extensions: tuple[str, ...] = ("PIPELINING",)
    steps: list[str] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    sessions: int = 0

    def say(self, step: str) -> Answer:
        self.steps.append(step)
        answer = self.answer(step)
        if not isinstance(answer, bool):
            return answer
        if step == "EHLO":
            features = [*self.extensions, "8BITMIME"]
            return b"250-relay\r\n" + b"".join(
                f"250{'-' if feature != '8BITMIME' else ' '}{feature}\r\n".encode()
                for feature in features
            )
        return _GOOD.get(step, b"250 2.0.0 OK\r\n")


def answering(**answers: Answer) -> Callable[[str], Answer | bool]:
    """Answers by step: ``RCPT=b"550 no\\r\\n"``; that to a complete message is ``end``."""
    steps = {"." if step == "end" else step: answer for step, answer in answers.items()}
    return lambda step: steps.get(step, True)


@contextmanager
def following(script: Script, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Serve a relay of that kind, on a free port where none is given; yields the port."""

    class Session(StreamRequestHandler):
        def handle(self) -> None:
            script.sessions += 1
            with suppress(ConnectionError):
                self._converse()

        def _converse(self) -> None:
            if self._answer("CONNECT") is None:
                return
            while line := self.rfile.readline():
                script.lines.append(line)
                verb = line.split()[0].decode("latin-1").upper() if line.strip() else ""
                answer = self._answer(verb)
                if answer is None or verb == "QUIT":
                    return
                if verb == "DATA" and answer.startswith(b"354") and not self._read_message():
                    return

        def _read_message(self) -> bool:
            content = b""
            for line in self.rfile:
                if line == b".\r\n":
                    script.messages.append(content)
                    return self._answer(".") is not None
                content += line
            return False

        def _answer(self, step: str) -> Answer:
            answer = script.say(step)
            if answer:
                self.wfile.write(answer)
            return answer

    with _Server((host, port), Session) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def sinking(*options: str) -> Iterator[int]:
    """Run ``smtp-sink`` on a free port; yields the port."""
    assert SINK is not None
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = subprocess.Popen([SINK, *user, *options, f"127.0.0.1:{port}", "64"])
    try:
        _wait_for(port, sink)
        yield port
    finally:
        sink.terminate()
        sink.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
    raise AssertionError("smtp-sink does not start")
