"""A pyramidal neuron, drawn: its compartments coloured by their potentials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
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


class NeuronDrawing:
    """A pyramidal neuron whose colours can be set to any moment.

    Parameters
    ----------
    cell : xarray.Dataset
        One neuron's recording, from :func:`dendrosim.plot.traces.choose_cell`.
    scales : dict of str to ScalarMappable
        By compartment, from :func:`potential_scales`.
    ax : matplotlib Axes
        Where to draw.
    morphology : Morphology, optional
        Form of the neuron, in the place of the one that every picture shows.
    """

    def __init__(
        self, cell: xr.Dataset, scales: dict[str, ScalarMappable], ax: Any, morphology: Morphology | None = None
    ):
        self._cell, self._scales, potentials = cell, scales, coloured(cell)
        shape = geometry(morphology)
        for axon in shape.axon:
            ax.plot(*axon.T, color="0.55", lw=0.9, zorder=1)
        outline = Path([*shape.soma, shape.soma[0]], closed=True)
        self._parts: list[tuple[str, str, Any]] = []  # of which compartment, coloured by which variable
        for compartment, variable in potentials.items():
            if branches := shape.branches(compartment):
                self._parts.append((compartment.name, variable, _draw_tree(ax, branches)))
            if "soma" in compartment.drawn:
                soma = PathPatch(outline, ec="0.15", lw=0.9, joinstyle="round", zorder=5)
                self._parts.append((compartment.name, variable, ax.add_patch(soma)))
        self._numbers = []
        for line, name in enumerate([*reversed(potentials.values()), ERROR]):
            look, height = observable(cell, name), -4.6 - 0.75 * line
            words = look.label.removesuffix(look.symbol).split(" ξ")[0].strip()
            ax.text(-0.25, height, words, va="top", ha="right")
            self._numbers.append((name, look, ax.text(0.25, height, "", va="top", ha="left")))
        self._title = ax.set_title("", loc="center")
        ax.set_xlim(-3.9, 3.9)
        ax.set_ylim(-7.8, 8.9)
        ax.set_aspect("equal")
        ax.axis("off")

    def at(self, time: float, title: str = "") -> list[Any]:
        """Colour the neuron by its potentials at a moment in ms, and return what changed."""
        moment = self._cell.isel(time=int(np.abs(self._cell["time"].values - time).argmin()))
        for name, variable, artist in self._parts:
            colour = self._scales[name].to_rgba(moment[variable].values)
            artist.set_facecolor(colour) if isinstance(artist, PathPatch) else artist.set_color(colour)
        for name, look, number in self._numbers:
            value = f"{float(moment[name]):+.3f}".replace("-", "−")
            number.set_text(f"{look.symbol} = {value}{'' if look.unit == '1' else ' ' + look.unit}")
        self._title.set_text(title + f"{float(moment['time']):.0f} ms")
        return [*(artist for *_, artist in self._parts), *(number for *_, number in self._numbers), self._title]


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
    drawing = NeuronDrawing(cell, potential_scales([cell]), ax, morphology)
    drawing.at(float(cell["time"][-1]) if time is None else time)
    return ax


def potential_scales(cells: Sequence[xr.Dataset]) -> dict[str, ScalarMappable]:
    """Return, by compartment, the mapping from potential to colour, one for all these cells, symmetric about rest."""
    potentials = coloured(cells[0])
    by_scale: dict[str, list[np.ndarray]] = {}
    for compartment, variable in potentials.items():
        by_scale.setdefault(compartment.scale, []).extend(cell[variable].values for cell in cells)
    return {
        each.name: potential_scale(observable(cells[0], name), by_scale[each.scale])
        for each, name in potentials.items()
    }


def add_scales(figure: Any, axes: Any, cell: xr.Dataset, scales: dict[str, ScalarMappable]) -> None:
    """Draw a colour bar beside some Axes for each scale of a cell's potentials, with their names and unit.

    Parameters
    ----------
    figure : matplotlib Figure
        Of the Axes.
    axes : Axes or sequence of Axes
        Whose colours they are.
    cell : xarray.Dataset
        One of the drawn neurons.
    scales : dict of str to ScalarMappable
        By compartment, from :func:`potential_scales`.
    """
    potentials = coloured(cell)
    for scale in dict.fromkeys(compartment.scale for compartment in potentials):
        shown = {each: name for each, name in potentials.items() if each.scale == scale}
        looks = [observable(cell, name) for name in shown.values()]
        unit = "dimensionless" if looks[0].unit == "1" else looks[0].unit
        label = f"{', '.join(look.long_name for look in looks)} ({unit})"
        figure.colorbar(scales[next(iter(shown)).name], ax=axes, label=label, shrink=0.6, aspect=25, pad=0.01)


def _draw_tree(ax: Any, branches: list[tuple[np.ndarray, float]]) -> LineCollection:
    """Draw a tree without its colour, and return what is to be coloured."""
    lines = [line for line, _ in branches]
    widths = np.array([width for _, width in branches])
    # A dark edge keeps pale compartments visible on white.
    ax.add_collection(LineCollection(lines, linewidths=widths + 1.1, colors="0.15", capstyle="round", zorder=2))
    tree = LineCollection(lines, linewidths=widths, capstyle="round", zorder=3)
    ax.add_collection(tree)
    return tree


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
