"""Projections between layers: Brian2 groups whose products are code templates.

A layer that simulates B presentations at once is one group of B·n cells, presentation by presentation, and all of
them share one weight matrix. Each product is then a single matrix product instead of a sum over B·post·pre synapses.
"""

from __future__ import annotations

from typing import Any

from brian2 import Clock, NeuronGroup

from dendrosim.circuit.operation import ArrayGroup


class DenseProjection(ArrayGroup):
    """Every cell above with every cell below, through weights of shape (post, pre).

    Parameters
    ----------
    below, above : NeuronGroup
        The layers it joins, of ``presentations * pre`` and ``presentations * post`` cells.
    shape : tuple of int
        (post, pre).
    presentations : int
        Number of presentations that are simulated at once.
    clock, code_object, name
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    def __init__(
        self,
        below: NeuronGroup,
        above: NeuronGroup,
        shape: tuple[int, int],
        presentations: int,
        clock: Clock,
        code_object: Any,
        name: str,
    ):
        post, pre = shape
        super().__init__(presentations, {"weights": post * pre, "bias": post}, clock, code_object, name)
        self._below, self._above = below, above
        self._sizes = {"presentations": presentations, "post": post, "pre": pre}

    def apply(self, source: str, drive: str) -> None:
        """Write W u + b of the layer below into a variable of the layer above, in every time step."""
        self._product("apply", source, drive)

    def adjoint(self, source: str, feedback: str) -> None:
        """Write Θ^T δ of the layer above into a variable of the layer below, in every time step."""
        self._product("adjoint", feedback, source)

    def _product(self, template: str, below: str, above: str) -> None:
        self.operation(
            template,
            template,
            arrays={
                "below": self.refer(self._below, below),
                "above": self.refer(self._above, above),
                "weights": self.variables["weights"],
                "bias": self.variables["bias"],
            },
            **self._sizes,
        )


class Softmax(ArrayGroup):
    """Divisive normalisation over the output cells of each presentation: softmax of their drive.

    Parameters
    ----------
    output : NeuronGroup
        The output layer; its ``drive`` is read and its ``prediction`` written.
    presentations : int
        Number of presentations that are simulated at once.
    clock, code_object
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    def __init__(self, output: NeuronGroup, presentations: int, clock: Clock, code_object: Any):
        super().__init__(presentations, {}, clock, code_object, "normalisation")
        self.operation(
            "softmax",
            "evaluate",
            arrays={"drive": self.refer(output, "drive"), "prediction": self.refer(output, "prediction")},
            presentations=presentations,
            cells=len(output) // presentations,
        )
