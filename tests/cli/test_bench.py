"""The benchmark of the circuit, on small networks: every row is measured and written."""

import json

import pytest
from typer.testing import CliRunner

from dendrosim.cli import app


@pytest.mark.slow
def test_the_benchmark_writes_a_table_and_a_line_for_every_row(tmp_path):
    result = CliRunner().invoke(app, ["bench", "circuit", "--quick", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in (tmp_path / "circuit.jsonl").read_text(encoding="utf-8").splitlines()]
    table = (tmp_path / "circuit.md").read_text(encoding="utf-8")
    assert len(rows) == 21
    assert all(row["value"] > 0 and row["quantity"] in table for row in rows)
    assert "dendrosim bench circuit --quick" in table
