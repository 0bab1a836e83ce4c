"""What a circuit should record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dendrosim.errors import DataError
from dendrosim.model import Model

VARIABLES = {
    "basal": "basal potential u",
    "apical": "apical potential a",
    "soma": "somatic potential x",
    "error": "local error ξ = x − u",
    "drive": "synaptic drive z of the basal dendrite",
    "prediction": "f(z), towards which the basal potential moves",
    "feedback": "Θ^T δ, towards which the apical potential moves",
    "delta": "δ = ξ f'(z), which is fed back",
}


@dataclass(frozen=True)
class Record:
    """Which variables of which neurons to record, and how often.

    Parameters
    ----------
    variables : tuple of str
        Names out of ``VARIABLES``; cells without one (an output cell has no apical dendrite) are recorded as NaN.
    neurons : mapping of str to sequence of int, optional
        Neurons by layer name; by default all neurons of all layers.
    interval : float
        Time between samples in ms, rounded to whole time steps.

    Raises
    ------
    DataError
        A variable is unknown.
    """

    variables: tuple[str, ...] = ("basal", "apical", "soma", "error")
    neurons: Mapping[str, tuple[int, ...]] | None = None
    interval: float = 1.0

    def __post_init__(self) -> None:
        unknown = [name for name in self.variables if name not in VARIABLES]
        if unknown:
            raise DataError(f"'{unknown[0]}' cannot be recorded; choose out of {', '.join(VARIABLES)}.")

    def __hash__(self) -> int:
        return hash(repr(self))

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
