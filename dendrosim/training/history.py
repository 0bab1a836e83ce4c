"""The file ``history.csv`` of a run folder: what was measured in each epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dendrosim.files import replace_file

if TYPE_CHECKING:
    import pandas as pd

HISTORY = "history.csv"


def rows_of(history: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table of epochs."""
    return [{str(name): value for name, value in row.items()} for row in history.to_dict("records")]


def write_history(folder: Path, epochs: Sequence[Mapping[str, Any]]) -> None:
    """Replace the history of a run folder; it can be read while the training goes on."""
    names = dict.fromkeys(name for row in epochs for name in row)
    table = io.StringIO()
    writer = csv.DictWriter(table, names, lineterminator="\n")
    writer.writeheader()
    for row in epochs:
        writer.writerow({name: "" if value != value else value for name, value in row.items()})  # NaN is a gap
    replace_file(folder / HISTORY, table.getvalue().encode())
