"""Nonlinearities of the output cells with the loss that makes a canonical pair: then the error is the target less u."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dendrosim.checks import shown
from dendrosim.errors import PluginError
from dendrosim.model.expression import parsed
from dendrosim.registry import OUTPUTS


@dataclass(frozen=True)
class Output:
    """An output u = f(z) of every cell by itself, and its loss ℓ with dℓ/dz = u − t.

    Every rule and both engines then have ξ = t − u at the output. A softmax, over all cells, is not one of these.

    Attributes
    ----------
    function : str
        f as a formula of ``z``; see :class:`~dendrosim.model.expression.Expression`.
    loss : str
        ℓ as a formula of ``u`` and the target ``t``; it is summed over cells.

    Examples
    --------
    Counts with the loss of Poisson:

    >>> import dendrosim as ds
    >>> counts = ds.register_output("exponential", ds.Output("exp(z)", "u - t*log(u)"))
    >>> layers = [{"kind": "dense", "units": 2}]
    >>> ds.Model(input=[3], layers=layers, output="exponential").loss
    'canonical'
    """

    function: str
    loss: str

    def value(self, xp: Any, z: Any) -> Any:
        """Return f(z) of an array of the namespace xp, numpy or torch."""
        return parsed(self.function, "z")(xp, z)

    def losses(self, xp: Any, u: Any, t: Any) -> Any:
        """Return the loss of every cell."""
        return parsed(self.loss, "u", "t")(xp, u, t)

    def brian(self, drive: str) -> str:
        """Return f as Brian2 writes it, of a variable that holds z."""
        return parsed(self.function, "z").brian(drive)


IDENTITY = Output("z", "0.5*(t - u)**2")
SOFTMAX = None
"""A sum over cells, which each engine has itself, with its cross-entropy."""


def register_output(name: str, output: Output) -> Output:
    """Make an output with its loss known under a name, once they are found to be a canonical pair.

    Raises
    ------
    PluginError
        They are none, or the name is taken.
    """
    return OUTPUTS.register(name, output)


def check_output(name: str, output: Any) -> None:
    """Raise PluginError for what is no output, or whose loss is not canonical.

    Parameters
    ----------
    name : str
        Under which it is to be known.
    output : object
        What a user brought.
    """
    if not isinstance(output, Output):
        raise PluginError(f"the output '{name}' is {shown(output)}; give a dendrosim.Output.")
    z, step = np.meshgrid(np.linspace(-3, 3, 25) + 0.0123, [0.0, 0.3, 1.0])[0], 1e-6
    t = np.array([[0.0], [0.3], [1.0]]) + np.zeros_like(z)
    with np.errstate(all="ignore"):
        above, below = (output.losses(np, output.value(np, z + side), t) for side in (step, -step))
        found, wanted = (above - below) / (2 * step), output.value(np, z) - t
    wrong = ~(np.abs(found - wanted) <= 1e-5 * (1 + np.abs(wanted)))
    if wrong.any():
        at = np.unravel_index(int(wrong.argmax()), wrong.shape)
        raise PluginError(
            f"the loss '{output.loss}' of the output '{name}' changes with z by {found[at]:.4g} at z = {z[at]:.3g} and "
            f"t = {t[at]:.3g}, where u − t is {wanted[at]:.4g}; give the loss that makes a canonical pair with it."
        )
