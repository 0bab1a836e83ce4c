"""The command ``dendrosim search``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dendrosim.commands.options import ImportOption, ModelArgument, find_rule, stop_interrupted
from dendrosim.commands.terminal import console

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

SHOWN = 10  # rows of the table at the end


def search(
    model: ModelArgument,
    space: Annotated[Path, typer.Argument(metavar="SPACE", help="A .toml file: a range or choices by dotted key.")],
    trials: Annotated[int, typer.Option(min=1, help="Trials in all, with those that are there already.")] = 20,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each trial, whose mean counts.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of what is tried.")] = 0,
    rule: Annotated[
        str | None,
        typer.Option(
            callback=find_rule, help="Learning rule, with the model's settings for it; or package.module:Class."
        ),
    ] = None,
    imports: ImportOption = None,
    out: Annotated[Path | None, typer.Option(help="Folder; by default runs/MODEL-search.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where there is one.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the CPU.")] = 1,
) -> None:
    """Search for the settings of a model that do best on validation (needs the extra search).

    The same command goes on with a search that was stopped, or to more trials. The test set is not touched.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from dendrosim.model import load_model
    from dendrosim.training import Hardware
    from dendrosim.training.search import search as run_search
    from dendrosim.training.space import read_space

    network = load_model(model, rule=rule)
    ranges = read_space(space, network)
    folder = out or Path("runs", f"{network.name}-search")
    console.print(f"Searching {', '.join(ranges)} of {network.name}, compared on validation.", soft_wrap=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("trials", total=trials)

        def report(row: Mapping[str, Any]) -> None:
            progress.update(task, completed=int(row["trial"]) + 1)
            progress.console.print(_line(row, list(ranges)), highlight=False, soft_wrap=True)

        try:
            found = run_search(
                network,
                ranges,
                trials,
                folder,
                seeds=seeds,
                seed=seed,
                hardware=Hardware(device, threads=threads),
                report=report,
            )
        except KeyboardInterrupt:
            progress.stop()
            stop_interrupted(f"the search was interrupted; go on with the same command ({folder} holds its trials).")
    console.print(_table(found.trials, list(ranges)))
    if found.best is None:
        console.print("No trial was completed; look at the column failure, and narrow the space.")
        raise typer.Exit(code=1)
    console.print(f"Written: {folder / 'trials.csv'}", soft_wrap=True)
    console.print(f"Written: {found.path} (train it by 'dendrosim train {found.path}')", soft_wrap=True)


def _line(row: Mapping[str, Any], keys: list[str]) -> str:
    tried = ", ".join(f"{key} {_value(row[key])}" for key in keys)
    measure = next(name for name in row if name.startswith("validation_"))
    what = f"{measure.replace('_', ' ')} {row[measure]:.4f}" if row["state"] == "complete" else row["state"]
    return f"trial {row['trial']}: {tried}: {what}" + (f" ({row['failure']})" if row["failure"] else "")


def _table(trials: "pd.DataFrame", keys: list[str]) -> "Table":
    """Return the best trials, the best of them first."""
    from rich.table import Table

    measure = trials.columns[2]
    table = Table("trial", measure.replace("_", " "), *keys, "seconds")
    completed = trials[trials["state"] == "complete"].sort_values(measure, ascending=measure != "validation_accuracy")
    for row in completed.head(SHOWN).to_dict("records"):
        table.add_row(
            str(row["trial"]), _value(row[measure]), *(_value(row[key]) for key in keys), f"{row['seconds']:.1f}"
        )
    return table


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
