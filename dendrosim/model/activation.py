"""Activation functions f and their slopes f', stated once as formulas, from which all engines and targets derive."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dendrosim.checks import shown
from dendrosim.errors import PluginError
from dendrosim.model.expression import Expression, parsed
from dendrosim.registry import ACTIVATIONS


@dataclass(frozen=True)
class Activation:
    """A cell's nonlinearity u = f(z).

    The slope is a formula of the activity u, which the cell holds anyway, so that f is evaluated once.

    Attributes
    ----------
    function : str
        f as a formula of ``z``; see :class:`~dendrosim.model.expression.Expression`.
    slope : str
        f'(z) as a formula of ``u``, also a little beyond the values that f takes.
    integral : str, optional
        h with dh/du = f', as a formula of ``u``, for rules that send h(u); by default the slope is integrated by
        16 nodes of Gauss and Legendre, which is exact for polynomials up to the degree 31.

    Examples
    --------
    >>> import dendrosim as ds
    >>> softsign = ds.register_activation("softsign", ds.Activation("z/(1 + abs(z))", slope="(1 - abs(u))**2"))
    >>> ds.load_model("digits-mlp").changed(activation="softsign").activation
    'softsign'
    """

    function: str
    slope: str
    integral: str | None = None

    def value(self, xp: Any, z: Any) -> Any:
        """Return f(z) of an array of the namespace xp, numpy or torch."""
        return self._function(xp, z)

    def derivative(self, xp: Any, u: Any) -> Any:
        """Return f'(z) for u = f(z)."""
        return self._slope(xp, u)

    def antiderivative(self, xp: Any, u: Any) -> Any:
        """Return h(u) with dh/du = f'(z), up to a constant."""
        if self.integral is not None:
            return parsed(self.integral, "u")(xp, u)
        start = self._start
        total = xp.zeros_like(u)
        for node, weight in zip(*_GAUSS, strict=True):
            total = total + weight * self._slope(xp, start + (u - start) * node)
        return (u - start) * total

    def brian(self, drive: str) -> str:
        """Return f as Brian2 writes it, of a variable that holds z."""
        return self._function.brian(drive)

    def brian_slope(self, prediction: str) -> str:
        """Return f' as Brian2 writes it, of a variable that holds u."""
        return self._slope.brian(prediction)

    @property
    def _function(self) -> Expression:
        return parsed(self.function, "z")

    @property
    def _slope(self) -> Expression:
        return parsed(self.slope, "u")

    @cached_property
    def _start(self) -> float:
        """A value that f takes, from which its slope is integrated."""
        return float(self._function(np, np.zeros(1))[0])


def _gauss(count: int) -> tuple[list[float], list[float]]:
    """Return nodes and weights of Gauss and Legendre from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return list(map(float, (nodes + 1) / 2)), list(map(float, weights / 2))


_GAUSS = _gauss(16)

TANH = Activation("tanh(z)", "1 - u*u", "u - u**3/3")
RELU = Activation("maximum(z, 0)", "sign(u)", "maximum(u, 0)")
SIGMOID = Activation("1/(1 + exp(-z))", "u*(1 - u)", "u**2/2 - u**3/3")
# log(1 + e^z) and 1 − e^{−u}, without overflow for large z and without cancellation for small u.
SOFTPLUS = Activation("maximum(z, 0) + log1p(exp(-abs(z)))", "-expm1(-u)", "u + exp(-u)")
IDENTITY = Activation("z", "1", "u")


def register_activation(name: str, activation: Activation) -> Activation:
    """Make an activation of one's own known under a name, once its slope is found to be that of its function.

    Raises
    ------
    PluginError
        It is no activation, its slope or integral are others, or the name is taken.
    """
    return ACTIVATIONS.register(name, activation)


def check_activation(name: str, activation: Any) -> None:
    """Raise PluginError for what is no activation, or whose formulas do not belong together.

    Parameters
    ----------
    name : str
        Under which it is to be known.
    activation : object
        What a user brought.
    """
    if not isinstance(activation, Activation):
        raise PluginError(f"the activation '{name}' is {shown(activation)}; give a dendrosim.Activation.")
    try:
        _check_formulas(name, activation)
    except ArithmeticError as error:
        raise PluginError(f"the activation '{name}' cannot be computed ({error}); correct its formulas.") from None


def _check_formulas(name: str, activation: Activation) -> None:
    with np.errstate(all="ignore"):
        z, step = np.linspace(-4, 4, 57) + 0.0123, 1e-6
        u = activation.value(np, z)
        rise = (activation.value(np, z + step) - activation.value(np, z - step)) / (2 * step)
        if not np.isfinite(activation.value(np, np.array([-20.0, *z, 20.0]))).all():
            raise PluginError(f"the activation '{name}' is not finite between -20 and 20; write f for all z.")
        _compare(name, "slope", activation.slope, activation.derivative(np, u), rise, z)
        if activation.integral is not None:
            h = (activation.antiderivative(np, u + step) - activation.antiderivative(np, u - step)) / (2 * step)
            _compare(name, "integral", activation.integral, h, rise, z)


def _compare(name: str, what: str, formula: str, stated: np.ndarray, found: np.ndarray, z: np.ndarray) -> None:
    wrong = ~(np.abs(stated - found) <= 1e-5 * (1 + np.abs(found)))
    if wrong.any():
        at = int(wrong.argmax())
        raise PluginError(
            f"the {what} '{formula}' of the activation '{name}' gives a slope of {stated[at]:.4g} at z = {z[at]:.3g}, "
            f"where its function has {found[at]:.4g}; correct it."
        )
