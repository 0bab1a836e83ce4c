"""The conductance cell: a passive tree of soma, basal and apical dendrite, in mV, nS, pF and ms.

========  ===============================================================  =========================================
symbol    equation                                                         meaning
========  ===============================================================  =========================================
V_soma    C dV_s/dt = −g_L(V_s−E_L) + g_B(V_B−V_s) + g_A(V_A−V_s)           soma
V_basal   C_B dV_B/dt = −g_LB(V_B−E_L) + I_B  [− g_B(V_B−V_s)]              basal dendrite; [ ] only coupled two ways
V_apical  C_A dV_A/dt = −g_LA(V_A−E_L) + I_A  [− g_A(V_A−V_s)]              apical dendrite
I_basal   I_B = S f(z)/Z_sB                                                synaptic current of the basal dendrite
I_apical  I_A = S Θ^T δ_above/Z_sA                                         synaptic current of the apical dendrite
basal     u = (Z_sB/S) [g_LB(V_B−E_L) + [g_B(V_B−V_s)]]                     what leaves the dendrite, as an activity
apical    a = (Z_sA/S) [g_LA(V_A−E_L) + [g_A(V_A−V_s)]]                     likewise
soma      x = (V_s−E_L)/S                                                  the soma's deviation from rest
========  ===============================================================  =========================================

Z = G⁻¹ is the inverse of the conductance matrix (`ConductanceCell.conductances`). Row s of Z G = 1 turns these into
the equations of the rate cell, exactly and at all times:

    C_B (Z_sB/S) dV_B/dt = f(z) − u,    C_A (Z_sA/S) dV_A/dt = Θ^T δ − a,    C (Z_ss/S) dV_s/dt = u + a − x

so the fixed point is V_s = E_L + S (f(z) + Θ^T δ) with either coupling. Coupled one way u, a and x are V_B, V_A and V_s
but for a factor, and the cell is the rate cell with τ = C/g_tot, C_B/g_LB and C_A/g_LA. Coupled two ways a moving
soma disturbs u and a for a while, because its current goes into the dendrites. That closes a loop through the layers
above: a deep or recurrent network may then ring for seconds before it settles, and a time step that is not short
against the time constants may turn the ringing into an oscillation.

The output cell has the same tree, but no synapses on its apical dendrite. A clamped soma is a voltage clamp; a nudged
one receives the current β S (target − u)/Z_ss. Membrane noise is a white current into the soma, σ √(2/τ_soma) per C,
held for one time step (circuit/noise.py).
"""

from __future__ import annotations

from typing import Any

from brian2 import ms, mV, nS, pF

from dendrosim.circuit.cell import OUTPUT_ERROR, TAUGHT, Cells, hidden_evaluation
from dendrosim.circuit.noise import VARIABLE as NOISE
from dendrosim.model import Model
from dendrosim.model.cell import COMPARTMENTS, ConductanceCell

_COMMON = """
I_basal = scale*prediction/Z_basal : amp
drive : 1
prediction : 1
delta : 1
basal : 1
apical : 1
soma : 1
error : 1
"""
_BASAL = {"prediction": 1.0, "basal": -1.0}


def hidden_cells(model: Model) -> Cells:
    """Return the equations of a hidden layer."""
    cell = _conductance_cell(model)
    currents = "I_soma = 0*amp : amp\nI_apical = scale*feedback/Z_apical : amp\nfeedback : 1\n"
    derivatives = [{"basal": 1.0, "apical": 1.0, "soma": -1.0}, {"feedback": 1.0, "apical": -1.0}, _BASAL]
    return _cells(cell, membrane(cell) + currents, hidden_evaluation(model), derivatives, _readout(cell))


def output_cells(model: Model) -> Cells:
    """Return the equations of the output layer."""
    cell = _conductance_cell(model)
    clamped = model.teacher.kind == "clamped"
    equations = membrane(cell, clamped) + "I_apical = 0*amp : amp\ntarget : 1\nteacher : 1\n"
    evaluation = [] if model.output == "softmax" else ["prediction = drive"]
    derivatives = [_BASAL, {"apical": -1.0}]
    if clamped:
        readout = _clamped_readout(cell)
    else:
        equations += "aim : 1\nI_soma = scale*(aim - basal)/Z_soma : amp\n"
        evaluation.append(f"aim = {TAUGHT}")
        derivatives.insert(0, {"aim": 1.0, "apical": 1.0, "soma": -1.0})
        readout = _readout(cell)
    evaluation += OUTPUT_ERROR
    return _cells(cell, equations, "\n".join(evaluation), derivatives, readout)


def membrane(cell: ConductanceCell, clamped: bool = False) -> str:
    """Return Brian2 equations of the three potentials, for injected currents I_soma, I_basal and I_apical.

    Parameters
    ----------
    cell : ConductanceCell
        Its coupling and noise decide on the terms.
    clamped : bool
        Whether the soma is under voltage clamp, so that its potential is given.
    """
    is_noisy = cell.noise > 0 and not clamped
    noise = f" + noise*sqrt(2/(tau_soma*dt))*{NOISE}" if is_noisy else ""
    into = "g_leak*(E_leak - V_soma) + g_basal*(V_basal - V_soma) + g_apical*(V_apical - V_soma) + I_soma"
    soma = "V_soma : volt" if clamped else f"dV_soma/dt = ({into})/C_soma{noise} : volt"
    dendrites = [f"dV_{name}/dt = (I_{name} - ({_leaving(cell, name)}))/C_{name} : volt" for name in COMPARTMENTS[1:]]
    return "\n".join([soma, *dendrites, f"{NOISE} : 1" if is_noisy else "", ""])


def constants(cell: ConductanceCell) -> dict[str, Any]:
    """Return the values, with units, of the constants in the equations."""
    transfer = cell.resistances[0] / nS
    return {
        "E_leak": cell.resting_potential * mV,
        "scale": cell.scale * mV,
        "g_leak": cell.leak_conductance * nS,
        "g_basal": cell.basal_conductance * nS,
        "g_apical": cell.apical_conductance * nS,
        "g_leak_basal": cell.basal_leak_conductance * nS,
        "g_leak_apical": cell.apical_leak_conductance * nS,
        "noise": cell.noise * mV,
        "tau_soma": cell.tau_soma * ms,
        **{f"C_{name}": value * pF for name, value in zip(COMPARTMENTS, cell.capacitances, strict=True)},
        **{f"Z_{name}": value for name, value in zip(COMPARTMENTS, transfer, strict=True)},
    }


def _cells(
    cell: ConductanceCell, equations: str, evaluation: str, derivatives: list[dict[str, float]], readout: str
) -> Cells:
    return Cells(
        equations + _COMMON,
        evaluation,
        derivatives,
        constants(cell),
        readout,
        rest={f"V_{name}": cell.resting_potential * mV for name in COMPARTMENTS},
    )


def _leaving(cell: ConductanceCell, dendrite: str) -> str:
    """Return the current that leaves a dendrite through its membrane and, coupled two ways, to the soma."""
    axial = f" + g_{dendrite}*(V_{dendrite} - V_soma)" if cell.coupling == "two-way" else ""
    return f"g_leak_{dendrite}*(V_{dendrite} - E_leak){axial}"


def _readout(cell: ConductanceCell) -> str:
    dendrites = [f"{name} = Z_{name}/scale*({_leaving(cell, name)})" for name in COMPARTMENTS[1:]]
    return "\n".join([*dendrites, "soma = (V_soma - E_leak)/scale"])


def _clamped_readout(cell: ConductanceCell) -> str:
    """Return the read-out of a soma that the teacher holds at x = u + β(target − u).

    Coupled two ways u depends on V_s and V_s on u: with x put in, u (1 + Z_sB g_B (1 − β)) = Z_sB ((g_LB + g_B)
    (V_B − E_L)/S − g_B β target).
    """
    basal = "Z_basal*g_leak_basal*(V_basal - E_leak)/scale"
    if cell.coupling == "two-way":
        given = "Z_basal*((g_leak_basal + g_basal)*(V_basal - E_leak)/scale - g_basal*teacher*target)"
        basal = f"{given}/(1 + Z_basal*g_basal*(1 - teacher))"
    return "\n".join(
        [
            f"basal = {basal}",
            f"soma = {TAUGHT}",
            "V_soma = E_leak + scale*soma",
            f"apical = Z_apical/scale*({_leaving(cell, 'apical')})",
        ]
    )


def _conductance_cell(model: Model) -> ConductanceCell:
    assert isinstance(model.cell, ConductanceCell)  # the assembly has looked at its kind
    return model.cell
