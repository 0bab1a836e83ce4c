"""Data-parallel training: the processes that ``torchrun`` starts share every batch and sum their updates."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed

from dendrosim.errors import RunError
from dendrosim.rules.rule import Updates

# Sums that may be on their way while the rule computes the next update.
UNDER_WAY = 4


class Ranks:
    """The processes that train one network together; one that was not started by torchrun is alone.

    Attributes
    ----------
    rank, size : int
        Number of this process, and how many there are.
    """

    def __init__(self, rank: int = 0, size: int = 1):
        self.rank, self.size = rank, size

    @classmethod
    @contextmanager
    def joined(cls, device: torch.device) -> Iterator[Ranks]:
        """Join the processes that torchrun started with this one, for the time of the training."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            yield cls()
            return
        backend = "nccl" if device.type == "cuda" else "gloo"
        distributed.init_process_group(backend, timeout=timedelta(minutes=5))
        try:
            yield cls(distributed.get_rank(), size)
        except RuntimeError as error:
            raise RunError(
                f"rank {os.environ['RANK']} of {size} lost the others ({str(error).splitlines()[0]}); "
                "start them again with --resume."
            ) from error
        finally:
            distributed.destroy_process_group()

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.rank == 0

    def part(self, batch: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the samples of a batch that are this rank's, and their share of the batch.

        A rank that would have none takes a sample that does not count.
        """
        own = batch[self.rank :: self.size]
        return (own, len(own) / len(batch)) if len(own) else (batch[:1], 0.0)

    def summed(self, updates: Updates, share: float) -> Updates:
        """Give out the updates of the whole batch: the mean of those of all ranks, weighted by their shares.

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
                last = direction, total, distributed.all_reduce(total, async_op=True)
            waiting.append((name, *last[1:]))
            if len(waiting) > UNDER_WAY:
                yield _arrived(*waiting.popleft())
        while waiting:
            yield _arrived(*waiting.popleft())

    def total(self, values: dict[str, float]) -> dict[str, float]:
        """Return the sums over all ranks."""
        if self.size == 1:
            return values
        sums = torch.tensor(list(values.values()), dtype=torch.float64)
        if distributed.get_backend() == "nccl":
            sums = sums.cuda()
        distributed.all_reduce(sums)
        return dict(zip(values, sums.tolist(), strict=True))


def _arrived(name: str, total: Tensor, under_way: Any) -> tuple[str, Tensor]:
    under_way.wait()
    return name, total
