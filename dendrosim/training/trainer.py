"""The trainer: epochs of shuffled batches, judged on a validation split, tested once at the end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dendrosim.data import Dataset
from dendrosim.data.fingerprint import Fingerprint, fingerprint_of, first_change
from dendrosim.data.samples import Split
from dendrosim.equilibrium import Network, State
from dendrosim.equilibrium.maps import channels_last
from dendrosim.errors import DivergedError, RunError
from dendrosim.model import Model, Parameters
from dendrosim.model.randomness import stream
from dendrosim.registry import RULES
from dendrosim.rules import Rule
from dendrosim.rules.rule import learning_step, noise_of_epoch
from dendrosim.training.checkpoint import Checkpoint
from dendrosim.training.distributed import Ranks
from dendrosim.training.gradient import gradient_angles
from dendrosim.training.measures import MEASURES
from dendrosim.training.optimizer import Optimizer
from dendrosim.training.prediction import mean_measures, pieces, with_auxiliary
from dendrosim.training.run import Run

COMPARED_WITH_GRADIENT = 128


class Trainer:
    """A network, its parameters and its optimizer, on the way from one epoch to the next.

    Parameters
    ----------
    model : Model
        The network and its training settings.
    data : Dataset
        What it is trained on.
    device, dtype
        Where, and with which numbers.
    ranks : Ranks
        The processes that share each batch.
    start : Parameters of numpy.ndarray, optional
        In the place of random ones; auxiliary parameters of a rule that they lack are drawn.
    """

    def __init__(
        self,
        model: Model,
        data: Dataset,
        device: torch.device,
        dtype: torch.dtype,
        ranks: Ranks,
        start: Parameters | None = None,
    ):
        self._model, self._data, self._ranks = model, data, ranks
        self._device, self._dtype = device, dtype
        self._settings = settings = model.training
        self._network = Network(model)
        self._rule: Rule = RULES[settings.rule].from_model(model)
        drawn = Parameters.initialise(model, settings.seed, auxiliary=self._rule.auxiliary)
        self.parameters = (drawn if start is None else with_auxiliary(drawn, start)).map(self._tensor)
        self.batches = math.ceil(len(data.train) / settings.batch_size)
        self._optimizer = Optimizer(self.parameters, self._rule, model, self.total_batches)
        self.history: list[dict[str, Any]] = []
        self.best_epoch, self._best = 0, self.parameters
        # A GPU that is asked after every step waits for the next one.
        self._asks_each_step = device.type == "cpu"
        self._finite: dict[str, Tensor] = {}

    @property
    def total_batches(self) -> int:
        """Batches of the whole training."""
        return self._settings.epochs * self.batches

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or validation has not improved for as long as the model has patience."""
        done, patience = len(self.history), self._settings.patience
        return done >= self._settings.epochs or (patience is not None and done - self.best_epoch >= patience)

    @property
    def chosen(self) -> tuple[int, Parameters]:
        """The epoch that counts and its parameters: the last one, or the best on validation if it may stop early."""
        if self._settings.patience is None:
            return len(self.history), self.parameters
        return self.best_epoch, self._best

    def epoch(self, progress: Callable[[int, int], None]) -> dict[str, Any]:
        """Pass once over the training set and return the new row of the history.

        Parameters
        ----------
        progress : callable
            Called after each batch with the number of batches done, and of all batches of the training.

        Raises
        ------
        DivergedError
            The loss, a parameter or a moment of the optimizer became NaN or infinite: on a CPU at the step where the
            loss did, on a GPU at the end of the epoch.
        """
        start, number, rate = time.perf_counter(), len(self.history) + 1, self._optimizer.learning_rate
        generator = np.random.default_rng(stream(self._settings.seed, "order of samples", number))
        self._rule.generator = self._generator(number)
        order = generator.permutation(len(self._data.train))
        sums, self._finite = self._nothing(), {}
        for done in range(self.batches):
            batch = order[done * self._settings.batch_size : (done + 1) * self._settings.batch_size]
            self._add(sums, self._step(batch, generator))
            progress((number - 1) * self.batches + done + 1, self.total_batches)
        self._check_loss(sums["loss"])
        self._check_finite()
        validated = self.evaluate(self._data.validation)
        row = {
            "epoch": number,
            "learning_rate": rate,
            **{f"train_{name}": float(value) / len(order) for name, value in sums.items()},
            **{f"validation_{name}": value for name, value in validated.items()},
            **self.parameters.map(lambda tensor: tensor.cpu()).alignment(),
            **self._gradient_angles(),
            "seconds": time.perf_counter() - start,
        }
        if self.best_epoch == 0 or validated["loss"] < self.history[self.best_epoch - 1]["validation_loss"]:
            self.best_epoch = number
            if self._settings.patience is not None:
                self._best = self.parameters.map(torch.clone)
        self.history.append(row)
        return row

    def evaluate(self, split: Split) -> dict[str, float]:
        """Return the mean loss and what else is measured on a split; each rank takes some of its samples.

        Raises
        ------
        RunError
            The loss is NaN or infinite.
        """
        sums, self._finite = self._nothing(), {}
        for part in pieces(len(split), self._ranks.rank, self._ranks.size):
            stimuli, targets = self._tensor(split.stimuli[part]), self._tensor(split.targets[part])
            self._add(sums, self._measured(self._rule.infer(self._network, self.parameters, stimuli), targets))
        total = self._ranks.total(sums)()
        self._check_loss(total["loss"])
        return {name: float(value) / len(split) for name, value in total.items()}

    @cached_property
    def _fingerprint(self) -> Fingerprint:
        return fingerprint_of(self._data)

    def checkpoint(self) -> Checkpoint:
        """Return all that is needed to go on from here."""
        groups = {"parameters": dict(self.parameters.items()), "moments": self._optimizer.state()}
        if self._settings.patience is not None and self.best_epoch:
            groups["best"] = dict(self._best.items())
        return Checkpoint(
            self._model.model_dump(mode="json"),
            len(self.history),
            self._optimizer.step_number,
            self.history,
            self.best_epoch,
            {f"{group}/{name}": tensor for group, tensors in groups.items() for name, tensor in tensors.items()},
            self._fingerprint,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same model.

        Raises
        ------
        RunError
            It was trained on other data or with another precision, or holds other tensors.
        """
        checkpoint.check(dict(self.parameters.items()))
        if split := first_change(checkpoint.data, self._fingerprint):
            raise RunError(
                f"the checkpoint is of other data than '{self._data.name}', whose {split} samples are not the same; "
                "resume with those it was trained on, or start anew with --overwrite (overwrite=True)."
            )
        there = checkpoint.part("parameters")
        for name, tensor in self.parameters.items():
            if there[name].dtype != tensor.dtype:
                raise RunError(
                    f"the checkpoint holds {_short(there[name].dtype)} and the training wants "
                    f"{_short(tensor.dtype)}; resume with --dtype {_short(there[name].dtype)}."
                )
            tensor.copy_(there[name])
        self._optimizer.restore(checkpoint.part("moments"), checkpoint.step)
        self.history, self.best_epoch = list(checkpoint.history), checkpoint.best_epoch
        if best := checkpoint.part("best"):
            self._best = self.parameters.map(torch.clone)
            for name, tensor in self._best.items():
                tensor.copy_(best[name])

    def result(self) -> Run:
        """Test the parameters that count and return them with the history."""
        epoch, self.parameters = self.chosen
        parameters = self.parameters.map(lambda tensor: np.ascontiguousarray(tensor.cpu().numpy()).copy())
        test = self.evaluate(self._data.test)
        data = self._data
        return Run(self._model, parameters, tuple(self.history), epoch, test, data.classes, data, data.columns)

    def _step(self, batch: np.ndarray, generator: np.random.Generator) -> dict[str, Tensor]:
        """Learn from one batch and return what was measured on it, summed over presentations."""
        own, share = self._ranks.part(len(batch))
        stimuli = self._tensor(self._drawn(batch, own, generator))
        targets = self._tensor(self._data.train.targets[batch[own]])
        self._rule.batches_done = self._optimizer.step_number
        state, updates = learning_step(self._rule, self._network, self.parameters, stimuli, targets)
        measured = self._measured(state, targets)
        whole_batch = self._ranks.total(measured if share else self._nothing())
        self._optimizer.step(self._ranks.summed(updates, share))
        total = whole_batch()
        if self._asks_each_step:
            self._check_loss(total["loss"])  # all ranks see the same sum, so that all of them stop at the same step
        return total

    def _gradient_angles(self) -> dict[str, float]:
        """Return the angles between the rule's updates and the gradient, on the first of the validation split."""
        part = slice(0, COMPARED_WITH_GRADIENT)
        stimuli = self._tensor(self._data.validation.stimuli[part])
        targets = self._tensor(self._data.validation.targets[part])
        self._rule.generator = self._generator(0)  # the noise of no epoch
        angles = gradient_angles(self._rule, self._network, self.parameters, stimuli, targets)
        return {f"gradient_angle.{name}": angle for name, angle in angles.items()}

    def _drawn(self, batch: np.ndarray, own: slice, generator: np.random.Generator) -> np.ndarray:
        train = self._data.train
        if train.augmentation is None:
            return train.stimuli[batch[own]]
        # Every rank draws for the whole batch, so that their number does not change the training.
        return train.draw(batch, generator)[own]

    def _nothing(self) -> dict[str, Tensor]:
        names = ("loss", *MEASURES[self._data.task])
        return {name: torch.zeros((), dtype=torch.float64, device=self._device) for name in names}

    def _add(self, sums: dict[str, Tensor], measured: dict[str, Tensor]) -> None:
        for name, value in measured.items():
            sums[name] += value

    def _measured(self, state: State, targets: Tensor) -> dict[str, Tensor]:
        """Return sums over presentations of the loss and of what else is measured; see whether all is finite."""
        means = mean_measures(self._network, self._data.task, self._network.output(state), targets)
        if not self._asks_each_step or not _is_finite(means["loss"]):
            found = {
                name: torch.isfinite(tensor).all() for name, tensor in ({"targets": targets} | state.basal).items()
            }
            found["output"] &= torch.isfinite(means["loss"])
            if before := self._finite:  # what broke first says why
                intact = torch.stack(list(before.values())).all()
                found = {name: torch.where(intact, flag, before[name]) for name, flag in found.items()}
            self._finite = found
        return {name: value.double() * len(targets) for name, value in means.items()}

    def _check_loss(self, loss: Tensor) -> None:
        if _is_finite(loss):
            return
        broken = next((name for name, finite in self._finite.items() if not finite), "loss")
        if broken in ("targets", "input"):
            raise RunError(
                f"training stopped after epoch {len(self.history)}: {broken} of '{self._data.name}' holds NaN "
                "or infinite values; correct the data set."
            )
        raise self._diverged(broken)

    def _check_finite(self) -> None:
        for name, tensor in (*self.parameters.items(), *self._optimizer.state().items()):
            if not _is_finite(tensor):
                raise self._diverged(name)

    def _diverged(self, what: str) -> DivergedError:
        return DivergedError(
            f"training diverged in epoch {len(self.history) + 1}: '{what}' holds NaN or infinite values, or too large "
            "ones; lower training.learning_rate, or set training.clamp."
        )

    def _generator(self, epoch: int) -> torch.Generator:
        rank = 0 if self._rule.shares_noise else self._ranks.rank
        return noise_of_epoch(self._settings.seed, epoch, self._device, rank)

    def _tensor(self, array: np.ndarray) -> Tensor:
        return channels_last(torch.from_numpy(array).to(self._device, self._dtype, non_blocking=True))


def _is_finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
