"""What active cells make of two currents under noise: a rate of events and a share of bursts, and the code in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from brian2 import Network, ms, pA

from dendrosim.cells.active import ActiveCell
from dendrosim.checks import of_kind, whole
from dendrosim.circuit.brian2_internals import runtime_device
from dendrosim.circuit.isolated import currents_of, isolated, time_steps
from dendrosim.circuit.target import active
from dendrosim.errors import CircuitError

BEFORE = 300.0  # ms until cells that start at rest fire at their rate: three times their slowest adaptation
_STEP = 0.2  # ms, that of a circuit
_STEADY = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)  # of f(z) and of δ*


def burst_curves(
    cell: ActiveCell,
    soma: Sequence[float] | np.ndarray,
    dendrite: Sequence[float] | np.ndarray,
    *,
    cells: int = 100,
    duration: float = 1000.0,
    dt: float = 0.1,
    seed: int = 0,
) -> xr.Dataset:
    """Hold currents into somata and dendrites and count events and bursts, for each pair of currents.

    Parameters
    ----------
    cell : ActiveCell
        With its noise.
    soma, dendrite : sequence of float
        Currents, pA; each of the one is held with each of the other.
    cells : int
        How many cells there are for each pair.
    duration : float
        How long they are counted, ms.
    dt : float
        Time step, ms.
    seed : int
        Of the noise.

    Returns
    -------
    xarray.Dataset
        ``event_rate`` in Hz and ``burst_probability`` over (soma, dendrite), and the numbers that they come from:
        ``events`` and ``bursts`` of all cells together.

    Raises
    ------
    CircuitError
        A number is none, or the time step does not fit the cell.

    Examples
    --------
    >>> from dendrosim.cells import ActiveCell
    >>> curves = burst_curves(ActiveCell(), [300.0], [0.0, 300.0], cells=20, duration=500.0)
    >>> bool(curves["burst_probability"][0, 0] < curves["burst_probability"][0, 1])
    True
    """
    count = whole(cells, "the number of cells", 1, error=CircuitError)
    (duration,), dt = time_steps({"the duration": duration}, dt, 0)
    soma = currents_of(soma, "the currents into the soma", axes=1)
    dendrite = currents_of(dendrite, "the currents into the dendrite", axes=1)
    cell = of_kind(cell, ActiveCell, "the cell", CircuitError)
    pairs = np.array(np.meshgrid(soma, dendrite, indexing="ij"))
    with active(runtime_device, {}):
        group = isolated(cell, count * pairs[0].size, dt=dt, seed=seed)
        group.I_soma, group.I_dendrite = np.repeat(pairs.reshape(2, -1), count, axis=1) * pA
        network = Network(group)
        network.run(BEFORE * ms, namespace={})
        begun = [np.array(getattr(group, name)) for name in ("event_count", "burst_count")]
        network.run(duration * ms, namespace={})
        ended = [np.array(getattr(group, name)) for name in ("event_count", "burst_count")]
    events, bursts = (np.array(ended) - begun).reshape(2, *pairs.shape[1:], -1).sum(axis=-1)
    shares = np.divide(bursts, events, out=np.full(events.shape, np.nan), where=events > 0)
    found = {
        "event_rate": (events / count / duration * 1000, "Hz", "rate of events"),
        "burst_probability": (shares, "1", "share of bursts among events"),
        "events": (events, "1", "events of all cells"),
        "bursts": (bursts, "1", "bursts of all cells"),
    }
    dataset = xr.Dataset(
        {name: (("soma", "dendrite"), each, {"units": u, "long_name": n}) for name, (each, u, n) in found.items()},
        {"soma": soma, "dendrite": dendrite},
        {"cells": count, "duration": duration},
    )
    for name in ("soma", "dendrite"):
        dataset[name].attrs = {"units": "pA", "long_name": f"current into the {name}"}
    return dataset


def calibrated(cell: ActiveCell, *, cells: int = 200, duration: float = 1000.0, seed: int = 0) -> ActiveCell:
    """Return the cell with r0, r1, p0 and p1 as measured on it; see :mod:`dendrosim.cells.active`.

    Parameters
    ----------
    cell : ActiveCell
        Its currents I_s0, G_s, I_d0 and G_d say which part of its curves the code is.
    cells, duration, seed
        See :func:`burst_curves`; for each of the 17 pairs of currents.

    Raises
    ------
    CircuitError
        Its events do not rise with f(z), or its bursts not with δ*.
    """
    steps = np.array(_STEADY)
    cell = of_kind(cell, ActiveCell, "the cell", CircuitError)
    soma, dendrite = cell.soma_current + cell.soma_gain * steps, cell.dendrite_current + cell.dendrite_gain * steps
    up = burst_curves(cell, soma, [cell.dendrite_current], cells=cells, duration=duration, dt=_STEP, seed=seed)
    down = burst_curves(cell, [cell.soma_current], dendrite, cells=cells, duration=duration, dt=_STEP, seed=seed)
    gain, base_rate = np.polyfit(steps, up["event_rate"].values[:, 0], 1)
    base_probability = float(up["bursts"].sum() / up["events"].sum())
    beyond = (down["burst_probability"] - base_probability) * down["event_rate"]
    slope = np.polyfit(steps, beyond.values[0], 1)[0]
    if not (gain > 0 and slope > 0):
        raise CircuitError(
            f"over its currents the events of this cell change by {gain:.3g} Hz and its bursts by {slope:.3g} Hz where "
            "both have to rise; choose other soma_current, soma_gain, dendrite_current and dendrite_gain."
        )
    code = {"base_rate": base_rate, "gain": gain, "base_probability": base_probability, "burst_gain": slope / gain}
    return cell.model_copy(update={name: float(value) for name, value in code.items()})
