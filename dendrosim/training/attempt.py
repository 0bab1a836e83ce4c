"""One training of many: it goes on from where an earlier one stopped, and to diverge is a result, too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dendrosim.data import Dataset
from dendrosim.errors import DivergedError
from dendrosim.model import Model
from dendrosim.training.checkpoint import NAME, Checkpoint
from dendrosim.training.hardware import Hardware
from dendrosim.training.run import Run
from dendrosim.training.train import described_by, train


@dataclass(frozen=True)
class Attempt:
    """What became of a training.

    Attributes
    ----------
    run : Run or None
        None where it diverged.
    history : list of dict
        One row an epoch, also of those before it diverged.
    diverged : str
        The sentence that says so; empty where it did not.
    """

    run: Run | None
    history: list[dict[str, Any]]
    diverged: str = ""

    @property
    def seconds(self) -> float:
        """Of all epochs."""
        return float(sum(row["seconds"] for row in self.history))


def attempt(model: Model, folder: Path | None, hardware: Hardware, data: Dataset | None = None) -> Attempt:
    """Train a network, from its last checkpoint if its folder has one with these settings, else anew.

    Parameters
    ----------
    model : Model
        What to train.
    folder : Path, optional
        Its run folder; a run with other settings in it is replaced.
    hardware : Hardware
        Device, precision and threads.
    data : Dataset, optional
        In the place of the model's own.
    """
    wanted = model if data is None else model.changed(data=data.name)
    same = folder is not None and _has_checkpoint_of(wanted, folder)
    rows: list[dict[str, Any]] = []
    outcome: tuple[Run | None, str]
    try:
        run = train(
            model,
            data=data,
            folder=folder,
            resume=same,
            overwrite=not same,
            hardware=hardware,
            report=lambda row: rows.append(dict(row)),
            progress=False,
        )
        outcome = run, ""
    except DivergedError as error:
        outcome = None, str(error)
    history = rows if folder is None else Checkpoint.read(folder).history
    return Attempt(outcome[0], history, outcome[1])


def _has_checkpoint_of(model: Model, folder: Path) -> bool:
    return (folder / NAME).is_file() and described_by(Checkpoint.read(folder)) == model.model_dump(mode="json")
