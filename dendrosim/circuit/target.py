"""Code-generation targets: what each needs, and how its code is run."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

import numpy as np
from brian2 import prefs

from dendrosim.circuit import cuda
from dendrosim.circuit.blas import find_blas
from dendrosim.circuit.brian2_internals import (
    CppCode,
    CPPStandaloneDevice,
    CythonCodeObject,
    NumpyCode,
    reset_device,
    set_device,
)
from dendrosim.errors import TargetError

DTYPES = {"float64": np.float64, "float32": np.float32}

# Without Brian2's -fno-finite-math-only the compiler uses its vectorised tanh and exp: a step of 784-512-256-10 with
# 128 presentations takes 5.5 instead of 7.7 ms (2.7 instead of 4.7 in float32). The price is that generated code must
# not ask whether a number is NaN (templates/cpp/convergence.cpp). Divisions stay divisions (-mno-recip), because their
# shortcut makes NaN of 1/(1 + exp(-z)) where exp overflows.
COMPILER_FLAGS = ["-w", "-O3", "-ffast-math", "-march=native", "-std=c++17"]
# Before it vectorises a loop the compiler has it check that no two arrays overlap, and gives up beyond ten pairs, which
# a loop over the variables of a cell exceeds.
COMPILER_FLAGS += ["--param=vect-max-version-for-alias-checks=200"]
if platform.machine() in ("x86_64", "AMD64"):
    COMPILER_FLAGS += ["-mprefer-vector-width=512", "-mno-recip"]


@dataclass(frozen=True)
class Target:
    """A way to run the generated code.

    Attributes
    ----------
    name : str
        Name on the command line.
    cells, templates : type
        Brian2's code-object class for cells and for this package's templates.
    device : type or None
        Brian2's device that builds one binary; None runs step by step from Python.
    tools : tuple of str
        Programs that must be installed.
    preferences : dict
        Brian2's preferences while it works.
    threads : bool
        Whether it is C++ that can use several threads (OpenMP) and a BLAS.
    environment : dict
        Environment variables of the binary.
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
    threads: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
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
    "numpy": lambda: Target("numpy", NumpyCode, NumpyCode),
    # The products run through NumPy's BLAS on both runtime targets, so these two share their templates.
    "cython": lambda: Target("cython", CythonCodeObject, NumpyCode, tools=("g++",)),
    "cpp_standalone": lambda: Target(
        "cpp_standalone", CppCode, CppCode, CPPStandaloneDevice, tools=("g++", "make"), threads=True
    ),
    "cuda_standalone": _cuda_standalone,
}


def find_target(name: str, dtype: str = "float64", threads: int = 1, blas: bool = False) -> Target:
    """Return a target whose code can be generated and compiled here, with its preferences set for a circuit.

    Parameters
    ----------
    name : str
        Out of ``TARGETS``.
    dtype : {"float64", "float32"}
        Type of all potentials and weights.
    threads : int
        Number of OpenMP threads.
    blas : bool
        Whether the compiled products are those of a BLAS.

    Raises
    ------
    TargetError
        There is no target of that name, this machine lacks what it needs, or it cannot be set so.
    """
    if name not in TARGETS:
        raise TargetError(f"there is no target '{name}'; choose {', '.join(TARGETS)}.")
    target = TARGETS[name]()
    target.check()
    if dtype not in DTYPES:
        raise TargetError(f"there is no dtype '{dtype}'; choose {' or '.join(DTYPES)}.")
    if threads < 1 or (threads > 1 and not target.threads):
        able = "one or more threads" if target.threads else "one thread only; use 'cpp_standalone' for more"
        raise TargetError(f"target '{name}' cannot run with threads={threads}: it takes {able}.")
    settings: dict[str, Any] = {"core.default_float_dtype": DTYPES[dtype]}
    if blas and not target.threads:
        raise TargetError(f"target '{name}' cannot link a BLAS; leave blas=False, or use target 'cpp_standalone'.")
    if blas:
        settings |= find_blas().preferences
    if threads > 1:  # Brian2 takes 0 for a program without OpenMP
        settings["devices.cpp_standalone.openmp_threads"] = threads
    variables = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    return replace(target, preferences={**target.preferences, **settings}, environment=variables)


# Brian2 has one current device and one set of preferences for all threads of a process.
_TURN = RLock()


@contextmanager
def active(device: Any, preferences: Mapping[str, Any]) -> Iterator[None]:
    """Make `device` Brian2's current device, with these preferences; put everything back afterwards.

    Circuits in several threads wait for each other here.
    """
    with _TURN:
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
