"""The command ``dendrosim export``."""

from pathlib import Path
from typing import Annotated

import typer

from dendrosim.commands.options import OverwriteOption, RecordingArgument, claim
from dendrosim.commands.terminal import console


def export(
    recording: RecordingArgument,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("recording.nwb"),
    overwrite: OverwriteOption = False,
) -> None:
    """Write a recording as Neurodata Without Borders file (needs the extra nwb)."""
    from dendrosim.recording import Recording

    claim(out, "recording", overwrite)
    console.print(f"Written: {Recording.load(recording).to_nwb(out)}", soft_wrap=True)
