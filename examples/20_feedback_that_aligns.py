"""Feedback weights find the feedforward ones: noise of the cells tells them, while a task is learned or not
=========================================================================================================

Leaves 20_feedback_that_aligns.png. Left, one synapse from a cell of hidden layer 2 to an output cell, and back: each
dot is what the two cells show at one moment, the noise of the lower cell and the fluctuation of the drive of the upper
one. Nothing but the weight W between them makes one follow the other, so that the slope of the cloud is W (line), and
a synapse that sees both potentials can learn it. Right, the angle between Θ and W of the output, when a circuit learns
digits in continuous time: with Kolen and Pollack's rule Θ turns towards W only as fast as both forget what they were
drawn with, with the mirror in the time constant of its synapses (2 s), and it does so without any task, too.
"""

import argparse
from pathlib import Path

import brian2 as b2
import numpy as np
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim.plot.style import RULE_COLOURS, styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=6, help="presentations of the training digits")
arguments = parser.parse_args()

LEARNING = {"epochs": arguments.epochs, "schedule": "constant"}
model = ds.load_model("digits-mlp").changed(plasticity=LEARNING)
noisy = model.changed(cell={"noise": 0.1}, rules={"dll": {"feedback": "mirror"}})
WITHOUT_TASK = 1e-12  # a learning rate under which no weight moves
RUNS = {
    "Kolen–Pollack, task": (model, RULE_COLOURS["kolen-pollack"], "-"),
    "mirror, task": (noisy, RULE_COLOURS["mirror"], "-"),
    "mirror, no task": (noisy.changed(plasticity={"learning_rate": WITHOUT_TASK}), RULE_COLOURS["mirror"], "--"),
}
parameters = ds.Parameters.initialise(model, seed=1, dtype=np.float64)
train = ds.load_data(model).train

network = b2.Network()
circuit = ds.Circuit(noisy, parameters, dt=1.0).embed(network=network, learning=True)
circuit.learning_rate = WITHOUT_TASK
circuit.present(train.stimuli[:1])
post, pre = np.unravel_index(np.abs(parameters.W["output"]).argmax(), parameters.W["output"].shape)
clock = {"dt": 5 * b2.ms, "when": "groups", "order": -1}  # when both potentials are of the same moment
below = b2.StateMonitor(circuit["hidden-2"], "noise_fluctuation", record=[pre], **clock)
above = b2.StateMonitor(circuit["output"], "drive_fluctuation", record=[post], **clock)
network.add(below, above)
network.run(10 * b2.second)
zeta, rho = np.asarray(below.noise_fluctuation)[0, 10:], np.asarray(above.drive_fluctuation)[0, 10:]
weight = parameters.W["output"][post, pre]
print(f"W is {weight:.2f}, and what two cells tell of it in 10 s is {(rho * zeta).mean():.2f}")

angles = {}
for name, (each, _, _) in RUNS.items():
    learned = ds.Circuit(each, parameters, "cython", dt=1.0).learn(train.stimuli, train.targets)
    start = parameters.alignment()["angle.output"]
    angles[name] = [start, *learned.history["angle.output"]]
    print(f"{name}: from {start:.0f}° to {angles[name][-1]:.0f}°")
epoch = len(train) // model.plasticity.streams * model.plasticity.presentation_time / 1000


@styled
def draw() -> Figure:
    """Draw the cloud of one synapse, and the angle of all over time."""
    figure = Figure(figsize=(8.6, 3.6))
    cloud, turning = figure.subplots(1, 2)
    scale = (zeta**2).mean()  # ζ is seen in units of its variance
    cloud.scatter(zeta / scale, rho, s=4, color="0.6", linewidths=0, label="one moment")
    line = np.array([-3, 3]) * (zeta / scale).std()
    cloud.plot(line, weight * line, color="black", label=f"slope W = {weight:.2f}".replace("-", "−"))
    cloud.set_xlabel("noise of the lower cell")
    cloud.set_ylabel("fluctuation of the drive above")
    cloud.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.2)
    for name, (_, colour, dash) in RUNS.items():
        turning.plot(
            np.arange(len(angles[name])) * epoch, angles[name], dash, color=colour, label=name, marker="o", ms=3
        )
    turning.set_xlabel("model time (s)")
    turning.set_ylabel("angle between Θ and W of the output (°)")
    turning.set_ylim(0, 95)
    turning.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, borderaxespad=0.2)
    return figure


draw().savefig(arguments.out / "20_feedback_that_aligns.png", dpi=200)
