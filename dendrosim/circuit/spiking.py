"""Spikes of layers: Poisson numbers from seeds, the same on every target but for rounding."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from brian2 import Clock, NeuronGroup

from dendrosim.cells import Spikes
from dendrosim.circuit.operation import ArrayGroup
from dendrosim.circuit.splitmix import CODE
from dendrosim.errors import Clipped

MOST_CLIPPED = 0.01
"""Share of time steps and cells in which an expected number of spikes may be cut off without a warning."""


class Spiking(ArrayGroup):
    """Draws how many spikes of each kind all cells send in every time step.

    Its array ``seeds`` has one number for each row of each layer; how many spikes there are is a function of the seed,
    the step, the place of the cell and the kind, as in :mod:`dendrosim.circuit.noise`, by inversion of the Poisson
    distribution.

    Parameters
    ----------
    layers : mapping of str to tuple of NeuronGroup and Spikes
        The cells of each layer, and names of what is expected and what is drawn.
    rows : int
        Presentations times steps of their sequences.
    clock, code_object, name
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.

    Attributes
    ----------
    layers : tuple of str
        Names of the layers.
    """

    def __init__(
        self, layers: Mapping[str, tuple[NeuronGroup, Spikes]], rows: int, clock: Clock, code_object: Any, name: str
    ):
        super().__init__(rows, {"seeds": len(layers) * rows}, clock, code_object, name)
        self.add_attribute("layers")
        self.layers = tuple(layers)
        drawn = [
            (len(group) // rows, [tuple(self.refer(group, each) for each in kind) for kind in spikes.counts.items()])
            for group, spikes in layers.values()
        ]
        arrays = {"seeds": self.variables["seeds"], "step": self.variables["t_in_timesteps"]}
        self.operation("poisson", "fire", arrays, rows=rows, drawn=drawn, splitmix=CODE)


def clipped_shares(simulation: Any) -> list[float]:
    """Return, for each layer that spikes, in which share of time steps and cells expected spikes were cut off.

    Parameters
    ----------
    simulation : Simulation
        After a run.
    """
    assembly = simulation.assembly
    clock = assembly.convergence.clock
    steps = round(float(simulation.read(assembly.convergence, "duration")[0]) / float(clock.dt)) + 1
    spiking = {name: population.spikes for name, population in assembly.populations.items() if population.spikes}
    counted = [simulation.read(assembly.layers[name], spikes.clipped) for name, spikes in spiking.items()]
    return [float(count.mean()) / steps for count in counted]


def warn_of_clipping(shares: Iterable[float], stacklevel: int) -> None:
    """Warn where spikes were cut off too often to carry what the cells computed."""
    largest = max(shares, default=0.0)
    if largest > MOST_CLIPPED:
        warnings.warn(
            f"in {100 * largest:.2g} % of the time steps a rate or probability of spikes was cut off, so that errors "
            "or predictions are not carried as they are; raise cell.base_rate, or lower cell.burst_gain or the errors.",
            Clipped,
            stacklevel=stacklevel + 1,
        )
