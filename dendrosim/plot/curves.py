"""How learning goes: accuracy or error, and the alignment of feedback with feedforward weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dendrosim.checks import need
from dendrosim.errors import DataError
from dendrosim.plot.style import axes_or_new, count_ticks, looks, styled

_MARKERS = ("o", "s", "^", "D", "v")
# What is drawn of learning, the first that all runs have: its column, the label, the factor.
_MEASURES = (
    ("validation_accuracy", "validation accuracy (%)", 100.0),
    ("validation_mse", "mean squared error on validation", 1.0),
    ("validation_loss", "loss on validation", 1.0),
)


@styled
def learning_curves(histories: Mapping[str, pd.DataFrame], ax: Any = None) -> Any:
    """Draw how well several runs do on validation over epochs: the accuracy, or what regressions have instead.

    That is the mean squared error; runs that share no such measure are compared by their losses.

    Parameters
    ----------
    histories : mapping of str to DataFrame
        Histories of runs by the name to show.
    ax : matplotlib Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        The histories share no measure.

    Examples
    --------
    >>> import dendrosim as ds
    >>> import pandas as pd
    >>> history = pd.DataFrame({"epoch": [1, 2], "validation_mse": [0.9, 0.4]})
    >>> ds.plot.learning_curves({"mine": history}).get_ylabel()
    'mean squared error on validation'
    """
    ax = axes_or_new(ax)
    for history in histories.values():
        need(history, "a history", "epoch")
    shared = [each for each in _MEASURES if all(each[0] in history for history in histories.values())]
    if not shared:
        raise DataError(
            f"the histories share none of {', '.join(name for name, *_ in _MEASURES)}; give those of runs that do."
        )
    measure, label, factor = shared[0]
    _curves(ax, {name: factor * history[measure] for name, history in histories.items()}, histories)
    ax.set_ylabel(label)
    ax.legend(loc="lower right" if measure == "validation_accuracy" else "upper right")
    return ax


@styled
def feedback_alignment(histories: Mapping[str, pd.DataFrame], ax: Any = None) -> Any:
    """Draw the angle between Θ and W of every layer over epochs; 90° is chance, 0° is weight symmetry.

    Parameters
    ----------
    histories : mapping of str to DataFrame
        Histories of runs by the name to show; each run has a line style, each layer a marker.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    ax.axhline(90, color="0.7", lw=0.6, zorder=0)
    _curves_by_connection(ax, histories, "angle.")
    ax.set_ylim(0, 100)
    ax.set_ylabel("angle between Θ and W (°)")
    ax.legend(loc="lower left", ncols=2)
    return ax


@styled
def feedback_norm(histories: Mapping[str, pd.DataFrame], ax: Any = None) -> Any:
    """Draw the norm ‖Θ‖ of every layer over epochs: a rule that contracts the feedback sends it to zero.

    Parameters
    ----------
    histories : mapping of str to DataFrame
        Histories of runs by the name to show; each run has a line style, each layer a marker.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    _curves_by_connection(ax, histories, "theta_norm.")
    ax.set_ylim(bottom=0)
    ax.set_ylabel("norm of the feedback weights ‖Θ‖")
    ax.legend(loc="best", ncols=2)
    return ax


@styled
def gradient_angles(histories: Mapping[str, pd.DataFrame], ax: Any = None, names: Sequence[str] | None = None) -> Any:
    """Draw the angle between updates and the gradient over epochs, the mean over hidden layers.

    Below 90° small steps lower the loss; 0° is backpropagation.

    Parameters
    ----------
    histories : mapping of str to DataFrame
        Histories of runs by the name to show.
    ax : matplotlib Axes, optional
        Where to draw.
    names : sequence of str, optional
        All names of a figure with several panels, so that each is the same line in all of them.
    """
    ax = axes_or_new(ax)
    ax.axhline(90, color="0.7", lw=0.6, zorder=0)
    for name, history in histories.items():
        need(history, "a history", "epoch")
        need(histories if names is None else names, "the list of names", name)
    means = {name: history.filter(like="gradient_angle.").mean(axis=1) for name, history in histories.items()}
    _curves(ax, means, histories, names)
    ax.set_ylim(-3, 100)
    ax.set_ylabel("angle between ΔW and the gradient (°)")
    ax.legend(loc="best")
    return ax


def _curves_by_connection(ax: Any, histories: Mapping[str, pd.DataFrame], prefix: str) -> None:
    """Draw the columns of a history that begin so: a line style for each run, a marker for each layer."""
    styles = looks(histories)
    found = {str(column) for history in histories.values() for column in history if str(column).startswith(prefix)}
    # By name, so that a layer has the same marker in every figure.
    connections = {
        column.removeprefix(prefix): marker
        for column, marker in zip(sorted(found), _MARKERS * len(found), strict=False)
    }
    for number, (name, history) in enumerate(histories.items()):
        need(history, "a history", "epoch")
        for column in (column for column in history.columns.astype(str) if column in found):
            marker = connections[column.removeprefix(prefix)]
            # Markers are staggered, so that runs that coincide stay visible.
            marked = {"marker": marker, "markersize": 4, "markevery": (2 * number, 2 * len(histories))}
            ax.plot(history["epoch"], history[column], **styles[name], **marked)
        ax.plot([], [], label=name, **styles[name])
    for connection, marker in connections.items():
        ax.plot([], [], marker, color="0.4", markersize=4, label=connection)
    _epochs(ax)


def _curves(
    ax: Any,
    values: Mapping[str, pd.Series],
    histories: Mapping[str, pd.DataFrame],
    names: Sequence[str] | None = None,
) -> None:
    """Draw a line of values over epochs for each run; `names` are those of all panels of a figure."""
    styles = looks(histories if names is None else names)
    for name, history in histories.items():
        ax.plot(history["epoch"], values[name], label=name, **styles[name])
    _epochs(ax)


def _epochs(ax: Any) -> None:
    ax.set_xlabel("epoch")
    count_ticks(ax.xaxis)
