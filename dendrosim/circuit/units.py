"""Numbers with the names of their units, as Brian2 has them."""

from __future__ import annotations

from typing import Any

from brian2.units import allunits, stdunits

from dendrosim.cells.population import Constants
from dendrosim.errors import CircuitError


def quantities(constants: Constants) -> dict[str, Any]:
    """Return values with Brian2's units, by name; a value without unit, ``"1"``, is a plain number.

    Raises
    ------
    CircuitError
        Brian2 has no such unit.
    """
    return {name: value * unit(symbol) for name, (value, symbol) in constants.items()}


def unit(symbol: str) -> Any:
    """Return one of a unit: ``mV`` is 0.001 V.

    Raises
    ------
    CircuitError
        Brian2 has no such unit.
    """
    if symbol == "1":
        return 1
    found = getattr(stdunits, symbol, None) or getattr(allunits, symbol, None)
    if found is None:
        raise CircuitError(f"Brian2 has no unit '{symbol}'; write one such as mV, nS, pF or ms, or '1' for none.")
    return found
