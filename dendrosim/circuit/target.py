"""Code-generation targets: what each needs, and how its code is run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from brian2 import prefs
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.devices.cpp_standalone import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import reset_device, set_device

from dendrosim.circuit import cuda
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
    device : type or None
        Brian2's device that builds one binary; None runs step by step from Python.
    tools : tuple of str
        Programs that must be installed.
    preferences : dict
        Brian2's preferences while it works.
    check_machine : callable
        Raises TargetError where what was built cannot be run.
    """

    name: str
    cells: Any
    templates: Any
    device: Any = None
    tools: tuple[str, ...] = ()
    preferences: Mapping[str, Any] = field(
        default_factory=lambda: {"codegen.cpp.extra_compile_args_gcc": COMPILER_FLAGS}
    )
    check_machine: Callable[[], None] = lambda: None

    def check(self) -> None:
        """Raise TargetError if a program it needs is missing."""
        missing = [tool for tool in self.tools if shutil.which(tool) is None]
        if missing:
            raise TargetError(
                f"target '{self.name}' needs {' and '.join(missing)}, which this machine lacks: "
                "install a C++ compiler and make, or use target 'numpy'."
            )


def _cuda_standalone() -> Target:
    code_object = cuda.code_object()
    return Target(
        "cuda_standalone",
        code_object,
        code_object,
        cuda.device_class(),
        tools=("g++", "make"),
        preferences=cuda.preferences(),
        check_machine=cuda.check_gpu,
    )


# How each target is made, because what it needs may not be installed.
TARGETS: dict[str, Callable[[], Target]] = {
    "numpy": lambda: Target("numpy", NumpyCodeObject, NumpyCodeObject),
    "cython": lambda: Target("cython", CythonCodeObject, NumpyCodeObject, tools=("g++",)),
    "cpp_standalone": lambda: Target("cpp_standalone", None, None, CPPStandaloneDevice, tools=("g++", "make")),
    "cuda_standalone": _cuda_standalone,
}


def find_target(name: str) -> Target:
    """Return a target whose code can be generated and compiled here, by name.

    Raises
    ------
    TargetError
        There is no target of that name, or this machine lacks what it needs.
    """
    if name not in TARGETS:
        raise TargetError(f"there is no target '{name}'; choose {', '.join(TARGETS)}.")
    target = TARGETS[name]()
    target.check()
    return target


@contextmanager
def active(device: Any, preferences: Mapping[str, Any]) -> Iterator[None]:
    """Make `device` Brian2's current device, with these preferences; put everything back afterwards."""
    kept = {name: prefs[name] for name in preferences}
    set_device(device, build_on_run=False)
    try:
        for name, value in preferences.items():
            prefs[name] = value
        yield
    finally:
        for name, value in kept.items():
            prefs[name] = value
        reset_device()
