"""What a simulation says at the end of a run: the state of its cells, and a recording."""

from __future__ import annotations

import numpy as np
import xarray as xr
from brian2.core.variables import ArrayVariable

from dendrosim.circuit.simulation import Simulation
from dendrosim.recording.record import POTENTIALS, VARIABLES
from dendrosim.recording.recording import piece

# Variables that can be recorded and are held as arrays; the rest follows from these.
STATES = ("basal", "apical", "soma", *POTENTIALS, "drive", "prediction", "feedback", "delta")

State = dict[str, dict[str, np.ndarray]]


def read_state(simulation: Simulation) -> State:
    """Return ``state[layer][variable]`` of shape (presentation, cell), or (presentation, step, cell) of a sequence."""
    assembly = simulation.assembly
    shape = (assembly.model.steps, assembly.presentations, -1)
    state: State = {}
    for layer, group in assembly.layers.items():
        held = [name for name in STATES if isinstance(group.variables.get(name), ArrayVariable)]
        by_step = {name: simulation.read(group, name).reshape(shape) for name in held}
        state[layer] = {
            name: cells[0] if len(cells) == 1 else np.swapaxes(cells, 0, 1) for name, cells in by_step.items()
        }
        if "feedback" in held:
            state[layer].setdefault("apical", state[layer]["feedback"])
        if layer != "input":
            state[layer]["error"] = state[layer]["soma"] - state[layer]["basal"]
    return state


def read_recording(simulation: Simulation, state: State, dt: float) -> xr.Dataset:
    """Return what the monitors recorded, with the state at the end as the last sample.

    Parameters
    ----------
    simulation : Simulation
        After a run.
    state : State
        Its state, from :func:`read_state`.
    dt : float
        Its time step, ms.
    """
    assembly = simulation.assembly
    model, record, steps = assembly.model, assembly.record, assembly.model.steps
    neurons = record.selection(model)
    samples: dict[str, dict[str, np.ndarray]] = {name: {} for name in record.chosen(model)}
    time = np.empty(0)
    for layer, monitor in assembly.monitors.items():
        time = simulation.read(monitor, "t") * 1000
        shape = (-1, steps, assembly.presentations, len(neurons[layer]))
        for name in monitor.record_variables:
            recorded = simulation.read(monitor, name).reshape(shape)[: len(time)].transpose(2, 0, 1, 3)
            last = state[layer][name].reshape(assembly.presentations, steps, -1)[:, None, :, neurons[layer]]
            samples[name][layer] = np.concatenate([recorded, last], axis=1) * VARIABLES[name].scale
    end = float(simulation.read(assembly.convergence, "duration")[0]) * 1000 + dt
    settled = simulation.read(assembly.convergence, "settled").reshape(steps, -1) * 1000
    return piece(
        time=np.append(time, end),
        samples=samples,
        neurons=neurons,
        steps=steps,
        settled=np.where((settled < 0).any(axis=0), np.nan, settled.max(axis=0)),
        motion=simulation.read(assembly.convergence, "motion").reshape(steps, -1).max(axis=0),
    )
