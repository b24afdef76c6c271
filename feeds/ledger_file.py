"""Where the ledger is kept: where the configuration says, else in the state folder for a while."""

from __future__ import annotations

from pathlib import Path

from feeds.archive.ledger import Ledger, format_ledger, parse_ledger
from feeds.config import Config
from feeds.errors import LedgerError, PublishError
from feeds.model import Finding, Source
from feeds.publish.atomic import write_atomically


def load_ledger(config: Config) -> Ledger:
    """Read the ledger, or an empty one where there is none yet.

    :raises LedgerError: it cannot be read, or it is no ledger.
    """
    path = _ledger_in_use(config)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise LedgerError(f"{path}: cannot be read: {reason}") from error
    return parse_ledger(text, name=_shown(path, config))


def keep_ledger(ledger: Ledger, config: Config) -> list[Finding]:
    """Write the ledger where the configuration says, else to the state folder with a warning."""
    content = format_ledger(ledger).encode()
    path, spare = config.ledger_path, _spare_ledger(config)
    try:
        _write_if_changed(path, content)
    except PublishError as error:
        _write_if_changed(spare, content)
        source = Source(path=_shown(path, config), line=1)
        message = f"{error}; kept in {_shown(spare, config)} instead"
        return [Finding(level="warning", source=source, message=message)]
    spare.unlink(missing_ok=True)
    return []


def _ledger_in_use(config: Config) -> Path:
    """The spare ledger exists only while the proper one could not be written, and is then newer."""
    spare = _spare_ledger(config)
    return spare if spare.is_file() else config.ledger_path


def _spare_ledger(config: Config) -> Path:
    return config.state_folder / config.ledger_path.name


def _write_if_changed(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        write_atomically(path, content)


def _shown(path: Path, config: Config) -> str:
    return (
        path.relative_to(config.root).as_posix() if path.is_relative_to(config.root) else str(path)
    )
