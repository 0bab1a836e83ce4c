"""Runs that are read from their folders predict and do as well as when they were trained, and are trained further."""

import json
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from networks import dense, model_of
from trainings import training_of

import dendrosim as ds
from dendrosim.circuit import Circuit
from dendrosim.data import load_data
from dendrosim.equilibrium import Network
from dendrosim.errors import DataError, ModelError, OtherPrediction, ParametersError, RunError
from dendrosim.model import Parameters
from dendrosim.model.library import save_model
from dendrosim.registry import RULES
from dendrosim.training import Hardware, Run, train

RANDOM = np.random.default_rng(0)
STIMULI = RANDOM.normal(size=(60, 4))
LABELS = np.where(STIMULI[:, 0] > 0, "right", "left")
DATA = ds.Dataset.from_arrays(STIMULI, LABELS)
OWN = ds.Model(input=[4], layers=[dense(6), dense(2)], training={"epochs": 2, "batch_size": 8})

RUNS = {
    "mlp": training_of("mlp", epochs=2),
    "cnn": training_of("cnn", epochs=1),
    "rnn": training_of("rnn", epochs=1),
    "patience": training_of("mlp", epochs=20, patience=1, learning_rate=0.1),
    "hebbian": training_of("mlp", epochs=1, rule="hebbian", optimizer="sgd"),
    "r-stdp": training_of("mlp", epochs=1, rule="r-stdp", optimizer="sgd"),
    "equilibrium propagation": training_of("mlp", epochs=1, rule="equilibrium-propagation"),
    "regression": model_of(
        [10, 1],
        [{"kind": "recurrent", "units": 4}, dense(1)],
        data="mackey-glass",
        output="identity",
        preparation={"task": "forecast"},
        training={"epochs": 1},
    ),
}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A run on arrays, in its folder."""
    folder = tmp_path_factory.mktemp("runs") / "own"
    return train(OWN, data=DATA, folder=folder), folder


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_is_read_again_is_the_same_and_does_as_well(name, tmp_path):
    run = train(RUNS[name], folder=tmp_path / "run")
    read = Run.load(tmp_path / "run")
    assert read.model.model_dump() == run.model.model_dump()
    assert (read.model.name, read.epoch, read.test) == ("small", run.epoch, run.test)
    assert read.parameters.digest == run.parameters.digest
    assert read.history.equals(run.history)
    assert read.evaluate("test") == run.evaluate() == run.test
    losses = run.history["validation_loss"]
    assert read.evaluate("validation")["loss"] == losses[run.epoch - 1]


def test_in_double_precision_too(tmp_path):
    run = train(RUNS["mlp"], folder=tmp_path / "run", hardware=Hardware(dtype="float64"))
    read = Run.load(tmp_path / "run")
    assert read.evaluate("test") == run.test
    assert read.predict(read.data.test.stimuli[:2]).dtype == np.float64
    assert read.predict(read.data.test.stimuli[:2], Hardware(dtype="float32")).dtype == np.float32


def test_predictions_are_the_outputs_of_the_network_and_of_the_circuit(own):
    run, _ = own
    circuit = Circuit(run.model, run.parameters, integrator="settle")
    circuit.relax(STIMULI[:5])
    np.testing.assert_allclose(run.predict(STIMULI[:5]), circuit.state["output"]["basal"], atol=1e-6)
    np.testing.assert_array_equal(run.predict(STIMULI[:5].tolist()), run.predict(STIMULI[:5]))


def test_many_stimuli_are_predicted_piece_by_piece(own):
    run, _ = own
    many = np.tile(STIMULI, (40, 1))
    np.testing.assert_allclose(run.predict(many), np.tile(run.predict(STIMULI), (40, 1)), atol=1e-6)


def test_a_run_is_evaluated_on_splits_data_sets_and_arrays_with_the_classes_that_it_learned(own):
    run, folder = own
    read = Run.load(folder)
    assert read.classes == ("left", "right")
    assert read.evaluate(DATA) == read.evaluate(DATA.test) == run.test
    right = LABELS == "right"  # one class only, which by itself could not be learned
    expected = np.mean(read.predict(STIMULI[right]).argmax(axis=1) == 1)
    assert read.evaluate(STIMULI[right], LABELS[right])["accuracy"] == pytest.approx(expected)
    assert run.evaluate("train")["loss"] < np.log(2)


def test_a_model_with_parameters_is_evaluated_like_its_run(own, tmp_path):
    run, folder = own
    assert ds.evaluate(run) == ds.evaluate(folder, DATA) == run.test
    codes = (LABELS == "right").astype(int)
    wanted = run.evaluate(STIMULI, LABELS)
    assert ds.evaluate(folder, STIMULI, LABELS) == wanted
    for parameters in (run.parameters, folder, folder / "weights.safetensors"):
        assert ds.evaluate(OWN, DATA, parameters=parameters) == run.test
        assert ds.evaluate(OWN, STIMULI, codes, parameters=parameters) == wanted
    digits = Parameters.initialise(ds.load_model("digits-mlp"), 0)
    measured = ds.evaluate("digits-mlp", "validation", parameters=digits)
    assert measured == Run(ds.load_model("digits-mlp"), digits, run.epochs, 0, {}).evaluate("validation")


def test_weights_of_a_rule_that_predicts_otherwise_than_the_model_are_evaluated_with_a_warning(tmp_path):
    model = training_of("mlp", epochs=1, rule="hebbian", optimizer="sgd")
    run = train(model, folder=tmp_path / "run")
    assert ds.evaluate(model, parameters=tmp_path / "run") == run.test
    with pytest.warns(
        OtherPrediction, match=r"were trained by 'hebbian', and small predicts as 'dll' does; evaluate load"
    ):
        ds.evaluate(training_of("mlp"), parameters=tmp_path / "run")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((OWN, DATA), "model is a model without parameters; give parameters="),
        ((3,), "the network is 3; give a Run, its folder, or a model with parameters"),
    ],
)
def test_a_network_that_is_none_is_not_evaluated(arguments, message, own):
    with pytest.raises(RunError, match=message):
        ds.evaluate(*arguments)
    with pytest.raises(RunError, match="a run has its parameters already"):
        ds.evaluate(own[0], parameters=own[0].parameters)


def test_a_circuit_learns_from_the_split_of_a_data_set_and_its_model_is_evaluated_on_another():
    model = OWN.changed(plasticity={"epochs": 10, "mode": "at-convergence", "streams": 8})
    circuit = Circuit(model, Parameters.initialise(model, 0), integrator="settle")
    learned = circuit.learn(DATA.train.stimuli[:], DATA.train.targets[:])
    for given in (DATA, DATA.train):
        same = Circuit(model, Parameters.initialise(model, 0), integrator="settle").learn(given)
        assert same.parameters.digest == learned.parameters.digest
    before, after = (
        ds.evaluate(model, DATA, parameters=each) for each in (Parameters.initialise(model, 0), learned.parameters)
    )
    assert after["loss"] < before["loss"]
    assert after["accuracy"] > 0.8


def test_a_circuit_is_shown_a_split_with_its_targets_and_compared_on_it():
    circuit = Circuit(OWN, Parameters.initialise(OWN, 0), integrator="settle")
    with pytest.raises(DataError, match="the circuit has no state yet; call relax"):
        ds.compare(circuit, DATA.test)
    circuit.relax(DATA.test)
    error = circuit.state["hidden-1"]["error"]
    assert error.any()
    assert ds.compare(circuit, DATA.test).largest < 1e-9
    circuit.relax(DATA.test.stimuli, DATA.test.targets)
    np.testing.assert_array_equal(circuit.state["hidden-1"]["error"], error)
    with pytest.raises(DataError, match=r"a data set has three splits; give one of them, such as data\.test"):
        circuit.relax(DATA)
    with pytest.raises(DataError, match="there are no targets to learn; give them beside the stimuli, or a data set"):
        circuit.learn(DATA.test.stimuli)
    with pytest.raises(DataError, match="there are no targets, so that all errors vanish"):
        ds.compare(circuit, DATA.test.stimuli)
    with pytest.raises(DataError, match="was relaxed on 12 presentations, and these are 43; give those"):
        ds.compare(circuit, DATA.train)


@pytest.mark.parametrize("rule", RULES.built_in)
def test_a_circuit_predicts_as_its_run_does_or_warns_that_its_rule_does_otherwise(rule):
    optimizer = "sgd" if rule in ("hebbian", "r-stdp") else "adam"
    model = training_of("mlp", epochs=2, rule=rule, optimizer=optimizer, learning_rate=0.02)
    run = train(model.changed(layers=[dense(12), dense(9), dense(10)]))
    stimuli = run.data.test.stimuli[:8]
    circuit = Circuit(run.model, run.parameters, integrator="settle")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", OtherPrediction)
        circuit.relax(stimuli)
    outputs = circuit.state["output"]["basal"]
    if not any(warning.category is OtherPrediction for warning in warned):
        np.testing.assert_allclose(outputs, run.predict(stimuli), atol=1e-5)
        np.testing.assert_allclose(ds.to_torch(run)(torch.tensor(stimuli)).detach(), run.predict(stimuli), atol=1e-6)
    else:
        assert np.abs(outputs - run.predict(stimuli)).max() > 1e-5
        with pytest.raises(ModelError, match="predicts otherwise than by one sweep"):
            ds.to_torch(run)
        with pytest.raises(DataError, match="predicts otherwise than the cells of a page"):
            ds.play.play_page(run.model, run.parameters)


def test_columns_of_a_frame_are_taken_by_their_names_wherever_they_stand(tmp_path):
    frame = pd.DataFrame(STIMULI, columns=list("abcd"))
    data = ds.Dataset.from_arrays(frame, LABELS)
    run = train(OWN, data=data, folder=tmp_path / "run")
    for each in (run, Run.load(tmp_path / "run")):
        assert each.columns == tuple("abcd")
        outputs = each.predict(STIMULI)
        for other in (frame[list("dbca")], frame.assign(more=1.0), frame.assign(word="x")[["word", *"bcda"]]):
            np.testing.assert_array_equal(each.predict(other), outputs)
            assert each.evaluate(other, LABELS) == each.evaluate(STIMULI, LABELS)
        with pytest.raises(DataError, match="there is no column 'c'; give all that were learned from"):
            each.predict(frame.drop(columns="c").assign(e=0.0))
    permuted = ds.Dataset.from_arrays(frame[list("dbca")], LABELS)
    with pytest.raises(DataError, match=r"the columns of .* are not those of the run; order them as run\.columns"):
        run.evaluate(permuted)
    assert train(OWN, data=DATA).columns is None
    assert train(OWN, data=ds.Dataset.from_arrays(pd.DataFrame(STIMULI), LABELS)).columns is None


def test_a_run_keeps_the_name_of_its_model_also_where_it_was_written_by_an_older_version(tmp_path):
    save_model(training_of("mlp", epochs=1), tmp_path / "handwriting.toml")
    train(tmp_path / "handwriting.toml", folder=tmp_path / "run")
    assert Run.load(tmp_path / "run").model.name == "handwriting"
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    del summary["model"]
    (tmp_path / "run" / "summary.json").write_text(json.dumps(summary))
    assert Run.load(tmp_path / "run").model.name == "run"


def test_a_run_is_described_in_a_line(own):
    text = repr(own[0])
    assert text.startswith("Run(model, dll, seed 0, epoch 2 of 2: test accuracy ")
    assert len(text) < 100


def test_a_training_starts_from_given_parameters_and_leaves_them_alone(own):
    run, folder = own
    before = run.parameters.digest
    further = train(OWN, data=DATA, parameters=run.parameters)
    assert run.parameters.digest == before != further.parameters.digest
    for given in (folder, str(folder), folder / "weights.safetensors"):
        assert train(OWN, data=DATA, parameters=given).parameters.digest == further.parameters.digest
    assert further.history["train_loss"][0] < run.history["train_loss"][0]
    drawn = Parameters.initialise(OWN, 0)
    assert train(OWN, data=DATA, parameters=drawn).parameters.digest == run.parameters.digest


def test_what_another_rule_has_of_its_own_is_drawn_where_it_lacks(own):
    run, _ = own
    model = OWN.changed(training={"rule": "direct-feedback-alignment"})
    other = train(model, data=DATA, parameters=run.parameters)
    assert other.parameters.auxiliary.keys() == {"hidden-1"}
    again = train(OWN, data=DATA, parameters=other.parameters)
    assert not again.parameters.auxiliary


def test_a_run_folder_stands_for_its_weights(own):
    run, folder = own
    assert Parameters.load(folder, OWN).digest == run.parameters.digest


@pytest.mark.parametrize(
    ("stimuli", "message"),
    [
        (STIMULI[:, :3], r"stimuli have shape \(60, 3\) where model takes samples of shape \(4,\); give such"),
        (STIMULI[0], r"stimuli have shape \(4,\); give an array of shape \(samples"),
        (STIMULI * np.nan, "sample 0 holds NaN"),
        ("test", "stimuli are <U4"),
    ],
)
def test_stimuli_that_do_not_fit_are_one_sentence(stimuli, message, own):
    with pytest.raises(DataError, match=message):
        own[0].predict(stimuli)


OTHERS = {
    "a split that there is not": (("tests",), DataError, "the split is 'tests'; choose train, validation, test"),
    "stimuli alone": ((STIMULI,), DataError, "there are no targets; give the name of a split, a Dataset, or"),
    "another class": ((STIMULI, ["up"] * 60), DataError, "'up' is no class that was learned; use left, right"),
    "quantities": ((STIMULI, STIMULI), ModelError, "'softmax' gives probabilities, but 'arrays' has quantities"),
    "another width": ((STIMULI[:, :2], LABELS), ModelError, r"input: \[4\] does not fit the stimuli"),
    "frames with other rows": (
        (pd.DataFrame(STIMULI), pd.Series(LABELS, index=range(1, 61))),
        DataError,
        "stimuli and targets have different indexes",
    ),
    "other classes": (
        (ds.Dataset.from_arrays(STIMULI, LABELS == "left"),),
        DataError,
        r"the classes of Dataset\('arrays'.* are not those of the run",
    ),
}


@pytest.mark.parametrize("mistake", OTHERS)
def test_data_that_a_run_cannot_be_evaluated_on_are_one_sentence(mistake, own):
    arguments, error, message = OTHERS[mistake]
    with pytest.raises(error, match=message):
        own[0].evaluate(*arguments)


def test_arrays_are_not_kept_with_a_run(own):
    with pytest.raises(DataError, match=r"no file holds the arrays of this model; pass them, .* to Run\.evaluate"):
        Run.load(own[1]).evaluate("test")


SUMMARIES = {
    "no JSON": "{",
    "a list": "[]",
    "no epoch": '{"model": "m", "test_accuracy": 0.5}',
    "no test": '{"model": "m", "epoch": 1}',
    "a test of words": '{"model": "m", "epoch": 1, "test_accuracy": "good"}',
    "a name of control characters": '{"model": "\\u001b[31m", "epoch": 1, "test_accuracy": 0.5}',
    "classes of lists": '{"model": "m", "epoch": 1, "test_accuracy": 0.5, "classes": [[1]]}',
    "columns of numbers": '{"model": "m", "epoch": 1, "test_accuracy": 0.5, "columns": [1]}',
    "brackets": "[" * 5000,
}


@pytest.mark.parametrize("mistake", SUMMARIES)
def test_a_damaged_summary_is_one_sentence(mistake, own, tmp_path):
    own[0].save(tmp_path / "run")
    (tmp_path / "run" / "summary.json").write_text(SUMMARIES[mistake])
    with pytest.raises(RunError, match=r"its summary or history is damaged .* restore it, or train again") as raised:
        Run.load(tmp_path / "run")
    assert "\n" not in str(raised.value)


def test_folders_that_hold_no_run_and_parameters_that_are_none_are_one_sentence(own, tmp_path):
    run, folder = own
    other = OWN.changed(training={"rule": "direct-feedback-alignment"})
    replace(run, model=other).save(tmp_path / "lacking")
    two = OWN.changed(layers=[dense(7), dense(2)])
    for call, error, message in (
        (lambda: Run.load(tmp_path), RunError, "there is no 'model.toml', so this is no finished run"),
        (lambda: Run.load(3), RunError, "the run folder is 3; give the path"),
        (
            lambda: Run.load(tmp_path / "lacking"),
            ParametersError,
            r"'hidden-1\.auxiliary' has nothing where the rule needs",
        ),
        (lambda: train(OWN, data=DATA, parameters=3), ParametersError, "parameters are 3; give Parameters, a weights"),
        (lambda: train(OWN, data=DATA, parameters=tmp_path), ParametersError, "there is no such weights file"),
        (lambda: train(two, data=DATA, parameters=folder), ParametersError, "these are weights of 4-6-2 tanh softmax"),
        (
            lambda: train(two, data=DATA, parameters=run.parameters),
            ParametersError,
            r"'hidden-1\.W' has shape \(6, 4\)",
        ),
        (
            lambda: train(OWN, data=DATA, parameters=folder, folder=folder, resume=True),
            RunError,
            "has its parameters already; leave out --weights, or --resume",
        ),
    ):
        with pytest.raises(error, match=message):
            call()


STRANGER = """
import numpy as np
import dendrosim as ds

stimuli = np.random.default_rng(0).normal(size=(100, 4))
data = ds.Dataset.from_arrays(stimuli, stimuli[:, :2] - stimuli[:, 2:])
model = ds.Model(
    input=[4],
    layers=[{"kind": "dense", "units": 8}, {"kind": "dense", "units": 2}],
    output="identity",
    training={"epochs": 60, "batch_size": 8, "learning_rate": 0.02},
)
ds.train(model, data=data, folder="run")

run = ds.Run.load("run")
assert run.evaluate(data) == run.test, (run.evaluate(data), run.test)
assert run.test["mse"] < 0.5, run.test
print(run.predict([[1, 0, 0, 1]]).round().tolist())
further = ds.train(model, data=data, parameters="run")
assert further.history["train_loss"][0] < run.history["train_loss"][0]
"""


def test_a_stranger_reads_a_run_predicts_and_trains_it_further(tmp_path):
    (tmp_path / "mine.py").write_text(STRANGER)
    done = subprocess.run([sys.executable, "mine.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[[1.0, -1.0]]\n"


def test_the_data_of_a_run_are_loaded_when_they_are_asked_for(tmp_path, monkeypatch):
    train(training_of("mlp", epochs=1), folder=tmp_path / "run")
    read = Run.load(tmp_path / "run")
    assert len(read.data.test) == len(load_data(read.model).test)
    assert read.data is read.data
    assert Network(read.model).model.name == "small"
