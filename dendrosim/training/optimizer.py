"""From updates to new parameters: torch's fused optimizers behind one small face."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from dendrosim.model import Model, Parameters
from dendrosim.model.schedule import SCHEDULES
from dendrosim.rules import Rule


class Optimizer:
    """Move parameters along updates, with Adam or plain steps and a learning-rate schedule.

    W and Θ decay by the rule's λ, apart from the adaptive step (as in AdamW), so that under plain steps
    W ← W + η(ΔW − λW) holds exactly.

    Parameters
    ----------
    parameters : Parameters of Tensor
        Changed in place.
    rule : Rule
        Gives the learning rate of Θ relative to W, and the decay.
    model : Model
        Gives optimizer, learning rate and schedule.
    steps : int
        Number of steps of the whole training, over which the schedule runs.
    """

    def __init__(self, parameters: Parameters, rule: Rule, model: Model, steps: int):
        training = model.training
        self._tensors = dict(parameters.items())
        rate = training.learning_rate
        groups = [
            {"params": list(parameters.W.values()), "lr": rate, "weight_decay": rule.decay},
            {"params": list(parameters.bias.values()), "lr": rate, "weight_decay": 0.0},
            {
                "params": list(parameters.theta.values()),
                "lr": rate * rule.theta_rate,
                "weight_decay": rule.decay if rule.theta_rate else 0.0,
            },
        ]
        groups = [group for group in groups if group["params"]]
        if training.optimizer == "adam":
            self._optimizer: torch.optim.Optimizer = torch.optim.AdamW(groups, fused=True, maximize=True)
        else:
            self._optimizer = torch.optim.SGD(groups, fused=True, maximize=True)
        schedule = SCHEDULES[training.schedule]
        self._schedule = LambdaLR(self._optimizer, lambda step: schedule(min(step / steps, 1.0)))

    @property
    def learning_rate(self) -> float:
        """Learning rate of W at present."""
        return float(self._optimizer.param_groups[0]["lr"])

    def step(self, updates: Parameters) -> None:
        """Move every parameter that has an update; one without stays exactly as it is."""
        directions: dict[str, Tensor] = dict(updates.items())
        for name, tensor in self._tensors.items():
            tensor.grad = directions.get(name)
        self._optimizer.step()
        self._schedule.step()
