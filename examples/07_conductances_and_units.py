"""The same network with rate cells and with conductance cells: one fixed point, in activities and in millivolts
=============================================================================================================

Leaves 07_conductances_and_units.png. Left, a neuron after the target appeared: coupled one
way, the conductance cell (dots) follows the rate cell with the same time constants (lines) exactly; coupled two ways
(dashed) the soma disturbs its dendrites on the way, and all three end in the same place. Right, the potentials of the
conductance cell in mV: the dendrites have to be displaced further than the soma that they drive.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim import plot
from dendrosim.cells import parameter_table
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
out = parser.parse_args().out

conductance = ds.load_model("digits-mlp-conductance")
for name, symbol, value, unit, source in parameter_table(conductance.cell):
    print(f"{name:24} {symbol:6} {value:7g} {unit:3}  {source}")

time_constants = {name: getattr(conductance.cell, name) for name in ("tau_soma", "tau_basal", "tau_apical")}
models = {
    "rate": conductance.changed(cell={"kind": "rate"} | time_constants),
    "one-way": conductance,
    "two-way": conductance.changed(cell={"coupling": "two-way"}),
}
parameters = ds.Parameters.initialise(conductance, seed=1, dtype=np.float64)
test = ds.load_data(conductance).test
circuits = {name: ds.Circuit(model, parameters, dt=0.5) for name, model in models.items()}
presented = test.stimuli[:1], test.targets[:1]
recordings = {name: circuit.relax(*presented, start="settled") for name, circuit in circuits.items()}
for name, circuit in circuits.items():
    largest = ds.compare(circuit, *presented).largest
    print(f"{name}: largest relative difference to the equilibrium engine {largest:.1e}")

layers = {name: recording.layer("hidden-1").isel(presentation=0) for name, recording in recordings.items()}
# A neuron with something to see: a large prediction as well as a large error.
last = layers["rate"].isel(time=-1)
neuron = int(np.minimum(np.abs(last["basal"].values), np.abs(last["error"].values)).argmax())
cells = {name: layer.isel(neuron=neuron) for name, layer in layers.items()}


@styled
def draw() -> Figure:
    """Draw activities of all three cells, and potentials of the cell coupled one way."""
    figure = Figure(figsize=(8.6, 2.8))
    left, right = figure.subplots(1, 2)
    shown = {"rate": "rate cell", "one-way": "coupled one way", "two-way": "coupled two ways"}
    plot.kinds_of_cell({label: cells[name] for name, label in shown.items()}, left)
    plot.membrane_potentials(cells["one-way"], conductance.cell.resting_potential, right)
    left.set_title(f"hidden-1, neuron {neuron}")
    right.set_title("the same neuron in mV, coupled one way")
    for ax in (left, right):
        ax.set_xlim(0, 80)
    return figure


draw().savefig(out / "07_conductances_and_units.png", dpi=200)
