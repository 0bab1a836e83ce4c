"""A module of torch, trained by a learning rule in a loop of your own, and given back as a plain module
=====================================================================================================

Leaves 11_your_torch_module.png. Three times the same nn.Sequential, and the same SGD with momentum, scheduler and
clipped gradients. Only what fills `.grad` differs: autograd, or DLL with local errors through feedback weights Θ. Left,
the loss of each batch. Right, the angle between Θ and W of hidden-2 and the output: `kolen-pollack` brings it down.
"""

import argparse
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional

import dendrosim as ds
from dendrosim.plot.style import RULE_COLOURS, plain_logarithmic, styled

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
parser.add_argument("--epochs", type=int, default=8, help="epochs of training")
arguments = parser.parse_args()

torch.manual_seed(0)
module = nn.Sequential(nn.Linear(64, 96), nn.Tanh(), nn.Linear(96, 48), nn.Tanh(), nn.Linear(48, 10))
described, parameters = ds.from_torch(module, output="softmax")  # it ends with logits, as cross_entropy takes them
data = ds.load_data("digits-mlp")
samples = torch.utils.data.TensorDataset(*map(torch.from_numpy, (data.train.stimuli[:], data.train.labels)))


def trained(feedback: str | None) -> tuple[ds.nn.Network, list[float], list[dict[str, float]]]:
    """Return a network with its losses and angles; without a feedback rule, autograd fills the gradients."""
    rule = {"feedback": feedback or "fixed", "decay": 1e-3}
    network = ds.nn.Network(described.changed(rules={"dll": rule}), parameters)
    optimizer = torch.optim.SGD(network.parameter_groups(0.1), momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, arguments.epochs)
    losses, angles = [], []
    for _ in range(arguments.epochs):
        for stimuli, labels in torch.utils.data.DataLoader(samples, batch_size=32):
            optimizer.zero_grad()
            if feedback is None:
                loss = functional.cross_entropy(network(stimuli), labels)
                loss.backward()
            else:
                loss = network.learn(stimuli, labels)
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            angles.append(network.to_parameters().alignment())
        scheduler.step()
    return network, losses, angles


curves = {name or "autograd": trained(name) for name in (None, "kolen-pollack", "fixed")}
for name, (network, _, _) in curves.items():
    plain = ds.to_torch(network.model, network.to_parameters())  # a nn.Sequential again, for ONNX or anything else
    right = plain(torch.from_numpy(data.test.stimuli[:])).argmax(dim=1).numpy() == data.test.labels
    print(f"{name}: {100 * right.mean():.2f} % of the test digits")


@styled
def draw() -> Figure:
    """Draw losses and angles."""
    figure = Figure(figsize=(7.0, 2.8))
    left, right = figure.subplots(1, 2)
    for name, (_, losses, angles) in curves.items():
        colour = RULE_COLOURS.get(name, RULE_COLOURS["backpropagation"])
        left.plot(losses, lw=0.8, color=colour, label=name)
        for dash, connection in zip(("-", "--"), ("hidden-2", "output"), strict=True):
            if name != "autograd":  # which knows no Θ
                course = [angle[f"angle.{connection}"] for angle in angles]
                right.plot(course, dash, color=colour, label=connection if name == "fixed" else None)
    left.set(xlabel="batch", ylabel="cross-entropy", yscale="log")
    plain_logarithmic(left.yaxis)
    right.set(xlabel="batch", ylabel="angle between Θ and W (°)", ylim=(0, 100))
    left.legend()
    right.legend(loc="lower left", ncols=2)
    return figure


draw().savefig(arguments.out / "11_your_torch_module.png")
