"""The conductance cell: a passive tree of soma, basal and apical dendrite, in mV, nS, pF and ms.

========  ===============================================================  =========================================
symbol    equation                                                         meaning
========  ===============================================================  =========================================
V_soma    C dV_s/dt = −g_L(V_s−E_L) + g_B(V_B−V_s) + g_A(V_A−V_s)           soma
V_basal   C_B dV_B/dt = −g_LB(V_B−E_L) + I_B  [− g_B(V_B−V_s)]              basal dendrite; [ ] only coupled two ways
V_apical  C_A dV_A/dt = −g_LA(V_A−E_L) + I_A  [− g_A(V_A−V_s)]              apical dendrite
          I_B = S f(z)/Z_sB                                                synaptic current of the basal dendrite
          I_A = S Θ^T δ_above/Z_sA                                         synaptic current of the apical dendrite
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
one receives the current β S (target − u)/Z_ss. Currents of a network of the user's own, in amperes, add to those:
`I_soma`, `I_basal` and `I_apical`; a voltage clamp takes up any current into the soma. Membrane noise is a white
current into the soma, σ √(2/τ_soma) per C, held for one time step (circuit/noise.py); the axon sends up what it does to
a soma whose dendrites are held, as that of the rate cell does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from dendrosim.cells.cell import Cell, Compartment, Observable, Ports
from dendrosim.cells.population import (
    FLUCTUATION,
    OUTPUT_ERROR,
    SOMATIC_NOISE,
    TAUGHT,
    WHITE_NOISE,
    Constants,
    Noise,
    Population,
    hidden_evaluation,
    output_evaluation,
)
from dendrosim.cells.quantity import Quantity
from dendrosim.cells.rate import (
    ACTIVITIES,
    APICAL,
    BASAL,
    IN_WORDS,
    INPUTS,
    LOCAL_ERROR,
    SOMA,
    TIME_CONSTANTS,
    RateCell,
)
from dendrosim.model import Model
from dendrosim.model.part import NotNegative, Positive

COMPARTMENTS = ("soma", "basal", "apical")
"""In the order of the conductance matrix."""

# g/C = 0.03, 0.1 and 0.06 per ms, with the capacitance of 300 pF.
_MAX = "Max et al. 2024"
# In the units of NEST's pp_cond_exp_mc_urbanczik, which is that cell; S is that of its example, V = −70 + 15 u.
_URBANCZIK = "Urbanczik and Senn 2014"

_MEMBRANE = "membrane (mV)"
POTENTIALS: dict[str, Observable] = {
    "V_soma": Observable("membrane potential of the soma", "V soma", "V_s", "mV", SOMA, "solid", _MEMBRANE),
    "V_basal": Observable("membrane potential of the basal dendrite", "V basal", "V_B", "mV", BASAL, "dash", _MEMBRANE),
    "V_apical": Observable(
        "membrane potential of the apical dendrite", "V apical", "V_A", "mV", APICAL, "dot", _MEMBRANE
    ),
}

_SYNAPTIC = {"basal": "scale*prediction/Z_basal", "apical": "scale*feedback/Z_apical"}
_TEACHING = {"basal": _SYNAPTIC["basal"], "soma": "scale*(aim - basal)/Z_soma"}

_READ_OFF = """
drive : 1
prediction : 1
delta : 1
basal : 1
apical : 1
soma : 1
error : 1
"""
_BASAL = {"prediction": 1.0, "basal": -1.0}


class ConductanceCell(Cell):
    """A passive tree of soma, basal and apical dendrite; potentials in mV, conductances in nS, capacitances in pF.

    With ``coupling = "one-way"`` the dendrites drive the soma and feel nothing of it; with ``"two-way"`` the axial
    current flows both ways. ``noise`` is the standard deviation that white current gives to the potential of a
    soma whose dendrites are held, and ``seed`` the seed of that current.
    """

    observables: ClassVar[Mapping[str, Observable]] = ACTIVITIES | POTENTIALS | INPUTS
    provenance_in_words: ClassVar[Mapping[str, tuple[str, str]]] = IN_WORDS | {"noise": ("membrane noise", "mV")}
    compartments: ClassVar[tuple[Compartment, ...]] = tuple(
        Compartment(each.name, each.label, each.drawn, (*each.shown_by, f"V_{each.name}"), each.scale, each.receives)
        for each in RateCell.compartments
    )

    inputs: ClassVar[Mapping[str, str]] = {f"I_{name}": "amp" for name in COMPARTMENTS}

    kind: Literal["conductance"] = "conductance"
    coupling: Literal["one-way", "two-way"] = "one-way"
    resting_potential: Annotated[float, Field(allow_inf_nan=False), Quantity("E_L", "mV", _URBANCZIK)] = -70.0
    scale: Annotated[Positive, Quantity("S", "mV", _URBANCZIK)] = 15.0
    capacitance: Annotated[Positive, Quantity("C", "pF", _URBANCZIK)] = 300.0
    leak_conductance: Annotated[Positive, Quantity("g_L", "nS", _MAX)] = 9.0
    basal_conductance: Annotated[Positive, Quantity("g_B", "nS", _MAX)] = 30.0
    apical_conductance: Annotated[Positive, Quantity("g_A", "nS", _MAX)] = 18.0
    basal_capacitance: Annotated[Positive, Quantity("C_B", "pF")] = 150.0
    basal_leak_conductance: Annotated[Positive, Quantity("g_LB", "nS", _URBANCZIK)] = 30.0
    apical_capacitance: Annotated[Positive, Quantity("C_A", "pF")] = 150.0
    apical_leak_conductance: Annotated[Positive, Quantity("g_LA", "nS", _URBANCZIK)] = 30.0
    noise: Annotated[NotNegative, Quantity("σ", "mV")] = 0.0
    seed: Annotated[int, Field(ge=0)] = 0

    def hidden(self, model: Model) -> Population:
        """Return the equations of a hidden layer."""
        derivatives = ({"basal": 1.0, "apical": 1.0, "soma": -1.0}, {"feedback": 1.0, "apical": -1.0}, _BASAL)
        equations, readout, noise = self._membrane(_SYNAPTIC) + "feedback : 1\n", self._readout(), None
        if self.noise > 0:
            equations += SOMATIC_NOISE.format(unit="volt") + "sent : 1\n"
            readout += "\nsent = basal + somatic_noise/scale"
            noise = Noise("somatic_noise/scale", "(noise/scale)**2", self.tau_soma)
        return replace(self._population(equations, hidden_evaluation(model), derivatives, readout), noise=noise)

    def output(self, model: Model) -> Population:
        """Return the equations of the output layer."""
        clamped = model.teacher.kind == "clamped"
        equations = self._membrane(_TEACHING, clamped) + "target : 1\nteacher : 1\n"
        evaluation = output_evaluation(model)
        derivatives: tuple[Mapping[str, float], ...] = (_BASAL, {"apical": -1.0})
        if clamped:
            readout = self._clamped_readout()
        else:
            equations += "aim : 1\n"
            evaluation.append(f"aim = {TAUGHT}")
            derivatives = ({"aim": 1.0, "apical": 1.0, "soma": -1.0}, *derivatives)
            readout = self._readout()
        evaluation += OUTPUT_ERROR
        return self._population(equations, "\n".join(evaluation), derivatives, readout)

    def alone(self) -> Population:
        """Return the equations of cells in no network: what their synapses bring is left to the user."""
        return Population(self._membrane({}), "", (), self.constants, rest=self._rest)

    def _membrane(self, currents: Mapping[str, str], clamped: bool = False) -> str:
        """Return the equations of the three potentials, with places for inputs from outside.

        Parameters
        ----------
        currents : mapping of str to str
            Synaptic currents as Brian2 expressions, by the compartment that they flow into.
        clamped : bool
            Whether the soma is under voltage clamp, so that its potential is given.
        """
        is_noisy = self.noise > 0 and not clamped
        noise = WHITE_NOISE if is_noisy else ""
        into = {name: f" + {currents[name]}" if name in currents else "" for name in COMPARTMENTS}
        into = {name: f"{synaptic}{{I_{name}}}" for name, synaptic in into.items()}
        leaks = "g_leak*(E_leak - V_soma) + g_basal*(V_basal - V_soma) + g_apical*(V_apical - V_soma)"
        soma = "V_soma : volt" if clamped else f"dV_soma/dt = ({leaks}{into['soma']})/C_soma{noise} : volt"
        dendrites = [
            f"dV_{name}/dt = (-({self._leaving(name)}){into[name]})/C_{name} : volt" for name in COMPARTMENTS[1:]
        ]
        return "\n".join([soma, *dendrites, f"{FLUCTUATION} : 1" if is_noisy else "", ""])

    @property
    def constants(self) -> Constants:
        """The constants of the equations."""
        return {
            "E_leak": (self.resting_potential, "mV"),
            "scale": (self.scale, "mV"),
            "g_leak": (self.leak_conductance, "nS"),
            "g_basal": (self.basal_conductance, "nS"),
            "g_apical": (self.apical_conductance, "nS"),
            "g_leak_basal": (self.basal_leak_conductance, "nS"),
            "g_leak_apical": (self.apical_leak_conductance, "nS"),
            "noise": (self.noise, "mV"),
            "tau_soma": (self.tau_soma, "ms"),
            **{f"C_{name}": (value, "pF") for name, value in zip(COMPARTMENTS, self.capacitances, strict=True)},
            **{f"Z_{name}": (value, "Gohm") for name, value in zip(COMPARTMENTS, self.resistances[0], strict=True)},
        }

    @property
    def conductances(self) -> np.ndarray:
        """The conductance matrix G, nS, of shape (3, 3) in the order of ``COMPARTMENTS``.

        C dv/dt = −G v + I for the deviations v from rest; of a tree that is coupled two ways it is the symmetric
        Laplacian with the leak on its diagonal.
        """
        basal, apical = self.basal_conductance, self.apical_conductance
        back = 1.0 if self.coupling == "two-way" else 0.0
        return np.array(
            [
                [self.leak_conductance + basal + apical, -basal, -apical],
                [-back * basal, self.basal_leak_conductance + back * basal, 0.0],
                [-back * apical, 0.0, self.apical_leak_conductance + back * apical],
            ]
        )

    def rates(self, nudging: float = 0.0) -> np.ndarray:
        """Return the eigenvalues, 1/ms, of A in dv/dt = −A v + input of the three potentials.

        Parameters
        ----------
        nudging : float
            Strength β of a teacher that drives the current β S (target − u)/Z_ss into the soma: u is a function of the
            potentials, so that it changes the matrix.
        """
        conductances = self.conductances
        transfer = self.resistances[0]
        conductances[0] += nudging * transfer[1] / transfer[0] * conductances[1]
        return np.linalg.eigvals(conductances / self.capacitances[:, None])

    @property
    def resistances(self) -> np.ndarray:
        """Z = G⁻¹, GΩ, of shape (3, 3): the potential of a compartment for a constant current into another."""
        return np.linalg.inv(self.conductances)

    @property
    def capacitances(self) -> np.ndarray:
        """Capacitances, pF, of shape (3,) in the order of ``COMPARTMENTS``."""
        return np.array([self.capacitance, self.basal_capacitance, self.apical_capacitance])

    @property
    def tau_soma(self) -> float:
        """Time constant of the soma with its dendrites held: C/(g_L + g_B + g_A), ms."""
        return self._tau(0)

    @property
    def tau_basal(self) -> float:
        """Time constant of the basal dendrite with the soma held, ms."""
        return self._tau(1)

    @property
    def tau_apical(self) -> float:
        """Time constant of the apical dendrite with the soma held, ms."""
        return self._tau(2)

    @property
    def time_constants(self) -> tuple[float, ...]:
        """Time constants of basal dendrite, apical dendrite and soma, ms."""
        return self.tau_basal, self.tau_apical, self.tau_soma

    @property
    def wiring(self) -> Ports:
        """The ports of the kind; with membrane noise, what is sent up is not the basal potential alone."""
        return self.ports if self.noise == 0 else replace(self.ports, up="sent")

    @property
    def settles(self) -> bool:
        """Whether no membrane noise keeps the cell moving."""
        return self.noise == 0

    @property
    def noise_seed(self) -> int:
        """Seed of the membrane noise."""
        return self.seed

    def settling(self) -> Cell:
        """Return the rate cell that settles in one step: the fixed point is the same."""
        return RateCell().settling()

    def provenance(self) -> dict[str, str | float | int]:
        """Return coupling, noise and time constants, and the seed where there is noise."""
        seed = {} if self.settles else {"seed": self.seed}
        taus = {name: getattr(self, name) for name in TIME_CONSTANTS}
        return {"coupling": self.coupling, "noise": self.noise, **seed, **taus}

    @classmethod
    def error_filters(cls, provenance: Mapping[str, Any]) -> tuple[float, float] | None:
        """Return the time constants of apical dendrite and soma, ms, unless the soma acts back on its dendrites."""
        return RateCell.error_filters(provenance)

    @property
    def _rest(self) -> Constants:
        return {f"V_{name}": (self.resting_potential, "mV") for name in COMPARTMENTS}

    def _tau(self, compartment: int) -> float:
        return float(self.capacitances[compartment] / self.conductances[compartment, compartment])

    def _population(
        self, equations: str, evaluation: str, derivatives: tuple[Mapping[str, float], ...], readout: str
    ) -> Population:
        constants, rest = self.constants, self._rest
        return Population(equations + _READ_OFF, evaluation, derivatives, constants, readout, rest, LOCAL_ERROR)

    def _leaving(self, dendrite: str) -> str:
        """Return the current that leaves a dendrite through its membrane and, coupled two ways, to the soma."""
        axial = f" + g_{dendrite}*(V_{dendrite} - V_soma)" if self.coupling == "two-way" else ""
        return f"g_leak_{dendrite}*(V_{dendrite} - E_leak){axial}"

    def _readout(self) -> str:
        dendrites = [f"{name} = Z_{name}/scale*({self._leaving(name)})" for name in COMPARTMENTS[1:]]
        return "\n".join([*dendrites, "soma = (V_soma - E_leak)/scale"])

    def _clamped_readout(self) -> str:
        """Return the read-out of a soma that the teacher holds at x = u + β(target − u).

        Coupled two ways u depends on V_s and V_s on u: with x put in, u (1 + Z_sB g_B (1 − β)) = Z_sB ((g_LB + g_B)
        (V_B − E_L)/S − g_B β target).
        """
        basal = "Z_basal*g_leak_basal*(V_basal - E_leak)/scale"
        if self.coupling == "two-way":
            given = "Z_basal*((g_leak_basal + g_basal)*(V_basal - E_leak)/scale - g_basal*teacher*target)"
            basal = f"{given}/(1 + Z_basal*g_basal*(1 - teacher))"
        return "\n".join(
            [
                f"basal = {basal}",
                f"soma = {TAUGHT}",
                "V_soma = E_leak + scale*soma",
                f"apical = Z_apical/scale*({self._leaving('apical')})",
            ]
        )
