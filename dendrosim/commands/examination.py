"""What this machine offers to dendrosim, and a self-test of every target that it can run."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from time import perf_counter

import numpy as np
from rich.table import Table
from rich.text import Text

from dendrosim.cells import RateCell
from dendrosim.circuit import TARGETS, Circuit, cuda
from dendrosim.circuit.blas import find_blas
from dendrosim.circuit.target import find_target
from dendrosim.data import EMBEDDED
from dendrosim.data.catalog import CATALOG
from dendrosim.data.storage import data_root, is_present
from dendrosim.errors import TargetError
from dendrosim.model import Model, Parameters, settling_curve
from dendrosim.recording import Record

COMPILER = "install a C++ compiler and make with the system's package manager"
CUDA = "pip install 'dendrosim[cuda]'"
TIMEOUT = 20.0  # seconds that a program may take to tell its version
LARGEST_DEVIATION = 1e-6  # the uppermost hidden layer follows the closed form to rounding


@dataclass(frozen=True)
class Row:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What it is.
    found : bool
        Whether it is there.
    version : str
        Its version or contents; of a self-test, the largest deviation and the seconds it took.
    remedy : str
        What to do where it is missing or fails.
    failed : bool
        Whether it is a self-test that failed.
    """

    name: str
    found: bool
    version: str = ""
    remedy: str = ""
    failed: bool = False


def examine(quick: bool = False) -> list[Row]:
    """Look at this machine, then test the targets.

    Parameters
    ----------
    quick : bool
        Whether to test target ``numpy`` only, which compiles nothing.
    """
    return [
        Row("Python", True, platform.python_version()),
        package("NumPy", "numpy"),
        package("Brian2", "brian2"),
        package("torch", "torch"),
        program("C++ compiler", "g++", COMPILER),
        program("make", "make", COMPILER),
        openmp(),
        blas(),
        nvcc(),
        gpu(),
        package("Brian2CUDA", "brian2cuda", CUDA),
        package("pynwb", "pynwb", "pip install 'dendrosim[nwb]'"),
        package("Neo", "neo", "pip install 'dendrosim[neo]'"),
        program("ffmpeg", "ffmpeg", "install ffmpeg with the system's package manager", "-version"),
        data_folder(),
        Row("embedded data sets", True, ", ".join(EMBEDDED)),
        *map(data_set, CATALOG),
        *(self_test(target) for target in (["numpy"] if quick else TARGETS)),
    ]


def table(rows: Iterable[Row]) -> Table:
    """Return the rows as a table for the terminal."""
    drawn = Table("", "found", "version", "remedy")
    for row in rows:
        found = "failed" if row.failed else "yes" if row.found else "no"
        drawn.add_row(*map(Text, (row.name, found, row.version, row.remedy)))  # Text, because of 'dendrosim[cuda]'
    return drawn


def package(name: str, distribution: str, remedy: str = "pip install dendrosim") -> Row:
    """Look for an installed Python package."""
    try:
        return Row(name, True, metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return Row(name, False, remedy=remedy)


def program(name: str, command: str, remedy: str, option: str = "--version") -> Row:
    """Look for a program that tells its version."""
    answer = _ask(command, option)
    if answer is None:
        return Row(name, False, remedy=remedy)
    numbers = re.search(r"release ([\d.]+)", answer) or re.search(r"\b(\d+\.[\d.]*\d)", answer)
    return Row(name, True, numbers[1] if numbers else "")


def openmp() -> Row:
    """Look for OpenMP: the year and month of the standard that the compiler follows."""
    macros = _ask("g++", "-fopenmp", "-dM", "-E", "-x", "c++", "-") or ""
    standard = re.search(r"#define _OPENMP (\d+)", macros)
    if standard is None:
        return Row("OpenMP", False, remedy="install a C++ compiler with OpenMP with the system's package manager")
    return Row("OpenMP", True, standard[1])


def blas() -> Row:
    """Look for a BLAS that target cpp_standalone can link."""
    try:
        return Row("BLAS", True, find_blas().name)
    except TargetError as error:
        return Row("BLAS", False, remedy=str(error))


def nvcc() -> Row:
    """Look for the compiler of the CUDA toolkit."""
    try:
        return program("nvcc", str(cuda.toolkit() / "bin" / "nvcc"), "install the CUDA toolkit anew")
    except TargetError as error:
        return Row("nvcc", False, remedy=str(error))


def gpu() -> Row:
    """Look for NVIDIA GPUs and their driver."""
    answer = _ask("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    if not answer:
        return Row("GPU and driver", False, remedy="install the NVIDIA driver on a machine with an NVIDIA GPU")
    return Row("GPU and driver", True, "; ".join(line.replace(", ", ", driver ") for line in answer.splitlines()))


def data_folder() -> Row:
    """Look for the folder of the data sets."""
    root = data_root()
    if not root.is_dir():
        remedy = f"set DENDROSIM_DATA to the folder that holds the data sets, or let 'data fetch' make {root}"
        return Row("data folder", False, remedy=remedy)
    return Row("data folder", True, str(root))


def data_set(name: str) -> Row:
    """Look for the files of a data set; 'dendrosim data check' verifies them."""
    if is_present(name):
        return Row(f"data set {name}", True, CATALOG[name].title)
    return Row(f"data set {name}", False, remedy=f"dendrosim data fetch {name}")


def self_test(target: str) -> Row:
    """Relax a tiny network and compare how its error settles with the closed form.

    A target that this machine cannot run is not found, which is no failure.
    """
    name = f"self-test {target}"
    try:
        find_target(target).check_machine()
    except TargetError as error:
        return Row(name, False, remedy=str(error))
    start = perf_counter()
    try:
        deviation = settling_deviation(target)
    except Exception as error:  # whatever goes wrong here is what the doctor is asked for
        return Row(name, True, remedy=f"use another target, because this one does not run: {error}", failed=True)
    result = f"largest deviation {deviation:.1e}, {perf_counter() - start:.1f} s"
    if deviation < LARGEST_DEVIATION:
        return Row(name, True, result)
    remedy = "the error does not settle as its closed form says: report it with this table, and use another target"
    return Row(name, True, result, remedy, failed=True)


def settling_deviation(target: str) -> float:
    """Return the largest deviation of the error from :func:`settling_curve`, relative to the largest error."""
    layers = [{"kind": "dense", "units": 4}, {"kind": "dense", "units": 2}]
    cell = RateCell(tau_soma=10.0, tau_basal=2.0, tau_apical=0.0)
    model = Model(data="digits", input=[3], layers=layers, cell=cell.model_dump())
    circuit = Circuit(model, Parameters.initialise(model, seed=1, dtype=np.float64), target=target)
    stimuli, targets = np.array([[-0.5, 0.2, 0.9]]), np.array([[1.0, 0.0]])
    recording = circuit.relax(stimuli, targets, start="settled", record=Record(("error",)), tolerance=1e-11)
    error = recording.layer("hidden-1")["error"].values[0]  # (time, cell)
    time = recording.dataset["time"].values
    predicted = settling_curve(time, 1, cell.tau_soma, cell.tau_apical)[:, None] * error[-1]
    return float(np.abs(error - predicted).max() / np.abs(error[-1]).max())


def _ask(command: str, *arguments: str) -> str | None:
    """Return what a program prints, or None if it is missing, fails or does not answer in time."""
    if shutil.which(command) is None:
        return None
    call = [command, *arguments]
    try:
        answer = subprocess.run(call, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode(errors="replace").strip()
