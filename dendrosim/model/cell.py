"""The two kinds of pyramidal cell: dimensionless activities, or potentials, conductances and capacitances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag

from dendrosim.model.part import NotNegative, Part, Positive

COMPARTMENTS = ("soma", "basal", "apical")


@dataclass(frozen=True)
class Quantity:
    """What a number of a description is: its symbol, its unit, and where its default comes from."""

    symbol: str
    unit: str
    source: str


_PROJECT = "this project"
# g/C = 0.03, 0.1 and 0.06 per ms, with the capacitance of 300 pF.
_MAX = "Max et al. 2024"
# In the units of NEST's pp_cond_exp_mc_urbanczik, which is that cell; S is that of its example, V = −70 + 15 u.
_URBANCZIK = "Urbanczik and Senn 2014"


class RateCell(Part):
    """The dimensionless cell; time constants in ms.

    ``tau_apical = 0`` makes the apical dendrite instantaneous.
    """

    kind: Literal["rate"] = "rate"
    tau_soma: Annotated[Positive, Quantity("τ_soma", "ms", _PROJECT)] = 10.0
    tau_basal: Annotated[Positive, Quantity("τ_basal", "ms", _PROJECT)] = 2.0
    tau_apical: Annotated[NotNegative, Quantity("τ_apical", "ms", _PROJECT)] = 2.0

    def rates(self, nudging: float = 0.0) -> np.ndarray:
        """Return the eigenvalues, 1/ms, of A in dv/dt = −A v + input: no compartment acts back on another."""
        return np.array([1 / tau for tau in (self.tau_soma, self.tau_basal, self.tau_apical) if tau > 0])


class ConductanceCell(Part):
    """A passive tree of soma, basal and apical dendrite; potentials in mV, conductances in nS, capacitances in pF.

    With ``coupling = "one-way"`` the dendrites drive the soma and feel nothing of it; with ``"two-way"`` the axial
    current flows both ways. ``noise`` is the standard deviation that white current gives to the potential of a
    soma whose dendrites are held, and ``seed`` the seed of that current.
    """

    kind: Literal["conductance"] = "conductance"
    coupling: Literal["one-way", "two-way"] = "one-way"
    resting_potential: Annotated[float, Field(allow_inf_nan=False), Quantity("E_L", "mV", _URBANCZIK)] = -70.0
    scale: Annotated[Positive, Quantity("S", "mV", _URBANCZIK)] = 15.0
    capacitance: Annotated[Positive, Quantity("C", "pF", _URBANCZIK)] = 300.0
    leak_conductance: Annotated[Positive, Quantity("g_L", "nS", _MAX)] = 9.0
    basal_conductance: Annotated[Positive, Quantity("g_B", "nS", _MAX)] = 30.0
    apical_conductance: Annotated[Positive, Quantity("g_A", "nS", _MAX)] = 18.0
    basal_capacitance: Annotated[Positive, Quantity("C_B", "pF", _PROJECT)] = 150.0
    basal_leak_conductance: Annotated[Positive, Quantity("g_LB", "nS", _URBANCZIK)] = 30.0
    apical_capacitance: Annotated[Positive, Quantity("C_A", "pF", _PROJECT)] = 150.0
    apical_leak_conductance: Annotated[Positive, Quantity("g_LA", "nS", _URBANCZIK)] = 30.0
    noise: Annotated[NotNegative, Quantity("σ", "mV", _PROJECT)] = 0.0
    seed: Annotated[int, Field(ge=0)] = 0

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

    def _tau(self, compartment: int) -> float:
        return float(self.capacitances[compartment] / self.conductances[compartment, compartment])


def _kind_of(cell: Any) -> Any:
    """Return the kind of a cell; one that names none is a rate cell."""
    return cell.get("kind", "rate") if isinstance(cell, dict) else getattr(cell, "kind", None)


Cell = Annotated[
    Annotated[RateCell, Tag("rate")] | Annotated[ConductanceCell, Tag("conductance")], Discriminator(_kind_of)
]


def parameter_table(cell: RateCell | ConductanceCell) -> list[tuple[str, str, float, str, str]]:
    """Return a row for each parameter of a cell: name, symbol, value, unit, source.

    The source of a value that is not the default is the model file.
    """
    rows = []
    for name, field in type(cell).model_fields.items():
        for quantity in field.metadata:
            if isinstance(quantity, Quantity):
                value = float(getattr(cell, name))
                source = quantity.source if value == field.default else "model file"
                rows.append((name, quantity.symbol, value, quantity.unit, source))
    return rows
