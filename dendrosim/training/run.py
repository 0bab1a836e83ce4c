"""The result of a training, and the folder it is written to and read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dendrosim.checks import choice, is_file, path_of, reason
from dendrosim.data import Dataset, Split, check_fit, load_data
from dendrosim.data.arrays import Classes, Columns, check_finite, check_same_rows, codes_of, stimuli_of, targets_of
from dendrosim.data.samples import part_of
from dendrosim.errors import DataError, RunError, printable
from dendrosim.files import replace_file, write_safely
from dendrosim.model import Model, Parameters, load_model
from dendrosim.model.library import model_text
from dendrosim.model.parameters import WEIGHTS
from dendrosim.model.spec import validated
from dendrosim.notebook import run_html
from dendrosim.training import checkpoint
from dendrosim.training.hardware import Hardware
from dendrosim.training.history import HISTORY, rows_of, write_history
from dendrosim.training.measures import described
from dendrosim.training.prediction import complete, evaluated, outputs_of
from dendrosim.training.summary import SUMMARY, Summary

if TYPE_CHECKING:
    import pandas as pd

RESULTS = ("model.toml", WEIGHTS, HISTORY, SUMMARY)
FILES = (checkpoint.NAME, *RESULTS)
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, repr=False, eq=False)
class Run:
    """A finished training.

    Attributes
    ----------
    model : Model
        What was trained, with the settings that were used.
    parameters : Parameters of numpy.ndarray
        Parameters after the chosen epoch.
    epochs : sequence of dict
        What was measured in each epoch: losses, accuracies (or errors of a regression), and by connection the angle
        between Θ and W (degrees) and ‖Θ‖.
    epoch : int
        The epoch of the parameters: the last one or, where training may stop early, the best on validation.
    test : dict of str to float
        Measured once, with these parameters: ``loss`` and ``accuracy``, or ``loss``, ``mse`` and ``mae`` of a
        regression. Nothing was selected on the test set.
    classes : tuple, optional
        The label of each output cell, where the user's own labels have become classes.
    given : Dataset, optional
        What it was trained on; a run that is read from a folder loads it when it is asked for.
    columns : tuple of str, optional
        The names of the numbers of a stimulus, where it was trained on a frame or a table; of other frames and tables
        these columns are taken, wherever they stand.
    """

    model: Model
    parameters: Parameters
    epochs: Sequence[Mapping[str, Any]]
    epoch: int
    test: Mapping[str, float]
    classes: Classes | None = None
    given: Dataset | None = None
    columns: Columns | None = None

    @classmethod
    def load(cls, folder: str | Path, *, imports: Iterable[str] = ()) -> Run:
        """Read a finished run from its folder; no data are loaded.

        Parameters
        ----------
        folder : str or Path
            Where it was written.
        imports : iterable of str
            Modules that register what the run was trained with, where it is not dendrosim's own.

        Raises
        ------
        RunError
            The folder holds no finished run, or a file of it is damaged.
        ModelError, ParametersError
            Its model or its weights are damaged.
        """
        import pandas as pd

        folder = path_of(folder, "the run folder", RunError)
        for name in RESULTS:
            if not is_file(folder / name):
                raise RunError(f"{folder}: there is no '{name}', so this is no finished run; train it to its end.")
        try:
            summary = Summary.read(folder)
            epochs = rows_of(pd.read_csv(folder / HISTORY))
        except (ValueError, TypeError, LookupError, RecursionError, OSError) as error:
            raise RunError(
                f"{folder}: its summary or history is damaged ({reason(error)}); restore it, or train again."
            ) from None
        model = validated(load_model(folder / "model.toml", imports=imports).model_dump(mode="json"), summary.model)
        parameters = complete(Parameters.load(folder, model), model)
        return cls(model, parameters, epochs, summary.epoch, summary.test, summary.classes, columns=summary.columns)

    @cached_property
    def history(self) -> pd.DataFrame:
        """:attr:`epochs` as a table, one row an epoch."""
        import pandas as pd

        return pd.DataFrame(self.epochs)

    @cached_property
    def data(self) -> Dataset:
        """What it was trained on.

        Raises
        ------
        DataError
            It cannot be had; arrays of Python are not kept with a run.
        """
        return load_data(self.model) if self.given is None else self.given

    @property
    def test_accuracy(self) -> float:
        """Share of test samples (and steps of a sequence) whose largest output is the target.

        Raises
        ------
        RunError
            It is a run of a regression, which has none.
        """
        if "accuracy" not in self.test:
            instead = " and ".join(f"test[{name!r}]" for name in self.test)
            raise RunError(f"a regression has no accuracy; take {instead} of the run instead.")
        return self.test["accuracy"]

    def predict(self, stimuli: Any, hardware: Hardware | None = None) -> np.ndarray:
        """Return what the network makes of stimuli, under the rule that it has learned by.

        Parameters
        ----------
        stimuli : array-like of shape (samples, ``*model.input``)
            Numbers, as for :meth:`dendrosim.Dataset.from_arrays`; scaled as those of the training were.
        hardware : Hardware, optional
            By default a CPU, in the precision of the parameters.

        Returns
        -------
        array of shape (samples, [steps,] outputs)
            Probabilities of the classes, in the order of :attr:`classes`, or quantities.

        Raises
        ------
        DataError
            The stimuli do not fit the model, or are no numbers.

        Examples
        --------
        >>> import dendrosim as ds
        >>> run = ds.train(ds.load_model("digits-mlp").changed(training={"epochs": 1}))
        >>> run.predict(run.data.test.stimuli[:2]).shape
        (2, 10)
        """
        samples = self._fitting(stimuli_of(stimuli, columns=self.columns))
        check_finite(samples, "stimuli")
        return outputs_of(self.model, self.parameters, samples, hardware)

    def evaluate(self, data: Any = "test", targets: Any = None, hardware: Hardware | None = None) -> dict[str, float]:
        """Return how well the network does, as :attr:`test` does for the test set.

        Parameters
        ----------
        data : {"train", "validation", "test"} or Split or Dataset or array-like
            A split of what it was trained on, another one, the test split of another data set, or stimuli.
        targets : array-like, optional
            Those of the stimuli, as for :meth:`dendrosim.Dataset.from_arrays`; their classes are those of the run.
        hardware : Hardware, optional
            As for :meth:`predict`.

        Returns
        -------
        dict of str to float
            ``loss`` and ``accuracy``, or ``loss``, ``mse`` and ``mae`` of a regression.

        Raises
        ------
        DataError, ModelError
            The data do not fit the model, or their classes are others.
        """
        split = self._split(data, targets)
        outputs = outputs_of(self.model, self.parameters, self._fitting(split.stimuli), hardware)
        return evaluated(self.model, outputs, split, "regression" if split.labels is None else "classification")

    def _split(self, data: Any, targets: Any) -> Split:
        if targets is not None:
            check_same_rows(data, targets)
            return self._of_arrays(stimuli_of(data, columns=self.columns), targets)
        if isinstance(data, Dataset):
            check_fit(self.model, data)
            return self._of_the_run(data).test
        if isinstance(data, Split):
            return data
        if isinstance(data, str):
            name = choice(data, "the split", SPLITS)
            return getattr(self._of_the_run(self.data), name)
        raise DataError("there are no targets; give the name of a split, a Dataset, or stimuli and targets.")

    def _of_the_run(self, data: Dataset) -> Dataset:
        """Return a data set, or refuse one whose classes or columns mean something else than those learned from."""
        if self.classes is not None and data.classes != self.classes:
            raise DataError(f"the classes of {data!r} are not those of the run; use data of the same classes.")
        if None not in (self.columns, data.columns) and data.columns != self.columns:
            raise DataError(f"the columns of {data!r} are not those of the run; order them as run.columns.")
        return data

    def _of_arrays(self, stimuli: np.ndarray, targets: Any) -> Split:
        wanted, has_classes = targets_of(targets, stimuli)
        classes = (self.classes or tuple(range(self.model.sizes[-1]))) if has_classes else None
        codes = codes_of(wanted, classes)[0] if has_classes else wanted
        split = part_of(stimuli, codes, classes)
        check_fit(self.model, Dataset.of_parts([split] * 3, self.model.data, classes))
        check_finite(stimuli, "stimuli")
        return split

    def _fitting(self, stimuli: Any) -> Any:
        if tuple(stimuli.shape[1:]) != self.model.input:
            raise DataError(
                f"stimuli have shape {tuple(stimuli.shape)} where {self.model.name} takes samples of shape "
                f"{self.model.input}; give such."
            )
        return stimuli

    def __repr__(self) -> str:
        training, epochs = self.model.training, f"epoch {self.epoch} of {len(self.epochs)}"
        return printable(
            f"Run({self.model.name}, {training.rule}, seed {training.seed}, {epochs}: test {described(self.test)})"
        )

    def _repr_html_(self) -> str:
        return run_html(self)

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
        folder = path_of(folder, "the run folder", RunError)
        if not overwrite:
            refuse_to_overwrite(folder)
        write_safely(folder, self._write, "run", RunError)
        return folder

    def _write(self, folder: Path) -> None:
        replace_file(folder / "model.toml", model_text(self.model).encode())
        replace_file(folder / WEIGHTS, self.parameters.content(self.model))
        write_history(folder, self.epochs)
        summary = Summary(self.model.name, self.epoch, self.test, self.classes, self.columns)
        replace_file(folder / SUMMARY, summary.content(self.model.training, len(self.epochs)))


def refuse_to_overwrite(folder: Path) -> None:
    """Raise RunError if `folder` holds the files of an earlier run."""
    if any((folder / name).exists() for name in FILES):
        raise RunError(
            f"{folder}: this folder already holds a run; go on with it by --resume (resume=True), choose another --out "
            "(folder), or pass --overwrite (overwrite=True)."
        )


def forget(folder: Path, files: Iterable[str] = RESULTS) -> None:
    """Remove files of an earlier run from its folder; by default its results, and not its checkpoint."""
    for name in files:
        (folder / name).unlink(missing_ok=True)
