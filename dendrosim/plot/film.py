"""A figure of which the same pixels stay for all pictures of a film, but where something moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure

DPI = 110  # of a film


class Film(Figure):
    """A figure that writes pictures quickly: what holds still is drawn once, and what moves over it.

    The writers of matplotlib ask a figure for each picture by :meth:`savefig`, in raw pixels; those are what is quick.
    """

    def __init__(self, *arguments: Any, **settings: Any):
        super().__init__(*arguments, **settings)
        self._moving: list[Artist] = []
        self._renderer: RendererAgg | None = None
        self._still: Any = None

    def hold_still(self, moving: Iterable[Artist]) -> None:
        """Draw what never moves, now that all the rest is known.

        Parameters
        ----------
        moving : iterable of Artist
            What moves, of the Axes of this figure; what lies over it is drawn with it.
        """
        moved = list(moving)
        over = [artist for ax in self.axes for artist in _over(ax, moved)]
        self._moving = sorted(dict.fromkeys([*moved, *over]), key=lambda artist: artist.zorder)
        for artist in self._moving:
            artist.set_animated(True)  # a canvas leaves it out, but unlike what is invisible it keeps its place
        with self._at(DPI):
            self._renderer = RendererAgg(*(int(side + 1e-8) for side in self.bbox.size), DPI)  # as the writers round
            self.draw(self._renderer)
            self._still = self._renderer.copy_from_bbox(self.bbox)
        for artist in self._moving:
            artist.set_animated(False)

    def savefig(self, fname: Any, **settings: Any) -> None:
        """Write a picture; pixels (``rgba``) of a film without drawing what holds still anew."""
        if self._renderer is None or settings.get("format") != "rgba" or settings.get("dpi") != DPI:
            super().savefig(fname, **settings)
            return
        self._renderer.restore_region(self._still)
        with self._at(DPI):
            for artist in self._moving:
                artist.draw(self._renderer)
        fname.write(self._renderer.buffer_rgba())

    @contextmanager
    def _at(self, dpi: float) -> Iterator[None]:
        kept, self.dpi = self.dpi, dpi
        try:
            yield
        finally:
            self.dpi = kept


def _over(ax: Axes, moving: list[Artist]) -> list[Artist]:
    """Return what is drawn over something that moves in these Axes; frames, ticks and words keep to their places."""
    drawn: list[Artist] = [*ax.collections, *ax.patches, *ax.lines, *ax.images]
    lowest = min((artist.zorder for artist in drawn if artist in moving), default=None)
    return [] if lowest is None else [artist for artist in drawn if artist.zorder >= lowest]
