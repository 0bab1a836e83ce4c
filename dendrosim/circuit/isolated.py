"""Cells in no network, as a group of a Brian2 network of the user's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup, get_device, ms

from dendrosim.arrays import numbers
from dendrosim.cells import ActiveCell, ConductanceCell
from dendrosim.checks import milliseconds, shown, whole
from dendrosim.circuit.brian2_internals import NumpyCode, contain, runtime_device
from dendrosim.circuit.inputs import equations_of_inputs, open_equations
from dendrosim.circuit.noise import MembraneNoise, fluctuations, seeds_of
from dendrosim.circuit.requirements import MOST_STEPS
from dendrosim.circuit.units import quantities
from dendrosim.claims import memory_free
from dendrosim.errors import CircuitError

RUNGE_KUTTA_LIMIT = 2.785  # of step times rate: beyond it the fourth-order method amplifies a mode that decays


def isolated(
    cell: ConductanceCell | ActiveCell, count: int = 1, inputs: str = "", *, dt: Any = 0.1, seed: int = 0
) -> NeuronGroup:
    """Return cells at rest that hear from nobody but their inputs.

    NumPy runs them, by the fourth-order Runge-Kutta method.

    Parameters
    ----------
    cell : ConductanceCell or ActiveCell
        What each of them is, with its noise.
    count : int
        How many.
    inputs : str, optional
        Brian2 equations of inputs such as ``I_soma``, as of :meth:`Circuit.embed`; others hold what is written, in
        amperes.
    dt : float
        Time step in ms, or as a quantity of Brian2.
    seed : int
        Of their noise.

    Returns
    -------
    brian2.NeuronGroup
        With the potentials ``V_soma``, ... of the kind of cell. Active cells spike, and count what they send:
        ``event_count`` and ``burst_count``.

    Raises
    ------
    CircuitError
        There is no such cell, its inputs are none, the step is too long, or Brian2 generates code for a binary.

    Examples
    --------
    >>> import brian2 as b2
    >>> from dendrosim.cells import ActiveCell
    >>> cells = isolated(ActiveCell(noise=0.0), 2)
    >>> cells.I_soma = [0, 700] * b2.pA
    >>> b2.Network(cells).run(40 * b2.ms)
    >>> cells.event_count[:].tolist()
    [0.0, 1.0]
    """
    if not isinstance(cell, ConductanceCell | ActiveCell):
        raise CircuitError(f"{shown(cell)} cannot be isolated; give a ConductanceCell or an ActiveCell.")
    count, dt = whole(count, "the number of cells", 1, error=CircuitError), milliseconds(dt, "dt", CircuitError)
    seed = whole(seed, "the seed", error=CircuitError)
    if dt >= (limit := _longest_step(cell)):
        raise CircuitError(f"a step of {dt:g} ms cannot follow this cell; choose a positive dt below {limit:.3g} ms.")
    if get_device() is not runtime_device:
        raise CircuitError("isolated cells run from Python; call brian2.set_device('runtime') first.")
    population, clock = cell.alone(), Clock(dt * ms)
    group = NeuronGroup(
        count,
        open_equations(population, cell, equations_of_inputs(cell, inputs)),
        method="rk4",
        threshold=population.threshold or None,
        reset=population.reset or None,
        namespace=quantities(population.constants),
        clock=clock,
        codeobj_class=NumpyCode,
    )
    for variable, value in quantities(population.rest).items():
        setattr(group, variable, value)
    if population.evaluation:
        group.run_regularly(population.evaluation, clock=clock, when="start", codeobj_class=NumpyCode)
    for place, name in enumerate(fluctuations(group)):
        noise = MembraneNoise(group, name, 1, clock, NumpyCode)
        noise.variables["seeds"].set_value(seeds_of(seed, 0, place, range(1), 1).ravel())
        contain(group, noise)
    return group


def currents_of(given: Any, name: str, axes: int | None = None) -> np.ndarray:
    """Return currents, pA, as an array of finite numbers.

    Raises
    ------
    CircuitError
        They are none, or have another number of axes.
    """
    found = numbers(given, name, CircuitError)
    if not np.isfinite(found).all():
        raise CircuitError(f"{name} hold NaN or infinite values; give finite numbers of pA.")
    if axes is not None and (found.ndim != axes or not found.size):
        raise CircuitError(f"{name} have shape {found.shape}; give a list of numbers of pA.")
    return found


def time_steps(times: Mapping[str, Any], dt: Any, recorded: int) -> tuple[list[float], float]:
    """Return times and the time step in ms, after a look at what their recording would take.

    Parameters
    ----------
    times : mapping of str to float
        By what they are called, ms.
    dt : float
        Time step, ms.
    recorded : int
        How many numbers are kept in each step.

    Raises
    ------
    CircuitError
        One of them is no time, or so many steps take for ever or do not fit in memory.
    """
    dt = milliseconds(dt, "dt", CircuitError)
    found = [milliseconds(each, name, CircuitError, above=-math.inf, least=0.0) for name, each in times.items()]
    steps = sum(found) / dt
    if not steps < MOST_STEPS or 8 * recorded * steps > memory_free():
        raise CircuitError(f"{sum(found):g} ms in steps of {dt:g} ms are {steps:.1e} steps, too many; shorten them.")
    return found, dt


def _longest_step(cell: ConductanceCell | ActiveCell) -> float:
    """Return the step, ms, at which the method fails: for the fastest mode, or for a pulse that it would miss."""
    stable = RUNGE_KUTTA_LIMIT / float(cell.rates().real.max())
    return min(stable, cell.pulse_length) if isinstance(cell, ActiveCell) else stable
