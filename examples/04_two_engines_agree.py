"""One description, two engines: what Brian2 relaxes to is what torch computes
===========================================================================

Leaves 04_two_engines_agree.png. A convolutional network is relaxed in Brian2 in continuous time, and computed in torch
in closed form. Left, the local error of every neuron of every layer in both: all points lie on the diagonal, over four
orders of magnitude. Right, the same of the weight changes ΔW and ΔΘ of the two engines. The largest relative
differences stand in the titles. Below, what the points above cannot show: by how much each layer differs.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import dendrosim as ds
from dendrosim import plot
from dendrosim.audit.agreement import equilibrium_of
from dendrosim.plot.style import styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
out = parser.parse_args().out

model = ds.load_model("digits-cnn").changed(rules={"dll": {"feedback": "paper"}})
parameters = ds.Parameters.initialise(model, seed=1, dtype=np.float64)
test = ds.load_data(model).test
presented = test.stimuli[:4].astype(float), test.targets[:4].astype(float)

circuit = ds.Circuit(model, parameters, integrator="settle")
circuit.relax(*presented, record=ds.Record(neurons={}))
relaxed = circuit.updates()
difference = ds.compare(circuit, *presented)

errors, computed = equilibrium_of(model, parameters, *presented)
print(f"largest relative difference {difference.largest:.1e}")


@styled
def draw() -> Figure:
    """Draw errors and updates of one engine against the other."""
    figure = Figure(figsize=(7.4, 5.0))
    (left, right), (below_left, below_right) = figure.subplots(2, 2, height_ratios=(3, 2))
    pairs = {name: (circuit.state[name]["error"].ravel(), error.ravel()) for name, error in errors.items()}
    plot.agreement(pairs, "local error ξ", left)
    left.set_title(f"local error ξ, within {max(difference.error.values()):.0e}")
    plot.residuals(pairs, "local error", below_left)
    changes = {
        f"Δ{symbol} {name}": (getattr(relaxed, kind)[name].ravel(), direction.ravel())
        for symbol, kind in (("W", "W"), ("Θ", "theta"))
        for name, direction in getattr(computed, kind).items()
    }
    plot.agreement(changes, "weight change", right)
    right.set_title(f"ΔW and ΔΘ, within {max(*difference.W.values(), *difference.theta.values()):.0e}")
    plot.residuals(changes, "weight change", below_right)
    return figure


draw().savefig(out / "04_two_engines_agree.png")
