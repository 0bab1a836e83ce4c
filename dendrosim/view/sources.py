"""The scripts and styles that pages are made of."""

from __future__ import annotations

from importlib.resources import files


def sources(package: str, *names: str) -> str:
    """Return files of a package one after another, as one text."""
    return "\n".join(files(package).joinpath(name).read_text(encoding="utf-8") for name in names)
