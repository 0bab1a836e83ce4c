"""The base of everything in the circuit that Brian2 has no object for: arrays and template operations on them."""

from __future__ import annotations

from typing import Any

from brian2 import Clock
from brian2.core.base import BrianObject
from brian2.core.variables import ArrayVariable, Variables
from brian2.groups.group import CodeRunner, Group
from brian2.units.fundamentalunits import DIMENSIONLESS

# Within one time step everything is evaluated from the same state, in this order, before the state moves at 0:
# so what the cells see, what is recorded and what is tested are the exact right-hand sides of the equations.
SLOT = "groups"
# A read-out is run before all that, and again after the move, so that what it wrote last belongs to the final state.
ORDER = {"read": -6, "apply": -5, "evaluate": -4, "adjoint": -3, "convergence": -2, "record": -1, "read again": 1}


class ArrayGroup(Group):
    """A named holder of arrays, with operations that are code templates of this package.

    Parameters
    ----------
    size : int
        Value of ``N`` in the templates.
    arrays : dict of str to int
        Names and lengths of the arrays.
    clock : Clock
        When its operations run.
    code_object : type
        Brian2's code-object class of the target.
    name : str
        Name of the group in the generated code.
    """

    add_to_magic_network = False

    def __init__(self, size: int, arrays: dict[str, int], clock: Clock, code_object: Any, name: str):
        BrianObject.__init__(self, clock=clock, when=SLOT, name=name)
        self.codeobj_class = code_object
        self._size = size
        self.variables = Variables(self)
        self.variables.add_constant("N", size)
        for array, length in arrays.items():
            self.variables.add_array(array, size=length, dimensions=DIMENSIONLESS, dtype=float)
        self.variables.create_clock_variables(clock, prefix="")
        self._enable_group_attributes()

    def __len__(self) -> int:
        return self._size

    def refer(self, group: Group, name: str) -> ArrayVariable:
        """Make an array of another group available to the templates and return its variable."""
        alias = f"_{group.name}_{name}"
        if alias not in self.variables:
            self.variables.add_reference(alias, group, name)
        return self.variables[alias]

    def operation(self, template: str, order: str, arrays: dict[str, ArrayVariable], **keywords: Any) -> None:
        """Run a template in every time step.

        Parameters
        ----------
        template : str
            Name of the template, without its ending.
        order : str
            Key of ``ORDER``.
        arrays : dict of str to ArrayVariable
            The arrays it works on; the template finds their names as ``get_array_name(arrays.role)``.
        **keywords
            Sizes and the like, given to the template.
        """
        needed = [name for name, variable in self.variables.items() if isinstance(variable, ArrayVariable)]
        runner = CodeRunner(
            self,
            template,
            clock=self.clock,
            when=SLOT,
            order=ORDER[order],
            check_units=False,
            name=f"{self.name}_{template}",
            template_kwds={"arrays": arrays, **keywords},
            needed_variables=needed,
            codeobj_class=self.codeobj_class,
        )
        runner.add_to_magic_network = False
        self._contained_objects.append(runner)
