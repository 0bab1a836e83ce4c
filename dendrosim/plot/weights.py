"""Weights: W beside Θ, and what the cells of the first layer look for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dendrosim.checks import need
from dendrosim.errors import DataError
from dendrosim.model import Parameters
from dendrosim.plot.style import COLOUR_MAP, axes_or_new, count_ticks, panels, styled


@styled
def matrices(parameters: Parameters, layer: str) -> Figure:
    """Draw W and Θ of one connection side by side with one colour scale, and their entries against each other.

    Parameters
    ----------
    parameters : Parameters of array
        The weights.
    layer : str
        Name of a connection that has Θ.
    """
    for kind, what in ((parameters.W, "W"), (parameters.theta, "Θ")):
        need(kind, what, layer)
    W, theta = (np.asarray(kind[layer]).reshape(len(kind[layer]), -1) for kind in (parameters.W, parameters.theta))
    angle = parameters.alignment()[f"angle.{layer}"]
    limit = float(np.quantile(np.abs(np.concatenate([W, theta])), 0.995))
    figure = Figure(figsize=(7.2, 2.6))
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 0.9))
    for ax, matrix, name in zip(axes, (W, theta), "WΘ", strict=False):
        image = ax.imshow(matrix, aspect="auto", cmap=COLOUR_MAP, vmin=-limit, vmax=limit, interpolation="nearest")
        ax.set_title(f"{name} of {layer}")
        ax.set_xlabel("neuron below")
        count_ticks(ax.xaxis, ax.yaxis)
    axes[0].set_ylabel("neuron above")
    figure.colorbar(image, ax=axes[1], label="weight", shrink=0.9)
    axes[2].plot(W.ravel(), theta.ravel(), "o", markersize=1.2, alpha=0.35, markeredgewidth=0)
    axes[2].set_xlabel("W")
    axes[2].set_ylabel("Θ")
    axes[2].set_title(f"angle between them {angle:.0f}°")
    return figure


@styled
def receptive_fields(
    parameters: Parameters, shape: tuple[int, int], rows: int = 3, columns: int = 8, ax: Any = None
) -> Any:
    """Draw the incoming weights of the first layer's cells as images, those with the largest norm first.

    Parameters
    ----------
    parameters : Parameters of array
        The weights.
    shape : tuple of int
        Height and width of the stimulus, or of the kernels of a convolution with one channel below.
    rows, columns : int
        How many cells.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    rows, columns = panels(rows, "rows"), panels(columns, "columns")
    ax = axes_or_new(ax, 0.55 * columns, 0.55 * rows + 0.3)
    weights = np.asarray(next(iter(parameters.W.values()), np.empty(0)))
    if not weights.size or weights[0].size != math.prod(shape):
        raise DataError(f"the weights of the first layer have shape {weights.shape}, which are no images of {shape}.")
    fields = weights.reshape(len(weights), *shape)
    chosen = np.argsort(-np.linalg.norm(fields.reshape(len(fields), -1), axis=1))[: rows * columns]
    ax.imshow(tiled(fields[chosen], rows, columns), cmap=COLOUR_MAP, vmin=-1, vmax=1, interpolation="nearest")
    ax.axis("off")
    ax.set_title("incoming weights, each scaled to its largest")
    return ax


def tiled(fields: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Put images, each scaled to its largest magnitude, side by side into one, with a gap of NaN.

    Parameters
    ----------
    fields : array of shape (image, height, width)
        At most rows × columns images.
    rows, columns : int
        How many there is room for.
    """
    height, width = fields.shape[1] + 1, fields.shape[2] + 1
    sheet = np.full((rows * height - 1, columns * width - 1), np.nan)
    for number, field in enumerate(fields):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + height - 1, left : left + width - 1] = field / (np.abs(field).max() or 1.0)
    return sheet
