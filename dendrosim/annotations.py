"""Arguments checked by the annotations of the function that takes them, where there are many such functions."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from typing import Any

import numpy as np

from dendrosim.arrays import numbers
from dendrosim.checks import choice, flag, number, shown, whole
from dendrosim.errors import DataError


def checked[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Check every argument of a call by its annotation, and pass on numbers of NumPy as Python's.

    Whole numbers count or index something: they are not negative. Of a container each element is checked.

    Raises
    ------
    DataError
        An argument is missing, unknown, or of another type.
    """
    signature = inspect.signature(function)

    @cache
    def hints() -> dict[str, Any]:
        return typing.get_type_hints(function)

    @wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            bound = signature.bind(*arguments, **options)
        except TypeError as error:
            raise DataError(f"{function.__name__}: {error}; call it as {function.__name__}{signature}.") from None
        for name, value in bound.arguments.items():
            bound.arguments[name] = argument(value, hints()[name], f"{function.__name__}: {name}")
        return function(*bound.args, **bound.kwargs)

    return call


def argument(value: Any, hint: Any, name: str) -> Any:
    """Return a value of the type that an annotation names, or raise DataError."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        wanted = [each for each in inner if each is not type(None)]
        return None if value is None and len(wanted) < len(inner) else argument(value, wanted[0], name)
    if origin is typing.Literal:
        return choice(value, name, inner)
    simple: dict[Any, Callable[..., Any]] = {int: whole, float: number, bool: flag, np.ndarray: numbers}
    if hint in simple:
        return simple[hint](value, name)
    if origin is not None and not callable(value):
        return _contents(value, origin, inner, name)
    if not isinstance(value, origin or hint):
        raise DataError(f"{name} is {shown(value)}; give {getattr(hint, '__name__', hint)}.")
    return value


def _contents(value: Any, origin: Any, inner: tuple[Any, ...], name: str) -> Any:
    """Return a mapping, a pair or a list of checked elements."""
    if issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise DataError(f"{name} is {shown(value)}; give a mapping.")
        return {
            argument(key, inner[0], name): argument(each, inner[1], f"{name} {shown(key)}")
            for key, each in value.items()
        }
    if (
        not isinstance(value, Iterable)
        or isinstance(value, Mapping)
        or (isinstance(value, np.ndarray) and not value.ndim)
    ):
        raise DataError(f"{name} is {shown(value)}; give a sequence.")
    elements = list(value)
    if origin is not tuple:
        return [argument(each, inner[0], name) for each in elements]
    if len(elements) != len(inner):
        raise DataError(f"{name} has {len(elements)} elements; give {len(inner)}.")
    return tuple(argument(each, hint, name) for each, hint in zip(elements, inner, strict=True))
