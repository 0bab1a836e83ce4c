"""From a model to Brian2 objects: layers of cells, projections, the convergence test and the monitors."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Clock, Network, NeuronGroup, StateMonitor, ms

from dendrosim.circuit import cell, conductance_cell
from dendrosim.circuit.cell import INPUT, Cells
from dendrosim.circuit.convergence import ConvergenceTest
from dendrosim.circuit.operation import ORDER, SLOT
from dendrosim.circuit.projection import DenseProjection, Softmax
from dendrosim.circuit.target import Target
from dendrosim.model import Model
from dendrosim.model.parameters import shapes
from dendrosim.recording import Record

KINDS = {"rate": cell, "conductance": conductance_cell}


class Assembly:
    """The Brian2 network of a model, for a number of presentations at once.

    Parameters
    ----------
    model : Model
        The network.
    presentations : int
        Number of presentations that are simulated at once.
    target : Target
        Where its code will run.
    dt : float
        Time step, ms.
    record : Record
        What the monitors record.

    Attributes
    ----------
    layers : dict of str to NeuronGroup
        The cells by layer name, ``input`` first.
    feedforward, feedback : dict of str to DenseProjection
        The projections by the name of the layer they end in or come from: W and Θ.
    monitors : dict of str to StateMonitor
        The recorded layers.
    network : brian2.Network
        All of it.
    """

    def __init__(self, model: Model, presentations: int, target: Target, dt: float, record: Record):
        self.model, self.presentations, self.record = model, presentations, record
        self._target = target
        self._clock = Clock(dt * ms, name="cell_clock")
        self.layers = {"input": NeuronGroup(presentations * model.sizes[0], INPUT, **self._common("input"))}
        kind = KINDS[model.cell.kind]
        equations: dict[NeuronGroup, Cells] = {}
        for name, size in zip(model.layer_names, model.sizes[1:], strict=True):
            cells = kind.output_cells(model) if name == "output" else kind.hidden_cells(model)
            self.layers[name] = self._cells(name, presentations * size, cells)
            equations[self.layers[name]] = cells
        self.feedforward, self.feedback = self._projections()
        self.convergence = ConvergenceTest(equations, presentations, self._clock, target.templates)
        self.monitors = self._monitors(max(round(record.interval / dt), 1) * dt)
        self.network = Network(
            *self.layers.values(),
            *self.feedforward.values(),
            *self.feedback.values(),
            *self.monitors.values(),
            self.convergence,
        )
        if model.output == "softmax":
            self.network.add(Softmax(self.layers["output"], presentations, self._clock, target.templates))

    def _common(self, name: str) -> dict[str, Any]:
        return {"clock": self._clock, "codeobj_class": self._target.cells, "name": name.replace("-", "_")}

    def _cells(self, name: str, count: int, cells: Cells) -> NeuronGroup:
        group = NeuronGroup(
            count,
            cells.equations,
            method=cells.method,
            namespace=cells.namespace,
            **self._common(name),
        )
        for variable, value in cells.rest.items():
            setattr(group, variable, value)
        self._every_step(group, cells.evaluation, "evaluate")
        if cells.readout:
            self._every_step(group, cells.readout, "read")
            self._every_step(group, cells.readout, "read again")
        return group

    def _every_step(self, group: NeuronGroup, code: str, order: str) -> None:
        group.run_regularly(
            code,
            clock=self._clock,
            when=SLOT,
            order=ORDER[order],
            name=f"{group.name}_{order.replace(' ', '_')}",
            codeobj_class=self._target.cells,
        )

    def _projections(self) -> tuple[dict[str, DenseProjection], dict[str, DenseProjection]]:
        feedforward, feedback = {}, {}
        below = "input"
        for name, shape in shapes(self.model).items():
            feedforward[name] = self._projection(below, name, shape, "feedforward")
            feedforward[name].apply("basal", "drive")
            if below != "input":
                feedback[name] = self._projection(below, name, shape, "feedback")
                feedback[name].adjoint("delta", "feedback")
            below = name
        return feedforward, feedback

    def _projection(self, below: str, above: str, shape: tuple[int, int], kind: str) -> DenseProjection:
        return DenseProjection(
            self.layers[below],
            self.layers[above],
            shape,
            self.presentations,
            self._clock,
            self._target.templates,
            f"{kind}_{above.replace('-', '_')}",
        )

    def _monitors(self, interval: float) -> dict[str, StateMonitor]:
        monitors = {}
        clock = Clock(interval * ms, name="record_clock")
        for name, neurons in self.record.selection(self.model).items():
            size = len(self.layers[name]) // self.presentations
            index = (np.arange(self.presentations)[:, None] * size + neurons).ravel()
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

    def has(self, layer: str, variable: str) -> bool:
        """Whether the cells of a layer have a variable: an output cell has no apical dendrite."""
        return variable in self.layers[layer].variables
