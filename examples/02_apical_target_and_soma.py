"""What the apical dendrite does to the soma when a target appears
===============================================================

Leaves 02_apical_target_and_soma.png. A trained network looks at a digit that it gets wrong. Left, one neuron of the
upper hidden layer: its basal potential u, the bottom-up prediction, does not move; feedback charges the apical dendrite
and the soma follows, until the voltage difference x − u is the neuron's local error. Right, eight neurons of that
layer: soma less basal against apical potential. All start at the origin and end on the diagonal, where the soma is
what the basal dendrite predicts plus what the apical dendrite adds; they bend because a soma is slower than a dendrite.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim import plot
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=3, help="epochs of training")
arguments = parser.parse_args()

run = ds.train(ds.load_model("digits-mlp").changed(training={"epochs": arguments.epochs}), seed=1)
circuit = ds.Circuit(run.model, run.parameters)
test = run.data.test
circuit.relax(test.stimuli[:100], record=ds.Record(neurons={}))
wrong = circuit.state["output"]["basal"].argmax(axis=1) != test.targets[:100].argmax(axis=1)
chosen = int(np.flatnonzero(wrong)[0]) if wrong.any() else 0
print(f"test digit {chosen} is a {test.targets[chosen].argmax()}")
digit = slice(chosen, chosen + 1)
fine = ds.Record(interval=0.3)  # ms, a step of the circuit: curves without corners
recording = circuit.relax(test.stimuli[digit], test.targets[digit], start="settled", record=fine)


@styled
def draw() -> Figure:
    """Draw the neuron and the phase portrait."""
    figure = Figure(figsize=(7.0, 2.8))
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    plot.relaxation(recording, "hidden-2", ax=left)
    left.legend(ncols=2)
    plot.phase_portrait(recording, "hidden-2", ax=right)
    return figure


draw().savefig(arguments.out / "02_apical_target_and_soma.png")
