"""``dendrosim predict`` and ``evaluate``, and trainings that go on: from a run, from weights, to more epochs."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from terminals import called

from dendrosim.model.library import save_model
from dendrosim.training import Run

RANDOM = np.random.default_rng(0)
STIMULI = RANDOM.normal(size=(60, 3))
LABELS = np.where(STIMULI[:, 0] > 0, "right", "left")
MODEL = """
data = "file:mine.npz"
input = [3]
layers = [{ kind = "dense", units = 6 }, { kind = "dense", units = 2 }]
[training]
epochs = 2
batch_size = 8
learning_rate = 0.02
schedule = "SCHEDULE"
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder with a model, its data, and a finished run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(MODEL.replace("SCHEDULE", "cosine"))
    np.savez("mine.npz", stimuli=STIMULI, labels=LABELS)
    pd.DataFrame(STIMULI, columns=list("abc")).assign(side=LABELS).to_csv("mine.csv", index=False)
    assert done("train", "mine.toml", "--out", "run")
    return tmp_path


def done(*words):
    status, out, err = called([*map(str, words)])
    assert status == 0, err
    return " ".join(out.split())


def refused(*words):
    status, _, err = called([*map(str, words)])
    assert status == 1
    assert err.count("\n") == 1
    return err


def test_predict_writes_the_outputs_and_the_class_of_each_sample(mine):
    np.save("stimuli.npy", STIMULI)
    run = Run.load("run")
    outputs = run.predict(STIMULI)
    for file in ("stimuli.npy", "mine.npz", "mine.csv#side"):
        assert "mine has seen 60 samples. Written: predictions.csv" in done("predict", "run", file, "--overwrite")
        table = pd.read_csv("predictions.csv")
        assert list(table) == ["sample", "output left", "output right", "class"]
        np.testing.assert_allclose(table[["output left", "output right"]], outputs, atol=1e-6)
        assert list(table["class"]) == [run.classes[place] for place in outputs.argmax(axis=1)]
    done("predict", "run", "mine.npz", "--out", "outputs.npy")
    np.testing.assert_array_equal(np.load("outputs.npy"), outputs)


def test_a_table_with_its_columns_in_another_order_is_read_by_their_names(mine):
    (mine / "mine.toml").write_text((mine / "mine.toml").read_text().replace("file:mine.npz", "file:mine.csv#side"))
    done("train", "mine.toml", "--out", "of-table")
    table = pd.read_csv("mine.csv")
    table[["side", "c", "b", "a"]].to_csv("other.csv", index=False)
    measured = done("evaluate", "of-table", "--data", "mine.csv#side").replace("mine.csv", "other.csv")
    assert done("evaluate", "of-table", "--data", "other.csv#side") == measured
    done("predict", "of-table", "other.csv", "--out", "all.csv")
    table[["c", "b", "a"]].to_csv("other.csv", index=False)
    done("predict", "of-table", "other.csv", "--out", "without.csv")
    done("predict", "of-table", "mine.csv#side", "--out", "first.csv")
    assert (mine / "all.csv").read_text() == (mine / "first.csv").read_text() == (mine / "without.csv").read_text()
    table[["side", "c", "b", "a"]].to_csv("mine.csv", index=False)
    assert "are not those of the run; order them as run.columns" in refused("evaluate", "of-table")
    table.drop(columns="b").to_csv("other.csv", index=False)
    assert "there is no column 'b'; give all that were learned from" in refused("predict", "of-table", "other.csv")


def test_evaluate_measures_splits_of_the_run_and_files(mine):
    run = Run.load("run")
    accuracy = f"Accuracy {100 * run.test['accuracy']:.2f} %, loss {run.test['loss']:.4f}"
    assert f"{accuracy} on the test split of 'file:mine.npz'." in done("evaluate", "run")
    assert "on the train split of" in done("evaluate", "run", "--split", "train")
    whole = run.evaluate(STIMULI, LABELS)
    for file in ("mine.npz", "file:mine.npz", "mine.csv#side"):
        said = done("evaluate", "run", "--data", file)
        assert f"Accuracy {100 * whole['accuracy']:.2f} %" in said
        assert f"on 60 samples of {file.removeprefix('file:')}." in said
    np.savez("split.npz", stimuli=STIMULI, labels=LABELS, test_stimuli=STIMULI[:7], test_labels=LABELS[:7])
    assert "on 7 samples of split.npz (its test split)." in done("evaluate", "run", "--data", "split.npz")


def test_relax_and_train_take_a_run_folder_for_its_weights(mine):
    assert "local convergence" in done("relax", "mine.toml", "--weights", "run", "--presentations", 2)
    said = done("train", "mine.toml", "--weights", "run", "--out", "further")
    assert "Starting from run." in said
    first = [Run.load(folder).history["train_loss"][0] for folder in ("run", "further")]
    assert first[1] < first[0]
    done("train", "mine.toml", "--weights", "run/weights.safetensors", "--out", "again")
    assert Run.load("again").parameters.digest == Run.load("further").parameters.digest


def test_resume_with_more_epochs_goes_on_and_says_what_becomes_of_the_schedule(mine):
    said = done("train", "mine.toml", "--out", "run", "--resume", "--epochs", 4)
    assert "Going on after epoch 2 to 4 epochs in the place of 2: the cosine schedule is stretched over all" in said
    assert len(Run.load("run").history) == 4
    assert "Going on" not in done("train", "mine.toml", "--out", "run", "--resume", "--epochs", 4)
    (mine / "mine.toml").write_text(MODEL.replace("SCHEDULE", "constant"))
    done("train", "mine.toml", "--out", "steady")
    said = done("train", "mine.toml", "--out", "steady", "--resume", "--epochs", 3)
    assert "to 3 epochs in the place of 2, as if there had been as many from the start." in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predict", "nowhere", "mine.npz"], "nowhere: there is no such run folder; make one with 'dendrosim train'"),
        (["predict", "run", "nowhere.npy"], "there is no file 'nowhere.npy'"),
        (["predict", "run", "mine.csv"], "the column 'side' holds no numbers; encode it as numbers, or leave it out"),
        (["predict", "run", "mine.npz", "--out", "x.txt"], "predictions are written as .csv or .npy"),
        (["predict", "run", "mine.npz", "--out", "mine.csv"], "already exists; choose another --out"),
        (["predict", "run", "mine.csv#a"], "the column 'side' holds no numbers"),
        (["evaluate", "run", "--split", "tests"], "the split is 'tests'; choose train, validation, test"),
        (["evaluate", "run", "--data", "mine.csv"], "there are no targets; name labels or targets, or FILE.csv#COLUMN"),
        (["evaluate", "run", "--data", "mine.csv#a"], "column 'a' holds fractions or gaps"),
        (["train", "mine.toml", "--out", "run", "--resume", "--epochs", "1"], "training.epochs was 2 and is 1"),
        (["train", "mine.toml", "--out", "run", "--resume", "--weights", "run"], "leave out --weights, or --resume"),
        (["train", "mine.toml", "--out", "new", "--weights", "nowhere"], "there is no such weights file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words, message, mine):
    assert message in refused(*words)
    assert not (mine / "new").exists()


def test_cells_with_weights_of_a_rule_that_predicts_otherwise_come_with_a_sentence_on_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for rule, told in (("hebbian", True), ("dll", False)):
        done("train", "digits-mlp", "--rule", rule, "--epochs", 1, "--out", rule)
        weights = ("digits-mlp", "--weights", f"{rule}/weights.safetensors")
        for words in (("relax", *weights, "--presentations", 1), ("play", *weights, "--no-open")):
            said = done(*words, "--out", f"{rule}.{words[0]}")
            assert ("'hebbian', which trained these weights, predicts otherwise" in said) is told
    assert "has the rule 'hebbian', which predicts otherwise" in refused("play", "hebbian", "--no-open")


def test_digits_without_labels_of_the_users_own_have_classes_by_number(tmp_path, monkeypatch):
    from trainings import training_of

    from dendrosim.data import load_data

    monkeypatch.chdir(tmp_path)
    model = training_of("mlp", epochs=1)
    save_model(model, tmp_path / "digits.toml")
    done("train", "digits.toml", "--out", "run")
    np.save("some.npy", load_data(model).test.stimuli[:3])
    done("predict", "run", "some.npy")
    table = pd.read_csv("predictions.csv")
    assert list(table)[1] == "output 0"
    assert set(table["class"]) <= set(range(10))


def test_a_stranger_trains_predicts_and_evaluates_from_the_shell(mine):
    for words in (["train", "mine.toml"], ["predict", "run", "mine.npz"], ["evaluate", "run", "--data", "mine.npz"]):
        result = subprocess.run(
            [sys.executable, "-m", "dendrosim", *words], cwd=mine, capture_output=True, text=True, timeout=300
        )
        assert result.returncode == 0, result.stderr
    assert "Accuracy" in result.stdout
    assert len(pd.read_csv("predictions.csv")) == 60
