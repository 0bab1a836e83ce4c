"""Sequences: what a network expects next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dendrosim.errors import DataError
from dendrosim.plot.style import axes_or_new, count_ticks, cycle_colours, styled


@styled
def expectations(output: np.ndarray, targets: np.ndarray, symbols: Sequence[str], ax: Any = None) -> Any:
    """Draw the probability of each symbol at each step of a sequence, and the symbol that came.

    Parameters
    ----------
    output : array of shape (step, symbol)
        What the network gives to each symbol.
    targets : array of shape (step, symbol)
        One-hot, what came.
    symbols : sequence of str
        Their names.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    if output.shape != targets.shape or output.shape[1:] != (len(symbols),) or not output.size:
        raise DataError(
            f"output and targets have shapes {output.shape} and {targets.shape}; give (step, {len(symbols)}) of both."
        )
    steps = np.arange(1, len(output) + 1)
    image = ax.pcolormesh(steps, range(len(symbols)), output.T, cmap="Greys", vmin=0, vmax=1, shading="nearest")
    ax.plot(steps, targets.argmax(axis=1), "o", color=cycle_colours()[1], markersize=4, label="what came")
    ax.set_yticks(range(len(symbols)), symbols)
    ax.set_xlabel("step")
    count_ticks(ax.xaxis)
    ax.set_ylabel("next symbol")
    ax.figure.colorbar(image, ax=ax, label="expected probability")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0))
    return ax
