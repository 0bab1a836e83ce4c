"""What an electrode would measure on one conductance cell: current clamp in Brian2, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from brian2 import Network, StateMonitor, ms, mV, pA

from dendrosim.arrays import numbers
from dendrosim.cells.conductance import COMPARTMENTS, ConductanceCell
from dendrosim.checks import choice, of_kind
from dendrosim.circuit.brian2_internals import NumpyCode, runtime_device
from dendrosim.circuit.isolated import currents_of, isolated, time_steps
from dendrosim.circuit.target import active
from dendrosim.errors import CircuitError

BASELINE_RATE = 50.0  # Hz at x = 0 of a cell whose activity has either sign, r = r₀ (1 + x)
MAXIMAL_RATE = 150.0  # Hz at x = 1 of a cell whose activity is in [0, 1], r = r_max x; Urbanczik and Senn 2014

_TEST_CURRENT = 10.0  # pA; the cell is linear, so any current gives the same resistances
_LONG = 20.0  # slowest time constants until a potential is steady, to e⁻²⁰


def current_clamp(
    cell: ConductanceCell,
    currents: Sequence[float],
    compartment: str = "soma",
    *,
    before: float = 20.0,
    step: float = 120.0,
    after: float = 60.0,
    dt: float = 0.1,
) -> xr.Dataset:
    """Inject steps of constant current into one compartment and record all three potentials.

    Parameters
    ----------
    cell : ConductanceCell
        The cell; its membrane noise is left out.
    currents : sequence of float
        Amplitudes of the steps, pA; each is an experiment of its own.
    compartment : {"soma", "basal", "apical"}
        Where the current flows in.
    before, step, after : float
        Time before, during and after the step, ms.
    dt : float
        Step of the fourth-order Runge-Kutta integration, ms.

    Returns
    -------
    xarray.Dataset
        V_soma, V_basal and V_apical in mV over (current, time); time is zero at the onset of the step.

    Raises
    ------
    CircuitError
        There is no such compartment, a number is none, or the step is too long for the modes of the cell.
    """
    compartment = choice(compartment, "the compartment to inject into", COMPARTMENTS, CircuitError)
    amplitudes = currents_of(currents, "the currents", axes=1)
    quiet = of_kind(cell, ConductanceCell, "the cell", CircuitError).model_copy(update={"noise": 0.0})
    times = {"the time before the step": before, "the step": step, "the time after the step": after}
    (before, step, after), dt = time_steps(times, dt, len(COMPARTMENTS) * len(amplitudes))
    with active(runtime_device, {}):
        cells = isolated(quiet, len(amplitudes), dt=dt)
        potentials = [f"V_{name}" for name in COMPARTMENTS]
        monitor = StateMonitor(cells, potentials, record=True, clock=cells.clock, codeobj_class=NumpyCode)
        network = Network(cells, monitor)
        for duration, injected in ((before, 0.0), (step, amplitudes), (after, 0.0)):
            setattr(cells, f"I_{compartment}", injected * pA)
            network.run(duration * ms, namespace={})
        recorded = {name: (("current", "time"), np.array(getattr(monitor, name) / mV)) for name in potentials}
        time = np.array(monitor.t / ms) - before
    dataset = xr.Dataset(recorded, {"current": amplitudes, "time": time})
    dataset["current"].attrs = {"units": "pA", "long_name": f"current into the {compartment}"}
    dataset["time"].attrs = {"units": "ms", "long_name": "time since the onset of the step"}
    for name in potentials:
        dataset[name].attrs = {"units": "mV", "long_name": f"membrane potential of the {name.removeprefix('V_')}"}
    dataset.attrs = {"compartment": compartment, "step": step, "coupling": cell.coupling}
    return dataset


def input_resistance(cell: ConductanceCell, compartment: str = "soma") -> float:
    """Return the steady deflection of a compartment per current into itself, MΩ."""
    return _deflections(cell, compartment)[compartment] / _TEST_CURRENT * 1e3


def transfer_ratio(cell: ConductanceCell, dendrite: str) -> float:
    """Return the steady deflection of the soma per deflection of a dendrite that receives a current.

    This is the steady-state voltage transfer ratio V_soma/V_dendrite; the attenuation is its inverse.
    """
    deflections = _deflections(cell, choice(dendrite, "the dendrite", COMPARTMENTS, CircuitError))
    return deflections["soma"] / deflections[dendrite]


def membrane_time_constant(cell: ConductanceCell) -> float:
    """Return the time constant, ms, with which the soma falls back to rest late after a somatic step.

    Late is where 1/1000 to 1/100,000 of the deflection is left, so that only the slowest mode remains.
    """
    settle = _LONG * _slowest(cell)
    clamp = current_clamp(cell, [_TEST_CURRENT], before=0.0, step=settle, after=settle)
    decay = clamp["V_soma"][0].sel(time=slice(settle, None)) - cell.resting_potential
    left = (decay / decay[0]).values
    late = (left < 1e-3) & (left > 1e-5)
    slope = np.polyfit(clamp["time"].sel(time=slice(settle, None)).values[late], np.log(left[late]), 1)[0]
    return float(-1 / slope)


def firing_rate(cell: ConductanceCell, activation: str, potential: np.ndarray) -> np.ndarray:
    """Return the rate, Hz, that stands for a somatic potential, mV, limited to what the activity allows.

    tanh: r = r₀ (1 + x) between 0 and 2 r₀; sigmoid: r = r_max x between 0 and r_max; x = (V − E_L)/S.

    Raises
    ------
    CircuitError
        The activation has no bounds that a rate could have.
    """
    cell = of_kind(cell, ConductanceCell, "the cell", CircuitError)
    x = (numbers(potential, "the potentials", CircuitError) - cell.resting_potential) / cell.scale
    if choice(activation, "the activation of bounded rates", ("tanh", "sigmoid"), CircuitError) == "tanh":
        return BASELINE_RATE * np.clip(1 + x, 0, 2)
    return MAXIMAL_RATE * np.clip(x, 0, 1)


def rate_curve(
    cell: ConductanceCell, currents: Sequence[float], activation: str = "tanh", compartment: str = "soma"
) -> xr.DataArray:
    """Return the steady firing rate, Hz, of each injected current, pA: the f-I curve.

    Parameters
    ----------
    cell, currents, compartment
        See :func:`current_clamp`.
    activation : {"tanh", "sigmoid"}
        See :func:`firing_rate`.
    """
    firing_rate(cell, activation, np.zeros(1))  # before anything is simulated
    clamp = current_clamp(cell, currents, compartment, before=0.0, step=_LONG * _slowest(cell), after=0.0)
    rate = firing_rate(cell, activation, clamp["V_soma"][:, -1].values)
    attributes = {"units": "Hz", "long_name": "firing rate"}
    return xr.DataArray(rate, {"current": clamp["current"]}, ["current"], "rate", attributes)


def _deflections(cell: ConductanceCell, compartment: str) -> dict[str, float]:
    """Return the steady deflections, mV, of all compartments for the test current into one."""
    clamp = current_clamp(cell, [_TEST_CURRENT], compartment, before=0.0, step=_LONG * _slowest(cell), after=0.0)
    return {name: float(clamp[f"V_{name}"][0, -1]) - cell.resting_potential for name in COMPARTMENTS}


def _slowest(cell: ConductanceCell) -> float:
    """Return the slowest time constant of the tree, ms, to know how long an experiment has to be."""
    cell = of_kind(cell, ConductanceCell, "the cell", CircuitError)
    rates = np.linalg.eigvals(cell.conductances / cell.capacitances[:, None])
    return float(1 / rates.real.min())
