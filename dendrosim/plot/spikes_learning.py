"""How well cells that send only spikes learn, by how many they are and how long they are shown something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from dendrosim.checks import need
from dendrosim.errors import DataError
from dendrosim.plot.style import cycle_colours, styled

Row = Mapping[str, Any]


@styled
def spikes_learning(rows: Iterable[Row]) -> Figure:
    """Draw what was measured by ``dendrosim bench spikes``: the test error by the size of ensembles and by time.

    Parameters
    ----------
    rows : iterable of mapping
        Lines of ``spikes.jsonl``. Those with ``against``, ``at`` and ``accuracies`` (%, one a seed) are points of the
        panel of that name, those with ``level`` and ``value`` horizontal lines in all panels, others nowhere.

    Raises
    ------
    DataError
        No row has anything to draw.
    """
    rows = list(rows)
    curves: dict[str, list[Row]] = {}
    for row in rows:
        if "against" in row:
            need(row, "a row of accuracies", "at", "accuracies")
            curves.setdefault(row["against"], []).append(row)
    if not curves:
        raise DataError("none of these rows holds accuracies; make them anew with 'dendrosim bench spikes'.")
    figure = Figure(figsize=(3.2 * len(curves), 2.9))
    axes = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    levels = [row for row in rows if "level" in row]
    for ax, (against, points) in zip(axes, curves.items(), strict=True):
        _panel(ax, against, points, levels)
    axes[0].set_ylabel("test error on digits (%)")
    axes[0].set_yticks(ticks := (2, 5, 10, 20, 50, 100), [str(tick) for tick in ticks])
    axes[0].legend(loc="upper right")
    return figure


def _panel(ax: Any, against: str, points: list[Row], levels: list[Row]) -> None:
    colours = cycle_colours()
    for row, colour, line in zip(levels, colours[1:], ("--", ":", "-."), strict=False):
        ax.axhline(100 - row["value"], color=colour, ls=line, lw=1.0, label=row["level"])
    points = sorted(points, key=lambda row: row["at"])
    places = [row["at"] for row in points]
    for row in points:
        errors = 100 - np.array(row["accuracies"])
        ax.plot([row["at"]] * len(errors), errors, ".", color=colours[0], alpha=0.4, markersize=4)
    means = [100 - float(np.mean(row["accuracies"])) for row in points]
    ax.loglog(places, means, "o-", color=colours[0], markersize=4, label="bursting cells, mean of seeds")
    ax.set_xticks(places, [f"{place:g}" for place in places])
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
    ax.set_xlabel(against)
