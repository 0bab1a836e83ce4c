"""Downloads with checksums: what is wrong or cut short is reported, fetched again, and never used."""

from __future__ import annotations

import logging
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pooch
from rich.progress import Progress

from dendrosim.data.entry import Download, Entry, File
from dendrosim.data.storage import data_root, entry, file_state, matches, present
from dendrosim.errors import DataError

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
    states = {file: file_state(file) for file in download.files}
    for file, state in states.items():
        if state in ("complete", "unverified"):
            report(f"{data_root() / present(file).path}: already there.")
        if state == "damaged":
            report(f"{data_root() / present(file).path}: damaged, so it is fetched again.")
    if not {"missing", "damaged"} & set(states.values()):
        return
    if not download.url:
        paths = ", ".join(str(data_root() / file.path) for file in download.files)
        raise DataError(f"no address offers {paths} as it is: {wanted.note}")
    if download.files[0].member:
        archive = data_root() / download.url.rpartition("/")[2]
        _retrieve(download.url, archive, download.checksum, report, progress)
        for file in download.files:
            _extract(archive, file)
            report(f"{data_root() / file.path}: fetched.")
        archive.unlink()
    else:
        (file,) = download.files
        _retrieve(download.url, data_root() / file.path, file.checksum, report, progress)
        report(f"{data_root() / file.path}: fetched.")


def _retrieve(url: str, target: Path, checksum: str, report: Report, progress: Progress) -> None:
    """Download one file beside its target and rename it over it once its checksum is right."""
    logging.getLogger(pooch.get_logger().name).setLevel(logging.WARNING)
    for attempt in range(1, ATTEMPTS + 1):
        bar = _Bar(progress, target.name)
        try:
            pooch.retrieve(
                url,
                checksum or None,
                fname=target.name,
                path=target.parent,
                downloader=pooch.HTTPDownloader(progressbar=bar),
            )
        except (ValueError, OSError) as error:  # a wrong checksum; a connection that broke, or a folder
            report(f"{url}: attempt {attempt} of {ATTEMPTS} failed, nothing of it is used ({_reason(error)}).")
        else:
            if not checksum:
                report(f"{target}: its authors publish no checksum, so it cannot be verified.")
            return
        finally:
            bar.remove()
    raise DataError(
        f"{url} could not be downloaded as the catalog describes it: check the connection and the space in "
        f"{data_root()}, or put the file at {target} yourself."
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError) and "hash" in str(error):
        return "wrong checksum"
    return f"{type(error).__name__}: {error}"


def _extract(archive: Path, file: File) -> None:
    """Write one member of an archive beside its target, and rename it over it."""
    target = data_root() / file.path
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as packed, packed.open(file.member) as member:
                _copy(member, partial)
        else:
            with tarfile.open(archive) as packed_tar, packed_tar.extractfile(file.member) as member:  # type: ignore[union-attr]
                _copy(member, partial)
        if file.checksum and not matches(partial, file.checksum):
            raise DataError(f"{archive}: '{file.member}' in it is not the file that the catalog describes; delete it.")
        partial.replace(target)
    except (OSError, KeyError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{archive}: this archive cannot be unpacked ({error}): delete it and fetch it again."
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def _copy(member: IO[bytes], path: Path) -> None:
    with path.open("wb") as file:
        while piece := member.read(1 << 20):
            file.write(piece)


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
