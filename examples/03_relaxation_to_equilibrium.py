"""A network relaxes: the error walks down from layer to layer after the target appears
====================================================================================

Leaves 03_relaxation_to_equilibrium.png. Left, the local error ξ of every neuron over time, the output on top: it jumps
there, then appears in the upper hidden layer, then in the lower one, weaker and later (each layer has its own colour
scale). Right, the largest error of each layer as a share of where it ends, with the closed form of the settling law
(dashed): with every layer that the error has to pass the curve starts flatter.
"""

import argparse
from pathlib import Path

from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim import plot
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
out = parser.parse_args().out

model = ds.load_model("digits-mlp").changed(cell={"tau_apical": 0.0})
parameters = ds.Parameters.initialise(model, seed=1)
test = ds.load_data(model).test
circuit = ds.Circuit(model, parameters, dt=0.1)
recording = circuit.relax(test.stimuli[:1], test.targets[:1], start="settled", record=ds.Record(interval=0.5))
print(recording.reason)


@styled
def draw() -> Figure:
    """Draw the heat map, and the largest error of each hidden layer with its closed form."""
    figure = Figure(figsize=(7.4, 2.9))
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    plot.error_map(recording, ax=left)
    plot.settling(recording, ax=right)
    return figure


draw().savefig(out / "03_relaxation_to_equilibrium.png")
