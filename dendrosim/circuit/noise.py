"""Membrane noise: the same on every target, and drawn anew for every presentation.

The number of a cell at a time step is a function of a seed, the step and the place of the cell, so that no state has
to be kept: two outputs of SplitMix64 (Steele, Lea and Flood, 2014) and the transform of Box and Muller. A seed is
drawn for each presentation of each run from the seed of the cell (:func:`dendrosim.model.randomness.stream`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup

from dendrosim.cells.population import FLUCTUATION
from dendrosim.circuit.operation import ArrayGroup
from dendrosim.circuit.splitmix import CODE
from dendrosim.model.randomness import stream


class MembraneNoise(ArrayGroup):
    """Writes normally distributed numbers into a fluctuation of all cells of a layer in every time step.

    Its array ``seeds`` has one number for each row.

    Parameters
    ----------
    layer : NeuronGroup
        The cells.
    fluctuation : str
        Their variable.
    rows : int
        Presentations times steps of their sequences.
    clock, code_object
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    def __init__(self, layer: NeuronGroup, fluctuation: str, rows: int, clock: Clock, code_object: Any):
        super().__init__(rows, {"seeds": rows}, clock, code_object, f"{layer.name}_{fluctuation}")
        arrays = {"seeds": self.variables["seeds"], "step": self.variables["t_in_timesteps"]}
        arrays["fluctuation"] = self.refer(layer, fluctuation)
        self.operation("noise", "noise", arrays, rows=rows, cells=len(layer) // rows, splitmix=CODE)


def fluctuations(layer: NeuronGroup) -> list[str]:
    """Return the fluctuations of the cells of a layer."""
    return sorted(name for name in layer.variables if name.startswith(FLUCTUATION))


def seeds_of(seed: int, layer: int, place: int, presentations: range, steps: int, *run: int) -> np.ndarray:
    """Return the seeds of the rows of a layer.

    Parameters
    ----------
    seed : int
        Of the cell.
    layer : int
        Number of the layer.
    place : int
        Which of what is drawn for this layer.
    presentations : range
        Numbers of the presentations, among all of the run.
    steps : int
        Steps of their sequences.
    *run : int
        What tells this run from others.

    Returns
    -------
    array of int64 of shape (steps, presentations)
    """
    what = (layer, place) if place else (layer,)
    sources = [stream(seed, "membrane noise", *run, number, *what) for number in presentations]
    seeds = np.array([source.generate_state(steps, np.uint64) for source in sources])
    return np.ascontiguousarray(seeds.T).view(np.int64)
