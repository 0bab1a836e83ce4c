"""Benchmarks on paper: rows as JSON lines, and a Markdown table with the command and the machine beside it."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dendrosim.benchmark.rows import write_rows
from dendrosim.errors import RunError
from dendrosim.files import check_writable, replace_file, write_safely


def write_report(rows: Iterable[dict[str, Any]], folder: Path, name: str, command: str) -> Path:
    """Write rows of (quantity, measured, target, value) and return the Markdown file.

    Parameters
    ----------
    rows : iterable of dict
        Written as they come, so that a run that is interrupted keeps what it has measured.
    folder : Path
        Made if it is not there.
    name : str
        Stem of both files.
    command : str
        What made them.

    Raises
    ------
    RunError
        The folder cannot be written, which is found out before the first row is measured; or no longer, and then the
        sentence says where the rows are instead.
    """
    path, lines = folder / f"{name}.md", folder / f"{name}.jsonl"
    check_writable(lines, "report", RunError)
    written: list[dict[str, Any]] = []
    for row in rows:
        written.append(row | {"command": command})
        write_safely(lines, lambda place: write_rows(place, written), "report", RunError)
    table = [f"| {row['quantity']} | {row['measured']} | {row['target']} |" for row in written]
    text = [f"# {name}", "", f"`{command}` on {machine()}.", "", "| quantity | measured | target |", "|---|---|---|"]
    content = "\n".join([*text, *table, ""]).encode()
    write_safely(path, lambda place: replace_file(place, content), "report", RunError)
    return path


def within(settings: Callable[[], AbstractContextManager[Any]], rows: Iterator[Any]) -> Iterator[Any]:
    """Yield rows that are measured within a context, which is left whenever one is yielded.

    Parameters
    ----------
    settings : callable
        Makes the context, such as a number of threads, anew for each row.
    rows : iterator
        Measures the next row when it is asked for.
    """
    while True:
        with settings():
            row = next(rows, None)
        if row is None:
            return
        yield row


def machine() -> str:
    """Return processor and versions in one line."""
    told = Path("/proc/cpuinfo")
    names = (
        [line.split(": ")[1] for line in told.read_text().splitlines() if "model name" in line] if told.exists() else []
    )
    processor = names[0] if names else platform.processor()
    versions = ", ".join(f"{package} {version(package)}" for package in ("brian2", "numpy", "torch", "dendrosim"))
    return f"{os.cpu_count()} cores of {processor}, Python {platform.python_version()}, {versions}"
