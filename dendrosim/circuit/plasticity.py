"""What changes the weights of a circuit, and how fast: by itself, or in a network of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brian2 import Clock

from dendrosim.cells import Ports
from dendrosim.circuit.brian2_internals import ArrayVariable
from dendrosim.circuit.operation import ArrayGroup
from dendrosim.circuit.updates import local_updates
from dendrosim.errors import CircuitError
from dendrosim.model import Model
from dendrosim.model.local_update import LocalUpdate, LocalUpdates, drawn_norm

if TYPE_CHECKING:
    from dendrosim.circuit.layers import Layers
    from dendrosim.circuit.presenter import Presenter

RATES = ("rate", "theta_rate", "decay", "mirror_rate", "whole")
"""Arrays of whoever lets a circuit learn; ``whole`` is the decay of what tends to the mean of its products."""

MIRROR = LocalUpdate("noise_fluctuation", "drive_fluctuation")
"""ΔΘ = ⟨ρ ζ^T⟩/⟨ζ²⟩ − Θ, as the decay of this update is 1; see :mod:`dendrosim.cells.mirror`."""


class Plasticity(ArrayGroup):
    """Rates of plasticity that is always on, in a network of the user's own.

    Parameters
    ----------
    ports : Ports
        How the cells are connected.
    clock, code_object, name
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    continuous = True

    def __init__(self, ports: Ports, clock: Clock, code_object: Any, name: str):
        super().__init__(1, dict.fromkeys(("active", "converged", *RATES), 1), clock, code_object, name)
        self.add_attribute("ports")
        self.ports = ports

    def refer_to(self, group: ArrayGroup, name: str) -> ArrayVariable:
        """Make one of its arrays available to the templates of another group."""
        return group.refer(self, name)


def learned_updates(model: Model) -> LocalUpdates:
    """Return the local updates by which a circuit of a model learns.

    Raises
    ------
    CircuitError
        Its rule has none, or learns from noise that its cells do not have.
    """
    local, cell = local_updates(model), model.cell
    if local.mirror is not None and cell.hidden(model).noise is None:
        raise CircuitError(
            f"the feedback rule 'mirror' learns from noise that cells send up, and these of kind '{cell.kind}' send "
            "none (integrator 'settle' has none, either); set cell.noise, choose cells of kind 'bursting', or set "
            "rules.dll.feedback to 'kolen-pollack'."
        )
    return local


def let_learn(layers: Layers, by: Presenter | Plasticity) -> None:
    """Let all weights of some layers change by the local updates of their model, with the rates of `by`."""
    local, theta = learned_updates(layers.model), layers.model.rules.dll.theta_deviation
    for name, projection in layers.feedforward.items():
        if local.W is not None:
            projection.learn(local.W, "rate", by, projection)
        if name not in layers.feedback:
            continue
        feedback = layers.feedback[name]
        if local.theta is not None:
            feedback.learn(local.theta, "theta_rate", by, projection, norm=drawn_norm(projection.connection, theta))
        if local.mirror is not None:
            feedback.mirror(MIRROR, by, projection)


def rates(model: Model, rate: float, share: float) -> dict[str, float]:
    """Return the rates of one time step.

    Parameters
    ----------
    model : Model
        Gives the rate of Θ relative to that of W.
    rate : float
        Learning rate of W for a presentation.
    share : float
        What part of a presentation a step is.
    """
    relative = model.plasticity.theta_rate
    relative = local_updates(model).theta_rate if relative is None else relative
    return {"rate": rate * share, "theta_rate": rate * relative * share}


def constants(model: Model, dt: float) -> dict[str, float]:
    """Return what else decides on the changes of a time step of `dt` ms, and does not change itself."""
    decay = model.plasticity.decay
    decay = local_updates(model).decay if decay is None else decay
    return {"decay": decay, "mirror_rate": dt / model.plasticity.mirror_time, "whole": 1.0}
