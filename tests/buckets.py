"""A store of objects that speaks S3, on a port of this machine, and that can be made to fail.

moto's server behind a handler that counts what is asked; boto3 reads what is in it.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from feeds.config.places import parse_place
from feeds.publish.bucket import Publish, open_bucket
from feeds.publish.folder import MANIFEST as BUILT

_NUMBERS = itertools.count()  # what one server of moto holds, the next one in this process has
SECRET = "s3cr3t-never-to-be-seen"


@dataclass(frozen=True)
class Asked:
    """A request: ``path`` decoded, below the bucket; ``process`` handles it, once."""

    method: str
    path: str
    headers: Mapping[str, str]
    process: Callable[[], None]
    drop: Callable[[], None]


Fault = Callable[[Asked], "tuple[int, str] | None"]
"""What is answered instead, as a status and a body; None: what the store answers."""


class Store:
    """The server. ``fault`` may stand in for it, ``asked`` is what our program asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.fault: Fault | None = None
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=MotoRequestHandler
        )
        self.address = f"http://127.0.0.1:{self._server.port}"
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id="reader",
            aws_secret_access_key=SECRET,
        )

    def close(self) -> None:
        self.client.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def make_bucket(self) -> str:
        name = f"bucket-{next(_NUMBERS)}"
        self.client.create_bucket(Bucket=name)
        return name

    def read(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """Every object below a prefix, but the manifest."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
        return {
            key.removeprefix(prefix): self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
            for key in keys
            if not key.endswith(".paperround-objects.json")
        }

    def changes(self) -> list[tuple[str, str]]:
        """What our program changed, in order, but for the manifest."""
        return [
            (one.method, one.path)
            for one in self.asked
            if one.method != "GET" and not one.path.endswith(".paperround-objects.json")
        ]

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        answered: list[Iterable[bytes]] = []

        def process() -> None:
            if not answered:
                answered.append(self._moto(environ, start))

        if "Boto3" not in environ.get("HTTP_USER_AGENT", ""):
            asked = _describe(environ, process)
            with self._lock:
                self.asked.append(asked)
                fault = self.fault
            instead = fault(asked) if fault else None
            if instead:
                start(f"{instead[0]} Instead", [("Content-Type", "application/xml")])
                return [instead[1].encode()]
        process()
        return answered[0]


def _describe(environ: dict[str, Any], process: Callable[[], None]) -> Asked:
    path = environ["PATH_INFO"].encode("latin-1").decode().split("/", 2)
    connection: socket.socket = environ["werkzeug.socket"]
    headers = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    return Asked(
        method=environ["REQUEST_METHOD"],
        path=path[2] if len(path) > 2 else "",
        headers=headers,
        process=process,
        drop=lambda: connection.shutdown(socket.SHUT_RDWR),
    )


@contextmanager
def running_store() -> Iterator[Store]:
    log = logging.getLogger("werkzeug")
    level = log.level
    log.setLevel(logging.CRITICAL)  # it tells of each connection that a killed process left
    store = Store()
    try:
        yield store
    finally:
        store.close()
        log.setLevel(level)


def look_at(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment in which our program finds the store, and nothing else."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "writer")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
    store.fault = None
    store.asked.clear()


def write_out(out: Path, files: Mapping[str, str | bytes]) -> None:
    """Make ``out`` what a build of these files leaves."""
    for path in sorted(out.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    names = sorted(unicodedata.normalize("NFC", name) for name in files)
    (out / BUILT).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def in_silence(_what: str, _pieces: int) -> Callable[[], None]:
    return lambda: None


def prepare(out: Path, place: str) -> Publish:
    return Publish(out, open_bucket(parse_place(place), os.environ), progress=in_silence)


def publish(out: Path, place: str) -> Publish:
    """As the command does."""
    prepared = prepare(out, place)
    prepared.check_removals()
    prepared.carry_out()
    return prepared
