"""From updates to new parameters: torch's fused Adam, or plain steps, one parameter at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from dendrosim.equilibrium.torch_internals import adamw_step, adamw_step_of_all
from dendrosim.errors import PluginError
from dendrosim.model import Model, Parameters
from dendrosim.model.schedule import SCHEDULES
from dendrosim.rules import Rule
from dendrosim.rules.rule import Updates
from dendrosim.training.checkpoint import MOMENTS

_PIECE = 2**16  # numbers; with their moments they fit the cache of a CPU's core


def rate_and_decay(rule: Rule, kind: str) -> tuple[float, float]:
    """Return the learning rate of a kind of parameters relative to that of W, and their decay."""
    return rule.theta_rate if kind == "theta" else 1.0, rule.decay if kind in ("W", "theta") else 0.0


class Optimizer:
    """Move parameters along updates, with Adam or plain steps and a learning-rate schedule.

    Each parameter is moved as soon as its direction is yielded, so that no two directions are in memory at a time.
    Where Θ always makes the steps of W (:attr:`Rule.theta_moves_as_W`), Adam has one pair of moments for both.
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
        self._pairs = self._pairs_of_equal_steps()
        self._led = set(self._pairs.values())
        self._room: Tensor | None = None
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
        """Move every parameter that has an update; one without stays exactly as it is.

        Raises
        ------
        PluginError
            Θ does not come with W, where the rule says that it moves as W.
        """
        scheduled = self._scheduled
        for name, direction in self._without_led(updates):
            share, decay = rate_and_decay(self._rule, name.rsplit(".", 1)[1])
            # In the order of torch's schedulers, for the same bits: they scale the rate of a group.
            self._move(name, direction, self._settings.learning_rate * share * scheduled, decay)
            del direction  # before the next one is computed
        self.step_number += 1

    def _without_led(self, updates: Updates) -> Updates:
        """Yield updates without those of Θ that moves with W, which have to be those of W."""
        for name, direction in updates:
            theta, same = next(updates, ("", None)) if name in self._pairs else (None, direction)
            if name in self._led or theta != self._pairs.get(name) or same is not direction:
                raise PluginError(
                    f"the rule '{self._rule.name}' says that Θ moves as W, and '{name}' comes without the other; yield "
                    "both with the same direction, Θ directly after W, or set theta_moves_as_W to False."
                )
            del same
            yield name, direction
            del direction

    def _pairs_of_equal_steps(self) -> dict[str, str]:
        """Return the names of W by whose moments Θ moves, with those of Θ."""
        if not self._rule.theta_moves_as_W or self._rule.theta_rate != 1 or self._settings.optimizer != "adam":
            return {}
        pairs = ((name, f"{name.removesuffix('.W')}.theta") for name in self._tensors if name.endswith(".W"))
        return {W: theta for W, theta in pairs if theta in self._tensors}

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
        moments = self._moments[name]
        moments[2].add_(1)
        if name in self._pairs:
            if self._room is None:
                largest = max(self._tensors[each].numel() for each in self._pairs)
                self._room = tensor.new_empty(largest if tensor.is_cuda else min(largest, _PIECE))
            both = tensor, self._tensors[self._pairs[name]]
            adamw_step_of_all(both, direction, moments, rate, decay, self._room)
        else:
            adamw_step(tensor, direction, moments, rate, decay)

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
            # Earlier versions kept moments of Θ also where they are those of W.
            if f"{name}.steps" in state and name not in self._led:
                first, second, steps = (state[f"{name}.{moment}"] for moment in MOMENTS)
                like = torch.empty_like(parameter)
                self._moments[name] = like.clone().copy_(first), like.clone().copy_(second), steps.to(like.device)
