"""Downloads with checksums: what is wrong or cut short is reported, fetched again, and never used."""

from __future__ import annotations

import logging
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pooch
from rich.progress import Progress

from dendrosim.data.entry import Download, Entry, File
from dendrosim.data.storage import State, data_root, entry, file_state, matches, present
from dendrosim.errors import DataError
from dendrosim.files import check_writable, locked, replacing, temporary_folder, writable

ATTEMPTS = 3

Report = Callable[[str], None]


def fetch(name: str, report: Report, progress: Progress) -> None:
    """Download what is missing or damaged of a data set, and of the sets that it needs.

    Parameters
    ----------
    name : str
        A name of the catalog.
    report : callable
        Called with a sentence whenever a file is there, arrives or fails.
    progress : rich.progress.Progress
        Gets a bar for each download.

    Raises
    ------
    DataError
        The set is not in the catalog, no address offers it, or its download failed three times.
    """
    wanted = entry(name)
    for each in (*wanted.needs, name):
        for download in entry(each).downloads:
            _fetch(entry(each), download, report, progress)


def _fetch(wanted: Entry, download: Download, report: Report, progress: Progress) -> None:
    states = _states(download, report)
    if not _incomplete(states):
        return
    if not download.url:
        paths = ", ".join(str(data_root() / file.path) for file in download.files)
        raise DataError(f"no address offers {paths} as it is: {wanted.note}")
    first = data_root() / download.files[0].path
    # A folder that is made for the attempt only would be taken away from another process that fetches into it.
    with writable(first, "data set"):
        first.parent.mkdir(parents=True, exist_ok=True)
    check_writable(first, "data set")
    with _alone(first.parent, report):
        # Another process may have fetched it since it was looked for, whether this one had to wait for it or not.
        if not _incomplete([file_state(file) for file in download.files]):
            _states(download, report)
            return
        if download.files[0].member:
            _fetch_archive(download, report, progress)
        else:
            with writable(first, "data set"), replacing(first) as new:
                _retrieve(download.url, new, first, download.files[0].checksum, report, progress)
            report(f"{first}: fetched.")


def _states(download: Download, report: Report) -> list[State]:
    """Return the state of each file, and report those that are here."""
    states = [file_state(file) for file in download.files]
    for file, state in zip(download.files, states, strict=True):
        if state in ("complete", "unverified"):
            report(f"{data_root() / present(file).path}: already there.")
        if state == "damaged":
            report(f"{data_root() / present(file).path}: damaged, so it is fetched again.")
    return states


def _incomplete(states: list[State]) -> bool:
    return bool({"missing", "damaged"} & set(states))


@contextmanager
def _alone(folder: Path, report: Report) -> Iterator[None]:
    """Hold a folder against other processes that fetch into it."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(folder))
        except BlockingIOError:
            report(f"{folder}: another process fetches into this folder; waiting for it.")
            held.enter_context(locked(folder, wait=True))
        yield


def _fetch_archive(download: Download, report: Report, progress: Progress) -> None:
    """Take the files that are wanted out of an archive: the user's, where a whole one lies there, or a fresh one."""
    place = data_root() / download.url.rpartition("/")[2]
    with writable(place, "archive"), temporary_folder(data_root()) as folder:
        archive = place
        if not (place.is_file() and download.checksum and matches(place, download.checksum)):
            archive = folder / place.name
            _retrieve(download.url, archive, place, download.checksum, report, progress)
        for file in download.files:
            _extract(archive, file)
            report(f"{data_root() / file.path}: fetched.")


def _retrieve(url: str, target: Path, place: Path, checksum: str, report: Report, progress: Progress) -> None:
    """Download one file to `target`, on its way to `place`, until its checksum is right."""
    for attempt in range(1, ATTEMPTS + 1):
        bar = _Bar(progress, place.name)
        try:
            with _silent_pooch():
                pooch.retrieve(
                    url,
                    checksum or None,
                    fname=target.name,
                    path=target.parent,
                    downloader=pooch.HTTPDownloader(progressbar=bar),
                )
        except (ValueError, OSError) as error:  # a wrong checksum; a connection that broke, or a full disk
            report(f"{url}: attempt {attempt} of {ATTEMPTS} failed, nothing of it is used ({_reason(error)}).")
        else:
            if not checksum:
                report(f"{place}: its authors publish no checksum, so it cannot be verified.")
            return
        finally:
            bar.remove()
    raise DataError(
        f"{url} could not be downloaded as the catalog describes it: check the connection and the space in "
        f"{data_root()}, or put the file at {place} yourself."
    )


@contextmanager
def _silent_pooch() -> Iterator[None]:
    """Keep pooch from reporting what we report."""
    logger = logging.getLogger(pooch.get_logger().name)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError) and "hash" in str(error):
        return "wrong checksum"
    return f"{type(error).__name__}: {error}"


def _extract(archive: Path, file: File) -> None:
    """Write one member of an archive."""
    target = data_root() / file.path
    with writable(target, "data set"), replacing(target) as new:
        with new.open("wb") as written:
            for piece in _pieces(archive, file.member):
                written.write(piece)
        if file.checksum and not matches(new, file.checksum):
            raise DataError(f"{archive.name}: '{file.member}' in it is not the file that the catalog describes.")


def _pieces(archive: Path, name: str) -> Iterator[bytes]:
    try:
        with _member(archive, name) as member:
            while piece := member.read(1 << 20):
                yield piece
    except (OSError, KeyError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        raise DataError(f"{archive.name}: this archive cannot be unpacked ({error}): fetch it again.") from None


@contextmanager
def _member(archive: Path, name: str) -> Iterator[IO[bytes]]:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed, packed.open(name) as member:
            yield member
    else:
        with tarfile.open(archive) as packed_tar, packed_tar.extractfile(name) as member:  # type: ignore[union-attr]
            yield member


class _Bar:
    """What pooch calls a progress bar, drawn by rich."""

    def __init__(self, progress: Progress, name: str):
        self._progress = progress
        self._task = progress.add_task(name, total=None)

    @property
    def total(self) -> float | None:
        return self._progress.tasks[self._task].total

    @total.setter
    def total(self, size: int) -> None:
        self._progress.update(self._task, total=size or None)

    def update(self, size: int) -> None:
        self._progress.advance(self._task, size)

    def reset(self) -> None:
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        self._progress.refresh()

    def remove(self) -> None:
        self._progress.remove_task(self._task)
