"""The trainer: epochs of shuffled batches, judged on a validation split, tested once at the end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from dendrosim.data import Dataset, load_data
from dendrosim.data.dataset import Split
from dendrosim.equilibrium import Network
from dendrosim.errors import RunError
from dendrosim.model import Model, Parameters
from dendrosim.rules import RULES, Rule
from dendrosim.training.optimizer import Optimizer
from dendrosim.training.run import Run

EVALUATED_AT_ONCE = 1000


def train(model: Model, *, seed: int | None = None, report: Callable[[Mapping[str, Any]], None] | None = None) -> Run:
    """Train a network in the equilibrium engine.

    Parameters
    ----------
    model : Model
        The network, its data set and its training settings.
    seed : int, optional
        Replaces the model's seed. The same seed gives the same weights, to the bit, on one machine.
    report : callable, optional
        Called after each epoch with the new row of the history.

    Returns
    -------
    Run
        Parameters after the last epoch, history, and the accuracy on the test set.

    Raises
    ------
    RunError
        A parameter became NaN or infinite.
    """
    if seed is not None:
        model = model.changed(training={"seed": seed})
    data = load_data(model)
    trainer = _Trainer(model, data)
    rows = []
    for epoch in range(1, model.training.epochs + 1):
        rows.append(trainer.epoch(epoch))
        if report is not None:
            report(rows[-1])
    loss, accuracy = trainer.evaluate(data.test)
    parameters = trainer.parameters.map(lambda tensor: tensor.numpy().copy())
    return Run(model, parameters, pd.DataFrame(rows), data, accuracy, loss)


class _Trainer:
    def __init__(self, model: Model, data: Dataset):
        # Silenced errors are tiny, and denormal numbers would slow every product down.
        torch.set_flush_denormal(True)
        settings = model.training
        self._network = Network(model)
        self._rule: Rule = RULES[settings.rule].from_model(model)
        self._train = data.train
        self._validation = data.validation
        self._batch_size = settings.batch_size
        self._order = torch.Generator().manual_seed(settings.seed)
        self._augmentation = np.random.default_rng(settings.seed)
        self.parameters = Parameters.initialise(model, settings.seed).map(torch.from_numpy)
        steps = settings.epochs * math.ceil(len(data.train) / settings.batch_size)
        self._optimizer = Optimizer(self.parameters, self._rule, model, steps)

    def epoch(self, number: int) -> dict[str, Any]:
        """Pass once over the training set and return the row of the history."""
        start, rate = time.perf_counter(), self._optimizer.learning_rate
        samples = len(self._train)
        loss_sum, correct = 0.0, 0.0
        for batch in torch.randperm(samples, generator=self._order).split(self._batch_size):
            index = batch.numpy()
            stimuli = torch.from_numpy(self._train.draw(index, self._augmentation))
            wanted = torch.from_numpy(self._train.targets[index])
            state = self._network.sweep(self.parameters, stimuli)
            self._optimizer.step(self._rule.updates(self._network, self.parameters, state, wanted))
            loss_sum += float(self._network.loss(state.output, wanted)) * len(batch)
            correct += _accuracy(state.output, wanted) * len(batch)
        self._check_finite(number)
        validation_loss, validation_accuracy = self.evaluate(self._validation)
        return {
            "epoch": number,
            "learning_rate": rate,
            "train_loss": loss_sum / samples,
            "train_accuracy": correct / samples,
            "validation_loss": validation_loss,
            "validation_accuracy": validation_accuracy,
            **self.parameters.alignment(),
            "seconds": time.perf_counter() - start,
        }

    def evaluate(self, split: Split) -> tuple[float, float]:
        """Return loss and accuracy on a split."""
        loss_sum, correct = 0.0, 0.0
        for first in range(0, len(split), EVALUATED_AT_ONCE):
            part = slice(first, first + EVALUATED_AT_ONCE)
            targets = torch.from_numpy(split.targets[part])
            output = self._network.sweep(self.parameters, torch.from_numpy(split.stimuli[part])).output
            loss_sum += float(self._network.loss(output, targets)) * len(targets)
            correct += _accuracy(output, targets) * len(targets)
        return loss_sum / len(split), correct / len(split)

    def _check_finite(self, epoch: int) -> None:
        for name, tensor in self.parameters.items():
            if not torch.isfinite(tensor).all():
                raise RunError(
                    f"training diverged in epoch {epoch}: '{name}' holds NaN or infinite values; "
                    "lower training.learning_rate."
                )


def _accuracy(output: Tensor, targets: Tensor) -> float:
    """Share of presentations (and steps of a sequence) whose largest output is the target."""
    return float((output.argmax(dim=-1) == targets.argmax(dim=-1)).double().mean())
