"""What a search may change of a model: ranges and choices by key, in a TOML file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dendrosim.checks import is_file, path_of, shown
from dendrosim.errors import ModelError
from dendrosim.model import Model
from dendrosim.model.keys import changed_by
from dendrosim.model.library import read_toml
from dendrosim.model.plain import plain

if TYPE_CHECKING:
    from optuna.trial import Trial

Value = bool | int | float | str

KEYS = ("low", "high", "log", "step", "choices")
HOW = "write { low = ..., high = ... }, with log = true or a step if you like, or { choices = [...] }"
# What would change the samples that candidates are compared on, or nothing of a training in torch.
FIXED = {
    **dict.fromkeys(("data", "input", "preparation"), "all candidates see the same samples"),
    "training.validation": "all candidates are compared on the same samples",
    "training.seed": "the seeds are those of --seeds",
    **dict.fromkeys(("cell", "plasticity"), "it changes nothing of a training in torch"),
}


@dataclass(frozen=True)
class Range:
    """Numbers between two ends; whole ones where both ends are."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    @property
    def ends(self) -> tuple[Value, ...]:
        """Values that have to be possible for all to be."""
        return self.low, self.high

    def drawn(self, trial: Trial, key: str) -> Value:
        """Return what Optuna draws."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(key, self.low, self.high, step=int(self.step or 1), log=self.log)
        return trial.suggest_float(key, self.low, self.high, step=self.step, log=self.log)


@dataclass(frozen=True)
class Choice:
    """Any of some values."""

    choices: tuple[Value, ...]

    @property
    def ends(self) -> tuple[Value, ...]:
        """Values that have to be possible for all to be."""
        return self.choices

    def drawn(self, trial: Trial, key: str) -> Value:
        """Return what Optuna draws."""
        return cast(Value, trial.suggest_categorical(key, self.choices))


Space = dict[str, Range | Choice]


def read_space(path: str | Path, model: Model) -> Space:
    """Read a space from its file, and try its ends on the model.

    Parameters
    ----------
    path : str or Path
        A TOML file of dotted keys of a model: ``"training.learning_rate" = { low = 1e-4, high = 1e-2, log = true }``,
        ``"layers.0.units" = { low = 16, high = 128, step = 16 }``, ``"activation" = { choices = ["tanh", "relu"] }``.
    model : Model
        What is searched.

    Raises
    ------
    ModelError
        The file is not there, a key is none of the model, or a range is none.
    """
    path = path_of(path, "the space", ModelError)
    if not is_file(path):
        raise ModelError(f"{path}: there is no such file; write a .toml file with a range for each key of the model.")
    space = {key: _dimension(values, f"{path}: {key}") for key, values in _leaves(plain(read_toml(path), str(path)))}
    if not space:
        raise ModelError(f"{path}: it is empty; name a key of the model, and {HOW}.")
    for key, dimension in space.items():
        if fixed := next((why for name, why in FIXED.items() if f"{key}.".startswith(f"{name}.")), None):
            raise ModelError(f"{path}: {key}: {fixed}; leave it out.")
        for value in dimension.ends:
            try:
                changed_by(model, {key: value})
            except ModelError as error:
                raise ModelError(f"{path}: {str(error).removeprefix(f'{model.source}: ')}") from None
    return space


def _leaves(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the tables of ranges by their dotted keys, whether they stand in quotes or not."""
    for name, value in values.items():
        key = f"{above}{name}"
        if isinstance(value, dict) and value and not _is_dimension(value):
            yield from _leaves(value, f"{key}.")
        else:
            yield key, value


def _is_dimension(values: dict[str, Any]) -> bool:
    return any(name in KEYS and not isinstance(value, dict) for name, value in values.items())


def _dimension(values: Any, where: str) -> Range | Choice:
    if not isinstance(values, dict) or not values:
        raise ModelError(f"{where}: {shown(values)} is no range; {HOW}.")
    if strange := [name for name in values if name not in KEYS]:
        raise ModelError(f"{where}: {strange[0]}: a range has no such key; {HOW}.")
    if "choices" in values:
        choices = values["choices"]
        good = isinstance(choices, list) and choices and all(isinstance(each, Value) for each in choices)
        if not good or len(values) > 1:
            raise ModelError(
                f"{where}: choices are a list of numbers, strings or truth values, and stand alone; {HOW}."
            )
        return Choice(tuple(choices))
    return _range(values, where)


def _range(values: dict[str, Any], where: str) -> Range:
    for name in ("low", "high"):
        if not _is_number(values.get(name)):
            raise ModelError(f"{where}: {name} is {shown(values.get(name))}, and no number; {HOW}.")
    low, high, log, step = values["low"], values["high"], values.get("log", False), values.get("step")
    if not low < high:
        raise ModelError(f"{where}: low, {low}, is not below high, {high}; exchange or change them.")
    if not isinstance(log, bool) or (log and (low <= 0 or step is not None)):
        raise ModelError(f"{where}: log is true or false, and true only above 0 and without a step; change it.")
    whole = isinstance(low, int) and isinstance(high, int)
    if step is not None and (not _is_number(step) or step <= 0 or (whole and not isinstance(step, int))):
        raise ModelError(f"{where}: step is {shown(step)}; give a number above 0, a whole one between whole ends.")
    return Range(low, high, log, step)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
