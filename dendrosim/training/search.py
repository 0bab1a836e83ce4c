"""A search for the settings that do best on validation; the test set is not touched."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dendrosim.checks import path_of, reason, whole
from dendrosim.data import Dataset, load_data
from dendrosim.data.fingerprint import fingerprint_of, first_change
from dendrosim.data.samples import Task
from dendrosim.errors import DendrosimError, RunError
from dendrosim.files import check_writable, locked, replace_file, write_safely
from dendrosim.model import Model
from dendrosim.model.keys import changed_by
from dendrosim.model.library import model_text
from dendrosim.training.distributed import Ranks
from dendrosim.training.hardware import Hardware, refusing
from dendrosim.training.space import Space
from dendrosim.training.trainer import Trainer

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

STORAGE, TABLE = "search.db", "trials.csv"
Direction = Literal["maximize", "minimize"]
MEASURES: dict[Task, tuple[str, Direction]] = {
    "classification": ("validation_accuracy", "maximize"),
    "regression": ("validation_mse", "minimize"),
}
"""What is compared on each task, and whether more or less of it is better."""
STARTUP, WARMUP = 5, 3
"""Whole trials before any is pruned, and the part of the epochs (1/3) that each may have."""
FAILURE, VALUES = "failure", "values"


class Pruned(Exception):  # noqa: N818
    """A trial does worse than the median of the earlier ones."""


@dataclass(frozen=True)
class Found:
    """What a search has found.

    Attributes
    ----------
    trials : pandas.DataFrame
        A row a trial: ``trial``, ``state`` (complete, pruned or failed), what was measured, the value of each key,
        ``seconds`` and ``failure``.
    best : Model or None
        The one that did best; None where no trial was completed.
    path : Path or None
        Its file.
    """

    trials: pd.DataFrame
    best: Model | None
    path: Path | None


def search(
    model: Model,
    space: Space,
    trials: int,
    folder: str | Path,
    *,
    seeds: int = 1,
    seed: int = 0,
    hardware: Hardware | None = None,
    report: Callable[[Mapping[str, Any]], None] = lambda row: None,
) -> Found:
    """Search for the settings of a model that do best on validation, by Optuna's tree-structured Parzen estimator.

    A trial that does worse than the median of the others at the same epoch is pruned; one that fails or diverges is
    told so. Nothing is measured on the test set. Called again with the same model, space and seeds, the search goes on.

    Parameters
    ----------
    model : Model
        Where it starts from.
    space : dict
        What may change, as :func:`dendrosim.training.space.read_space` returns it.
    trials : int
        How many there are to be in the end, with those of earlier calls.
    folder : str or Path
        Holds the trials, their table and the best model.
    seeds : int
        Trainings of each trial, of whose measures the mean counts: with the model's seed and those that follow.
    seed : int
        Of what is tried.
    hardware : Hardware, optional
        Of each training; by default one thread of a CPU.
    report : callable, optional
        Called with the row of each new trial.

    Raises
    ------
    RunError
        Optuna is not installed; the folder holds another search, is in use, or cannot be written.
    DataError, ModelError
        The data cannot be had, or do not fit the model.
    """
    if importlib.util.find_spec("optuna") is None:
        raise RunError("Optuna is not installed; run pip install 'dendrosim[search]'.")
    trials, seeds = whole(trials, "trials", 1, error=RunError), whole(seeds, "seeds", 1, error=RunError)
    seed = whole(seed, "the seed", most=2**31, error=RunError)
    folder = path_of(folder, "the folder of the search", RunError)
    check_writable(folder / TABLE, "search", RunError)
    data = load_data(model)
    measure, direction = MEASURES[data.task]
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder), _study(folder, direction, seed, model.training.epochs) as study:
        _check_same(study, {"model": model.model_dump(mode="json"), "space": _plain(space), "seeds": seeds}, folder)
        _check_data(study, data, folder)
        found = _found(study, model, space, measure, folder)
        while len(_ended(study)) < trials:
            trial = study.ask()
            _try(study, trial, model, space, data, measure, seeds, hardware or Hardware(threads=1))
            found = _found(study, model, space, measure, folder)
            report({str(name): value for name, value in found.trials.iloc[-1].items()})
    return found


def _try(
    study: Study,
    trial: Trial,
    model: Model,
    space: Space,
    data: Dataset,
    measure: str,
    seeds: int,
    hardware: Hardware,
) -> None:
    """Train a candidate and tell the study what became of it."""
    from optuna.trial import TrialState

    start = time.perf_counter()
    values = {key: dimension.drawn(trial, key) for key, dimension in space.items()}
    trial.set_user_attr(VALUES, values)
    reached, state = None, TrialState.FAIL
    try:
        candidate, measured = changed_by(model, values), []
        for number in range(seeds):
            seeded = candidate.changed(training={"seed": model.training.seed + number})
            measured.append(_trained(seeded, data, measure, hardware, None if number else trial))
        reached, state = float(np.mean(measured)), TrialState.COMPLETE
    except Pruned:
        state = TrialState.PRUNED
    except DendrosimError as error:
        trial.set_user_attr(FAILURE, str(error))
    except Exception as error:  # a rule of the user's own may fail in any way
        trial.set_user_attr(FAILURE, f"{type(error).__name__}: {reason(error)}")
    trial.set_user_attr("seconds", time.perf_counter() - start)
    study.tell(trial, reached, state)


def _trained(model: Model, data: Dataset, measure: str, hardware: Hardware, trial: Trial | None) -> float:
    """Return what a training reaches on validation, in the epoch that its parameters would be of."""
    with hardware.prepare() as (device, dtype), Ranks.joined(device) as ranks:
        trainer = Trainer(model, data, device, dtype, ranks)
        while not trainer.finished:
            with refusing():
                row = trainer.epoch(lambda done, total: None)
            if trial is not None:
                trial.report(row[measure], row["epoch"])
                if trial.should_prune():
                    raise Pruned
        return float(trainer.history[trainer.chosen[0] - 1][measure])


@contextmanager
def _study(folder: Path, direction: Direction, seed: int, epochs: int) -> Iterator[Study]:
    """Open the study of a folder, or begin one; Optuna is quiet meanwhile."""
    import optuna
    from optuna.trial import TrialState

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        try:
            study = optuna.create_study(
                storage=f"sqlite:///{folder / STORAGE}",
                study_name="search",
                direction=direction,
                pruner=optuna.pruners.MedianPruner(STARTUP, epochs // WARMUP),
                load_if_exists=True,
            )
            earlier = study.trials
        except Exception as error:  # whatever the database says of a file that is none
            raise RunError(
                f"{folder / STORAGE}: the trials of this search cannot be read ({type(error).__name__}); choose "
                "another --out."
            ) from None
        study.sampler = optuna.samplers.TPESampler(seed=seed + len(earlier))  # so that it does not repeat itself
        for trial in earlier:
            if trial.state == TrialState.RUNNING:  # its process was interrupted
                study.tell(trial.number, state=TrialState.FAIL)
        yield study
    finally:
        optuna.logging.set_verbosity(verbosity)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    try:
        with locked(folder):
            yield
    except BlockingIOError:
        raise RunError(f"{folder}: another process searches here; wait for it, or choose another --out.") from None


def _check_same(study: Study, what: dict[str, Any], folder: Path) -> None:
    """Refuse to go on with a search of something else."""
    wanted = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
    if study.user_attrs.setdefault("search", wanted) != wanted:
        raise RunError(
            f"{folder}: this folder holds a search with another model, space or --seeds; choose another --out."
        )
    study.set_user_attr("search", wanted)


def _check_data(study: Study, data: Dataset, folder: Path) -> None:
    """Refuse to go on with other data than those of the first trials."""
    fingerprint = fingerprint_of(data, ("train", "validation"))  # nothing looks at the test set
    if split := first_change(study.user_attrs.get("data", {}), fingerprint):
        raise RunError(
            f"{folder}: this search began with other data than '{data.name}', whose {split} samples are not the same; "
            "choose another --out."
        )
    study.set_user_attr("data", fingerprint)


def _plain(space: Space) -> dict[str, Any]:
    return {key: asdict(dimension) for key, dimension in space.items()}


def _ended(study: Study) -> list[FrozenTrial]:
    """Return the trials that count: all but those that were interrupted."""
    return [trial for trial in study.trials if "seconds" in trial.user_attrs and trial.state.is_finished()]


def _found(study: Study, model: Model, space: Space, measure: str, folder: Path) -> Found:
    """Write the table of trials and the best model, and return them."""
    from optuna.trial import TrialState

    words = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}
    rows, ended = [], _ended(study)
    for trial in ended:
        told = trial.user_attrs
        state = words.get(trial.state, "failed")
        reached = trial.value if state == "complete" else None
        row = {"trial": trial.number, "state": state, measure: reached} | told[VALUES]
        rows.append(row | {"seconds": told["seconds"], "failure": told.get(FAILURE, "")})
    table = pd.DataFrame(rows, columns=["trial", "state", measure, *space, "seconds", "failure"])
    _write(folder / TABLE, table.to_csv(index=False))
    if not (table["state"] == "complete").any():
        return Found(table, None, None)
    best, path = changed_by(model, study.best_trial.user_attrs[VALUES]), folder / f"{model.name}-best.toml"
    _write(path, model_text(best))
    return Found(table, best, path)


def _write(path: Path, text: str) -> None:
    write_safely(path, lambda place: replace_file(place, text.encode()), "search", RunError)
