"""A BLAS for the compiled circuit: found on this machine, linked instead of the built-in matrix product."""

from __future__ import annotations

import ctypes.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dendrosim.errors import TargetError


@dataclass(frozen=True)
class Blas:
    """A library with the C interface of BLAS.

    Attributes
    ----------
    name : str
        What it is, for people.
    link : tuple of str
        What the linker is given.
    double, single : str
        Names of its matrix products.
    integer : str
        C type of its sizes.
    """

    name: str
    link: tuple[str, ...]
    double: str
    single: str
    integer: str

    @property
    def preferences(self) -> dict[str, Any]:
        """Return what the compiler and the linker are told, by name of Brian2's preferences."""
        products = (f"DENDROSIM_DGEMM={self.double}", f"DENDROSIM_SGEMM={self.single}")
        return {
            "codegen.cpp.extra_link_args": list(self.link),
            "codegen.cpp.define_macros": [tuple(text.split("=")) for text in products]
            + [("DENDROSIM_BLAS_INT", self.integer)],
        }


def find_blas() -> Blas:
    """Return the BLAS that NumPy ships with, or else the system's.

    Raises
    ------
    TargetError
        There is none.
    """
    for library in sorted(Path(np.__file__).parents[1].glob("numpy.libs/libscipy_openblas64_*.so")):
        folder = str(library.parent)
        link = (str(library), f"-Wl,-rpath,{folder}", f"-Wl,-rpath-link,{folder}")
        return Blas("OpenBLAS of NumPy", link, "scipy_cblas_dgemm64_", "scipy_cblas_sgemm64_", "long")
    for name in ("openblas", "cblas"):
        if ctypes.util.find_library(name):
            return Blas(f"lib{name}", (f"-l{name}",), "cblas_dgemm", "cblas_sgemm", "int")
    raise TargetError("no BLAS was found on this machine: install OpenBLAS, or leave blas=False.")
