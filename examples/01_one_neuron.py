"""One neuron under current clamp: what an electrode in its soma or a dendrite would see
=====================================================================================

Leaves 01_one_neuron.png. Top left, steps of current into the soma: it charges with its membrane time constant. Top
right, the same current into the basal dendrite: the soma sees it later and smaller. Bottom left, how much of a steady
dendritic deflection reaches the soma: more when coupled two ways, because the other dendrite then follows the soma
instead of holding it at rest. Bottom right, the firing rate that stands for the somatic potential: a line between its
bounds, steeper where the input resistance is larger.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from dendrosim import plot
from dendrosim.cells import ConductanceCell
from dendrosim.circuit.electrophysiology import (
    current_clamp,
    input_resistance,
    membrane_time_constant,
    rate_curve,
    transfer_ratio,
)
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
out = parser.parse_args().out

cells = {coupling: ConductanceCell(coupling=coupling) for coupling in ("one-way", "two-way")}
for coupling, cell in cells.items():
    resistance, tau = input_resistance(cell), membrane_time_constant(cell)
    print(f"coupling {coupling}: input resistance {resistance:.1f} MΩ, membrane time constant {tau:.2f} ms")

steps = [-400, -200, 0, 200, 400]
clamps = {place: current_clamp(cells["two-way"], steps, place) for place in ("soma", "basal")}
reaching = {
    name: {dendrite: transfer_ratio(cell, dendrite) for dendrite in ("basal", "apical")} for name, cell in cells.items()
}
currents = np.linspace(-1200, 1200, 49)
curves = {
    f"{activation}, {name}": rate_curve(cell, currents, activation)
    for activation in ("tanh", "sigmoid")
    for name, cell in cells.items()
}


@styled
def draw() -> Figure:
    """Draw the four panels."""
    figure = Figure(figsize=(7.4, 4.8))
    (into_soma, into_dendrite), (shares, rates) = figure.subplots(2, 2)
    plot.current_steps(clamps["soma"], "soma", into_soma)
    plot.current_steps(clamps["basal"], "soma", into_dendrite)
    into_dendrite.set_ylim(into_soma.get_ylim())
    plot.transfer_ratio(reaching, shares)
    plot.rate_curves(curves, rates)
    return figure


draw().savefig(out / "01_one_neuron.png", dpi=200)
