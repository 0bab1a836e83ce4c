"""The tables of the paper as commands: resumed, resumable where a worker died, and honest about failures."""

import json
import os
import signal
import tomllib
from pathlib import Path

import pytest

from dendrosim import cli
from dendrosim.benchmark import comparison, runner, table, tables
from dendrosim.benchmark.tables import RULES, TABLES, Cell
from dendrosim.errors import ModelError, RunError
from dendrosim.model import load_model


def bench(*arguments, out, runs):
    cli.app(["bench", *arguments, "--out", str(out), "--runs", str(runs)], standalone_mode=False)


def test_a_table_writes_rows_markdown_and_a_figure_and_does_not_run_a_finished_cell_again(tmp_path, capsys):
    folders = {"out": tmp_path / "results", "runs": tmp_path / "runs"}
    bench("sequences", "--quick", "--epochs", "1", **folders)
    rows = [json.loads(line) for line in (tmp_path / "results" / "sequences.jsonl").read_text().splitlines()]
    assert [row["rule"] for row in rows] == list(TABLES["sequences"].rules)
    assert {"model", "seed", "seconds", "machine", "command", "test"} <= set(rows[0])
    assert rows[0]["command"] == "dendrosim bench sequences --seeds 1 --epochs 1 --quick"
    written = (tmp_path / "results" / "sequences.md").read_text()
    assert all(rule in written for rule in TABLES["sequences"].rules)
    for figure in ("sequences.png", "sequences-angles.png"):
        assert (tmp_path / "results" / figure).stat().st_size > 5000
    before = (tmp_path / "results" / "sequences.jsonl").read_bytes()
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("weights.safetensors")}
    bench("sequences", "--quick", "--epochs", "1", **folders)
    assert (tmp_path / "results" / "sequences.jsonl").read_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("weights.safetensors")} == times


def _killed_once(cell, folder, command):
    """Train a cell, but kill the worker in the second epoch of the first attempt."""
    from dendrosim.training.trainer import Trainer

    flag, epoch = folder / "killed", Trainer.epoch

    def dying(self, progress):
        if len(self.history) == 1 and not flag.exists():
            flag.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return epoch(self, progress)

    Trainer.epoch = dying
    try:
        return original(cell, folder, command)
    finally:
        Trainer.epoch = epoch


original = runner.train_cell


def test_a_worker_that_dies_costs_a_cell_one_epoch_and_changes_nothing(tmp_path, monkeypatch, client):
    cell = Cell("digits-mlp", "dll paper", 0, {"training": {"epochs": 3}})
    wanted = original(cell, tmp_path / "undisturbed", "")
    monkeypatch.setattr(runner, "train_cell", _killed_once)
    rows = run([cell], tmp_path, client)
    assert (tmp_path / "runs" / "killed").exists()
    assert rows[0]["test"] == wanted["test"]
    assert rows[0]["epochs"] == 3


@pytest.fixture(scope="module")
def client():
    with runner.workers(1, None) as started:
        yield started


def run(cells, folder, client):
    rows = []
    runner.run_cells(cells, folder / "rows.jsonl", folder / "runs", "command", client, rows.append)
    return rows


GOOD = Cell("digits-mlp", "backpropagation", 0, {"training": {"epochs": 1}})


def test_a_rule_that_diverges_is_a_row_that_says_so(tmp_path, client):
    fast = {"epochs": 1, "optimizer": "sgd", "learning_rate": 3e38}
    rows = run([Cell("digits-mlp", "dll paper", 0, {"training": fast}), GOOD], tmp_path, client)
    assert "diverged in epoch 1" in rows[0]["diverged"]
    lines = comparison.lines(TABLES["rules"], rows)
    table = comparison.markdown(TABLES["rules"], lines, rows)
    rules = {line.split("|")[2].strip(): line for line in table.splitlines() if line.startswith("| digits-mlp")}
    assert "diverged" in rules["dll paper"]
    assert "diverged" not in rules["backpropagation"]


def test_a_training_that_cannot_be_done_is_an_error_once_all_others_are_finished(tmp_path, client):
    impossible = Cell("digits-mlp", "dll fixed", 0, {"data": "mnist"})
    with pytest.raises(RunError, match=r"1 of 2 trainings failed.*does not fit|1 of 2 trainings failed.*not there"):
        run([impossible, GOOD], tmp_path, client)
    assert [row["key"] for row in runner.finished(tmp_path / "rows.jsonl")] == [GOOD.key]


def test_a_line_that_was_cut_off_is_not_taken_for_a_row(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key": "a"}\n{"key": "b", "te')
    assert runner.finished(path) == [{"key": "a"}]


def test_a_worker_manages_its_memory_as_a_training_outside_of_a_table_does(client):
    assert client.submit(os.environ.get, "MALLOC_TRIM_THRESHOLD_").result() is None


def test_a_scheduler_that_does_not_answer_is_an_error():
    with pytest.raises(RunError, match="no Dask scheduler answers"), runner.workers(1, "tcp://127.0.0.1:9"):
        pass


def test_data_that_no_model_of_the_table_has_is_an_error_that_names_those_it_has():
    with pytest.raises(ModelError, match="mnist"):
        TABLES["rules"].cells(["mr"], 1, None, False)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_every_table_describes_a_valid_model(name):
    table = TABLES[name]
    for quick in (False, True):
        cells = table.cells([], 2, None, quick)
        assert len({cell.key for cell in cells}) == len(cells)
        for cell in cells:
            model = cell.described()
            assert model.training.seed == cell.seed
            assert model.training.rule == ("dll" if cell.rule == "readout only" else cell.rule.split()[0])


def test_every_published_number_belongs_to_a_model_and_a_rule_that_exist():
    published = tomllib.loads((Path(comparison.__file__).parent / "paper.toml").read_text())
    for name, models in published.items():
        assert name in TABLES
        for model, rules in models.items():
            load_model(model)
            assert set(rules) <= {*RULES, "dll"}


def test_a_model_of_kolen_pollack_keeps_its_own_settings_of_that_rule_and_others_get_their_rules():
    assert Cell("digits-cnn", "dll kolen-pollack", 0).described().rules.dll.decay == 0.0
    assert tables.RULES["readout only"][1]["theta_deviation"] == 0.0
    assert Cell("reber-rnn", "dll paper", 0).described().rules.dll.theta_rate == 0.01


def test_the_angles_of_a_table_are_those_of_the_first_seed_of_each_row_that_has_any():
    def row(rule, seed, *angles):
        found = {"hidden-1": list(angles)} if angles else {}
        return {"model": "digits-mlp", "rule": rule, "variant": "", "seed": seed, "gradient_angles": found}

    rows = [
        row("dll fixed", 1, 50.0),
        row("dll fixed", 0, 70.0, 60.0),
        row("hebbian", 0),
        row("backpropagation", 2, 0.0),
    ]
    (histories,) = table._angles(rows).values()
    assert list(histories) == ["backpropagation", "dll fixed"]
    assert histories["dll fixed"].to_dict("list") == {"epoch": [1, 2], "gradient_angle.hidden-1": [70.0, 60.0]}
    assert table._angles([row("hebbian", 0)]) == {}


def test_an_epoch_after_which_a_layer_has_no_angle_leaves_a_gap():
    history = [{"epoch": 1, "gradient_angle.hidden-2": 80.0}, {"epoch": 2, "gradient_angle.hidden-1": 70.0}]
    assert runner._by_epoch(history, "gradient_angle.") == {"hidden-1": [None, 70.0]}


def test_seeds_that_stop_early_at_different_epochs_are_one_row():
    row = {"model": "mr-textcnn", "rule": "dll fixed", "variant": "", "seconds": 10.0}
    rows = [
        row | {"key": f"mr-textcnn-dll-fixed-30-epochs-seed-{seed}", "epochs": epochs, "test": {"accuracy": accuracy}}
        for seed, epochs, accuracy in ((0, 9, 0.70), (1, 14, 0.72))
    ]
    (line,) = comparison.lines(TABLES["text"], rows)
    assert (line.seeds, line.epochs) == (2, 12)
    assert line.measured["accuracy"] == pytest.approx((71.0, 1.0))
