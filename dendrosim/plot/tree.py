"""A whole tree with its own potential along every branch, as :func:`dendrosim.along_tree` gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Circle

from dendrosim.checks import shown
from dendrosim.errors import DataError
from dendrosim.plot.style import MEMBRANE_MAP, axes_or_new, styled

_WIDTHS = (0.7, 4.0)  # points; in between, a point is a µm


class TreeDrawing:
    """A drawing of a tree whose colours can be set to any moment.

    Parameters
    ----------
    potentials : xarray.Dataset
        From :func:`dendrosim.along_tree`.
    ax : matplotlib Axes
        Where to draw.
    scale : matplotlib ScalarMappable, optional
        From potential to colour; by default from the lowest to the highest.
    """

    def __init__(self, potentials: xr.Dataset, ax: Any, scale: ScalarMappable | None = None):
        self._V = _checked(potentials)["V"]
        x, y, radius, parent = (potentials[name].values for name in ("x", "y", "radius", "parent"))
        lines = np.stack([np.column_stack([x, y])[parent[1:]], np.column_stack([x, y])[1:]], axis=1)
        if scale is None:
            scale = ScalarMappable(Normalize(float(self._V.min()), float(self._V.max())), MEMBRANE_MAP)
        widths = np.clip(2 * radius[1:], *_WIDTHS)
        look = {"linewidths": widths, "cmap": scale.cmap, "norm": scale.norm, "capstyle": "round"}
        # A grey edge keeps pale pieces visible on white.
        ax.add_collection(LineCollection(list(lines), linewidths=widths + 0.7, colors="0.7", capstyle="round"))
        self._tree = ax.add_collection(LineCollection(list(lines), **look))
        self._soma = ax.add_patch(Circle((x[0], y[0]), radius[0], zorder=5, ec="0.15", lw=0.6))
        self._title = ax.set_title("", loc="center")
        ax.set_aspect("equal")
        ax.autoscale_view()
        ax.axis("off")

    def at(self, time: float) -> list[Any]:
        """Colour the tree by its potentials at a moment in ms, and return what changed."""
        moment = self._V.sel(time=time, method="nearest").values
        self._tree.set_array(moment[1:])
        self._soma.set_facecolor(self._tree.cmap(self._tree.norm(moment[0])))
        self._title.set_text(f"{time:.0f} ms")
        return [self._tree, self._soma, self._title]

    def add_scale(self, figure: Any, axes: Any, label: str = "membrane potential (mV)") -> None:
        """Draw the colour bar beside some Axes."""
        figure.colorbar(self._tree, ax=axes, shrink=0.6, label=label)


@styled
def along_tree(potentials: xr.Dataset, time: float | None = None, ax: Any = None) -> Any:
    """Draw a tree, every piece coloured by its own potential at a moment.

    Parameters
    ----------
    potentials : xarray.Dataset
        From :func:`dendrosim.along_tree`.
    time : float, optional
        Moment in ms; by default the end.
    ax : matplotlib Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        This holds no potentials along a tree.
    """
    ax = axes_or_new(ax, 3.4, 4.4)
    drawing = TreeDrawing(potentials, ax)
    drawing.at(float(potentials["time"][-1]) if time is None else time)
    drawing.add_scale(ax.figure, ax)
    return ax


@styled
def over_distance(potentials: xr.Dataset, times: Sequence[float], ax: Any = None) -> Any:
    """Draw the potential against the way from the soma, basal dendrites to the left and apical ones to the right.

    Parameters
    ----------
    potentials : xarray.Dataset
        From :func:`dendrosim.along_tree`.
    times : sequence of float
        Moments in ms, each a shade.
    ax : matplotlib Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        This holds no potentials along a tree.
    """
    ax = axes_or_new(ax, 3.6, 2.8)
    dendrites = _checked(potentials).isel(point=np.isin(potentials["type"].values, ["soma", "basal", "apical"]))
    way = np.where(dendrites["type"].values == "basal", -1, 1) * dendrites["distance"].values
    for place, time in enumerate(times):
        moment = dendrites["V"].sel(time=time, method="nearest").values
        shade = str(0.8 - 0.7 * place / max(len(times) - 1, 1))
        ax.plot(way, moment, ".", color=shade, markersize=2, label=f"{time:g} ms")
    ax.axvline(0, color="0.85", lw=0.8, zorder=0)
    ax.set_xlabel("basal ← way from the soma (µm) → apical")
    ax.set_ylabel("membrane potential (mV)")
    ax.legend(markerscale=4)
    return ax


def _checked(potentials: xr.Dataset) -> xr.Dataset:
    wanted = ("V", "time", "x", "y", "radius", "parent", "type", "distance")
    if not isinstance(potentials, xr.Dataset) or any(name not in potentials.variables for name in wanted):
        raise DataError(f"potentials is {shown(potentials)}; give what dendrosim.along_tree returns.")
    return potentials
