"""Arguments and options that several commands have, and the checks before anything is computed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from dendrosim.commands.terminal import console
from dendrosim.errors import RunError
from dendrosim.files import check_writable
from dendrosim.registry import import_modules

ModelArgument = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A model that ships with dendrosim (digits-mlp), or a path to a .toml file."),
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder that train wrote.")]
RecordingArgument = Annotated[Path, typer.Argument(metavar="RECORDING", help="A file that relax or learn wrote.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there already.")]
TargetOption = Annotated[
    str, typer.Option(help="How Brian2 generates code: numpy, cython, cpp_standalone or cuda_standalone.")
]


def look_here(given: Any) -> Any:
    """Let Python find the modules that a user names in the present folder, too; the callback of an option."""
    if given and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    return given


def _import(modules: list[str] | None) -> list[str] | None:
    import_modules(look_here(modules) or ())
    return modules


ImportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--import", metavar="MODULE", callback=_import, help="Import a module that registers rules; can be repeated."
    ),
]


def claim(file: Path, what: str, overwrite: bool) -> None:
    """Raise an error, before anything is computed, if a file is there already or cannot be written."""
    if not overwrite and os.path.lexists(file):
        raise RunError(f"{file}: this file already exists; choose another --out, or pass --overwrite.")
    check_writable(file, what)


def stop_interrupted(sentence: str) -> NoReturn:
    """Say that Ctrl-C came and what is kept, and exit as the shell expects it."""
    console.print(sentence[0].upper() + sentence[1:], soft_wrap=True, highlight=False)
    raise typer.Exit(code=130)
