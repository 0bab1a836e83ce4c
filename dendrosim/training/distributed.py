"""Data-parallel training: the processes that ``torchrun`` starts share every batch and sum their updates."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed

from dendrosim.checks import shown
from dendrosim.errors import RunError
from dendrosim.rules.rule import Updates

# Sums that may be on their way while the rule computes the next update.
UNDER_WAY = 4


def told(variable: str, otherwise: int) -> int:
    """Return what torchrun says in an environment variable.

    Raises
    ------
    RunError
        It is no number: somebody else has set it.
    """
    value = os.environ.get(variable, str(otherwise))
    if not value.isdecimal() or len(value) > 6:
        raise RunError(f"the environment variable {variable} is {shown(value)}; unset it, or start with torchrun.")
    return int(value)


def rank() -> int:
    """Return the number that torchrun gave to this process; 0 for one that it did not start."""
    return told("RANK", 0)


class Ranks:
    """The processes that train one network together; one that was not started by torchrun is alone.

    Attributes
    ----------
    rank, size : int
        Number of this process, and how many there are.
    """

    def __init__(self, rank: int = 0, size: int = 1, device: torch.device | None = None):
        self.rank, self.size, self._device = rank, size, device

    @classmethod
    @contextmanager
    def joined(cls, device: torch.device) -> Iterator[Ranks]:
        """Join the processes that torchrun started with this one, for the time of the training.

        A process group that is there already is used, and stays: one process may train several networks in a row.

        Raises
        ------
        RunError
            The others cannot be reached.
        """
        size = told("WORLD_SIZE", 1)
        if size == 1:
            yield cls()
            return
        is_new = not distributed.is_initialized()
        if is_new:
            with _answering():
                backend = "nccl" if device.type == "cuda" else "gloo"
                distributed.init_process_group(backend, timeout=timedelta(minutes=5))
        try:
            yield cls(distributed.get_rank(), size, device)
        finally:
            if is_new:
                distributed.destroy_process_group()

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.rank == 0

    def part(self, size: int) -> tuple[slice, float]:
        """Return which samples of a batch are this rank's, and their share of the batch.

        A rank that would have none takes the first, which does not count.
        """
        own = slice(self.rank, size, self.size)
        count = len(range(size)[own])
        return (own, count / size) if count else (slice(1), 0.0)

    def summed(self, updates: Updates, share: float) -> Updates:
        """Yield the updates of the whole batch: the mean of those of all ranks, weighted by their shares.

        While one is summed the rule already computes the next.
        """
        if self.size == 1:
            yield from updates
            return
        waiting: deque[tuple[str, Tensor, Any]] = deque()
        last: tuple[Tensor, Tensor, Any] | None = None
        for name, direction in updates:
            if last is None or direction is not last[0]:  # two parameters may share one direction
                total = direction.mul(share).contiguous()
                last = direction, total, _begin_sum(total)
            waiting.append((name, *last[1:]))
            if len(waiting) > UNDER_WAY:
                yield _arrived(*waiting.popleft())
        while waiting:
            yield _arrived(*waiting.popleft())

    def total(self, values: Mapping[str, Tensor]) -> Callable[[], dict[str, Tensor]]:
        """Begin to sum values over all ranks; what is returned waits for the sums when it is called."""
        if self.size == 1:
            return lambda: dict(values)
        sums = torch.stack(list(values.values()))
        under_way = _begin_sum(sums)
        return lambda: dict(zip(values, _arrived("", sums, under_way)[1].unbind(), strict=True))


def _begin_sum(tensor: Tensor) -> Any:
    with _answering():
        return distributed.all_reduce(tensor, async_op=True)


def _arrived(name: str, total: Tensor, under_way: Any) -> tuple[str, Tensor]:
    with _answering():
        under_way.wait()
    return name, total


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what torch says when another rank does not answer into one sentence."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        # gloo wraps the cause into a place in its sources and advice to programmers.
        cause = str(error).strip().splitlines()[0].split("] ")[-1].split(". ")[0]
        size = os.environ["WORLD_SIZE"]
        raise RunError(
            f"rank {rank()} of {size} lost the others ({cause}); start all of them again with --resume."
        ) from error
