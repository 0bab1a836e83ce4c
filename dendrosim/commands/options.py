"""Arguments and options that several commands have, and the checks before anything is computed."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dendrosim import kinds
from dendrosim.commands.terminal import console
from dendrosim.errors import ModelError, RunError
from dendrosim.files import check_writable
from dendrosim.kinds import expect, missing
from dendrosim.model.places import find_model, find_morphology
from dendrosim.registry import RULES, import_modules

if TYPE_CHECKING:
    from dendrosim.model import Model


def _of_kind(*wanted: str) -> Callable[[Any], Any]:
    """Return the callback of an argument or option that refuses what is not there, and files of other kinds."""

    def check(given: Any) -> Any:
        if given is not None:
            if not os.path.exists(given):
                raise missing(given, wanted[0])
            expect(given, *wanted)
        return given

    return check


def _model(given: str) -> str:
    if os.path.exists(given):
        expect(given, kinds.MODEL)
    find_model(given)  # before anything is imported that could read it
    return given


def _morphology(given: Path | None) -> Path | None:
    if given is None:
        return None
    expect(path := find_morphology(given), kinds.MORPHOLOGY)
    return path


def read_morphology(path: Path | None) -> Any:
    """Return the morphology of an option, if it was given."""
    from dendrosim.morphology import Morphology

    return None if path is None else Morphology.read(path)


ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        callback=_model,
        help="A model that ships with dendrosim (digits-mlp), or a path to a .toml file.",
    ),
]
RunArgument = Annotated[
    Path,
    typer.Argument(metavar="RUN", callback=_of_kind(kinds.RUN), help="A run folder that train or learn wrote."),
]


def _run_or_model(given: str) -> str:
    if os.path.isdir(given):
        expect(given, kinds.RUN)
        return given
    return _model(given)


RunOrModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN|MODEL",
        callback=_run_or_model,
        help="A run folder that train or learn wrote, or a model, with --weights.",
    ),
]
RecordingArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RECORDING", callback=_of_kind(kinds.RECORDING), help="A recording of a relaxation, as relax writes it."
    ),
]
MorphologyArgument = Annotated[
    Path,
    typer.Argument(metavar="MORPHOLOGY", callback=_morphology, help="A neuron's form, a file in SWC, or pyramidal."),
]
MorphologyOption = Annotated[
    Path | None,
    typer.Option(
        metavar="MORPHOLOGY", callback=_morphology, help="Form of the drawn neurons, a file in SWC, or pyramidal."
    ),
]
AnyRecordingArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RECORDING",
        callback=_of_kind(kinds.RECORDING, kinds.LEARNING),
        help="A recording that relax, or learn --recording, wrote.",
    ),
]
of_weights = _of_kind(kinds.WEIGHTS, kinds.RUN)
"""The callback of an option for weights."""
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there already.")]
TargetOption = Annotated[
    str, typer.Option(help="How Brian2 generates code: numpy, cython, cpp_standalone or cuda_standalone.")
]


def look_here(given: Any) -> Any:
    """Let Python find the modules that a user names in the present folder, too; the callback of an option."""
    if given and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    return given


def find_rule(rule: str | None) -> str | None:
    """Refuse a rule that there is not before anything is imported; the callback of an option."""
    if rule is not None and ":" not in rule:
        RULES.check(rule)
    return look_here(rule)


def _import(modules: list[str] | None) -> list[str] | None:
    import_modules(look_here(modules) or ())
    return modules


ImportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        metavar="MODULE",
        callback=_import,
        is_eager=True,
        help="Import a module that registers rules, cells or the like; can be repeated.",
    ),
]


SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="A key of the model file, such as training.learning_rate=0.01; repeatable."
    ),
]


def with_settings(model: Model, settings: list[str] | None) -> Model:
    """Return a model with the values that ``--set`` gave.

    Raises
    ------
    ModelError
        One of them is no KEY=VALUE, the key is unknown, or its value is of the wrong type or out of range.
    """
    from dendrosim.model.keys import changed_by

    for given in settings or ():
        key, separator, value = given.partition("=")
        names = [name.strip() for name in key.split(".")]
        if not separator or not all(names):
            raise ModelError(f"--set: '{given}' is no KEY=VALUE; write it as training.epochs=3.")
        model = changed_by(model, {".".join(names): _value(value.strip())})
    return model


def _value(text: str) -> Any:
    """Return a value as a model file writes it, or else the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def claim(file: Path, what: str, overwrite: bool) -> None:
    """Raise an error, before anything is computed, if a file is there already or cannot be written."""
    if not overwrite and os.path.lexists(file):
        raise RunError(f"{file}: this file already exists; choose another --out, or pass --overwrite.")
    check_writable(file, what)


def stop_interrupted(sentence: str) -> NoReturn:
    """Say that Ctrl-C came and what is kept, and exit as the shell expects it."""
    console.print(sentence[0].upper() + sentence[1:], soft_wrap=True, highlight=False)
    raise typer.Exit(code=130)
