"""Running the trainings of a table: independent jobs on Dask, each finished one a line of a file.

A table that was stopped goes on where it stopped: a training whose row is there is not run again, and one that was
under way goes on from its last checkpoint, also where its worker died.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
from dask.distributed import Client, LocalCluster, as_completed

from dendrosim.benchmark.report import machine
from dendrosim.benchmark.rows import Row, add_row, read_rows, settings_hash
from dendrosim.benchmark.tables import Cell
from dendrosim.errors import DendrosimError, DivergedError, RunError
from dendrosim.model import Model
from dendrosim.training import Hardware, train
from dendrosim.training.checkpoint import NAME, Checkpoint
from dendrosim.training.train import described_by


def train_cell(cell: Cell, folder: Path, command: str) -> Row:
    """Train one network, from its last checkpoint if there is one with these settings, and return its row.

    That a rule diverges is a result too: its row has the sentence in the place of what was measured.

    Parameters
    ----------
    cell : Cell
        What to train.
    folder : Path
        Holds the run folders of all trainings of the table.
    command : str
        What asked for it.
    """
    model, here = cell.described(), folder / cell.key
    start = time.perf_counter()
    outcome: Row
    try:
        same = _has_checkpoint_of(model, here)
        run = train(model, folder=here, resume=same, overwrite=not same, hardware=Hardware(threads=1), progress=False)
        outcome = {"epoch": run.epoch, "test": dict(run.test)}
    except DivergedError as error:
        outcome = {"epoch": None, "test": {}, "diverged": str(error)}
    history = Checkpoint.read(here).history
    last = history[-1] if history else {}
    return {
        "key": cell.key,
        "model": model.name,
        "data": model.data,
        "rule": cell.rule,
        **({"brought": cell.brought} if cell.brought else {}),
        "variant": cell.label,
        "seed": cell.seed,
        "settings": settings_hash(model),
        "epochs": len(history),
        **outcome,
        "validation": _part(last, "validation_"),
        "angles": _part(last, "angle."),
        "gradient_angles": _by_epoch(history, "gradient_angle."),
        "seconds": sum(row["seconds"] for row in history),
        "elapsed": time.perf_counter() - start,
        "machine": machine(),
        "command": command,
    }


def _has_checkpoint_of(model: Model, folder: Path) -> bool:
    return (folder / NAME).is_file() and described_by(Checkpoint.read(folder)) == model.model_dump(mode="json")


def _part(row: Row, prefix: str) -> Row:
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}


def _by_epoch(history: list[Row], prefix: str) -> dict[str, list[float | None]]:
    """Return, by layer, the angle after each epoch; None where there was none, as before a layer first learns."""
    names = _part(history[-1], prefix) if history else {}
    return {name: [row.get(f"{prefix}{name}") for row in history] for name in names}


def finished(path: Path) -> list[Row]:
    """Return the rows of a table that are there already; one that was cut off by a crash does not count."""
    return read_rows(path)[0]


def run_cells(
    cells: list[Cell],
    path: Path,
    folder: Path,
    command: str,
    client: Client,
    report: Callable[[Row], None],
    say: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Run what is not finished.

    Parameters
    ----------
    cells : list of Cell
        The table.
    path : Path
        The file of rows (JSON lines); each is added as soon as it is there. One whose settings have changed since, as
        in a model file, does not count as finished.
    folder : Path
        Where the trainings keep their run folders.
    command : str
        What is written beside each row.
    client : dask.distributed.Client
        Runs the cells.
    report : callable
        Called with each row, those that were there first.
    say : callable, optional
        Called with a sentence about each row that does not count, or counts although it has no hash of its settings.

    Raises
    ------
    RunError
        A training failed, or its row cannot be written; the others are finished first.
    """
    there = _counting(cells, path, say)
    for cell in cells:
        if cell.key in there:
            report(there[cell.key])
    todo = [cell for cell in cells if cell.key not in there]
    folder.mkdir(parents=True, exist_ok=True)
    futures = []
    for number, cell in enumerate(todo):
        name = f"{cell.key} {settings_hash(cell.described())}"  # a scheduler remembers results by their names
        futures.append(client.submit(train_cell, cell, folder, command, key=name, priority=-number))
    failures = []
    for future in as_completed(futures):
        key = future.key.split()[0]
        if future.status == "error":
            failures.append(f"{key}: {future.exception()}")
            continue
        row = future.result()
        try:
            add_row(path, row)
            report(row)
        except DendrosimError as error:
            failures.append(f"{key}: {error}")
    if failures:
        raise RunError(f"{len(failures)} of {len(cells)} trainings failed, first {failures[0]}")


def _counting(cells: list[Cell], path: Path, say: Callable[[str], None]) -> dict[str, Row]:
    """Return, by key, the rows that stand for trainings with the present settings."""
    rows, notes = read_rows(path)
    settings = {cell.key: settings_hash(cell.described()) for cell in cells}
    wanted = {row["key"]: row for row in rows if row["key"] in settings}
    changed = [key for key, row in wanted.items() if row.get("settings", settings[key]) != settings[key]]
    unknown = sum("settings" not in row for row in wanted.values())
    notes += [f"{key}: its settings are others than those of its row, so it is trained again." for key in changed]
    if unknown:
        notes.append(
            f"{path}: {unknown} rows of version 0.1 have no hash of their settings and are taken as they are; "
            "delete those whose models you have changed since."
        )
    for note in notes:
        say(note)
    return {key: row for key, row in wanted.items() if key not in changed}


@contextmanager
def workers(count: int, scheduler: str | None) -> Iterator[Client]:
    """Connect to a Dask scheduler, or start a cluster of one-thread processes on this machine."""
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=5)
        except (OSError, ValueError, TimeoutError) as error:
            raise RunError(f"no Dask scheduler answers at {scheduler} ({error}); start one, or leave it out.") from None
        with client:
            yield client
        return
    with (
        _process_kept(),
        # Dask has its workers give freed memory back at once, and a training's tensors are then paid for again at
        # every step, which doubles the time of a CNN.
        dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}),
        LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def _process_kept() -> Iterator[None]:
    """Take back what Dask changes here: variables for the processes it starts, and Python's random numbers."""
    environment, numbers = dict(os.environ), random.getstate()
    try:
        yield
    finally:
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        random.setstate(numbers)
