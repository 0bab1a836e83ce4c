"""Learning with bursts: a synapse changes by the spikes of its two cells, which come to δ u in the mean
=====================================================================================================

Leaves 18_learning_with_bursts.png. On the left half a second of one synapse between two units, each an ensemble of 20
cells, while digits change every 100 ms: the spikes of the unit below, those of the unit above, and the weight, which
rises with bursts above their usual share while u below is positive; dashed, what δ u would have made of it. On the
right the angle, over all synapses of a layer, between the change that spikes have made up to a time and the one that δ
u would have made: it falls with time and with the number of cells in a unit, since most of it is noise. `dendrosim
learn digits-mlp-bursting` learns digits so.
"""

import argparse
import warnings
from pathlib import Path

import brian2 as b2
import numpy as np
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim.plot.style import cycle_colours, styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
arguments = parser.parse_args()

DIGITS, HELD, PIECE = 5, 100, 5  # number, ms, ms
ENSEMBLES = (1, 10, 100)  # cells of a unit
RATE = 0.2

model = ds.load_model("digits-mlp-bursting").changed(
    layers=[{"kind": "dense", "units": units} for units in (32, 32, 10)],
    plasticity={"learning_rate": RATE, "presentation_time": float(HELD)},
    cell={"ensemble": 20},
)
data = ds.load_data(model)
start = ds.Parameters.initialise(model, seed=0, dtype=np.float64)


def change_by_spikes(cells: int) -> np.ndarray:
    """Return the angle to ∫ δ u dt of ∫ δ̂ û dt up to each ms, degrees, with so many cells in a unit."""
    record = ds.Record(("sent", "returned", "basal", "delta"))
    circuit = ds.Circuit(model.changed(cell={"ensemble": cells}), start, dt=1.0)
    shown = circuit.relax(data.train.stimuli[:32], data.train.targets[:32], record=record, time_limit=1000.0)
    below, above = shown.layer("hidden-1"), shown.layer("hidden-2")
    changes = (
        np.einsum("bti,btj->tij", above[post], below[pre]) for post, pre in (("returned", "sent"), ("delta", "basal"))
    )
    noisy, wanted = (np.cumsum(change[100:], axis=0).reshape(-1, 32 * 32).T for change in changes)
    cosine = (noisy * wanted).sum(axis=0) / np.linalg.norm(noisy, axis=0) / np.linalg.norm(wanted, axis=0)
    return np.degrees(np.arccos(cosine))


network = b2.Network()
circuit = ds.Circuit(model, start, dt=1.0).embed(network=network, learning=True)
variables = ["singles", "bursts", "basal", "delta"]
below, above = (b2.StateMonitor(circuit[f"hidden-{n}"], variables, record=True, dt=1 * b2.ms) for n in (1, 2))
network.add(below, above)
weights = [circuit.parameters.W["hidden-2"]]
for moment in range(0, DIGITS * HELD, PIECE):
    digit = slice(moment // HELD, moment // HELD + 1)
    circuit.present(data.train.stimuli[digit], data.train.targets[digit])
    network.run(PIECE * b2.ms)
    weights.append(circuit.parameters.W["hidden-2"])
delta, basal = np.asarray(above.delta), np.asarray(below.basal)
post, pre = np.unravel_index(np.abs(delta @ basal.T).argmax(), (32, 32))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ds.errors.Clipped)  # a single cell's rate is often cut off
    angles = {cells: change_by_spikes(cells) for cells in ENSEMBLES}
print(", ".join(f"K = {cells}: {found[-1]:.0f}° after a second" for cells, found in angles.items()))


def raster(ax, monitor, unit: int, seed: int) -> None:
    """Draw the spikes of an ensemble; which of its cells fires is chance."""
    chance, time = np.random.default_rng(seed), np.asarray(monitor.t / b2.ms)
    for name, label, colour, size in (("singles", "single spikes", "0.6", 1.5), ("bursts", "bursts", "#D55E00", 4.0)):
        counts = np.asarray(getattr(monitor, name)[unit]).astype(int)
        times = np.repeat(time, counts)
        ax.scatter(times, chance.integers(0, 20, len(times)), s=size, color=colour, linewidths=0, label=label)


@styled
def draw() -> Figure:
    """Draw what the synapse sees and does, and what networks learn."""
    figure = Figure(figsize=(9.0, 4.2))
    left, right = figure.subfigures(1, 2, width_ratios=(1.5, 1))
    axes = left.subplots(3, 1, sharex=True, height_ratios=(1, 1, 1.3))
    raster(axes[0], below, int(pre), 1)
    raster(axes[1], above, int(post), 2)
    times = np.arange(len(weights)) * PIECE
    axes[2].plot(times, [each[post, pre] for each in weights], color="0.15", label="the weight")
    ideal = weights[0][post, pre] + RATE / HELD * np.cumsum(delta[post] * basal[pre])
    axes[2].plot(below.t / b2.ms, ideal, "--", color="#D55E00", label="by δ u")
    for ax, label in zip(axes, ("cell below", "cell above", "weight"), strict=True):
        ax.set_ylabel(label)
        for change in range(1, DIGITS):
            ax.axvline(change * HELD, color="0.85", lw=0.8, zorder=0)
    axes[0].legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, markerscale=3)
    axes[2].legend(loc="best")
    axes[2].set_xlabel("time (ms)")
    ax = right.subplots()
    for (cells, found), colour, line in zip(angles.items(), cycle_colours(), (":", "--", "-"), strict=False):
        ax.plot(np.arange(len(found)) + 1, found, line, color=colour, label=f"K = {cells}")
    ax.set_xlabel("time of learning (ms)")
    ax.set_ylabel("angle to the change by δ u (degrees)")
    ax.set_ylim(0, 95)
    ax.legend(loc="best")
    return figure


draw().savefig(arguments.out / "18_learning_with_bursts.png", dpi=200)
