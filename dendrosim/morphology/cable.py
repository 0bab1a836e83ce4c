"""The cable equation of a whole tree, on compartments: one sparse matrix.

Every piece of a neurite is a truncated cone with its membrane at its centre, half of its axial resistance on either
side, and a node without membrane at its ends, where it meets the next; the soma has one potential. C dv/dt = −G v + I
for the deviations v from rest, mV, with G in nS, C in pF and I in pA.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from dendrosim.errors import DataError
from dendrosim.morphology.membrane import Membrane
from dendrosim.morphology.soma import cone_area

if TYPE_CHECKING:
    from dendrosim.morphology.morphology import Morphology

LEAK, CAPACITANCE, AXIAL = 10.0, 1e-2, 1e5  # µm²/(Ω·cm²) in nS, µm²·µF/cm² in pF, µm/(Ω·cm) in nS
NO_LENGTH = 1e-3  # µm: points that are closer are one node
MOST = 1_000_000  # pieces
GAMMA = 1 - 0.5**0.5  # of the stiffly accurate Runge-Kutta method of order two (Alexander 1977)


@dataclass(frozen=True)
class Cable:
    """The conductances and capacitances of a tree.

    Attributes
    ----------
    conductances : sparse array, shape (nodes, nodes)
        G, nS.
    capacitances : ndarray, shape (nodes,)
        C, pF; zero where pieces meet.
    node : ndarray, shape (points,)
        Which node each point of the morphology is; the soma is node 0.

    Examples
    --------
    >>> import dendrosim as ds
    >>> from dendrosim.morphology import Cable
    >>> cable = Cable.of(ds.Morphology.pyramidal())
    >>> resistances = cable.transfer(cable.node[[0, 1]])  # GΩ
    >>> resistances.shape
    (2, 2)
    """

    conductances: Any
    capacitances: np.ndarray
    node: np.ndarray

    @classmethod
    def of(cls, morphology: Morphology, membrane: Membrane | None = None, longest: float = 5.0) -> Cable:
        """Return the cable of a morphology, in pieces no longer than `longest`, µm."""
        membrane = membrane or Membrane()
        pieces = Pieces(morphology, longest)
        used, flat = np.unique(np.concatenate([[0], *pieces.ends, pieces.centre, pieces.node]), return_inverse=True)
        first, last, centre, node = np.split(flat[1:], np.cumsum([len(pieces.centre)] * 3))
        area = np.zeros(len(used))
        area[0] = morphology.area[0]
        area[centre] = cone_area(pieces.length, pieces.start, pieces.end)
        middle = (pieces.start + pieces.end) / 2
        axial = AXIAL / membrane.axial_resistivity * 2 * np.pi * middle / pieces.length
        one, other = np.concatenate([first, centre]), np.concatenate([centre, last])
        between = np.concatenate([axial * pieces.start, axial * pieces.end])
        shape = (len(used), len(used))
        coupling = sparse.coo_array((between, (one, other)), shape=shape).tocsr()
        coupling = coupling + coupling.T
        leak = LEAK * area / membrane.resistance
        conductances = sparse.diags_array(coupling.sum(axis=1) + leak) - coupling
        return cls(conductances.tocsc(), CAPACITANCE * membrane.capacitance * area, node)

    @cached_property
    def _solver(self) -> Any:
        return splu(self.conductances)

    def steady(self, nodes: np.ndarray) -> np.ndarray:
        """Return the steady deviations, mV of shape (nodes, len(nodes)), for 1 pA into each of some nodes."""
        return self._solver.solve(self._into(nodes))

    def transfer(self, nodes: np.ndarray) -> np.ndarray:
        """Return the steady transfer resistances Z, GΩ, between some nodes, of shape (len(nodes), len(nodes))."""
        return self.steady(nodes)[nodes]

    def moments(self, nodes: np.ndarray) -> np.ndarray:
        """Return ∫ t v dt, GΩ·ms of the same shape, of the responses v to a charge: Z C Z. Over Z it is a centroid."""
        steady = self.steady(nodes)
        return steady.T @ (self.capacitances[:, None] * steady)

    def steps(self, nodes: np.ndarray, dt: float, count: int) -> np.ndarray:
        """Return the deviations, mV, of some nodes at dt, 2 dt, ... (ms) after 1 pA was switched on in one of them.

        Returns
        -------
        ndarray, shape (count, len(nodes), len(nodes))
            Over time, the node that is looked at and the one that the current flows into.
        """
        current = self._into(nodes)
        weight = self.capacitances[:, None]
        stage = splu((sparse.diags_array(self.capacitances) + GAMMA * dt * self.conductances).tocsc())
        potential = np.zeros_like(current)
        seen = np.empty((count, len(nodes), len(nodes)))
        for step in range(count):
            held = weight * potential
            middle = stage.solve(held + GAMMA * dt * current)
            flow = current - self.conductances @ middle
            potential = stage.solve(held + (1 - GAMMA) * dt * flow + GAMMA * dt * current)
            seen[step] = potential[nodes]
        return seen

    def _into(self, nodes: np.ndarray) -> np.ndarray:
        current = np.zeros((len(self.capacitances), len(nodes)))
        current[nodes, np.arange(len(nodes))] = 1.0
        return current


class Pieces:
    """A tree cut into pieces, those of a point after those of its parent.

    Attributes
    ----------
    length, start, end : ndarray, shape (pieces,)
        Length and the radii at both ends, µm.
    ends : tuple of two ndarray, shape (pieces,)
        Names of the nodes at both ends; 0 is the soma.
    centre : ndarray, shape (pieces,)
        Names of the nodes in the middle, ascending.
    node : ndarray, shape (points,)
        Names of the nodes of all points.
    """

    def __init__(self, morphology: Morphology, longest: float):
        length, parent, count = morphology.length, morphology.parent, len(morphology.parent)
        self.node = np.arange(count)
        for point in np.flatnonzero(length[1:] < NO_LENGTH) + 1:  # parents come first
            self.node[point] = self.node[parent[point]]
        whole = np.flatnonzero(length[1:] >= NO_LENGTH) + 1
        number = np.maximum(np.ceil(length[whole] / longest), 1)
        if number.sum() > MOST:
            raise DataError(f"pieces of {longest:g} µm are {number.sum():.3g} for this tree; allow longer ones.")
        number = number.astype(int)
        of, parts = np.repeat(whole, number), np.repeat(number, number)
        within = np.arange(len(of)) - np.repeat(np.cumsum(number) - number, number)
        taper = (morphology.radius[of] - morphology.start_radius[of]) / parts
        self.length = length[of] / parts
        self.start = morphology.start_radius[of] + within * taper
        self.end = self.start + taper
        self.centre = count + np.arange(len(of))
        behind = count + len(of) + np.arange(len(of))
        self.ends = (
            np.where(within == 0, self.node[parent[of]], behind - 1),
            np.where(within == parts - 1, self.node[of], behind),
        )
