"""From a model to Brian2 objects: layers of cells, projections, the convergence test and the monitors."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup, StateMonitor, ms

from dendrosim.cells import Population
from dendrosim.cells.conductance import FLUCTUATION
from dendrosim.circuit.brian2_internals import FOREVER, CircuitNetwork
from dendrosim.circuit.convergence import ConvergenceTest
from dendrosim.circuit.noise import MembraneNoise, seeds_of
from dendrosim.circuit.operation import ORDER, SLOT
from dendrosim.circuit.projection import Projection, Softmax
from dendrosim.circuit.target import Target
from dendrosim.circuit.units import quantities
from dendrosim.model import Model, Parameters
from dendrosim.model.connections import Connection
from dendrosim.recording import Record


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
    method : str
        Brian2's name of the integrator.
    record : Record
        What the monitors record.

    Attributes
    ----------
    layers : dict of str to NeuronGroup
        The cells by layer name, ``input`` first.
    feedforward, feedback : dict of str to Projection
        The projections by the name of their connection: W and Θ.
    rows : int
        Presentations times steps of their sequences: each layer has so many times its cells.
    monitors : dict of str to StateMonitor
        The recorded layers.
    populations : dict of str to Population
        The equations of the cells by layer name, but of ``input``, which only sends.
    noise : dict of str to MembraneNoise
        The layers with membrane noise.
    network : CircuitNetwork
        All of it.
    """

    # Whether stimuli and weights stay as they are during a run: then a layer that only the stimulus drives is driven
    # by the same sum in every step, which is taken once.
    stimulus_is_held = True

    def __init__(self, model: Model, presentations: int, target: Target, dt: float, method: str, record: Record):
        self.model, self.presentations, self.record = model, presentations, record
        self.rows = presentations * model.steps
        self._target = target
        self._clock = Clock(dt * ms, name="cell_clock")
        self._method = method
        sizes = dict(zip(model.shapes, model.sizes, strict=True))
        sent = f"{model.cell.ports.up} : 1"
        self.layers = {"input": NeuronGroup(self.rows * sizes["input"], sent, **self._common("input"))}
        self.populations = {
            name: model.cell.output(model) if name == "output" else model.cell.hidden(model)
            for name in model.layer_names
        }
        for name, population in self.populations.items():
            self.layers[name] = self._cells(name, self.rows * sizes[name], population)
        self.feedforward, self.feedback = self._projections()
        tested = {self.layers[name]: population.derivatives for name, population in self.populations.items()}
        self.convergence = ConvergenceTest(tested, self.rows, self._clock, target.templates)
        self.monitors = self._monitors(max(round(record.interval / dt), 1) * dt)
        self.noise = {
            name: MembraneNoise(group, self.rows, self._clock, target.templates)
            for name, group in self.layers.items()
            if FLUCTUATION in group.variables
        }
        self.network = CircuitNetwork(
            *self.layers.values(),
            *self.noise.values(),
            *self.feedforward.values(),
            *self.feedback.values(),
            *self.monitors.values(),
            self.convergence,
            name="circuit",
        )
        self.convergence.belong_to(self.network)
        if model.output == "softmax":
            softmax = Softmax(self.layers["output"], model.cell.ports, self.rows, self._clock, target.templates)
            self.network.add(softmax)

    def _common(self, name: str) -> dict[str, Any]:
        return {"clock": self._clock, "codeobj_class": self._target.cells, "name": name.replace("-", "_")}

    def _cells(self, name: str, count: int, population: Population) -> NeuronGroup:
        namespace = quantities(population.constants)
        group = NeuronGroup(count, population.equations, method=self._method, namespace=namespace, **self._common(name))
        for variable, value in quantities(population.rest).items():
            setattr(group, variable, value)
        self._every_step(group, population.evaluation, "evaluate")
        if population.readout:
            self._every_step(group, population.readout, "read")
            self._every_step(group, population.readout, "read again")
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

    def _projections(self) -> tuple[dict[str, Projection], dict[str, Projection]]:
        feedforward, feedback, ports = {}, {}, self.model.cell.ports
        driven, fed = Counter[str](), Counter[str]()
        for connection in self.model.connections:
            name = connection.name
            feedforward[name] = self._projection(connection, "feedforward")
            turn, clock = driven[connection.above], self._when_driven(connection)
            feedforward[name].apply(ports.up, ports.from_below, turn, clock)
            driven[connection.above] += 1
        for connection in self.model.connections[::-1]:
            name = connection.name
            if connection.has_feedback:
                feedback[name] = self._projection(connection, "feedback")
                turn = fed[connection.below]
                feedback[name].adjoint(ports.down, ports.from_above, turn, chosen_by=feedforward[name])
                fed[connection.below] += 1
        return feedforward, feedback

    def _when_driven(self, connection: Connection) -> Clock:
        alone = sum(other.above == connection.above for other in self.model.connections) == 1
        if self.stimulus_is_held and alone and connection.below == "input":
            return Clock(FOREVER, name="stimulus_clock")
        return self._clock

    def _projection(self, connection: Connection, kind: str) -> Projection:
        return Projection(
            connection,
            self.layers[connection.below],
            self.layers[connection.above],
            self.presentations,
            self.model.steps,
            self._clock,
            self._target.templates,
            f"{kind}_{connection.name.replace('-', '_')}",
        )

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

    def potentials(self) -> list[tuple[NeuronGroup, str]]:
        """Return the state variables of all cells: what decides how the circuit goes on."""
        groups = [self.layers[layer] for layer in self.model.layer_names]
        return [(group, name) for group in groups for name in sorted(group.equations.diff_eq_names)]

    def seeds(self, presentations: range, *run: int) -> dict[tuple[Any, str], np.ndarray]:
        """Return the seeds of the membrane noise of presentations, by their numbers; see :func:`.noise.seeds_of`."""
        seed, numbers = self.model.cell.noise_seed, {name: number for number, name in enumerate(self.layers)}
        return {
            (group, "seeds"): seeds_of(seed, numbers[name], presentations, self.model.steps, *run)
            for name, group in self.noise.items()
        }

    def weights(self, parameters: Parameters) -> dict[tuple[Any, str], np.ndarray]:
        """Return the arrays of all projections with these parameters."""
        values: dict[tuple[Any, str], np.ndarray] = {}
        for name, projection in self.feedforward.items():
            values[projection, "weights"] = parameters.W[name]
            values[projection, "bias"] = parameters.bias.get(name, np.zeros(projection.connection.shape[0]))
        for name, projection in self.feedback.items():
            values[projection, "weights"] = parameters.theta[name]
        return values

    def has(self, layer: str, variable: str) -> bool:
        """Whether the cells of a layer have a variable: an output cell has no apical dendrite."""
        return variable in self.layers[layer].variables
