"""A circuit that learns by itself: an assembly with plasticity, and the loop over epochs around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from dendrosim.circuit.assembly import Assembly
from dendrosim.circuit.plasticity import constants, learned_updates, let_learn, rates
from dendrosim.circuit.presenter import Presenter, stagger
from dendrosim.circuit.simulation import Simulation, Values, simulate
from dendrosim.circuit.spiking import clipped_shares
from dendrosim.circuit.target import Target
from dendrosim.circuit.updates import local_updates
from dendrosim.errors import CircuitError
from dendrosim.model import Model, Parameters
from dendrosim.model.local_update import drawn_norm
from dendrosim.model.randomness import stream
from dendrosim.model.schedule import SCHEDULES
from dendrosim.recording import Record, Recording, synapses

NOTHING = Record(neurons={})

# In mode "at-convergence": when to go on, and after how long to give up on it, in ms a slot.
TOLERANCE = 1e-6
PATIENCE = 2000.0


@dataclass(frozen=True)
class Learned:
    """What a circuit has learned.

    Attributes
    ----------
    parameters : Parameters of numpy.ndarray
        Its weights at the end.
    history : pandas.DataFrame
        One row an epoch: learning rate, by connection the angle between Θ and W and ‖Θ‖, model time in ms for one
        presentation, and seconds.
    recording : Recording, optional
        Weights of the chosen synapses over (epoch, synapse), with the weights it began with as epoch 0.
    """

    parameters: Parameters
    history: pd.DataFrame
    recording: Recording | None = None


class LearningAssembly(Assembly):
    """An assembly whose weights change while stimuli are presented.

    W and Θ change by the local updates of the model's rule. In continuous mode this is dW/dt at all times.
    """

    stimulus_is_held = False
    learns = True

    def __init__(self, model: Model, samples: int, slots: int, target: Target, dt: float, method: str):
        plasticity = model.plasticity
        super().__init__(model, plasticity.streams, target, dt, method, NOTHING)
        self.presenter = Presenter(
            self.layers["input"],
            self.layers["output"],
            self.convergence,
            samples,
            slots,
            plasticity.streams,
            model.steps,
            plasticity.mode == "continuous",
            model.cell.wiring,
            self._clock,
            target.templates,
        )
        let_learn(self, self.presenter)
        self.network.add(self.presenter)


class Learner:
    """Runs a learning assembly epoch after epoch, without a break between them.

    Parameters
    ----------
    model : Model
        The network; its rule and its ``plasticity`` say how it learns.
    parameters : Parameters
        Where it starts from.
    stimuli : array of shape (sample, *model.input)
    targets : array of shape (sample, output cell), or (sample, step, output cell)
    target, dt, method
        See :class:`~dendrosim.circuit.assembly.Assembly`.
    seed : int
        Of the order of the samples.
    run : int
        Its number among the runs of the circuit, which decides on the membrane noise.

    Attributes
    ----------
    parameters : Parameters
        The weights after the last epoch that has ended.

    Raises
    ------
    CircuitError
        The rule has no local updates, or learns from noise that the cells do not have.
    """

    def __init__(
        self,
        model: Model,
        parameters: Parameters,
        stimuli: np.ndarray,
        targets: np.ndarray,
        target: Target,
        dt: float,
        method: str,
        seed: int,
        run: int,
    ):
        self._model, self._dt = model, dt
        learned_updates(model)
        if model.plasticity.mode == "at-convergence" and not model.cell.settles:
            raise CircuitError(
                f"these cells of kind '{model.cell.kind}' never converge; set plasticity.mode to 'continuous'."
            )
        self._streams = model.plasticity.streams
        self._slots = max(len(stimuli) // self._streams, 1)
        self._generator = np.random.default_rng(stream(seed, "order of samples"))
        self._run = run
        self._simulation: Simulation = simulate(
            lambda: LearningAssembly(model, len(stimuli), self._slots, target, dt, method), target
        )
        self._values = self._at_the_beginning(_constrained(model, parameters), stimuli, targets)
        self._last = self._shuffled(len(stimuli))[:1]
        self.parameters = parameters
        self._rows: list[dict[str, Any]] = []
        self._weights: list[xr.Dataset] = []

    def learn(self, record: Record, report: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        """Go through all epochs; `report` is called with the row of the history after each."""
        plasticity = self._model.plasticity
        self._weights = [synapses(self._model, record, self._parameters())] if record.synapses else []
        for epoch in range(1, plasticity.epochs + 1):
            start = time.perf_counter()
            rate = plasticity.learning_rate * SCHEDULES[plasticity.schedule]((epoch - 1) / plasticity.epochs)
            elapsed = self._epoch(epoch, rate)
            parameters = self._parameters()
            self._refuse_divergence(epoch, parameters)
            row = {
                "epoch": epoch,
                "learning_rate": rate,
                **parameters.alignment(),
                "presentation_ms": elapsed / self._slots,
                "seconds": time.perf_counter() - start,
            }
            if shares := clipped_shares(self._simulation):
                row["clipped"] = max(shares)
            if record.synapses:
                self._weights.append(synapses(self._model, record, parameters, epoch))
            self._rows.append(row)
            self.parameters = parameters
            if report is not None:
                report(row)

    def learned(self, source: Mapping[str, Any]) -> Learned:
        """Return what the epochs that have ended have learned; `source` are the attributes of the recording."""
        recording = None
        if self._weights:
            weights = xr.concat(self._weights, dim="epoch", data_vars="minimal")
            recording = Recording(weights.assign_attrs(dict(source)))
        return Learned(self.parameters, pd.DataFrame(self._rows), recording)

    def _refuse_divergence(self, epoch: int, parameters: Parameters) -> None:
        kept = {f"{group.name}.{name}": self._values[group, name] for group, name in self._kept()}
        for name, array in {**dict(parameters.items()), **kept}.items():
            if not np.isfinite(array).all():
                raise CircuitError(
                    f"learning diverged in epoch {epoch}: '{name}' holds NaN or infinite values; use a smaller "
                    "plasticity.learning_rate or time step."
                )

    def _epoch(self, epoch: int, rate: float) -> float:
        """Present every sample once and return the model time it took, ms."""
        assembly, plasticity = self._simulation.assembly, self._model.plasticity
        share = self._dt / plasticity.presentation_time if plasticity.mode == "continuous" else 1.0
        samples = self._values[assembly.presenter, "stimuli"].shape[0]
        order = np.concatenate([self._last, self._shuffled(samples)])[: self._slots + 1]
        self._last = order[-1:]
        settings_now = {"order": order, **rates(self._model, rate, share)}
        self._values |= {(assembly.presenter, name): np.asarray(value) for name, value in settings_now.items()}
        self._simulation.run(self._values | assembly.seeds(range(self._streams), self._run, epoch))
        elapsed = float(self._simulation.read(assembly.convergence, "duration")[0]) * 1000
        if self._simulation.read(assembly.presenter, "active")[0]:
            raise CircuitError(
                f"after {elapsed:.0f} ms the circuit had not converged on all presentations; use a smaller "
                "plasticity.learning_rate, or mode 'continuous'."
            )
        for group, name in self._kept():
            self._values[group, name] = self._simulation.read(group, name)
        return elapsed

    def _kept(self) -> list[tuple[Any, str]]:
        """Arrays that go on from one epoch to the next: potentials and weights."""
        assembly = self._simulation.assembly
        kept = [(projection, "weights") for projection in (*assembly.feedforward.values(), *assembly.feedback.values())]
        kept += [(projection, "bias") for projection in assembly.feedforward.values()]
        return kept + assembly.potentials()

    def _parameters(self) -> Parameters:
        return self._simulation.assembly.parameters_of(self._values)

    def _shuffled(self, samples: int) -> np.ndarray:
        """Return each sample once, slot by slot; a last slot that is not full is left out."""
        order = self._generator.permutation(samples)
        if samples < self._streams:
            return np.resize(order, (1, self._streams))
        return order[: self._slots * self._streams].reshape(self._slots, self._streams)

    def _at_the_beginning(self, parameters: Parameters, stimuli: np.ndarray, targets: np.ndarray) -> Values:
        assembly, plasticity = self._simulation.assembly, self._model.plasticity
        presenter, output = assembly.presenter, assembly.layers["output"]
        held = plasticity.presentation_time / 1000
        limit = (PATIENCE / 1000 if plasticity.mode == "at-convergence" else held) * (self._slots + 2)
        return assembly.weights(parameters) | {
            (presenter, "stimuli"): stimuli,
            (presenter, "targets"): targets,
            (presenter, "offset"): stagger(self._streams, held),
            (presenter, "held"): np.array([held]),
            (presenter, "active"): np.ones(1),
            **{(presenter, name): np.array([value]) for name, value in constants(self._model, self._dt).items()},
            (output, self._model.cell.wiring.teacher): np.full(len(output), self._model.teacher.strength),
            (assembly.convergence, "tolerance"): np.array([TOLERANCE]),
            (assembly.convergence, "limit"): np.array([limit]),
        }


def _constrained(model: Model, parameters: Parameters) -> Parameters:
    """Return parameters with Θ at the norm that its update keeps, if it keeps one."""
    update, connections = local_updates(model).theta, {each.name: each for each in model.connections}
    if update is None or not update.keeps_norm:
        return parameters
    norms = {name: drawn_norm(connections[name], model.rules.dll.theta_deviation) for name in parameters.theta}
    theta = {name: array * (norms[name] / np.linalg.norm(array)) for name, array in parameters.theta.items()}
    return replace(parameters, theta=theta)
