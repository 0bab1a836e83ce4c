"""Training a network from its first epoch to the test, or from where an earlier process stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dendrosim.checks import LONGEST, flag, of_kind, path_of, shown, whole
from dendrosim.data import Dataset, check_fit, load_data
from dendrosim.errors import DataError, ModelError, RunError
from dendrosim.files import locked, temporary_folder, writable, write_safely
from dendrosim.model import Model, Parameters
from dendrosim.model.library import described
from dendrosim.model.spec import validated
from dendrosim.registry import RULES
from dendrosim.rules import Rule
from dendrosim.training.checkpoint import Checkpoint
from dendrosim.training.display import display_of
from dendrosim.training.distributed import Ranks
from dendrosim.training.hardware import Hardware, refusing
from dendrosim.training.history import write_history
from dendrosim.training.prediction import given_parameters
from dendrosim.training.run import Run, forget, refuse_to_overwrite
from dendrosim.training.trainer import Trainer


def train(
    model: Model | str | Path,
    *,
    data: Dataset | None = None,
    rule: str | type[Rule] | None = None,
    parameters: Parameters | str | Path | None = None,
    seed: int | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    hardware: Hardware | None = None,
    report: Callable[[Mapping[str, Any]], None] = lambda row: None,
    progress: bool | Callable[[int, int], None] = True,
) -> Run:
    """Train a network in the equilibrium engine.

    In the processes that ``torchrun`` starts, on one machine or several, every rank trains with its part of each batch.
    The first one writes; to resume, all of them read `folder`, which has to be on a file system that they share.

    Parameters
    ----------
    model : Model or str or Path
        The network, or its name or file: its data set and its training settings.
    data : Dataset, optional
        In the place of the model's data set, as :meth:`dendrosim.Dataset.from_arrays` makes it. It has its splits
        already, so that the model's ``training.validation`` says nothing. A training is resumed with the same data.
    rule : str or type of Rule, optional
        In the place of the model's rule: a name, a class of your own, or ``"package.module:Class"``.
    parameters : Parameters or str or Path, optional
        To start from, in the place of random ones; or their file, or the folder of their run. Auxiliary
        parameters of the rule that they lack are drawn from the seed.
    seed : int, optional
        Replaces the model's seed. The same seed gives the same weights, to the bit, on one machine.
    folder : str or Path, optional
        Where checkpoint and history are written after each epoch, and the finished run at the end.
    resume : bool
        Go on from the checkpoint in `folder`, to the same result as if the training had not been interrupted. A
        model with more epochs than the checkpoint goes on, too: under a constant schedule to the same result as if it
        had had them from the start; any other schedule is stretched over all epochs, so that only the epochs to come
        follow it.
    overwrite : bool
        Replace an earlier run in `folder`.
    hardware : Hardware, optional
        Device, precision and threads.
    report : callable, optional
        Called after each epoch with the new row of the history, in the first rank.
    progress : bool or callable
        A progress bar in a terminal or in a notebook, unless it is False; pipes and files see nothing of it. Or, in its
        place, what is called after each batch with the number of batches done, and of all batches.

    Returns
    -------
    Run
        Parameters after the last epoch, or the best one on validation if the model has patience; history; and what was
        measured on the test set.

    Raises
    ------
    RunError
        The training diverged, the folder holds another run, another process trains into it, or it cannot be written;
        there is nothing to resume; or another rank was lost.
    DataError, ModelError
        The data cannot be had, or do not fit the model.

    Examples
    --------
    >>> import numpy as np
    >>> import dendrosim as ds
    >>> stimuli = np.random.default_rng(0).normal(size=(100, 4))
    >>> data = ds.Dataset.from_arrays(stimuli, np.where(stimuli[:, 0] > 0, "right", "left"))
    >>> model = ds.Model(input=[4], layers=[{"kind": "dense", "units": 8}, {"kind": "dense", "units": 2}])
    >>> run = ds.train(model, data=data)
    >>> len(run.history)
    10
    """
    model = described(model)
    if rule is not None:
        model = model.changed(training={"rule": RULES.add(rule)})
    model, data = with_data(model, data)
    resume, overwrite = flag(resume, "resume", RunError), flag(overwrite, "overwrite", RunError)
    if resume and overwrite:
        raise RunError(
            "a run that is overwritten cannot be resumed; choose --resume or --overwrite (resume=True, overwrite=True)."
        )
    if seed is not None:
        model = model.changed(training={"seed": whole(seed, "the seed", error=RunError)})
    if hardware is not None:
        of_kind(hardware, Hardware, "hardware", RunError)
    if resume and parameters is not None:
        raise RunError(
            "a training that is resumed has its parameters already; leave out --weights, or --resume (parameters, "
            "resume=True)."
        )
    start = None if parameters is None else given_parameters(parameters, model)
    folder = None if folder is None else path_of(folder, "the run folder", RunError)
    if not callable(progress):
        progress = flag(progress, "progress", RunError)
    settings, data = (hardware or Hardware()).prepare(), load_data(model) if data is None else data
    with settings as (device, dtype), Ranks.joined(device) as ranks, ExitStack() as held:
        trainer = Trainer(model, data, device, dtype, ranks, start)
        own_folder = Path(folder) if folder is not None and ranks.first else None
        if resume:
            if own_folder is not None and own_folder.is_dir():
                _hold(own_folder, held)
            checkpoint = _checkpoint_of(model, folder)
            trainer.restore(checkpoint)
            if own_folder is not None and epochs_of(checkpoint) < model.training.epochs:
                forget(own_folder)  # what is there is of fewer epochs
        elif own_folder is not None:
            _begin(own_folder, trainer.checkpoint(), overwrite, held)
        kept = len(trainer.history)
        display = held.enter_context(display_of(progress is True and ranks.first, model.training.epochs))
        try:
            while not trainer.finished:
                with refusing():
                    row = trainer.epoch(progress if callable(progress) else display.progress)
                if own_folder is not None:
                    _keep(own_folder, trainer)
                kept = len(trainer.history)
                display.report(row)
                if ranks.first:
                    report(row)
            run = trainer.result()
        except RunError as error:
            raise _with_checkpoint(error, folder, kept) from None
        if own_folder is not None:
            run.save(own_folder, overwrite=True)
    return run


def with_data(model: Model, data: Dataset | None) -> tuple[Model, Dataset | None]:
    """Return a model that names the data it is given, if there are any and they fit."""
    if data is None:
        return model, None
    if not isinstance(data, Dataset):
        raise DataError(f"data is {shown(data)}; give a Dataset, such as Dataset.from_arrays(stimuli, targets).")
    if foreign := model.preparation.foreign(set()):
        raise ModelError(f"{model.source}: preparation.{foreign[0]}: data that are given are prepared; remove it.")
    model = model.changed(data=data.name)
    check_fit(model, data)
    return model, data


def _checkpoint_of(model: Model, folder: str | Path | None) -> Checkpoint:
    if folder is None:
        raise RunError("there is nothing to resume without a run folder; name it.")
    checkpoint, here = Checkpoint.read(Path(folder)), model.model_dump(mode="json")
    there = described_by(checkpoint)
    if epochs_of(checkpoint) < model.training.epochs:
        there = there | {"training": there["training"] | {"epochs": model.training.epochs}}
    if change := _first_change(there, here):
        raise RunError(
            f"{folder}: its checkpoint is of a model with other settings ({change}); resume with those, or start anew "
            "with --overwrite (overwrite=True)."
        )
    return checkpoint


def described_by(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the description in a checkpoint as this version writes it, or as it is where it is none."""
    try:
        return validated(checkpoint.model, "checkpoint").model_dump(mode="json")
    except ModelError:
        return checkpoint.model


def epochs_of(checkpoint: Checkpoint) -> float:
    """Return how many epochs the training of a checkpoint was to have."""
    training = checkpoint.model.get("training")
    epochs = training.get("epochs") if isinstance(training, dict) else None
    return epochs if isinstance(epochs, int) else math.inf


def _first_change(there: Any, here: Any, key: str = "") -> str:
    """Return where two descriptions differ first; empty if they are the same."""
    if isinstance(there, dict) and isinstance(here, dict):
        changes = (_first_change(there.get(name), here.get(name), f"{key}.{name}") for name in there | here)
        return next(filter(None, changes), "")
    return "" if there == here else f"{key.removeprefix('.')} was {str(there)[:LONGEST]} and is {here}"


def _begin(folder: Path, checkpoint: Checkpoint, overwrite: bool, held: ExitStack) -> None:
    """Make the run folder with its first checkpoint inside: a folder that is there can always be resumed."""
    with writable(folder, "run", RunError):
        if folder.exists():
            _hold(folder, held)
            if not overwrite:
                refuse_to_overwrite(folder)
            checkpoint.write(folder)
            forget(folder)
            return
        with temporary_folder(folder.absolute().parent) as aside:
            new = aside / folder.name
            new.mkdir()
            _hold(new, held)
            checkpoint.write(new)
            try:
                new.rename(folder)
            except OSError:
                if folder.exists():
                    raise _busy(folder) from None
                raise


def _hold(folder: Path, held: ExitStack) -> None:
    """Keep other processes out of a run folder for as long as this training lives."""
    try:
        held.enter_context(locked(folder))
    except BlockingIOError:
        raise _busy(folder) from None


def _busy(folder: Path) -> RunError:
    return RunError(
        f"{folder}: another process trains into this folder; wait for it, or choose another --out (folder)."
    )


def _keep(folder: Path, trainer: Trainer) -> None:
    def write(place: Path) -> None:
        trainer.checkpoint().write(place)
        write_history(place, trainer.history)

    write_safely(folder, write, "run", RunError)


def _with_checkpoint(error: RunError, folder: str | Path | None, epochs: int) -> RunError:
    """Tell where the last good state is, too."""
    if folder is None:
        return error
    return type(error)(f"{str(error).removesuffix('.')} (the checkpoint after epoch {epochs} is in {folder}).")
