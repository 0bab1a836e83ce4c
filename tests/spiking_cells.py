"""Cells that spike, for the tests: bursting ensembles that hear nothing, and a cell with a threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from networks import dense, model_of, parameters_of

from dendrosim.cells import Observable, RateCell, register_cell
from dendrosim.model import Parameters


@register_cell
class LeakyCell(RateCell):
    """A rate cell that also charges a leaky membrane by 4 u, which spikes at 1 and starts again at 0."""

    observables: ClassVar = {
        **RateCell.observables,
        "charge": Observable("charge of the membrane", "charge", "V", "1", "#009E73", "dashdot", "membrane", False),
    }

    kind: Literal["leaky"] = "leaky"  # type: ignore[assignment]
    tau_membrane: float = 10.0

    @property
    def settles(self):
        return False

    def hidden(self, model):
        return self._charged(super().hidden(model))

    def output(self, model):
        return self._charged(super().output(model))

    def _charged(self, population):
        return replace(
            population,
            equations=population.equations + "dcharge/dt = (4*basal - charge)/tau_membrane : 1\n",
            constants={**population.constants, "tau_membrane": (self.tau_membrane, "ms")},
            derivatives=(),
            threshold="charge > 1",
            reset="charge = 0",
        )


def period(drive, tau=10.0):
    """Interval between two spikes of a leaky cell, ms."""
    return tau * np.log(4 * drive / (4 * drive - 1))


def unheard(cells=60, bias=0.4, outputs=2, **cell):
    """A layer that hears nothing: u = tanh(b) is the same at all times, and there is no error."""
    model = model_of([1], [dense(cells), dense(outputs)], cell={"kind": "bursting"} | cell)
    parameters = parameters_of(model, 0)
    W, theta = ({name: 0 * array for name, array in each.items()} for each in (parameters.W, parameters.theta))
    biases = {name: np.zeros_like(array) for name, array in parameters.bias.items()}
    biases["hidden-1"] = biases["hidden-1"] + bias
    return model, Parameters(W, biases, theta)
