"""Compiled circuits are kept: a network whose generated code is already compiled is not compiled again.

A build is a folder named by the hash of all that was generated, the makefile with its flags, and the compiler's
version. Stimuli, weights, tolerances and the like are no part of it; every run reads them from files.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from dendrosim.errors import CircuitError
from dendrosim.files import temporary_folder

PROGRAM = "main"
_SEAL = "sealed.sha256"  # written last
_NAME = re.compile("[0-9a-f]{32}")

# So many builds are kept, those that were used last.
KEPT = 100

# Half of the cores: a build must leave room for what else runs on the machine. Each file that nvcc compiles takes more
# than ten seconds and 0.7 GB.
_JOBS = min(8, max(2, (os.cpu_count() or 1) // 2))


# What every file of a generated project includes.
_HEADERS = (
    '"objects.h"',
    '"network.h"',
    '"brianlib/common_math.h"',
    '"brianlib/stdint_compat.h"',
    *("<algorithm>", "<chrono>", "<climits>", "<cmath>", "<csignal>", "<cstring>", "<ctime>", "<fstream>"),
    *("<iostream>", "<vector>"),
)
_PRECOMPILE = """

$(OBJS): precompiled.h.gch
%.o: CXXFLAGS += -include precompiled.h
precompiled.h.gch: precompiled.h
\t$(CXX) $(CXXFLAGS) -x c++-header $< -o $@
"""


def cache_folder() -> Path:
    """Return where builds are kept: `builds` in DENDROSIM_CACHE, or in `dendrosim` in the user's cache folder.

    What else lies beside `builds`, such as data sets, or in it without being a build, is never touched.
    """
    if named := os.environ.get("DENDROSIM_CACHE"):
        return Path(named) / "builds"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dendrosim" / "builds"


def compile_project(folder: Path) -> None:
    """Compile a generated project to `folder/main`.

    Raises
    ------
    CircuitError
        The compiler failed; its first error is quoted.
    """
    try:
        done = subprocess.run(["make", f"-j{_JOBS}"], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CircuitError(
            "there is no make to compile with: install it with the system's package manager, or use target 'numpy'."
        ) from None
    if done.returncode:
        complaints = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()[-1:]
        raise CircuitError(
            f"the generated code does not compile ({'; '.join(complaints[:1])}): "
            "check the compiler, or use target 'numpy'."
        )


def precompile_headers(folder: Path) -> None:
    """Let a generated C++ project read its headers once, instead of once a file: half of the time of a build.

    Parameters
    ----------
    folder : Path
        A project that has not been compiled yet; a header and rules are added to it.
    """
    (folder / "precompiled.h").write_text("".join(f"#include {header}\n" for header in _HEADERS))
    with (folder / "makefile").open("a") as makefile:
        makefile.write(_PRECOMPILE)


def kept_build(generate: Callable[[Path], None]) -> Path:
    """Return a folder with a compiled project, from the cache or compiled now.

    It is safe with several processes: each compiles in a folder of its own and the first to finish moves it into place.

    Parameters
    ----------
    generate : callable
        Writes the project's sources to a folder, which is empty.

    Raises
    ------
    CircuitError
        It does not compile, or the cache cannot be written.
    """
    try:
        with temporary_folder(cache_folder()) as aside:
            work = aside / "build"
            work.mkdir()
            generate(work)
            kept = cache_folder() / _key(work)
            if not _intact(kept):
                compile_project(work)
                for rest in (*work.rglob("*.o"), *work.rglob("*.gch")):
                    rest.unlink()
                (work / _SEAL).write_text(_hash(_used(work)))
                _move(work, kept, aside)
                _forget_the_oldest()
            return kept
    except OSError as error:
        raise CircuitError(
            f"compiled circuits cannot be kept in {cache_folder()} ({error.strerror or error}): "
            "set DENDROSIM_CACHE to a folder that can be written."
        ) from None


def is_kept(build: Path) -> bool:
    """Whether a build is there and was finished."""
    return (build / _SEAL).is_file()


def _move(work: Path, kept: Path, aside: Path) -> None:
    """Move a finished build into place, unless another process was first; what is damaged makes way."""
    if kept.exists() and not _intact(kept):
        kept.rename(aside / "damaged")
    try:
        work.rename(kept)
    except OSError:
        if not _intact(kept):
            raise


def _forget_the_oldest() -> None:
    """Remove the builds that have not been used for longest."""
    ages = []
    for folder in cache_folder().glob("*"):
        if _NAME.fullmatch(folder.name) and not folder.is_symlink() and is_kept(folder):
            with suppress(FileNotFoundError):  # another process tidies up too
                ages.append((folder.stat().st_mtime, folder))
    with temporary_folder(cache_folder()) as aside:  # removed as a whole, also where this process is killed
        for _, folder in sorted(ages, reverse=True)[KEPT:]:
            with suppress(OSError):
                folder.rename(aside / folder.name)


def _intact(kept: Path) -> bool:
    """Whether a build is complete and all that a run reads of it is as it was sealed."""
    try:
        return (kept / _SEAL).read_text() == _hash(_used(kept))
    except OSError:
        return False


def _used(folder: Path) -> list[Path]:
    return [folder / PROGRAM, *sorted((folder / "static_arrays").glob("*"))]


def _key(folder: Path) -> str:
    generated = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    names = "\n".join(str(path.relative_to(folder)) for path in generated)
    return hashlib.sha256(f"{_compiler()}\n{names}\n{_hash(generated)}".encode()).hexdigest()[:32]


def _hash(paths: list[Path]) -> str:
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


@cache
def _compiler() -> str:
    """Return what decides the meaning of -march=native and of the flags: compilers and processor."""
    asked = [["g++", "--version"], ["g++", "-march=native", "-Q", "--help=target"], ["nvcc", "--version"]]
    answers = [
        subprocess.run(command, capture_output=True, text=True, check=False).stdout
        for command in asked
        if shutil.which(command[0])
    ]
    return "\n".join([platform.machine(), *answers])
