"""How much what a rule reaches depends on a setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from dendrosim.errors import DataError
from dendrosim.plot.style import axes_or_new, looks, plain_logarithmic, styled

Curves = Mapping[str, Mapping[float, tuple[float, float]]]


@styled
def sensitivity(curves: Curves, against: str, measure: str, ax: Any = None) -> Any:
    """Draw what each rule reaches over the values of a setting, on a logarithmic axis, with its deviation over seeds.

    Parameters
    ----------
    curves : mapping of str to mapping of float to (float, float)
        By rule, mean and standard deviation over seeds by the value of the setting, which is above zero.
    against, measure : str
        The setting, and what was measured, with its unit.
    ax : matplotlib Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        There are no curves, one has no points, or a value is not above zero.

    Examples
    --------
    >>> curves = {"backpropagation": {1e-3: (97.5, 0.2), 1e-2: (96.1, 0.4)}}
    >>> sensitivity(curves, "learning rate", "test accuracy, %").get_xscale()
    'log'
    """
    values = [value for points in curves.values() for value in points]
    if not values or not all(curves.values()) or min(values) <= 0:
        raise DataError(
            "the curves have not all values above zero; give what was measured at each value of the setting."
        )
    ax = axes_or_new(ax)
    for (rule, points), look in zip(curves.items(), looks(curves).values(), strict=True):
        places = sorted(points)
        means, deviations = zip(*(points[place] for place in places), strict=True)
        ax.errorbar(places, means, yerr=deviations, marker="o", markersize=3.5, label=rule, **look)
    ax.set_xscale("log")
    plain_logarithmic(ax.xaxis)
    ax.set_xlabel(against)
    ax.set_ylabel(measure)
    return ax


@styled
def sensitivity_page(panels: Sequence[tuple[str, str, str, Curves]]) -> Figure:
    """Draw one panel for each model and measure, with one legend.

    Parameters
    ----------
    panels : sequence of (model, against, measure, curves)
        What :func:`sensitivity` draws, with the model as its title.

    Raises
    ------
    DataError
        There are none.
    """
    if not panels:
        raise DataError("there are no panels to draw; give one at least.")
    figure = Figure(figsize=(3.3 * len(panels), 3.1))
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, (model, against, measure, curves) in zip(axes, panels, strict=True):
        sensitivity(curves, against, measure, ax)
        ax.set_title(model)
    fullest = max(axes, key=lambda ax: len(ax.get_legend_handles_labels()[0]))
    handles, labels = fullest.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 2 * len(panels)))
    return figure
