"""The history of a training as TensorBoard shows it, while the training runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dendrosim.errors import RunError


@contextmanager
def tensorboard(folder: Path) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Write rows of the history as scalars under ``folder/tensorboard``, for ``tensorboard --logdir``.

    Parameters
    ----------
    folder : Path
        The run folder.

    Yields
    ------
    callable
        Takes a row of the history. After a resumed training the curves go on where they stopped.

    Raises
    ------
    RunError
        TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise RunError(
            "TensorBoard is not installed; run pip install 'dendrosim[tensorboard]', or leave out --tensorboard."
        ) from None
    writers: list[SummaryWriter] = []

    def report(row: Mapping[str, Any]) -> None:
        if not writers:  # what an earlier process wrote of this epoch or later ones does not count
            writers.append(SummaryWriter(str(folder / "tensorboard"), purge_step=row["epoch"]))
        for name, value in row.items():
            if name != "epoch":
                writers[0].add_scalar(name, value, row["epoch"])
        writers[0].flush()

    try:
        yield report
    finally:
        for writer in writers:
            writer.close()
