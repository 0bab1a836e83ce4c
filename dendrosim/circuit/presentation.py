"""One batch of presentations: what is held, and from where the cells begin to move."""

from __future__ import annotations

import numpy as np

from dendrosim.circuit.report import Report
from dendrosim.circuit.simulation import Simulation, Values
from dendrosim.model import Model


def presented(
    simulation: Simulation, stimuli: np.ndarray, targets: np.ndarray, tolerance: float, time_limit: float
) -> Values:
    """Return the arrays of a circuit that hold stimuli and targets until local convergence.

    Parameters
    ----------
    simulation : Simulation
        Of as many presentations.
    stimuli, targets : array of shape (presentation, ...)
        What is held.
    tolerance : float
        Of local convergence.
    time_limit : float
        ms.
    """
    assembly, ports = simulation.assembly, simulation.assembly.model.cell.wiring
    return {
        (assembly.layers["input"], ports.up): by_step(stimuli, assembly.model),
        (assembly.layers["output"], ports.target): by_step(targets, assembly.model),
        # A cell without a fixed point is never below it.
        (assembly.convergence, "tolerance"): np.array([tolerance if assembly.model.cell.settles else 0.0]),
        (assembly.convergence, "limit"): np.array([time_limit / 1000]),
        (assembly.convergence, "stop"): np.ones(1),
        (assembly.convergence, "settled"): np.full(assembly.rows, -1.0),
    }


def run(
    simulation: Simulation,
    values: Values,
    start: str,
    strength: float,
    report: Report | None,
    which: tuple[int, range],
) -> None:
    """Run from rest, or from where the stimuli alone have led, with a teacher of this strength.

    Parameters
    ----------
    simulation : Simulation
        What runs.
    values : Values
        Its arrays.
    start : {"rest", "settled"}
        Where it begins.
    strength : float
        Of the teacher, once it begins.
    report : callable, optional
        See :meth:`dendrosim.circuit.Circuit.relax`.
    which : tuple of int and range
        Number of the run, and of its presentations, which decide on their membrane noise.
    """
    number, presentations = which
    if start == "settled":
        simulation.run(values | simulation.assembly.seeds(presentations, number, 0))
        values |= {(group, name): simulation.read(group, name) for group, name in simulation.assembly.potentials()}
    output = simulation.assembly.layers["output"]
    values[output, simulation.assembly.model.cell.wiring.teacher] = np.full(len(output), strength)
    simulation.run(values | simulation.assembly.seeds(presentations, number, 1), report)


def by_step(cells: np.ndarray, model: Model) -> np.ndarray:
    """Exchange (presentation, step, ...) and the rows of the circuit: all presentations of a step side by side."""
    return np.swapaxes(cells, 0, 1) if model.is_sequence else cells
