"""The result of a training, and the folder it is written to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dendrosim.data import Dataset
from dendrosim.errors import RunError
from dendrosim.files import replace_file, write_safely
from dendrosim.model import Model, Parameters
from dendrosim.model.library import model_text
from dendrosim.training import checkpoint

RESULTS = ("model.toml", "weights.safetensors", "history.csv", "summary.json")
FILES = (checkpoint.NAME, *RESULTS)


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes
    ----------
    model : Model
        What was trained, with the settings that were used.
    parameters : Parameters of numpy.ndarray
        Parameters after the chosen epoch.
    history : pandas.DataFrame
        One row an epoch: losses, accuracies (or errors of a regression), and by connection the angle between Θ and W
        (degrees) and ‖Θ‖.
    data : Dataset
        What it was trained on.
    epoch : int
        The epoch of the parameters: the last one or, where training may stop early, the best on validation.
    test : dict of str to float
        Measured once, with these parameters: ``loss`` and ``accuracy``, or ``loss``, ``mse`` and ``mae`` of a
        regression. Nothing was selected on the test set.
    """

    model: Model
    parameters: Parameters
    history: pd.DataFrame
    data: Dataset
    epoch: int
    test: Mapping[str, float]

    @property
    def test_accuracy(self) -> float:
        """Share of test samples (and steps of a sequence) whose largest output is the target."""
        return self.test["accuracy"]

    def save(self, folder: str | Path, overwrite: bool = False) -> Path:
        """Write model, weights, history and summary.

        Parameters
        ----------
        folder : str or Path
            Made if it is not there.
        overwrite : bool
            Replace the files of an earlier run.

        Raises
        ------
        RunError
            The folder already holds a run, or cannot be written; the sentence says where the run is instead.
        """
        folder = Path(folder)
        if not overwrite:
            refuse_to_overwrite(folder)
        write_safely(folder, self._write, "run", RunError)
        return folder

    def _write(self, folder: Path) -> None:
        replace_file(folder / "model.toml", model_text(self.model).encode())
        replace_file(folder / "weights.safetensors", self.parameters.content(self.model))
        write_history(folder, self.history)
        training = self.model.training
        summary: dict[str, str | int | float] = {f"test_{name}": value for name, value in self.test.items()}
        summary |= {"rule": training.rule, "seed": training.seed, "epochs": training.epochs, "epoch": self.epoch}
        replace_file(folder / "summary.json", (json.dumps(summary, indent=2) + "\n").encode())


def refuse_to_overwrite(folder: Path) -> None:
    """Raise RunError if `folder` holds the files of an earlier run."""
    if any((folder / name).exists() for name in FILES):
        raise RunError(
            f"{folder}: this folder already holds a run; go on with it by --resume, choose another --out, or pass "
            "--overwrite."
        )


def write_history(folder: Path, history: pd.DataFrame) -> None:
    """Replace the history of a run folder; it can be read while the training goes on."""
    replace_file(folder / "history.csv", history.to_csv(index=False).encode())
