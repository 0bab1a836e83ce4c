"""Data sets: real stimuli and targets, split into training, validation and test."""

from __future__ import annotations

import math
from pathlib import Path

from dendrosim.checks import reason
from dendrosim.data.catalog import CATALOG
from dendrosim.data.characters import OWN, characters
from dendrosim.data.dataset import OWN_IMAGES, Dataset
from dendrosim.data.images import IMAGES, digits, image_folder, images
from dendrosim.data.loaders import Loader, load_own, register_data
from dendrosim.data.own import OWN_FILE, own_file
from dendrosim.data.samples import Encoded, Split
from dendrosim.data.series import series
from dendrosim.data.synthetic import mackey_glass
from dendrosim.errors import DataError, ModelError, PluginError
from dendrosim.model import Model
from dendrosim.model.library import described
from dendrosim.model.spec import ARRAYS
from dendrosim.registry import DATA

EMBEDDED = tuple(name for name in DATA.built_in if name not in CATALOG)
"""Data sets that need no download."""
OWNS: dict[str, Loader] = {OWN: characters, OWN_FILE: own_file, OWN_IMAGES: image_folder}
"""What reads files of the user's own, by how their names begin."""

# The keys of `preparation` that a loader knows.
_PREPARED: dict[Loader, set[str]] = {
    digits: {"augmentation"},
    images: {"augmentation"},
    image_folder: {"augmentation", "image"},
    series: {"task", "horizon"},
    mackey_glass: {"task", "horizon"},
}

__all__ = ["EMBEDDED", "Dataset", "Encoded", "Split", "check_fit", "load_data", "register_data"]


def load_data(model: Model | str | Path) -> Dataset:
    """Load the data set of a model and check that the two fit. Nothing is downloaded.

    Parameters
    ----------
    model : Model
        Or the name of one. Its ``data`` names the set, ``input`` the shape wanted, ``training.validation`` the share
        held out for validation, ``preparation`` how the set becomes stimuli.

    Raises
    ------
    DataError
        There is no data set of that name, it is not on this machine, or a file of it is damaged.
    ModelError
        The model's widths, output or preparation do not fit the data.
    """
    model = described(model)
    if model.data == ARRAYS:
        raise DataError(
            f"{model.source}: data: no file holds the arrays of this model; pass them, as data= to ds.train or to "
            "Run.evaluate, or name a data set."
        )
    loader = _loader(model)
    if foreign := model.preparation.foreign(_PREPARED.get(loader, set())):
        raise ModelError(f"{model.source}: preparation.{foreign[0]}: '{model.data}' does not know it; remove it.")
    try:
        dataset = load_own(model.data, loader, model) if model.data in DATA.brought else loader(model)
    except OSError as error:
        raise DataError(
            f"the data set '{model.data}' cannot be read ({reason(error)}); check its file, and DENDROSIM_DATA."
        ) from None
    check_fit(model, dataset)
    return dataset


def _loader(model: Model) -> Loader:
    for start, loader in OWNS.items():
        if model.data.startswith(start):
            return loader
    try:
        return DATA[model.data]
    except PluginError as error:
        raise DataError(f"{model.source}: data: {error}") from error


def check_fit(model: Model, dataset: Dataset) -> None:
    """Raise ModelError unless a model takes the stimuli of a data set and has a cell for each of its outputs."""
    if dataset.task == "regression" and model.output == "softmax":
        own = ", or give classes as whole numbers or strings" if model.data == ARRAYS else ""
        raise ModelError(
            f"{model.source}: output: '{model.output}' gives probabilities, but '{model.data}' has quantities; "
            f"set it to 'identity'{own}."
        )
    if model.input != dataset.shape:
        flat = f" or [{math.prod(dataset.shape)}]" if model.data in IMAGES and len(dataset.shape) > 1 else ""
        raise ModelError(
            f"{model.source}: input: {list(model.input)} does not fit the stimuli of '{model.data}'; "
            f"set it to {list(dataset.shape)}{flat}."
        )
    if model.sizes[-1] != dataset.outputs:
        kind = "classes" if dataset.task == "classification" else "quantities"
        raise ModelError(
            f"{model.source}: layers.{len(model.layers) - 1}.units: {model.sizes[-1]} output cells do not fit the "
            f"{dataset.outputs} {kind} of '{model.data}'; set it to {dataset.outputs}."
        )
