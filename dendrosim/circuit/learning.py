"""A circuit that learns by itself: an assembly with plasticity, and the loop over epochs around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from dendrosim.circuit.assembly import Assembly
from dendrosim.circuit.presenter import Presenter, stagger
from dendrosim.circuit.simulation import Simulation, Values, simulate
from dendrosim.circuit.target import Target
from dendrosim.errors import CircuitError
from dendrosim.model import Model, Parameters
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

    ΔW = η ⟨δ u^T⟩ for the pair of cells at each synapse, and ΔΘ by the model's feedback rule: the same product for
    ``kolen-pollack``, −η ⟨δ ξ^T⟩ for ``paper``, nothing for ``fixed``. In continuous mode this is dW/dt at all times.
    """

    stimulus_is_held = False

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
            self._clock,
            target.templates,
        )
        for name, projection in self.feedforward.items():
            projection.learn("basal", "rate", self.presenter, projection)
            feedback = model.rules.dll.feedback
            if name in self.feedback and feedback != "fixed":
                source = "error" if feedback == "paper" else "basal"
                self.feedback[name].learn(source, "theta_rate", self.presenter, projection)
        self.network.add(self.presenter)


class Learner:
    """Runs a learning assembly epoch after epoch, without a break between them.

    Parameters
    ----------
    model : Model
        The network; its ``plasticity`` and ``rules.dll`` say how it learns.
    parameters : Parameters
        Where it starts from.
    stimuli : array of shape (sample, *model.input)
    targets : array of shape (sample, output cell), or (sample, step, output cell)
    target, dt, method
        See :class:`~dendrosim.circuit.assembly.Assembly`.
    seed : int
        Of the order of the samples.
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
    ):
        self._model, self._dt = model, dt
        self._streams = model.plasticity.streams
        self._slots = max(len(stimuli) // self._streams, 1)
        self._generator = np.random.default_rng(seed)
        self._simulation: Simulation = simulate(
            lambda: LearningAssembly(model, len(stimuli), self._slots, target, dt, method), target
        )
        self._values = self._at_the_beginning(parameters, stimuli, targets)
        self._last = self._shuffled(len(stimuli))[:1]

    def learn(
        self, record: Record, report: Callable[[Mapping[str, Any]], None] | None = None
    ) -> tuple[Parameters, pd.DataFrame, xr.Dataset | None]:
        """Go through all epochs, and return weights, history and the weights of the recorded synapses by epoch.

        `report` is called with the row of the history after each epoch.
        """
        plasticity, rows = self._model.plasticity, []
        parameters = self._parameters()
        weights = [synapses(self._model, record, parameters)]
        for epoch in range(1, plasticity.epochs + 1):
            start = time.perf_counter()
            rate = plasticity.learning_rate * SCHEDULES[plasticity.schedule]((epoch - 1) / plasticity.epochs)
            elapsed = self._epoch(rate)
            parameters = self._parameters()
            rows.append(
                {
                    "epoch": epoch,
                    "learning_rate": rate,
                    **parameters.alignment(),
                    "presentation_ms": elapsed / self._slots,
                    "seconds": time.perf_counter() - start,
                }
            )
            weights.append(synapses(self._model, record, parameters, epoch))
            if report is not None:
                report(rows[-1])
        recorded = xr.concat(weights, dim="epoch", data_vars="minimal") if record.synapses else None
        return parameters, pd.DataFrame(rows), recorded

    def _epoch(self, rate: float) -> float:
        """Present every sample once and return the model time it took, ms."""
        assembly, plasticity = self._simulation.assembly, self._model.plasticity
        settings = self._model.rules.dll
        theta_rate = settings.theta_rate if plasticity.theta_rate is None else plasticity.theta_rate
        share = self._dt / plasticity.presentation_time if plasticity.mode == "continuous" else 1.0
        sign = -1.0 if settings.feedback == "paper" else 1.0
        samples = self._values[assembly.presenter, "stimuli"].shape[0]
        order = np.concatenate([self._last, self._shuffled(samples)])[: self._slots + 1]
        self._last = order[-1:]
        settings_now = {"order": order, "rate": rate * share, "theta_rate": sign * rate * theta_rate * share}
        self._values |= {(assembly.presenter, name): np.asarray(value) for name, value in settings_now.items()}
        self._simulation.run(self._values)
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
        assembly, parameters = self._simulation.assembly, Parameters()
        for name, projection in assembly.feedforward.items():
            shape = projection.connection.shape
            parameters.W[name] = self._values[projection, "weights"].reshape(shape)
            if projection.connection.has_bias:
                parameters.bias[name] = self._values[projection, "bias"].ravel()
        for name, projection in assembly.feedback.items():
            parameters.theta[name] = self._values[projection, "weights"].reshape(projection.connection.shape)
        return parameters

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
            (presenter, "decay"): np.array([plasticity.decay]),
            (output, "teacher"): np.full(len(output), self._model.teacher.strength),
            (assembly.convergence, "tolerance"): np.array([TOLERANCE]),
            (assembly.convergence, "limit"): np.array([limit]),
        }
