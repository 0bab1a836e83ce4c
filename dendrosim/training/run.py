"""The result of a training, and the folder it is written to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dendrosim.data import Dataset
from dendrosim.errors import RunError
from dendrosim.model import Model, Parameters
from dendrosim.model.library import save_model

FILES = ("model.toml", "weights.safetensors", "history.csv", "summary.json")


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes
    ----------
    model : Model
        What was trained, with the settings that were used.
    parameters : Parameters of numpy.ndarray
        Parameters after the last epoch.
    history : pandas.DataFrame
        One row an epoch: losses, accuracies, and by layer the angle between Θ and W (degrees) and ‖Θ‖.
    data : Dataset
        What it was trained on.
    test_accuracy, test_loss : float
        Measured once, after the last epoch; nothing was selected on the test set.
    """

    model: Model
    parameters: Parameters
    history: pd.DataFrame
    data: Dataset
    test_accuracy: float
    test_loss: float

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
            The folder already holds a run, or cannot be written.
        """
        folder = Path(folder)
        if not overwrite:
            refuse_to_overwrite(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save_model(self.model, folder / "model.toml")
            self.parameters.save(folder / "weights.safetensors", self.model)
            self.history.to_csv(folder / "history.csv", index=False)
            summary = {
                "rule": self.model.training.rule,
                "seed": self.model.training.seed,
                "epochs": self.model.training.epochs,
                "test_accuracy": self.test_accuracy,
                "test_loss": self.test_loss,
            }
            (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise RunError(f"{folder}: the run cannot be written ({error.strerror}); choose another --out.") from None
        return folder


def refuse_to_overwrite(folder: Path) -> None:
    """Raise RunError if `folder` holds the files of an earlier run."""
    if any((folder / name).exists() for name in FILES):
        raise RunError(f"{folder}: this folder already holds a run; choose another --out, or pass --overwrite.")
