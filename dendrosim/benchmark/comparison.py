"""A table of trainings beside the published numbers, as Markdown."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dendrosim.benchmark.tables import ROWS, Table

# Whether more is better, and how a measure is written.
MEASURES = {"accuracy": ("test accuracy, %", 100.0, 2), "mse": ("test MSE", 1.0, 3), "mae": ("test MAE", 1.0, 3)}


PAPERS = "dll paper"  # DLL as it is published


@dataclass(frozen=True)
class Line:
    """One row of a table: a rule on a model, over its seeds.

    Attributes
    ----------
    model, rule, variant : str
        What was trained.
    measured : dict of str to tuple of float
        By measure, mean and standard deviation over the seeds (in the unit of ``MEASURES``); empty where a training
        diverged.
    published : dict of str to float
        What the paper reports, where it does.
    seeds, epochs : int
        How many; of epochs the mean, where training stopped early.
    seconds : float
        Of one training, the mean.
    gradient_angle : float, optional
        Between the updates of hidden layers and the gradient after the last epoch, in degrees; the mean.
    """

    model: str
    rule: str
    variant: str
    measured: dict[str, tuple[float, float]]
    published: dict[str, float]
    seeds: int
    epochs: int
    seconds: float
    gradient_angle: float | None = None


def lines(table: Table, rows: Iterable[dict[str, Any]]) -> list[Line]:
    """Group rows that differ in nothing but their seed, also where they stopped early at different epochs."""
    groups: dict[str, list[dict[str, Any]]] = {}
    places = {rule: place for place, rule in enumerate(ROWS)}  # a rule of the user's own comes after them

    def order(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["model"], row["variant"], places.get(row["rule"], len(places)), row["key"]

    for row in sorted(rows, key=order):
        groups.setdefault(row["key"].rsplit("-seed-", 1)[0], []).append(row)
    published = paper().get(table.name, {})
    with_papers = {members[0]["model"] for members in groups.values() if members[0]["rule"] == PAPERS}
    found = []
    for members in groups.values():
        model, variant, rule = (members[0][name] for name in ("model", "variant", "rule"))
        measured = {}
        for name, (_, factor, _) in MEASURES.items():
            if all(name in row["test"] for row in members):
                values = factor * np.array([row["test"][name] for row in members])
                measured[name] = float(values.mean()), float(values.std())
        # The paper has one row of DLL, which stands beside its own feedback rule where that was trained.
        known = published.get(model, {})
        papers = rule == PAPERS or (rule.startswith("dll") and model not in with_papers)
        beside = known.get(rule, known.get("dll", {}) if papers else {})
        epochs = round(float(np.mean([row["epochs"] for row in members])))
        seconds = float(np.mean([row["seconds"] for row in members]))
        last = [angle[-1] for row in members for angle in row.get("gradient_angles", {}).values()]
        angles = [angle for angle in last if angle is not None]
        angle = float(np.mean(angles)) if angles else None
        found.append(Line(model, rule, variant, measured, beside, len(members), epochs, seconds, angle))
    return found


def markdown(table: Table, found: list[Line], rows: list[dict[str, Any]]) -> str:
    """Return the table with the commands and the machines that made its rows."""
    commands = ", ".join(f"`{command}`" for command in dict.fromkeys(row["command"] for row in rows))
    machines = "; ".join(dict.fromkeys(row["machine"] for row in rows))
    text = [f"# {table.title}", "", f"{commands} on {machines}; one thread a training.", ""]
    text += [
        "Mean and standard deviation over seeds, of the last epoch or, where a model has patience, of the best one",
        "on validation; nothing is selected on the test set. Seconds are of one training. The angle is that between",
        "the updates of the hidden layers and the gradient after the last epoch, the mean over layers.",
        "",
    ]
    measures = [name for name in MEASURES if any(name in line.measured for line in found)]
    heads = ["model", "rule"] + (["variant"] if any(line.variant for line in found) else [])
    for name in measures:
        heads += [MEASURES[name][0], "paper"]
    last = ["seeds", "epochs", "seconds", "angle to the gradient"]
    text += ["| " + " | ".join([*heads, *last]) + " |", "|---" * (len(heads) + len(last)) + "|"]
    for line in found:
        cells = [line.model, line.rule] + ([line.variant] if "variant" in heads else [])
        for name in measures:
            cells += _measure(line, name)
        angle = "" if line.gradient_angle is None else f"{line.gradient_angle:.0f}°"
        cells += [str(line.seeds), str(line.epochs), f"{line.seconds:.0f}", angle]
        text.append("| " + " | ".join(cells) + " |")
    return "\n".join([*text, ""])


def paper() -> dict[str, Any]:
    """Return the published numbers by table, model and rule."""
    return tomllib.loads((Path(__file__).parent / "paper.toml").read_text(encoding="utf-8"))


def _measure(line: Line, name: str) -> list[str]:
    if not line.measured:
        return ["diverged", ""]
    if name not in line.measured:
        return ["", ""]
    digits = MEASURES[name][2]
    mean, deviation = line.measured[name]
    spread = f" ± {deviation:.{digits}f}" if line.seeds > 1 else ""
    published = f"{line.published[name]:.{digits}f}" if name in line.published else ""
    return [f"{mean:.{digits}f}{spread}", published]
