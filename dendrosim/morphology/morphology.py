"""A neuron's form: points with radii on a tree that begins at the soma."""

from __future__ import annotations

import os
from functools import cached_property

import numpy as np

from dendrosim.checks import number, path_of, shown, whole
from dendrosim.errors import DataError
from dendrosim.files import replace_file, write_safely
from dendrosim.model.places import find_morphology
from dendrosim.morphology.membrane import Membrane
from dendrosim.morphology.points import TYPES, Points
from dendrosim.morphology.reduction import Reduction, Site, reduced
from dendrosim.morphology.soma import cone_area
from dendrosim.morphology.swc import read_points, text_of
from dendrosim.morphology.synthetic import grown
from dendrosim.notebook import morphology_html


class Morphology:
    """The form of a neuron: a spherical soma, and neurites of truncated cones.

    Attributes
    ----------
    points : Points
        The soma first, every other point after the one it hangs on.
    name : str
        What it is called.

    Examples
    --------
    >>> import dendrosim as ds
    >>> morphology = ds.Morphology.pyramidal(seed=0)
    >>> morphology.tips["soma"], morphology.branches["apical"] > morphology.tips["apical"]
    (0, True)
    >>> morphology.save("pyramidal.swc")  # doctest: +SKIP
    """

    def __init__(self, points: Points, name: str = "neuron"):
        if not isinstance(points, Points):
            raise DataError(f"points is {shown(points)}; read a file by ds.Morphology.read.")
        self.points, self.name = points, name

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Morphology:
        """Read a file in SWC, as NeuroMorpho.org gives it; one that ends in .gz is unpacked.

        Rows may be in any order; comments, blank lines, ends of lines of any system and columns beyond the seventh are
        passed over. The soma becomes one sphere: of a single point as it is; of several, also the three of
        NeuroMorpho.org, with the lateral area of their truncated cones; of an outline with its mean radius. A tree
        whose root is elsewhere, as skeletons have it, is seen from its only point of the soma. What hangs on the soma
        begins at the surface of that sphere, with the radius of its own first point. Trees of their own begin at the
        soma, too, if their root lies within 50 µm of it. A radius of zero (below 1 nm) is the one of the parent where
        that is of the same type. Points of types that are not 1 to 4 have the type of their parent, or are `other`
        where that is the soma.

        Parameters
        ----------
        path : str or path
            The file; lengths in it are µm. ``"pyramidal"`` is the one that ships: ``Morphology.pyramidal(0)``.

        Raises
        ------
        DataError
            It cannot be read; a row is incomplete, no number, not finite, out of range or doubled; a parent is
            missing, or a point its own ancestor; there is no soma, one that is no root, without size, or several; a
            tree begins far away; a branch begins with radius zero.
        """
        path = find_morphology(path_of(path, "the morphology"))
        return cls(read_points(path), path.name.removesuffix(".gz").removesuffix(".swc"))

    @classmethod
    def pyramidal(cls, seed: int = 0) -> Morphology:
        """Grow a made-up pyramidal neuron: basal dendrites, a trunk with obliques, a tuft, and the begin of an axon.

        Parameters
        ----------
        seed : int
            Seed of its shape; the same one gives the same neuron.
        """
        seed = whole(seed, "the seed")
        return cls(grown(seed), f"pyramidal-{seed}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as SWC, to the last digit; the soma is one point.

        Raises
        ------
        DataError
            It cannot be written; the sentence says where it is instead.
        """
        text = text_of(self.points).encode()
        write_safely(path_of(path, "the morphology"), lambda place: replace_file(place, text), "morphology")

    def reduced(
        self,
        membrane: Membrane | None = None,
        basal: Site = "mean",
        apical: Site = "farthest",
        longest: float = 5.0,
    ) -> Reduction:
        """Return the three-compartment cell that responds as this tree does, seen from the soma and two sites.

        Parameters
        ----------
        membrane : Membrane, optional
            R_m, R_i and C_m of the whole tree.
        basal, apical : {"mean", "farthest"} or int
            The site on the tree of that type: the point whose way to the soma is nearest to the mean over the area of
            the tree, the one with the longest way, or the number of a point.
        longest : float
            Of a piece of the cable, µm.

        Raises
        ------
        DataError
            There is no such site, or no three-compartment cell with these responses.

        Examples
        --------
        >>> import dendrosim as ds
        >>> reduction = ds.Morphology.pyramidal().reduced()
        >>> reduction.cell.coupling, bool(reduction.steady_error.max() < 1e-9)
        ('two-way', True)
        """
        return reduced(self, membrane, basal, apical, number(longest, "longest", above=0.0))

    @property
    def parent(self) -> np.ndarray:
        """Index of the point that each hangs on, of shape (points,); −1 for the soma."""
        return self.points.parent

    @property
    def radius(self) -> np.ndarray:
        """Radius of each point, µm, of shape (points,)."""
        return self.points.radius

    @cached_property
    def start_radius(self) -> np.ndarray:
        """Radius, µm, with which the piece that ends at each point begins: its own where it begins at the soma."""
        return np.where(self.parent > 0, self.radius[self.parent], self.radius)

    @cached_property
    def length(self) -> np.ndarray:
        """Length of the piece that ends at each point, µm, of shape (points,): zero for the soma."""
        away = np.linalg.norm(self.points.position - self.points.position[self.parent], axis=1)
        away[self.parent == 0] -= self.radius[0]
        away[0] = 0.0
        return np.maximum(away, 0.0)

    @cached_property
    def area(self) -> np.ndarray:
        """Membrane of the piece that ends at each point, µm², of shape (points,): the whole soma for the first."""
        area = cone_area(self.length, self.start_radius, self.radius)
        area[0] = 4 * np.pi * self.radius[0] ** 2
        return area

    @cached_property
    def distance(self) -> np.ndarray:
        """Way from the surface of the soma to each point along the tree, µm, of shape (points,)."""
        distance = self.length.copy()
        for point in range(1, len(distance)):  # parents come first
            distance[point] += distance[self.parent[point]]
        return distance

    @property
    def lengths(self) -> dict[str, float]:
        """Total length of each type, µm."""
        return {name: float(values.sum()) for name, values in self._by_type(self.length)}

    @property
    def areas(self) -> dict[str, float]:
        """Total membrane of each type, µm²."""
        return {name: float(values.sum()) for name, values in self._by_type(self.area)}

    @property
    def branches(self) -> dict[str, int]:
        """Number of unbranched stretches of each type."""
        children = self._children
        begins = (self.parent <= 0) | (children[self.parent] != 1)
        begins |= self.points.type[self.parent] != self.points.type
        begins[0] = False
        return {name: int(values.sum()) for name, values in self._by_type(begins)}

    @property
    def tips(self) -> dict[str, int]:
        """Number of ends of each type."""
        ends = self._children == 0
        ends[0] = False
        return {name: int(values.sum()) for name, values in self._by_type(ends)}

    @property
    def _children(self) -> np.ndarray:
        return np.bincount(self.parent[1:], minlength=len(self.parent))

    def _by_type(self, values: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """Return the values of each type that there is, by its name."""
        types = self.points.type
        return [(name, values[types == kind]) for name, kind in TYPES.items() if (types == kind).any()]

    def __repr__(self) -> str:
        total = sum(self.lengths.values())
        return f"Morphology({self.name!r}: {len(self.parent)} points, {total:.0f} µm, {sum(self.tips.values())} tips)"

    def _repr_html_(self) -> str:
        return morphology_html(self)
