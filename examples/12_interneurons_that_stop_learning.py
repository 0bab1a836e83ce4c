"""Interneurons of one's own silence the apical dendrites of a circuit: learning stops, and prediction goes on
===========================================================================================================

Leaves 12_interneurons_that_stop_learning.png. Two copies of a half-trained network live in one Brian2 network, look at
the same digits, eight at a time for 100 ms each, and learn all the while. One has spiking interneurons that fire while
the background is grey; apical dendrites that they inhibit hold Θᵀδ/(1 + g) instead of Θᵀδ. Left, the local error of the
hidden layers: it falls by 1 + g in the upper one, and by (1 + g)² in the lower one, to which the upper one sends it.
Middle, how far their weights have moved: they stop, and go on when the interneurons are silent again. Right, the moment
at which these begin to fire: the apical dendrites lose their potential within 20 ms, and the basal potentials of the
output, which are the prediction, go on as in the other copy.
"""

import argparse
from pathlib import Path

import brian2 as b2
import numpy as np
from brian2 import ms
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim.plot.style import styled

b2.prefs.codegen.target = "numpy"  # of what is not the circuit; so little is not worth a compiler
parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=2, help="epochs of training before the circuit learns on")
arguments = parser.parse_args()

SHOWN, HELD, START, STOP, END = 8, 100, 650, 1250, 1900  # digits side by side; ms
LAYERS, STEP = ("hidden-1", "hidden-2"), 1.0 * ms

# A soma that lags behind its basal dendrite when the digit changes has an error to learn from, too; so it is fast here.
cell, plasticity = {"tau_soma": 1.0, "tau_apical": 10.0}, {"decay": 0.0, "learning_rate": 0.05}
model = ds.load_model("digits-mlp").changed(cell=cell, plasticity=plasticity, training={"epochs": arguments.epochs})
run = ds.train(model, seed=1)
circuit, network = ds.Circuit(run.model, run.parameters, dt=STEP), b2.Network()
copies = {name: circuit.embed(SHOWN, network, learning=True, prefix=f"{name}_") for name in ("free", "inhibited")}

# Leaky integrate-and-fire cells with a current of their own; s is what their synapses hold open.
equations = "dv/dt = (current*int(t >= start and t < stop) - v)/(10*ms) : 1\nds/dt = -s/(20*ms) : 1\ncurrent : 1"
fires = {"threshold": "v > 1", "reset": "v = 0; s += 1", "namespace": {"start": START * ms, "stop": STOP * ms}}
interneurons = b2.NeuronGroup(5, equations, method="euler", dt=STEP, **fires)
interneurons.current = np.linspace(1.5, 3.0, 5)
for cells in (copies["inhibited"][layer] for layer in LAYERS):
    synapses = b2.Synapses(interneurons, cells, "I_apical_post = -0.6*s_pre*apical_post : 1 (summed)")
    synapses.connect()
    network.add(synapses)
opened = b2.StateMonitor(interneurons, "s", record=True)
apical = b2.StateMonitor(copies["inhibited"]["hidden-2"], "apical", record=range(64))  # of the first of the digits
outputs = {name: b2.StateMonitor(copy["output"], "basal", record=range(10)) for name, copy in copies.items()}
network.add(interneurons, opened, apical, *outputs.values())

train, drawn, seen = run.data.train, np.random.default_rng(0), [np.zeros(SHOWN, int)]
errors, moved, correct = ({name: [] for name in copies} for _ in range(3))


@b2.network_operation(dt=HELD * ms)
def change_digits() -> None:
    """Note what the digits have done to errors, weights and predictions, and show the next ones."""
    for name, copy in copies.items():
        weights, output = copy.parameters.W, np.array(copy["output"].basal[:]).reshape(SHOWN, -1)
        errors[name].append([np.sqrt(np.mean(np.array(copy[layer].error[:]) ** 2)) for layer in LAYERS])
        moved[name].append([np.linalg.norm(weights[layer] - run.parameters.W[layer]) for layer in LAYERS])
        correct[name].append(np.mean(output.argmax(axis=1) == train.labels[seen[-1]]))
    seen.append(drawn.integers(len(train), size=SHOWN))
    for copy in copies.values():
        copy.present(train.stimuli[seen[-1]], train.targets[seen[-1]])


network.add(change_digits)
network.run(END * ms + STEP, namespace={})
times, time = np.arange(0, END + 1, HELD), apical.t / ms
fired, firing = (times > START + HELD) & (times < STOP), (time > START + HELD) & (time < STOP)
print(f"g is {0.6 * opened.s[:, firing].sum(axis=0).mean():.1f} while they fire")
for name in copies:
    error, norms, share = (np.array(row[name])[fired] for row in (errors, moved, correct))
    print(f"{name}: errors {error.mean(axis=0).round(4)}, {100 * share.mean():.0f} % of the digits right, ", end="")
    print(f"change of the weights {norms[0].round(3)} to {norms[-1].round(3)}")
onset = (time >= START - 25) & (time < START + HELD // 2)
apart = np.abs(outputs["free"].basal - outputs["inhibited"].basal)[:, onset].max()
print(f"outputs of the two differ by {apart:.1e} at most in the first 50 ms")


@styled
def draw() -> Figure:
    """Draw errors, changes and the onset."""
    figure = Figure(figsize=(9.6, 2.9))
    left, middle, right = figure.subfigures(1, 3, width_ratios=(1, 1, 1.1))
    labels = "local error ξ, root mean square", "change of the weights ‖W − W(0)‖"
    for part, rows, label in zip((left, middle), (errors, moved), labels, strict=True):
        ax = part.subplots()
        ax.axvspan(START, STOP, color="0.9", lw=0)
        for name, dashes in {"free": "--", "inhibited": "-"}.items():
            for values, layer, colour in zip(np.transpose(rows[name]), LAYERS, ("#0072B2", "#D55E00"), strict=True):
                ax.plot(times[1:], values[1:], dashes, color=colour, label=f"{layer}, {name}")
        ax.set(xlabel="time (ms)", ylabel=label, ylim=(0, None))
    ax.legend()
    upper, lower = right.subplots(2, 1, sharex=True)
    for ax in (upper, lower):
        ax.axvspan(0, HELD // 2, color="0.9", lw=0)
    since = time[onset] - START
    upper.plot(since, apical.apical[:, onset].T, color="#D55E00", lw=0.6)
    for name, look in {"free": {"color": "0.6", "lw": 2.6}, "inhibited": {"color": "#009E73"}}.items():
        lower.plot(since, outputs[name].basal[:, onset].T, **look)
    upper.set(ylabel="apical a,\nhidden-2", title="one digit")
    lower.set(xlabel="time since the onset (ms)", ylabel="basal u,\noutput", title="its prediction (grey: free)")
    return figure


draw().savefig(arguments.out / "12_interneurons_that_stop_learning.png", dpi=200)
