"""A circuit learns while it lives: stimuli come and go, plasticity is always on, nobody switches between phases
=============================================================================================================

Leaves 05_learning_without_phases.png. Left, the test accuracy of a circuit whose weights change in continuous time
while stimulus and target change every 50 ms, beside one that updates once whenever all presentations have converged:
the first learns nearly as much from each pass over the digits, though its dendrites are never told when to learn.
Right, the angle between Θ and W of the first: weights and feedback come together, by the same local pair of potentials.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim import plot
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=6, help="passes over the digits")
arguments = parser.parse_args()

base = ds.load_model("digits-mlp")
data = ds.load_data(base)
train, test = data.train, data.test
integrators = {"continuous": {"dt": 2.0}, "at-convergence": {"integrator": "settle"}}


def accuracy(model: ds.Model, parameters: ds.Parameters) -> float:
    """Return the share of test digits that the weights get right."""
    network = ds.Network(model)
    state = network.sweep(parameters.map(torch.from_numpy), torch.from_numpy(test.stimuli[:]))
    return float(np.mean(network.output(state).argmax(dim=1).numpy() == test.targets[:].argmax(axis=1)))


histories = {}
for mode, integrator in integrators.items():
    model = base.changed(plasticity={"mode": mode, "epochs": 1, "schedule": "constant"})
    circuit = ds.Circuit(model, ds.Parameters.initialise(model, seed=1), **integrator)
    rows = []
    for epoch in range(arguments.epochs):
        learned = circuit.learn(train.stimuli[:], train.targets[:], seed=epoch)
        parameters = learned.parameters.map(lambda array: array.astype(np.float32))
        reached = accuracy(model, parameters)
        print(f"{mode}, pass {epoch + 1}: {100 * reached:.1f} % of the test digits")
        rows.append({"epoch": epoch + 1, "validation_accuracy": reached, **parameters.alignment()})
    histories[mode] = pd.DataFrame(rows)


@styled
def draw() -> Figure:
    """Draw accuracy and alignment."""
    figure = Figure(figsize=(7.0, 2.7))
    left, right = figure.subplots(1, 2)
    plot.learning_curves(histories, left)
    left.set_ylabel("test accuracy (%)")
    plot.feedback_alignment({"continuous": histories["continuous"]}, right)
    return figure


draw().savefig(arguments.out / "05_learning_without_phases.png")
