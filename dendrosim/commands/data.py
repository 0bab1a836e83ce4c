"""The commands ``dendrosim data list | fetch | path | check``."""

import inspect
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dendrosim.commands.models import columns
from dendrosim.commands.options import ImportOption
from dendrosim.commands.rules import summary
from dendrosim.commands.terminal import console
from dendrosim.errors import PluginError, printable
from dendrosim.registry import DATA

if TYPE_CHECKING:
    from dendrosim.data.entry import Entry

app = typer.Typer(no_args_is_help=True, help="List, download, find and verify data sets.")

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Data sets; all of them by default.")]


@app.command(name="list")
def list_data_sets(names: Names = None, imports: ImportOption = None) -> None:
    """List the data sets: what they are, how large, and which are here; of those named, also licence and citation."""
    from rich.table import Column, Table

    from dendrosim.data import EMBEDDED
    from dendrosim.data.catalog import CATALOG
    from dendrosim.data.storage import entry as find
    from dendrosim.data.storage import is_present

    if names:
        table = Table(Column("name", no_wrap=True), "what it is, its licence, and whom to cite", "MB", "here")
        for name in names:
            if name in DATA and name not in CATALOG:
                table.add_row(name, Text(inspect.getdoc(DATA[name]) or ""), "", "yes" if name in EMBEDDED else "")
                continue
            found = find(name)
            about = Text(found.title).append(f"\n{found.licence}\n{found.citation}", style="dim")
            table.add_row(name, about, _size(found), "yes" if is_present(name) else "no")
        console.print(table)
        return
    rows = [(name, "embedded", "", "yes") for name in EMBEDDED]
    rows += [(name, each.title, _size(each), "yes" if is_present(name) else "no") for name, each in CATALOG.items()]
    rows += [(name, _brought(name), "", "") for name in DATA.brought]
    rows.append(("text:FILE", "any UTF-8 text of yours, by characters", "", ""))
    rows.append(("file:FILE", "yours: FILE.npz, FILE.npy, or FILE.csv#TARGET-COLUMN", "", ""))
    rows.append(("images:FOLDER", "images of yours, a class a subfolder", "", ""))
    console.print(columns(("name", "what it is", "MB", "here"), rows, cut="what it is"))


def _brought(name: str) -> str:
    """Return what a data set of the user's is, or why it cannot be had: the list shows the others all the same."""
    try:
        return summary(DATA[name])
    except PluginError as error:
        return str(error)


def _size(entry: "Entry") -> str:
    return f"{entry.size / 1e6:.1f}" if entry.size else "?"


@app.command()
def fetch(names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Data sets to download.")]) -> None:
    """Download data sets, verified by checksum; what is whole already is left alone."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

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
    from rich.table import Table

    from dendrosim.data.catalog import CATALOG
    from dendrosim.data.storage import check as check_data_set

    results = [check_data_set(name) for name in names or CATALOG]
    table = Table("data set", "state", "files")
    for result in results:
        table.add_row(result.name, result.state, Text(result.detail))
    console.print(table)
    if any(result.state == "damaged" for result in results):
        raise typer.Exit(code=1)
