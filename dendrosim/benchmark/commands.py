"""The commands that run a table: ``dendrosim bench rules | sequences | ablation | text | sensitivity``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dendrosim.benchmark.tables import TABLES, Table


def add_tables(app: typer.Typer, console: Console) -> None:
    """Add one command for each table.

    Parameters
    ----------
    app : Typer
        ``dendrosim bench``.
    console : Console
        Where to print.
    """
    for table in TABLES.values():
        app.command(
            name=table.name, help=f"{table.title}: train every cell that is not finished, and write the table."
        )(_command(table, console))


def _command(table: Table, console: Console) -> Any:
    def run(
        data: Annotated[list[str] | None, typer.Option(help="Only models of this data set; can be repeated.")] = None,
        seeds: Annotated[int, typer.Option(min=1, help="Seeds 0, 1, ... of each row.")] = 1,
        epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, instead of the models' own.")] = None,
        quick: Annotated[bool, typer.Option("--quick", help="Two epochs of models that ship with their data.")] = False,
        out: Annotated[Path, typer.Option(help="Folder of rows, table and figure.")] = Path("results"),
        runs: Annotated[Path, typer.Option(help="Folder of the run folders.")] = Path("runs"),
        workers: Annotated[int, typer.Option(min=1, help="Trainings at a time, one thread each.")] = 1,
        scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler that runs them.")] = None,
    ) -> None:
        from dendrosim.benchmark.table import make_table

        wanted = data or []
        words = ["dendrosim bench", table.name, *(f"--data {name}" for name in wanted), f"--seeds {seeds}"]
        words += [f"--epochs {epochs}"] if epochs is not None else []
        words += ["--quick"] if quick else []
        cells = table.cells(wanted, seeds, epochs, quick)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(table.name, total=len(cells))

            def report(row: dict[str, Any]) -> None:
                progress.advance(task)
                measured = ", ".join(f"{name} {value:.4f}" for name, value in row["test"].items()) or row["diverged"]
                progress.console.print(f"{row['key']}: {measured}", highlight=False, soft_wrap=True)

            def say(sentence: str) -> None:
                progress.console.print(sentence, highlight=False, markup=False, soft_wrap=True)

            written = make_table(table, cells, out, runs / table.name, " ".join(words), workers, scheduler, report, say)
        for path in written:
            console.print(f"Written: {path}", soft_wrap=True)

    return run
