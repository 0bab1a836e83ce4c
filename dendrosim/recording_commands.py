"""The commands ``dendrosim animate`` and ``dendrosim export``: what can be made of a recording."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from dendrosim.errors import RunError
from dendrosim.files import check_writable

RecordingArgument = Annotated[Path, typer.Argument(metavar="RECORDING", help="A file that relax or learn wrote.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there already.")]


def add_to(app: typer.Typer, console: Console) -> None:
    """Add the commands to the command line.

    Parameters
    ----------
    app : Typer
        The command line.
    console : Console
        Where to print.
    """

    @app.command()
    def animate(
        recording: RecordingArgument,
        out: Annotated[Path, typer.Option(help="File to write: .mp4 (needs ffmpeg) or .gif.")] = Path("recording.mp4"),
        presentation: Annotated[int, typer.Option(min=0, help="Which presentation.")] = 0,
        layer: Annotated[str | None, typer.Option(help="Show neurons of this layer instead of the network.")] = None,
        neuron: Annotated[
            int | None,
            typer.Option(min=0, help="Which neuron of that layer; by default those with the largest errors."),
        ] = None,
        fps: Annotated[int | None, typer.Option(min=1, help="Pictures (samples, epochs) a second.")] = None,
        overwrite: OverwriteOption = False,
    ) -> None:
        """Animate a recording: the error walking down a network, neurons, or weights over the epochs of a learning."""
        from dendrosim.plot.animation import save_animation
        from dendrosim.recording import Recording

        claim(out, "animation", overwrite)
        pictures, fps = _pictures(Recording.load(recording), layer, neuron, presentation, fps)
        with Progress(console=console) as progress:
            task = progress.add_task("pictures", total=None)
            save_animation(
                pictures, out, fps, lambda done, total: progress.update(task, completed=done + 1, total=total)
            )
        console.print(f"Written: {out}", soft_wrap=True)

    @app.command()
    def export(
        recording: RecordingArgument,
        out: Annotated[Path, typer.Option(help="File to write.")] = Path("recording.nwb"),
        overwrite: OverwriteOption = False,
    ) -> None:
        """Write a recording as Neurodata Without Borders file (needs the extra nwb)."""
        from dendrosim.recording import Recording

        claim(out, "recording", overwrite)
        console.print(f"Written: {Recording.load(recording).to_nwb(out)}", soft_wrap=True)


def claim(file: Path, what: str, overwrite: bool) -> None:
    """Raise an error, before anything is computed, if a file is there already or cannot be written."""
    if not overwrite and os.path.lexists(file):
        raise RunError(f"{file}: this file already exists; choose another --out, or pass --overwrite.")
    check_writable(file, what)


def _pictures(
    recording: Any, layer: str | None, neuron: int | None, presentation: int, fps: int | None
) -> tuple[Any, int]:
    from dendrosim.plot.animation import learning_weights, relaxing_network, relaxing_neurons

    if "time" not in recording.dataset.dims:
        return learning_weights(recording, fps := fps or 4), fps
    fps = fps or 20
    if layer is None:
        return relaxing_network(recording, presentation, fps=fps), fps
    return relaxing_neurons(recording, layer, neuron, presentation, fps), fps
