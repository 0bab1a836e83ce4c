"""The base of everything in the circuit that Brian2 has no object for: arrays and template operations on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import Clock

from dendrosim.circuit.brian2_internals import (
    DIMENSIONLESS,
    ArrayVariable,
    BrianObject,
    CodeRunner,
    Group,
    Variables,
    contain,
    give_attributes,
)

# Within one time step everything is evaluated from the same state, in this order, before the state moves at 0:
# so what the cells see, what is recorded and what is tested are the exact right-hand sides of the equations.
# Projections onto the same cells take turns within their phase: the first writes, the others add.
SLOT = "groups"
# A read-out is run after the move, so that what it wrote last belongs to the final state, and before the first step.
BEFORE_THE_MOVE = (
    *("present", "noise", "read", "apply", "evaluate", "adjoint", "convergence", "plasticity", "record"),
    *("expect", "fire", "arrive"),
)
TURNS = 1_000_000  # of each phase: more than a network has connections
ORDER = {phase: TURNS * (place - len(BEFORE_THE_MOVE)) for place, phase in enumerate(BEFORE_THE_MOVE)}
ORDER["read again"] = TURNS


# Arrays of whole numbers; all others hold potentials, weights or times.
WHOLE_NUMBERS = {"chosen": np.int32, "order": np.int32, "seeds": np.int64}


class ArrayGroup(Group):
    """A named holder of arrays, with operations that are code templates of this package.

    Parameters
    ----------
    size : int
        Value of ``N`` in the templates.
    arrays : dict of str to int
        Names and lengths of the arrays of potentials or weights, in the type of the circuit.
    clock : Clock
        When its operations run.
    code_object : type
        Brian2's code-object class of the target.
    name : str
        Name of the group in the generated code.
    times : dict of str to int, optional
        Names and lengths of arrays of times, always in double precision, as Brian2 keeps its clocks.
    """

    add_to_magic_network = False

    def __init__(
        self,
        size: int,
        arrays: Mapping[str, int],
        clock: Clock,
        code_object: Any,
        name: str,
        times: Mapping[str, int] | None = None,
    ):
        BrianObject.__init__(self, clock=clock, when=SLOT, name=name)
        self.codeobj_class = code_object
        self._size = size
        self.variables = Variables(self)
        self.variables.add_constant("N", size)
        for array, length in arrays.items():
            self.variables.add_array(array, size=length, dimensions=DIMENSIONLESS, dtype=WHOLE_NUMBERS.get(array))
        for array, length in (times or {}).items():
            self.variables.add_array(array, size=length, dimensions=DIMENSIONLESS, dtype=float)
        self.variables.create_clock_variables(clock, prefix="")
        give_attributes(self)

    def __len__(self) -> int:
        return self._size

    def refer(self, group: Group, name: str) -> ArrayVariable:
        """Make an array of another group available to the templates and return its variable."""
        alias = f"_{group.name}_{name}"
        if alias not in self.variables:
            self.variables.add_reference(alias, group, name)
        return self.variables[alias]

    def operation(
        self,
        template: str,
        order: str,
        arrays: dict[str, ArrayVariable],
        turn: int = 0,
        clock: Clock | None = None,
        prefix: str = "",
        **keywords: Any,
    ) -> None:
        """Run a template in every time step.

        Parameters
        ----------
        template : str
            Name of the template, without its ending.
        order : str
            Key of ``ORDER``.
        arrays : dict of str to ArrayVariable
            The arrays it works on; the template finds their names as ``get_array_name(arrays.role)``.
        turn : int
            Its place among the operations of the same phase, below ``TURNS``.
        clock : Clock, optional
            When to run it; by default in every time step of the group.
        prefix : str
            Tells two operations of one template from each other.
        **keywords
            Sizes and the like, given to the template.
        """
        needed = [name for name, variable in self.variables.items() if isinstance(variable, ArrayVariable)]
        runner = CodeRunner(
            self,
            template,
            clock=clock or self.clock,
            when=SLOT,
            order=ORDER[order] + turn,
            check_units=False,
            name=f"{self.name}_{prefix}{template}",
            template_kwds={"arrays": arrays, **keywords},
            needed_variables=needed,
            codeobj_class=self.codeobj_class,
        )
        runner.add_to_magic_network = False
        contain(self, runner)
