"""Code-generation targets: what each needs, and how its code is run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from brian2 import prefs
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.devices.cpp_standalone import CPPStandaloneCodeObject
from brian2.devices.device import reset_device, set_device

from dendrosim.errors import TargetError

# The products run through NumPy's BLAS on both runtime targets, so these two share their templates.
NumpyCodeObject.templater = NumpyCodeObject.templater.derive("dendrosim.circuit", templates_dir="templates/numpy")
CPPStandaloneCodeObject.templater = CPPStandaloneCodeObject.templater.derive(
    "dendrosim.circuit", templates_dir="templates/cpp"
)

# Brian2's own flags, but C++17.
COMPILER_FLAGS = ["-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++17"]


@dataclass(frozen=True)
class Target:
    """A way to run the generated code.

    Attributes
    ----------
    name : str
        Name on the command line.
    cells, templates : type or None
        Brian2's code-object class for cells and for this package's templates; None is the device's own.
    standalone : bool
        Whether one binary is built, instead of running step by step from Python.
    tools : tuple of str
        Programs that must be installed.
    """

    name: str
    cells: Any
    templates: Any
    standalone: bool
    tools: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise TargetError if a program it needs is missing."""
        missing = [tool for tool in self.tools if shutil.which(tool) is None]
        if missing:
            raise TargetError(
                f"target '{self.name}' needs {' and '.join(missing)}, which this machine lacks: "
                "install a C++ compiler and make, or use target 'numpy'."
            )


TARGETS = {
    target.name: target
    for target in (
        Target("numpy", NumpyCodeObject, NumpyCodeObject, standalone=False),
        Target("cython", CythonCodeObject, NumpyCodeObject, standalone=False, tools=("g++",)),
        Target("cpp_standalone", None, None, standalone=True, tools=("g++", "make")),
    )
}


def find_target(name: str) -> Target:
    """Return a target that can run here, by name.

    Raises
    ------
    TargetError
        There is no target of that name, or this machine lacks what it needs.
    """
    if name not in TARGETS:
        raise TargetError(f"there is no target '{name}'; choose {', '.join(TARGETS)}.")
    TARGETS[name].check()
    return TARGETS[name]


@contextmanager
def active(device: Any) -> Iterator[None]:
    """Make `device` Brian2's current device, with this package's compiler flags; put everything back afterwards."""
    flags = prefs["codegen.cpp.extra_compile_args_gcc"]
    make = prefs["devices.cpp_standalone.extra_make_args_unix"]
    set_device(device, build_on_run=False)
    prefs["codegen.cpp.extra_compile_args_gcc"] = COMPILER_FLAGS
    prefs["devices.cpp_standalone.extra_make_args_unix"] = ["-j2"]
    try:
        yield
    finally:
        prefs["codegen.cpp.extra_compile_args_gcc"] = flags
        prefs["devices.cpp_standalone.extra_make_args_unix"] = make
        reset_device()
