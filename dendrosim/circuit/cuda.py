"""The CUDA target: Brian2CUDA, the toolkit that compiles for it, and the GPU that runs it.

Nothing here is imported, looked for or run before the target is asked for.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dendrosim.errors import TargetError

# Built for this where there is no GPU to ask; the code also holds what a later GPU needs to translate it for itself.
CAPABILITY = 8.0

USUAL_PLACE = "/usr/local/cuda"

# In a generated project: where the makefile finds cuRAND, its headers and library.
CURAND = "curand"


@cache
def code_object() -> Any:
    """Return Brian2CUDA's code-object class with this package's templates.

    A class of its own, because one template replaces Brian2CUDA's: other simulations of the process keep theirs.

    Raises
    ------
    TargetError
        Brian2CUDA is not installed.
    """
    try:
        from brian2cuda.codeobject import CUDAStandaloneCodeObject
    except ImportError as error:
        raise TargetError(
            f"target 'cuda_standalone' needs Brian2CUDA ({error}): run pip install 'dendrosim[cuda]'."
        ) from None
    logging.getLogger("brian2.brian2cuda").setLevel(logging.WARNING)  # it reports every preference on every build
    templater = CUDAStandaloneCodeObject.templater.derive("dendrosim.circuit", templates_dir="templates/cuda")
    return type("CircuitCodeObject", (CUDAStandaloneCodeObject,), {"templater": templater})


def device_class() -> Any:
    """Return Brian2CUDA's device class."""
    from brian2cuda.device import CUDAStandaloneDevice

    return CUDAStandaloneDevice


def toolkit() -> Path:
    """Return the folder of the CUDA toolkit: CUDA_HOME, else where nvcc is, else the usual place.

    Raises
    ------
    TargetError
        There is none.
    """
    nvcc = shutil.which("nvcc")
    places = [os.environ.get("CUDA_HOME"), nvcc and Path(nvcc).resolve().parents[1], USUAL_PLACE]
    for place in places:
        # A wrapper script of nvcc may lie anywhere; the headers tell the toolkit.
        if place and all((Path(place) / part).is_file() for part in ("bin/nvcc", "include/cuda_runtime.h")):
            return Path(place)
    raise TargetError(
        "target 'cuda_standalone' needs the CUDA toolkit and found no nvcc: install it, or set CUDA_HOME to its folder."
    )


def capability() -> float | None:
    """Return the compute capability of the first GPU, or None if there is no GPU."""
    if shutil.which("nvidia-smi") is None:
        return None
    query = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    found = re.match(r"\d+\.\d+", answer.stdout)
    return float(found.group()) if answer.returncode == 0 and found else None


def check_gpu() -> None:
    """Raise TargetError if there is no GPU to run on."""
    if capability() is None:
        raise TargetError(
            "target 'cuda_standalone' can be built but not run here, because no NVIDIA GPU answers: "
            "run it on a machine with one, or use target 'cpp_standalone'."
        )


def random_numbers() -> tuple[Path, Path]:
    """Return the folder of curand.h and the library itself: of the toolkit, else of the package nvidia-curand.

    Brian2CUDA includes and links cuRAND even where no random numbers are drawn.

    Raises
    ------
    TargetError
        There is neither.
    """
    packages = find_spec("nvidia")
    roots = [toolkit()]
    for place in packages.submodule_search_locations or [] if packages else []:
        roots += sorted(Path(place).glob("*"))
    for root in roots:
        libraries = sorted(library for folder in ("lib64", "lib") for library in (root / folder).glob("libcurand.so*"))
        if (root / "include" / "curand.h").is_file() and libraries:
            return root / "include", libraries[0]
    raise TargetError("target 'cuda_standalone' needs cuRAND and found none: run pip install 'dendrosim[cuda]'.")


def preferences() -> dict[str, Any]:
    """Return the Brian2 preferences of a build: which toolkit, for which GPU, with which flags."""
    _, library = random_numbers()
    backend = "devices.cuda_standalone.cuda_backend."
    return {
        f"{backend}detect_gpus": False,
        f"{backend}gpu_id": 0,
        f"{backend}compute_capability": capability() or CAPABILITY,
        f"{backend}cuda_path": str(toolkit()),
        # The last -std counts: Brian2CUDA's makefile sets C++11, with which Thrust no longer compiles. Its default
        # -use_fast_math is left out, because it costs accuracy in float32.
        f"{backend}extra_compile_args_nvcc": ["-w", "-std=c++17", f"-I{CURAND}"],
        "codegen.cpp.extra_compile_args_gcc": ["-w", "-O3", "-std=c++17"],
        "codegen.cpp.library_dirs": [CURAND],
        "codegen.cpp.runtime_library_dirs": [str(library.parent)],
    }


def link_random_numbers(folder: Path) -> None:
    """Link cuRAND into a generated project, under the names that compiler and linker look for.

    The package holds libcurand.so.10 but no libcurand.so, and its headers may lie beside those of another release of
    the toolkit, which must not be found.

    Parameters
    ----------
    folder : Path
        A generated project.
    """
    include, library = random_numbers()
    links = {header.name: header for header in include.glob("curand*.h")} | {"libcurand.so": library}
    (folder / CURAND).mkdir(exist_ok=True)
    for name, there in links.items():
        (folder / CURAND / name).unlink(missing_ok=True)
        (folder / CURAND / name).symlink_to(there)
