"""The benchmarks on small networks: every row is measured and written."""

import json

import pytest
import torch
from torch.nn import functional
from typer.testing import CliRunner

from dendrosim.benchmark import cost
from dendrosim.benchmark.tables import TABLES
from dendrosim.commands.main import app
from dendrosim.equilibrium import Network
from dendrosim.errors import RunError
from dendrosim.model import Parameters, load_model


@pytest.mark.slow
def test_the_benchmark_writes_a_table_and_a_line_for_every_row(tmp_path):
    result = CliRunner().invoke(app, ["bench", "circuit", "--quick", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in (tmp_path / "circuit.jsonl").read_text(encoding="utf-8").splitlines()]
    table = (tmp_path / "circuit.md").read_text(encoding="utf-8")
    assert len(rows) == 24
    assert all(row["value"] > 0 and row["quantity"] in table for row in rows)
    assert "dendrosim bench circuit --quick" in table
    assert (tmp_path / "circuit.png").stat().st_size > 5000


def test_the_benchmark_of_the_circuit_draws_the_rows_it_writes(tmp_path, monkeypatch):
    text = {"quantity": "step", "measured": "1 ms", "target": "report", "value": 20.0}
    rows = [text | {"label": "numpy", "seconds": {"circuit": 1e-10, "idiomatic": 2e-9}}, text]
    rows.append(text | {"against": "cells", "measure": "ms", "slope": 2, "points": {"C++": [(1, 2.0), (2, 8.0)]}})
    monkeypatch.setattr("dendrosim.benchmark.circuit.measurements", lambda quick: iter(rows))
    result = CliRunner().invoke(app, ["bench", "circuit", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    written = [json.loads(line) for line in (tmp_path / "circuit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["value"] for row in written] == [20.0] * 3
    assert (tmp_path / "circuit.png").stat().st_size > 5000


@pytest.mark.slow
def test_the_benchmark_of_spikes_measures_their_cost_and_what_they_learn(tmp_path):
    result = CliRunner().invoke(app, ["bench", "spikes", "--quick", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in (tmp_path / "spikes.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 1 + 2 + 5
    assert all(row["value"] > 0 for row in rows)
    assert (tmp_path / "spikes.png").stat().st_size > 5000


def test_the_cost_of_a_step_is_a_table_and_a_figure(tmp_path):
    result = CliRunner().invoke(app, ["bench", "cost", "--quick", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in (tmp_path / "cost.jsonl").read_text(encoding="utf-8").splitlines()]
    table = (tmp_path / "cost.md").read_text(encoding="utf-8")
    assert len(rows) == 3 * (4 + 1) + 2
    assert all(row["value"] > 0 and row["quantity"] in table for row in rows)
    assert (tmp_path / "cost.png").stat().st_size > 5000


def test_the_cost_on_a_gpu_that_is_not_there_is_one_sentence(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    result = CliRunner().invoke(app, ["bench", "cost", "--quick", "--device", "cuda", "--out", str(tmp_path)])
    assert isinstance(result.exception, RunError)
    assert not list(tmp_path.glob("cost*"))


@pytest.mark.gpu
def test_the_cost_on_a_gpu_is_a_table_of_its_own_that_names_the_card(tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("no NVIDIA GPU answers")
    result = CliRunner().invoke(app, ["bench", "cost", "--quick", "--device", "cuda", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert torch.cuda.get_device_name() in (tmp_path / "cost-cuda.md").read_text(encoding="utf-8")


def test_the_cost_of_each_rule_has_a_time_and_bytes_for_each_network(tmp_path):
    result = CliRunner().invoke(app, ["bench", "rule-cost", "--quick", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in (tmp_path / "rule-cost.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 2 * 2 * len(TABLES["rules"].rules)
    assert all(row["value"] > 0 for row in rows)
    # Θ is as large as the weights above the first layer, and has two moments of its own only where it learns apart.
    measured = {
        row["quantity"].split(",")[1].split(" against")[0].strip(): row["value"]
        for row in rows
        if "bytes" in row["quantity"] and "mlp" in row["quantity"]
    }
    assert measured["dll kolen-pollack"] == measured["dll mirror"] == pytest.approx(1.0, abs=0.01)
    assert 1.01 < measured["dll paper"] < 2
    assert measured["dll fixed"] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", ["digits-mlp", "digits-cnn", "reber-rnn"])
def test_the_yardstick_is_the_same_network_and_its_first_loss_is_ours(name):
    model = load_model(name)
    stimuli, targets = cost.random_batch(model, 8)
    parameters = Parameters.initialise(model, 0).map(torch.from_numpy)
    module = cost._module(model)
    wanted = sum(tensor.numel() for tensor in (*parameters.W.values(), *parameters.bias.values()))
    # torch.nn's recurrent network has a second bias, which adds nothing.
    extra = sum(tensor.numel() for key, tensor in module.named_parameters() if "bias_hh" in key)
    assert sum(tensor.numel() for tensor in module.parameters()) == wanted + extra
    network = Network(model)
    ours = network.loss(network.output(network.sweep(parameters, stimuli)), targets)
    theirs = functional.cross_entropy(_with(module, parameters)(stimuli).flatten(0, -2), targets.flatten(0, -2))
    torch.testing.assert_close(theirs, ours, rtol=1e-5, atol=1e-6)


def _with(module, parameters):
    """Give the yardstick our weights."""
    ours = [*parameters.W.values()], [*parameters.bias.values()]
    theirs = (
        [each for each in module.parameters() if each.ndim > 1],
        [each for each in module.parameters() if each.ndim == 1],
    )
    if isinstance(module, cost._Recurrent):
        with torch.no_grad():
            module.recurrent.bias_hh_l0.zero_()
        theirs = theirs[0], [module.recurrent.bias_ih_l0, module.readout.bias]
    with torch.no_grad():
        for group, weights in zip(theirs, ours, strict=True):
            for tensor, weight in zip(group, weights, strict=True):
                tensor.copy_(weight)
    return module
