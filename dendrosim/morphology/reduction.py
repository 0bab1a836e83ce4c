"""From a passive tree to the conductance cell with three compartments.

Z, 3×3 and in GΩ, are the transfer resistances between the soma and a site on either dendrite. Where the way from one
site to the other leads through the soma, Z_ba = Z_bs Z_sa/Z_ss, so that G = Z⁻¹ has no entry between the dendrites: it
is the matrix of a :class:`~dendrosim.cells.ConductanceCell` coupled two ways, and the steady state is exact. Where the
two share a dendrite, G has that entry, and the cell would need one more conductance, from dendrite to dendrite. It is
given the five other resistances, all of the soma's row among them, and Z_ba is what is wrong.

The responses v(t) of a tree to a charge have ∫ v dt = Z and ∫ t v dt = M = Z C Z. Of the six entries of M the cell's
three capacitances can meet three: those of the soma's row, c_k = (G M_s)_k/Z_sk, which are positive. Then the responses
of the soma to a charge at any of the sites have the centroids M/Z of the tree. Their shapes differ, and the response of
a dendrite to its own current has another centroid, too; `transient_error` and `centroid_error` say by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tomli_w
from scipy.linalg import expm

from dendrosim.cells.conductance import COMPARTMENTS, ConductanceCell
from dendrosim.checks import shown
from dendrosim.errors import DataError, printable
from dendrosim.morphology.cable import Cable
from dendrosim.morphology.membrane import Membrane
from dendrosim.morphology.points import TYPES

if TYPE_CHECKING:
    from dendrosim.morphology.morphology import Morphology

Site = str | int
"""``mean``, ``farthest``, or the number of a point."""
STEPS, LASTS = 200, 5  # steps to a membrane time constant, and time constants, that transients are compared for


@dataclass(frozen=True)
class Reduction:
    """A cell with three compartments in place of a tree, and how far it is from it.

    Arrays are in the order soma, basal, apical: what is looked at, and where the current flows in.

    Attributes
    ----------
    cell : ConductanceCell
        Coupled two ways; `scale` S and `resting_potential` are its defaults. An activity of 1 moves its dendrite k by
        S Z_kk/Z_sk, which is more than a neuron bears where k is a thin tip: choose a smaller S there.
    morphology : Morphology
        The tree.
    membrane : Membrane
        Of the tree.
    longest : float
        Of a piece of the cable, µm.
    sites : tuple of int
        Numbers of the three points.
    resistances : ndarray, shape (3, 3)
        Z of the tree, GΩ.
    centroids : ndarray, shape (3, 3)
        Mean time of the tree's responses to a charge, ms.
    missing_conductance : float
        Between the dendrites, nS, which the cell does not have; zero to rounding where the soma lies between them.
    steady_error, centroid_error : ndarray, shape (3, 3)
        Of the cell's resistances and centroids, relative to those of the tree.
    transient_error : ndarray, shape (3, 3)
        Largest difference of the responses to a step of current, relative to where they settle.
    """

    cell: ConductanceCell
    morphology: Morphology
    membrane: Membrane
    longest: float
    sites: tuple[int, int, int]
    resistances: np.ndarray
    centroids: np.ndarray
    missing_conductance: float
    steady_error: np.ndarray
    centroid_error: np.ndarray
    transient_error: np.ndarray

    def __repr__(self) -> str:
        points = ", ".join(map(str, self.sites))
        steady, transient = self.steady_error.max(), self.transient_error[0].max()
        return f"Reduction(points {points}: steady error {steady:.1%}, transient at the soma {transient:.1%})"

    def toml(self, comment: str = "") -> str:
        """Return the table `[cell]` as a model file has it, with the membrane and the sites in a comment."""
        membrane = self.membrane
        lines = [
            f"# {printable(comment)}" if comment else "# from a morphology",
            f"# R_m = {membrane.resistance:g} Ω·cm², R_i = {membrane.axial_resistivity:g} Ω·cm, "
            f"C_m = {membrane.capacitance:g} µF/cm²; points {', '.join(map(str, self.sites))}",
        ]
        return "\n".join(lines) + "\n" + tomli_w.dumps({"cell": self.table()})

    def table(self) -> dict[str, str | float]:
        """Return the table `[cell]` of a model file, all numbers that the tree decides."""
        return {"kind": self.cell.kind, "coupling": self.cell.coupling} | {
            name: getattr(self.cell, name) for name in (*_CONDUCTANCES, *_CAPACITANCES)
        }


_CONDUCTANCES = (
    "leak_conductance",
    "basal_conductance",
    "apical_conductance",
    "basal_leak_conductance",
    "apical_leak_conductance",
)
_CAPACITANCES = ("capacitance", "basal_capacitance", "apical_capacitance")


def reduced(
    morphology: Morphology, membrane: Membrane | None, basal: Site, apical: Site, longest: float = 5.0
) -> Reduction:
    """Return the cell of a morphology; see :meth:`dendrosim.morphology.Morphology.reduced`."""
    membrane = Membrane() if membrane is None else membrane
    if not isinstance(membrane, Membrane):
        raise DataError(f"membrane is {shown(membrane)}; give a dendrosim.morphology.Membrane.")
    points = [0, _site(morphology, "basal", basal), _site(morphology, "apical", apical)]
    soma, *dendrites = (int(each) for each in morphology.points.number[points])
    cable = Cable.of(morphology, membrane, longest)
    nodes = cable.node[points]
    if len(set(nodes)) < len(nodes):
        raise DataError(f"the points {soma}, {dendrites[0]} and {dendrites[1]} are not apart; choose others.")
    tree, moments = cable.transfer(nodes), cable.moments(nodes)
    cell = _cell(tree, moments)
    theirs = cell.resistances
    centroids = moments / tree
    dt = membrane.time_constant / STEPS
    difference = _steps(cell, dt, LASTS * STEPS) - cable.steps(nodes, dt, LASTS * STEPS)
    return Reduction(
        cell,
        morphology,
        membrane,
        longest,
        (soma, dendrites[0], dendrites[1]),
        tree,
        centroids,
        float(-np.linalg.inv(tree)[1, 2]),
        np.abs(theirs / tree - 1),
        np.abs(theirs @ np.diag(cell.capacitances) @ theirs / theirs / centroids - 1),
        np.abs(difference).max(axis=0) / tree,
    )


def _cell(tree: np.ndarray, moments: np.ndarray) -> ConductanceCell:
    """Return the cell with a tree's resistances, but for that between the dendrites, and centroids at the soma."""
    wanted = tree.copy()
    wanted[1, 2] = wanted[2, 1] = tree[0, 1] * tree[0, 2] / tree[0, 0]
    matrix = np.linalg.inv(wanted)
    soma, basal, apical = matrix.sum(axis=1)
    values = (soma, -matrix[0, 1], -matrix[0, 2], basal, apical, *(matrix @ moments[0] / tree[0]))
    if not min(values) > 0:
        raise DataError(
            "the two sites share so much of a dendrite that no cell with three compartments has their resistances; "
            "choose sites on dendrites that leave the soma apart."
        )
    settings = dict(zip((*_CONDUCTANCES, *_CAPACITANCES), map(float, values), strict=True))
    return ConductanceCell.model_validate({"coupling": "two-way", **settings})


def _steps(cell: ConductanceCell, dt: float, count: int) -> np.ndarray:
    """Return what :meth:`Cable.steps` does, of a cell."""
    decay = expm(-dt * cell.conductances / cell.capacitances[:, None])
    steady, left = cell.resistances, np.eye(len(COMPARTMENTS))
    seen = []
    for _ in range(count):
        left = decay @ left
        seen.append(steady - left @ steady)
    return np.array(seen)


def _site(morphology: Morphology, name: str, site: Site) -> int:
    """Return the index of a point on the tree of a type."""
    on = np.flatnonzero(morphology.points.type == TYPES[name])
    if isinstance(site, int | np.integer) and not isinstance(site, bool):
        there = np.flatnonzero(morphology.points.number == site)
        if not len(there):
            raise DataError(f"there is no point {shown(site)} for the {name} site; give the number of a row.")
        return int(there[0])
    if not isinstance(site, str) or site not in ("mean", "farthest"):
        raise DataError(f"the {name} site is {shown(site)}; give mean, farthest, or the number of a point.")
    if not len(on):
        raise DataError(f"{morphology.name} has no {name} dendrite; give the number of a point as the {name} site.")
    distance, area = morphology.distance[on], morphology.area[on]
    if site == "farthest":
        return int(on[distance.argmax()])
    mean = float((area * distance).sum() / area.sum()) if area.sum() else 0.0
    return int(on[np.abs(distance - mean).argmin()])
