"""Results beside the published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from dendrosim.checks import whole
from dendrosim.errors import DataError
from dendrosim.plot.style import axes_or_new, cycle_colours, styled


@dataclass(frozen=True)
class Result:
    """One number of a table.

    Attributes
    ----------
    label : str
        What reached it.
    mean, deviation : float
        Over seeds.
    published : float, optional
        What the paper reports.
    """

    label: str
    mean: float
    deviation: float
    published: float | None


@styled
def comparison(results: Sequence[Result], measure: str, ax: Any = None) -> Any:
    """Draw results as dots with their deviation, uppermost first, and the published ones as open diamonds.

    Parameters
    ----------
    results : sequence of Result
        One line each.
    measure : str
        Label of the horizontal axis, with its unit.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax, height=0.8 + 0.22 * len(results))
    colours, places = cycle_colours(), range(len(results), 0, -1)
    ax.hlines(places, 0, 1, transform=ax.get_yaxis_transform(), color="0.9", lw=0.6, zorder=0)
    means, deviations = [result.mean for result in results], [result.deviation for result in results]
    ax.errorbar(means, places, xerr=deviations, fmt="o", color=colours[0], markersize=4, label="measured")
    known = [(result.published, place) for result, place in zip(results, places, strict=True) if result.published]
    if known:
        ax.plot(*zip(*known, strict=True), "D", color=colours[1], fillstyle="none", markersize=4.5, label="paper")
    ax.set_yticks(list(places), [result.label for result in results])
    ax.set_ylim(0.4, len(results) + 0.6)
    ax.margins(x=0.12)
    ax.set_xlabel(measure)
    return ax


@styled
def comparison_page(panels: Sequence[tuple[str, str, Sequence[Result]]], columns: int = 2) -> Figure:
    """Draw one panel for each model and measure.

    Parameters
    ----------
    panels : sequence of (model, measure, results)
        What :func:`comparison` draws, with the model as its title.
    columns : int
        Panels side by side.
    """
    if not panels:
        raise DataError("there are no panels to draw; give one at least.")
    columns = min(whole(columns, "columns", 1), len(panels))
    rows = -(-len(panels) // columns)
    lines = max(len(results) for _, _, results in panels)
    figure = Figure(figsize=(3.9 * columns, (0.95 + 0.2 * lines) * rows + 0.3))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (model, measure, results) in zip(axes, panels, strict=False):
        comparison(results, measure, ax)
        ax.set_title(model)
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    with_paper = max(axes[: len(panels)], key=lambda ax: len(ax.get_legend_handles_labels()[0]))
    handles, labels = with_paper.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


@styled
def cost(panels: Sequence[tuple[str, str, Sequence[Result]]]) -> Figure:
    """Draw ratios of cost as :func:`comparison_page` does, all on one scale, with a line at 1: what costs the same.

    Parameters
    ----------
    panels : sequence of (model, measure, results)
        See :func:`comparison_page`.
    """
    figure = comparison_page(panels)
    axes = figure.axes[: len(panels)]
    low, high = min(1.0, *(ax.get_xlim()[0] for ax in axes)), max(1.0, *(ax.get_xlim()[1] for ax in axes))
    space = 0.03 * (high - low)
    for ax in axes:
        ax.axvline(1, color="0.6", lw=0.9, ls="--", zorder=0)
        ax.set_xlim(low - space, high + space)
    return figure
