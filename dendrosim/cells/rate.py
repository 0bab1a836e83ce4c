"""The rate cell: dimensionless activities, time constants in ms.

A hidden cell:

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

An output cell has no apical dendrite: its soma is clamped to u + β(target − u) by the teacher, or moves there with
τ_soma when it is nudged, and its δ is ξ, because output nonlinearity and loss are a canonical pair. Without a target β
is 0.

With membrane noise (``noise`` above 0) the soma fluctuates by ζ, and the axon sends it up with the prediction:

========  ==========================================  =====================================================
noise     τ_soma dζ/dt = −ζ + σ √(2 τ_soma) η(t)       what white current does to the soma: x = u + a + ζ at rest
sent      u + ζ                                       what the cells above see through W
========  ==========================================  =====================================================

Source: Lv et al., ICML 2025, in the continuous-time form of the project.
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
from dendrosim.model import Model
from dendrosim.model.part import NotNegative, Positive

BASAL, APICAL, SOMA, ERROR = "#0072B2", "#D55E00", "#000000", "#CC79A7"  # of the palette of Okabe and Ito

FEEDFORWARD_PANEL, FEEDBACK_PANEL = "basal and soma", "apical and error"
ACTIVITIES: dict[str, Observable] = {
    "basal": Observable("basal potential u", "basal u", "u", "1", BASAL, "dash", FEEDFORWARD_PANEL),
    "apical": Observable("apical potential a", "apical a", "a", "1", APICAL, "solid", FEEDBACK_PANEL),
    "soma": Observable("somatic potential x", "soma x", "x", "1", SOMA, "solid", FEEDFORWARD_PANEL),
    "error": Observable("local error ξ = x − u", "error ξ = x − u", "ξ", "1", ERROR, "dot", FEEDBACK_PANEL),
}
INPUTS: dict[str, Observable] = {
    "drive": Observable(
        "synaptic drive z of the basal dendrite", "drive z", "z", "1", "#56B4E9", "dashdot", FEEDFORWARD_PANEL, False
    ),
    "prediction": Observable(
        "f(z), towards which the basal potential moves",
        "prediction f(z)",
        "f(z)",
        "1",
        "#009E73",
        "dot",
        FEEDFORWARD_PANEL,
        False,
    ),
    "feedback": Observable(
        "Θ^T δ, towards which the apical potential moves",
        "feedback Θᵀδ",
        "Θᵀδ",
        "1",
        "#E69F00",
        "dash",
        FEEDBACK_PANEL,
        False,
    ),
    "sent": Observable(
        "what is sent up: u, and membrane noise",
        "sent u + ζ",
        "u + ζ",
        "1",
        "#56B4E9",
        "solid",
        FEEDFORWARD_PANEL,
        False,
    ),
    "delta": Observable(
        "δ = ξ f'(z), which is fed back", "δ = ξ f′(z)", "δ", "1", "#666666", "dashdot", FEEDBACK_PANEL, False
    ),
}
TIME_CONSTANTS: dict[str, tuple[str, str]] = {
    "tau_soma": ("time constant of the soma", "ms"),
    "tau_basal": ("time constant of the basal dendrite", "ms"),
    "tau_apical": ("time constant of the apical dendrite", "ms"),
}
IN_WORDS = TIME_CONSTANTS | {"coupling": ("coupling of the compartments", ""), "noise": ("membrane noise", "")}
LOCAL_ERROR = {"error": {"soma": 1.0, "basal": -1.0}}

_COMMON = """
drive : 1
prediction : 1
delta : 1
dbasal/dt = (prediction{I_basal} - basal)/tau_basal : 1
error : 1
"""


class RateCell(Cell):
    """The dimensionless cell; time constants in ms.

    ``tau_apical = 0`` makes the apical dendrite instantaneous. ``noise`` is the standard deviation that white current
    gives to the potential of a soma whose dendrites are held, and ``seed`` the seed of that current.
    """

    observables: ClassVar[Mapping[str, Observable]] = ACTIVITIES | INPUTS
    provenance_in_words: ClassVar[Mapping[str, tuple[str, str]]] = IN_WORDS
    compartments: ClassVar[tuple[Compartment, ...]] = (
        Compartment("basal", "basal dendrite", ("basal",), ("basal",), "basal, soma", "below"),
        Compartment("soma", "soma", ("soma",), ("soma",), "basal, soma"),
        Compartment("apical", "apical dendrite", ("trunk", "oblique", "tuft"), ("apical",), "apical", "above"),
    )

    inputs: ClassVar[Mapping[str, str]] = {"I_soma": "1", "I_basal": "1", "I_apical": "1"}

    kind: Literal["rate"] = "rate"
    tau_soma: Annotated[Positive, Quantity("τ_soma", "ms")] = 10.0
    tau_basal: Annotated[Positive, Quantity("τ_basal", "ms")] = 2.0
    tau_apical: Annotated[NotNegative, Quantity("τ_apical", "ms")] = 2.0
    noise: Annotated[NotNegative, Quantity("σ", "1")] = 0.0
    seed: Annotated[int, Field(ge=0)] = 0

    def hidden(self, model: Model) -> Population:
        """Return the equations of a hidden layer."""
        population = self._hidden(model)
        if self.noise == 0:
            return population
        noise = Noise("somatic_noise", "noise**2", self.tau_soma)
        equations = population.equations + SOMATIC_NOISE.format(unit="1") + "sent : 1\n"
        return replace(population, equations=equations, readout="sent = basal + somatic_noise", noise=noise)

    def _hidden(self, model: Model) -> Population:
        equations = f"{_COMMON}feedback : 1\ndsoma/dt = (basal + apical{{I_soma}} - soma)/tau_soma{self._white}\n"
        basal, evaluation = {"prediction": 1.0, "basal": -1.0}, hidden_evaluation(model)
        if self.tau_apical > 0:
            equations += "dapical/dt = (feedback{I_apical} - apical)/tau_apical : 1\n"
            soma, apical = {"basal": 1.0, "apical": 1.0, "soma": -1.0}, {"feedback": 1.0, "apical": -1.0}
            return self._population(equations, evaluation, (soma, basal, apical))
        equations += "apical = feedback{I_apical} : 1\n"
        soma = {"basal": 1.0, "feedback": 1.0, "soma": -1.0}
        return self._population(equations, evaluation, (soma, basal), {"apical": {"feedback": 1.0}})

    def output(self, model: Model) -> Population:
        """Return the equations of the output layer."""
        equations = _COMMON + "target : 1\nteacher : 1\n"
        derivatives: tuple[Mapping[str, float], ...] = ({"prediction": 1.0, "basal": -1.0},)
        evaluation = output_evaluation(model)
        if model.teacher.kind == "clamped":
            equations += "soma : 1\n"
            evaluation += [f"soma = {TAUGHT}", *OUTPUT_ERROR]
        else:
            equations += f"dsoma/dt = (aim{{I_soma}} - soma)/tau_soma{self._white}\naim : 1\n"
            evaluation += [f"aim = {TAUGHT}", *OUTPUT_ERROR]
            derivatives = ({"aim": 1.0, "soma": -1.0}, *derivatives)
        return self._population(equations, "\n".join(evaluation), derivatives)

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

    @property
    def time_constants(self) -> tuple[float, ...]:
        """Time constants of basal dendrite, apical dendrite and soma, ms."""
        return self.tau_basal, self.tau_apical, self.tau_soma

    def rates(self, nudging: float = 0.0) -> np.ndarray:
        """Return the eigenvalues, 1/ms: no compartment acts back on another."""
        return np.array([1 / tau for tau in (self.tau_soma, self.tau_basal, self.tau_apical) if tau > 0])

    def settling(self) -> Cell:
        """Return the rate cell whose compartments all have the time constant 1 ms."""
        return RateCell(tau_soma=1.0, tau_basal=1.0, tau_apical=1.0)

    def provenance(self) -> dict[str, str | float | int]:
        """Return the time constants, that nothing acts back, and the noise with its seed where there is some."""
        seed = {} if self.settles else {"seed": self.seed}
        taus = {name: getattr(self, name) for name in TIME_CONSTANTS}
        return {"coupling": "one-way", "noise": self.noise, **seed, **taus}

    @classmethod
    def error_filters(cls, provenance: Mapping[str, Any]) -> tuple[float, float] | None:
        """Return the time constants of apical dendrite and soma, ms, unless the soma acts back on its dendrites."""
        if provenance.get("coupling") != "one-way" or not {"tau_apical", "tau_soma"} <= set(provenance):
            return None
        return provenance["tau_apical"], provenance["tau_soma"]

    @property
    def _white(self) -> str:
        """White current into the soma and what it is drawn from, where there is some."""
        return f"{WHITE_NOISE} : 1\n{FLUCTUATION} : 1" if self.noise > 0 else " : 1"

    def _population(
        self,
        equations: str,
        evaluation: str,
        derivatives: tuple[Mapping[str, float], ...],
        sums: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Population:
        taus = {name: (getattr(self, name), "ms") for name in TIME_CONSTANTS}
        constants: Constants = {**taus, "noise": (self.noise, "1")}
        return Population(equations, evaluation, derivatives, constants, sums={**LOCAL_ERROR, **(sums or {})})
