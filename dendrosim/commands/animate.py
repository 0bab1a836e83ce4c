"""The command ``dendrosim animate``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dendrosim.commands.options import AnyRecordingArgument, MorphologyOption, OverwriteOption, claim, read_morphology
from dendrosim.commands.terminal import console

LINES = 10  # that tell how far it is where there is no terminal


def animate(
    recording: AnyRecordingArgument,
    out: Annotated[Path, typer.Option(help="File to write: .mp4 (needs ffmpeg) or .gif.")] = Path("recording.mp4"),
    presentation: Annotated[int, typer.Option(min=0, help="Which presentation.")] = 0,
    layer: Annotated[str | None, typer.Option(help="Show neurons of this layer instead of the network.")] = None,
    neuron: Annotated[
        int | None,
        typer.Option(min=0, help="Which neuron of that layer; by default those with the largest errors."),
    ] = None,
    fps: Annotated[int | None, typer.Option(min=1, help="Pictures (samples, epochs) a second.")] = None,
    morphology: MorphologyOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Animate a recording: the error walking down a network, neurons, or weights over the epochs of a learning."""
    from rich.progress import Progress

    from dendrosim.plot.animation import save_animation
    from dendrosim.recording import Recording

    claim(out, "animation", overwrite)
    pictures, fps = _pictures(Recording.load(recording), layer, neuron, presentation, fps, read_morphology(morphology))
    with Progress(console=console) as progress:
        task = progress.add_task("pictures", total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done + 1, total=total)
            if not console.is_terminal and (done + 1) * LINES // total > done * LINES // total:
                console.print(f"picture {done + 1} of {total}", highlight=False)

        save_animation(pictures, out, fps, report)
    console.print(f"Written: {out}", soft_wrap=True)


def _pictures(
    recording: Any, layer: str | None, neuron: int | None, presentation: int, fps: int | None, morphology: Any
) -> tuple[Any, int]:
    from dendrosim.plot.animation import learning_weights, relaxing_network, relaxing_neurons

    if "time" not in recording.dataset.dims:
        return learning_weights(recording, fps := fps or 4), fps
    fps = fps or 20
    if layer is None:
        return relaxing_network(recording, presentation, fps=fps, morphology=morphology), fps
    return relaxing_neurons(recording, layer, neuron, presentation, fps, morphology), fps
