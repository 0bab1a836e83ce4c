"""What moves, shown while it moves: a table with sparklines in a terminal, plain lines where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

LEVELS = "▁▂▃▄▅▆▇█"

Row = Mapping[str, Any]

# The values of a row that are shown, by how their names start: histories of trainings, and reports of a relaxation.
LABELS = {
    "train_": "training ",
    "validation_": "validation ",
    "angle.": "angle of Θ to W in ",
    "theta_norm.": "‖Θ‖ of ",
    "gradient_angle.": "angle to the gradient in ",
    "residual": "largest τ|d·/dt|",
    "error.": "largest |ξ| in ",
}
LOGARITHMIC = ("residual",)
SEEN = 1e-3  # of its values: a curve that moves by less is flat, or it would blow up rounding
PADDING = 6  # a blank on both sides of each of three columns


def sparkline(values: Sequence[float], width: int, logarithmic: bool = False) -> str:
    """Draw a curve in one line of text, from ``▁`` for its smallest value to ``█`` for its largest.

    A curve whose range is less than a thousandth of its values does not rise to ``█``.

    Parameters
    ----------
    values : sequence of float
        Equally spaced. Those that are not finite, or not above zero on a logarithmic scale, are gaps.
    width : int
        Characters at most, and one at least; more values than that are squeezed, each character the mean of its share.
    logarithmic : bool
        Whether the heights are logarithms of the values.
    """
    heights = np.asarray(values, dtype=float)
    if logarithmic:
        heights = np.log10(heights, out=np.full(heights.shape, np.nan), where=heights > 0)
    shares = np.array_split(heights, min(max(width, 1), len(heights))) if len(heights) else []
    means = [float(share[np.isfinite(share)].mean()) if np.isfinite(share).any() else math.nan for share in shares]
    known = [mean for mean in means if math.isfinite(mean)]
    if not known:
        return " " * len(means)
    low, high = min(known), max(known)
    step = max(high - low, SEEN * max(-low, high)) / (len(LEVELS) - 1) or 1.0
    return "".join(LEVELS[round((mean - low) / step)] if math.isfinite(mean) else " " for mean in means)


class Curves:
    """Rows of values as they come: for each value its name, its last value and its curve.

    In a terminal it is a table, to be shown live; elsewhere each row is printed as one line of text.

    Parameters
    ----------
    console : Console
        Where it is shown.
    rows : iterable of mapping
        What was measured before, such as the earlier epochs of a training that is resumed.
    """

    def __init__(self, console: Console, rows: Iterable[Row] = ()):
        self.console = console
        self._rows = list(rows)

    def add(self, row: Row) -> None:
        """Show one more row; the curves of a relaxation begin anew with each batch of presentations."""
        if self._rows and self._rows[-1].get("presentation") != row.get("presentation"):
            self._rows = []
        self._rows.append(row)
        if not self.console.is_terminal:
            shown = ", ".join(f"{label} {last}" for _, label, last in _cells(row))
            self.console.print(f"{_moment(row)}: {shown}", soft_wrap=True, highlight=False, markup=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = self._rows[:]  # another thread shows it while rows are added
        if not rows:
            return
        cells = _cells(rows[-1])
        taken = sum(max(cell_len(cell[column]) for cell in cells) for column in (1, 2))
        table = Table("", "", "", box=None, show_header=False)
        for name, label, last in cells:
            values = [row.get(name, math.nan) for row in rows]
            curve = sparkline(values, options.max_width - taken - PADDING, name in LOGARITHMIC)
            table.add_row(label, last, curve)
        table.columns[1].justify = "right"
        for column in table.columns:
            column.no_wrap = True
        yield Text(_moment(rows[-1]))
        yield table


@contextmanager
def watching(console: Console) -> Iterator[Callable[[Row], None]]:
    """Show rows as they come, by themselves.

    Parameters
    ----------
    console : Console
        Where to show them.

    Yields
    ------
    callable
        Takes the next row.
    """
    curves = Curves(console)
    if not console.is_terminal:
        yield curves.add
        return
    with Live(curves, console=console):
        yield curves.add


def _cells(row: Row) -> list[tuple[str, str, str]]:
    """Return name, label and value of all that is shown of a row, those of one kind side by side."""
    return [
        (name, label + name.removeprefix(start), _written(name, row))
        for start, label in LABELS.items()
        for name in row
        if name.startswith(start)
    ]


def _written(name: str, row: Row) -> str:
    value = row[name]
    if name == "residual":
        return f"{value:.1e}"
    if "accuracy" in name:
        return f"{100 * value:.2f} %"
    return f"{value:.1f}°" if "angle" in name else f"{value:.4g}"


def _moment(row: Row) -> str:
    if "epoch" in row:
        return f"epoch {row['epoch']}"
    batch = f"presentations from {row['presentation']}, " if row["presentation"] else ""
    return f"{batch}{row['time']:.1f} ms of model time, tolerance {row['tolerance']:.0e}"
