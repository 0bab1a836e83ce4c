"""A circuit as a part of the user's own Brian2 network."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, get_device, prefs

from dendrosim.cells import Population
from dendrosim.checks import number, shown
from dendrosim.circuit.brian2_internals import read_result, runtime_device
from dendrosim.circuit.inputs import Inputs, equations_of_inputs, open_equations
from dendrosim.circuit.layers import Layers
from dendrosim.circuit.plasticity import Plasticity, constants, let_learn, rates
from dendrosim.circuit.presentation import by_step
from dendrosim.circuit.requirements import checked_network, checked_pairs
from dendrosim.circuit.target import Target
from dendrosim.errors import CircuitError
from dendrosim.model import Model, Parameters


class EmbeddedCircuit(Layers):
    """The layers of a circuit as Brian2 objects in a network of the user's own; made by :meth:`Circuit.embed`.

    ``embedded["hidden-1"]`` is the layer's NeuronGroup, with one row of cells for each presentation. What can be read
    of it, by Brian2's monitors or attributes: the observables of the kind of cell (``basal``, ``apical``, ``soma`` and
    ``error``, of conductance cells also ``V_soma``, ``V_basal`` and ``V_apical``). What can be written, at any time or
    by Synapses, PoissonInput and operations: its inputs ``I_soma``, ``I_basal`` and ``I_apical``, which add to what
    drives the compartment (dimensionless for rate cells, in amperes for conductance cells), of active cells ``I_soma``
    and ``I_dendrite``, in amperes. Output cells have no apical dendrite and so no ``I_apical``, and clamped ones no
    ``I_soma``, unless they are active. The layer ``input`` holds what it sends: ``basal``, or what the kind of cell
    sends up.

    Attributes
    ----------
    layers : dict of str to NeuronGroup
        By name, ``input`` first.
    """

    stimulus_is_held = False
    is_alone = False

    def __init__(
        self,
        model: Model,
        parameters: Parameters,
        presentations: int,
        target: Target,
        dt: float,
        method: str,
        prefix: str,
        learning: bool,
        inputs: Inputs,
    ):
        self._inputs, self.learns = inputs, learning
        self.plasticity: Plasticity | None = None
        super().__init__(model, presentations, target, dt, method, prefix)
        self.set_parameters(parameters)
        for (group, name), seeds in self.seeds(range(presentations)).items():
            group.variables[name].set_value(seeds.ravel())
        if learning:
            self.plasticity = self._learn()

    def __getitem__(self, layer: str) -> NeuronGroup:
        if layer not in self.layers:
            raise CircuitError(f"there is no layer {shown(layer)} in this circuit; choose {', '.join(self.layers)}.")
        return self.layers[layer]

    def objects(self) -> list[Any]:
        """Return all objects that a network has to hold, such as ``Network(*embedded.objects(), monitor)``."""
        return [*super().objects(), *([self.plasticity] if self.plasticity else [])]

    def equations(self, population: Population) -> Any:
        """Return the equations of cells with inputs from outside."""
        return open_equations(population, self.model.cell, self._inputs)

    def present(self, stimuli: Any, targets: np.ndarray | None = None) -> None:
        r"""Hold stimuli, and targets where there is a teacher, from now on.

        Parameters
        ----------
        stimuli : array of shape (presentation, \*model.input), or a split of a Dataset, with its targets
            Potentials of the input layer; a presentation for each that the circuit was embedded with.
        targets : array of shape (presentation, output cell) or (presentation, step, output cell), optional
            Without them there is no teacher.

        Raises
        ------
        DataError, CircuitError
            They do not fit the model, or are others in number.
        """
        ports = self.model.cell.wiring
        stimuli, targets, taught = checked_pairs(self.model, stimuli, targets)
        if len(stimuli) != self.presentations:
            raise CircuitError(
                f"this circuit was embedded with {self.presentations} presentations, and there are {len(stimuli)}; "
                "give as many."
            )
        output = self.layers["output"].variables
        self.layers["input"].variables[ports.up].set_value(by_step(stimuli, self.model).ravel())
        output[ports.target].set_value(by_step(targets, self.model).ravel())
        output[ports.teacher].set_value(self.model.teacher.strength if taught else 0.0)

    @property
    def parameters(self) -> Parameters:
        """The present weights, which a learning circuit changes; a copy."""
        parts = [*self.feedforward.values(), *self.feedback.values()]
        return self.parameters_of({(part, name): _read(part, name) for part in parts for name in ("weights", "bias")})

    def set_parameters(self, parameters: Parameters) -> None:
        """Give the circuit other weights, from now on.

        Raises
        ------
        ParametersError
            They are those of another network.
        """
        checked_network(self.model, parameters)
        for (projection, name), array in self.weights(parameters).items():
            projection.variables[name].set_value(np.ravel(array))

    @property
    def learning_rate(self) -> float:
        """Learning rate of W for one presentation time of the model's plasticity; 0 where nothing is learned."""
        return 0.0 if self.plasticity is None else float(_read(self.plasticity, "rate")[0]) / self._share

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        if self.plasticity is None:
            raise CircuitError("this circuit was embedded without plasticity; embed it with learning=True.")
        rate = number(rate, "the learning rate", least=0.0, error=CircuitError)
        for name, value in rates(self.model, rate, self._share).items():
            self.plasticity.variables[name].set_value(value)

    @property
    def _share(self) -> float:
        return self._dt / self.model.plasticity.presentation_time

    def _learn(self) -> Plasticity:
        name = f"{self._prefix}plasticity"
        plasticity = Plasticity(self.model.cell.wiring, self._clock, self._target.templates, name)
        let_learn(self, plasticity)
        for name, value in {"active": 1.0, "converged": 1.0, **constants(self.model, self._dt)}.items():
            plasticity.variables[name].set_value(value)
        self.plasticity = plasticity
        self.learning_rate = self.model.plasticity.learning_rate
        return plasticity


def embedded(
    model: Model,
    parameters: Parameters,
    target: Target,
    dtype: str,
    dt: float,
    method: str,
    presentations: int,
    network: Network | None,
    learning: bool,
    prefix: str,
    inputs: str,
) -> EmbeddedCircuit:
    """Return a circuit in the user's network; see :meth:`dendrosim.circuit.Circuit.embed`."""
    _check_device(target, dtype)
    given = equations_of_inputs(model.cell, inputs)
    circuit = EmbeddedCircuit(model, parameters, presentations, target, dt, method, prefix, learning, given)
    if network is not None:
        clashes = {each.name for each in network.objects} & {each.name for each in circuit.objects()}
        if clashes:
            raise CircuitError(
                f"the network already has objects of the names {', '.join(sorted(clashes))}; give the circuit a prefix."
            )
        network.add(*circuit.objects())
    return circuit


def _check_device(target: Target, dtype: str) -> None:
    """Refuse a target whose code does not run where the user's network runs."""
    device = get_device()
    expected = target.device or type(runtime_device)
    if not isinstance(device, expected) or (target.device is None and device is not runtime_device):
        remedy = f"set_device('{target.name}')" if target.device else "set_device('runtime')"
        raise CircuitError(
            f"this circuit has the target '{target.name}', which does not run on Brian2's present device; call "
            f"brian2.{remedy} before embedding, or make the circuit with another target."
        )
    present = np.dtype(prefs.core.default_float_dtype).name
    if present != dtype:
        raise CircuitError(
            f"this circuit is of {dtype} and Brian2 works in {present}; make it with dtype='{present}', or set "
            "brian2.prefs.core.default_float_dtype."
        )


def _read(group: Any, name: str) -> np.ndarray:
    """Return an array of a group as it is now, or as a binary has left it."""
    variable, device = group.variables[name], get_device()
    if device is runtime_device or not device.has_been_run:
        return np.array(variable.get_value())
    return read_result(device, variable)
