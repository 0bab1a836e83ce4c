"""``dendrosim search``: what is tried, compared on validation alone, resumed, written, and refused."""

import importlib
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from networks import model_of
from terminals import called
from trainings import training_of

from dendrosim.data import load_data
from dendrosim.errors import ModelError
from dendrosim.model import load_model
from dendrosim.model.keys import changed_by
from dendrosim.model.library import save_model
from dendrosim.training import Hardware, train
from dendrosim.training.search import search
from dendrosim.training.space import read_space
from dendrosim.training.trainer import Trainer

pytest.importorskip("optuna")

MODEL = training_of("mlp", epochs=2)
SPACE = """
"training.learning_rate" = { low = 1e-4, high = 1e-1, log = true }
"layers.0.units" = { low = 4, high = 12, step = 4 }
activation = { choices = ["tanh", "relu"] }
rules.dll.theta_rate = { low = 0.0, high = 1.0 }
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The folder has a model and a space."""
    monkeypatch.chdir(tmp_path)
    save_model(MODEL, tmp_path / "small.toml")
    (tmp_path / "space.toml").write_text(SPACE)


def found_in(folder="found", trials=3, **options):
    return search(MODEL, read_space("space.toml", MODEL), trials, folder, **options)


def test_every_trial_is_of_the_space_and_reaches_what_its_training_reaches_on_validation():
    found = found_in(trials=8)
    assert len(found.trials) == 8
    for row in found.trials.to_dict("records"):
        assert 1e-4 <= row["training.learning_rate"] <= 1e-1
        assert row["layers.0.units"] in (4, 8, 12)
        assert row["activation"] in ("tanh", "relu")
        if row["state"] == "complete":
            keys = ("training.learning_rate", "layers.0.units", "activation", "rules.dll.theta_rate")
            run = train(changed_by(MODEL, {key: row[key] for key in keys}), hardware=Hardware(threads=1))
            assert row["validation_accuracy"] == run.history["validation_accuracy"].iloc[-1]
    assert found.trials["activation"].nunique() == 2


def test_the_best_model_is_a_file_that_train_takes(tmp_path):
    status, out, err = called(["search", "small.toml", "space.toml", "--trials", "4", "--out", "found"])
    assert status == 0, err
    table = pd.read_csv("found/trials.csv")
    best = table.loc[table["validation_accuracy"].idxmax()]
    model = load_model("found/small-best.toml")
    assert model.training.learning_rate == best["training.learning_rate"]
    assert model.layers[0].units == best["layers.0.units"]
    assert model.layers[1] == MODEL.layers[1]
    assert "train it by 'dendrosim train found/small-best.toml'" in " ".join(out.split())
    status, _, err = called(["train", "found/small-best.toml", "--out", "run", "--threads", "1"])
    assert status == 0, err
    history = pd.read_csv("run/history.csv")
    assert history["validation_accuracy"].iloc[-1] == pytest.approx(best["validation_accuracy"], abs=1e-12)


class Poison:
    """A test set that nobody may touch."""

    def __getattr__(self, name):
        pytest.fail(f"the test set was asked for its {name}")

    def __len__(self):
        pytest.fail("the test set was counted")


def test_the_test_set_is_not_touched(monkeypatch):
    module = importlib.import_module("dendrosim.training.search")
    monkeypatch.setattr(module, "load_data", lambda model: replace(load_data(model), test=Poison()))
    assert (found_in().trials["state"] == "complete").all()


def test_the_mean_over_seeds_counts():
    found = found_in(trials=1, seeds=2)
    row = found.trials.iloc[0]
    reached = [
        train(found.best, seed=seed, hardware=Hardware(threads=1)).history["validation_accuracy"].iloc[-1]
        for seed in (0, 1)
    ]
    assert row["validation_accuracy"] == pytest.approx(np.mean(reached), abs=1e-12)


def test_a_search_is_repeatable_and_another_seed_tries_other_values():
    first, again, other = found_in("a").trials, found_in("b").trials, found_in("c", seed=100).trials
    pd.testing.assert_frame_equal(first.drop(columns="seconds"), again.drop(columns="seconds"))
    assert set(first["training.learning_rate"]).isdisjoint(other["training.learning_rate"])


def test_a_search_goes_on_to_more_trials_and_does_not_repeat_itself(monkeypatch):
    first = found_in(trials=2).trials
    more = found_in(trials=4).trials
    pd.testing.assert_frame_equal(more[:2], first)
    assert more["training.learning_rate"].nunique() == 4
    monkeypatch.setattr(Trainer, "epoch", lambda *arguments: pytest.fail("it trained"))
    assert len(found_in(trials=4).trials) == 4


def test_a_trial_that_was_interrupted_does_not_count(monkeypatch):
    epoch = Trainer.epoch
    with monkeypatch.context() as patch:
        calls = []

        def interrupted(self, progress):
            calls.append(1)
            if len(calls) == 4:
                raise KeyboardInterrupt
            return epoch(self, progress)

        patch.setattr(Trainer, "epoch", interrupted)
        status, out, _ = called(["search", "small.toml", "space.toml", "--trials", "3", "--out", "found"])
        assert status == 130
        assert "go on with the same command (found holds its trials)" in " ".join(out.split())
    assert len(pd.read_csv("found/trials.csv")) == 1
    status, _, err = called(["search", "small.toml", "space.toml", "--trials", "3", "--out", "found"])
    assert status == 0, err
    table = pd.read_csv("found/trials.csv")
    assert list(table["state"]) == ["complete"] * 3
    assert list(table["trial"]) == [0, 2, 3]


def test_a_trial_that_diverges_or_cannot_be_is_a_row_and_the_search_goes_on(tmp_path):
    model = MODEL.changed(training={"optimizer": "sgd"})
    (tmp_path / "space.toml").write_text("training.learning_rate = { choices = [0.01, 3e38] }\n")
    found = search(model, read_space("space.toml", model), 6, "found")
    failed = found.trials[found.trials["training.learning_rate"] > 1]
    assert (failed["state"] == "failed").all()
    assert failed["failure"].str.startswith("training diverged in epoch 1").all()
    assert found.best.training.learning_rate == 0.01


def test_a_trial_that_is_worse_than_the_median_is_pruned(tmp_path):
    model = MODEL.changed(training={"epochs": 6})
    (tmp_path / "space.toml").write_text("training.learning_rate = { choices = [0.03, 1e-9] }\n")
    states = search(model, read_space("space.toml", model), 14, "found").trials
    pruned = states[states["state"] == "pruned"]
    assert len(pruned)
    assert (pruned["training.learning_rate"] == 1e-9).all()
    assert pruned["validation_accuracy"].isna().all()


def test_a_regression_is_compared_by_its_mean_squared_error(tmp_path):
    layers = [{"kind": "recurrent", "units": 4}, {"kind": "dense", "units": 1}]
    model = model_of(
        [10, 1],
        layers,
        data="mackey-glass",
        output="identity",
        preparation={"task": "forecast"},
        training={"epochs": 1},
    )
    (tmp_path / "space.toml").write_text('"training.learning_rate" = { low = 1e-3, high = 1e-2 }\n')
    found = search(model, read_space("space.toml", model), 3, "found")
    best = found.trials.loc[found.trials["validation_mse"].idxmin()]
    assert found.best.training.learning_rate == best["training.learning_rate"]


def test_optuna_says_nothing_and_is_left_as_it_was():
    import optuna

    before = optuna.logging.get_verbosity()
    command = [sys.executable, "-m", "dendrosim", "search", "small.toml", "space.toml", "--trials", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(json.dumps(before)) == optuna.logging.get_verbosity()
    assert not math.isnan(pd.read_csv("runs/small-search/trials.csv")["validation_accuracy"][0])


BAD_SPACES = {
    "an unknown key": (
        "training.learning_rat = { low = 1, high = 2 }",
        "training.learning_rat: unknown key; did you mean 'learning_rate'",
    ),
    "an unknown table": ("trainin.epochs = { low = 1, high = 2 }", "trainin: unknown key; did you mean 'training'"),
    "no such layer": (
        '"layers.7.units" = { low = 1, high = 2 }',
        "layers.7.units: there is no entry '7' among 2; count",
    ),
    "a number with keys": ("training.epochs.x = { low = 1, high = 2 }", "training.epochs: "),
    "a value out of range": (
        "training.learning_rate = { low = -1.0, high = 2.0 }",
        "training.learning_rate: .*greater than 0",
    ),
    "a fraction of an epoch": ("training.epochs = { low = 1.5, high = 2.5 }", "training.epochs: "),
    "an unknown choice": (
        'activation = { choices = ["tanh", "tahn"] }',
        "activation: there is no activation 'tahn'; did you mean 'tanh'",
    ),
    "an unknown rule": ('training.rule = { choices = ["dlll"] }', "there is no learning rule 'dlll'"),
    "the data": ('data = { choices = ["digits"] }', "data: all candidates see the same samples; leave it out"),
    "the validation share": ("training.validation = { low = 0.1, high = 0.2 }", "compared on the same samples; leave"),
    "the seed": ("training.seed = { low = 1, high = 2 }", "training.seed: the seeds are those of --seeds"),
    "the cell": (
        "cell.tau_soma = { low = 1.0, high = 2.0 }",
        "it changes nothing of a training in torch; leave it out",
    ),
    "a plain value": ("training.epochs = 3", "training.epochs: 3 is no range; write { low"),
    "no ends": ("training.epochs = { low = 1 }", "training.epochs: high is None, and no number"),
    "another word": ("training.epochs = { low = 1, hihg = 2 }", "training.epochs: hihg: a range has no such key"),
    "ends in turn": ("training.epochs = { low = 2, high = 1 }", "low, 2, is not below high, 1; exchange"),
    "a logarithm of nothing": ("training.clamp = { low = 0.0, high = 1.0, log = true }", "true only above 0"),
    "a step of nothing": ("training.epochs = { low = 1, high = 3, step = 0 }", "step is 0; give a number above 0"),
    "no choices": ("activation = { choices = [] }", "activation: choices are a list of numbers"),
    "nothing": ("", "it is empty; name a key of the model"),
    "no TOML": ("low = ", "this is not a valid TOML file"),
}


@pytest.mark.parametrize("mistake", BAD_SPACES)
def test_a_mistake_in_the_space_is_one_sentence_before_any_training(mistake, tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "epoch", lambda *arguments: pytest.fail("it trained"))
    text, message = BAD_SPACES[mistake]
    (tmp_path / "space.toml").write_text(text)
    with pytest.raises(ModelError, match=rf"^space\.toml: .*{message}|^space\.toml: {message}") as raised:
        read_space("space.toml", MODEL)
    assert "\n" not in str(raised.value)
    status, _, err = called(["search", "small.toml", "space.toml"])
    assert (status, err.count("\n")) == (1, 1)
    assert not (tmp_path / "runs").exists()


def test_a_search_does_not_go_on_with_other_data(tmp_path):
    stimuli = np.random.default_rng(0).normal(size=(60, 3))
    layers = 'input = [3]\nlayers = [{ kind = "dense", units = 2 }]\n[training]\nepochs = 1\n'
    Path("mine.toml").write_text('data = "file:mine.npz"\n' + layers)
    Path("rates.toml").write_text('"training.learning_rate" = { low = 1e-3, high = 1e-2 }')
    np.savez("mine.npz", stimuli=stimuli, labels=np.arange(60) % 2)
    words = ["search", "mine.toml", "rates.toml", "--out", "found", "--trials"]
    assert called([*words, "1"])[0] == called([*words, "2"])[0] == 0
    np.savez("mine.npz", stimuli=stimuli[::-1], labels=np.arange(60) % 2)
    status, _, err = called([*words, "3"])
    assert (status, err.count("\n")) == (1, 1)
    assert "began with other data than 'file:mine.npz', whose train samples are not the same; choose another" in err


def test_another_search_in_the_folder_or_a_damaged_one_is_refused(tmp_path):
    words = ["search", "small.toml", "space.toml", "--trials", "1", "--out", "found"]
    assert called(words)[0] == 0
    assert "holds a search with another model, space or --seeds" in called([*words, "--seeds", "2"])[2]
    (tmp_path / "found" / "search.db").write_text("no database")
    assert "the trials of this search cannot be read" in called(words)[2]
    assert "there is no such file" in called(["search", "small.toml", "nowhere.toml"])[2]


def test_without_optuna_it_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    status, _, err = called(["search", "small.toml", "space.toml", "--out", "found"])
    assert (status, err) == (1, "Error: Optuna is not installed; run pip install 'dendrosim[search]'.\n")
    assert not (tmp_path / "found").exists()
