"""A drawing of how CPU seconds grow with the notes: both axes logarithmic, a line a job."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

Series = Mapping[str, Sequence[tuple[int, float]]]
"""Points by the name of their line: so many notes, so many seconds."""

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 270, 36, 48
_INK, _QUIET, _GRID = "#1d2329", "#5b6670", "#d9dee3"
# Told apart by those who see few colours, too (Okabe and Ito).
_COLOURS = ("#5b6670", "#cc79a7", "#56b4e9", "#0072b2", "#009e73", "#d55e00")
_LOOK = 'role="img" font-family="system-ui, sans-serif" font-size="13"'
_STEPS = (1, 2, 5)
_LINE_APART = 15


def draw_scaling(series: Series) -> str:
    """The drawing as SVG."""
    notes = [x for line in series.values() for x, _ in line]
    seconds = [y for line in series.values() for _, y in line]
    across = _Scale(min(notes), max(notes), LEFT, WIDTH - RIGHT)
    up = _Scale(min(seconds) / 1.3, max(seconds) * 1.3, HEIGHT - BOTTOM, TOP)
    parts = [*_draw_axes(sorted(set(notes)), across, up), *_draw_lines(series, across, up)]
    title = "CPU seconds of a build by the number of notes, both axes logarithmic"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {_LOOK}>',
            f"<title>{title}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )


class _Scale:
    """Places numbers between two edges by their logarithms."""

    def __init__(self, least: float, most: float, begin: float, end: float) -> None:
        self.least, self.most = least, most
        self._low, self._begin = math.log(least), begin
        self._unit = (end - begin) / ((math.log(most) - self._low) or 1)

    def place(self, number: float) -> float:
        return round(self._begin + (math.log(number) - self._low) * self._unit, 1)

    def ticks(self) -> Iterator[float]:
        """1, 2 and 5 times the powers of ten that are on the scale."""
        low, high = math.floor(math.log10(self.least)), math.ceil(math.log10(self.most))
        for power in range(low, high + 1):
            for step in _STEPS:
                if self.least <= (tick := step * 10.0**power) <= self.most:
                    yield tick


def _draw_axes(notes: Sequence[int], across: _Scale, up: _Scale) -> Iterator[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    yield _text(8, TOP - 16, "CPU seconds of a build", _QUIET)
    for tick in up.ticks():
        y = up.place(tick)
        yield f'<path d="M{LEFT} {y}H{right}" stroke="{_GRID}"/>'
        yield _text(LEFT - 8, y + 4, f"{tick:g}", _QUIET, "end")
    for count in notes:
        yield _text(across.place(count), bottom + 20, f"{count:,}", _QUIET, "middle")
    yield _text((LEFT + right) / 2, bottom + 40, "notes", _QUIET, "middle")


def _draw_lines(series: Series, across: _Scale, up: _Scale) -> Iterator[str]:
    labels = _spread({name: up.place(line[-1][1]) for name, line in series.items() if line})
    for number, (name, line) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [(across.place(x), up.place(y)) for x, y in line]
        path = "L".join(f"{x} {y}" for x, y in points)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in points:
            yield f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>'
        label = f"{name}: {line[-1][1]:,.3g} s"
        yield _text(WIDTH - RIGHT + 12, labels[name] + 4, label, _INK)


def _spread(wanted: Mapping[str, float]) -> dict[str, float]:
    """Heights of labels near the wanted ones, none upon another."""
    placed: dict[str, float] = {}
    above = -math.inf
    for name, height in sorted(wanted.items(), key=lambda each: each[1]):
        above = placed[name] = max(height, above + _LINE_APART)
    return placed


def _text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{escape(words)}</text>'
