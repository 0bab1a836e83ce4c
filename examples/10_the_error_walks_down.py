"""A network of pyramidal cells, drawn: after the target appeared the error walks down layer by layer
==================================================================================================

Leaves 10_the_error_walks_down.png. Four moments of one presentation. At 0 ms only output cells have an error (the halo
around a soma: red where it is above its basal prediction, blue below). Their feedback reaches the apical tufts of the
layer below within a few milliseconds, pulls those somata away from their basal dendrites, and only then the tufts of
the lowest layer begin to colour. Each layer and compartment has a colour scale of its own. `dendrosim animate` makes a
film of it: try --film.
"""

import argparse
from pathlib import Path

import dendrosim as ds
from dendrosim import plot
from dendrosim.plot.animation import relaxing_network, save_animation

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=3, help="of training before")
parser.add_argument("--film", action="store_true", help="write a GIF beside the figure")
arguments = parser.parse_args()

run = ds.train(ds.load_model("digits-mlp").changed(training={"epochs": arguments.epochs}), seed=1)
test = run.data.test
recording = ds.Circuit(run.model, run.parameters).relax(test.stimuli[:1], test.targets[:1], start="settled")
print(recording.reason)

figure = plot.network_page(recording, times=(0, 4, 12, 60))
figure.savefig(arguments.out / "10_the_error_walks_down.png", dpi=150)
if arguments.film:
    save_animation(relaxing_network(recording), arguments.out / "10_the_error_walks_down.gif", fps=20)
