"""From a model to Brian2 objects: the layers of cells, what joins them, and their noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup, ms

from dendrosim.cells import Population
from dendrosim.cells.mirror import fluctuating
from dendrosim.circuit.brian2_internals import FOREVER
from dendrosim.circuit.noise import MembraneNoise, fluctuations, seeds_of
from dendrosim.circuit.operation import ORDER, SLOT
from dendrosim.circuit.plasticity import learned_updates
from dendrosim.circuit.projection import Projection, Softmax
from dendrosim.circuit.spiking import Spiking
from dendrosim.circuit.target import Target
from dendrosim.circuit.units import quantities
from dendrosim.model import Model, Parameters
from dendrosim.model.connections import Connection


class Layers:
    """The cells of a model and their projections, for a number of presentations at once.

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
    prefix : str
        What the names of all objects begin with.

    Attributes
    ----------
    layers : dict of str to NeuronGroup
        The cells by layer name, ``input`` first.
    populations : dict of str to Population
        The equations of the cells by layer name, but of ``input``, which only sends.
    feedforward, feedback : dict of str to Projection
        The projections by the name of their connection: W and Θ.
    noise : dict of str to list of MembraneNoise
        The membrane noise of the layers, by compartment.
    spiking : Spiking or None
        Draws their spikes, where cells send some.
    rows : int
        Presentations times steps of their sequences: each layer has so many times its cells.
    """

    # Whether stimuli and weights stay as they are during a run: then a layer that only the stimulus drives is driven
    # by the same sum in every step, which is taken once.
    stimulus_is_held = True
    # Whether nobody else writes potentials: then, but for a reset, what is read at the end of a step is not read again.
    is_alone = True
    # Whether weights change while the circuit runs.
    learns = False

    def __init__(self, model: Model, presentations: int, target: Target, dt: float, method: str, prefix: str = ""):
        self.model, self.presentations = model, presentations
        self.rows = presentations * model.steps
        self._target, self._dt, self._method, self._prefix = target, dt, method, prefix
        self._clock = Clock(dt * ms, name=f"{prefix}cell_clock")
        self._first_step = Clock(FOREVER, name=f"{prefix}first_step_clock")
        sizes, ports = dict(zip(model.shapes, model.sizes, strict=True)), model.cell.wiring
        self.layers = {"input": NeuronGroup(self.rows * sizes["input"], f"{ports.up} : 1", **self._common("input"))}
        self.populations = {name: self._population(name) for name in model.layer_names}
        for name, population in self.populations.items():
            self.layers[name] = self._cells(name, self.rows * sizes[name], population)
        self.feedforward, self.feedback = self._projections()
        self.noise = {
            name: [MembraneNoise(group, each, self.rows, self._clock, target.templates) for each in fluctuations(group)]
            for name, group in self.layers.items()
        }
        self.spiking = self._spikes()
        softmax = (self.layers["output"], ports, self.rows, self._clock, target.templates, f"{prefix}normalisation")
        self._softmax = [Softmax(*softmax)] if model.output == "softmax" else []

    def objects(self) -> list[Any]:
        """Return all objects that a network has to hold."""
        projections = [*self.feedforward.values(), *self.feedback.values()]
        noise = [each for of_layer in self.noise.values() for each in of_layer]
        random = [*noise, *([] if self.spiking is None else [self.spiking])]
        return [*self.layers.values(), *random, *projections, *self._softmax]

    def equations(self, population: Population) -> Any:
        """Return the equations of cells that hear from nothing but each other."""
        return population.closed()

    def events(self, layer: str, population: Population) -> dict[str, str]:
        """Return Brian2 conditions of events of a layer, by name, beside its spikes: none here."""
        return {}

    def potentials(self) -> list[tuple[NeuronGroup, str]]:
        """Return the state variables of all cells: what decides how the circuit goes on."""
        groups = [self.layers[layer] for layer in self.model.layer_names]
        return [(group, name) for group in groups for name in sorted(group.equations.diff_eq_names)]

    def seeds(self, presentations: range, *run: int) -> dict[tuple[Any, str], np.ndarray]:
        """Return the seeds of noise and spikes of presentations, by their numbers; see :func:`.noise.seeds_of`."""
        numbers = {name: number for number, name in enumerate(self.layers)}

        def drawn(name: str, place: int) -> np.ndarray:
            seed, steps = self.model.cell.noise_seed, self.model.steps
            return seeds_of(seed, numbers[name], place, presentations, steps, *run)

        seeds: dict[tuple[Any, str], np.ndarray] = {
            (group, "seeds"): drawn(name, place)
            for name, groups in self.noise.items()
            for place, group in enumerate(groups)
        }
        if self.spiking is not None:
            seeds[self.spiking, "seeds"] = np.stack(
                [drawn(name, len(self.noise[name])) for name in self.spiking.layers]
            )
        return seeds

    def weights(self, parameters: Parameters) -> dict[tuple[Any, str], np.ndarray]:
        """Return the arrays of all projections with these parameters."""
        values: dict[tuple[Any, str], np.ndarray] = {}
        for name, projection in self.feedforward.items():
            values[projection, "weights"] = parameters.W[name]
            values[projection, "bias"] = parameters.bias.get(name, np.zeros(projection.connection.shape[0]))
        for name, projection in self.feedback.items():
            values[projection, "weights"] = parameters.theta[name]
            if "shares" in projection.variables:
                values[projection, "shares"] = projection.shares
        return values

    def parameters_of(self, values: Mapping[tuple[Any, str], np.ndarray]) -> Parameters:
        """Return the parameters of arrays of all projections, the inverse of :meth:`weights`."""
        parameters = Parameters()
        for name, projection in self.feedforward.items():
            shape = projection.connection.shape
            parameters.W[name] = values[projection, "weights"].reshape(shape)
            if projection.connection.has_bias:
                parameters.bias[name] = values[projection, "bias"].ravel()
        for name, projection in self.feedback.items():
            parameters.theta[name] = values[projection, "weights"].reshape(projection.connection.shape)
        return parameters

    def has(self, layer: str, variable: str) -> bool:
        """Whether the cells of a layer have a variable: an output cell has no apical dendrite."""
        return variable in self.layers[layer].variables

    def _population(self, layer: str) -> Population:
        """Return the cells of a layer, with the fluctuations that synapses learn from where they do."""
        cell, model = self.model.cell, self.model
        population = cell.output(model) if layer == "output" else cell.hidden(model)
        if not self.learns or learned_updates(model).mirror is None:
            return population
        return fluctuating(population, cell.wiring.from_below, model.plasticity.high_pass, self._dt)

    def _common(self, name: str) -> dict[str, Any]:
        name = self._prefix + name.replace("-", "_")
        return {"clock": self._clock, "codeobj_class": self._target.cells, "name": name}

    def _cells(self, name: str, count: int, population: Population) -> NeuronGroup:
        group = NeuronGroup(
            count,
            self.equations(population),
            method=self._method,
            threshold=population.threshold or None,
            reset=population.reset or None,
            events=self.events(name, population),
            namespace=quantities(population.constants),
            **self._common(name),
        )
        for variable, value in quantities(population.rest).items():
            setattr(group, variable, value)
        self._every_step(group, population.evaluation, "evaluate")
        if population.readout:
            only_move = self.is_alone and not population.reset
            self._every_step(group, population.readout, "read", self._first_step if only_move else None)
            self._every_step(group, population.readout, "read again")
        if population.spikes is not None:
            self._every_step(group, population.spikes.firing, "expect")
            self._every_step(group, population.spikes.arrival, "arrive")
        return group

    def _every_step(self, group: NeuronGroup, code: str, order: str, clock: Clock | None = None) -> None:
        group.run_regularly(
            code,
            clock=clock or self._clock,
            when=SLOT,
            order=ORDER[order],
            name=f"{group.name}_{order.replace(' ', '_')}",
            codeobj_class=self._target.cells,
        )

    def _spikes(self) -> Spiking | None:
        spiking = {
            name: (self.layers[name], population.spikes)
            for name, population in self.populations.items()
            if population.spikes is not None
        }
        if not spiking:
            return None
        return Spiking(spiking, self.rows, self._clock, self._target.templates, f"{self._prefix}spikes")

    def _projections(self) -> tuple[dict[str, Projection], dict[str, Projection]]:
        feedforward, feedback, ports = {}, {}, self.model.cell.wiring
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
            return self._first_step
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
            f"{self._prefix}{kind}_{connection.name.replace('-', '_')}",
        )
