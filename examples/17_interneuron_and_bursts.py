"""Interneurons on the apical dendrite turn bursts into single spikes, and so silence the error but not the prediction
===================================================================================================================

Leaves 17_interneuron_and_bursts.png. 100 active cells get the same current into soma and dendrite, and noise. Left,
spikes of 60 of them: single ones grey, those of bursts orange. While 20 interneurons fire (shaded), whose GABA-A
synapses lie on the apical dendrites, almost all events are single spikes. Right, rate of events and share of bursts in
windows of 100 ms: the events, which cells above read, hardly change; the bursts, which cells below and plasticity read,
are gone.
"""

import argparse
from pathlib import Path

import brian2 as b2
import numpy as np
from brian2 import ms, mV, pA
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim.cells import GABA, synaptic_input
from dendrosim.plot.style import styled

b2.prefs.codegen.target = "numpy"  # of what is not the circuit; so little is not worth a compiler
parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
out = parser.parse_args().out

CELLS, BEFORE, START, STOP, END = 100, 400, 800, 1600, 2400  # ms: measured from 400 on, interneurons from 800 to 1600
INTERVAL = 16.0  # ms within which spikes belong together
STEP = 0.2 * ms

layers = [{"kind": "dense", "units": CELLS}, {"kind": "dense", "units": 2}]
model = ds.Model(input=[1], layers=layers, cell={"kind": "active", "soma_current": 500.0, "dendrite_current": 250.0})
gaba, network = GABA(), b2.Network()
circuit = ds.Circuit(model, ds.Parameters.initialise(model, seed=1, dtype=np.float64), dt=STEP)
pyramids = circuit.embed(network=network, inputs=synaptic_input("dendrite", gaba))["hidden-1"]
interneurons = b2.NeuronGroup(
    20,
    "dv/dt = (-70*mV - v + R*drive)/(10*ms) : volt\nR : ohm\ndrive : amp",
    threshold="v > -50*mV",
    reset="v = -60*mV",
    method="exact",
    dt=STEP,
)
interneurons.v, interneurons.R = -70 * mV, 100e6 * b2.ohm
synapses = b2.Synapses(interneurons, pyramids, on_pre=gaba.on_pre("dendrite", "3*nS"), dt=STEP)
b2.seed(1)
synapses.connect(p=0.5)
spikes = b2.SpikeMonitor(pyramids)
network.add(interneurons, synapses, spikes)
for duration, low, high in ((START, 0, 0), (STOP - START, 210, 260), (END - STOP, 0, 0)):
    interneurons.drive = np.linspace(low, high, 20) * pA
    network.run(duration * ms, namespace={})

trains = [np.asarray(times / ms) for times in spikes.spike_trains().values()]
events, bursts = np.empty(0), np.empty(0)
in_burst = []
for train in trains:
    close = np.diff(train, prepend=-np.inf, append=np.inf) <= INTERVAL
    in_burst.append(close[:-1] | close[1:])
    begins = ~close[:-1]
    events, bursts = np.append(events, train[begins]), np.append(bursts, train[begins & close[1:]])


def counted(times: np.ndarray, begin: float, end: float) -> int:
    """Return how many of these times lie in a window."""
    return int(((times >= begin) & (times < end)).sum())


for name, window in {"before": (BEFORE, START), "during": (START + 50, STOP), "after": (STOP + 100, END)}.items():
    count, seconds = counted(events, *window), (window[1] - window[0]) / 1000
    share = counted(bursts, *window) / count
    print(f"{name}: {count / CELLS / seconds:.1f} events a second, {100 * share:.0f} % of them bursts")


@styled
def draw() -> Figure:
    """Draw the spikes of 60 cells, and what they carry."""
    figure = Figure(figsize=(9.6, 3.4))
    raster, lines = figure.subfigures(1, 2, width_ratios=(1.5, 1))
    ax = raster.subplots()
    for number, (train, burst) in enumerate(zip(trains[:60], in_burst, strict=False)):
        for part, colour, size in ((~burst, "0.55", 2.0), (burst, "#D55E00", 2.5)):
            ax.scatter(train[part], np.full(part.sum(), number), s=size, color=colour, linewidths=0)
    ax.set(xlabel="time (ms)", ylabel="cell", xlim=(BEFORE, END), title="single spikes grey, bursts orange")
    upper, lower = lines.subplots(2, 1, sharex=True)
    windows = np.arange(BEFORE, END, 100)
    rates = np.array([counted(events, each, each + 100) for each in windows]) / CELLS * 10
    shares = np.array([counted(bursts, each, each + 100) for each in windows]) / np.maximum(rates * CELLS / 10, 1)
    upper.plot(windows + 50, rates, color="#0072B2")
    lower.plot(windows + 50, shares, color="#D55E00")
    upper.set(ylabel="events (Hz)", ylim=(0, 15))
    lower.set(xlabel="time (ms)", ylabel="share of bursts", ylim=(0, 1), xlim=(BEFORE, END))
    for each in (ax, upper, lower):
        each.axvspan(START, STOP, color="0.9", lw=0, zorder=0)
    return figure


draw().savefig(out / "17_interneuron_and_bursts.png", dpi=200)
