"""Results beside the published numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan
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
def comparison_page(panels: Sequence[tuple[str, str, Sequence[Result]]], columns: int = 4) -> Figure:
    """Draw one panel for each model and measure, as a table: panels side by side share their lines.

    The scale of a panel is that of what was measured; a published number that lies far off it stands at the edge in
    figures, with an arrow. A line without a result was not trained on that model.

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
    groups = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    order = _shared_labels(panels).index
    shared = [sorted(_shared_labels(group), key=order) for group in groups]
    heights = [0.75 + 0.19 * len(labels) for labels in shared]
    figure = Figure(figsize=(1.6 + 2.0 * columns, sum(heights) + 0.3))
    grid = figure.subplots(len(groups), columns, squeeze=False, height_ratios=heights)
    for axes, group, labels in zip(grid, groups, shared, strict=True):
        for ax, (model, measure, results) in zip(axes, group, strict=False):
            by_label = {result.label: result for result in results}
            comparison([by_label.get(label, Result(label, nan, nan, None)) for label in labels], measure, ax)
            _fit_to_measured(ax, results, labels)
            ax.set_title(model)
            ax.tick_params(axis="y", length=0, labelleft=bool(ax is axes[0]))
        for ax in axes[len(group) :]:
            ax.set_axis_off()
    _one_legend(figure, [ax for axes in grid for ax in axes][: len(panels)])
    return figure


def _shared_labels(panels: Sequence[tuple[str, str, Sequence[Result]]]) -> list[str]:
    """Return the labels of all panels, in the order of the panel with the most."""
    longest = max(panels, key=lambda panel: len(panel[2]))
    return list(dict.fromkeys(result.label for _, _, results in (longest, *panels) for result in results))


def _fit_to_measured(ax: Any, results: Sequence[Result], labels: Sequence[str]) -> None:
    """Set the scale by what was measured, and write published numbers that lie far off it at the edge."""
    known = [result for result in results if isfinite(result.mean)]
    low = min((result.mean - result.deviation for result in known), default=0.0)
    high = max((result.mean + result.deviation for result in known), default=1.0)
    space = 0.6 * (high - low) or 0.05 * abs(high) or 1.0
    published = [result.published for result in known if result.published]
    inside = [each for each in published if low - space <= each <= high + space]
    low, high = min([low, *inside]), max([high, *inside])
    margin = 0.1 * (high - low) or 0.05 * abs(high) or 1.0
    # A number at the edge has room of its own there.
    left = 2.6 * margin if min(published, default=low) < low else margin
    right = 2.6 * margin if max(published, default=high) > high else margin
    low, high = low - left, high + right
    ax.set_xlim(low, high)
    edges = {True: (0.02, "◂ {}", "left"), False: (0.98, "{} ▸", "right")}
    for result in known:
        if result.published and not low <= result.published <= high:
            x, words, side = edges[result.published < low]
            place = len(labels) - list(labels).index(result.label)
            number = f"{result.published:.3g}"
            look = {"fontsize": 6.5, "color": cycle_colours()[1], "ha": side, "va": "center"}
            ax.text(x, place, words.format(number), transform=ax.get_yaxis_transform(), **look)


def _one_legend(figure: Figure, axes: Sequence[Any]) -> None:
    with_paper = max(axes, key=lambda ax: len(ax.get_legend_handles_labels()[0]))
    handles, labels = with_paper.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))


@styled
def cost(panels: Sequence[tuple[str, str, Sequence[Result]]]) -> Figure:
    """Draw ratios of cost as :func:`comparison` does, all on one scale, with a line at 1: what costs the same.

    Parameters
    ----------
    panels : sequence of (model, measure, results)
        See :func:`comparison_page`.
    """
    if not panels:
        raise DataError("there are no panels to draw; give one at least.")
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    lines = max(len(results) for _, _, results in panels)
    figure = Figure(figsize=(3.9 * columns, (0.95 + 0.2 * lines) * rows + 0.3))
    drawn = figure.subplots(rows, columns, squeeze=False).ravel()
    axes = list(drawn[: len(panels)])
    for ax, (model, measure, results) in zip(axes, panels, strict=True):
        comparison(results, measure, ax)
        ax.set_title(model)
    for ax in drawn[len(panels) :]:
        ax.set_axis_off()
    _one_legend(figure, axes)
    low, high = min(1.0, *(ax.get_xlim()[0] for ax in axes)), max(1.0, *(ax.get_xlim()[1] for ax in axes))
    space = 0.03 * (high - low)
    for ax in axes:
        ax.axvline(1, color="0.6", lw=0.9, ls="--", zorder=0)
        ax.set_xlim(low - space, high + space)
    return figure
