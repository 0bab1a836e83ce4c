"""Where models are found; a name is looked up before anything that knows how to read a model is imported."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from dendrosim.checks import is_file, path_of
from dendrosim.errors import DataError, ModelError


def model_folder() -> Path:
    """Folder of the models that ship with dendrosim: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def available_models() -> list[str]:
    """Names of the models that ship with dendrosim."""
    return sorted(path.stem for path in model_folder().glob("*.toml"))


def find_model(name: str | Path) -> Path:
    """Return the file of a model: a path that ends with ``.toml``, or the name of one that ships with dendrosim.

    Raises
    ------
    ModelError
        There is no such model.

    Examples
    --------
    >>> from dendrosim.model.places import find_model
    >>> find_model("digits-mlp").name
    'digits-mlp.toml'
    """
    path = path_of(name, "the model", ModelError)
    path = path if path.suffix == ".toml" else model_folder() / f"{name}.toml"
    if not is_file(path):
        close = difflib.get_close_matches(path.stem, available_models(), n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"available are {', '.join(available_models())}."
        raise ModelError(f"{name}: there is no such model; {hint}")
    return path


def find_morphology(name: str | Path) -> Path:
    """Return the file of a morphology: a path, or the name of one that ships with dendrosim, ``pyramidal``.

    Raises
    ------
    DataError
        There is no such morphology.
    """
    path = path_of(name, "the morphology")
    shipped = model_folder() / f"{path}.swc"
    if len(path.parts) == 1 and not path.suffix and not os.path.lexists(path) and is_file(shipped):
        return shipped
    if not os.path.exists(path):
        raise DataError(
            f"{name}: there is no such morphology; give a file in SWC, such as NeuroMorpho.org has, or 'pyramidal'."
        )
    return path
