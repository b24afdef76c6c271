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
    """Write the ledger where the configuration says, else to the state folder with a warning.

    :raises PublishError: it can be written to neither.
    """
    content = format_ledger(ledger).encode()
    path, spare = config.ledger_path, _spare_ledger(config)
    try:
        _write_if_changed(path, content)
    except PublishError as error:
        _write_if_changed(spare, content)
        source = Source(path=_shown(path, config), line=1)
        message = f"{error.reason}; kept in {_shown(spare, config)} until it can be"
        return [Finding(level="warning", source=source, message=message)]
    try:
        spare.unlink(missing_ok=True)
    except OSError as error:
        # It would be taken for the newer one at the next build.
        raise PublishError(str(spare), f"cannot be removed: {error.strerror}") from error
    return []


def _ledger_in_use(config: Config) -> Path:
    """The spare ledger exists only while the proper one could not be written, and is then newer."""
    spare = _spare_ledger(config)
    return spare if spare.is_file() else config.ledger_path


def _spare_ledger(config: Config) -> Path:
    return config.state_folder / config.ledger_path.name


def _write_if_changed(path: Path, content: bytes) -> None:
    try:
        if path.read_bytes() == content:
            return
        # To replace a file takes leave to write its folder only: one that was made read-only
        # would be replaced all the same.
        path.open("r+b").close()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise PublishError(str(path), f"cannot be written: {error.strerror}") from error
    # A link stays a link: what it leads to is written.
    write_atomically(path.resolve(), content)


def _shown(path: Path, config: Config) -> str:
    return (
        path.relative_to(config.root).as_posix() if path.is_relative_to(config.root) else str(path)
    )
