"""What a simulation says at the end of a run: the state of its cells, and a recording."""

from __future__ import annotations

import numpy as np
import xarray as xr

from dendrosim.circuit.brian2_internals import ArrayVariable
from dendrosim.circuit.presentation import by_step
from dendrosim.circuit.simulation import Simulation
from dendrosim.circuit.spike_monitor import read_spikes
from dendrosim.circuit.units import unit
from dendrosim.errors import CircuitError
from dendrosim.recording.piece import piece

# An activity this large, of a network that still moves, is an instability of its time step or of its feedback.
RUNAWAY = 1e9

State = dict[str, dict[str, np.ndarray]]


def read_state(simulation: Simulation) -> State:
    """Return ``state[layer][variable]`` of shape (presentation, cell), or (presentation, step, cell) of a sequence."""
    assembly = simulation.assembly
    steps = (assembly.model.steps,) if assembly.model.is_sequence else ()
    shape = (*steps, assembly.presentations, -1)
    state: State = {}
    cell = assembly.model.cell
    names = dict.fromkeys([*cell.observables, cell.wiring.up, cell.wiring.down])  # local updates read what is sent
    for layer, group in assembly.layers.items():
        held = [name for name in names if isinstance(group.variables.get(name), ArrayVariable)]
        state[layer] = {name: by_step(simulation.read(group, name).reshape(shape), assembly.model) for name in held}
    for layer, population in assembly.populations.items():
        for name, terms in population.sums.items():
            state[layer][name] = sum(factor * state[layer][other] for other, factor in terms.items())
    return state


def refuse_runaway(simulation: Simulation, state: State) -> None:
    """Raise CircuitError if potentials of a network that has not converged are not finite, or out of all proportion."""
    convergence = simulation.assembly.convergence
    converged = (simulation.read(convergence, "settled") >= 0).all()
    for layer, variables in state.items():
        largest = max((float(np.abs(cells).max(initial=0.0)) for cells in variables.values()), default=0.0)
        if np.isfinite(largest) and (converged or largest < RUNAWAY):
            continue
        dt, end = float(convergence.clock.dt) * 1000, float(simulation.read(convergence, "duration")[0]) * 1000
        raise CircuitError(
            f"the potentials of layer '{layer}' ran away to {largest:.2g} within {end:.4g} ms, so that nothing of this "
            f"run can be used; choose a time step dt below {dt:g} ms, or check the weights and stimuli."
        )


def read_recording(simulation: Simulation, state: State, dt: float) -> xr.Dataset:
    """Return what the monitors recorded, with the state at the end as the last sample, and the spikes.

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
    neurons, observables = record.selection(model), model.cell.observables
    samples: dict[str, dict[str, np.ndarray]] = {name: {} for name in record.chosen(model)}
    time = np.empty(0)
    for layer, monitor in assembly.monitors.items():
        time = simulation.read(monitor, "t") * 1000
        shape = (-1, steps, assembly.presentations, len(neurons[layer]))
        for name in monitor.record_variables:
            recorded = simulation.read(monitor, name).reshape(shape)[: len(time)].transpose(2, 0, 1, 3)
            last = state[layer][name].reshape(assembly.presentations, steps, -1)[:, None, :, neurons[layer]]
            one = float(unit(observables[name].unit))
            samples[name][layer] = np.concatenate([recorded, last], axis=1) * (1 / one)
    end = float(simulation.read(assembly.convergence, "duration")[0]) * 1000 + dt
    settled = simulation.read(assembly.convergence, "settled").reshape(steps, -1) * 1000
    sampled = piece(
        time=np.append(time, end),
        samples=samples,
        observables=observables,
        neurons=neurons,
        steps=steps,
        settled=np.where((settled < 0).any(axis=0), np.nan, settled.max(axis=0)),
        residual=simulation.read(assembly.convergence, "residual").reshape(steps, -1).max(axis=0),
    )
    return sampled.assign(read_spikes(simulation))
