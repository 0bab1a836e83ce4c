"""A neuron that multiplies: what the soma gets alone is one spike, with the apical dendrite beside it a burst
===========================================================================================================

Leaves 15_bac_firing.png. Above, currents into an active cell without noise: 700 pA for 25 ms into the soma give one
spike (bar), whose way back depolarises the dendrite without more; with 700 pA for 60 ms into the dendrite beside it a
calcium plateau opens, and the soma fires a burst (BAC firing). Third, trains of four somatic spikes open the plateau by
themselves above a critical frequency, unless back-propagation is blocked. Below, with noise: the share of events that
are bursts follows the current into the dendrite, almost whatever the soma gets; the rate of events follows the current
into the soma, though less steeply the more the dendrite gets. Last, the line by which other cells read that rate.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from dendrosim import plot
from dendrosim.cells import ActiveCell
from dendrosim.circuit.active_cells import (
    bac_firing,
    back_propagation,
    critical_frequency,
    plateau_time,
    spike_train,
)
from dendrosim.circuit.burst_code import burst_curves
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
out = parser.parse_args().out

cell = ActiveCell()
firing = bac_firing(cell)
for trial, spikes in zip(firing["trial"].values, firing["spikes"].values, strict=True):
    print(f"current into {trial}: spikes at {firing['time'].values[spikes > 0].round(1)} ms")

cells = {
    "intact": cell,
    "plateau kept from the soma": cell.model_copy(update={"soma_plateau": 0.0}),
    "no back-propagation": cell.model_copy(update={"pulse": 0.0}),
}
frequencies = np.arange(20.0, 161.0, 4.0)
lasting = {name: plateau_time(spike_train(each, frequencies, dt=0.1, after=60.0)) for name, each in cells.items()}
print(f"a somatic spike lifts the dendrite by {back_propagation(cell):.1f} mV")
for name in list(cells)[:2]:
    print(f"{name}: critical frequency {critical_frequency(cells[name], highest=120):.0f} Hz")

curves = burst_curves(cell, [200, 400, 600, 800], [-200, -100, 0, 100, 200, 300], cells=50, dt=0.2)
steps = np.linspace(-1, 1, 6)
up = burst_curves(cell, cell.soma_current + cell.soma_gain * steps, [0.0], cells=100, dt=0.2)
print(f"events at r0 = {cell.base_rate} Hz, and r1 = {cell.gain} Hz for each 1 of f(z)")


@styled
def draw() -> Figure:
    """Draw BAC firing, the critical frequency, and the burst code."""
    figure = Figure(figsize=(9.6, 5.2))
    (alone, both, trains), (rates, shares, code) = figure.subplots(2, 3)
    for ax, trial, title in ((alone, "soma", "soma alone"), (both, "both", "soma and dendrite")):
        plot.spikes_and_plateaus(firing, trial, ax)
        ax.set(title=title, ylim=(-95, 60))
    plot.plateau_times(lasting, trains)
    trains.set(title="trains of four spikes", ylim=(-0.5, 30))
    plot.burst_curves(curves, "event_rate", "soma", rates)
    rates.set_ylim(0, 30)
    plot.burst_curves(curves, "burst_probability", "dendrite", shares)
    shares.set_ylim(0, 1.25)
    for ax in (rates, shares):
        ax.legend(ncols=3, loc="upper left", title=ax.get_legend().get_title().get_text(), title_fontsize="small")
    code.plot(steps, up["event_rate"][:, 0], "o", ms=4, label="measured")
    code.plot(steps, cell.base_rate + cell.gain * steps, color="0.4", lw=1, label="r₀ + r₁ f(z)")
    code.set(xlabel="prediction f(z)", ylabel="rate of events (Hz)", ylim=(0, None), title="the code of the soma")
    code.legend(loc="upper left")
    return figure


draw().savefig(out / "15_bac_firing.png", dpi=200)
