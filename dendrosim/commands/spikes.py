"""The command ``dendrosim spikes``."""

from pathlib import Path
from typing import Annotated

import typer

from dendrosim.commands.options import OverwriteOption, RecordingArgument, claim
from dendrosim.commands.terminal import console


def spikes(
    recording: RecordingArgument,
    out: Annotated[Path, typer.Option(help="Figure to write: .png, .svg or .pdf.")] = Path("spikes.png"),
    presentation: Annotated[int, typer.Option(min=0, help="Which presentation.")] = 0,
    interval: Annotated[float, typer.Option(help="Length of the bins of rates and burst probabilities, ms.")] = 5.0,
    overwrite: OverwriteOption = False,
) -> None:
    """Draw the spikes of a recording: who sent which when, rates, and burst probabilities over time."""
    from dendrosim.plot import save_figure, spikes_page
    from dendrosim.recording import Recording

    claim(out, "figure", overwrite)
    figure = spikes_page(Recording.load(recording), presentation, interval)
    console.print(f"Written: {save_figure(figure, out)}", soft_wrap=True)
