"""Standard output and standard error: with colours and bars on a terminal, plain text elsewhere.

What draws on terminals is loaded when there is one: to a file, a line is written a good deal sooner
than that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TextIO

if TYPE_CHECKING:
    from rich.console import Console

Piece = str | tuple[str, str]
"""A text, or a text and its style (``bold red``)."""

# Who sets one of these wants what is for terminals elsewhere, too (no-color.org, rich).
_FORCES = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


class Stream:
    """Where lines are printed."""

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self._name = name

    @cached_property
    def console(self) -> Console:
        """What draws on a terminal."""
        from rich.console import Console

        plain = {"highlight": False, "markup": False, "emoji": False, "soft_wrap": True}
        return Console(stderr=self._name == "stderr", **plain)  # type: ignore[arg-type]

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        wanted = self._file.isatty() or any(os.environ.get(name) for name in _FORCES)
        return wanted and self.console.is_terminal

    def print(self, *pieces: Piece, **layout: Any) -> None:
        """Print one line, made of pieces; ``layout`` is how a terminal shows it."""
        if not self.is_terminal:
            text = "".join(piece if isinstance(piece, str) else piece[0] for piece in pieces)
            self._file.write(f"{text}\n")
            self._file.flush()
            return
        from rich.text import Text

        self.console.print(Text.assemble(*pieces), **layout)

    @contextmanager
    def show_bars(self) -> Iterator[Callable[[str, int], Callable[[], None]]]:
        """Bars for a block, on a terminal: called with what is done and how often."""
        if not self.is_terminal:
            yield lambda _what, _pieces: _do_nothing
            return
        from rich.progress import Progress

        with Progress(console=self.console, transient=True) as bars:

            def start(what: str, pieces: int) -> Callable[[], None]:
                task = bars.add_task(what, total=pieces)
                return lambda: bars.advance(task)

            yield start

    @property
    def _file(self) -> TextIO:
        # Looked up each time: whoever tests or embeds a command puts another in its place.
        stream: TextIO = getattr(sys, self._name)
        return stream


def _do_nothing() -> None:
    pass


out = Stream("stdout")
err = Stream("stderr")
