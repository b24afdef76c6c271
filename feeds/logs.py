"""What runs by itself tells what it does: a line each, for a person or for a program.

Modules log with ``logging.getLogger(__name__)``, and give fields as ``extra``. Here that becomes
lines, in which no e-mail address stands unless the configuration says that they may.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from json import dumps
from math import isfinite
from types import TracebackType
from typing import Any, TextIO

from feeds.hiding import hide_addresses
from feeds.model import Finding
from feeds.secrets import Keys

Event = MutableMapping[str, Any]

# They tell each of their steps, which is too much.
_QUIET = ("alembic", "apscheduler", "watchfiles")
# What uvicorn, and other handlers of the same record, leave in it.
_NO_FIELDS = {"color_message", "message", "asctime"}
_FIRST = ("timestamp", "level", "logger", "event")
_DEEPEST = 6
_log = logging.getLogger(__name__)


def configure_logs(
    *,
    json: bool,
    addresses: bool,
    keys: Keys | None = None,
    show: Callable[[str], str] = str,
    stream: TextIO | None = None,
) -> None:
    """Write every log line to ``stream`` (standard error), what Python and threads die of too.

    With ``json`` a line is an object: ``timestamp`` (UTC), ``level``, ``logger``, ``event``, the
    fields, and ``exception`` with a traceback. Otherwise it is ``HH:MM:SS event key=value``, and
    ``show`` makes control characters visible. Unless ``addresses``, each address is replaced by the
    pseudonym that ``keys`` give it, whole: a domain may be its owner's name.
    """
    from structlog.processors import JSONRenderer, format_exc_info
    from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name

    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[ExtraAdder(), add_log_level, add_logger_name, _add_moment],
            processors=[
                format_exc_info,
                ProcessorFormatter.remove_processors_meta,
                _Plain(None if addresses else _Namer(keys)),
                JSONRenderer(dumps) if json else _TextRenderer(show),
            ],
        )
    )
    root = logging.getLogger()
    for before in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(before)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for library in _QUIET:
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _tell_end
    threading.excepthook = _tell_end_of_thread


def log_findings(findings: Iterable[Finding]) -> None:
    """What a build found, where no person reads along: each finding with its file and line."""
    for finding in findings:
        level = {"error": logging.ERROR, "warning": logging.WARNING}.get(finding.level)
        place = {"path": finding.source.path, "line": finding.source.line}
        _log.log(level or logging.INFO, "%s", finding.message, extra=place)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # its name
        """Tell of a line that cannot be written without what should have stood in it."""
        kind = sys.exc_info()[0]
        if kind is None or issubclass(kind, OSError) or record.name == _log.name:
            return  # whoever read the lines has left; or this was that line
        message = "a line of %s, line %d, cannot be written (%s)"
        facts = (record.pathname, record.lineno, kind.__name__)
        self.handle(logging.LogRecord(_log.name, logging.ERROR, __file__, 0, message, facts, None))


class _Namer:
    """Names addresses by their pseudonyms; without keys, all by the same word."""

    def __init__(self, keys: Keys | None) -> None:
        self._keys = keys

    def __call__(self, address: str) -> str:
        if self._keys is None:
            return "(address)"
        from feeds.subscribers.addresses import name_address  # takes its time to import

        return name_address(address, self._keys)


class _Plain:
    """Turns what was given into what JSON knows, without addresses where ``name`` is given."""

    def __init__(self, name: Callable[[str], str] | None) -> None:
        self._name = name

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        first = {key: event[key] for key in _FIRST if key in event}
        given = {key: value for key, value in {**first, **event}.items() if key not in _NO_FIELDS}
        return {self._clean(str(key)): self._simplify(value) for key, value in given.items()}

    def _simplify(self, value: object, depth: int = 0) -> Any:
        match value:
            case float() if not isfinite(value):
                return str(value)  # JSON has none
            case None | bool() | int() | float():
                return value
            case Mapping() if depth < _DEEPEST:
                pairs = value.items()
                return {self._clean(str(k)): self._simplify(v, depth + 1) for k, v in pairs}
            case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
                return [self._simplify(each, depth + 1) for each in value]
            case _:
                return self._clean(str(value))

    def _clean(self, text: str) -> str:
        return text if self._name is None else hide_addresses(text, self._name)


class _TextRenderer:
    """``HH:MM:SS event key=value``, in local time; a traceback on lines of its own."""

    def __init__(self, show: Callable[[str], str]) -> None:
        self._show = show

    def __call__(self, _logger: object, _method: str, event: Event) -> str:
        rest = {**event}
        moment = datetime.fromisoformat(rest.pop("timestamp")).astimezone()
        said, traceback = str(rest.pop("event", "")), rest.pop("exception", None)
        stack = rest.pop("stack", None) or rest.pop("stack_info", None)
        for known in ("level", "logger"):
            rest.pop(known, None)
        fields = [f"{key}={_quote(value)}" for key, value in rest.items()]
        first = " ".join([f"{moment:%H:%M:%S}", said, *fields])
        lines = [line for text in (traceback, stack) if text for line in str(text).splitlines()]
        return "\n".join(self._show(line) for line in [first, *lines])


def _quote(value: object) -> str:
    """A value as it stands, unless it could be taken for something else."""
    text = value if isinstance(value, str) else dumps(value, ensure_ascii=False)
    plain = isinstance(value, str) and text and not any(c.isspace() or c in "=\"'" for c in text)
    return text if plain or not isinstance(value, str) else dumps(text, ensure_ascii=False)


def _add_moment(_logger: object, _method: str, event: Event) -> Event:
    """When it was logged, which need not be when it is written."""
    event["timestamp"] = datetime.fromtimestamp(event["_record"].created, UTC).isoformat()
    return event


def _tell_end(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    _log.critical("ended by a fault", exc_info=(kind, error, traceback))


def _tell_end_of_thread(facts: threading.ExceptHookArgs) -> None:
    if facts.exc_value is None or issubclass(facts.exc_type, SystemExit):
        return
    name = facts.thread.name if facts.thread else "?"
    error = (facts.exc_type, facts.exc_value, facts.exc_traceback)
    _log.critical("the thread %s ended by a fault", name, exc_info=error)
