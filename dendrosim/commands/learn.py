"""The command ``dendrosim learn``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from dendrosim.commands.options import (
    ImportOption,
    ModelArgument,
    OverwriteOption,
    SetOption,
    TargetOption,
    claim,
    stop_interrupted,
    with_settings,
)
from dendrosim.commands.terminal import console
from dendrosim.errors import Interrupted
from dendrosim.files import write_all


def learn(
    model: ModelArgument,
    mode: Annotated[str | None, typer.Option(help="continuous (always plastic) or at-convergence.")] = None,
    target: TargetOption = "numpy",
    epochs: Annotated[int | None, typer.Option(min=1, help="Presentations of the whole training set.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights and order.")] = 0,
    out: Annotated[Path, typer.Option(help="Weights file to write.")] = Path("weights.safetensors"),
    recording: Annotated[
        Path | None, typer.Option(help="Recording of all weights after each epoch to write (NetCDF).")
    ] = None,
    overwrite: OverwriteOption = False,
    imports: ImportOption = None,
    values: SetOption = None,
) -> None:
    """Let a circuit learn by itself, in Brian2 alone, and test it without a teacher."""
    import numpy as np

    from dendrosim.circuit import Circuit
    from dendrosim.circuit.updates import local_updates
    from dendrosim.data import load_data
    from dendrosim.model import Parameters, load_model
    from dendrosim.recording import Record

    described = with_settings(load_model(model), values)
    local_updates(described)  # before the data are loaded
    claim(out, "weights file", overwrite)
    if recording is not None:
        claim(recording, "recording", overwrite)
    settings = {"mode": mode, "epochs": epochs}
    described = described.changed(plasticity={key: value for key, value in settings.items() if value is not None})
    data, plasticity = load_data(described), described.plasticity
    start = Parameters.initialise(described, seed)
    # A millisecond is half a dendrite's time constant: exponential Euler is stable there, and fast.
    settled = {"integrator": "settle"} if plasticity.mode == "at-convergence" else {"dt": 1.0}
    circuit = Circuit(described, start, target, **settled)
    console.print(f"{described.name} ({described.architecture}) learns in Brian2, {plasticity.mode}, target {target}.")
    with Progress(console=console) as progress:
        task = progress.add_task("epochs", total=plasticity.epochs)
        try:
            learned = circuit.learn(
                data.train.stimuli[:],
                data.train.targets[:],
                seed=seed,
                record=Record(synapses="all" if recording else None),
                report=lambda row: progress.advance(task),
            )
        except Interrupted as interrupt:
            progress.stop()
            written = _write_learned(interrupt.finished, described, out, recording)
            stop_interrupted(f"{interrupt} Written: {', '.join(map(str, written))}.")
    written = _write_learned(learned, described, out, recording)
    test = Circuit(described, learned.parameters, integrator="settle")
    test.relax(data.test.stimuli[:], record=Record(neurons={}))
    right = test.state["output"]["basal"].argmax(axis=-1) == data.test.targets[:].argmax(axis=-1)
    console.print(f"Test accuracy {100 * np.mean(right):.2f} % after the last epoch.")
    for path in written:
        console.print(f"Written: {path}", soft_wrap=True)


def _write_learned(learned: Any, model: Any, out: Path, recording: Path | None) -> list[Path]:
    def save_weights() -> Path:
        learned.parameters.save(out, model)
        return out

    writes = [save_weights]
    if recording is not None and learned.recording is not None:
        writes.append(partial(learned.recording.save, recording))
    return write_all(*writes)
