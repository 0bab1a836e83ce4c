"""A thin branch that decides: with NMDA receptors its response to more and more synapses is a sigmoid
===================================================================================================

Leaves 16_nmda_spike.png. A basal branch of high impedance (a conductance cell whose basal dendrite has 4 pF and 0.2 nS)
receives a volley at a number of synapses at once. Left, with AMPA and NMDA receptors: beyond some number of synapses
the depolarisation lifts the magnesium block, which depolarises the branch further: an NMDA spike, a plateau that lasts
for tens of ms. Middle, with AMPA alone the response is small and short. Right, the peak of the branch (solid) and
the depolarisation of the soma (dashed, scale on the right) over the number of synapses: a sigmoid with NMDA, as the
branches of a two-layer neuron are taken to have (Poirazi, Brannon and Mel, Neuron 2003), and a concave curve without.
"""

import argparse
from pathlib import Path

import brian2 as b2
import numpy as np
from brian2 import ms, mV
from matplotlib import colormaps
from matplotlib.figure import Figure

from dendrosim.cells import AMPA, NMDA, ConductanceCell, synaptic_input
from dendrosim.circuit.isolated import isolated
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
out = parser.parse_args().out

BRANCH = ConductanceCell(
    coupling="two-way", basal_capacitance=4.0, basal_leak_conductance=0.2, basal_conductance=0.8, leak_conductance=12.0
)
SYNAPSES, ARRIVAL, DURATION = np.arange(41), 20 * ms, 200 * ms
WEIGHTS = {"ampa": 0.03, "nmda": 0.2}  # nS of a synapse


def volley(*receptors):
    """Return time, and potentials of branch and soma of shape (cell, time), for a number of synapses each."""
    cells = isolated(BRANCH, len(SYNAPSES), synaptic_input("basal", *receptors))
    source = b2.SpikeGeneratorGroup(1, [0], [ARRIVAL / ms] * ms, clock=cells.clock)
    code = "\n".join(each.on_pre("basal", f"{WEIGHTS[each.receptor]}*nS*synapses") for each in receptors)
    synapses = b2.Synapses(source, cells, "synapses : 1", on_pre=code, clock=cells.clock)
    synapses.connect()
    synapses.synapses = SYNAPSES
    seen = b2.StateMonitor(cells, ["V_basal", "V_soma"], record=True, clock=cells.clock)
    b2.Network(cells, source, synapses, seen).run(DURATION, namespace={})
    return seen.t / ms, np.array(seen.V_basal / mV), np.array(seen.V_soma / mV)


found = {"AMPA and NMDA": volley(AMPA(), NMDA()), "AMPA alone": volley(AMPA())}
peaks = {name: (branch.max(axis=1), soma.max(axis=1) + 70) for name, (_, branch, soma) in found.items()}
for name, (time, branch, _) in found.items():
    lasting = (branch[-1] > -40).sum() * (time[1] - time[0])
    steepest = int(np.diff(peaks[name][0]).argmax())
    print(f"{name}: {SYNAPSES[-1]} synapses keep the branch above −40 mV for {lasting:.0f} ms; ", end="")
    print(f"steepest between {steepest} and {steepest + 1} synapses, by {np.diff(peaks[name][0]).max():.1f} mV")


@styled
def draw() -> Figure:
    """Draw the branch with and without NMDA receptors, and what goes in against what comes out."""
    figure = Figure(figsize=(9.6, 2.8))
    *traces, curve = figure.subplots(1, 3)
    shown = SYNAPSES[::5]
    colours = colormaps["viridis"](np.linspace(0, 0.85, len(shown)))
    for ax, (name, (time, branch, _)) in zip(traces, found.items(), strict=True):
        for number, colour in zip(shown, colours, strict=True):
            ax.plot(time - ARRIVAL / ms, branch[number], color=colour, lw=1.1, label=f"{number}")
        ax.set(title=name, xlabel="time since the volley (ms)", ylabel="V of the branch (mV)", ylim=(-73, 2))
    traces[1].legend(title="synapses", ncols=2, title_fontsize="small", loc="upper right")
    soma_axis = curve.twinx()
    soma_axis.spines["right"].set_visible(True)
    for (name, (branch, soma)), colour in zip(peaks.items(), ("#0072B2", "#D55E00"), strict=True):
        curve.plot(SYNAPSES, branch, color=colour, label=name)
        soma_axis.plot(SYNAPSES, soma, "--", color=colour)
    curve.set(xlabel="number of synapses", ylabel="peak of the branch (mV)", ylim=(-73, 12))
    soma_axis.set(ylabel="depolarisation of the soma (mV)", ylim=(0, None))
    curve.legend(loc="upper left")
    return figure


draw().savefig(out / "16_nmda_spike.png", dpi=200)
