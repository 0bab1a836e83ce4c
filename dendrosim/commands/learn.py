"""The command ``dendrosim learn``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dendrosim.commands.options import (
    ImportOption,
    ModelArgument,
    SetOption,
    TargetOption,
    claim,
    stop_interrupted,
    with_settings,
)
from dendrosim.commands.terminal import console
from dendrosim.errors import Interrupted, RunError
from dendrosim.files import check_writable, write_all

if TYPE_CHECKING:
    from dendrosim.circuit.learning import Learned
    from dendrosim.data import Dataset
    from dendrosim.model import Model
    from dendrosim.training import Run


def learn(
    model: ModelArgument,
    mode: Annotated[str | None, typer.Option(help="continuous (always plastic) or at-convergence.")] = None,
    target: TargetOption = "numpy",
    epochs: Annotated[int | None, typer.Option(min=1, help="Presentations of the whole training set.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights and order.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default runs/MODEL-circuit-seedN.")] = None,
    recording: Annotated[
        Path | None, typer.Option(help="Recording of all weights after each epoch to write (NetCDF).")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run, and the recording.")] = False,
    imports: ImportOption = None,
    values: SetOption = None,
) -> None:
    """Let a circuit learn by itself, in Brian2 alone, test it without a teacher, and write a run folder."""
    from rich.progress import Progress

    from dendrosim.circuit import Circuit
    from dendrosim.circuit.plasticity import learned_updates
    from dendrosim.data import load_data
    from dendrosim.model import Parameters, load_model
    from dendrosim.recording import Record
    from dendrosim.training.measures import described as in_words
    from dendrosim.training.run import refuse_to_overwrite

    described = with_settings(load_model(model), values)
    learned_updates(described)  # before the data are loaded
    settings = {"mode": mode, "epochs": epochs}
    described = described.changed(
        plasticity={key: value for key, value in settings.items() if value is not None}, training={"seed": seed}
    )
    folder = out or Path("runs", f"{described.name}-circuit-seed{seed}")
    if not overwrite:
        refuse_to_overwrite(folder)
    check_writable(folder / "model.toml", "run", RunError)
    if recording is not None:
        claim(recording, "recording", overwrite)
    data, plasticity = load_data(described), described.plasticity
    start = Parameters.initialise(described, seed)
    # A millisecond is half a dendrite's time constant: exponential Euler is stable there, and fast.
    settled = {"integrator": "settle"} if plasticity.mode == "at-convergence" else {"dt": 1.0}
    circuit = Circuit(described, start, target, **settled)
    console.print(f"{described.name} ({described.architecture}) learns in Brian2, {plasticity.mode}, target {target}.")
    interrupt: Interrupted | None = None
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
        except Interrupted as raised:
            interrupt, learned = raised, raised.finished
    if interrupt is not None and learned.history.empty:
        stop_interrupted(f"{interrupt} Nothing is written.")
    written = _write(learned, described, folder, recording)  # whatever becomes of the test
    run = _tested(described, learned, data)
    run.save(folder, overwrite=True)
    if interrupt is not None:
        stop_interrupted(f"{interrupt} Written: {', '.join(map(str, written))}.")
    console.print(f"Test {in_words(run.test)} after the last epoch.")
    for path in written:
        console.print(f"Written: {path}", soft_wrap=True)


def _write(learned: "Learned", model: "Model", folder: Path, recording: Path | None) -> list[Path]:
    """Write weights into a run folder, in the place of an earlier run, and the recording; return where they are."""
    from dendrosim.model.parameters import WEIGHTS
    from dendrosim.training.run import FILES, forget

    def save_weights() -> Path:
        forget(folder, FILES)
        learned.parameters.save(folder / WEIGHTS, model)
        return folder

    writes = [save_weights]
    if recording is not None and learned.recording is not None:
        writes.append(partial(learned.recording.save, recording))
    return write_all(*writes)


def _tested(model: "Model", learned: "Learned", data: "Dataset") -> "Run":
    """Return what was learned as a run, measured on the test set: shown to a circuit without a teacher."""
    from dendrosim.circuit import Circuit
    from dendrosim.recording import Record
    from dendrosim.training import Run
    from dendrosim.training.history import rows_of
    from dendrosim.training.prediction import evaluated

    settling = model.cell.settling()
    circuit = Circuit(model, learned.parameters, integrator="settle" if settling else "exponential_euler")
    circuit.relax(data.test.stimuli[:], record=Record(neurons={}))
    outputs = circuit.state["output"][(settling or model.cell).wiring.variable("basal")]
    test = evaluated(model, outputs, data.test, data.task)
    epochs = rows_of(learned.history)
    return Run(model, learned.parameters, epochs, len(epochs), test, data.classes, data, data.columns)
