"""Training a network from its first epoch to the test, or from where an earlier process stopped."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dendrosim.data import load_data
from dendrosim.errors import RunError
from dendrosim.model import Model
from dendrosim.training.checkpoint import Checkpoint
from dendrosim.training.distributed import Ranks
from dendrosim.training.hardware import Hardware
from dendrosim.training.run import Run, refuse_to_overwrite
from dendrosim.training.trainer import Trainer


def train(
    model: Model,
    *,
    seed: int | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    hardware: Hardware | None = None,
    report: Callable[[Mapping[str, Any]], None] = lambda row: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Run:
    """Train a network in the equilibrium engine.

    Parameters
    ----------
    model : Model
        The network, its data set and its training settings.
    seed : int, optional
        Replaces the model's seed. The same seed gives the same weights, to the bit, on one machine.
    folder : str or Path, optional
        Where a checkpoint is written after each epoch, and the finished run at the end.
    resume : bool
        Go on from the checkpoint in `folder`, to the same result as if the training had not been interrupted.
    overwrite : bool
        Replace an earlier run in `folder`.
    hardware : Hardware, optional
        Device, precision and threads.
    report : callable, optional
        Called after each epoch with the new row of the history.
    progress : callable, optional
        Called after each batch with the number of batches done, and of all batches.

    Returns
    -------
    Run
        Parameters after the last epoch, or the best one on validation if the model has patience; history; and what was
        measured on the test set.

    Raises
    ------
    RunError
        The training diverged, the folder holds another run, or there is nothing to resume.
    """
    if seed is not None:
        model = model.changed(training={"seed": seed})
    device, dtype = (hardware or Hardware()).prepare()
    with Ranks.joined(device) as ranks:
        trainer = Trainer(model, load_data(model), device, dtype, ranks)
        writing = Path(folder) if folder is not None and ranks.first else None
        if resume:
            trainer.restore(_checkpoint_of(model, folder))
        elif writing is not None:
            _begin(writing, trainer.checkpoint(), overwrite)
        while not trainer.finished:
            try:
                row = trainer.epoch(progress)
            except RunError as error:
                raise _with_remedy(error, writing, len(trainer.history)) from None
            if writing is not None:
                trainer.checkpoint().write(writing)
            if ranks.first:
                report(row)
        run = trainer.result()
    if writing is not None:
        run.save(writing, overwrite=True)
    return run


def _checkpoint_of(model: Model, folder: str | Path | None) -> Checkpoint:
    if folder is None:
        raise RunError("there is nothing to resume without a run folder; name it.")
    checkpoint = Checkpoint.read(Path(folder))
    if checkpoint.model != model.model_dump(mode="json"):
        raise RunError(f"{folder}: its checkpoint is of a model with other settings; resume with those, or start anew.")
    return checkpoint


def _begin(folder: Path, checkpoint: Checkpoint, overwrite: bool) -> None:
    """Make the run folder with its first checkpoint inside: a folder that is there can always be resumed."""
    if not overwrite:
        refuse_to_overwrite(folder)
    try:
        if folder.exists():
            checkpoint.write(folder)
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            checkpoint.write(aside)
            aside.chmod(0o755)
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{folder}: the run cannot be written ({error.strerror}); choose another --out.") from None


def _with_remedy(error: RunError, folder: Path | None, epochs: int) -> RunError:
    kept = f"; the checkpoint after epoch {epochs} is in {folder}" if folder else ""
    return RunError(f"{error}{kept}; lower training.learning_rate, or set training.clamp.")
