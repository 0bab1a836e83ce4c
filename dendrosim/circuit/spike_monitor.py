"""Recording the spikes of chosen neurons: an event of their layer, and Brian2's monitor of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from brian2 import EventMonitor, NeuronGroup

from dendrosim.cells import Population
from dendrosim.circuit.target import Target
from dendrosim.recording.spikes import bursts_by_interval, spike_table

EVENT = "recorded_spike"
_CHOSEN = "spikes_are_recorded"
FLAG = f"{_CHOSEN} : boolean (constant)\n"
"""Equation of what says of each neuron whether its spikes are recorded."""


def recorded_event(population: Population) -> dict[str, str]:
    """Return the Brian2 event of a recorded neuron that sends spikes.

    Brian2 looks for it after the thresholds and before the resets, so that a threshold still holds.
    """
    return {EVENT: f"({population.event}) and {_CHOSEN}"}


def spike_monitor(layer: NeuronGroup, population: Population, recorded: np.ndarray, target: Target) -> EventMonitor:
    """Return the monitor of a layer with that event.

    Parameters
    ----------
    layer : NeuronGroup
        The cells.
    population : Population
        Their equations; what is drawn in a time step is recorded with its number.
    recorded : array of int
        Places of the recorded neurons in the group.
    target : Target
        Where its code will run.
    """
    chosen = np.zeros(len(layer), dtype=bool)
    chosen[recorded] = True
    setattr(layer, _CHOSEN, chosen)
    counts = list(population.spikes.counts) if population.spikes is not None else None
    return EventMonitor(layer, EVENT, counts, name=f"{layer.name}_spike_monitor", codeobj_class=target.cells)


def read_spikes(simulation: Any) -> dict[str, xr.Variable]:
    """Return what the monitors recorded as the tables of :mod:`dendrosim.recording.spikes`.

    Parameters
    ----------
    simulation : Simulation
        After a run.
    """
    assembly = simulation.assembly
    tables: dict[str, xr.Variable] = {}
    for layer, monitor in assembly.spike_monitors.items():
        columns = _columns(simulation, monitor, assembly.populations[layer], len(assembly.layers[layer]))
        tables |= spike_table(layer, columns)
    return tables


def _columns(simulation: Any, monitor: EventMonitor, population: Population, size: int) -> Mapping[str, np.ndarray]:
    assembly = simulation.assembly
    place, time = simulation.read(monitor, "i"), simulation.read(monitor, "t") * 1000
    row, neuron = np.divmod(place, size // assembly.rows)
    step, presentation = np.divmod(row, assembly.presentations)
    order = np.lexsort((place, time, presentation))  # a GPU leaves those of one time step in any order
    columns = {"time": time, "neuron": neuron, "presentation": presentation, "step": step}
    columns = {name: column[order] for name, column in columns.items()}
    if population.spikes is None:
        burst, event = bursts_by_interval(time[order], place[order], assembly.model.cell.burst_interval)
        return columns | {"burst": burst, "event": event, "count": np.ones(len(order))}
    drawn = {name: simulation.read(monitor, name)[order] for name in population.spikes.counts}
    bursts = drawn.pop(population.spikes.bursts, 0 * time)
    counts = np.stack([np.sum(list(drawn.values()), axis=0), bursts], axis=1)
    sent, is_burst = np.nonzero(counts)
    columns = {name: column[sent] for name, column in columns.items()}
    return columns | {"burst": is_burst, "event": np.ones(len(sent)), "count": counts[sent, is_burst]}
