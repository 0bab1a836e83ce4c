"""All that the circuit uses of Brian2 beyond its documented interface; `tests/properties/test_internals.py` tries each.

Nothing of Brian2 itself is changed: its classes are derived from, and flags of the process are put back.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Clock, Network, second
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.base import BrianObject, BrianObjectException
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Variables
from brian2.devices.cpp_standalone import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import reset_device, runtime_device, set_device
from brian2.groups.group import CodeRunner, Group
from brian2.units.fundamentalunits import DIMENSIONLESS

__all__ = [
    "DIMENSIONLESS",
    "FOREVER",
    "ArrayVariable",
    "BrianObject",
    "CPPStandaloneDevice",
    "CircuitNetwork",
    "CodeRunner",
    "CppCode",
    "CythonCodeObject",
    "Group",
    "NumpyCode",
    "Variables",
    "contain",
    "give_attributes",
    "read_result",
    "reset_device",
    "results_are_in",
    "runtime_device",
    "set_device",
]

# Longer than any run: the convergence test ends each, at its own limit at the latest.
FOREVER = 1e6 * second


def is_held(variables: Mapping[str, Any]) -> bool:
    """Whether all that the cells of a group share stays as it is during a run, such as the time step."""
    shared = [each for each in variables.values() if isinstance(each, ArrayVariable) and each.scalar]
    functions = [each for each in variables.values() if isinstance(each, Function)]
    return all(each.constant for each in shared) and all(each.stateless for each in functions)


class NumpyCode(NumpyCodeObject):
    """Code run by NumPy, with the templates of this package beside Brian2's, as a function.

    A function keeps what it computes in local variables, and what it imports is imported once: in a small circuit this
    takes longer than the arithmetic. Code that gives something back, which no step of a run does, stays Brian2's.
    """

    templater = NumpyCodeObject.templater.derive(
        "dendrosim.circuit", env_globals={"is_held": is_held}, templates_dir="templates/numpy"
    )
    _step: Callable[[], None] | None = None

    def compile(self) -> None:
        """Make a function of the code of a time step; its global names are the namespace."""
        super().compile()
        if not self.compiled_code["run"] or "_return_values" in self.code.run:
            return
        module, imports = ast.parse("def _step(): pass"), (ast.Import, ast.ImportFrom)
        lines = ast.parse(self.code.run).body
        module.body[0].body += [line for line in lines if not isinstance(line, imports)]  # type: ignore[attr-defined]
        module.body[:0] = [line for line in lines if isinstance(line, imports)]
        exec(compile(module, f"({self.name})", "exec"), self.namespace)
        self._step = self.namespace.pop("_step")

    def before_run(self) -> Any:
        """Compute what stays as it is during a run; NumPy multiplies faster by Python's numbers than by its own."""
        known = set(self.namespace)
        result = super().before_run()
        for name in self.namespace.keys() - known:
            if isinstance(self.namespace[name], np.floating):
                self.namespace[name] = self.namespace[name].item()
        return result

    def __call__(self, **keywords: Any) -> Any:
        """Run the code of a time step."""
        if self._step is None:
            return super().__call__(**keywords)
        self.update_namespace()
        try:
            self._step()
        except Exception as error:
            raise BrianObjectException(f"The code object {self.name} failed.\n", self.owner) from error


class CppCode(CPPStandaloneCodeObject):
    """Code of a C++ program, with the templates of this package beside Brian2's."""

    templater = CPPStandaloneCodeObject.templater.derive("dendrosim.circuit", templates_dir="templates/cpp")


class CircuitNetwork(Network):
    """A Brian2 network with a run of its own.

    Brian2's loop obeys a flag that all networks of a process share, and turns Ctrl-C into a request to stop, which
    looks like an end. This one ends when :meth:`stop` of this network is called, or with a KeyboardInterrupt at once.
    """

    @property
    def _clocks(self) -> list[Clock]:
        # Brian2 keeps them in a set and generates code in its order, which changes with their addresses. In a fixed
        # order the same network always gives the same code, so that its build is found again.
        return self._ordered_clocks

    @_clocks.setter
    def _clocks(self, clocks: set[Clock]) -> None:
        self._ordered_clocks = sorted(clocks, key=attrgetter("name"))

    def run_until_stopped(self, clock: Clock) -> None:
        """Run step by step from Python until :meth:`stop` is called.

        Parameters
        ----------
        clock : Clock
            The time step; the other clocks tick after whole multiples of it, or only once.
        """
        objects = self.sorted_objects
        self._clocks = {each.clock for each in objects}
        for each in self._clocks:
            each.set_interval(self.t, self.t + FOREVER)
        asked_of_others = Network._globally_stopped
        self.before_run({})
        Network._globally_stopped = asked_of_others
        period = {each: round(float(each.dt / clock.dt)) for each in self._clocks}
        ticks = [
            (*(each.variables[name].get_value() for name in ("timestep", "t")), each.dt_, every)
            for each, every in period.items()
        ]
        due = [(run, period[each.clock]) for each in objects if each.active for run in _runs(each)]
        step = 0
        while not self._stopped:
            for run, every in due:
                if step % every == 0:
                    run()
            for ticked, now, dt, every in ticks:
                if step % every == 0:
                    ticked[0] += 1
                    now[0] = ticked[0] * dt
            step += 1
        self.t_ = clock.t_
        self.after_run()


def _runs(each: BrianObject) -> list[Callable[[], Any]]:
    """Return what an object runs in a time step: its code objects, where it is nothing else."""
    return [code.__call__ for code in each.code_objects] if type(each).run is BrianObject.run else [each.run]


def give_attributes(group: Group) -> None:
    """Make the variables of a group its attributes; from then on a misspelt one is an error."""
    group._enable_group_attributes()


def contain(group: BrianObject, part: BrianObject) -> None:
    """Let a network that holds `group` run `part`, too."""
    group._contained_objects.append(part)


def results_are_in(device: Any, folder: Path) -> None:
    """Tell a standalone device where a binary, which it has not started itself, has left its results."""
    device.results_dir = str(folder)
    device.has_been_run = True


def read_result(device: Any, variable: ArrayVariable) -> np.ndarray:
    """Return an array that a binary has left."""
    # The device believes that only Brian2's own code changes arrays, so forget what it remembers.
    device.array_cache[variable] = None
    if isinstance(variable.size, tuple):
        variable.size = (0, variable.size[1])  # as long as what this run recorded
    return np.array(device.get_value(variable))
