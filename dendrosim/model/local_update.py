"""How weights change under DLL, stated once: the equilibrium engine, the circuit and its oracle derive from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from dendrosim.model.connections import Connection


@dataclass(frozen=True)
class LocalUpdate:
    """The change of a weight matrix M: ΔM = sign ⟨post pre^T⟩ − λM, of potentials of the two cells at each synapse.

    The rate η of the change and the decay λ are settings of whoever learns.

    Attributes
    ----------
    pre : {"basal", "error"}
        What is read of the cell below: its basal potential u, or its local error ξ.
    post : {"delta"}
        What is read of the cell above: δ = ξ f'(z).
    sign : {1, -1}
        Whether the product strengthens or weakens.
    keeps_norm : bool
        Whether ‖M‖ is scaled back after each change to what it is drawn with; see :func:`drawn_norm`.
    """

    pre: Literal["basal", "error"]
    post: Literal["delta"] = "delta"
    sign: Literal[1, -1] = 1
    keeps_norm: bool = False


FEEDFORWARD = LocalUpdate("basal")
"""Of W: ΔW = ⟨δ u^T⟩."""

FEEDBACK: dict[str, LocalUpdate | None] = {
    "paper": LocalUpdate("error", sign=-1),
    "released": LocalUpdate("error", keeps_norm=True),
    "fixed": None,
    "kolen-pollack": FEEDFORWARD,
}
"""Of Θ, by the name of the feedback rule; see :class:`dendrosim.rules.DendriticLocalizedLearning`."""


def feedback_deviation(connection: Connection, given: float | None) -> float:
    """Return the standard deviation with which Θ of a connection is drawn: 1/√fan-out unless another is given."""
    return connection.fan_out**-0.5 if given is None else given


def drawn_norm(connection: Connection, given: float | None) -> float:
    """Return the Frobenius norm of Θ that its standard deviation stands for; the arguments of `feedback_deviation`."""
    return feedback_deviation(connection, given) * math.sqrt(math.prod(connection.shape))
