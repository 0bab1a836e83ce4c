"""How far the updates of a rule are from the gradient."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dendrosim.equilibrium import Network
from dendrosim.model import Parameters
from dendrosim.rules import Backpropagation, Rule


def gradient_angles(
    rule: Rule, network: Network, parameters: Parameters, stimuli: Tensor, targets: Tensor
) -> dict[str, float]:
    """Return, by connection below the output, the angle in degrees between ΔW and the negative gradient.

    The gradient is that of the loss of the bottom-up sweep, whatever state the rule itself learns from. An angle below
    90° means that small steps lower the loss. Connections whose update or gradient is zero have no angle, and are left
    out.

    Parameters
    ----------
    rule : Rule
        Gives the updates; its noise comes from its generator.
    network, parameters
        What learns; nothing is changed.
    stimuli, targets : Tensor
        The presentations.
    """
    copies = parameters.map(torch.clone)  # a rule may change some in place
    sweep = network.sweep(parameters, stimuli)
    gradient = dict(Backpropagation().updates(network, parameters, sweep, targets))
    hidden = {connection.name for connection in network.model.connections if connection.above != "output"}
    angles = {}
    rule.constrain(network, copies)
    for key, direction in rule.updates(network, copies, rule.infer(network, copies, stimuli), targets):
        name, kind = key.rsplit(".", 1)
        if kind == "W" and name in hidden and direction.any() and gradient[key].any():
            angles[name] = _angle(direction, gradient[key])
    return angles


def _angle(a: Tensor, b: Tensor) -> float:
    """Return the angle between two directions, exactly 0 for equal ones (Kahan's formula)."""
    a, b = (each.double() / each.double().norm() for each in (a, b))
    return math.degrees(2 * math.atan2(float((a - b).norm()), float((a + b).norm())))
