"""Descriptions as plain values: what a model file, or a change, may hold at all before its keys are looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from dendrosim.checks import LARGEST, shown, without_unit
from dendrosim.errors import ModelError, has_controls

DEEPEST = 16
"""Tables and lists in one another; a description needs half of that."""
MOST_NUMBERS = 10_000
"""In an array that stands for a list."""


def plain(value: Any, where: str, depth: int = 0) -> Any:
    """Return values as TOML has them.

    Numbers of NumPy become Python's, quantities of Brian2 ms, mV, nS or pF, and parts such as cells tables.

    Parameters
    ----------
    value : object
        A table, or anything inside.
    where : str
        Its key, or the file, for the sentence of the error.

    Raises
    ------
    ModelError
        It is nested too deeply, or holds what no description can.
    """
    if depth > DEEPEST:
        raise ModelError(f"{where}: tables are nested more than {DEEPEST} deep; take some away.")
    value = value.model_dump(mode="json") if isinstance(value, BaseModel) else without_unit(value)
    if isinstance(value, np.generic | np.ndarray) and value.size <= MOST_NUMBERS:
        value = value.tolist()
    if isinstance(value, Mapping):
        return {_key(key, where): plain(inner, f"{where}: {key}", depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, where, depth + 1) for inner in value]
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        return _text(value, where)
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) <= LARGEST):
        return value
    raise ModelError(f"{where}: {shown(value)} cannot stand in a description; write a number, a string or a table.")


def _key(key: Any, where: str) -> str:
    if not isinstance(key, str):
        raise ModelError(f"{where}: the key {shown(key)} is no string; write the name of a key.")
    return _text(key, where)


def _text(text: str, where: str) -> str:
    if has_controls(text):
        raise ModelError(f"{where}: {shown(text)} holds control characters; take them out.")
    return text
