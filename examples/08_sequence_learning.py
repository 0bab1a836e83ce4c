"""Learning a grammar: a recurrent network of pyramidal cells predicts the next symbol of Reber's strings
======================================================================================================

Leaves 08_sequence_learning.png. Left, the accuracy of the next symbol: no rule can reach 100 %, because the grammar
often allows two symbols with equal chance. Right, what the trained network expects at each step of one test window
(grey) and what comes (dots): it gives half to each of two symbols where both are allowed, and all to one where only one
is.
"""

import argparse
from pathlib import Path

import torch
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim import plot
from dendrosim.data.synthetic import SYMBOLS
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=10, help="epochs of training")
arguments = parser.parse_args()

model = ds.load_model("reber-rnn").changed(training={"epochs": arguments.epochs})
models = {feedback: model.changed(rules={"dll": {"feedback": feedback}}) for feedback in ("kolen-pollack", "fixed")}
models["backpropagation"] = model.changed(training={"rule": "backpropagation"})
runs = {name: ds.train(each, seed=1) for name, each in models.items()}
for name, run in runs.items():
    print(f"{name}: {100 * run.test_accuracy:.1f} % of the next symbols")

run = runs["kolen-pollack"]
network, test = ds.Network(run.model), run.data.test
stimulus = torch.from_numpy(test.stimuli[:1])
expected = network.output(network.sweep(run.parameters.map(torch.from_numpy), stimulus))[0].numpy()


@styled
def draw() -> Figure:
    """Draw learning curves and expectations."""
    figure = Figure(figsize=(7.2, 2.7))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
    plot.learning_curves({name: run.history for name, run in runs.items()}, left)
    plot.expectations(expected, test.targets[0], SYMBOLS, right)
    return figure


draw().savefig(arguments.out / "08_sequence_learning.png")
