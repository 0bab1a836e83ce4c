"""What a training step costs: the rules against torch.nn with autograd and fused Adam, in time and in memory."""

from __future__ import annotations

import os
import statistics
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dendrosim.benchmark.report import within
from dendrosim.data import load_data
from dendrosim.equilibrium import Network
from dendrosim.equilibrium.maps import channels_last
from dendrosim.errors import DataError
from dendrosim.model import Model, Parameters, load_model
from dendrosim.plot import Result
from dendrosim.registry import RULES
from dendrosim.rules import Rule
from dendrosim.rules.rule import Updates
from dendrosim.training import Hardware
from dendrosim.training.optimizer import Optimizer

Row = dict[str, Any]
Step = Callable[[], Tensor | None]

FEEDBACK = ("kolen-pollack", "mirror", "fixed", "paper")
MIRROR_SHARE = 1.10  # of the time of kolen-pollack, which mirror should stay below
# Model, batch, the paper's ratio, and what DLL (kolen-pollack) should stay below.
RACES = (
    ("fashion-mnist-mlp", 64, "1.41", 1.00),
    ("fashion-mnist-mlp", 256, "1.41", 1.00),
    ("fashion-mnist-cnn", 64, "1.72", 1.10),
    ("shakespeare-rnn", 64, "", 0.85),
)
QUICK = (("digits-mlp", 32, "", None), ("digits-cnn", 32, "", None), ("reber-rnn", 32, "", None))


def measurements(quick: bool, device: str = "cpu") -> Iterator[Row]:
    """Measure everything and yield rows of (quantity, measured, target, value); times with what a figure needs.

    Parameters
    ----------
    quick : bool
        Small networks and few rounds, to see that it works.
    device : {"cpu", "cuda"}
        What the steps run on; the targets are those of one thread of a CPU.

    Raises
    ------
    RunError
        There is no such device.
    """
    races, cores = QUICK if quick else RACES, min(2, os.cpu_count() or 1)
    for threads in (1,) if quick or device != "cpu" else (1, cores):
        where = _place(device, threads)
        for name, batch, paper, target in races:
            aim = target if where == "1 thread" else None
            rows = _race(load_model(name), batch, paper, aim, where, device, 5 if quick else 60)
            yield from within(Hardware(device=device, threads=threads).prepare, rows)
    if device == "cpu":
        yield from within(Hardware(threads=1).prepare, _once(load_model(races[0][0]), races[0][1]))


def _place(device: str, threads: int) -> str:
    """Return what the steps run on, in words."""
    with Hardware(device=device).prepare() as (there, _):
        return torch.cuda.get_device_name() if there.type == "cuda" else f"{threads} thread{'s' if threads > 1 else ''}"


def _once(model: Model, batch: int) -> Iterator[Row]:
    yield _bytes(model, batch)
    yield _input_share(model)


def _race(
    model: Model, batch: int, paper: str, target: float | None, where: str, device: str, rounds: int
) -> Iterator[Row]:
    stimuli, targets = (tensor.to(device) for tensor in random_batch(model, batch))
    steps = {"backpropagation": reference_step(model, stimuli, targets)}
    models = {feedback: model.changed(rules={"dll": {"feedback": feedback}}) for feedback in FEEDBACK}
    for feedback, each in models.items():
        steps[feedback] = rule_step(each, stimuli, targets)
    steps["mirror step"] = mirror_step(models["mirror"], device)
    median = medians(steps, rounds, device)
    settings, once = models["mirror"].rules.dll, median["mirror step"]
    median["mirror"] += once / settings.every
    base = median["backpropagation"]
    panel = f"{model.name}, batch {batch}, {where}"
    yield {
        "quantity": f"time of a step, DLL mirror, with its share of mirror steps, against DLL kolen-pollack, {panel}",
        "measured": f"{median['mirror'] / median['kolen-pollack']:.2f} (a mirror step of {1e3 * once:.2f} ms in "
        f"{settings.every} batches; {1e3 * once * settings.spontaneous:.0f} ms of them before the first)",
        "target": f"≤ {MIRROR_SHARE:.2f}" if where == "1 thread" else "report",
        "value": median["mirror"] / median["kolen-pollack"],
    }
    for feedback in FEEDBACK:
        ratio = median[feedback] / base
        yield {
            "quantity": f"time of a step, DLL {feedback} against backpropagation in torch.nn, {panel}",
            "measured": f"{ratio:.2f} ({1e3 * median[feedback]:.2f} against {1e3 * base:.2f} ms, medians of {rounds})",
            "target": (f"≤ {target:.2f}" if target and feedback == "kolen-pollack" else "report")
            + (f" (paper {paper})" if paper else ""),
            "value": ratio,
            "panel": panel,
            "rule": feedback,
            "paper": float(paper) if paper else None,
        }


def medians(steps: Mapping[str, Step], rounds: int, device: str = "cpu") -> dict[str, float]:
    """Return the median seconds of each step, which are run in turns, so that all share the drift of the machine."""
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(3 + rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            wait()
            if number >= 3:  # the first ones fill caches
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def panels(rows: Iterable[Row]) -> list[tuple[str, str, list[Result]]]:
    """Return the ratios of time for :func:`dendrosim.plot.cost`, a panel for each network."""
    found: dict[str, list[Result]] = {}
    for row in rows:
        if "panel" in row:
            found.setdefault(row["panel"], []).append(Result(f"DLL {row['rule']}", row["value"], 0.0, row["paper"]))
    return [(title, "time of a step / backpropagation in torch.nn", results) for title, results in found.items()]


def rule_step(model: Model, stimuli: Tensor, targets: Tensor) -> Step:
    """Return one training step of the model's rule as the trainer does it; the step returns its loss.

    It runs on the device of the stimuli, and is the second of a training: what a rule does besides in some batches is
    left out (:func:`mirror_step`).
    """
    network, rule, parameters, optimizer = _learner(model, stimuli.device)
    rule.batches_done = 1

    def step() -> Tensor:
        rule.constrain(network, parameters)
        state = rule.infer(network, parameters, stimuli)
        loss = network.loss(network.output(state), targets)
        optimizer.step(rule.updates(network, parameters, state, targets))
        return loss

    return step


def mirror_step(model: Model, device: str = "cpu") -> Callable[[], None]:
    """Return one mirror step of the feedback rule ``mirror``."""
    network, rule, parameters, _ = _learner(model, torch.device(device))
    rule.batches_done = model.rules.dll.every
    return lambda: rule.constrain(network, parameters)


def reference_step(model: Model, stimuli: Tensor, targets: Tensor) -> Step:
    """Return the same step of the same network in torch.nn, with autograd and fused Adam."""
    module = _module(model).to(stimuli.device)
    module = module.to(memory_format=torch.channels_last) if stimuli.ndim == 4 else module
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    labels = targets.argmax(dim=-1).ravel()

    def step() -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(module(stimuli).flatten(0, -2), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


class _Recurrent(nn.Module):
    """torch.nn's recurrent network, which takes the step first."""

    def __init__(self, cells: int, units: int, outputs: int):
        super().__init__()
        self.recurrent, self.readout = nn.RNN(cells, units, batch_first=True), nn.Linear(units, outputs)

    def forward(self, stimuli: Tensor) -> Tensor:
        return self.readout(self.recurrent(stimuli)[0])


def _module(model: Model) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # torch.nn draws weights from the random numbers of the whole process
        return _drawn_module(model)


def _drawn_module(model: Model) -> nn.Module:
    if model.is_sequence:
        _, cells, units, outputs = (0, *model.sizes)
        return _Recurrent(cells, units, outputs)
    modules: list[nn.Module] = []
    for connection in model.connections:
        if connection.pooling:
            pool = nn.MaxPool2d if connection.pooling.kind == "max-pool" else nn.AvgPool2d
            modules.append(pool(connection.pooling.window))
        if connection.kind == "conv2d":
            above, below, height, width = connection.shape
            modules.append(nn.Conv2d(below, above, (height, width), padding=connection.padding))
        else:
            modules += [nn.Flatten(), nn.Linear(connection.shape[1], connection.shape[0])]
        if connection.above != "output":
            modules.append(nn.Tanh())
    return nn.Sequential(*modules)


def _bytes(model: Model, batch: int) -> Row:
    """Measure parameters, moments of Adam, and gradients or updates that are alive at once."""
    stimuli, targets = random_batch(model, batch)
    module = _module(model)
    reference = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    nn.functional.cross_entropy(module(stimuli), targets.argmax(dim=-1)).backward()
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    reference.step()
    moments = [tensor for state in reference.state.values() for tensor in state.values()]
    theirs = _size(*module.parameters(), *moments, *gradients)

    ours = state_bytes(model, stimuli, targets)
    return {
        "quantity": f"bytes of parameters, moments and updates at once, DLL {model.rules.dll.feedback} against "
        f"backpropagation in torch.nn, {model.name}",
        "measured": f"{ours / theirs:.3f} ({ours / 1e6:.1f} against {theirs / 1e6:.1f} MB)",
        "target": "≤ 1.12 (paper 1.24)",
        "value": ours / theirs,
    }


def state_bytes(model: Model, stimuli: Tensor, targets: Tensor) -> int:
    """Return the bytes of parameters, moments of the optimizer, and updates that are alive at once, in one step."""
    network, rule, parameters, optimizer = _learner(model, stimuli.device)
    given, largest = [], 0

    def watched(updates: Updates) -> Updates:
        nonlocal largest
        for name, direction in updates:
            given.append(weakref.ref(direction))
            largest = max(largest, _size(*(tensor for each in given if (tensor := each()) is not None)))
            yield name, direction
            del direction

    optimizer.step(watched(rule.updates(network, parameters, rule.infer(network, parameters, stimuli), targets)))
    return _size(*dict(parameters.items()).values(), *optimizer.state().values()) + largest


def _learner(model: Model, device: torch.device) -> tuple[Network, Rule, Parameters, Optimizer]:
    rule = RULES[model.training.rule].from_model(model)
    rule.generator = torch.Generator(device).manual_seed(0)
    drawn = Parameters.initialise(model, 0, auxiliary=rule.auxiliary)
    parameters = drawn.map(lambda array: channels_last(torch.from_numpy(array).to(device)))
    return Network(model), rule, parameters, Optimizer(parameters, rule, model, steps=10**6)


def _size(*tensors: Tensor) -> int:
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(storages.values())


def _input_share(model: Model) -> Row:
    try:
        train = load_data(model).train
    except DataError:
        model = load_model("digits-mlp")
        train = load_data(model).train
    size, generator = model.training.batch_size, np.random.default_rng(0)
    order, reading, training = generator.permutation(len(train)), 0.0, 0.0
    step: Step | None = None
    for first in range(0, min(len(train), 200 * size), size):
        start = time.perf_counter()
        batch = order[first : first + size]
        stimuli, targets = torch.from_numpy(train.draw(batch, generator)), torch.from_numpy(train.targets[batch])
        reading += time.perf_counter() - start
        step = step or rule_step(model, stimuli, targets)
        start = time.perf_counter()
        step()
        training += time.perf_counter() - start
    share = reading / (reading + training)
    return {
        "quantity": f"share of the input in a training epoch, {model.name}, batch {size}",
        "measured": f"{100 * share:.1f} %",
        "target": "≤ 5 %",
        "value": share,
    }


def random_batch(model: Model, batch: int) -> tuple[Tensor, Tensor]:
    """Return random stimuli and labels of a network's shapes."""
    generator = torch.Generator().manual_seed(0)
    stimuli = channels_last(torch.randn(batch, *model.input, generator=generator))
    shape = (batch, model.steps) if model.is_sequence else (batch,)
    labels = torch.randint(0, model.sizes[-1], shape, generator=generator)
    return stimuli, nn.functional.one_hot(labels, model.sizes[-1]).float()
