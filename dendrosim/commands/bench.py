"""The commands ``dendrosim bench``: tables of trainings, and what the engines cost."""

import itertools
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from dendrosim.benchmark.tables import TABLES, Table
from dendrosim.commands.options import ImportOption, look_here
from dendrosim.commands.terminal import console


def _command(table: Table) -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    def run(
        data: Annotated[list[str] | None, typer.Option(help="Only models of this data set; can be repeated.")] = None,
        model: Annotated[
            list[str] | None,
            typer.Option(help="This model, by its name or file, in the place of the table's own; can be repeated."),
        ] = None,
        rule: Annotated[
            list[str] | None,
            typer.Option(callback=look_here, help="Only this rule, or package.module:Class of yours; can be repeated."),
        ] = None,
        imports: ImportOption = None,
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
        words = ["dendrosim bench", table.name, *(f"--data {name}" for name in wanted)]
        words += [f"--model {shlex.quote(name)}" for name in model or []]
        words += [f"--rule {shlex.quote(name)}" for name in rule or []]
        words += [*(f"--import {name}" for name in imports or []), f"--seeds {seeds}"]
        words += [f"--epochs {epochs}"] if epochs is not None else []
        words += ["--quick"] if quick else []
        cells = table.cells(wanted, seeds, epochs, quick, rule or (), model or ())
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


app = typer.Typer(no_args_is_help=True, help="Measure what the engines cost, and write tables.")
for each in TABLES.values():
    app.command(name=each.name, help=f"{each.title}: train every cell that is not finished, and write the table.")(
        _command(each)
    )


OutOption = Annotated[Path, typer.Option(help="Folder of the tables.")]
QuickOption = Annotated[bool, typer.Option("--quick", help="Small networks, to see that it works.")]


@app.command(name="circuit")
def bench_circuit(out: OutOption = Path("results"), quick: QuickOption = False) -> None:
    """Measure the circuit against idiomatic Brian2 and BLAS, by batch, width and depth, and in bytes."""
    from dendrosim.benchmark.circuit import measurements
    from dendrosim.plot import scaling

    _report(measurements(quick), out, "circuit", ["circuit", *_quick(quick)], scaling)


@app.command(name="cost")
def bench_cost(
    out: OutOption = Path("results"),
    quick: QuickOption = False,
    device: Annotated[str, typer.Option(help="What the steps run on: cpu or cuda.")] = "cpu",
) -> None:
    """Measure what a training step costs against torch.nn with autograd: time, memory, and the share of the input."""
    from dendrosim import plot
    from dendrosim.benchmark.cost import measurements, panels

    on_cpu = device == "cpu"
    words = ["cost", *_quick(quick), *([] if on_cpu else ["--device", device])]
    name = "cost" if on_cpu else f"cost-{device}"
    _report(measurements(quick, device), out, name, words, lambda rows: plot.cost(panels(rows)))


@app.command(name="spikes")
def bench_spikes(out: OutOption = Path("results"), quick: QuickOption = False) -> None:
    """Measure what spikes cost, and what bursting cells learn of digits, by the size of ensembles and the time."""
    from dendrosim.benchmark.spikes import measurements
    from dendrosim.plot import spikes_learning

    _report(measurements(quick), out, "spikes", ["spikes", *_quick(quick)], spikes_learning)


@app.command(name="rule-cost")
def bench_rule_cost(out: OutOption = Path("results"), quick: QuickOption = False) -> None:
    """Measure what each learning rule costs against backpropagation: time of a step, and bytes of its state."""
    from dendrosim.benchmark.rule_cost import measurements

    _report(measurements(quick), out, "rule-cost", ["rule-cost", *_quick(quick)])


def _quick(quick: bool) -> list[str]:
    return ["--quick"] if quick else []


def _report(
    rows: Iterable[dict[str, Any]],
    out: Path,
    name: str,
    words: list[str],
    draw: Callable[[Iterable[dict[str, Any]]], Any] | None = None,
) -> None:
    """Show rows as they come, and write them as a table with the words of its command, and as a figure."""
    from dendrosim.benchmark.report import write_report
    from dendrosim.plot import save_figure

    shown, written = itertools.tee(_shown(row) for row in rows)
    command = " ".join(["dendrosim bench", *words])
    console.print(f"Written: {write_report(written, out, name, command)}", soft_wrap=True)
    if draw is not None:
        console.print(f"Written: {save_figure(draw(shown), out / f'{name}.png')}", soft_wrap=True)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    console.print(f"{row['quantity']}: {row['measured']} (target {row['target']})", highlight=False, soft_wrap=True)
    return row
