"""Running the trainings of a table: independent jobs on Dask, each finished one a line of a file.

A table that was stopped goes on where it stopped: a training whose row is there is not run again, and one that was
under way goes on from its last checkpoint, also where its worker died.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
from dask.distributed import Client, LocalCluster, as_completed

from dendrosim.benchmark.report import machine
from dendrosim.benchmark.row import Row, read_row
from dendrosim.benchmark.tables import Cell
from dendrosim.errors import DivergedError, RunError
from dendrosim.training import Hardware, train
from dendrosim.training.checkpoint import NAME, Checkpoint


def train_cell(cell: Cell, folder: Path, command: str) -> Row:
    """Train one network, from its last checkpoint if there is one, and return its row.

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
        run = train(model, folder=here, resume=(here / NAME).is_file(), hardware=Hardware(threads=1))
        outcome = {"epoch": run.epoch, "test": dict(run.test)}
    except DivergedError as error:
        outcome = {"epoch": None, "test": {}, "diverged": str(error)}
    history = Checkpoint.read(here).history
    last = history[-1] if history else {}
    return {
        "key": cell.key,
        "model": cell.model,
        "data": model.data,
        "rule": cell.rule,
        "variant": cell.label,
        "seed": cell.seed,
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


def _part(row: Row, prefix: str) -> Row:
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}


def _by_epoch(history: list[Row], prefix: str) -> dict[str, list[float | None]]:
    """Return, by layer, the angle after each epoch; None where there was none, as before a layer first learns."""
    names = _part(history[-1], prefix) if history else {}
    return {name: [row.get(f"{prefix}{name}") for row in history] for name in names}


def finished(path: Path) -> list[Row]:
    """Return the rows of a table that are there already; a line that is no whole row does not count."""
    if not path.exists():
        return []
    return [row for row in map(read_row, path.read_bytes().split(b"\n")) if row is not None]


def run_cells(
    cells: list[Cell], path: Path, folder: Path, command: str, client: Client, report: Callable[[Row], None]
) -> None:
    """Run what is not finished.

    Parameters
    ----------
    cells : list of Cell
        The table.
    path : Path
        The file of rows (JSON lines); each is added as soon as it is there.
    folder : Path
        Where the trainings keep their run folders.
    command : str
        What is written beside each row.
    client : dask.distributed.Client
        Runs the cells.
    report : callable
        Called with each row, those that were there first.

    Raises
    ------
    RunError
        A training failed; the others are finished first.
    """
    there = {row["key"]: row for row in finished(path)}
    for cell in cells:
        if cell.key in there:
            report(there[cell.key])
    todo = [cell for cell in cells if cell.key not in there]
    path.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    futures = [
        client.submit(train_cell, cell, folder, command, key=cell.key, priority=-number)
        for number, cell in enumerate(todo)
    ]
    failures = []
    for future in as_completed(futures):
        if future.status == "error":
            failures.append(f"{future.key}: {future.exception()}")
            continue
        row = future.result()
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        report(row)
    if failures:
        raise RunError(f"{len(failures)} of {len(cells)} trainings failed, first {failures[0]}")


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
        # Dask has its workers give freed memory back at once, and a training's tensors are then paid for again at
        # every step, which doubles the time of a CNN.
        dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}),
        LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client
