"""The error along a real tree: the prediction rises at the basal dendrites, the error runs down the apical trunk
==============================================================================================================

Leaves 19_error_along_a_real_tree.png. A whole pyramidal neuron (pyramidal.swc, or a file of yours: --morphology) is
reduced to a cell of three compartments, and a network of such cells, settled on a digit that it mistakes, is shown its
target. The currents that the cell with the largest error had then flow into the whole tree. Above, its potential when
the target appears, with the prediction in a basal branch, and how it has changed 3 ms and 15 ms later and at the end:
the error comes down the apical trunk. Below, the same against the way from the soma, and over time at the two sites and
the soma: of the tree, and dashed of the cell of three compartments, which is slower at first and settles to the same.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim.morphology.shape import parts
from dendrosim.plot.style import styled, symmetric_scale
from dendrosim.plot.tree import TreeDrawing

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--morphology", default="pyramidal", help="a file in SWC, or pyramidal")
arguments = parser.parse_args()

AFTER, STEP = 400.0, 0.5  # ms
SITES = {"V_soma": "soma", "V_basal": "basal site", "V_apical": "apical site"}

morphology = ds.Morphology.read(arguments.morphology)
top_of_trunk = int(morphology.points.number[np.flatnonzero(parts(morphology) == "trunk")[-1]])
reduction = morphology.reduced(apical=top_of_trunk)
print(reduction)
layers = [{"kind": "dense", "units": units} for units in (24, 12, 10)]
cell = reduction.cell.model_dump() | {"scale": 2.0}  # mV: dendrites far from the soma move by many times that
model = ds.load_model("digits-mlp").changed(layers=layers, cell=cell, training={"epochs": 5})
run = ds.train(model, seed=1, progress=False)
test = run.data.test
record = ds.Record((*SITES, "prediction", "feedback", "error"), interval=STEP)
circuit = ds.Circuit(model, run.parameters, dt=STEP)
settling = {"start": "settled", "record": record, "tolerance": 1e-6, "time_limit": AFTER}
wrong = int(
    np.flatnonzero(run.predict(test.stimuli[:200]).argmax(axis=1) != test.labels[:200])[0]
)  # a digit with an error to see
recording = circuit.relax(test.stimuli[wrong : wrong + 1], test.targets[wrong : wrong + 1], **settling)
layer = recording.layer("hidden-2").isel(presentation=0)
neuron = int(np.abs(layer["error"].values[-1]).argmax())
tree = ds.along_tree(recording, reduction, "hidden-2", neuron, dt=STEP)
points = dict(zip(SITES, reduction.sites, strict=True))
for name, point in points.items():
    along, cells = float(tree["V"][-1].sel(point=point)), float(layer[name].isel(time=-1, neuron=neuron))
    print(f"{SITES[name]}: {along:.3f} mV in the tree, {cells:.3f} mV in the cell of three compartments")


@styled
def draw() -> Figure:
    """Draw the tree at three moments, and its potentials over the way and over time."""
    end = float(tree["time"][-1])
    figure = Figure(figsize=(8.4, 6.4))
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.5, 1))
    axes = top.subplots(1, 4)
    first, change = TreeDrawing(tree, axes[0]), tree.assign(V=tree["V"] - tree["V"][0])
    first.at(0.0)
    first.add_scale(top, axes[0])
    for ax, moment in zip(axes[1:], (3.0, 15.0, end), strict=True):
        later = TreeDrawing(change, ax, symmetric_scale(change["V"].values))
        later.at(moment)
    later.add_scale(top, list(axes[1:]), "change since the target appeared (mV)")
    left, right = bottom.subplots(1, 2)
    ds.plot.over_distance(change, (3.0, 15.0, end), left)
    left.set_ylabel("change (mV)")
    for (name, point), colour in zip(points.items(), ("0.15", "#0072B2", "#D55E00"), strict=True):
        right.plot(tree["time"], tree["V"].sel(point=point), color=colour, label=SITES[name])
        right.plot(layer["time"], layer[name].isel(neuron=neuron), "--", color=colour, lw=0.9)
    right.set_xlim(-2, 120)
    right.set_xlabel("time since the target appeared (ms)")
    right.set_ylabel("membrane potential (mV)")
    right.legend()
    return figure


draw().savefig(arguments.out / "19_error_along_a_real_tree.png", dpi=200)
