"""Writing files so that whoever reads them, at any moment, finds the old one or the new one, whole.

Everything is written in a hidden folder beside its place and renamed. Such a folder is locked for as long as its
process lives, so that what a killed process left is known for certain, and the next one that writes there removes it.
"""

from __future__ import annotations

import fcntl
import os
import platform
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from dendrosim.errors import DataError, DendrosimError

PREFIX = ".dendrosim-"
_FORGOTTEN = 7 * 24 * 3600.0  # seconds after which what another machine left may go; its locks are not seen from here


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place, see it safely to the disk, and rename it over what is there."""
    with replacing(path) as new:
        new.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path of the same name for others to write to, and rename it over the file at the end.

    Missing folders are made, and the mode follows the umask. Where anything fails, nothing is left behind and the file
    is as it was. A link stays, and the file that it leads to is replaced.

    Raises
    ------
    OSError
        The file cannot be written; :func:`write_safely` makes a sentence of it.
    """
    with _beside(path) as new:
        yield new
        new.chmod(new.parent.stat().st_mode & 0o666)  # as the umask made the folder, whatever has written the file
        _to_disk(new)
        new.replace(path.resolve())
        with suppress(OSError):  # not every file system can do this to a folder
            _to_disk(path.resolve().parent)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Make a hidden folder inside another, which is made too if need be, and remove it at the end.

    What killed processes have left there is removed first.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _tidy(parent)
    folder, lock = _locked_folder(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@contextmanager
def locked(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold a folder, which may be renamed meanwhile; the lock dies with its process.

    It holds among the processes and threads of one machine, and not at all where the file system knows no locks.

    Raises
    ------
    BlockingIOError
        Another one holds it, and `wait` is false.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, wait)
        yield
    finally:
        os.close(descriptor)


def check_writable(path: Path, what: str, error: type[DendrosimError] = DataError) -> None:
    """Make sure, before anything is computed, that a file can be written.

    Parameters
    ----------
    path : Path
        The file; folders that are missing above it are made for the attempt only.
    what : str
        What it is, for the sentence of the error.
    error : type
        Of the error.

    Raises
    ------
    DendrosimError
        It cannot be written.
    """
    missing = [folder for folder in path.parents if not os.path.isdir(folder)]  # the innermost first
    try:
        with _beside(path) as probe:
            probe.write_bytes(b"")
    except (OSError, ValueError) as failure:  # a ValueError of a name with a zero byte
        raise error(_not_written(path, what, failure)) from None
    finally:
        for folder in missing:  # what fails before it writes leaves nothing behind
            with suppress(OSError, ValueError):
                folder.rmdir()


def write_safely(
    place: Path, write: Callable[[Path], None], what: str, error: type[DendrosimError] = DataError
) -> None:
    """Write a file, or the files of a folder; if that fails, write elsewhere and say where, so that nothing is lost.

    Parameters
    ----------
    place : Path
        Where.
    write : callable
        Writes to the path that it is given, and does nothing else that might raise an OSError.
    what : str
        What it is, for the sentence of the error.
    error : type
        Of the error.

    Raises
    ------
    DendrosimError
        It is not at its place; the sentence says where it is instead.
    """
    try:
        write(place)
    except BrokenPipeError:  # what reads the output of this program has gone, which is no fault of the file
        raise
    except OSError as failure:
        sentence = _not_written(place, what, failure)
        try:
            instead = elsewhere(place.absolute().parent) / place.name
            write(instead)
        except OSError as again:
            raise error(f"{sentence.removesuffix('.')} (nor in {tempfile.gettempdir()}: {_reason(again)}).") from None
        raise error(f"{sentence.removesuffix('.')} (it is at {instead} meanwhile).") from None


@contextmanager
def writable(path: Path, what: str, error: type[DendrosimError] = DataError) -> Iterator[None]:
    """Turn what the system says when `what` cannot be written at `path` into one sentence."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as failure:
        raise error(_not_written(path, what, failure)) from None


def write_all(*writes: Callable[[], Path]) -> list[Path]:
    """Do every one of several writes, whatever becomes of the others, and return their paths.

    Raises
    ------
    DendrosimError
        The first that failed, with the sentences of all that did.
    """
    paths, failures = [], []
    for write in writes:
        try:
            paths.append(write())
        except DendrosimError as failure:
            failures.append(failure)
    if failures:
        raise type(failures[0])(" ".join(map(str, failures)))
    return paths


@cache
def elsewhere(folder: Path) -> Path:
    """Return the fresh folder that holds all that this process could not write into another one."""
    return Path(tempfile.mkdtemp(prefix="dendrosim-"))


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a path of the same name in a temporary folder beside a file that may be replaced."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise OSError("what is there is no file")
    with temporary_folder(path.parent) as folder:
        yield folder / path.name


def _not_written(place: Path, what: str, failure: Exception) -> str:
    return f"{place}: the {what} cannot be written ({_reason(failure)}); make room for it, or choose another place."


def _reason(failure: Exception) -> str:
    return str(getattr(failure, "strerror", None) or failure)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, wait: bool = False) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        return


@cache
def _machine() -> str:
    import hashlib  # takes a while to load

    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """Make a folder that no other process can take for a forgotten one, and return it with its lock."""
    while True:
        folder = parent / f"{PREFIX}{_machine()}-{secrets.token_hex(8)}"
        folder.mkdir()
        with suppress(FileNotFoundError):  # one that tidies up came between
            lock = os.open(folder, os.O_RDONLY)
            with suppress(BlockingIOError):
                _lock(lock)
                if folder.exists():
                    return folder, lock
            os.close(lock)


def _tidy(parent: Path) -> None:
    """Remove the folders whose processes are gone."""
    for folder in parent.glob(f"{PREFIX}*-*"):
        with suppress(OSError):
            here = folder.name.startswith(f"{PREFIX}{_machine()}-")
            if folder.is_symlink() or not (here or time.time() - folder.stat().st_mtime > _FORGOTTEN):
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
