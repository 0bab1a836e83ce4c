"""The activation functions f and their slopes f', stated once for both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Activation:
    """A cell's nonlinearity, as Brian2 text and as array functions.

    The slope is written as a function of the activity u = f(z), which the cell holds anyway, so that the
    costly function is evaluated once.

    Attributes
    ----------
    brian, brian_slope : str
        f as an expression in ``drive``, and f' as an expression in ``prediction``.
    function : callable
        ``function(xp, z)`` is f(z) for an array z of the namespace xp (numpy or torch).
    slope : callable
        ``slope(xp, u)`` is f'(z) for u = f(z).
    """

    brian: str
    brian_slope: str
    function: Callable[[Any, Any], Any]
    slope: Callable[[Any, Any], Any]


ACTIVATIONS = {
    "tanh": Activation(
        "tanh(drive)",
        "1 - prediction**2",
        lambda xp, z: xp.tanh(z),
        lambda xp, u: 1 - u * u,
    ),
    "relu": Activation(
        "0.5*(drive + abs(drive))",
        "sign(prediction)",
        lambda xp, z: xp.clip(z, 0, None),
        lambda xp, u: xp.sign(u),
    ),
    "sigmoid": Activation(
        "1/(1 + exp(-drive))",
        "prediction*(1 - prediction)",
        lambda xp, z: 1 / (1 + xp.exp(-z)),
        lambda xp, u: u * (1 - u),
    ),
    # log(1 + e^z) and 1 − e^{−u}, without overflow for large z and without cancellation for small u. Brian2 has log1p
    # and expm1 on some of its targets only, so there u is exact to the rounding of 1.
    "softplus": Activation(
        "0.5*(drive + abs(drive)) + log(1 + exp(-abs(drive)))",
        "2*tanh(0.5*prediction)/(1 + tanh(0.5*prediction))",
        lambda xp, z: xp.clip(z, 0, None) + xp.log1p(xp.exp(-xp.abs(z))),
        lambda xp, u: -xp.expm1(-u),
    ),
    "identity": Activation(
        "drive",
        "1",
        lambda xp, z: z,
        lambda xp, u: xp.ones_like(u),
    ),
}
