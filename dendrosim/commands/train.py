"""The command ``dendrosim train``, and how it shows a training that runs."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from dendrosim.commands.options import ImportOption, ModelArgument, SetOption, find_rule, of_weights, with_settings
from dendrosim.commands.terminal import console

if TYPE_CHECKING:
    from dendrosim.model import Model


def train(
    model: ModelArgument,
    settings: Annotated[str | None, typer.Option(help="Settings that the model file names, such as paper.")] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            callback=find_rule,
            help="Learning rule, with the model's settings for it ('dendrosim rules'), or package.module:Class.",
        ),
    ] = None,
    imports: ImportOption = None,
    feedback: Annotated[
        str | None, typer.Option(help="How Θ learns under dll; 'dendrosim rules dll' lists it.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the training set.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of weights and data order.")] = None,
    values: SetOption = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; by default runs/MODEL-[SETTINGS-]RULE-seedN.")] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            callback=of_weights, help="Weights file, or run folder, to start from; by default random weights."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in that folder; also to more --epochs.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in that folder.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where there is one.")] = "cpu",
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the CPU; by default torch's choice.")] = None,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Refuse operations of a GPU that differ from run to run.")
    ] = False,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write the history for TensorBoard, too, into the run folder.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show losses, angles and ‖Θ‖ over the epochs while they change.")
    ] = False,
) -> None:
    """Train a network in the equilibrium engine (torch) and write a run folder.

    Start it by torchrun, as -m dendrosim train, to share each batch between processes.
    """
    network = with_settings(_model(model, settings, rule, feedback, {"epochs": epochs, "seed": seed}), values)
    from dendrosim.commands.live import Curves
    from dendrosim.training import Hardware
    from dendrosim.training import tensorboard as boards
    from dendrosim.training import train as run_training
    from dendrosim.training.checkpoint import Checkpoint
    from dendrosim.training.display import TerminalBar
    from dendrosim.training.distributed import rank
    from dendrosim.training.measures import described
    from dendrosim.training.run import refuse_to_overwrite

    name = _rule(network)
    parts = [network.name, *([settings] if settings else []), name, f"seed{network.training.seed}"]
    folder = out or Path("runs", "-".join(parts))
    hardware = Hardware(device, dtype, threads, deterministic)
    shown = console if rank() == 0 else Console(quiet=True)
    if rank() == 0 and not (overwrite or resume):
        refuse_to_overwrite(folder)
    if device == "auto":
        shown.print(f"Device: {hardware.chosen}.")
    shown.print(f"Training {network.name} ({network.architecture}) on '{network.data}' with {name}.")
    if weights is not None:
        shown.print(f"Starting from {weights}.", soft_wrap=True)
    if resume and not overwrite and (sentence := _stretched(network, folder)):
        shown.print(sentence, soft_wrap=True)
    board = boards.tensorboard(folder) if tensorboard and rank() == 0 else nullcontext(lambda row: None)
    curves = Curves(shown, Checkpoint.read(folder).history if resume else ()) if watch and rank() == 0 else None
    display = TerminalBar(shown, network.training.epochs, curves)
    with _resumable(folder, shown), board as write, display:

        def report(row: Mapping[str, Any]) -> None:
            display.report(row)
            if curves:
                curves.add(row)
            write(row)

        run = run_training(
            network,
            parameters=weights,
            folder=folder,
            resume=resume,
            overwrite=overwrite,
            hardware=hardware,
            report=report,
            progress=display.progress,
        )
    when = "the last epoch" if run.epoch == len(run.epochs) else f"epoch {run.epoch}, the best on validation"
    shown.print(f"Test {described(run.test)} after {when}.")
    shown.print(f"Written: {folder}", soft_wrap=True)


def _model(
    name: str, settings: str | None, rule: str | None, feedback: str | None, training: Mapping[str, Any]
) -> "Model":
    from dendrosim.model import load_model

    network = load_model(name, settings, rule)
    network = network.changed(training={key: value for key, value in training.items() if value is not None})
    return network if feedback is None else network.changed(rules={"dll": {"feedback": feedback}})


def _rule(network: "Model") -> str:
    rule = network.training.rule
    return f"{rule}-{network.rules.dll.feedback}" if rule == "dll" else rule


def _stretched(network: "Model", folder: Path) -> str:
    """Return what becomes of the learning rate where a training goes on to more epochs than it was to have."""
    from dendrosim.training.checkpoint import Checkpoint
    from dendrosim.training.train import epochs_of

    checkpoint = Checkpoint.read(folder)
    before, now, schedule = epochs_of(checkpoint), network.training.epochs, network.training.schedule
    if before >= now:
        return ""
    more = f"Going on after epoch {checkpoint.epoch} to {now} epochs in the place of {before}"
    if schedule == "constant":
        return f"{more}, as if there had been as many from the start."
    return (
        f"{more}: the {schedule} schedule is stretched over all of them, and what was trained followed the shorter one."
    )


@contextmanager
def _resumable(folder: Path, console: Console) -> Iterator[None]:
    """Say how to go on when the training is interrupted, by hand or by whoever started it."""
    from dendrosim.training.checkpoint import NAME

    handler: Callable[..., Any] | int | None = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        kept = (folder / NAME).is_file()
        how = f"{folder} holds its last checkpoint; go on with the same command and --resume" if kept else "start again"
        console.print(f"The training was interrupted: {how}.", soft_wrap=True, highlight=False)
        raise typer.Exit(code=130) from None
    finally:
        signal.signal(signal.SIGTERM, handler)
