"""Whole figures that put several panels together."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dendrosim.errors import DataError
from dendrosim.plot.curves import feedback_alignment, gradient_angles, learning_curves
from dendrosim.plot.network import NetworkDrawing
from dendrosim.plot.neuron import NeuronDrawing, add_scales, potential_scales
from dendrosim.plot.style import panels as count_panels
from dendrosim.plot.style import styled
from dendrosim.plot.traces import choose_cell, relaxation
from dendrosim.recording import Recording


@styled
def relaxation_page(recording: Recording, presentation: int = 0, columns: int = 3) -> Figure:
    """Draw the relaxation of the neurons with the largest errors: a row for each hidden layer, uppermost first.

    Parameters
    ----------
    recording : Recording
        Of all hidden layers.
    presentation : int
        Which presentation.
    columns : int
        Neurons of each layer.
    """
    recording.need("layers", "error", "index")
    columns = count_panels(columns, "columns")
    layers = [name for name in str(recording.dataset.attrs["layers"]).split() if name != "output"][::-1]
    count_panels(len(layers), "the number of hidden layers")
    figure = Figure(figsize=(2.35 * columns, 1.95 * len(layers) + 0.3))
    grid = figure.subplots(len(layers), columns, squeeze=False, sharex=True, sharey="row")
    for row, layer in zip(grid, layers, strict=True):
        cells = Recording(recording.layer(layer)).presentation(presentation)
        largest = np.argsort(-np.abs(cells["error"].isel(time=-1).values))[:columns]
        for ax, index in zip(row, cells["index"].values[largest], strict=False):
            relaxation(recording, layer, int(index), presentation, ax)
            ax.label_outer()
        for ax in row[len(largest) :]:
            ax.set_axis_off()
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


@styled
def neuron_page(
    recording: Recording,
    layer: str,
    neuron: int | None = None,
    presentation: int = 0,
    times: Sequence[float] = (0.0, 10.0, 100.0),
) -> Figure:
    """Draw one neuron at several moments of its relaxation, with the colour scales.

    Parameters
    ----------
    recording, layer, neuron, presentation
        See :func:`dendrosim.plot.neuron`.
    times : sequence of float
        Moments in ms.
    """
    count_panels(len(times), "the number of times")
    figure = Figure(figsize=(2.2 * len(times) + 1.3, 4.0))
    axes = figure.subplots(1, len(times), squeeze=False)[0]
    recording.need("error")
    cell = choose_cell(recording, layer, neuron, presentation)
    scales = potential_scales([cell])
    for ax, time in zip(axes, times, strict=True):
        NeuronDrawing(cell, scales, ax).at(time)
    add_scales(figure, axes, cell, scales)
    return figure


@styled
def network_page(
    recording: Recording, presentation: int = 0, times: Sequence[float] = (0.0, 4.0, 12.0, 60.0), neurons: int = 10
) -> Figure:
    """Draw the whole network at several moments of its relaxation, two side by side.

    Parameters
    ----------
    recording, presentation, neurons
        See :func:`dendrosim.plot.network`.
    times : sequence of float
        Moments in ms.
    """
    rows = -(-count_panels(len(times), "the number of times") // 2)
    figure = Figure(figsize=(11.0, 3.8 * rows + 0.7))
    grid = figure.add_gridspec(rows + 1, 2, height_ratios=[3.8] * rows + [0.7])
    for place, time in enumerate(times):
        key = figure.add_subplot(grid[-1, :]) if place == 0 else False  # one for all
        NetworkDrawing(recording, presentation, neurons, figure.add_subplot(grid[divmod(place, 2)]), key=key).at(time)
    return figure


@styled
def learning_page(histories: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw learning curves of several runs, and the alignment of those that have a feedback rule.

    Parameters
    ----------
    histories : mapping of str to DataFrame
        Histories of runs by the name to show.
    """
    figure = Figure(figsize=(7.0, 2.7))
    left, right = figure.subplots(1, 2)
    learning_curves(histories, left)
    # Backpropagation has no feedback weights of its own.
    feedback_alignment({name: rows for name, rows in histories.items() if name != "backpropagation"}, right)
    return figure


@styled
def angles_page(panels: Mapping[str, Mapping[str, pd.DataFrame]]) -> Figure:
    """Draw the angles between updates and the gradient, a panel for each network, with one legend for all.

    A panel says whose angles were not recorded.

    Parameters
    ----------
    panels : mapping of str to mapping of str to DataFrame
        By title, what :func:`dendrosim.plot.gradient_angles` draws.
    """
    if not panels:
        raise DataError("there are no panels to draw; give one at least.")
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(3.1 * columns + 1.8, 2.6 * rows))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    names = list(dict.fromkeys(name for histories in panels.values() for name in histories))
    lines = dict[object, Line2D]()
    for ax, (title, histories) in zip(axes, panels.items(), strict=False):
        gradient_angles(histories, ax, names)
        ax.set_title(title)
        ax.get_legend().remove()
        if unknown := [name for name, rows in histories.items() if rows.filter(like="gradient_angle.").empty]:
            words = textwrap.fill(f"not recorded: {', '.join(unknown)}", 52, break_on_hyphens=False)
            ax.text(0.98, 0.99, words, transform=ax.transAxes, fontsize=6, color="0.4", ha="right", va="top")
            ax.set_ylim(-3, 125)
            ax.set_yticks(range(0, 91, 30))
        lines |= {line.get_label(): line for line in ax.get_lines() if line.get_label() in histories}
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    figure.legend([lines[name] for name in names], names, loc="outside right upper")
    return figure
