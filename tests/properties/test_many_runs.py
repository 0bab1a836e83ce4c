"""``ds.train_many``: rows are those of single runs, in one process or several; failures are rows; sweeps go on."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from networks import dense
from trainings import training_of

import dendrosim as ds
from dendrosim.errors import DataError, ModelError, RunError
from dendrosim.rules import Rule
from dendrosim.training import Hardware, Run, train
from dendrosim.training.trainer import Trainer

RANDOM = np.random.default_rng(0)
STIMULI = RANDOM.normal(size=(60, 4))
DATA = ds.Dataset.from_arrays(STIMULI, np.where(STIMULI[:, 0] > 0, "right", "left"))
OWN = ds.Model(input=[4], layers=[dense(6), dense(2)], training={"epochs": 2, "batch_size": 8})
RULES = ["dll", "backpropagation"]
ONE = Hardware(threads=1)


class Broken(Rule):
    """Fails as a stranger's code does."""

    name = "broken"

    def updates(self, network, parameters, state, targets):
        raise KeyError("mine")


class Explosive(Rule):
    """Diverges at once."""

    name = "explosive"

    def updates(self, network, parameters, state, targets):
        for name, weights in parameters.items():
            yield name, weights * float("inf")


def test_each_row_is_the_run_of_its_rule_and_seed():
    table = ds.train_many(OWN, seeds=[0, 5], rules=RULES, data=DATA)
    assert list(table.columns) == [
        "rule", "seed", "test_accuracy", "test_loss", "epochs", "epoch", "seconds", "folder", "failure",
    ]  # fmt: skip
    assert list(zip(table["rule"], table["seed"], strict=True)) == [(rule, seed) for rule in RULES for seed in (0, 5)]
    for row in table.itertuples():
        run = train(OWN, data=DATA, rule=row.rule, seed=row.seed, hardware=ONE)
        assert (row.test_accuracy, row.test_loss) == (run.test["accuracy"], run.test["loss"])
        assert (row.epochs, row.epoch, row.failure, row.folder) == (2, 2, "", "")
        assert row.seconds > 0


@pytest.mark.slow
def test_workers_give_the_rows_of_one_process(tmp_path):
    alone = ds.train_many(OWN, seeds=[0, 1], rules=RULES, data=DATA)
    seen = []
    side_by_side = ds.train_many(
        OWN, seeds=[0, 1], rules=RULES, data=DATA, workers=2, folder=tmp_path / "runs", report=seen.append
    )
    same = ["rule", "seed", "test_accuracy", "test_loss", "epochs", "epoch", "failure"]
    pd.testing.assert_frame_equal(alone[same], side_by_side[same])
    assert len(seen) == 4
    for row in side_by_side.itertuples():
        assert Run.load(row.folder).test["loss"] == row.test_loss


def test_a_file_of_a_model_gives_each_rule_its_own_settings_and_the_models_rule_is_the_default(tmp_path):
    assert list(ds.train_many(OWN, seeds=[3], data=DATA)["rule"]) == ["dll"]
    model = training_of("mlp", epochs=1)
    table = ds.train_many(model, seeds=[0], folder=tmp_path)
    assert table["test_accuracy"][0] == train(model, hardware=ONE).test_accuracy


def test_a_run_that_fails_or_diverges_is_a_row_and_the_others_go_on(tmp_path):
    table = ds.train_many(OWN, seeds=[0, 1], rules=[Broken, Explosive, "dll"], data=DATA, folder=tmp_path)
    assert list(table["rule"]) == ["broken"] * 2 + ["explosive"] * 2 + ["dll"] * 2
    assert list(table["failure"][:2]) == ["KeyError: 'mine'"] * 2
    assert table["failure"][2].startswith("training diverged in epoch 1")
    assert table["test_accuracy"].isna().tolist() == [True] * 4 + [False] * 2


def test_a_sweep_that_is_called_again_trains_what_is_missing_and_what_has_changed(tmp_path, monkeypatch):
    epochs, epoch = [], Trainer.epoch
    monkeypatch.setattr(Trainer, "epoch", lambda self, progress: epochs.append(1) or epoch(self, progress))
    first = ds.train_many(OWN, seeds=[0], data=DATA, folder=tmp_path)
    assert len(epochs) == 2
    both = ds.train_many(OWN, seeds=[0, 1], data=DATA, folder=tmp_path)
    assert len(epochs) == 4
    pd.testing.assert_frame_equal(both[:1], first)
    ds.train_many(OWN.changed(training={"learning_rate": 0.1}), seeds=[0], data=DATA, folder=tmp_path)
    assert len(epochs) == 6


def test_a_sweep_that_was_interrupted_goes_on_from_the_last_checkpoint_to_the_same_bits(tmp_path, monkeypatch):
    whole = ds.train_many(OWN, seeds=[0], data=DATA)
    epoch = Trainer.epoch

    def interrupted(self, progress):
        if self.history:
            raise KeyboardInterrupt
        return epoch(self, progress)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "epoch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ds.train_many(OWN, seeds=[0], data=DATA, folder=tmp_path)
    again = ds.train_many(OWN, seeds=[0], data=DATA, folder=tmp_path)
    assert again["test_loss"][0] == whole["test_loss"][0]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"seeds": []}, RunError, r"seeds are \[\]; give a list of one or more"),
        ({"seeds": 3}, RunError, "seeds are 3; give a list"),
        ({"seeds": [1, 1]}, RunError, "a rule or a seed is there twice; give each once"),
        ({"seeds": [-1]}, RunError, "a seed is -1; give a whole number"),
        ({"rules": "dll"}, RunError, "rules are 'dll'; give a list"),
        ({"rules": ["dlll"]}, ModelError, "there is no learning rule 'dlll'; did you mean 'dll'"),
        ({"workers": 0}, RunError, "workers is 0; give a whole number of at least 1"),
        ({"data": None}, DataError, "no file holds the arrays of this model"),
        ({"scheduler": "tcp://127.0.0.1:9"}, RunError, "no Dask scheduler answers"),
    ],
)
def test_what_no_run_can_do_is_one_sentence_before_any_training(options, error, message, monkeypatch):
    monkeypatch.setattr(Trainer, "epoch", lambda *arguments: pytest.fail("it trained"))
    with pytest.raises(error, match=message):
        ds.train_many(OWN, **{"data": DATA, "seeds": [0]} | options)


TABLE = pd.DataFrame(
    {
        "rule": ["dll"] * 3 + ["mine"] * 3 + ["lost"],
        "seed": [0, 1, 2, 0, 1, 2, 0],
        "test_accuracy": [0.9, 0.8, 1.0, 0.5, np.nan, 0.7, np.nan],
        "failure": [""] * 7,
    }
)


def test_the_figure_of_runs_shows_each_of_them_their_mean_and_their_deviation():
    ax = ds.plot.runs(TABLE)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "dll", "mine (1 of 3 failed)", "lost (1 of 1 failed)",
    ]  # fmt: skip
    dots = [line.get_xdata() for line in ax.lines if line.get_markersize() == 3]
    np.testing.assert_allclose(dots[0], [90, 80, 100])
    np.testing.assert_allclose(dots[1], [50, 70])
    means = [container.lines[0].get_xdata()[0] for container in ax.containers]
    np.testing.assert_allclose(means, [90, 60])
    bars = [container.lines[2][0].get_segments()[0][:, 0] for container in ax.containers]
    np.testing.assert_allclose(bars, [[80, 100], [60 - 200**0.5, 60 + 200**0.5]])  # standard deviations
    assert ax.get_xlabel() == "test accuracy (%)"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_a_figure_of_what_is_not_there_is_one_sentence():
    with pytest.raises(DataError, match="test_mse"):
        ds.plot.runs(TABLE, "test_mse")
    with pytest.raises(DataError, match="no run has a number for 'test_accuracy'"):
        ds.plot.runs(TABLE[TABLE["rule"] == "lost"])


STRANGER = """
import numpy as np
import dendrosim as ds


class Mine(ds.Rule):
    name = "mine"

    class Settings(ds.Rule.Settings):
        gain: float = 1.0

    def updates(self, network, parameters, state, targets):
        error = self.settings.gain * network.output_error(state, targets)
        for projection in network.projections:
            if projection.above == "output":
                yield f"{projection.name}.W", projection.outer(error, state.sources[projection.name][0])


if __name__ == "__main__":
    stimuli = np.random.default_rng(0).normal(size=(100, 4))
    data = ds.Dataset.from_arrays(stimuli, np.where(stimuli[:, 0] > 0, "right", "left"))
    ds.register_activation("softsign", ds.Activation("z/(1 + abs(z))", slope="(1 - abs(u))**2"))
    layers = [{"kind": "dense", "units": 8}, {"kind": "dense", "units": 2}]
    model = ds.Model(input=[4], layers=layers, activation="softsign")
    table = ds.train_many(model, seeds=range(2), rules=["dll", Mine], data=data, workers=2, folder="runs")
    assert not table["failure"].any(), table
    ds.plot.runs(table).figure.savefig("runs.png")
    print(len(table))
"""


def test_a_stranger_trains_many_runs_in_workers_and_draws_them(tmp_path):
    (tmp_path / "mine.py").write_text(STRANGER)
    done = subprocess.run([sys.executable, "mine.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "4\n"
    assert (tmp_path / "runs.png").stat().st_size > 5000
