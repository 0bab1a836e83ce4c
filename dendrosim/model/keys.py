"""Keys of a description with dots: ``training.learning_rate``, ``layers.0.units``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from dendrosim.checks import shown
from dendrosim.errors import ModelError
from dendrosim.model.spec import Model


def changed_by(model: Model, values: Mapping[str, Any]) -> Model:
    """Return a model with other values under dotted keys; a number counts the entries of a list, from 0.

    Raises
    ------
    ModelError
        There is no such key, or it cannot have that value.

    Examples
    --------
    >>> import dendrosim as ds
    >>> changed_by(ds.load_model("digits-mlp"), {"layers.0.units": 32}).architecture
    '64-32-64-10 tanh softmax'
    """
    there, tables = model.model_dump(mode="json"), dict[str, Any]()
    for key, value in values.items():
        first = key.partition(".")[0]
        if isinstance(there.get(first), list):  # of which there is no part to be given
            tables.setdefault(first, copy.deepcopy(there[first]))
        _put(tables, key.split("."), value, f"{model.source}: {key}")
    return model.changed(**tables)


def _put(holder: Any, keys: list[str], value: Any, where: str) -> None:
    first, *rest = keys
    if isinstance(holder, list):
        if not (first.isdecimal() and int(first) < len(holder)):
            raise ModelError(f"{where}: there is no entry {shown(first)} among {len(holder)}; count from 0.")
        place: Any = int(first)
    elif isinstance(holder, dict):
        place = first
        if rest:
            holder.setdefault(first, {})
    else:
        raise ModelError(f"{where}: {shown(holder)} has no keys; name it without '.{'.'.join(keys)}'.")
    if rest:
        _put(holder[place], rest, value, where)
    else:
        holder[place] = value
