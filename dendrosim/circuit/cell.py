"""What a layer of cells is in Brian2, and the rate cell.

A hidden rate cell (time constants of `Model.cell`, in ms):

========  ==========================================  =====================================================
symbol    equation                                    meaning
========  ==========================================  =====================================================
drive     z = W u_below + b                           synaptic drive of the basal dendrite (projection)
basal     τ_basal du/dt = f(z) − u                    basal dendrite: the bottom-up prediction
apical    τ_apical da/dt = Θ^T δ_above − a            apical dendrite: the top-down error (projection)
soma      τ_soma dx/dt = (u + a) − x                  soma
error     ξ = x − u                                   local error, read off the cell itself
delta     δ = ξ f'(z)                                 what the cell sends down to the apical dendrites below
========  ==========================================  =====================================================

All states are dimensionless activities. An output cell has no apical dendrite: its soma is clamped to
u + β(target − u) by the teacher, or moves there with τ_soma when it is nudged, and its δ is ξ, because output
nonlinearity and loss are a canonical pair. Without a target β is 0. Source: Lv et al., ICML 2025, in the
continuous-time form of the project.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from brian2 import ms

from dendrosim.model import ACTIVATIONS, Model

INPUT = "basal : 1"

_COMMON = """
drive : 1
prediction : 1
delta : 1
dbasal/dt = (prediction - basal)/tau_basal : 1
error : 1
"""

# Where the teacher puts the output soma, or moves it to.
TAUGHT = "basal + teacher*(target - basal)"

# With a canonical pair of output and loss the factor f' is 1.
OUTPUT_ERROR = ("error = soma - basal", "delta = error")


@dataclass(frozen=True)
class Cells:
    """Equations of the cells of one layer.

    Attributes
    ----------
    equations : str
        Brian2 equations of the state.
    evaluation : str
        Brian2 code that is run in every time step once the drive is known.
    derivatives : list of dict
        τ d·/dt of each compartment, as variables with factors 1 or -1; the slowest first, because the test of
        convergence looks at a cell that moves no longer than needed.
    namespace : dict
        Constants with units.
    readout : str
        Brian2 code that reads ``basal``, ``apical`` and ``soma`` off potentials in mV; empty where these are the state.
    rest : dict
        Initial values other than zero, with units.
    """

    equations: str
    evaluation: str
    derivatives: list[dict[str, float]]
    namespace: dict[str, Any] = field(default_factory=dict)
    readout: str = ""
    rest: dict[str, Any] = field(default_factory=dict)


def hidden_cells(model: Model) -> Cells:
    """Return the equations of a hidden layer."""
    evaluation = hidden_evaluation(model)
    derivatives = [{"basal": 1.0, "apical": 1.0, "soma": -1.0}, {"prediction": 1.0, "basal": -1.0}]
    equations = _COMMON + "feedback : 1\ndsoma/dt = (basal + apical - soma)/tau_soma : 1\n"
    if model.cell.tau_apical > 0:
        equations += "dapical/dt = (feedback - apical)/tau_apical : 1\n"
        derivatives.append({"feedback": 1.0, "apical": -1.0})
    else:
        equations += "apical = feedback : 1\n"
        derivatives[0] = {"basal": 1.0, "feedback": 1.0, "soma": -1.0}
    return Cells(equations, evaluation, derivatives, _namespace(model))


def output_cells(model: Model) -> Cells:
    """Return the equations of the output layer."""
    equations = _COMMON + "target : 1\nteacher : 1\n"
    derivatives = [{"prediction": 1.0, "basal": -1.0}]
    evaluation = [] if model.output == "softmax" else ["prediction = drive"]
    if model.teacher.kind == "clamped":
        equations += "soma : 1\n"
        evaluation += [f"soma = {TAUGHT}", *OUTPUT_ERROR]
    else:
        equations += "dsoma/dt = (aim - soma)/tau_soma : 1\naim : 1\n"
        evaluation += [f"aim = {TAUGHT}", *OUTPUT_ERROR]
        derivatives.insert(0, {"aim": 1.0, "soma": -1.0})
    return Cells(equations, "\n".join(evaluation), derivatives, _namespace(model))


def hidden_evaluation(model: Model) -> str:
    """Return the code that evaluates f(z) and δ of a hidden cell of either kind."""
    activation = ACTIVATIONS[model.activation]
    return f"prediction = {activation.brian}\nerror = soma - basal\ndelta = error*({activation.brian_slope})"


def _namespace(model: Model) -> dict[str, Any]:
    cell = model.cell
    return {name: getattr(cell, name) * ms for name in ("tau_soma", "tau_basal", "tau_apical")}
