"""The test of local convergence: on the derivatives of every compartment, never on the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2 import Clock, Network, NeuronGroup

from dendrosim.circuit.operation import ArrayGroup

Derivatives = Sequence[Mapping[str, float]]


class ConvergenceTest(ArrayGroup):
    """Tests whether max τ|d·/dt| over all compartments of all cells is below the tolerance, and then stops the run.

    All right-hand sides are evaluated from one and the same state before it moves. The equations are autonomous and
    have no delays, so a state whose every derivative vanishes cannot have a signal still under way.

    Its arrays: ``residual``, the largest τ|d·/dt| of each row (of a row that moves, one above the tolerance until the
    run ends, because no more is looked at then); ``settled``, the time in seconds since when each has been below
    tolerance, or -1; ``duration``, the time of the last test; ``converged``, whether all are below tolerance at
    present; and the settings ``tolerance``, ``limit`` and ``stop`` (whether convergence ends the run), which are set
    before a run. It runs inside the generated code on every target.

    Parameters
    ----------
    layers : mapping of NeuronGroup to derivatives
        The groups, and τ d·/dt of their compartments; see :class:`~dendrosim.cells.Population`.
    rows : int
        Presentations times steps of their sequences.
    clock, code_object
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    def __init__(self, layers: Mapping[NeuronGroup, Derivatives], rows: int, clock: Clock, code_object: Any):
        arrays = {"residual": rows, "tolerance": 1, "converged": 1, "stop": 1}
        times = {"settled": rows, "duration": 1, "limit": 1}
        super().__init__(rows, arrays, clock, code_object, "convergence", times)
        self._derivatives: list[dict[str, Any]] = [
            {
                "terms": [(self.refer(group, name), factor) for name, factor in terms.items()],
                "cells": len(group) // rows,
            }
            for group, derivatives in layers.items()
            for terms in derivatives
        ]
        self.operation(
            "convergence",
            "convergence",
            arrays={array: self.variables[array] for array in (*arrays, *times)} | {"now": self.variables["t"]},
            derivatives=self._derivatives,
            rows=rows,
        )

    def stop(self) -> None:
        """End the run that is under way."""
        self._ended.stop()

    def belong_to(self, network: Network) -> None:
        """Take note of the network whose run it ends."""
        self._ended = network

    def largest_residual(self) -> float:
        """Return the largest τ|d·/dt| of all rows within a time step, before the state moves.

        Unlike ``residual`` it is also known while rows move, but only where the circuit runs from Python.
        """
        changes = (
            sum(factor * variable.get_value() for variable, factor in derivative["terms"])
            for derivative in self._derivatives
        )
        return max((float(np.abs(change).max()) for change in changes), default=0.0)
