"""A made-up pyramidal neuron with the proportions of one in layer 5 of the rat's cortex. It is no reconstruction."""

from __future__ import annotations

import numpy as np

from dendrosim.morphology.points import APICAL, AXON, BASAL, SOMA, Points

SOMA_RADIUS = 9.0  # µm, and so are all lengths below
SPACING = 25.0  # between points
WANDER = 0.12  # rad, standard deviation of a turn at each point
TRUNK, TRUNK_RADII = 600.0, (2.2, 1.2)
OBLIQUES = 8
UP = np.array([0.0, 1.0, 0.0])


def grown(seed: int) -> Points:
    """Return the points of a neuron; the apical dendrite grows along y."""
    neuron = _Growing(np.random.default_rng(seed))
    for angle in np.arange(6) * np.pi / 3:
        outwards = np.array([np.cos(angle), neuron.random.uniform(-1.2, 0.1), np.sin(angle)])
        neuron.tree(0, BASAL, outwards, (20.0, 40.0, 70.0, 90.0), 1.0)
    trunk = neuron.branch(0, APICAL, UP, TRUNK, TRUNK_RADII, wander=0.02)
    for place in np.linspace(0.1, 0.7, OBLIQUES):
        stem, around = trunk[int(place * len(trunk))], neuron.random.uniform(0, 2 * np.pi)
        neuron.tree(stem, APICAL, np.array([np.cos(around), 0.4, np.sin(around)]), (50.0, 110.0), 0.6)
    for side in (-1.0, 1.0):
        neuron.tree(trunk[-1], APICAL, np.array([side, 1.0, 0.0]), (40.0, 60.0, 80.0, 120.0), 0.9)
    neuron.branch(0, AXON, -UP, 120.0, (0.8, 0.4), wander=0.05)
    return neuron.points()


class _Growing:
    """A neuron while it grows: rows of type, position, radius and parent."""

    def __init__(self, random: np.random.Generator):
        self.random = random
        self.rows: list[tuple[int, np.ndarray, float, int]] = [(SOMA, np.zeros(3), SOMA_RADIUS, -1)]

    def tree(self, parent: int, kind: int, outwards: np.ndarray, lengths: tuple[float, ...], radius: float) -> None:
        """Grow a branch of about the first length, and two trees of the others at its end."""
        length = lengths[0] * self.random.uniform(0.7, 1.3)
        points = self.branch(parent, kind, outwards, length, (radius, 0.8 * radius))
        if len(lengths) > 1:
            heading = self.rows[points[-1]][1] - self.rows[self.rows[points[-1]][3]][1]
            heading /= np.linalg.norm(heading)
            aside = np.cross(heading, self.random.normal(size=3))
            aside *= 0.6 / np.linalg.norm(aside)
            for side in (aside, -aside):  # each of 2^(-2/3) of the width, as by Rall's power of 3/2
                self.tree(points[-1], kind, heading + side, lengths[1:], 0.63 * 0.8 * radius + 0.1)

    def branch(
        self,
        parent: int,
        kind: int,
        outwards: np.ndarray,
        length: float,
        radii: tuple[float, float],
        wander: float = WANDER,
    ) -> list[int]:
        """Grow an unbranched stretch, and return the indices of its points."""
        count = max(2, round(length / SPACING))
        heading, place = outwards / np.linalg.norm(outwards), self.rows[parent][1]
        place = place + heading * SOMA_RADIUS if parent == 0 else place
        points: list[int] = []
        for radius in np.linspace(*radii, count + 1)[1:]:
            place = place + heading * length / count
            self.rows.append((kind, place, float(radius), points[-1] if points else parent))
            points.append(len(self.rows) - 1)
            heading = heading + self.random.normal(scale=wander, size=3)
            heading /= np.linalg.norm(heading)
        return points

    def points(self) -> Points:
        """Return what has grown."""
        kinds, places, radii, parents = zip(*self.rows, strict=True)
        numbers, position, radius = np.arange(1, len(kinds) + 1), np.array(places).round(3), np.array(radii).round(3)
        return Points(numbers, np.array(kinds), position, radius, np.array(parents))
