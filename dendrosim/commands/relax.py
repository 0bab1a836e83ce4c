"""The command ``dendrosim relax``."""

import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from dendrosim.commands.options import (
    ImportOption,
    ModelArgument,
    OverwriteOption,
    TargetOption,
    claim,
    of_weights,
    stop_interrupted,
)
from dendrosim.commands.terminal import console
from dendrosim.errors import Interrupted, NotConverged, OtherPrediction


def relax(
    model: ModelArgument,
    weights: Annotated[
        Path, typer.Option(callback=of_weights, help="Run folder, or weights file, that 'dendrosim train' wrote.")
    ],
    target: TargetOption = "numpy",
    presentations: Annotated[int, typer.Option(min=1, help="How many test stimuli to present.")] = 8,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Model time in ms after which to give up.")] = 1000.0,
    out: Annotated[Path, typer.Option(help="Recording to write (NetCDF).")] = Path("recording.nc"),
    overwrite: OverwriteOption = False,
    imports: ImportOption = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show errors by layer and the residual max τ|d·/dt| while the cells relax.")
    ] = False,
) -> None:
    """Relax a trained network in Brian2 to local convergence and compare it with the equilibrium engine."""
    from dendrosim.commands.reports import report_cell, report_other_prediction, report_relaxation
    from dendrosim.model import Parameters, load_model

    described = load_model(model)
    claim(out, "recording", overwrite)
    parameters = Parameters.load(weights, described)  # what may be missing is looked for before the engines are loaded
    report_other_prediction(weights, console)

    from dendrosim.audit.agreement import compare
    from dendrosim.circuit import Circuit
    from dendrosim.commands.live import watching
    from dendrosim.data import load_data

    circuit = Circuit(described, parameters, target=target)
    test = load_data(described).test
    if presentations > len(test):
        raise typer.BadParameter(
            f"the test set of '{described.data}' has {len(test)} samples.", param_hint="--presentations"
        )
    stimuli, targets = test.stimuli[:presentations], test.targets[:presentations]
    console.print(f"Relaxing {presentations} presentations of {described.name} (target {target}).")
    report_cell(described.cell, console)
    if watch and circuit.target.device:
        console.print(f"Target {target} runs as a binary, so its values appear when it ends.")
    with warnings.catch_warnings(), watching(console) if watch else nullcontext() as report:
        warnings.simplefilter("ignore", NotConverged)  # the table below says it
        warnings.simplefilter("ignore", OtherPrediction)  # and this was said above
        try:
            recording = circuit.relax(stimuli, targets, start="settled", time_limit=time_limit, out=out, report=report)
        except Interrupted as interrupt:
            kept = f" Written: {out}." if interrupt.finished else ""
            stop_interrupted(f"{interrupt}{kept}")
    report_relaxation(recording, compare(circuit, stimuli, targets), console)
    console.print(f"Written: {out}", soft_wrap=True)
    if not recording.converged and recording.settles:
        raise typer.Exit(code=1)
