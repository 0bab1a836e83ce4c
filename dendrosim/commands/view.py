"""The command ``dendrosim view``."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from dendrosim.commands.options import MorphologyOption, OverwriteOption, RecordingArgument, claim, read_morphology
from dendrosim.commands.terminal import console


def view(
    recording: RecordingArgument,
    out: Annotated[
        Path | None, typer.Option(help="Page to write; by default beside the recording, ending in .html.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Write the page and open no browser.")] = False,
    morphology: MorphologyOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write a recording as one page that works offline, and open it in the browser."""
    from dendrosim.recording import Recording
    from dendrosim.view import write_page

    page = recording.parent / f"{recording.stem}.html" if out is None else out
    claim(page, "page", overwrite)
    form = read_morphology(morphology)
    console.print(f"Written: {write_page(Recording.load(recording), page, form)}", soft_wrap=True)
    if not no_open and not webbrowser.open(page.resolve().as_uri()):
        console.print("No browser could be started here; open the page yourself.")
