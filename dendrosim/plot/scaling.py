"""What the circuit costs, and how the cost grows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from dendrosim.checks import need
from dendrosim.errors import DataError
from dendrosim.plot.style import axes_or_new, cycle_colours, panels, plain_logarithmic, styled

Row = Mapping[str, Any]

_MARKERS = ("o", "s", "^", "D")


@styled
def scaling(rows: Iterable[Row], columns: int = 3) -> Figure:
    """Draw what was measured by ``dendrosim bench circuit``: the comparison with idiomatic Brian2, and each growth.

    Parameters
    ----------
    rows : iterable of mapping
        Lines of ``circuit.jsonl``. Those with ``against``, ``measure``, ``points`` and ``slope`` go to the panel of
        :func:`growth` with their two labels, those with ``seconds`` to :func:`against_idiomatic`, others nowhere.
    columns : int
        Panels of growth side by side.

    Raises
    ------
    DataError
        No row has anything to draw.
    """
    rows, columns = list(rows), panels(columns, "columns")
    compared = [row for row in rows if "seconds" in row]
    growing: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if "points" in row:
            need(row, "a row with points", "measure", "against", "slope")
            growing.setdefault((row["measure"], row["against"]), []).append(row)
    if not compared and not growing:
        raise DataError("none of these rows holds measured points; make them anew with 'dendrosim bench circuit'.")
    lines = -(-len(growing) // columns)
    heights = [*([0.9 + 0.22 * len(compared)] if compared else []), *([2.9 * lines] if growing else [])]
    figure = Figure(figsize=(3.0 * columns, sum(heights)))
    parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    if compared:
        against_idiomatic(compared, parts[0].subplots())
    if growing:
        axes = parts[-1].subplots(lines, columns, squeeze=False).ravel()
        for ax, ((measure, against), members) in zip(axes, growing.items(), strict=False):
            growth(members, measure, against, ax)
        for ax in axes[len(growing) :]:
            ax.set_axis_off()
    return figure


@styled
def growth(rows: Iterable[Row], measure: str, against: str, ax: Any = None) -> Any:
    """Draw measured points on logarithmic axes, and through the costliest of them the slope to compare with.

    Parameters
    ----------
    rows : iterable of mapping
        With ``points``, by the name of a curve a list of (against, measure), and the ``slope`` to compare with.
    measure, against : str
        Labels of the axes, with their units.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        slope = row["slope"]
        for name, points in row["points"].items():
            curves.setdefault(name, []).extend(map(tuple, points))
    for (name, points), marker, colour in zip(curves.items(), _MARKERS, cycle_colours(), strict=False):
        ax.loglog(*zip(*points, strict=True), marker + "-", color=colour, markersize=4, label=name)
    places = np.unique([x for points in curves.values() for x, _ in points])
    x, y = max(next(iter(curves.values())), key=lambda point: point[1])
    ax.plot(
        places,
        y * (places / x) ** slope,
        "--",
        color="0.6",
        lw=0.9,
        zorder=0,
        label=f"slope {slope:g}".replace("-", "−"),
    )
    ax.set_xticks(places, [f"{place:g}" for place in places])
    ax.xaxis.set_minor_locator(NullLocator())
    plain_logarithmic(ax.yaxis)
    ax.set_xlabel(against)
    ax.set_ylabel(measure)
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0))  # curves may run anywhere inside
    return ax


@styled
def against_idiomatic(rows: Iterable[Row], ax: Any = None) -> Any:
    """Draw the time of a step of this circuit and of the same network in idiomatic Brian2, and how often one is faster.

    Parameters
    ----------
    rows : iterable of mapping
        With ``label``, ``seconds`` of ``circuit`` and ``idiomatic`` for each presentation, synapse and step, and their
        ratio as ``value``.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    rows = list(rows)
    for row in rows:
        need(row, "a row of seconds", "label", "value")
        need(row["seconds"], "a row of seconds", "circuit", "idiomatic")
    places = range(len(rows), 0, -1)
    ours, theirs = (1e9 * np.array([row["seconds"][name] for row in rows]) for name in ("circuit", "idiomatic"))
    colours = cycle_colours()
    ax.hlines(places, ours, theirs, color="0.85", lw=1.0, zorder=0)
    ax.semilogx(ours, places, "o", color=colours[0], markersize=4, label="dendrosim")
    ax.plot(theirs, places, "D", color=colours[1], fillstyle="none", markersize=4.5, label="idiomatic Synapses")
    for row, place, middle in zip(rows, places, np.sqrt(ours * theirs), strict=True):
        text = f"{row['value']:.0f} times"
        ax.annotate(text, (middle, place), (0, 1.5), textcoords="offset points", ha="center", fontsize=7)
    ax.set_yticks(places, [row["label"] for row in rows])
    ax.set_ylim(0.5, len(rows) + 0.7)
    ax.margins(x=0.1)
    plain_logarithmic(ax.xaxis)
    ax.set_xlabel("time (ns a presentation, synapse and step)")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    return ax
