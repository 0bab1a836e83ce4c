"""A pyramidal neuron, drawn: its compartments coloured by their potentials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from dendrosim.cells import Compartment
from dendrosim.checks import shown
from dendrosim.errors import DataError
from dendrosim.morphology import Morphology
from dendrosim.morphology.shape import flat, parts, stretches
from dendrosim.plot.style import axes_or_new, potential_scale, styled
from dendrosim.plot.traces import choose_cell
from dendrosim.recording import Recording
from dendrosim.recording.appearance import ERROR, coloured, observable

_SOMA = np.array([[-0.42, -0.35], [0.0, -0.55], [0.42, -0.35], [0.24, 0.22], [0.0, 0.75], [-0.24, 0.22]])
_TRUNK_TOP = 5.2
_PLACE = np.array([[-3.7, -4.2], [3.7, 8.6]])  # corners of where a neuron is drawn
_SMALLEST_SOMA, _SEEN = 0.3, 0.05
_WIDTHS = (0.6, 3.6)  # points; in between, a point is a µm


@dataclass(frozen=True)
class Geometry:
    """The lines of a drawn pyramidal neuron, y upwards, where its soma is about one wide.

    Attributes
    ----------
    trees : dict of str to list of (array of shape (point, 2), float)
        Branches by part of the neuron, out of :data:`dendrosim.cells.cell.DRAWN`: a line, and its width in points.
    soma : array of shape (point, 2)
        Closed outline of the soma.
    axon : list of array of shape (point, 2)
        Lines of the axon.
    """

    trees: dict[str, list[tuple[np.ndarray, float]]]
    soma: np.ndarray
    axon: list[np.ndarray]

    def branches(self, compartment: Compartment) -> list[tuple[np.ndarray, float]]:
        """Return the branches that a compartment is drawn as."""
        return [branch for part in compartment.drawn for branch in self.trees.get(part, ())]


def geometry(morphology: Morphology | None = None) -> Geometry:
    """Return the neuron that every picture shows, or one with the form of a morphology."""
    if morphology is not None:
        return _seen(morphology)
    depth = np.linspace(-0.5, -4.0, 40)
    axon = np.column_stack([0.12 * np.sin(2.2 * depth), depth])
    return Geometry({"basal": _basal_tree()} | _apical_tree(), _SOMA, [axon])


@styled
def neuron(
    recording: Recording,
    layer: str,
    neuron: int | None = None,
    presentation: int = 0,
    time: float | None = None,
    ax: Any = None,
    morphology: Morphology | None = None,
) -> Any:
    """Draw one pyramidal neuron, each compartment coloured by its potential at a moment.

    Basal tree and soma share one colour scale, so that a difference between them is the local error; the apical
    tuft has its own, because the feedback is small. Scales hold for the whole recording of the neuron.

    Parameters
    ----------
    recording : Recording
        With the compartments and the error of the neuron.
    layer : str
        A recorded hidden layer.
    neuron : int, optional
        Index in the layer; by default the one whose error becomes largest.
    presentation : int
        Which presentation.
    time : float, optional
        Moment in ms; by default the end.
    ax : matplotlib Axes, optional
        Where to draw.
    morphology : Morphology, optional
        Form of the neuron, in the place of the one that every picture shows.
    """
    ax = axes_or_new(ax, 2.4, 3.8)
    recording.need("error")
    cell = choose_cell(recording, layer, neuron, presentation)
    moment = cell.isel(time=-1) if time is None else cell.sel(time=time, method="nearest")
    scales, potentials = potential_scales(recording, layer, neuron, presentation), coloured(cell)
    shape = geometry(morphology)
    for axon in shape.axon:
        ax.plot(*axon.T, color="0.55", lw=0.9, zorder=1)
    outline = Path([*shape.soma, shape.soma[0]], closed=True)
    for compartment, variable in potentials.items():
        colour = scales[compartment.name].to_rgba(moment[variable].values)
        _draw_tree(ax, shape.branches(compartment), colour)
        if "soma" in compartment.drawn:
            ax.add_patch(PathPatch(outline, fc=colour, ec="0.15", lw=0.9, joinstyle="round", zorder=5))
    for line, name in enumerate([*reversed(potentials.values()), ERROR]):
        look = observable(cell, name)
        words, unit = look.label.removesuffix(look.symbol).split(" ξ")[0], "" if look.unit == "1" else f" {look.unit}"
        ax.text(-0.25, -4.6 - 0.75 * line, words, va="top", ha="right")
        ax.text(0.25, -4.6 - 0.75 * line, f"${look.symbol}$ = {float(moment[name]):+.3f}{unit}", va="top", ha="left")
    ax.set_xlim(-3.9, 3.9)
    ax.set_ylim(-7.8, 8.9)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title(f"{float(moment['time']):.0f} ms", loc="center")
    return ax


def potential_scales(
    recording: Recording, layer: str, neuron: int | None, presentation: int
) -> dict[str, ScalarMappable]:
    """Return, by compartment, the mapping from potential to colour, symmetric about rest."""
    potentials = coloured(cell := choose_cell(recording, layer, neuron, presentation))
    by_scale: dict[str, list[np.ndarray]] = {}
    for compartment, variable in potentials.items():
        by_scale.setdefault(compartment.scale, []).append(cell[variable].values)
    return {
        each.name: potential_scale(observable(cell, name), by_scale[each.scale]) for each, name in potentials.items()
    }


def _draw_tree(ax: Any, branches: list[tuple[np.ndarray, float]], colour: Any) -> None:
    if not branches:
        return
    lines = [line for line, _ in branches]
    widths = np.array([width for _, width in branches])
    # A dark edge keeps pale compartments visible on white.
    ax.add_collection(LineCollection(lines, linewidths=widths + 1.1, colors="0.15", capstyle="round", zorder=2))
    ax.add_collection(LineCollection(lines, linewidths=widths, colors=[colour], capstyle="round", zorder=3))


def _seen(morphology: Morphology) -> Geometry:
    """Return the geometry of a morphology, as large as fits into the place of the neuron that every picture shows."""
    if not isinstance(morphology, Morphology):
        raise DataError(f"morphology is {shown(morphology)}; read a file by dendrosim.Morphology.read.")
    places, part = flat(morphology), parts(morphology)
    dendrites = part != "axon"
    low, high = places[dendrites].min(axis=0), places[dendrites].max(axis=0)
    size = np.maximum(high - low, 2 * morphology.radius[0])
    scale = float(((_PLACE[1] - _PLACE[0]) / size).min())
    places = scale * (places - [(low[0] + high[0]) / 2, low[1]]) + [0.0, _PLACE[0, 1]]
    around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = max(scale * morphology.radius[0], _SMALLEST_SOMA)
    soma = places[0] + radius * np.column_stack([np.cos(around), np.sin(around)])
    trees: dict[str, list[tuple[np.ndarray, float]]] = {}
    axon = []
    for stretch in stretches(morphology):
        line = _thinned(places[stretch])
        if part[stretch[1]] == "axon":
            axon.append(line[((line >= _PLACE[0]) & (line <= _PLACE[1])).all(axis=1)])
        else:
            width = float(np.clip(2 * morphology.radius[stretch[1:]].mean(), *_WIDTHS))
            trees.setdefault(str(part[stretch[1]]), []).append((line, width))
    trees["basal"] = trees.get("basal", []) + trees.pop("other", [])
    return Geometry(trees, soma, axon)


def _thinned(line: np.ndarray) -> np.ndarray:
    """Return a line without points that are closer to the one before than can be seen."""
    kept = [0]
    for place in range(1, len(line) - 1):
        if np.abs(line[place] - line[kept[-1]]).max() > _SEEN:
            kept.append(place)
    return line[[*kept, len(line) - 1]]


def _basal_tree() -> list[tuple[np.ndarray, float]]:
    generator = np.random.default_rng(5)
    roots = [(-0.38, -0.33, 197), (-0.28, -0.42, 228), (0.28, -0.42, 312), (0.38, -0.33, 343)]
    return [
        branch
        for x, y, degrees in roots
        for branch in _grow(np.array([x, y]), np.radians(degrees), 1.25, 3.2, 3, generator)
    ]


def _apical_tree() -> dict[str, list[tuple[np.ndarray, float]]]:
    generator = np.random.default_rng(11)
    height = np.linspace(0.6, _TRUNK_TOP, 30)
    trunk = np.column_stack([0.06 * np.sin(1.5 * height), height])
    oblique, tuft = list[tuple[np.ndarray, float]](), list[tuple[np.ndarray, float]]()
    for y, degrees in ((1.9, 28), (2.7, 155), (3.7, 35)):
        start = np.array([0.06 * np.sin(1.5 * y), y])
        oblique += _grow(start, np.radians(degrees), 1.0, 2.0, 2, generator)
    for degrees in (52, 78, 104, 130):
        tuft += _grow(trunk[-1], np.radians(degrees), 1.3, 2.9, 3, generator)
    return {"trunk": [(trunk, 4.2)], "oblique": oblique, "tuft": tuft}


def _grow(
    start: np.ndarray, angle: float, length: float, width: float, levels: int, generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, float]]:
    """Grow a bent branch and, from its tip, two thinner ones."""
    bend = generator.normal(0, 0.12)
    steps = angle + bend * np.linspace(0, 1, 12)
    line = start + np.cumsum(np.column_stack([np.cos(steps), np.sin(steps)]) * length / 12, axis=0)
    yield np.vstack([start, line]), width
    if levels > 1:
        for side in (-1, 1):
            fork = angle + bend + side * generator.uniform(0.22, 0.42)
            yield from _grow(line[-1], fork, length * 0.8, width * 0.62, levels - 1, generator)
