"""A layered network of pyramidal cells, drawn: every cell coloured by its potentials, with its projections."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize, to_rgba
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from dendrosim.checks import whole
from dendrosim.morphology import Morphology
from dendrosim.plot.flashes import flashes
from dendrosim.plot.neuron import Geometry, geometry
from dendrosim.plot.style import (
    COLOUR_MAP,
    FEEDBACK,
    MEMBRANE_MAP,
    axes_or_new,
    potential_scale,
    styled,
    symmetric_scale,
)
from dendrosim.recording import Recording
from dendrosim.recording.appearance import ERROR, coloured, observable

_SOMA = np.array([[-0.17, -0.12], [0.17, -0.12], [0.0, 0.24]])
_TREES = {
    "basal": [
        np.array([[0.0, -0.08], [x, y]]) for x, y in ((-0.36, -0.34), (-0.14, -0.44), (0.14, -0.44), (0.36, -0.34))
    ],
    "trunk": [np.array([[0.0, 0.2], [0.0, 0.95]])],
    "tuft": [np.array([[0.0, 0.95], [x, y]]) for x, y in ((-0.3, 1.22), (-0.1, 1.32), (0.1, 1.32), (0.3, 1.22))],
}
"""Lines of a small neuron by part; oblique dendrites would be too small to see."""
# Where a cell sends from, and where the dendrites at its foot and its tuft receive.
_AXON, _FOOT, _TUFT = np.array([0.0, 0.0]), np.array([0.0, -0.44]), np.array([0.0, 1.32])
_HEIGHT = 2.9  # from layer to layer
_WIDTH = 0.95  # of a cell's place
_LARGEST_HALO = 330.0  # points squared
_KEY = 1.9  # height of what says what colours, halos and lines mean
_NARROWEST = 13.0  # so that the key has room
_OUTPUTS = 10  # output cells of which all are drawn
_SIGNS = {"ξ > 0": "#B2182B", "ξ < 0": "#2166AC"}  # of a halo
_FORWARD = "0.45"


class NetworkDrawing:
    """A drawing whose colours can be set to any moment of a recording.

    Each layer and compartment has a colour scale of its own, symmetric about rest. The halo around a soma is its local
    error ξ: its area is |ξ| by the layer's largest, its colour the sign. Where spikes were recorded, a ring
    flashes around a soma that sent some, and a star where they were bursts.

    Parameters
    ----------
    recording : Recording
        With the compartments and the error.
    presentation : int
        Which presentation.
    neurons : int
        At most so many cells of a layer, those with the largest errors; of the output all where they are few.
    ax : matplotlib Axes
        Where to draw.
    morphology : Morphology, optional
        Form of all neurons.
    key : matplotlib Axes or False, optional
        Where to draw what colours, halos and lines mean; by default below, and nowhere if False.
    """

    def __init__(
        self,
        recording: Recording,
        presentation: int,
        neurons: int,
        ax: Any,
        morphology: Morphology | None = None,
        key: Any = None,
    ):
        self._ax, self._trees, self._width = ax, _TREES, 1.5
        if morphology is not None:
            self._trees, self._width = _small(geometry(morphology)), 0.5
        recording.need("error", "layers", "step", "teacher")
        self._potentials = coloured(recording.dataset)
        neurons = whole(neurons, "neurons", 1)
        for layer in str(recording.dataset.attrs["layers"]).split():
            recording.layer(layer)  # a drawing needs them all
        shown = recording.presentation(presentation)
        self._layers = {name: _largest(shown, name, neurons) for name in str(shown.attrs["layers"]).split()}
        *_, top = self._layers
        self._layers[top] = _largest(shown, top, max(neurons, _OUTPUTS))
        self._scales = {layer: self._scales_of(cells) for layer, cells in self._layers.items()}
        places = {layer: _places(cells.sizes["neuron"], row) for row, (layer, cells) in enumerate(self._layers.items())}
        self._draw_projections(list(places.values()))
        self._artists = {layer: self._draw_cells(layer, where) for layer, where in places.items()}
        self._flashes = flashes(ax, self._layers, places)
        self._draw_labels(shown, places)
        self._title = ax.set_title("")
        ax.set_aspect("equal")
        ax.axis("off")
        cells = next(iter(self._layers.values()))
        units = {observable(cells, variable).unit for variable in self._potentials.values()}
        if key is not False:
            _draw_key(self._room_below() if key is None else key, units)

    def at(self, time: float) -> list[Any]:
        """Colour the cells by their potentials at a moment in ms, and return what changed."""
        changed = [self._title]
        for layer, cells in self._layers.items():
            moment, scales = cells.sel(time=time, method="nearest"), self._scales[layer]
            for variable, artist in self._artists[layer]:
                values = moment[variable].values
                if variable == ERROR:
                    share = np.abs(values) / scales[ERROR].norm.vmax
                    artist.set_sizes(_LARGEST_HALO * share)
                    artist.set_color(np.where(values[:, None] > 0, *([to_rgba(sign)] for sign in _SIGNS.values())))
                else:
                    each = len(artist.get_paths()) // len(values)
                    colours = scales[variable].to_rgba(values)
                    artist.set_color(np.repeat(colours, each, axis=0))
                    if isinstance(artist, PolyCollection):
                        artist.set_edgecolor("0.15")
                changed.append(artist)
            if layer in self._flashes:
                changed += self._flashes[layer].at(int(np.abs(cells["time"].values - time).argmin()))
        self._title.set_text(f"{time:.0f} ms")
        return changed

    def _scales_of(self, cells: xr.Dataset) -> dict[str, Any]:
        """Return the mapping from each variable of a layer to colours."""
        scales = {ERROR: symmetric_scale(cells[ERROR].values)}
        for variable in self._potentials.values():
            scales[variable] = potential_scale(observable(cells, variable), [cells[variable].values])
        return scales

    def _draw_cells(self, layer: str, places: np.ndarray) -> list[tuple[str, Any]]:
        """Draw the cells of a layer without their colours, and return what is coloured by which variable."""
        ax, cells = self._ax, self._layers[layer]
        artists: list[tuple[str, Any]] = [(ERROR, ax.scatter(*places.T, s=0.0, alpha=0.45, linewidths=0, zorder=2))]
        for compartment, variable in self._potentials.items():
            if not np.isfinite(cells[variable].values).any():
                continue  # cells without it, such as output cells without an apical dendrite
            branches = [branch for part in compartment.drawn for branch in self._trees.get(part, ())]
            lines = [branch + place for place in places for branch in branches]
            if lines:
                edge = self._width + 0.8
                ax.add_collection(LineCollection(lines, colors="0.25", linewidths=edge, capstyle="round", zorder=3))
                artists.append((variable, LineCollection(lines, linewidths=self._width, capstyle="round", zorder=4)))
                ax.add_collection(artists[-1][1])
            if "soma" in compartment.drawn:
                artists.append((variable, PolyCollection(_SOMA + places[:, None], linewidths=0.5, zorder=5)))
                ax.add_collection(artists[-1][1])
        return artists

    def _draw_projections(self, layers: list[np.ndarray]) -> None:
        for below, above in itertools.pairwise(layers):
            pre, post = np.repeat(below, len(above), axis=0), np.tile(above, (len(below), 1))
            upward = np.stack([pre + _AXON, post + _FOOT], axis=1)
            downward = np.stack([post + _AXON, pre + _TUFT], axis=1)
            faint = {"linewidths": 0.6, "zorder": 0, "alpha": min(1.0, 14 / len(pre))}
            self._ax.add_collection(LineCollection(list(upward), colors=_FORWARD, **faint))
            self._ax.add_collection(LineCollection(list(downward), colors=FEEDBACK, linestyles="--", **faint))

    def _draw_labels(self, shown: xr.Dataset, places: dict[str, np.ndarray]) -> None:
        widest = max(abs(where).max(axis=0)[0] for where in places.values()) + 0.7
        for layer, where in places.items():
            count = int((shown["layer"] == layer).sum())
            drawn = f"{len(where)} of {count} neurons" if len(where) < count else f"{count} neurons"
            words = f"{layer}\n{drawn}\n{self._limits(layer)}"
            self._ax.text(widest, where[0, 1] + 0.3, words, va="center", fontsize=7)
        *_, (layer, where) = places.items()
        for place, index in zip(where, self._layers[layer]["index"].values, strict=True):
            self._ax.text(*(place + np.array([0.24, 0.16])), int(index), fontsize=6.5)
        top = max(where[0, 1] for where in places.values()) + (_TUFT[1] if self._ends_in_tufts() else 0.0)
        self._ax.text(0, top + 0.75, _teacher(shown), ha="center", fontsize=7)
        bottom = _FOOT[1] - 0.35
        self._ax.text(0, bottom, "↑ stimulus, through W", ha="center", va="top", fontsize=7, color="0.35")
        spare = max(0.0, _NARROWEST - 2 * widest - 3.4) / 2
        self._ax.set_xlim(-widest - spare, widest + 3.4 + spare)
        self._ax.set_ylim(bottom - 0.4, top + 1.2)

    def _room_below(self) -> Any:
        """Return Axes below the network, of its width."""
        (left, right), (bottom, top) = self._ax.get_xlim(), self._ax.get_ylim()
        self._ax.set_ylim(bottom - _KEY, top)
        return self._ax.inset_axes([left, bottom - _KEY, right - left, _KEY], transform=self._ax.transData)

    def _limits(self, layer: str) -> str:
        """Return what the ends of the colours, and the largest halo, stand for in a layer."""
        cells, scales = self._layers[layer], self._scales[layer]
        words = [f"|ξ| ≤ {scales[ERROR].norm.vmax:.2g}"]
        for variable in self._potentials.values():
            look, norm = observable(cells, variable), scales[variable].norm
            if not np.isfinite(cells[variable].values).any():
                continue
            if look.unit == "1":
                words.append(f"|{look.symbol}| ≤ {norm.vmax:.2g}")
            else:
                words.append(f"${look.symbol}$ {norm.vmin:.0f} to {norm.vmax:.0f} {look.unit}".replace("-", "−"))
        return "\n".join(", ".join(words[start : start + 2]) for start in range(0, len(words), 2))

    def _ends_in_tufts(self) -> bool:
        """Whether the cells of the uppermost layer are drawn with a tuft."""
        cells = list(self._layers.values())[-1]
        tufts = [variable for compartment, variable in self._potentials.items() if "tuft" in compartment.drawn]
        return any(bool(np.isfinite(cells[variable].values).any()) for variable in tufts)


@styled
def network(
    recording: Recording,
    presentation: int = 0,
    time: float | None = None,
    neurons: int = 10,
    ax: Any = None,
    morphology: Morphology | None = None,
) -> Any:
    """Draw the layers of a network above each other, each cell coloured by its potentials at a moment.

    Grey lines are feedforward projections (to the foot of the cells above), dashed lines feedback (to the tufts below).
    Each layer and compartment has a colour scale of its own, symmetric about rest; the halo around a soma shows its
    local error ξ, a ring or a star the spikes or bursts of that moment. The ends of its colours stand beside each
    layer, and the number of its class beside each output cell.

    Parameters
    ----------
    recording : Recording
        Of all layers, with the compartments and the error.
    presentation : int
        Which presentation.
    time : float, optional
        Moment in ms; by default the end.
    neurons : int
        At most so many cells of a layer, those with the largest errors; of the output all where they are few.
    ax : matplotlib Axes, optional
        Where to draw.
    morphology : Morphology, optional
        Form of all neurons.
    """
    ax = axes_or_new(ax, 5.8, 4.5)
    recording.need("time")
    end = float(recording.dataset["time"][-1])
    NetworkDrawing(recording, presentation, neurons, ax, morphology).at(end if time is None else time)
    return ax


def _draw_key(ax: Any, units: set[str]) -> None:
    """Draw what colours, halos and lines mean; units are those of the coloured potentials."""
    ax.axis("off")
    bar = ax.inset_axes([0.04, 0.75, 0.3, 0.14])
    if units == {"1"}:
        colours, ends, label = COLOUR_MAP, ["−limit", "0", "+limit"], "dimensionless"
    else:
        colours, ends, label = MEMBRANE_MAP, ["lowest", "", "highest"], ", ".join(units)
    scale = ScalarMappable(Normalize(-1, 1), colours)
    ax.figure.colorbar(scale, cax=bar, orientation="horizontal", ticks=[-1, 0, 1])
    bar.set_xticklabels(ends, fontsize=7)
    bar.set_xlabel(f"potential ({label}),\nby the limits beside each layer", fontsize=7)
    halo: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": 9, "markeredgewidth": 0, "alpha": 0.45}
    handles = [Line2D([], [], color=colour, label=f"{sign} (area: |ξ|)", **halo) for sign, colour in _SIGNS.items()]
    handles += [
        Line2D([], [], color=_FORWARD, lw=0.9, label="feedforward projections"),
        Line2D([], [], color=FEEDBACK, lw=0.9, ls="--", label="feedback projections"),
    ]
    ax.add_artist(
        Legend(ax, handles, [str(each.get_label()) for each in handles], loc="center right", ncols=2, fontsize=7)
    )


def _small(shape: Geometry) -> dict[str, list[np.ndarray]]:
    """Return the lines of a neuron by part, its soma at the origin, between the foot and the tuft of a cell's place."""
    soma = shape.soma.mean(axis=0)
    trees = {part: [line - soma for line, _ in branches] for part, branches in shape.trees.items()}
    points = np.vstack([np.zeros((1, 2)), *(line for lines in trees.values() for line in lines)])
    room = np.array([_WIDTH / 2, _TUFT[1]]), np.array([_WIDTH / 2, -_FOOT[1]])
    reach = points.max(axis=0), -points.min(axis=0)
    scale = min(
        float(here / there)
        for pair in zip(room, reach, strict=True)
        for here, there in zip(*pair, strict=True)
        if there > 0
    )
    return {part: [scale * line for line in lines] for part, lines in trees.items()}


def _largest(shown: xr.Dataset, layer: str, neurons: int) -> xr.Dataset:
    """Return the cells of a layer with the largest errors at the end; of a sequence those of its last step."""
    cells = shown.isel(neuron=(shown["layer"] == layer).values)
    cells = cells.isel(neuron=(cells["step"] == cells["step"].max()).values)
    error = np.abs(cells["error"].isel(time=-1).values)
    return cells.isel(neuron=np.sort(np.argsort(-error)[:neurons]))


def _places(cells: int, row: int) -> np.ndarray:
    return np.column_stack([_WIDTH * (np.arange(cells) - (cells - 1) / 2), np.full(cells, row * _HEIGHT)])


def _teacher(shown: xr.Dataset) -> str:
    if str(shown.attrs["teacher"]) == "none":
        return "no teacher"
    one_class = "label" in shown.coords and shown["label"].ndim == 0
    return f"target: class {int(shown['label'])}" if one_class else "with a target"
