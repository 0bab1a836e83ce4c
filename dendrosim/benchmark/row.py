"""Rows of a table as they stand in its file: what a line has to be to count as a finished training."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dendrosim.benchmark.tables import RULES

Row = dict[str, Any]


class _Form(BaseModel):
    """What tables and figures read of a row; others keys are kept as they are."""

    model_config = ConfigDict(strict=True, extra="allow")

    key: str
    model: str
    rule: str
    variant: str
    seed: int
    epochs: int
    test: dict[str, float]
    seconds: float
    machine: str
    command: str
    gradient_angles: dict[str, Annotated[list[float | None], Field(min_length=1)]] = {}
    diverged: str = ""


def read_row(line: bytes) -> Row | None:
    """Return the row that a line holds; None for a line that was cut off by a crash, or was never one of ours."""
    try:
        row = json.loads(line.decode("utf-8"))
        known = _Form.model_validate(row).rule in RULES
    except (ValueError, RecursionError, ValidationError):
        return None
    return row if known and (row["test"] or "diverged" in row) else None
