"""What electrodes in soma and dendrite would measure on active cells: spikes, bursts and plateaus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from brian2 import Network, SpikeMonitor, StateMonitor, TimedArray, ms, pA

from dendrosim.arrays import numbers
from dendrosim.cells.active import ActiveCell
from dendrosim.checks import of_kind, shown, whole
from dendrosim.circuit.brian2_internals import NumpyCode, runtime_device
from dendrosim.circuit.isolated import currents_of, isolated, time_steps
from dendrosim.circuit.target import active
from dendrosim.errors import CircuitError

SETTLED = 100.0  # ms until a cell that was put to E_L is at rest: its plateau is never quite closed
PULSE = (7000.0, 2.0)  # pA and ms of a somatic current that gives one spike, late in a train as well
_BAC_TIME = 100.0  # ms, for BAC firing
OPEN = 5.0  # ms that a plateau lasts after the last pulse, to be one
_TRACES = {"V_soma": "mV", "V_dendrite": "mV", "threshold": "mV", "plateau": "1"}
_LONG_NAMES = {
    "V_soma": "membrane potential of the soma",
    "V_dendrite": "membrane potential of the apical dendrite",
    "threshold": "threshold of the soma",
    "plateau": "calcium plateau f(V_dendrite)",
}


def stimulate(
    cell: ActiveCell, soma: np.ndarray, dendrite: np.ndarray, *, dt: float = 0.1, seed: int = 0
) -> xr.Dataset:
    """Inject currents of any course into soma and dendrite, and record potentials and spikes.

    Parameters
    ----------
    cell : ActiveCell
        With its noise; ``cell.model_copy(update={"noise": 0.0})`` has none.
    soma, dendrite : array of shape (trial, step)
        Currents in every time step, pA; each trial is a cell of its own.
    dt : float
        Time step of the fourth-order Runge-Kutta integration, ms.
    seed : int
        Of the noise.

    Returns
    -------
    xarray.Dataset
        V_soma, V_dendrite and threshold in mV, and the plateau, over (trial, time) in ms, at the beginning of each time
        step; and the number of spikes at the end of that step, ``spikes``.

    Raises
    ------
    CircuitError
        The currents do not fit each other, or the time step does not fit the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from dendrosim.cells import ActiveCell
    >>> current = np.full((1, 250), 700.0)
    >>> int(stimulate(ActiveCell(noise=0.0), current, 0 * current)["spikes"].sum())
    1
    """
    soma, dendrite = (
        currents_of(each, f"the currents into the {name}") for each, name in ((soma, "soma"), (dendrite, "dendrite"))
    )
    if soma.ndim != 2 or soma.shape != dendrite.shape or not soma.size:
        raise CircuitError(
            f"the currents have shapes {soma.shape} and {dendrite.shape}; give two arrays of shape (trial, step)."
        )
    cell = of_kind(cell, ActiveCell, "the cell", CircuitError)
    trials, steps = soma.shape
    _, dt = time_steps({}, dt, 0)
    with active(runtime_device, {}):
        cells = isolated(cell, trials, dt=dt, seed=seed)
        courses = {"course_soma": soma, "course_dendrite": dendrite}
        cells.namespace.update({name: TimedArray(each.T * pA, dt=dt * ms) for name, each in courses.items()})
        inject = "I_soma = course_soma(t, i)\nI_dendrite = course_dendrite(t, i)"
        cells.run_regularly(inject, clock=cells.clock, when="start", codeobj_class=NumpyCode)
        seen = StateMonitor(
            cells, list(_TRACES), record=True, clock=cells.clock, when="before_groups", codeobj_class=NumpyCode
        )
        fired = SpikeMonitor(cells, codeobj_class=NumpyCode)
        Network(cells, seen, fired).run(steps * dt * ms, namespace={})
        recorded = {name: np.array(getattr(seen, f"{name}_")) * _per_unit(unit) for name, unit in _TRACES.items()}
        recorded["spikes"] = np.zeros((trials, steps), dtype=int)
        recorded["spikes"][np.array(fired.i), np.rint(np.array(fired.t / ms) / dt).astype(int)] = 1
    dataset = xr.Dataset(
        {name: (("trial", "time"), each) for name, each in recorded.items()}, {"time": np.arange(steps) * dt}
    )
    dataset["time"].attrs = {"units": "ms", "long_name": "time"}
    for name, unit in _TRACES.items():
        dataset[name].attrs = {"units": unit, "long_name": _LONG_NAMES[name]}
    return dataset


def bac_firing(
    cell: ActiveCell,
    soma: tuple[float, float] = (700.0, 25.0),
    dendrite: tuple[float, float] = (700.0, 60.0),
    *,
    dt: float = 0.05,
) -> xr.Dataset:
    """Inject a step into the soma, into the dendrite, and into both at once: BAC firing.

    Source: Larkum, Zhu and Sakmann, Nature 1999.

    Parameters
    ----------
    cell : ActiveCell
        The cell; its noise is left out.
    soma, dendrite : tuple of float
        Amplitude, pA, and length, ms, of the step into each.
    dt : float
        Time step, ms.

    Returns
    -------
    xarray.Dataset
        As of :func:`stimulate`, with the trials ``soma``, ``dendrite`` and ``both``; time is zero at the onset.
    """
    for name, step in (("the step into the soma", soma), ("the step into the dendrite", dendrite)):
        if currents_of(step, name, axes=1).shape != (2,):
            raise CircuitError(f"{name} is {shown(step)}; give its amplitude in pA and its length in ms.")
    _, dt = time_steps({"the time": _BAC_TIME}, dt, 3 * len(_TRACES))
    time = np.arange(round(_BAC_TIME / dt)) * dt
    steps = [np.where(time < length, amplitude, 0.0) for amplitude, length in (soma, dendrite)]
    silent = np.zeros_like(time)
    found = stimulate(
        _quiet(cell), np.stack([steps[0], silent, steps[0]]), np.stack([silent, steps[1], steps[1]]), dt=dt
    )
    return found.assign_coords(trial=["soma", "dendrite", "both"])


def spike_train(
    cell: ActiveCell,
    frequencies: Sequence[float] | np.ndarray,
    *,
    spikes: int = 4,
    dt: float = 0.05,
    after: float = 120.0,
) -> xr.Dataset:
    """Evoke trains of somatic spikes of several frequencies by brief pulses, and see what the dendrite does.

    Parameters
    ----------
    cell : ActiveCell
        The cell; its noise is left out.
    frequencies : sequence of float
        Pulses per second, Hz; each is a trial.
    spikes : int
        Number of pulses.
    dt : float
        Time step, ms.
    after : float
        How long to record after the last pulse of the slowest train, ms.

    Returns
    -------
    xarray.Dataset
        As of :func:`stimulate`, with the frequencies as trials; time is zero at the first pulse, and ``last`` is the
        onset of the last one.
    """
    rates = numbers(frequencies, "the frequencies", CircuitError)
    amplitude, length = PULSE
    if rates.ndim != 1 or not rates.size or not (rates > 0).all() or (1000 / rates < length).any():
        raise CircuitError(
            f"the frequencies are not all above 0 and below {1000 / length:g} Hz; give those of a train."
        )
    pulses = whole(spikes, "spikes", 1, error=CircuitError)
    lasting = {"the time before": SETTLED, "the train": 1000 * pulses / rates.min(), "the time after it": after}
    (*_, after), dt = time_steps(lasting, dt, len(rates) * len(_TRACES))
    onsets = np.arange(pulses)[None, :] * 1000 / rates[:, None]
    time = np.arange(round((SETTLED + onsets.max() + after) / dt)) * dt - SETTLED
    since = time[None, None, :] - np.round(onsets / dt)[:, :, None] * dt
    current = amplitude * ((since > -dt / 2) & (since < length - dt / 2)).any(axis=1)
    found = stimulate(_quiet(cell), current, np.zeros_like(current), dt=dt)
    return found.assign_coords(trial=rates, time=time, last=("trial", onsets[:, -1])).rename(trial="frequency")


def plateau_time(train: xr.Dataset) -> xr.DataArray:
    """Return how long, ms, the plateau of each train is more than half open after the onset of the last pulse."""
    open_later = (train["plateau"] > 0.5) & (train["time"] >= train["last"])
    dt = float(train["time"][1] - train["time"][0])
    return (open_later.sum("time") * dt).assign_attrs(units="ms", long_name="plateau after the last pulse")


def critical_frequency(cell: ActiveCell, *, spikes: int = 4, highest: int = 200) -> float:
    """Return the frequency, Hz, above which a train of somatic spikes opens the plateau; NaN where none does.

    Back-propagating spikes sum up in the dendrite, as Larkum, Kaiser and Sakmann (PNAS 1999) found. Open is what lasts
    for more than 5 ms after the last pulse, longer than the last spike alone.

    Parameters
    ----------
    cell : ActiveCell
        The cell; its noise is left out.
    spikes : int
        Of a train.
    highest : int
        Frequency up to which whole numbers from 20 Hz are tried, Hz.

    Examples
    --------
    >>> from dendrosim.cells import ActiveCell
    >>> critical_frequency(ActiveCell(pulse=0.0), highest=60)
    nan
    """
    frequencies = np.arange(20.0, whole(highest, "highest", 21, error=CircuitError) + 1)
    opened = (plateau_time(spike_train(cell, frequencies, spikes=spikes, dt=0.1, after=40.0)) > OPEN).values
    return float(frequencies[opened.argmax()]) if opened.any() else float("nan")


def back_propagation(cell: ActiveCell) -> float:
    """Return by how much, mV, a single somatic spike depolarises the dendrite."""
    train = spike_train(cell, [20.0], spikes=1, after=15.0)["V_dendrite"][0]
    return float(train.max() - train.sel(time=0.0, method="nearest"))


def _per_unit(unit: str) -> float:
    return 1e3 if unit == "mV" else 1.0


def _quiet(cell: ActiveCell) -> ActiveCell:
    return of_kind(cell, ActiveCell, "the cell", CircuitError).model_copy(update={"noise": 0.0})
