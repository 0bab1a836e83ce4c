"""What pages are made of, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from dendrosim.checks import path_of
from dendrosim.files import check_writable, replace_file, write_safely


def sources(package: str, *names: str) -> str:
    """Return files of a package one after another, as one text."""
    return "\n".join(files(package).joinpath(name).read_text(encoding="utf-8") for name in names)


def filled(body: str, shell: Mapping[str, str]) -> str:
    """Return a page of the head that all pages share and a body, with what is different in its places."""
    return Template(sources("dendrosim.view", "head.html") + body).substitute(shell)


def write_html(path: str | Path, make: Callable[[], str]) -> Path:
    """Check a place before the page is made, write it there, and return the file.

    Raises
    ------
    DataError
        The file cannot be written; if only at the end, the sentence says where the page is instead.
    """
    path = path_of(path, "the page")
    check_writable(path, "page")
    content = make().encode()
    write_safely(path, lambda place: replace_file(place, content), "page")
    return path
