"""Spikes of layers: Poisson numbers from seeds, the same on every target but for rounding."""

from __future__ import annotations

from typing import Any

from brian2 import Clock, NeuronGroup

from dendrosim.cells import Spikes
from dendrosim.circuit.operation import ArrayGroup


class Spiking(ArrayGroup):
    """Draws how many spikes of each kind all cells of a layer send in every time step.

    Its array ``seeds`` has one number for each row; how many spikes there are is a function of the seed, the step, the
    place of the cell and the kind, as in :mod:`dendrosim.circuit.noise`, by inversion of the Poisson distribution.

    Parameters
    ----------
    layer : NeuronGroup
        The cells.
    spikes : Spikes
        Names what is expected and what is drawn.
    rows : int
        Presentations times steps of their sequences.
    clock, code_object
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    def __init__(self, layer: NeuronGroup, spikes: Spikes, rows: int, clock: Clock, code_object: Any):
        super().__init__(rows, {"seeds": rows}, clock, code_object, f"{layer.name}_spikes")
        arrays = {"seeds": self.variables["seeds"], "step": self.variables["t_in_timesteps"]}
        kinds = [(self.refer(layer, count), self.refer(layer, expected)) for count, expected in spikes.counts.items()]
        self.operation("poisson", "fire", arrays, rows=rows, cells=len(layer) // rows, kinds=kinds)
