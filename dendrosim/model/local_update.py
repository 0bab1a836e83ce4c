"""How weights change by what meets at a synapse: stated once by a rule, read by both engines and their oracle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from dendrosim.errors import PluginError
from dendrosim.model.connections import Connection


@dataclass(frozen=True)
class LocalUpdate:
    """The change of a weight matrix M: ΔM = sign ⟨post pre^T⟩ − λM, of potentials of the two cells at each synapse.

    The rate η of the change and the decay λ are settings of whoever learns.

    Attributes
    ----------
    pre : {"basal", "error", "noise_fluctuation"}
        What is read of the cell below: its basal potential u, its local error ξ, or its noise (in a circuit alone).
    post : {"delta", "drive_fluctuation"}
        What is read of the cell above: δ = ξ f'(z), or the fluctuation of its drive (in a circuit alone).
    sign : {1, -1}
        Whether the product strengthens or weakens.
    keeps_norm : bool
        Whether ‖M‖ is scaled back after each change to what it is drawn with; see :func:`drawn_norm`.
    """

    pre: Literal["basal", "error", "noise_fluctuation"]
    post: Literal["delta", "drive_fluctuation"] = "delta"
    sign: Literal[1, -1] = 1
    keeps_norm: bool = False


FEEDFORWARD = LocalUpdate("basal")
"""Of W in DLL: ΔW = ⟨δ u^T⟩."""


@dataclass(frozen=True)
class NoiseMirror:
    """When and from how much noise Θ learns the weights that noise has passed: ΔΘ = η (⟨ρ ζ^T⟩/⟨ζ²⟩ − Θ).

    Attributes
    ----------
    samples : int
        Patterns of noise ζ in each mirror step.
    spontaneous : int
        Mirror steps before the first batch.
    every : int
        There is one mirror step in so many batches.
    """

    samples: int = 64
    spontaneous: int = 200
    every: int = 10

    def steps(self, batches_done: int) -> range:
        """Return the numbers, from 0 over the whole training, of the mirror steps that precede the next batch."""
        if batches_done % self.every:
            return range(0)
        number = self.spontaneous + batches_done // self.every
        return range(0 if batches_done == 0 else number, number + 1)


@dataclass(frozen=True)
class LocalUpdates:
    """How all weights of a network change by what meets at each synapse: a learning rule that a circuit can follow.

    Attributes
    ----------
    W, theta : LocalUpdate, optional
        Of the feedforward weights, whose biases change by sign ⟨δ⟩, and of Θ; None where they stay as they are. What
        comes up from the stimulus has no error, so that W cannot read one.
    theta_rate : float
        Learning rate of Θ relative to that of W.
    decay : float
        Decay λ of the weights that change.
    mirror : NoiseMirror, optional
        How Θ learns from noise besides.
    """

    W: LocalUpdate | None = FEEDFORWARD
    theta: LocalUpdate | None = None
    theta_rate: float = 1.0
    decay: float = 0.0
    mirror: NoiseMirror | None = None

    def __post_init__(self) -> None:
        if self.W is not None and (self.W.pre != "basal" or self.W.keeps_norm):
            raise PluginError("a local update of W reads something else than 'basal', or keeps a norm; only Θ can.")
        updates = [update for update in (self.W, self.theta) if update is not None]
        if any(update.pre not in ("basal", "error") or update.post != "delta" for update in updates):
            raise PluginError("a local update reads fluctuations; set 'mirror', which learns from them, instead.")


def feedback_deviation(connection: Connection, given: float | None) -> float:
    """Return the standard deviation with which Θ of a connection is drawn: 1/√fan-out unless another is given."""
    return connection.fan_out**-0.5 if given is None else given


def drawn_norm(connection: Connection, given: float | None) -> float:
    """Return the Frobenius norm of Θ that its standard deviation stands for; the arguments of `feedback_deviation`."""
    return feedback_deviation(connection, given) * math.sqrt(math.prod(connection.shape))
