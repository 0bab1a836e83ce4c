"""The file ``summary.json`` of a run folder: what was trained, and what the test measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dendrosim.checks import LONGEST
from dendrosim.claims import content
from dendrosim.data.arrays import Classes, Columns
from dendrosim.errors import has_controls
from dendrosim.model.settings import Training

SUMMARY = "summary.json"  # the last file that a finished run writes


@dataclass(frozen=True)
class Summary:
    """What a run folder says of its run.

    Attributes
    ----------
    model : str
        Name of the model.
    epoch, test, classes, columns
        As of :class:`dendrosim.Run`.
    """

    model: str
    epoch: int
    test: Mapping[str, float]
    classes: Classes | None = None
    columns: Columns | None = None

    @classmethod
    def read(cls, folder: Path) -> Summary:
        """Read the summary of a folder.

        Raises
        ------
        ValueError, LookupError, RecursionError, OSError
            It is damaged.
        """
        values = json.loads(content(folder / SUMMARY))
        if not isinstance(values, dict):
            raise ValueError("it is no table")
        name, epoch = values.get("model", folder.absolute().name), values["epoch"]
        test = {key.removeprefix("test_"): value for key, value in values.items() if key.startswith("test_")}
        if not isinstance(name, str) or has_controls(name) or not 0 < len(name) <= LONGEST:
            raise ValueError("the name of its model is none")
        if not isinstance(epoch, int) or not all(isinstance(value, float) for value in test.values()):
            raise ValueError("its epoch or its test is no number")
        if not {"accuracy"} <= test.keys() and not {"mse", "mae"} <= test.keys():
            raise ValueError("it has no test")
        classes = _listed(values, "classes", str | int)
        return cls(name, epoch, test, classes, _listed(values, "columns", str))

    def content(self, training: Training, epochs: int) -> bytes:
        """Return the file, with what the training was beside it."""
        summary: dict[str, Any] = {f"test_{name}": value for name, value in self.test.items()}
        summary |= {"model": self.model, "rule": training.rule, "seed": training.seed}
        summary |= {"epochs": epochs, "epoch": self.epoch}
        named = {"classes": self.classes, "columns": self.columns}
        summary |= {name: list(each) for name, each in named.items() if each is not None}
        return (json.dumps(summary, indent=2) + "\n").encode()


def _listed(values: dict[str, Any], name: str, kind: Any) -> tuple[Any, ...] | None:
    listed = values.get(name)
    if listed is None:
        return None
    if not isinstance(listed, list) or not all(isinstance(each, kind) for each in listed):
        raise ValueError(f"its {name} are no names")
    return tuple(listed)
