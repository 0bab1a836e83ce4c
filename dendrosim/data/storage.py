"""Where data sets lie on this machine, and whether they are whole."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from dendrosim.data.catalog import CATALOG
from dendrosim.data.entry import Entry, File
from dendrosim.errors import DataError

State = Literal["complete", "missing", "damaged", "unverified"]


def data_root() -> Path:
    """Return the folder of all data sets: DENDROSIM_DATA, else `dendrosim/data` in the user's cache folder."""
    if named := os.environ.get("DENDROSIM_DATA"):
        return Path(named)
    return platformdirs.user_cache_path("dendrosim") / "data"


def entry(name: str) -> Entry:
    """Return an entry of the catalog.

    Raises
    ------
    DataError
        It is not in the catalog.
    """
    if name not in CATALOG:
        raise DataError(f"there is no data set '{name}' to download; choose {', '.join(CATALOG)}.")
    return CATALOG[name]


def locate(name: str) -> list[Path]:
    """Return the files of a data set, in the order of its catalog entry.

    Raises
    ------
    DataError
        A file is not there; nothing is downloaded.
    """
    files = [present(file) for file in entry(name).files]
    for file in files:
        if not (data_root() / file.path).is_file():
            raise DataError(
                f"the data set '{name}' is not there ({data_root() / file.path} is missing): "
                f"run 'dendrosim data fetch {name}', or set DENDROSIM_DATA to the folder that holds it."
            )
    return [data_root() / file.path for file in files]


def present(file: File) -> File:
    """Return the file, or what lies there instead of it."""
    return next((each for each in (file, *file.instead) if (data_root() / each.path).is_file()), file)


def is_present(name: str) -> bool:
    """Tell whether all files of a data set, and of what it needs, are there; their content is not looked at."""
    wanted = entry(name)
    here = all((data_root() / present(file).path).is_file() for file in wanted.files)
    return here and all(map(is_present, wanted.needs))


@dataclass(frozen=True)
class Checked:
    """What was found of a data set.

    Attributes
    ----------
    name : str
        Its name in the catalog.
    state : {"complete", "missing", "damaged", "unverified"}
        Of the whole set; unverified if it is there, but no checksum is known for some of it.
    detail : str
        The files that are missing, damaged or unverified.
    """

    name: str
    state: State
    detail: str = ""


def check(name: str) -> Checked:
    """Compare the files of a data set with their checksums."""
    states = {present(file).path: file_state(file) for file in entry(name).files}
    worst: State
    for worst in ("damaged", "missing", "unverified"):
        if affected := [path for path, state in states.items() if state == worst]:
            return Checked(name, worst, ", ".join(affected))
    return Checked(name, "complete")


def file_state(file: File) -> State:
    """Compare one file, or what lies there instead of it, with its checksum."""
    file = present(file)
    path = data_root() / file.path
    if not path.is_file():
        return "missing"
    if not file.checksum:
        return "unverified"
    return "complete" if matches(path, file.checksum) else "damaged"


def matches(path: Path, checksum: str) -> bool:
    """Tell whether a file has a checksum of the form ``sha256:...`` or ``md5:...``."""
    algorithm, _, digest = checksum.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == digest
