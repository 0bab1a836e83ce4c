"""What an argument has to be, checked by type where it comes in: a plain value, or one sentence that names it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dendrosim.errors import DataError, DendrosimError

LARGEST = 2**63 - 1
"""Of a whole number: what 64 bits hold, as in TOML."""
LARGEST_FLOAT = 1.7976931348623157e308
LONGEST = 200
"""Characters that are quoted of a value or of what a library says of it."""
BASE = ("m", "kg", "s", "A", "K", "mol", "cd")
TIME = (0, 0, 1, 0, 0, 0, 0)
# What ms, mV, nS, pF, pA and Hz are in SI units, by the exponents of the base units.
UNITS: dict[tuple[float, ...], float] = {
    TIME: 1e-3,
    (2, 1, -3, -1, 0, 0, 0): 1e-3,
    (-2, -1, 3, 2, 0, 0, 0): 1e-9,
    (-2, -1, 4, 2, 0, 0, 0): 1e-12,
    (0, 0, 0, 1, 0, 0, 0): 1e-12,
    (0, 0, -1, 0, 0, 0, 0): 1.0,
}

Error = type[DendrosimError]


def shown(value: Any) -> str:
    """Return a value as a sentence quotes it: short, whatever it is."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        return f"a whole number of {value.bit_length()} bits"
    if isinstance(value, bool | int | float | str | Path | None):
        return _short(repr(value))
    if isinstance(value, list | tuple | dict) and len(value) <= 8 and all(map(_is_simple, value)):
        return _short(repr(value)) if not isinstance(value, dict) else f"a table of {', '.join(map(str, value))}"
    return f"an object of type {type(value).__name__}"


def reason(error: BaseException) -> str:
    """Return what a library says of a fault, in short."""
    return _short(" ".join(str(error).split()) or type(error).__name__)


def whole(value: Any, name: str, least: int = 0, most: int = LARGEST, error: Error = DataError) -> int:
    """Return a whole number, of Python or of NumPy, that lies in a range."""
    value = _item(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        upper = "" if most == LARGEST else f" and at most {most}"
        raise error(f"{name} is {shown(value)}; give a whole number of at least {least}{upper}.")
    return value


def number(
    value: Any, name: str, least: float = -math.inf, above: float = -math.inf, error: Error = DataError
) -> float:
    """Return a finite number without a unit, of Python or of NumPy, as float."""
    if any(dimensions(value) or ()):
        raise error(f"{name} is {shown(str(value))}; give a number without a unit.")
    value = _item(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise error(f"{name} is {shown(value)}; give a number.")
    if not max(least, -LARGEST_FLOAT) <= value <= LARGEST_FLOAT or value <= above:
        bound = f" above {above:g}" if above > -math.inf else f" of at least {least:g}" if least > -math.inf else ""
        raise error(f"{name} is {shown(value)}; give a finite number{bound}.")
    return float(value)


def milliseconds(
    value: Any, name: str, error: Error = DataError, above: float = 0.0, least: float = -math.inf
) -> float:
    """Return a time in ms: a number, or a quantity of Brian2, which says its unit itself."""
    if dimensions(value) not in (None, TIME):
        raise error(
            f"{name} is {shown(str(value))}, which is no time; give a number of ms, or a quantity such as 2*ms."
        )
    return number(without_unit(value), name, above=above, least=least, error=error)


def without_unit(value: Any) -> Any:
    """Return a scalar quantity of Brian2 as a number of ms, mV, nS, pF, pA or Hz; anything else as it is."""
    exponents = dimensions(value)
    if exponents is None or getattr(value, "ndim", None):
        return value
    return float(value) / UNITS[exponents] if exponents in UNITS else value


def dimensions(value: Any) -> tuple[float, ...] | None:
    """Return the exponents of the base units of a quantity; None for what has no unit."""
    exponent = getattr(getattr(value, "dim", None), "get_dimension", None)
    return tuple(exponent(base) for base in BASE) if callable(exponent) else None


def choice(value: Any, name: str, known: Iterable[str], error: Error = DataError) -> str:
    """Return a name that is one of those known."""
    known = list(known)
    if not isinstance(value, str) or value not in known:
        raise error(f"{name} is {shown(value)}; choose {', '.join(known)}.")
    return value


def flag(value: Any, name: str, error: Error = DataError) -> bool:
    """Return a truth value, of Python or of NumPy."""
    value = _item(value)
    if not isinstance(value, bool):
        raise error(f"{name} is {shown(value)}; give True or False.")
    return value


def of_kind[Thing](value: Any, kind: type[Thing], name: str, error: Error = DataError) -> Thing:
    """Return an object of a class."""
    if not isinstance(value, kind):
        raise error(f"{name} is {shown(value)}; give an object of type {kind.__name__}.")
    return value


def function[Called: Callable[..., Any]](value: Called | None, name: str, error: Error = DataError) -> Called | None:
    """Return a function that someone may have given to be called."""
    if value is not None and not callable(value):
        raise error(f"{name} is {shown(value)}; give a function, or None.")
    return value


def need(holder: Any, what: str, *names: str) -> None:
    """Raise DataError unless a mapping, a table or a dataset has all these keys."""
    for name in names:
        if name not in holder:
            raise DataError(f"{what} has no '{name}'; give one that has.")


def path_of(value: Any, name: str, error: Error = DataError) -> Path:
    """Return a path that a file system can have."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else ""
    if not text or "\0" in os.fsdecode(text):
        raise error(f"{name} is {shown(value)}; give the path of a file.")
    return Path(os.fsdecode(text))


def is_file(path: Path) -> bool:
    """Tell whether a file is there; a name that no file can have is none."""
    return os.path.isfile(path)


def _item(value: Any) -> Any:
    """Return a scalar of NumPy, or an array of one number without axes, as Python has it."""
    return value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value


def _is_simple(value: Any) -> bool:
    return isinstance(value, float | str | bool | None) or (isinstance(value, int) and abs(value) <= LARGEST)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
