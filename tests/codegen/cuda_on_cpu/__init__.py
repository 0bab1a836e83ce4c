"""Compiles generated CUDA code for the CPU: launches become calls, and CUDA becomes the header beside this file."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dendrosim.circuit import cuda

HERE = Path(__file__).parent
EVERYTHING = """
#include "cuda_on_cpu.h"
#include <chrono>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <thrust/device_vector.h>
#include <thrust/host_vector.h>
#include <thrust/system_error.h>
"""
LAUNCH = re.compile(r"(\w+)\s*<<<(.*?)>>>\s*\(", re.DOTALL)


def compile_project(folder: Path) -> None:
    """Compile a generated CUDA project to `folder/main` with g++; stands in for `build.compile_project`."""
    for header in folder.rglob("*.h"):
        header.write_text(rewritten(header.read_text()))
    # Thrust is large: read it once for all sources.
    (folder / "everything.h").write_text(EVERYTHING)
    _compile(folder, folder / "everything.h", folder / "everything.h.gch")
    sources = [source.rename(source.with_suffix(".cpp")) for source in sorted(folder.rglob("*.cu"))]
    objects = [source.with_suffix(".o") for source in sources]
    for source in sources:
        source.write_text(rewritten(source.read_text()))
    with ThreadPoolExecutor(2) as two:
        list(two.map(lambda pair: _compile(folder, *pair), zip(sources, objects, strict=True)))
    subprocess.run(["g++", "-o", folder / "main", *objects], check=True)


def _compile(folder: Path, source: Path, compiled: Path) -> None:
    include = "everything.h" if compiled.suffix == ".o" else "cuda_on_cpu.h"
    places = [f"-I{folder}", f"-I{HERE}", f"-I{cuda.toolkit() / 'include' / 'cccl'}"]
    # Thrust's own CPU back end; -O0 compiles fastest, and these networks are small.
    options = ["-w", "-O0", "-std=c++17", "-DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP", "-D_CCCL_DISABLE_CUDA"]
    subprocess.run(["g++", *options, *places, "-include", include, "-c", source, "-o", compiled], check=True)


def rewritten(code: str) -> str:
    """Return the code with every `kernel<<<blocks, threads>>>(...)` as a call of `cuda_on_cpu::launch`."""
    done, whole = [], code
    while found := LAUNCH.search(code):
        kernel, configuration = found.groups()
        end = _closing(code, found.end())
        # Without barriers, threads can simply run in turn.
        barriers = str("__syncthreads" in whole).lower()
        call = f"{kernel}({code[found.end() : end]});"
        done += [code[: found.start()], f"cuda_on_cpu::launch({barriers}, {configuration}, [&] {{ {call} }})"]
        code = code[end + 1 :]
    return "".join([*done, code])


def _closing(code: str, position: int) -> int:
    """Return where the parenthesis closes that opened before `position`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(code[position], 0)
        position += 1
    return position - 1
