"""The file of rows of a table (JSON lines): what is damaged in it is told, and it is only ever replaced as a whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from dendrosim.benchmark.tables import ROWS
from dendrosim.errors import RunError
from dendrosim.files import locked, replace_file, write_safely
from dendrosim.model import Model
from dendrosim.model.rules import spelled

Row = dict[str, Any]

_PARTS = {"data", "input", "layers", "activation", "output", "teacher", "training", "preparation"}


class _TableRow(BaseModel):
    """What a table is made of; a row may hold more."""

    model_config = ConfigDict(extra="allow")
    model: str
    rule: str
    variant: str
    seed: int
    epochs: int
    test: dict[str, float]
    seconds: float
    machine: str
    command: str
    gradient_angles: dict[str, list[float | None]] = {}


def settings_hash(model: Model) -> str:
    """Return a hash of what decides the numbers of a training: data, network, rule with its settings, training, seed.

    Values that are the program's own defaults are left out, so that a key that is new in it changes no hash.
    """
    parts = model.model_dump(mode="json", include=_PARTS, exclude_defaults=True)
    # Θ is drawn as [rules.dll] says under every rule.
    for name in ("dll", model.training.rule):
        settings = model.rules[name]
        if type(settings).model_fields:
            parts[spelled(name)] = settings.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def read_rows(path: Path) -> tuple[list[Row], list[str]]:
    """Return the rows of a file, and a sentence about each that was cut off when its process was killed.

    Raises
    ------
    RunError
        A line is neither.
    """
    try:
        lines = path.read_bytes().split(b"\n") if path.exists() else []
    except OSError as error:
        raise RunError(f"{path}: the rows cannot be read ({error.strerror}); choose another --out.") from None
    rows, notes = [], []
    for number, line in enumerate(lines, 1):
        row = _row(line)
        if row is None and line.strip():
            # Version 0.1 wrote the next row into the line that had been cut off.
            row = _row(line[max(line.rfind(b'{"key"'), 1) :])
            if row is None and number < len(lines):
                raise RunError(
                    f"{path}: line {number} is no row (a JSON object in UTF-8 with a key); correct or delete it."
                )
            notes.append(f"{path}: a row in line {number} was cut off, so its training does not count as finished.")
        rows += [row] if row else []
    return rows, notes


def check_rows(path: Path, rows: Iterable[Row]) -> None:
    """Raise RunError unless each row has what a table is made of."""
    for row in rows:
        try:
            _TableRow.model_validate(row)
        except ValidationError as error:
            key = ".".join(map(str, error.errors()[0]["loc"])) or "a key"
            raise RunError(f"{path}: '{key}' of the row '{row['key']}' cannot be used; delete that row.") from None
        if row["rule"] not in ROWS and not row.get("brought"):
            raise RunError(f"{path}: the row '{row['key']}' is of no rule of the tables; delete that row.")


def add_row(path: Path, row: Row) -> None:
    """Add a row to a file, in the place of an earlier one of the same key.

    Raises
    ------
    RunError
        It cannot be written; the sentence says where the row is instead.
    """

    def write(place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place.parent, wait=True):
            rows = [other for other in read_rows(place)[0] if other["key"] != row["key"]]
            write_rows(place, [*rows, row])

    write_safely(path, write, "row", RunError)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Replace a file of rows."""
    replace_file(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())


def _row(line: bytes) -> Row | None:
    try:
        row = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and isinstance(row.get("key"), str) else None
