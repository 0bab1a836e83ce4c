"""What a circuit should record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from dendrosim.arrays import indices
from dendrosim.checks import choice, flag, milliseconds, shown
from dendrosim.errors import DataError
from dendrosim.model import Model


@dataclass(frozen=True, eq=False)
class Record:
    """Which variables of which neurons to record, and how often. Records that ask for the same are equal.

    Parameters
    ----------
    variables : tuple of str, optional
        Names out of the ``observables`` of the kind of cell (:mod:`dendrosim.cells`); by default those that it says.
        Cells without one (an output rate cell has no apical dendrite) are recorded as NaN.
    neurons : mapping of str to sequence of int, optional
        Neurons by layer name; by default all neurons of all layers.
    interval : float
        Time between samples in ms, or as a quantity of Brian2, rounded to whole time steps.
    synapses : mapping of str to sequence of tuple of int, or "all", optional
        Synapses whose weights are kept, by the name of their connection: their places in W, such as (post, pre) or
        (channel above, channel below, row, column); by default none.
    spikes : bool
        Whether to record every spike of these neurons, where their cells send some.

    Raises
    ------
    DataError
        A variable is no name, an interval is no time above zero, what names neurons or synapses is no index, or
        `spikes` is neither true nor false.
    """

    variables: tuple[str, ...] | None = None
    neurons: Mapping[str, tuple[int, ...]] | None = None
    interval: float = 1.0
    synapses: Mapping[str, Sequence[tuple[int, ...]]] | Literal["all"] | None = None
    spikes: bool = True

    def __post_init__(self) -> None:
        plain = {
            "variables": _variables(self.variables),
            "neurons": _places(self.neurons, "neurons", 1),
            "interval": milliseconds(self.interval, "the interval of a record"),
            "synapses": self.synapses if isinstance(self.synapses, str) else _places(self.synapses, "synapses", 2),
            "spikes": flag(self.spikes, "spikes", DataError),
        }
        if isinstance(self.synapses, str):
            choice(self.synapses, "what is recorded of synapses", ["all"])
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and self._asked == other._asked

    def __hash__(self) -> int:
        return hash(self._asked)

    @property
    def _asked(self) -> tuple[Any, ...]:
        """All of it as a value; the order of layers is that of the recorded columns."""
        neurons, synapses = (
            each if each is None or isinstance(each, str) else tuple(each.items())
            for each in (self.neurons, self.synapses)
        )
        return self.variables, neurons, self.interval, synapses, self.spikes

    def chosen(self, model: Model) -> tuple[str, ...]:
        """Return the variables to record of a model.

        Raises
        ------
        DataError
            Cells of this kind have no such variable.
        """
        there = model.cell.observables
        if self.variables is None:
            return tuple(name for name, observable in there.items() if observable.by_default)
        for name in self.variables:
            if name not in there:
                raise DataError(f"a {model.cell.kind} cell has no {shown(name)}; choose out of {', '.join(there)}.")
        return self.variables

    def selection(self, model: Model) -> dict[str, np.ndarray]:
        """Return the recorded neurons of each recorded layer.

        Raises
        ------
        DataError
            The model has no such layer or neuron.
        """
        sizes = dict(zip(model.layer_names, model.sizes[1:], strict=True))
        if self.neurons is None:
            return {name: np.arange(size) for name, size in sizes.items()}
        selected = {}
        for name, neurons in self.neurons.items():
            if name not in sizes:
                raise DataError(f"there is no layer '{name}' to record; choose out of {', '.join(sizes)}.")
            selected[name] = np.asarray(neurons, dtype=int)
            if ((selected[name] < 0) | (selected[name] >= sizes[name])).any():
                raise DataError(f"layer '{name}' has neurons 0 to {sizes[name] - 1}; record only those.")
        return selected

    def places(self, model: Model) -> dict[str, np.ndarray]:
        """Return, by connection, the places in W of the synapses whose weights are kept, of shape (synapse, axis).

        Raises
        ------
        DataError
            The model has no such connection or synapse.
        """
        shapes = {connection.name: connection.shape for connection in model.connections}
        if self.synapses is None:
            return {}
        if self.synapses == "all":
            return {name: np.argwhere(np.ones(shape, bool)) for name, shape in shapes.items()}
        chosen = {}
        for name, places in self.synapses.items():
            if name not in shapes:
                raise DataError(f"there is no connection '{name}' to record; choose out of {', '.join(shapes)}.")
            axes = len(shapes[name])
            chosen[name] = np.asarray(places, dtype=int).reshape(len(places), -1 if places else axes)
            if chosen[name].shape[1] != axes or ((chosen[name] < 0) | (chosen[name] >= shapes[name])).any():
                raise DataError(
                    f"a synapse of '{name}' has {axes} indices below {shapes[name]}; record only synapses that it has."
                )
        return chosen


def _variables(names: Any) -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise DataError(f"the variables of a record are {shown(names)}; give a tuple of names.")
    for name in names:
        if not isinstance(name, str):
            raise DataError(f"{shown(name)} cannot be recorded; give names of variables, such as 'error'.")
    return tuple(names)


def _places(named: Any, what: str, axes: int) -> dict[str, Any] | None:
    """Return indices as tuples, by the name of a layer or of a connection."""
    if named is None:
        return None
    if not isinstance(named, Mapping) or not all(isinstance(name, str) for name in named):
        raise DataError(f"the {what} of a record are {shown(named)}; give them by name, as in {{'output': [...]}}.")
    found = {name: indices(places, f"the {what} of '{name}'", axes).tolist() for name, places in named.items()}
    return {name: tuple(map(tuple, places)) if axes > 1 else tuple(places) for name, places in found.items()}
