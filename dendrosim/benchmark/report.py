"""Benchmarks on paper: rows as JSON lines, and a Markdown table with the command and the machine beside it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any


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
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = ["| quantity | measured | target |", "|---|---|---|"]
    with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row | {"command": command}, ensure_ascii=False) + "\n")
            lines.flush()
            table.append(f"| {row['quantity']} | {row['measured']} | {row['target']} |")
    text = [f"# {name}", "", f"`{command}` on {machine()}.", "", *table, ""]
    path = folder / f"{name}.md"
    path.write_text("\n".join(text), encoding="utf-8")
    return path


def machine() -> str:
    """Return processor and versions in one line."""
    told = Path("/proc/cpuinfo")
    names = (
        [line.split(": ")[1] for line in told.read_text().splitlines() if "model name" in line] if told.exists() else []
    )
    processor = names[0] if names else platform.processor()
    versions = ", ".join(f"{package} {version(package)}" for package in ("brian2", "numpy", "torch", "dendrosim"))
    return f"{os.cpu_count()} cores of {processor}, Python {platform.python_version()}, {versions}"
