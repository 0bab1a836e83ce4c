"""Data sets: real stimuli and targets, split into training, validation and test."""

from dendrosim.data.dataset import Dataset, Split
from dendrosim.data.images import digits, digits_images
from dendrosim.data.synthetic import reber
from dendrosim.errors import DataError, ModelError
from dendrosim.model import Model

DATASETS = {"digits": digits, "digits-images": digits_images, "reber": reber}

__all__ = ["DATASETS", "Dataset", "Split", "load_data"]


def load_data(model: Model) -> Dataset:
    """Load the data set of a model and check that the two fit.

    Parameters
    ----------
    model : Model
        Its ``data`` names the set, its ``training.validation`` the share held out for validation.

    Raises
    ------
    DataError
        There is no data set of that name.
    ModelError
        The model's widths do not fit the data.
    """
    if model.data not in DATASETS:
        raise DataError(f"{model.source}: data: there is no data set '{model.data}'; choose {', '.join(DATASETS)}.")
    dataset = DATASETS[model.data](validation=model.training.validation)
    if model.input != dataset.shape:
        raise ModelError(
            f"{model.source}: input: {list(model.input)} does not fit the stimuli of '{model.data}'; "
            f"set it to {list(dataset.shape)}."
        )
    if model.sizes[-1] != dataset.classes:
        raise ModelError(
            f"{model.source}: layers.{len(model.layers) - 1}.units: {model.sizes[-1]} output cells do not fit the "
            f"{dataset.classes} classes of '{model.data}'; set it to {dataset.classes}."
        )
    return dataset
