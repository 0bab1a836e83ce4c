"""Equations of inputs to cells, as a user writes them."""

from __future__ import annotations

from collections.abc import Mapping

from brian2.equations import Equations

from dendrosim.cells import Cell, Population
from dendrosim.checks import shown
from dendrosim.errors import CircuitError

Inputs = Mapping[str, Equations]
"""Equations of inputs that have dynamics of their own, by name, each with those that it needs."""


def equations_of_inputs(cell: Cell, inputs: str) -> Inputs:
    """Return the equations of inputs.

    Parameters
    ----------
    cell : Cell
        Whose inputs.
    inputs : str
        Brian2 equations of some of them, and of what they are made of, such as conductances.

    Raises
    ------
    CircuitError
        They cannot be read, have another unit, or one is neither an input nor needed by one.
    """
    if not isinstance(inputs, str):
        raise CircuitError(f"the equations of the inputs are {shown(inputs)}; write them as Brian2 does.")
    try:
        equations = Equations(inputs)
    except Exception as error:  # whatever Brian2's parser says
        raise CircuitError(
            f"the equations of the inputs cannot be read ({error}); write them as Brian2 does."
        ) from None
    needed = {name: _needed(equations, name) for name in equations.names if name in cell.inputs}
    strange = [name for name in equations.names if not any(name in names for names in needed.values())]
    if strange:
        last = [each for each in strange if not any(each in equations[name].identifiers for name in strange)]
        known = ", ".join(cell.inputs) or "none"
        raise CircuitError(
            f"cells of kind '{cell.kind}' have no input '{(last or strange)[0]}'; write equations of {known}."
        )
    for name in needed:
        if equations[name].dim is not Equations(f"{name} : {cell.inputs[name]}")[name].dim:
            raise CircuitError(
                f"the input '{name}' of cells of kind '{cell.kind}' has the unit {cell.inputs[name]}, not "
                f"{equations[name].unit}; write equations in that unit."
            )
    return {name: Equations([equations[each] for each in sorted(names)]) for name, names in needed.items()}


def open_equations(population: Population, cell: Cell, given: Inputs) -> Equations:
    """Return the equations of cells with inputs from outside.

    Parameters
    ----------
    population : Population
        The cells, which may lack some of the inputs: a clamped soma takes none.
    cell : Cell
        Their kind.
    given : Inputs
        Of inputs that have dynamics of their own; others are variables that hold what is written.
    """
    own = {each.varname: each for name in population.inputs for each in given.get(name, Equations("")).values()}
    return Equations(population.open(cell.inputs, given)) + Equations(list(own.values()))


def _needed(equations: Equations, name: str) -> set[str]:
    """Return the names of the equations that one is made of, itself included."""
    found, waiting = set[str](), {name}
    while waiting:
        found |= waiting
        waiting = {each for one in waiting for each in equations[one].identifiers if each in equations.names} - found
    return found
