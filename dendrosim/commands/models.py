"""The command ``dendrosim models``: the models that ship."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from dendrosim.commands.terminal import console

if TYPE_CHECKING:
    from rich.table import Table


def models() -> None:
    """List the models that ship with dendrosim: their data, and the tables of other settings (train --settings)."""
    from dendrosim.model import available_models, load_model
    from dendrosim.model.library import other_settings
    from dendrosim.registry import RULES

    rows = []
    for name in available_models():
        model, others = load_model(name), [each for each in other_settings(name) if each not in RULES]
        rows.append((name, model.data, model.architecture, ", ".join(others)))
    table = columns(("model", "data", "network", "settings"), rows, cut="network")
    console.print(table)


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]], cut: str) -> "Table":
    """Return a table of one line a row, which cuts one column where the terminal is narrow."""
    from rich.table import Column, Table

    table = Table(*(Column(head, no_wrap=head != cut) for head in heads))
    for row in rows:
        cells = dict(zip(heads, row, strict=True))
        table.add_row(*(cells | {cut: Text(cells[cut], no_wrap=True, overflow="ellipsis")}).values())
    return table
