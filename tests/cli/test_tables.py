"""The tables of the paper as commands: resumed, resumable where a worker died, and honest about failures."""

import json
import os
import signal
import tomllib
from pathlib import Path

import numpy as np
import psutil
import pytest
from trainings import start

from dendrosim.benchmark import comparison, runner, table, tables
from dendrosim.benchmark.rows import add_row, read_rows, settings_hash
from dendrosim.benchmark.tables import BASELINES, TABLES, VARIANTS, Cell, varied
from dendrosim.commands import main as cli
from dendrosim.errors import ModelError, RunError
from dendrosim.model import load_model
from dendrosim.training import cluster


def bench(*arguments, out, runs):
    cli.app(["bench", *arguments, "--out", str(out), "--runs", str(runs)], standalone_mode=False)


def test_a_table_writes_rows_markdown_and_a_figure_and_does_not_run_a_finished_cell_again(tmp_path, capsys):
    folders = {"out": tmp_path / "results", "runs": tmp_path / "runs"}
    bench("sequences", "--quick", "--epochs", "1", **folders)
    rows = [json.loads(line) for line in (tmp_path / "results" / "sequences.jsonl").read_text().splitlines()]
    rules = [rule for rule in TABLES["sequences"].rules if rule not in BASELINES]  # these are of regressions
    assert [row["rule"] for row in rows] == rules
    assert {"model", "seed", "seconds", "machine", "command", "test"} <= set(rows[0])
    assert rows[0]["command"] == "dendrosim bench sequences --seeds 1 --epochs 1 --quick"
    written = (tmp_path / "results" / "sequences.md").read_text()
    assert all(rule in written for rule in rules)
    for figure in ("sequences.png", "sequences-angles.png"):
        assert (tmp_path / "results" / figure).stat().st_size > 5000
    before = (tmp_path / "results" / "sequences.jsonl").read_bytes()
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("weights.safetensors")}
    bench("sequences", "--quick", "--epochs", "1", **folders)
    assert (tmp_path / "results" / "sequences.jsonl").read_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("weights.safetensors")} == times


OWN = """
data = "file:mine.npz"
input = [3]
layers = [{ kind = "dense", units = 4 }, { kind = "dense", units = 2 }]
[training]
epochs = 1
"""


def test_a_table_is_made_of_a_model_and_data_of_the_users_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(OWN)
    stimuli = np.random.default_rng(0).normal(size=(60, 3))
    np.savez("mine.npz", stimuli=stimuli, labels=stimuli[:, 0] > 0)
    words = ["--model", "mine.toml", "--rule", "backpropagation", "--rule", "dll paper", "--seeds", "2"]
    bench("rules", *words, out="results", runs="runs")
    rows = runner.finished(Path("results/rules.jsonl"))
    assert {(row["model"], row["data"]) for row in rows} == {("mine", "file:mine.npz")}
    assert rows[0]["key"] == "mine-backpropagation-1-epochs-seed-0"
    text = Path("results/rules.md").read_text()
    assert "dendrosim bench rules --model mine.toml --rule backpropagation --rule 'dll paper' --seeds 2" in text
    assert text.count("| mine |") == 2
    assert Path("results/rules.png").stat().st_size > 5000


def test_models_of_one_name_are_refused_before_anything_is_trained(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.toml").write_text(OWN)
    models = [str(tmp_path / folder / "mine.toml") for folder in ("a", "b")]
    with pytest.raises(ModelError, match=r"two of the models .* have one name; rename one of their files"):
        TABLES["rules"].cells([], 1, None, False, models=models)


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


@pytest.mark.slow
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
    with cluster.workers(1, None) as started:
        yield started


def run(cells, folder, client, say=lambda sentence: None):
    rows = []
    runner.run_cells(cells, folder / "rows.jsonl", folder / "runs", "command", client, rows.append, say)
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


def test_a_line_that_was_cut_off_is_not_taken_for_a_row_and_is_told(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"key": "a"}\n{"key": "b", "θ'.encode()[:-1])
    rows, notes = read_rows(path)
    assert rows == runner.finished(path) == [{"key": "a"}]
    assert notes == [f"{path}: a row in line 2 was cut off, so its training does not count as finished."]


def test_the_row_after_one_that_was_cut_off_is_whole(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key": "a"}\n{"key": "b", "te')
    add_row(path, {"key": "c"})
    assert read_rows(path) == ([{"key": "a"}, {"key": "c"}], [])
    path.write_text('{"key": "a"}\n{"key": "b", "te{"key": "c"}\n')  # as version 0.1 added it
    rows, notes = read_rows(path)
    assert rows == [{"key": "a"}, {"key": "c"}]
    assert len(notes) == 1


@pytest.mark.parametrize(
    "line",
    [b'{"model": "a"}', b'{"key": 3}', b'{"key": "\xff"}', b"[1]", b"[" * 10**5, b"1" * 5000],
    ids=range(6),
)
def test_what_is_no_row_is_an_error_that_names_its_line(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"key": "a"}\n' + line + b"\n")
    with pytest.raises(RunError, match=r"rows\.jsonl: line 2 is no row .*; correct or delete it"):
        runner.finished(path)


@pytest.mark.parametrize("change", [{"test": None}, {"seconds": "long"}, {"rule": "none"}, {"model": 3}])
def test_a_row_that_no_table_can_be_made_of_is_an_error_before_anything_is_trained(tmp_path, change):
    path = Path("results/rules.jsonl")
    row = json.loads((Path(__file__).parents[2] / path).read_text().splitlines()[0]) | change
    (tmp_path / "results").mkdir()
    (tmp_path / path).write_text(json.dumps(row) + "\n")
    with pytest.raises(RunError, match="delete that row"):
        bench("rules", "--quick", out=tmp_path / "results", runs=tmp_path / "runs")


def test_rows_that_several_processes_add_at_once_are_all_there(tmp_path):
    def add(first):
        for number in range(first, first + 20):
            add_row(tmp_path / "rows.jsonl", {"key": str(number)})

    processes = [start(add, first) for first in (0, 20)]
    for process in processes:
        process.join()
    assert {row["key"] for row in runner.finished(tmp_path / "rows.jsonl")} == set(map(str, range(40)))
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_a_training_whose_model_was_edited_does_not_count_as_finished(tmp_path, client, monkeypatch):
    first = run([GOOD], tmp_path, client)
    slow = load_model("digits-mlp").changed(training={"learning_rate": 1e-5, "epochs": 1})
    monkeypatch.setattr(Cell, "described", lambda cell: slow)
    monkeypatch.setattr(runner, "train_cell", _trains_slowly)
    said = []
    second = run([GOOD], tmp_path, client, said.append)
    assert second[0]["settings"] != first[0]["settings"]
    assert second[0]["test"] != first[0]["test"]
    assert said == [f"{GOOD.key}: its settings are others than those of its row, so it is trained again."]
    assert runner.finished(tmp_path / "rows.jsonl") == second  # in the place of the old one
    assert run([GOOD], tmp_path, client, said.append) == second
    assert len(said) == 1


def _trains_slowly(cell, folder, command):
    model = load_model("digits-mlp").changed(training={"learning_rate": 1e-5, "epochs": 1})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cell, "described", lambda cell: model)
        return original(cell, folder, command)


def test_rows_of_version_0_1_count_and_it_is_said(tmp_path, client):
    (row,) = run([GOOD], tmp_path, client)
    del row["settings"]
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    said = []
    assert run([GOOD], tmp_path, client, said.append) == [row]
    assert "1 rows of version 0.1 have no hash of their settings and are taken as they are" in said[0]


def test_the_hash_of_settings_knows_what_decides_the_numbers_and_nothing_else():
    model = load_model("digits-mlp", rule="dll")
    others = [
        {"training": {"seed": 1}},
        {"training": {"rule": "backpropagation"}},
        {"layers": [{"kind": "dense", "units": 10}]},
        {"rules": {"dll": {"feedback": "fixed"}}},
        {"data": "digits-images"},
        {"activation": "relu"},
    ]
    same = [
        {"plasticity": {"epochs": 7}},
        {"cell": {"tau_soma": 7.0}},
        {"rules": {"perturbation": {"heads": "output"}}},
    ]
    assert len({settings_hash(model.changed(**change)) for change in others} | {settings_hash(model)}) == 7
    assert {settings_hash(model.changed(**change)) for change in same} == {settings_hash(model)}


def test_nothing_of_a_cluster_listens_to_other_machines(client):
    own = psutil.Process()
    addresses = {
        connection.laddr.ip
        for process in (own, *own.children(recursive=True))
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_a_worker_manages_its_memory_as_a_training_outside_of_a_table_does(client):
    assert client.submit(os.environ.get, "MALLOC_TRIM_THRESHOLD_").result() is None


def test_a_scheduler_that_does_not_answer_is_an_error():
    with pytest.raises(RunError, match="no Dask scheduler answers"), cluster.workers(1, "tcp://127.0.0.1:9"):
        pass


def test_data_that_no_model_of_the_table_has_is_an_error_that_names_those_it_has():
    with pytest.raises(ModelError, match="mnist"):
        TABLES["rules"].cells(["mr"], 1, None, False)


def test_what_a_table_varies_is_a_number_with_a_name_and_its_figure_a_curve(tmp_path):
    assert varied("learning rate 0.0001") == ("learning rate", 1e-4)
    assert varied("learning rate 1e-05") == ("learning rate", 1e-5)
    assert varied("16 steps") == ("steps", 16.0)
    bench("sensitivity", "--quick", "--epochs", "1", "--rule", "backpropagation", out=tmp_path / "out", runs=tmp_path)
    assert sorted(file.name for file in (tmp_path / "out").glob("sens*")) == [
        "sensitivity.jsonl",
        "sensitivity.md",
        "sensitivity.png",
    ]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_every_table_describes_a_valid_model(name):
    table = TABLES[name]
    for quick in (False, True):
        cells = table.cells([], 2, None, quick)
        assert len({cell.key for cell in cells}) == len(cells)
        for cell in cells:
            model = cell.described()
            assert model.training.seed == cell.seed
            assert model.training.rule == ("dll" if cell.rule in ("readout only", *BASELINES) else cell.rule.split()[0])


def test_every_published_number_belongs_to_a_model_and_a_rule_that_exist():
    published = tomllib.loads((Path(comparison.__file__).parent / "paper.toml").read_text())
    for name, models in published.items():
        assert name in TABLES
        for model, rules in models.items():
            load_model(model)
            assert set(rules) <= {*VARIANTS, "dll"}


def test_a_model_of_kolen_pollack_keeps_its_own_settings_of_that_rule_and_others_get_their_rules():
    assert Cell("digits-cnn", "dll kolen-pollack", 0).described().rules.dll.decay == 0.0
    assert tables.VARIANTS["readout only"][1]["theta_deviation"] == 0.0
    assert Cell("reber-rnn", "dll paper", 0).described().rules.dll.theta_rate == 0.01


@pytest.mark.parametrize("feedback", ["fixed", "paper", "released"])
def test_feedback_that_stays_unaligned_is_trained_as_the_model_file_has_it_for_that(feedback):
    unaligned = Cell("cifar-10-mlp", f"dll {feedback}", 0).described()
    assert (unaligned.training.optimizer, unaligned.rules.dll.feedback) == ("sgd", feedback)
    assert Cell("cifar-10-cnn", f"dll {feedback}", 0).described().rules.dll.decay == 0.01
    assert Cell("mnist-cnn", f"dll {feedback}", 0).described().training.optimizer == "adam"  # it has none for that


@pytest.mark.parametrize("feedback", ["mirror", "kolen-pollack"])
def test_feedback_that_is_aligned_is_trained_as_the_model_file_has_it_for_that(feedback):
    aligned = Cell("cifar-10-mlp", f"dll {feedback}", 0).described()
    assert (aligned.training.learning_rate, aligned.rules.dll.feedback) == (1e-4, feedback)
    assert Cell("cifar-10-mlp", "local-losses", 0).described().training.learning_rate == 1e-3


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
    there = table._angles([*rows, row("hebbian", 1, 90.0) | {"model": "mine"}])
    assert there["digits-mlp"]["hebbian"].empty  # which its panel says


def test_the_papers_one_number_of_dll_stands_once_where_its_own_feedback_rule_is_there():
    def row(rule):
        known = {"model": "mnist-mlp", "rule": rule, "variant": "", "key": f"mnist-mlp-{rule}-seed-0"}
        return known | {"test": {"accuracy": 0.97}, "epochs": 5, "seconds": 1.0}

    found = comparison.lines(TABLES["rules"], [row("dll fixed"), row("dll paper"), row("hebbian")])
    numbers = {line.rule: line.published.get("accuracy") for line in found}
    assert numbers == {"dll fixed": None, "dll paper": 97.57, "hebbian": 78.29}
    (alone,) = comparison.lines(TABLES["rules"], [row("dll fixed")])
    assert alone.published["accuracy"] == 97.57


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
