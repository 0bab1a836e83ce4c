"""Feedback rules compared: how Θ learns decides how well the hidden layers do
===========================================================================

Leaves 06_feedback_rules.png. Above left, validation accuracy. Above right, the angle between Θ and W: 'kolen-pollack'
brings it down by the same pair of cells that changes W; under 'fixed' it is W that turns a little towards Θ, and under
'paper', whose rule holds no term in W or u, no more than that. Below left, the norm of Θ: 'paper' contracts it a
little, 'fixed' leaves it alone. Below right, the angle between the updates of the hidden layers and the gradient: below
90° small steps help, and the closer Θ is to W the smaller it is.
"""

import argparse
from pathlib import Path

from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim import plot
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=12, help="epochs of training")
arguments = parser.parse_args()

model = ds.load_model("digits-mlp").changed(training={"epochs": arguments.epochs})
runs = {
    feedback: ds.train(model.changed(rules={"dll": {"feedback": feedback}}), seed=1)
    for feedback in ("kolen-pollack", "fixed", "paper")
}
for feedback, run in runs.items():
    print(f"{feedback}: {100 * run.test_accuracy:.2f} % of the test digits")
histories = {feedback: run.history for feedback, run in runs.items()}


@styled
def draw() -> Figure:
    """Draw accuracy, angle and norm of Θ, and the angle to the gradient."""
    figure = Figure(figsize=(7.0, 5.4))
    (accuracy, angle), (norm, gradient) = figure.subplots(2, 2)
    plot.learning_curves(histories, accuracy)
    plot.feedback_alignment(histories, angle)
    plot.feedback_norm(histories, norm)
    plot.gradient_angles(histories, gradient)
    return figure


draw().savefig(arguments.out / "06_feedback_rules.png")
