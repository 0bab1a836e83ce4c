"""One axon carries two signals: events say what the cell predicts, bursts how wrong it is
=======================================================================================

Leaves 14_one_axon_two_signals.png. A unit is an ensemble of 40 cells that fire at random. Above, the spikes of these
cells: single spikes grey, bursts orange. Before the target appears a third of all events are bursts; then the error
that comes down to the apical dendrites makes bursts more or less frequent, while the number of events stays as the
basal dendrites set it. Below, what synapses read off: û from the events, δ̂ from the bursts, with the u and δ that they
stand for (dashed). Three units of the upper hidden layer: a positive error, a negative one, and none to speak of.
"""

import argparse
from pathlib import Path

import brian2 as b2
import numpy as np
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
arguments = parser.parse_args()

BEFORE, AFTER, CELLS = 150, 250, 40  # ms, ms, cells of a unit
EVENT, BURST = "#0072B2", "#D55E00"

model = ds.load_model("digits-mlp-bursting").changed(cell={"ensemble": CELLS, "seed": 3})
parameters = ds.Parameters.initialise(model, seed=1, dtype=np.float64)
test = ds.load_data(model).test
network = b2.Network()
circuit = ds.Circuit(model, parameters, dt=1.0).embed(network=network)
layer = circuit["hidden-2"]
monitor = b2.StateMonitor(layer, ["singles", "bursts", "sent", "basal", "returned", "delta"], record=True, dt=1 * b2.ms)
network.add(monitor)
circuit.present(test.stimuli[:1])
network.run(BEFORE * b2.ms)
circuit.present(test.stimuli[:1], test.targets[:1])
network.run(AFTER * b2.ms)

time = np.asarray(monitor.t / b2.ms) - BEFORE
error = np.asarray(monitor.delta)[:, time > 50].mean(axis=1)
units = [int(error.argmax()), int(error.argmin()), int(np.abs(error).argmin())]
taught = time > 50
for unit in units:
    bursts, singles = (np.asarray(getattr(monitor, name)[unit]) for name in ("bursts", "singles"))
    shares = [bursts[part].sum() / (bursts[part] + singles[part]).sum() for part in (time < 0, taught)]
    print(f"unit {unit}: δ = {error[unit]:+.2f}, of its events {shares[0]:.0%} and then {shares[1]:.0%} are bursts")


def raster(ax, unit: int) -> None:
    """Draw the spikes of an ensemble; which of its cells fires is chance."""
    chance = np.random.default_rng(unit)
    for name, label, colour, size in (("singles", "single spikes", "0.6", 1.5), ("bursts", "bursts", BURST, 3.0)):
        counts = np.asarray(getattr(monitor, name)[unit]).astype(int)
        times = np.repeat(time, counts)
        ax.scatter(times, chance.integers(0, CELLS, len(times)), s=size, color=colour, linewidths=0, label=label)


@styled
def draw() -> Figure:
    """Draw a column a unit: spikes, what is read off events, and what is read off bursts."""
    figure = Figure(figsize=(9.0, 5.2))
    axes = figure.subplots(3, 3, sharex=True, sharey="row", height_ratios=(1.2, 1, 1))
    for column, unit in enumerate(units):
        top, middle, bottom = axes[:, column]
        raster(top, unit)
        top.set_title(f"unit {unit}, δ = {round(error[unit], 2) + 0.0:.2f}".replace("-", "−"))
        for ax, read, meant, colour, names in (
            (middle, "sent", "basal", EVENT, ("û, from events", "u")),
            (bottom, "returned", "delta", BURST, ("δ̂, from bursts", "δ")),
        ):
            ax.plot(time, getattr(monitor, read)[unit], color=colour, lw=0.9, label=names[0])
            ax.plot(time, getattr(monitor, meant)[unit], "--", color="0.2", lw=1.0, label=names[1])
        for ax in axes[:, column]:
            ax.axvline(0, color="0.8", lw=0.8, zorder=0)
        bottom.set_xlabel("time since the target appeared (ms)")
    for ax, label in zip(axes[:, 0], ("cell of the ensemble", "prediction", "error"), strict=True):
        ax.set_ylabel(label)
    for ax in axes[1:, 2]:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes[0, 2].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=3)
    return figure


draw().savefig(arguments.out / "14_one_axon_two_signals.png", dpi=200)
