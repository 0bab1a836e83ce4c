"""A trained network that is bombarded by background input: what it still recognises, against the strength of the noise
====================================================================================================================

Leaves 13_background_noise.png. Two Poisson inputs of Brian2, one exciting and one inhibiting, reach every basal
dendrite of the hidden layers and of the output; what an event leaves there decays with 5 ms. Left, three of the ten
output cells while one digit is shown: its own cell leads on average (straight lines), and not at every moment. Right,
the share of test digits that are recognised, against the standard deviation of the background: read at one moment, and
from the average of the output over 200 ms, which bears twice the noise.
"""

import argparse
from pathlib import Path

import brian2 as b2
import numpy as np
from brian2 import Hz, ms
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim.plot.style import styled

b2.prefs.codegen.target = "numpy"  # of what is not the circuit; so little is not worth a compiler
parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=10, help="epochs of training")
arguments = parser.parse_args()

SHOWN, SETTLED, AVERAGED = 60, 100, 200  # digits side by side; ms
STRENGTHS = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.2, 1.6)
CELLS, RATE, DECAY = 100, 20 * Hz, 5 * ms  # of each of the two processes

run = ds.train(ds.load_model("digits-mlp").changed(training={"epochs": arguments.epochs}), seed=1)
circuit = ds.Circuit(run.model, run.parameters, dt=1.0)
test = run.data.test
stimuli, labels = test.stimuli[:SHOWN], test.labels[:SHOWN]


def outputs(strength: float) -> np.ndarray:
    """Return the output's basal potentials under noise of a standard deviation, (presentation, cell, time)."""
    network = b2.Network()
    embedded = circuit.embed(SHOWN, network, inputs="dI_basal/dt = -I_basal/(5*ms) : 1")
    embedded.present(stimuli)
    # Campbell's theorem: events at a rate ν that leave w and decay within τ have the variance w² ν τ/2.
    weight = float(strength / np.sqrt(2 * CELLS * RATE * DECAY / 2))
    for layer in run.model.layer_names:
        network.add(*(b2.PoissonInput(embedded[layer], "I_basal", CELLS, RATE, sign * weight) for sign in (1, -1)))
    network.run(SETTLED * ms, namespace={})
    seen = b2.StateMonitor(embedded["output"], "basal", record=True)
    network.add(seen)
    network.run(AVERAGED * ms, namespace={})
    return np.array(seen.basal).reshape(SHOWN, -1, len(seen.t))


b2.seed(1)
potentials = {strength: outputs(strength) for strength in STRENGTHS}
moments = [np.mean(found.argmax(axis=1) == labels[:, None]) for found in potentials.values()]
averages = [np.mean(found.mean(axis=2).argmax(axis=1) == labels) for found in potentials.values()]
for strength, moment, average in zip(STRENGTHS, moments, averages, strict=True):
    print(f"noise {strength:.1f}: {100 * moment:.1f} % at one moment, {100 * average:.1f} % averaged")


@styled
def draw() -> Figure:
    """Draw potentials under noise, and what is recognised."""
    figure = Figure(figsize=(7.4, 2.8))
    left, right = figure.subplots(1, 2, width_ratios=(1.3, 1))
    strength, digit = 0.6, 0
    found = potentials[strength][digit]
    strongest = [*found.mean(axis=1).argsort()[::-1][:3]]
    for cell, colour in zip(strongest, ("#0072B2", "#D55E00", "#009E73"), strict=True):
        left.plot(found[cell], color=colour, lw=0.6)
        left.axhline(
            found[cell].mean(), color=colour, label=f"cell {cell}{', the digit' if cell == labels[digit] else ''}"
        )
    left.set(xlabel="time (ms)", ylabel="basal u of the output", title=f"noise of {strength}")
    left.set(xlim=(0, AVERAGED), ylim=(None, 1.25 * found[strongest].max()))
    left.legend(ncols=3, loc="upper right")
    for name, shares, marker in (("one moment", moments, "o"), ("average of 200 ms", averages, "s")):
        right.plot(STRENGTHS, 100 * np.array(shares), marker=marker, label=name)
    right.set(xlabel="standard deviation of the background", ylabel="digits recognised (%)", ylim=(0, 119))
    right.legend(loc="upper right")
    return figure


draw().savefig(arguments.out / "13_background_noise.png", dpi=200)
