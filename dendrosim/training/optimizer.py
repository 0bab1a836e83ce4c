"""From updates to new parameters: torch's fused Adam, or plain steps, one parameter at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from dendrosim.equilibrium.torch_internals import adamw_step
from dendrosim.model import Model, Parameters
from dendrosim.model.schedule import SCHEDULES
from dendrosim.rules import Rule
from dendrosim.rules.rule import Updates
from dendrosim.training.checkpoint import MOMENTS


def rate_and_decay(rule: Rule, kind: str) -> tuple[float, float]:
    """Return the learning rate of a kind of parameters relative to that of W, and their decay."""
    return rule.theta_rate if kind == "theta" else 1.0, rule.decay if kind in ("W", "theta") else 0.0


class Optimizer:
    """Move parameters along updates, with Adam or plain steps and a learning-rate schedule.

    Each parameter is moved as soon as its direction is yielded, so that no two directions are in memory at a time.
    W and Θ decay by the rule's λ, apart from the adaptive step (as in AdamW), so that under plain steps
    W ← W + η(ΔW − λW) holds exactly.

    Parameters
    ----------
    parameters : Parameters of Tensor
        Changed in place.
    rule : Rule
        Gives the learning rate of Θ relative to W, and the decay.
    model : Model
        Gives optimizer, learning rate, schedule and clamp.
    steps : int
        Number of steps of the whole training, over which the schedule runs.
    """

    def __init__(self, parameters: Parameters, rule: Rule, model: Model, steps: int):
        self._settings, self._rule, self._steps = model.training, rule, steps
        self._schedule = SCHEDULES[model.training.schedule]
        self._tensors = dict(parameters.items())
        self._moments: dict[str, tuple[Tensor, Tensor, Tensor]] = {}
        self.step_number = 0

    @property
    def learning_rate(self) -> float:
        """Learning rate of W at present."""
        return self._settings.learning_rate * self._scheduled

    @property
    def _scheduled(self) -> float:
        warmed_up = min((self.step_number + 1) / max(self._settings.warm_up, 1), 1.0)
        return warmed_up * self._schedule(min(self.step_number / self._steps, 1.0))

    def step(self, updates: Updates) -> None:
        """Move every parameter that has an update; one without stays exactly as it is."""
        scheduled = self._scheduled
        for name, direction in updates:
            share, decay = rate_and_decay(self._rule, name.rsplit(".", 1)[1])
            # In the order of torch's schedulers, for the same bits: they scale the rate of a group.
            self._move(name, direction, self._settings.learning_rate * share * scheduled, decay)
            del direction  # before the next one is computed
        self.step_number += 1

    def _move(self, name: str, direction: Tensor, rate: float, decay: float) -> None:
        tensor = self._tensors[name]
        if self._settings.clamp is not None:
            direction = direction.clamp(-self._settings.clamp, self._settings.clamp)
        if self._settings.optimizer == "sgd":
            tensor.mul_(1 - rate * decay).add_(direction, alpha=rate)
            return
        if direction.stride() != tensor.stride():  # the fused step goes through memory, whatever the strides
            direction = torch.empty_like(tensor).copy_(direction)
        if name not in self._moments:
            steps = torch.zeros((), dtype=torch.float32, device=tensor.device)
            self._moments[name] = torch.zeros_like(tensor), torch.zeros_like(tensor), steps
        self._moments[name][2].add_(1)
        adamw_step(tensor, direction, self._moments[name], rate, decay)

    def state(self) -> dict[str, Tensor]:
        """Return all that it remembers beside the parameters, by name."""
        return {
            f"{name}.{moment}": tensor
            for name, moments in self._moments.items()
            for moment, tensor in zip(MOMENTS, moments, strict=True)
        }

    def restore(self, state: dict[str, Tensor], step_number: int) -> None:
        """Go on from what :meth:`state` returned after so many steps."""
        self.step_number = step_number
        for name, parameter in self._tensors.items():
            if f"{name}.steps" in state:
                first, second, steps = (state[f"{name}.{moment}"] for moment in MOMENTS)
                like = torch.empty_like(parameter)
                self._moments[name] = like.clone().copy_(first), like.clone().copy_(second), steps.to(like.device)
