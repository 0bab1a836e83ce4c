"""The main job in a minute: train on real digits, open the weights in Brian2, relax, prove that the engines agree."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from dendrosim import plot
from dendrosim.audit.agreement import compare
from dendrosim.circuit import Circuit
from dendrosim.commands.reports import report_relaxation
from dendrosim.equilibrium import Network
from dendrosim.files import check_writable, write_all
from dendrosim.model import Model, load_model
from dendrosim.recording import Recording
from dendrosim.training import Run, train

SHOWN = ("DLL kolen-pollack", "DLL fixed", "DLL paper", "backpropagation")
PRESENTATIONS = 16


def demonstrate(folder: Path, target: str, seed: int, console: Console) -> None:
    """Run the demonstration and write its results.

    Parameters
    ----------
    folder : Path
        Where weights, histories, recording and figures go; those of an earlier demonstration are replaced.
    target : str
        Code-generation target of the circuit.
    seed : int
        Seed of the training.
    console : Console
        Where to print.
    """
    check_writable(folder / "recording.nc", "demonstration")
    model = load_model("digits-mlp")
    console.print(
        f"Training {model.architecture} on scikit-learn's 1,797 handwritten digits, {model.training.epochs} epochs, "
        f"seed {seed}, with {len(SHOWN)} rules (torch, equilibrium form)."
    )
    runs = _train_all(model, seed, console)
    console.print(_accuracies(runs))
    written = write_all(*(partial(run.save, folder / name.replace(" ", "-"), True) for name, run in runs.items()))

    run = runs[SHOWN[0]]
    circuit = Circuit(run.model, run.parameters, target=target)
    stimuli, targets = _largest_errors(run, PRESENTATIONS)
    console.print(f"\nOpening the weights of '{SHOWN[0]}' in Brian2 (target {target}) and relaxing them.")
    recording = circuit.relax(stimuli, targets, start="settled")
    report_relaxation(recording, compare(circuit, stimuli, targets), console)
    figures = _figures({name: run.history for name, run in runs.items()}, recording)
    saved = (partial(plot.save_figure, figure, folder / name) for name, figure in figures.items())
    written += write_all(partial(recording.save, folder / "recording.nc"), *saved)
    console.print("\nWritten:")
    for path in written:
        console.print(f"  {path}", highlight=False, soft_wrap=True)


def _train_all(model: Model, seed: int, console: Console) -> dict[str, Run]:
    runs = {}
    with Progress(console=console) as progress:
        for name in SHOWN:
            rule, _, feedback = name.lower().partition(" ")
            chosen = model.changed(training={"rule": rule})
            if feedback:
                chosen = chosen.changed(rules={"dll": {"feedback": feedback}})
            task = progress.add_task(f"{name:18}", total=model.training.epochs)
            runs[name] = train(chosen, seed=seed, report=partial(_advance, progress, task), progress=False)
    return runs


def _advance(progress: Progress, task: TaskID, row: Mapping[str, Any]) -> None:
    progress.advance(task)


def _accuracies(runs: dict[str, Run]) -> Table:
    table = Table("rule", "test accuracy", "angle between Θ and W at the end")
    for name, run in runs.items():
        angles = [f"{angle:.0f}°" for angle in run.history.filter(regex=r"^angle\.").iloc[-1]]
        feedback = ", ".join(angles) if name != "backpropagation" else "(sends errors back through W)"
        table.add_row(name, f"{100 * run.test_accuracy:.2f} %", feedback)
    return table


def _largest_errors(run: Run, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the test digits that the untaught circuit would get most wrong: their errors are worth seeing."""
    test = run.data.test
    network = Network(run.model)
    state = network.sweep(run.parameters.map(torch.from_numpy), torch.from_numpy(test.stimuli[:]))
    error = np.abs(test.targets[:] - network.output(state).numpy()).max(axis=1)
    chosen = np.argsort(-error)[:count]
    return test.stimuli[chosen], test.targets[chosen]


def _figures(histories: dict[str, pd.DataFrame], recording: Recording) -> dict[str, Figure]:
    return {
        "relaxation.png": plot.relaxation_page(recording),
        "learning.png": plot.learning_page(histories),
        "neuron.png": plot.neuron_page(recording, "hidden-1"),
        "network.png": plot.network_page(recording),
    }
