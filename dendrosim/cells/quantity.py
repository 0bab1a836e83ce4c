"""The numbers of a cell, with their symbols, units and sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dendrosim.model.part import Part

PROJECT = "this project"


@dataclass(frozen=True)
class Quantity:
    """What a number of a description is: its symbol, its unit, and where its default comes from."""

    symbol: str
    unit: str
    source: str = PROJECT


def parameter_table(part: Part) -> list[tuple[str, str, float, str, str]]:
    """Return a row for each parameter of a cell or a membrane: name, symbol, value, unit, source.

    The source of a value that is not the default is the model file.

    Examples
    --------
    >>> from dendrosim.cells import RateCell, parameter_table
    >>> parameter_table(RateCell(tau_soma=20.0))[0]
    ('tau_soma', 'τ_soma', 20.0, 'ms', 'model file')
    """
    rows = []
    for name, field in type(part).model_fields.items():
        for quantity in field.metadata:
            if isinstance(quantity, Quantity):
                value = float(getattr(part, name))
                source = quantity.source if value == field.default else "model file"
                rows.append((name, quantity.symbol, value, quantity.unit, source))
    return rows
