"""How time advances in a circuit: three ways to one fixed point.

``exponential_euler``
    Each compartment relaxes exactly towards its present input. Stable at any step, first order for the whole network.
``euler``
    First order; for tests of convergence order. Unstable for long steps: a mode of the cell that decays with the rate λ
    needs a step below 2/λ.
``settle``
    Euler with the step equal to every time constant: each compartment jumps to its goal, and the network is exactly at
    its fixed point after 3 · hidden + 1 steps (the sweep up, and two steps a layer down). Its times have no meaning.

Brian2's exact integrator is not offered: with equal time constants its poles coincide and it never settles.
"""

from __future__ import annotations

import math

import numpy as np

from dendrosim.errors import CircuitError
from dendrosim.model import Model

METHODS = {"exponential_euler": "exponential_euler", "euler": "euler", "settle": "euler"}

SETTLING_STEP = 1.0  # ms


def choose_integrator(name: str, model: Model, dt: float | None) -> tuple[str, float]:
    """Return the integrator and its time step in ms.

    Raises
    ------
    CircuitError
        The integrator is unknown, would never settle with these time constants, or is unstable at this step.
    """
    if name == "exact":
        raise CircuitError(
            "integrator 'exact' never settles where time constants are equal; use 'exponential_euler' instead."
        )
    if name not in METHODS:
        raise CircuitError(f"there is no integrator '{name}'; choose {', '.join(METHODS)}.")
    if name == "settle":
        if dt is not None:
            raise CircuitError("integrator 'settle' has no time step to choose; leave dt out.")
        if model.cell.settling() is None:
            raise CircuitError(
                f"cells of kind '{model.cell.kind}' do not settle in single steps; choose integrator "
                "'exponential_euler'."
            )
        return name, SETTLING_STEP
    shortest = min(tau for tau in model.cell.time_constants if tau > 0)
    step = shortest / 10 if dt is None else dt
    if not 0 < step < math.inf:
        raise CircuitError(f"a time step of {step:g} ms does not advance; choose a positive dt.")
    if name == "euler" and step >= (limit := largest_euler_step(model)):
        raise CircuitError(
            f"integrator 'euler' is unstable at a step of {step:g} ms with the modes of this cell; "
            f"choose dt below {limit:g} ms, or integrator 'exponential_euler'."
        )
    return name, step


def largest_euler_step(model: Model) -> float:
    """Return the step, ms, at which Euler's method becomes unstable for one cell: |1 − hλ| = 1 for one of its modes."""
    nudging = model.teacher.strength if model.teacher.kind == "nudged" else 0.0
    modes = np.concatenate([model.cell.rates(), model.cell.rates(nudging)])
    return float((2 * modes.real / np.abs(modes) ** 2).min())
