"""Arrays, frames, lists and torch data sets of the user's own: what becomes of them, and how they are refused."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from networks import dense, model_of
from torch.utils.data import TensorDataset

import dendrosim as ds
from dendrosim.errors import DataError, ModelError
from dendrosim.training import train

RANDOM = np.random.default_rng(0)
STIMULI = RANDOM.normal(size=(60, 4))
LABELS = np.where(STIMULI[:, 0] > 0.5, 7, np.where(STIMULI[:, 1] > 0, -2, 3))
DATA = ds.Dataset.from_arrays(STIMULI, LABELS)
SPLITS = ("train", "validation", "test")


def model_for(outputs, shape=(4,), **tables):
    """A small network without a data set of its own."""
    return ds.Model(input=list(shape), layers=[dense(5), dense(outputs)], **tables)


def everything(data, what):
    return np.concatenate([np.asarray(getattr(getattr(data, split), what)[:]) for split in SPLITS])


def same(one, other):
    for what in ("stimuli", "targets"):
        np.testing.assert_array_equal(everything(one, what), everything(other, what), err_msg=what)


def test_classes_of_any_whole_numbers_and_strings_become_output_cells_and_are_kept():
    for labels in (LABELS, [f"class {each}" for each in LABELS], LABELS.astype(object), LABELS > 0):
        data = ds.Dataset.from_arrays(STIMULI, labels)
        assert data.classes == tuple(np.unique(np.array(labels)).tolist())
        assert data.outputs == len(data.classes)
        wanted = dict(zip(map(tuple, STIMULI.astype(np.float32)), labels, strict=True))
        for part in (data.train, data.validation, data.test):
            for stimulus, target, code in zip(part.stimuli[:], part.targets[:], part.labels, strict=True):
                assert data.classes[code] == wanted[tuple(stimulus)]
                assert target.argmax() == code


def test_splits_are_disjoint_and_whole_with_the_shares_asked_and_all_classes_in_training():
    assert [len(getattr(DATA, split)) for split in SPLITS] == [43, 5, 12]
    rows = {tuple(row) for row in everything(DATA, "stimuli")}
    assert rows == {tuple(row) for row in STIMULI.astype(np.float32)}
    assert set(DATA.train.labels) == {0, 1, 2}
    halves = ds.Dataset.from_arrays(STIMULI, LABELS, validation=0.5, test=0.5)
    assert [len(getattr(halves, split)) for split in SPLITS] == [15, 15, 30]


def test_the_seed_draws_the_splits():
    same(DATA, ds.Dataset.from_arrays(STIMULI, LABELS, seed=0))
    other = ds.Dataset.from_arrays(STIMULI, LABELS, seed=1)
    assert not np.array_equal(other.test.stimuli[:], DATA.test.stimuli[:])


def test_frames_lists_series_and_tensors_are_the_same_as_arrays():
    frame = pd.DataFrame(STIMULI, columns=list("abcd"))
    same(DATA, ds.Dataset.from_arrays(frame, pd.Series(LABELS)))
    same(DATA, ds.Dataset.from_arrays(frame, pd.DataFrame({"label": LABELS})))
    same(DATA, ds.Dataset.from_arrays(STIMULI.tolist(), LABELS.tolist()))
    same(DATA, ds.Dataset.from_arrays(torch.from_numpy(STIMULI), torch.from_numpy(LABELS)))
    named = ds.Dataset.from_arrays(frame, pd.Series(LABELS).astype(str).astype("category"))
    assert named.classes == ("-2", "3", "7")


@pytest.mark.parametrize("lying", [np.asfortranarray, lambda array: np.repeat(array, 2, axis=-1)[..., ::2]])
@pytest.mark.parametrize("name", ["digits-mlp", "digits-cnn"])
def test_how_numbers_lie_in_memory_changes_no_bit(name, lying):
    model = ds.load_model(name).changed(training={"epochs": 1, "batch_size": 32}, output="identity")
    random = np.random.default_rng(0)
    stimuli, quantities = random.normal(size=(150, *model.input)), random.normal(size=(150, 10))
    given = ds.Parameters.initialise(model, 1)
    data = [ds.Dataset.from_arrays(way(stimuli), way(quantities)) for way in (np.ascontiguousarray, lying)]
    one, other = (
        train(model, data=each, parameters=given.map(way))
        for each, way in zip(data, (np.ascontiguousarray, lying), strict=True)
    )
    assert one.parameters.digest == other.parameters.digest
    np.testing.assert_array_equal(one.predict(stimuli), one.predict(lying(stimuli)))
    for part in ("basal", "apical"):
        states = []
        for way in (np.ascontiguousarray, lying):
            circuit = ds.Circuit(model, given.map(way))
            circuit.relax(way(stimuli[:4]), way(quantities[:4]))
            states.append(circuit.state["hidden-1"][part])
        np.testing.assert_array_equal(*states)


def test_truth_values_beside_numbers_in_a_frame_are_0_and_1():
    frame = pd.DataFrame({"a": STIMULI[:, 0], "b": STIMULI[:, 1] > 0})
    stimuli = everything(ds.Dataset.from_arrays(frame, LABELS), "stimuli")
    assert set(stimuli[:, 1]) == {0.0, 1.0}


def test_floats_are_quantities_of_a_regression():
    targets = STIMULI[:, :2] ** 2
    data = ds.Dataset.from_arrays(STIMULI, targets)
    assert (data.task, data.outputs, data.classes, data.train.labels) == ("regression", 2, None, None)
    np.testing.assert_allclose(everything(data, "targets"), everything(data, "stimuli")[:, :2] ** 2, rtol=1e-6)
    assert ds.Dataset.from_arrays(STIMULI, targets[:, 0]).outputs == 1
    run = train(model_for(2, output="identity", training={"epochs": 1}), data=data)
    assert set(run.test) == {"loss", "mse", "mae"}


def test_sequences_have_a_class_or_quantities_for_each_step():
    stimuli = RANDOM.normal(size=(30, 6, 2))
    labels = (stimuli[..., 0] > 0).astype(int)
    data = ds.Dataset.from_arrays(stimuli, labels)
    assert data.train.targets[:3].shape == (3, 6, 2)
    run = train(model_of([6, 2], [{"kind": "recurrent", "units": 3}, dense(2)], training={"epochs": 1}), data=data)
    assert "accuracy" in run.test
    assert ds.Dataset.from_arrays(stimuli, stimuli[..., 1]).train.targets[:3].shape == (3, 6, 1)


def test_a_memory_mapped_array_stays_on_disk(tmp_path, monkeypatch):
    np.save(tmp_path / "big.npy", STIMULI.astype(np.float32))
    mapped = np.load(tmp_path / "big.npy", mmap_mode="r")
    data = ds.Dataset.from_arrays(mapped, LABELS)
    changed = np.load(tmp_path / "big.npy", mmap_mode="r+")
    changed[:] = 0.25
    changed.flush()
    assert (everything(data, "stimuli") == 0.25).all()
    train(model_for(3, training={"epochs": 1}), data=data)


def test_a_torch_data_set_is_read_when_it_is_needed_and_trains_like_arrays():
    stimuli = torch.from_numpy(STIMULI.astype(np.float32))
    same(DATA, data := ds.Dataset.from_torch(TensorDataset(stimuli, torch.from_numpy(LABELS))))
    assert data.classes == (-2, 3, 7)
    model = model_for(3, training={"epochs": 2, "batch_size": 20})
    one, other = train(model, data=DATA), train(model, data=data)
    assert one.parameters.digest == other.parameters.digest
    assert one.test == other.test
    assert ds.Dataset.from_torch(TensorDataset(stimuli, stimuli[:, :2])).task == "regression"


def test_a_run_on_arrays_says_so_and_leaves_no_doubt_when_it_is_trained_again(tmp_path):
    model = ds.load_model("digits-mlp").changed(
        input=[4], layers=[dense(5), dense(3)], training={"epochs": 1, "patience": None}
    )
    run = train(model, data=DATA, folder=tmp_path / "run")
    assert (run.model.data, run.model.name, run.data) == ("arrays", "digits-mlp", DATA)
    with pytest.raises(DataError, match=r"no file holds the arrays of this model; pass them, as data= to ds\.train"):
        train(tmp_path / "run" / "model.toml")
    resumed = train(model, data=DATA, folder=tmp_path / "run", resume=True)
    assert resumed.parameters.digest == run.parameters.digest


def lonely(labels, value):
    labels = np.array(labels)
    labels[:2] = value
    return labels


def with_nan(array, value=np.nan):
    array = array.copy()
    array[17, 1] = value
    return array


BAD_ARRAYS = {
    "ragged stimuli": (([[1, 2], [3]], [0, 1]), "stimuli cannot be read as an array .* give numbers of one shape"),
    "words as stimuli": ((STIMULI.astype(str), LABELS), "stimuli are <U.* real numbers are wanted"),
    "a frame with words": ((pd.DataFrame({"a": ["x"] * 60}), LABELS), "the column 'a' holds no numbers; encode it"),
    "stimuli without an axis of cells": ((LABELS, LABELS), r"stimuli have shape \(60,\); give an array of shape"),
    "no stimuli": ((np.zeros((0, 4)), []), r"stimuli have shape \(0, 4\)"),
    "NaN": ((with_nan(STIMULI), LABELS), "stimuli: sample 17 holds NaN, infinite or too large numbers; correct it"),
    "too large for float32": ((with_nan(STIMULI, 1e300), LABELS), "sample 17 holds NaN, infinite or too large"),
    "terabytes that do not fit": ((np.broadcast_to(0.0, (10**11, 4)), LABELS), "for 100000000000 stimuli; give one"),
    "fewer labels than stimuli": ((STIMULI, LABELS[:59]), r"targets have shape \(59,\) for 60 stimuli; give one"),
    "ragged labels": ((STIMULI, [[1], [1, 2]] * 30), "targets cannot be read as an array"),
    "one class": ((STIMULI, ["cat"] * 60), "all of them are 'cat'; give samples of two classes or more"),
    "a class of two": ((STIMULI, lonely(LABELS, 99)), "class 99 has 2 samples only, .* give at least 3, or leave"),
    "missing labels": ((STIMULI, ["a", None, "b"] * 20), "targets hold NoneType, str; give .* none missing"),
    "NaN among words": ((STIMULI, ["a", np.nan, "b"] * 20), "targets hold float, str; give .* none missing"),
    "words among numbers": ((STIMULI, ["a", 1, 2] * 20), "targets hold int, str"),
    "NaN among quantities": ((STIMULI, with_nan(STIMULI)), "targets: sample 17 holds NaN"),
    "masked stimuli": ((np.ma.masked_greater(STIMULI, 1), LABELS), "stimuli have masked or missing values; fill them"),
    "masked labels": ((STIMULI, np.ma.masked_equal(LABELS, 7)), "targets have masked or missing values; fill them"),
    "missing whole numbers": ((STIMULI, pd.array([1, 2, None] * 20, dtype="Int64")), "targets have masked or missing"),
    "frames with other rows": (
        (pd.DataFrame(STIMULI).sample(frac=1, random_state=0), pd.Series(LABELS)),
        r"stimuli and targets have different indexes; align them, or give both by to_numpy\(\)",
    ),
    "two columns of one name": ((pd.DataFrame(STIMULI, columns=list("abca")), LABELS), "two columns have the name 'a'"),
    "images without channels": ((STIMULI.reshape(60, 2, 2), LABELS), "images have an axis of channels"),
    "dates": ((STIMULI, np.full(60, "2020-01-01", "M8[D]")), r"targets are datetime64.*; give whole numbers"),
    "fractions": ((STIMULI, [Fraction(1, 2)] * 60), "targets hold Fraction"),
    "one-hot whole numbers": ((STIMULI, np.eye(3, dtype=int)[LABELS % 3]), r"classes of shape \(60, 3\); give whole"),
    "cubes of quantities": ((STIMULI, STIMULI.reshape(60, 2, 2)), r"quantities of shape \(60, 2, 2\)"),
    "a class for a sequence": ((STIMULI.reshape(60, 2, 2), LABELS), "one for each step of each sample, or floats"),
}


@pytest.mark.parametrize("mistake", BAD_ARRAYS)
def test_arrays_that_are_no_data_are_one_sentence(mistake):
    arguments, message = BAD_ARRAYS[mistake]
    with pytest.raises(DataError, match=message) as raised:
        ds.Dataset.from_arrays(*arguments)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": 0}, "the share for test is 0; give a finite number above 0"),
        ({"test": 0.01}, "0.01 of 60 samples leaves not even one a class .* set the share for test nearer to 0.5"),
        ({"validation": 1.0}, "set the share for validation nearer to 0.5"),
        ({"validation": "x"}, "the share for validation is 'x'; give a number"),
        ({"seed": -1}, "the seed is -1; give a whole number of at least 0"),
    ],
)
def test_shares_and_seeds_that_cannot_be_are_one_sentence(options, message):
    with pytest.raises(DataError, match=message):
        ds.Dataset.from_arrays(STIMULI, LABELS, **options)
    if options.get("test"):
        with pytest.raises(DataError, match=r"the share for test is 0\.01 of 20 samples; set it nearer"):
            ds.Dataset.from_arrays(STIMULI[:20], STIMULI[:20], **options)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (iter([]), "has no length; give a data set that is read by number"),
        ([], "there are no samples; give some"),
        ([1, 2, 3], "sample 0 is no stimulus with a target"),
        ([([0.0], 0), ([0.0, 1.0], 1)], r"sample 1 has shape \(2,\) and the first \(1,\); give all the same"),
        ([([0.0], 0), ([np.nan], 1)], "stimulus 1: .*NaN"),
        ([([0.0], [0]), ([0.0], [1, 2])], "targets have several shapes"),
        ([("a", 0)], "sample 0 are <U1"),
    ],
)
def test_torch_data_sets_that_give_no_pairs_are_one_sentence(dataset, message):
    with pytest.raises(DataError, match=message):
        ds.Dataset.from_torch(dataset)


MISFITS = {
    "stimuli of another width": ((model_for(3, (5,)), DATA), r"input: \[5\] does not fit .* set it to \[4\]"),
    "an empty class": ((model_for(4), DATA), "4 output cells do not fit the 3 classes of 'arrays'; set it to 3"),
    "labels that are floats": (
        (model_for(3), ds.Dataset.from_arrays(STIMULI, LABELS + 0.5)),
        "'softmax' gives probabilities, but 'arrays' has quantities; .* or give classes as whole numbers",
    ),
    "a preparation of another set": (
        (model_for(3, preparation={"augmentation": "crop-flip"}), DATA),
        r"preparation\.augmentation: data that are given are prepared; remove it",
    ),
    "arrays that are no data set": ((model_for(3), (STIMULI, LABELS)), r"give a Dataset, such as Dataset\.from_arrays"),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_model_that_does_not_fit_is_one_sentence(misfit):
    (model, data), message = MISFITS[misfit]
    with pytest.raises((DataError, ModelError), match=message):
        train(model, data=data)


STRANGER = """
import numpy as np
import dendrosim as ds

stimuli = np.random.default_rng(0).normal(size=(100, 4))
data = ds.Dataset.from_arrays(stimuli, np.where(stimuli[:, 0] > 0, "right", "left"))
model = ds.Model(
    input=[4],
    layers=[{"kind": "dense", "units": 8}, {"kind": "dense", "units": 2}],
    training={"batch_size": 8, "learning_rate": 0.02},
)
run = ds.train(model, data=data)
assert run.test_accuracy > 0.8, run.test
circuit = ds.Circuit(model, run.parameters, integrator="settle")
recording = circuit.relax(data.test.stimuli[:3], data.test.targets[:3])
assert recording.converged
circuit.learn(data.train.stimuli[:], data.train.targets[:])
print(data.classes)
"""


def test_a_stranger_trains_relaxes_and_lets_a_circuit_learn_from_an_array(tmp_path):
    (tmp_path / "mine.py").write_text(STRANGER)
    done = subprocess.run([sys.executable, "mine.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "('left', 'right')\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
