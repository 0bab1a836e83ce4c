"""Data sets of one's own that have a name, by which model files and the command line know them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dendrosim.checks import shown
from dendrosim.data.dataset import Dataset
from dendrosim.errors import DataError, PluginError
from dendrosim.model import Model
from dendrosim.model.spec import ARRAYS
from dendrosim.registry import DATA

Loader = Callable[[Model], Dataset]
_NAME = re.compile(r"[A-Za-z][\w-]*")


def register_data(name: str, loader: Loader) -> Loader:
    """Make a data set of one's own known under a name, so that ``data = "NAME"`` in a model is that set.

    Parameters
    ----------
    name : str
        Letters, digits and hyphens.
    loader : callable
        Takes the :class:`~dendrosim.Model` (whose ``input``, ``output`` and ``training.validation`` it may go by) and
        returns a :class:`~dendrosim.Dataset`. It is called when the data are needed.

    Raises
    ------
    PluginError
        It is no loader, or the name is taken.

    Examples
    --------
    >>> import numpy as np
    >>> import dendrosim as ds
    >>> def halves(model):
    ...     '''Points on the right and on the left of a line.'''
    ...     points = np.random.default_rng(0).normal(size=(200, *model.input))
    ...     return ds.Dataset.from_arrays(points, points[:, 0] > 0, validation=model.training.validation)
    >>> loader = ds.register_data("halves", halves)
    >>> model = ds.Model(data="halves", input=[3], layers=[{"kind": "dense", "units": 2}])
    >>> ds.load_data(model)
    Dataset('halves': 144 + 16 + 40 samples of shape (3,), classes False, True)
    """
    return DATA.register(name, loader)


def check_loader(name: str, loader: Any) -> None:
    """Raise PluginError for what cannot be called with a model, or for a name that no data set can have.

    Parameters
    ----------
    name : str
        Under which it is to be known.
    loader : object
        What a user brought.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == ARRAYS:
        raise PluginError(
            f"{shown(name)} is no name of a data set; write letters, digits and hyphens, and not '{ARRAYS}'."
        )
    try:
        inspect.signature(loader).bind(None)
    except ValueError:  # callable, and says nothing of its arguments
        return
    except TypeError:
        raise PluginError(
            f"the loader of the data set '{name}' is {shown(loader)}; give a function that takes the model."
        ) from None


def load_own(name: str, loader: Loader, model: Model) -> Dataset:
    """Call a loader that a user brought.

    Raises
    ------
    DataError
        It returned no data set.
    """
    dataset: Any = loader(model)
    if not isinstance(dataset, Dataset):
        raise DataError(
            f"the loader of the data set '{name}' returned {shown(dataset)}; return a dendrosim.Dataset, such as "
            "Dataset.from_arrays(stimuli, targets)."
        )
    return replace(dataset, name=name)
