"""The commands ``dendrosim data list | fetch | path | check``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from dendrosim.commands.terminal import console
from dendrosim.errors import printable

app = typer.Typer(no_args_is_help=True, help="List, download, find and verify data sets.")

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Data sets; all of them by default.")]


@app.command(name="list")
def list_data_sets() -> None:
    """List the data sets: what they are, whom to cite, how large they are, their licence, and which are here."""
    from dendrosim.data import EMBEDDED
    from dendrosim.data.catalog import CATALOG
    from dendrosim.data.storage import is_present

    table = Table("name", "what it is, and whom to cite", "MB", "licence", "here")
    for name in EMBEDDED:
        table.add_row(name, "embedded", "", "", "yes")
    for name, entry in CATALOG.items():
        size = f"{entry.size / 1e6:.1f}" if entry.size else "?"
        about = Text(entry.title).append(f"\n{entry.citation}", style="dim")
        table.add_row(name, about, size, entry.licence, "yes" if is_present(name) else "no")
    table.add_row("text:FILE", "any UTF-8 text of your own, character by character", "", "", "")
    table.add_row("file:FILE", "samples of your own: FILE.npz, FILE.npy, or FILE.csv#COLUMN (the target)", "", "", "")
    table.add_row("images:FOLDER", "images of your own, a class a subfolder", "", "", "")
    console.print(table)


@app.command()
def fetch(names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Data sets to download.")]) -> None:
    """Download data sets, verified by checksum; what is whole already is left alone."""
    from dendrosim.data.download import fetch as fetch_data_set

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        for name in names:
            fetch_data_set(name, lambda line: console.print(line, highlight=False, soft_wrap=True), progress)


@app.command()
def path(
    name: Annotated[str | None, typer.Argument(help="A data set; by default the folder of all of them.")] = None,
) -> None:
    """Print where data sets lie, or the files of one."""
    from dendrosim.data.storage import data_root, locate

    for found in [data_root()] if name is None else locate(name):
        typer.echo(printable(str(found)))


@app.command()
def check(names: Names = None) -> None:
    """Compare every file with its checksum; exit with 1 if something that is here is damaged."""
    from dendrosim.data.catalog import CATALOG
    from dendrosim.data.storage import check as check_data_set

    results = [check_data_set(name) for name in names or CATALOG]
    table = Table("data set", "state", "files")
    for result in results:
        table.add_row(result.name, result.state, Text(result.detail))
    console.print(table)
    if any(result.state == "damaged" for result in results):
        raise typer.Exit(code=1)
