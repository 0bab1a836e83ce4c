"""Projections between layers: Brian2 groups whose products are code templates.

A layer that simulates B presentations at once is one group of B·n cells, one row of n cells for each presentation,
and all rows share one weight matrix. Each product is then a single matrix product instead of a sum over B·post·pre
synapses. In a recurrent network every step of the sequence has its own rows: first those of all presentations at step
0, then those at step 1, and so on, so that a connection that looks one step back is the same product, B rows apart.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup

from dendrosim.cells import Ports
from dendrosim.circuit.brian2_internals import DIMENSIONLESS
from dendrosim.circuit.operation import ArrayGroup
from dendrosim.circuit.plasticity import Plasticity
from dendrosim.circuit.presenter import Presenter
from dendrosim.model.connections import Connection, positions_seen
from dendrosim.model.local_update import LocalUpdate


class Projection(ArrayGroup):
    """One connection with its weights: feedforward W with a bias, or feedback Θ.

    Parameters
    ----------
    connection : Connection
        What it joins.
    below, above : NeuronGroup
        The layers, of ``rows`` times their cells.
    presentations, steps : int
        Presentations that are simulated at once, and steps of their sequences: rows = presentations * steps.
    clock, code_object, name
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    def __init__(
        self,
        connection: Connection,
        below: NeuronGroup,
        above: NeuronGroup,
        presentations: int,
        steps: int,
        clock: Clock,
        code_object: Any,
        name: str,
    ):
        rows, pooling = presentations * steps, connection.pooling
        arrays = {"weights": math.prod(connection.shape), "bias": connection.shape[0]}
        if pooling:
            arrays["pooled"] = rows * math.prod(pooling.pooled_shape)
        if pooling and pooling.kind == "max-pool":
            arrays["chosen"] = arrays["pooled"]
        super().__init__(rows, arrays, clock, code_object, name)
        self.add_attribute("connection")
        self.connection = connection
        self._kind = "" if connection.kind == "dense" else "convolution_"
        self._below, self._above = below, above
        self._layout: dict[str, Any] = {
            "rows": rows,
            "lag": connection.lag * presentations,
            "connection": connection,
            "pre": math.prod(connection.source_shape),
            "post": math.prod(connection.above_shape),
        }

    def apply(self, source: str, drive: str, turn: int, clock: Clock) -> None:
        """Write W u + b of the layer below into a variable of the layer above, or add it from the second turn on.

        Parameters
        ----------
        source, drive : str
            Variables of the layers below and above.
        turn : int
            0 writes, later turns add.
        clock : Clock
            When: in every time step, or once where nothing that it reads changes.
        """
        below = self.refer(self._below, source)
        if self.connection.pooling:
            self._pool("pool", below, "apply", 2 * turn, clock)
            below = self.variables["pooled"]
        self._product("apply", below, self.refer(self._above, drive), 2 * turn + 1, clock, turn > 0)

    def adjoint(self, source: str, feedback: str, turn: int, chosen_by: Projection) -> None:
        """Write Θ^T δ of the layer above into a variable of the layer below, or add it from the second turn on.

        Parameters
        ----------
        source, feedback : str
            Variables of the layers above and below.
        turn : int
            0 writes, later turns add.
        chosen_by : Projection
            The feedforward projection of the same connection, whose pool chose the cells to send the feedback to.
        """
        below = self.refer(self._below, feedback)
        above = self.refer(self._above, source)
        if self.connection.pooling is None:
            self._product("adjoint", below, above, 2 * turn, self.clock, turn > 0)
            return
        # The buffer is this connection's alone; what other connections feed back is added where it meets the cells.
        self._product("adjoint", self.variables["pooled"], above, 2 * turn, self.clock, accumulate=False)
        self._pool("unpool", below, "adjoint", 2 * turn + 1, self.clock, chosen_by, turn > 0)

    def learn(
        self,
        update: LocalUpdate,
        rate: str,
        presenter: Presenter | Plasticity,
        chosen_by: Projection,
        norm: float | None = None,
    ) -> None:
        """Change the weights by a local update in every time step in which the presenter lets them.

        Parameters
        ----------
        update : LocalUpdate
            What meets at the synapses.
        rate : str
            Array of the presenter that holds the learning rate.
        presenter : Presenter or Plasticity
            Holds rate and decay, and says when to learn.
        chosen_by : Projection
            The feedforward projection of the same connection, whose pool looked at the layer below.
        norm : float, optional
            Norm to which an update that keeps it scales the weights back.
        """
        self._change(update, rate, "decay", presenter, chosen_by, 0, update.sign)
        if update.keeps_norm:
            arrays = {name: presenter.refer_to(self, name) for name in ("active", "converged")}
            arrays |= {"weights": self.variables["weights"]}
            settings = {"continuous": presenter.continuous, **self._layout}
            self.operation("rescale", "plasticity", arrays, 2, norm=norm, **settings)

    def mirror(self, update: LocalUpdate, presenter: Presenter | Plasticity, chosen_by: Projection) -> None:
        """Let the weights tend to the mean of what meets at the synapses, beside what :meth:`learn` does.

        A shared weight sees a sum over positions, of which it is a mean, and one at the border of its kernel or at the
        first steps of a sequence sees fewer: it tends to its mean more slowly by that share.

        Parameters
        ----------
        update, presenter, chosen_by
            As of :meth:`learn`.
        """
        if not np.all(self.shares == 1):
            self.variables.add_array("shares", size=self.shares.size, dimensions=DIMENSIONLESS)
        positions = math.prod(self.connection.above_shape[1:])
        self._change(update, "mirror_rate", "whole", presenter, chosen_by, 3, update.sign / positions, "mirror_")

    @property
    def shares(self) -> np.ndarray:
        """Of all positions of a kernel and steps of a sequence, those at which each weight sees both its cells."""
        connection, rows = self.connection, self._layout["rows"]
        if connection.kind == "dense":
            return np.full(connection.shape, 1 - self._layout["lag"] / rows)
        seen = positions_seen(connection.shape[2:], connection.source_shape[1:], connection.padding)
        return np.broadcast_to(np.array(seen) / math.prod(connection.above_shape[1:]), connection.shape)

    def _change(
        self,
        update: LocalUpdate,
        rate: str,
        decay: str,
        presenter: Presenter | Plasticity,
        chosen_by: Projection,
        turn: int,
        factor: float,
        prefix: str = "",
    ) -> None:
        """Add factor ⟨post pre^T⟩ − decay M to the weights M, at a rate; arrays of the presenter name both."""
        names = {"active": "active", "converged": "converged", "decay": decay, "rate": rate}
        arrays = {role: presenter.refer_to(self, name) for role, name in names.items()}
        arrays["weights"] = self.variables["weights"]
        if decay == "whole" and "shares" in self.variables:
            arrays["shares"] = self.variables["shares"]
        post, pre = (presenter.ports.variable(name) for name in (update.post, update.pre))
        arrays |= {"above": self.refer(self._above, post), "source": self.refer(self._below, pre)}
        if self is chosen_by and self.connection.has_bias:
            arrays["bias"] = self.variables["bias"]
        if self.connection.pooling and pre == presenter.ports.up:
            arrays["source"] = self.refer(chosen_by, "pooled") if self is not chosen_by else self.variables["pooled"]
        elif self.connection.pooling:
            # The feedback has gone on to the cells, so its buffer is free for what they made of it.
            self._pool("gather", arrays["source"], "plasticity", turn, self.clock, chosen_by, prefix=prefix)
            arrays["source"] = self.variables["pooled"]
        settings = {"continuous": presenter.continuous, "factor": factor, "prefix": prefix, **self._layout}
        self.operation(f"{self._kind}outer", "plasticity", arrays, turn + 1, **settings)

    def _product(self, operation: str, below: Any, above: Any, turn: int, clock: Clock, accumulate: bool) -> None:
        weights = {name: self.variables[name] for name in ("weights", "bias")}
        arrays = {"below": below, "above": above} | weights
        self.operation(
            f"{self._kind}{operation}", operation, arrays, turn, clock, accumulate=accumulate, **self._layout
        )

    def _pool(
        self,
        template: str,
        cells: Any,
        phase: str,
        turn: int,
        clock: Clock,
        chosen_by: Projection | None = None,
        accumulate: bool = False,
        prefix: str = "",
    ) -> None:
        arrays = {"cells": cells, "pooled": self.variables["pooled"]}
        if "chosen" in self.variables:
            arrays["chosen"] = self.refer(chosen_by, "chosen") if chosen_by else self.variables["chosen"]
        self.operation(template, phase, arrays, turn, clock, prefix, accumulate=accumulate, **self._layout)


class Softmax(ArrayGroup):
    """Divisive normalisation over the output cells of each row: softmax of their drive.

    Parameters
    ----------
    output : NeuronGroup
        The output layer.
    ports : Ports
        Name its drive, which is read, and its prediction, which is written.
    rows : int
        Presentations times steps.
    clock, code_object, name
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    def __init__(self, output: NeuronGroup, ports: Ports, rows: int, clock: Clock, code_object: Any, name: str):
        super().__init__(rows, {}, clock, code_object, name)
        arrays = {"drive": self.refer(output, ports.from_below), "prediction": self.refer(output, ports.prediction)}
        self.operation("softmax", "evaluate", arrays, rows=rows, cells=len(output) // rows)
