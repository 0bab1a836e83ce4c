"""Relaxing any number of presentations, a batch after the other, into one recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dendrosim.circuit.interruption import interruptible
from dendrosim.circuit.presentation import presented, run
from dendrosim.circuit.reading import State, read_recording, read_state, refuse_runaway
from dendrosim.circuit.report import Report, of_batch
from dendrosim.circuit.simulation import Simulation
from dendrosim.circuit.spiking import clipped_shares
from dendrosim.errors import Interrupted
from dendrosim.model import Model, Parameters
from dendrosim.recording import Record, Recording, spooled, synapses


@dataclass(frozen=True)
class Relaxation:
    """How presentations are relaxed.

    Attributes
    ----------
    model, parameters : Model, Parameters
        The network.
    simulation : callable
        Returns the simulation of a number of presentations.
    batch : int
        How many are simulated at once.
    dt, tolerance, time_limit : float
        Time step, ms; tolerance of local convergence; ms after which to stop anyway.
    start : {"rest", "settled"}
        Where each begins.
    strength : float
        Of the teacher; 0 without one.
    record : Record
        What is recorded.
    number : int
        Of this run of the circuit, which decides on its noise and spikes.
    """

    model: Model
    parameters: Parameters
    simulation: Callable[[int], Simulation]
    batch: int
    dt: float
    tolerance: float
    time_limit: float
    start: str
    strength: float
    record: Record
    number: int


@dataclass(frozen=True)
class Relaxed:
    """What came of it: the recording, the state at the end, seconds, and shares of spikes that were cut off."""

    recording: Recording
    state: State
    seconds: float
    clipped: list[float]


def relaxed(
    how: Relaxation,
    stimuli: np.ndarray,
    targets: np.ndarray,
    source: Mapping[str, Any],
    out: str | Path | None,
    report: Report | None,
) -> Relaxed:
    """Relax presentations.

    Parameters
    ----------
    how : Relaxation
        The circuit and its settings.
    stimuli, targets : array of shape (presentation, ...)
        What is presented.
    source : mapping
        Attributes of the recording.
    out : str or Path, optional
        File that it is streamed to.
    report : callable, optional
        See :meth:`dendrosim.circuit.Circuit.relax`.

    Raises
    ------
    CircuitError
        The potentials ran away, or the compiled circuit failed.
    Interrupted
        Ctrl-C came.
    """
    pieces, states, clipped, seconds = [], list[State](), list[float](), 0.0
    weights = synapses(how.model, how.record, how.parameters) if how.record.synapses else None
    with spooled(out) as kept:
        with interruptible() as interrupted:
            for first in range(0, len(stimuli), how.batch):
                part = slice(first, first + how.batch)
                simulation = _one_batch(how, stimuli[part], targets[part], first, of_batch(report, first))
                seconds += simulation.seconds
                states.append(read_state(simulation))
                refuse_runaway(simulation, states[-1])
                pieces.append(kept(read_recording(simulation, states[-1], how.dt)))
                clipped += clipped_shares(simulation)
        done = sum(piece.sizes["presentation"] for piece in pieces)
        if interrupted and not done:
            raise Interrupted("the relaxation was interrupted before any presentation had ended; nothing is kept.")
        said = {**source, "presentations": len(stimuli), **({"clipped": max(clipped)} if clipped else {})}
        has_classes = how.strength > 0 and how.model.output == "softmax"
        labels = targets[:done].argmax(axis=-1) if has_classes else None
        recording = Recording.join(pieces, stimuli[:done], targets[:done], said, labels, weights)
        if out is not None:
            recording = Recording.open(recording.save(out))
    if interrupted:
        raise Interrupted(f"the relaxation was {recording.reason}.", recording)
    state = {
        layer: {name: np.concatenate([each[layer][name] for each in states]) for name in variables}
        for layer, variables in states[0].items()
    }
    return Relaxed(recording, state, seconds, clipped)


def _one_batch(
    how: Relaxation, stimuli: np.ndarray, targets: np.ndarray, first: int, report: Report | None
) -> Simulation:
    simulation = how.simulation(len(stimuli))
    values = presented(simulation, stimuli, targets, how.tolerance, how.time_limit)
    values |= simulation.assembly.weights(how.parameters)
    numbers = range(first, first + len(stimuli))
    run(simulation, values, how.start, how.strength, report, (how.number, numbers))
    return simulation
