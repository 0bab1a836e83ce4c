"""What several commands say of a cell and of a relaxation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from dendrosim.cells import Cell, parameter_table
from dendrosim.model.parameters import trained_by
from dendrosim.registry import RULES

if TYPE_CHECKING:
    from dendrosim.audit.agreement import Agreement
    from dendrosim.recording import Recording


def report_relaxation(recording: Recording, agreement: Agreement, console: Console) -> None:
    """Print how a relaxation ended and how well the two engines agree."""
    times = recording.convergence_time
    table = Table("relaxation", "", title_justify="left")
    table.add_row("presentations", str(len(times)))
    if recording.converged:
        table.add_row("time to local convergence", f"{times.min():.1f} to {times.max():.1f} ms of model time")
    table.add_row("stopped by", recording.reason)
    differences = {"ξ": agreement.error, "ΔW": agreement.W, "ΔΘ": agreement.theta}
    for symbol, by_layer in differences.items():
        if not by_layer:
            continue  # a circuit cannot follow the rule, or Θ is fixed
        largest = max(by_layer.values())
        table.add_row(f"largest relative difference, {symbol}", f"{largest:.1e} (circuit against equilibrium)")
    console.print(table)


def report_other_prediction(weights: Path, console: Console) -> None:
    """Say where the rule that weights were trained by predicts otherwise than the cells that they are given to."""
    rule = trained_by(weights)
    if rule in RULES and not RULES[rule].predicts_bottom_up():
        console.print(
            f"{weights}: '{rule}', which trained these weights, predicts otherwise than by the bottom-up sweep to "
            "which cells settle; 'dendrosim predict' and 'evaluate' do as it does.",
            style="yellow",
            soft_wrap=True,
        )


def report_cell(cell: Cell, console: Console) -> None:
    """Print the parameters of a cell with their units and sources."""
    table = Table("cell parameter", "symbol", "value", "unit", "source of the value")
    for name, symbol, value, unit, source in parameter_table(cell):
        table.add_row(name.replace("_", " "), symbol, f"{value:g}", unit, source)
    console.print(table)
