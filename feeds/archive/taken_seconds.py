"""Seconds that are taken, and the nearest one that is free."""

from __future__ import annotations

from collections.abc import Iterable


class TakenSeconds:
    """A set of whole seconds since 1970 (UTC) that finds free neighbours in near-constant time.

    Each taken second points at its neighbour, and a walk shortens the path it took: the
    union-find of Tarjan, without ranks.
    """

    def __init__(self, taken: Iterable[int] = ()) -> None:
        self._below: dict[int, int] = {}
        self._above: dict[int, int] = {}
        for second in taken:
            self.take(second)

    def take(self, second: int) -> int:
        """Mark a second as taken, and give it back."""
        self._below.setdefault(second, second - 1)
        self._above.setdefault(second, second + 1)
        return second

    def free_at_or_below(self, second: int) -> int:
        """The latest free second that is not after ``second``."""
        return _walk(self._below, second)

    def free_at_or_above(self, second: int) -> int:
        """The earliest free second that is not before ``second``."""
        return _walk(self._above, second)


def _walk(steps: dict[int, int], second: int) -> int:
    while second in steps:
        onward = steps[second]
        steps[second] = steps.get(onward, onward)
        second = onward
    return second
