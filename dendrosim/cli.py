"""The command line.

``dendrosim demo | train | predict | evaluate | relax | learn | audit | bench | view | animate | export | data |
doctor``
"""

from __future__ import annotations

import itertools
import json
import sys
import warnings
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.progress import Progress
from rich.text import Text

from dendrosim import (
    __version__,
    audit_command,
    data_commands,
    recording_commands,
    run_commands,
    train_command,
    view_command,
)
from dendrosim.benchmark.commands import add_tables
from dendrosim.checks import reason
from dendrosim.errors import DendrosimError, Interrupted, NotConverged, has_controls
from dendrosim.files import write_all
from dendrosim.live import watching
from dendrosim.recording_commands import OverwriteOption, claim
from dendrosim.terminal import Terminal, forgive_encodings
from dendrosim.train_command import ModelArgument

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Simulate pyramidal neurons that learn in their dendrites: train in torch, relax in Brian2.",
)
console = Terminal()

TargetOption = Annotated[
    str, typer.Option(help="How Brian2 generates code: numpy, cython, cpp_standalone or cuda_standalone.")
]


def _print_version(asked: bool) -> None:
    if asked:
        console.print(f"dendrosim {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for weights, recording and figures.")] = Path("demo"),
    target: TargetOption = "numpy",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 1,
) -> None:
    """Train on handwritten digits, relax the network in Brian2, and show that both engines agree."""
    from dendrosim.demo import demo as run_demo

    run_demo(out, target, seed, console)


train_command.add_to(app, console)
run_commands.add_to(app, console)


@app.command()
def relax(
    model: ModelArgument,
    weights: Annotated[Path, typer.Option(help="Run folder, or weights file, that 'dendrosim train' wrote.")],
    target: TargetOption = "numpy",
    presentations: Annotated[int, typer.Option(min=1, help="How many test stimuli to present.")] = 8,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Model time in ms after which to give up.")] = 1000.0,
    out: Annotated[Path, typer.Option(help="Recording to write (NetCDF).")] = Path("recording.nc"),
    overwrite: OverwriteOption = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show errors by layer and the residual max τ|d·/dt| while the cells relax.")
    ] = False,
) -> None:
    """Relax a trained network in Brian2 to local convergence and compare it with the equilibrium engine."""
    from dendrosim.agreement import compare
    from dendrosim.circuit import Circuit
    from dendrosim.data import load_data
    from dendrosim.demo import report_cell, report_relaxation
    from dendrosim.model import Parameters, load_model

    described = load_model(model)
    claim(out, "recording", overwrite)
    circuit = Circuit(described, Parameters.load(weights, described), target=target)
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
        try:
            recording = circuit.relax(stimuli, targets, start="settled", time_limit=time_limit, out=out, report=report)
        except Interrupted as interrupt:
            kept = f" Written: {out}." if interrupt.finished else ""
            _stop_interrupted(f"{interrupt}{kept}")
    report_relaxation(recording, compare(circuit, stimuli, targets), console)
    console.print(f"Written: {out}", soft_wrap=True)
    if not recording.converged and not recording.noisy:
        raise typer.Exit(code=1)


@app.command()
def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Leave the compiled targets out of the self-test.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a row.")] = False,
) -> None:
    """Show what this machine offers and what is missing, and test every target that it can run."""
    from dendrosim.doctor import examine, table

    rows = examine(quick)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
    else:
        console.print(table(rows))
    if any(row.failed for row in rows):
        raise typer.Exit(code=1)


@app.command()
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
) -> None:
    """Let a circuit learn by itself, in Brian2 alone, and test it without a teacher."""
    import numpy as np

    from dendrosim.circuit import Circuit
    from dendrosim.data import load_data
    from dendrosim.model import Parameters, load_model
    from dendrosim.recording import Record

    described = load_model(model)
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
            _stop_interrupted(f"{interrupt} Written: {', '.join(map(str, written))}.")
    written = _write_learned(learned, described, out, recording)
    test = Circuit(described, learned.parameters, integrator="settle")
    test.relax(data.test.stimuli[:], record=Record(neurons={}))
    right = test.state["output"]["basal"].argmax(axis=-1) == data.test.targets[:].argmax(axis=-1)
    console.print(f"Test accuracy {100 * np.mean(right):.2f} % after the last epoch.")
    for path in written:
        console.print(f"Written: {path}", soft_wrap=True)


def _stop_interrupted(sentence: str) -> NoReturn:
    """Say that Ctrl-C came and what is kept, and exit as the shell expects it."""
    console.print(sentence[0].upper() + sentence[1:], soft_wrap=True, highlight=False)
    raise typer.Exit(code=130)


def _write_learned(learned: Any, model: Any, out: Path, recording: Path | None) -> list[Path]:
    def save_weights() -> Path:
        learned.parameters.save(out, model)
        return out

    writes = [save_weights]
    if recording is not None and learned.recording is not None:
        writes.append(partial(learned.recording.save, recording))
    return write_all(*writes)


bench = typer.Typer(no_args_is_help=True, help="Measure what the engines cost, and write tables.")
app.add_typer(bench, name="bench")
add_tables(bench, console)
audit_command.add_to(app, console)
view_command.add_to(app, console)
recording_commands.add_to(app, console)
app.add_typer(data_commands.app, name="data")


@bench.command(name="circuit")
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


@bench.command(name="cost")
def bench_cost(
    out: Annotated[Path, typer.Option(help="Folder of the tables.")] = Path("results"),
    quick: Annotated[bool, typer.Option("--quick", help="Small networks, to see that it works.")] = False,
) -> None:
    """Measure what a training step costs against torch.nn with autograd: time, memory, and the share of the input."""
    from dendrosim import plot
    from dendrosim.benchmark.cost import measurements, panels
    from dendrosim.benchmark.report import write_report

    command = "dendrosim bench cost" + (" --quick" if quick else "")
    shown, written = itertools.tee(_shown(row) for row in measurements(quick))
    console.print(f"Written: {write_report(written, out, 'cost', command)}", soft_wrap=True)
    console.print(f"Written: {plot.save_figure(plot.cost(panels(shown)), out / 'cost.png')}", soft_wrap=True)


@bench.command(name="rule-cost")
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


def main() -> None:
    """Run the command line; an error of the project, or of the file system, is one sentence and exit status 1."""
    forgive_encodings()
    try:
        for word in sys.argv[1:]:
            if has_controls(word):
                raise DendrosimError(
                    f"the argument '{word}' holds control characters, or is no text; write it otherwise."
                )
        app()
    except DendrosimError as error:
        _fail(str(error))
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{reason(error)}; choose another file or folder, or make room for it.")


def _fail(sentence: str) -> NoReturn:
    Terminal(stderr=True).print(Text.assemble(("Error:", "bold red"), f" {sentence}"), highlight=False, soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
