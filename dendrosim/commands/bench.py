"""The commands ``dendrosim bench``: tables of trainings, and what the engines cost."""

import itertools
import shlex
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


@app.command(name="circuit")
def bench_circuit(
    out: Annotated[Path, typer.Option(help="Folder of the tables.")] = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="Small networks, to see that it works.")] = False,
) -> None:
    """Measure the circuit against idiomatic Brian2 and BLAS, by batch, width and depth, and in bytes."""
    from dendrosim import plot
    from dendrosim.benchmark.circuit import measurements
    from dendrosim.benchmark.report import write_report

    command = "dendrosim bench circuit" + (" --quick" if quick else "")
    shown, written = itertools.tee(_shown(row) for row in measurements(quick))
    console.print(f"Written: {write_report(written, out, 'circuit', command)}", soft_wrap=True)
    console.print(f"Written: {plot.save_figure(plot.scaling(shown), out / 'circuit.png')}", soft_wrap=True)


@app.command(name="cost")
def bench_cost(
    out: Annotated[Path, typer.Option(help="Folder of the tables.")] = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="Small networks, to see that it works.")] = False,
    device: Annotated[str, typer.Option(help="What the steps run on: cpu or cuda.")] = "cpu",
) -> None:
    """Measure what a training step costs against torch.nn with autograd: time, memory, and the share of the input."""
    from dendrosim import plot
    from dendrosim.benchmark.cost import measurements, panels
    from dendrosim.benchmark.report import write_report

    words = ["dendrosim bench cost", *(["--quick"] if quick else [])]
    words += [f"--device {device}"] if device != "cpu" else []
    name = "cost" if device == "cpu" else f"cost-{device}"
    shown, written = itertools.tee(_shown(row) for row in measurements(quick, device))
    console.print(f"Written: {write_report(written, out, name, ' '.join(words))}", soft_wrap=True)
    console.print(f"Written: {plot.save_figure(plot.cost(panels(shown)), out / f'{name}.png')}", soft_wrap=True)


@app.command(name="spikes")
def bench_spikes(
    out: Annotated[Path, typer.Option(help="Folder of the tables.")] = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="Small networks, to see that it works.")] = False,
) -> None:
    """Measure what spikes cost, and what bursting cells learn of digits, by the size of ensembles and the time."""
    from dendrosim import plot
    from dendrosim.benchmark.report import write_report
    from dendrosim.benchmark.spikes import measurements

    command = "dendrosim bench spikes" + (" --quick" if quick else "")
    shown, written = itertools.tee(_shown(row) for row in measurements(quick))
    console.print(f"Written: {write_report(written, out, 'spikes', command)}", soft_wrap=True)
    console.print(f"Written: {plot.save_figure(plot.spikes_learning(shown), out / 'spikes.png')}", soft_wrap=True)


@app.command(name="rule-cost")
def bench_rule_cost(
    out: Annotated[Path, typer.Option(help="Folder of the table.")] = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="Small networks, to see that it works.")] = False,
) -> None:
    """Measure what each learning rule costs against backpropagation: time of a step, and bytes of its state."""
    from dendrosim.benchmark.report import write_report
    from dendrosim.benchmark.rule_cost import measurements

    command = "dendrosim bench rule-cost" + (" --quick" if quick else "")
    rows = (_shown(row) for row in measurements(quick))
    console.print(f"Written: {write_report(rows, out, 'rule-cost', command)}", soft_wrap=True)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    console.print(f"{row['quantity']}: {row['measured']} (target {row['target']})", highlight=False, soft_wrap=True)
    return row
