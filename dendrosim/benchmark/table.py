"""A table from its trainings to its files: rows, Markdown and figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from dendrosim import plot
from dendrosim.benchmark.comparison import MEASURES, Line, lines, markdown
from dendrosim.benchmark.rows import check_rows
from dendrosim.benchmark.runner import finished, run_cells
from dendrosim.benchmark.tables import ROWS, Cell, Table, varied
from dendrosim.errors import RunError
from dendrosim.files import check_writable, replace_file, write_safely
from dendrosim.plot.sensitivity import Curves
from dendrosim.training.cluster import workers


def make_table(
    table: Table,
    cells: list[Cell],
    out: Path,
    runs: Path,
    command: str,
    processes: int,
    scheduler: str | None,
    report: Callable[[dict[str, Any]], None],
    say: Callable[[str], None],
) -> list[Path]:
    """Run the trainings that are not finished, and write rows, table and figure of all that are.

    The files are ``NAME.jsonl``, ``NAME.md``, ``NAME.png`` and, where nothing but the rule is varied,
    ``NAME-angles.png`` (to the gradient, over epochs); rows of earlier commands stay in them.

    Parameters
    ----------
    table : Table
        The table.
    cells : list of Cell
        Its trainings.
    out, runs : Path
        Folders of the files and of the trainings.
    command : str
        What is written beside the numbers.
    processes : int
        Trainings at a time on this machine.
    scheduler : str, optional
        Address of a Dask scheduler that runs them instead.
    report : callable
        Called with each finished row.
    say : callable
        Called with what else is to be known.

    Raises
    ------
    RunError
        A folder cannot be written, what is there are no rows, or a training failed.
    """
    rows = out / f"{table.name}.jsonl"
    check_writable(rows, "table", RunError)
    check_writable(runs / "run", "runs", RunError)
    check_rows(rows, finished(rows))

    def written(row: dict[str, Any]) -> None:
        report(row)
        _write(table, out, finished(rows))  # so that a table that is stopped shows what it has

    with workers(processes, scheduler) as client:
        run_cells(cells, rows, runs, command, client, written, say)
    files = [out / f"{table.name}{ending}" for ending in (".jsonl", ".md", ".png", "-angles.png")]
    return [file for file in files if file.exists()]  # where all rules diverge there are no angles


def _write(table: Table, out: Path, rows: list[dict[str, Any]]) -> None:
    found = lines(table, rows)
    text = markdown(table, found, rows).encode()
    write_safely(out / f"{table.name}.md", lambda place: replace_file(place, text), "table", RunError)
    if table.variants:
        plot.save_figure(plot.sensitivity_page(_curves(found)), out / f"{table.name}.png")
        return
    plot.save_figure(plot.comparison_page(_panels(found)), out / f"{table.name}.png")
    if angles := _angles(rows):
        plot.save_figure(plot.angles_page(angles), out / f"{table.name}-angles.png")


def _panels(found: list[Line]) -> list[tuple[str, str, list[plot.Result]]]:
    panels: dict[tuple[str, str], list[plot.Result]] = {}
    for line in found:
        for name, (mean, deviation) in line.measured.items():
            result = plot.Result(_label(line.rule, line.variant), mean, deviation, line.published.get(name))
            panels.setdefault((line.model, MEASURES[name][0]), []).append(result)
    return [(model, measure, results) for (model, measure), results in panels.items()]


def _curves(found: list[Line]) -> list[tuple[str, str, str, Curves]]:
    """Return by model and measure, the angle to the gradient among them, what each rule reached at each value."""
    panels: dict[tuple[str, str, str], dict[str, dict[float, tuple[float, float]]]] = {}
    for line in found:
        against, value = varied(line.variant)
        reached = {MEASURES[name][0]: measured for name, measured in line.measured.items()}
        if line.gradient_angle is not None:
            reached["angle to the gradient, °"] = line.gradient_angle, 0.0
        for measure, measured in reached.items():
            curves = panels.setdefault((line.model, against, measure), {})
            curves.setdefault(line.rule, {})[value] = measured
    return [(*key, curves) for key, curves in panels.items()]


def _angles(rows: list[dict[str, Any]]) -> dict[str, dict[str, pd.DataFrame]]:
    """Return by model, and by what was varied, the angles between updates and the gradient of the first seed.

    Where the rows of a rule hold none, though others of that rule do, its history has nothing but epochs.
    """
    panels: dict[str, dict[str, pd.DataFrame]] = {}
    places = {rule: place for place, rule in enumerate(ROWS)}

    def order(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["model"], places.get(row["rule"], len(places)), row["variant"], row["seed"]

    with_angles = {row["rule"] for row in rows if row.get("gradient_angles")}
    for row in sorted((row for row in rows if row["rule"] in with_angles), key=order):
        history = pd.DataFrame(row.get("gradient_angles") or {}).add_prefix("gradient_angle.")
        history.insert(0, "epoch", range(1, len(history) + 1))
        histories, label = panels.setdefault(row["model"], {}), _label(row["rule"], row["variant"])
        if label not in histories or histories[label].empty:
            histories[label] = history
    drawn = {model for model, histories in panels.items() if not all(each.empty for each in histories.values())}
    return {model: histories for model, histories in panels.items() if model in drawn}


def _label(rule: str, variant: str) -> str:
    return f"{rule}, {variant}" if variant else rule
