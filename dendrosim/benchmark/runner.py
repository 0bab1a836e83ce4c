"""Running the trainings of a table: independent jobs on Dask, each finished one a line of a file.

A table that was stopped goes on where it stopped: a training whose row is there is not run again, and one that was
under way goes on from its last checkpoint, also where its worker died.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from dask.distributed import Client

from dendrosim.benchmark.baselines import baseline
from dendrosim.benchmark.report import machine
from dendrosim.benchmark.rows import Row, add_row, read_rows, settings_hash
from dendrosim.benchmark.tables import BASELINES, Cell
from dendrosim.errors import DendrosimError, RunError
from dendrosim.model import Model
from dendrosim.training import Hardware
from dendrosim.training.attempt import attempt
from dendrosim.training.cluster import outcomes


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
    model, start = cell.described(), time.perf_counter()
    outcome, history, seconds = _measured(cell, model, folder / cell.key)
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
        "seconds": seconds,
        "elapsed": time.perf_counter() - start,
        "machine": machine(),
        "command": command,
    }


def _measured(cell: Cell, model: Model, folder: Path) -> tuple[Row, list[Row], float]:
    """Return what came of a training or a baseline, the history, and seconds without those of loading data."""
    if cell.rule in BASELINES:
        start = time.perf_counter()
        return {"epoch": 0, "test": baseline(cell.rule, model)}, [], time.perf_counter() - start
    done = attempt(model, folder, Hardware(threads=1))
    if done.run is None:
        return {"epoch": None, "test": {}, "diverged": done.diverged}, done.history, done.seconds
    return {"epoch": done.run.epoch, "test": dict(done.run.test)}, done.history, done.seconds


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
    # A scheduler remembers results by their names.
    jobs = {f"{cell.key} {settings_hash(cell.described())}": (cell, folder, command) for cell in todo}
    failures = []
    for name, row in outcomes(client, train_cell, jobs):
        key = name.split()[0]
        if isinstance(row, Exception):
            failures.append(f"{key}: {row}")
            continue
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
