"""The neuron of :mod:`dendrosim.plot.neuron` as SVG, whose compartments the page colours."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from dendrosim.cells import Compartment
from dendrosim.morphology import Morphology
from dendrosim.plot.neuron import geometry

SCALE = 16.0
"""Points in which the soma's unit is drawn, so that widths in points fit."""


def neuron_drawing(compartments: Sequence[Compartment], morphology: Morphology | None = None) -> str:
    """Return the SVG element of a pyramidal neuron with a group for each compartment.

    Parameters
    ----------
    compartments : sequence of Compartment
        Of the cells that the page shows.
    morphology : Morphology, optional
        Form of the neuron.
    """
    shape = geometry(morphology)
    lines = [line for branches in shape.trees.values() for line, _ in branches]
    points = np.vstack([*lines, *shape.axon, shape.soma])
    low, high = SCALE * points.min(axis=0) - 6, SCALE * points.max(axis=0) + 6
    box = f"{low[0]:.0f} {-high[1]:.0f} {high[0] - low[0]:.0f} {high[1] - low[1]:.0f}"
    outline = f'<path d="{_path(shape.soma)}Z" stroke="#262626" stroke-width="0.9" stroke-linejoin="round"/>'
    axon = "".join(f'<path d="{_path(line)}"/>' for line in shape.axon if len(line) > 1)
    return (
        f'<svg id="drawing" viewBox="{box}" role="img" aria-labelledby="drawing-title">'
        '<title id="drawing-title"></title>'
        '<defs><pattern id="absent" width="4" height="4" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="4" height="4" fill="#ffffff"/>'
        '<rect width="1.4" height="4" fill="#8c8c8c"/></pattern></defs>'
        f'<g fill="none" stroke="#8c8c8c" stroke-width="0.9">{axon}</g>'
        f"{''.join(_tree(each.name, shape.branches(each)) for each in compartments)}"
        f"{''.join(_body(each.name, outline) for each in compartments if 'soma' in each.drawn)}</svg>"
    )


def _body(name: str, outline: str) -> str:
    return f'<g data-compartment="{html.escape(name)}" data-paint="fill">{outline}</g>'


def _tree(name: str, branches: list[tuple[np.ndarray, float]]) -> str:
    if not branches:
        return ""
    # A dark edge keeps pale compartments visible on white.
    edges = "".join(f'<path d="{_path(line)}" stroke-width="{width + 1.1:.2f}"/>' for line, width in branches)
    cores = "".join(f'<path d="{_path(line)}" stroke-width="{width:.2f}"/>' for line, width in branches)
    return (
        f'<g fill="none" stroke-linecap="round"><g stroke="#262626">{edges}</g>'
        f'<g data-compartment="{html.escape(name)}" data-paint="stroke">{cores}</g></g>'
    )


def _path(line: np.ndarray) -> str:
    return "M" + "L".join(f"{SCALE * x:.1f},{-SCALE * y:.1f}" for x, y in line)
