"""What each learning rule costs against backpropagation, in time and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dendrosim.benchmark.cost import medians, mirror_step, random_batch, rule_step, state_bytes
from dendrosim.benchmark.report import within
from dendrosim.benchmark.tables import TABLES, Cell
from dendrosim.training import Hardware

NETWORKS = {"fashion-mnist-mlp": 40, "fashion-mnist-cnn": 8}  # with the rounds that are measured
QUICK = {"digits-mlp": 3, "digits-cnn": 3}


def measurements(quick: bool) -> Iterator[dict[str, Any]]:
    """Measure every rule of the paper's Table 1 on an MLP and a CNN, with the settings with which it is trained.

    Time is that of a training step on a batch of the model's size, one thread, the rules in turns. Bytes are those of
    parameters, the optimizer's moments and the updates that are alive at once; every network has Θ, also where a rule
    does not use it.

    Parameters
    ----------
    quick : bool
        Small networks and few rounds, to see that it works.
    """
    yield from within(Hardware(threads=1).prepare, _all(quick))


def _all(quick: bool) -> Iterator[dict[str, Any]]:
    for name, rounds in (QUICK if quick else NETWORKS).items():
        models = {label: Cell(name, label, 0).described() for label in TABLES["rules"].rules}
        batch = models["backpropagation"].training.batch_size
        stimuli, targets = random_batch(models["backpropagation"], batch)
        steps = {label: rule_step(model, stimuli, targets) for label, model in models.items()}
        mirror = models["dll mirror"]
        seconds = medians(steps | {"mirror step": mirror_step(mirror)}, rounds)
        seconds["dll mirror"] += seconds.pop("mirror step") / mirror.rules.dll.every
        size = {label: state_bytes(model, stimuli, targets) for label, model in models.items()}
        for what, measured, unit in (("time of a step", seconds, 1e3), ("bytes of the state", size, 1e-6)):
            for label, value in measured.items():
                ratio = value / measured["backpropagation"]
                yield {
                    "quantity": f"{what}, {label} against backpropagation, {name}, batch {batch}",
                    "measured": f"{ratio:.2f} ({unit * value:.2f} {'ms' if measured is seconds else 'MB'})",
                    "target": "report",
                    "value": ratio,
                }
