"""A circuit that runs by itself: its layers, the test of convergence, and the monitors."""

from __future__ import annotations

import numpy as np
from brian2 import Clock, StateMonitor, ms

from dendrosim.circuit.brian2_internals import CircuitNetwork
from dendrosim.circuit.convergence import ConvergenceTest
from dendrosim.circuit.layers import Layers
from dendrosim.circuit.operation import ORDER, SLOT
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
    network : CircuitNetwork
        All of it.
    """

    def __init__(self, model: Model, presentations: int, target: Target, dt: float, method: str, record: Record):
        super().__init__(model, presentations, target, dt, method)
        self.record = record
        tested = {self.layers[name]: population.derivatives for name, population in self.populations.items()}
        self.convergence = ConvergenceTest(tested, self.rows, self._clock, target.templates)
        self.monitors = self._monitors(max(round(record.interval / dt), 1) * dt)
        self.network = CircuitNetwork(*self.objects(), *self.monitors.values(), self.convergence, name="circuit")
        self.convergence.belong_to(self.network)

    def _monitors(self, interval: float) -> dict[str, StateMonitor]:
        monitors = {}
        clock = Clock(interval * ms, name="record_clock")
        for name, neurons in self.record.selection(self.model).items():
            size = len(self.layers[name]) // self.rows
            index = (np.arange(self.rows)[:, None] * size + neurons).ravel()
            variables = [variable for variable in self.record.chosen(self.model) if self.has(name, variable)]
            monitors[name] = StateMonitor(
                self.layers[name],
                variables,
                record=index,
                clock=clock,
                when=SLOT,
                order=ORDER["record"],
                codeobj_class=self._target.cells,
                name=f"{self.layers[name].name}_monitor",
            )
        return monitors
