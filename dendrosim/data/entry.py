"""What the catalog says of a data set: its files, addresses and checksums, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A file of a data set, in its original format.

    Attributes
    ----------
    path : str
        Below the data root.
    checksum : str
        ``sha256:...`` or ``md5:...``; empty where none is known, so that it cannot be verified.
    member : str
        Its name in the archive that is downloaded; empty if it is downloaded as it is.
    instead : tuple of File
        Files that serve as well, if they are there.
    """

    path: str
    checksum: str
    member: str = ""
    instead: tuple[File, ...] = ()


@dataclass(frozen=True)
class Download:
    """What is downloaded in one go.

    Attributes
    ----------
    url : str
        Empty where no address offers it as it is; the entry's note says how to get it.
    size : int
        Bytes.
    files : tuple of File
        What it holds.
    checksum : str
        Of an archive; a file that is downloaded as it is has its own.
    """

    url: str
    size: int
    files: tuple[File, ...]
    checksum: str = ""


@dataclass(frozen=True)
class Entry:
    """A data set of the catalog.

    Attributes
    ----------
    title, licence, citation : str
        What it is, under which terms, and whom to cite.
    downloads : tuple of Download
        Its files.
    needs : tuple of str
        Other entries that it cannot be read without.
    note : str
        What else to know, or how to make the files that no address offers.
    """

    title: str
    licence: str
    citation: str
    downloads: tuple[Download, ...]
    needs: tuple[str, ...] = ()
    note: str = ""

    @property
    def files(self) -> tuple[File, ...]:
        """All files of all downloads."""
        return tuple(file for download in self.downloads for file in download.files)

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(download.size for download in self.downloads)
