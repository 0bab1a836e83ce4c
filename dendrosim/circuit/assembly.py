"""A circuit that runs by itself: its layers, the test of convergence, and the monitors."""

from __future__ import annotations

import numpy as np
from brian2 import Clock, EventMonitor, StateMonitor, ms

from dendrosim.cells import Population
from dendrosim.circuit.brian2_internals import CircuitNetwork
from dendrosim.circuit.convergence import ConvergenceTest
from dendrosim.circuit.layers import Layers
from dendrosim.circuit.operation import ORDER, SLOT
from dendrosim.circuit.spike_monitor import FLAG, recorded_event, spike_monitor
from dendrosim.circuit.target import Target
from dendrosim.model import Model
from dendrosim.recording import Record


class Assembly(Layers):
    """The Brian2 network of a model, for a number of presentations at once.

    Parameters
    ----------
    model, presentations, target, dt, method
        See :class:`~dendrosim.circuit.layers.Layers`.
    record : Record
        What the monitors record.

    Attributes
    ----------
    convergence : ConvergenceTest
        Ends a run.
    monitors : dict of str to StateMonitor
        The recorded layers.
    spike_monitors : dict of str to EventMonitor
        Those of them whose cells send spikes, where these are recorded.
    network : CircuitNetwork
        All of it.
    """

    def __init__(self, model: Model, presentations: int, target: Target, dt: float, method: str, record: Record):
        self.record = record
        self._recorded = record.selection(model)
        super().__init__(model, presentations, target, dt, method)
        tested = {self.layers[name]: population.derivatives for name, population in self.populations.items()}
        self.convergence = ConvergenceTest(tested, self.rows, self._clock, target.templates)
        self.monitors = self._monitors(max(round(record.interval / dt), 1) * dt)
        self.spike_monitors = self._spike_monitors()
        monitors = (*self.monitors.values(), *self.spike_monitors.values())
        self.network = CircuitNetwork(*self.objects(), *monitors, self.convergence, name="circuit")
        self.convergence.belong_to(self.network)

    def equations(self, population: Population) -> str:
        """Return the equations of cells that hear from nothing but each other, whose spikes may be recorded."""
        return super().equations(population) + (FLAG if self._sends(population) else "")

    def events(self, layer: str, population: Population) -> dict[str, str]:
        """Return the event of recorded spikes."""
        recorded = self._sends(population) and len(self._recorded.get(layer, ()))
        return recorded_event(population) if recorded else {}

    def _sends(self, population: Population) -> bool:
        return self.record.spikes and bool(population.event)

    def _monitors(self, interval: float) -> dict[str, StateMonitor]:
        monitors = {}
        clock = Clock(interval * ms, name="record_clock")
        for name in self._recorded:
            variables = [variable for variable in self.record.chosen(self.model) if self.has(name, variable)]
            monitors[name] = StateMonitor(
                self.layers[name],
                variables,
                record=self._places(name),
                clock=clock,
                when=SLOT,
                order=ORDER["record"],
                codeobj_class=self._target.cells,
                name=f"{self.layers[name].name}_monitor",
            )
        return monitors

    def _spike_monitors(self) -> dict[str, EventMonitor]:
        return {
            name: spike_monitor(self.layers[name], population, self._places(name), self._target)
            for name, population in self.populations.items()
            if self.events(name, population)
        }

    def _places(self, layer: str) -> np.ndarray:
        """Return where the recorded neurons of a layer are in its group, row by row."""
        size = len(self.layers[layer]) // self.rows
        return (np.arange(self.rows)[:, None] * size + self._recorded[layer]).ravel()
