"""A training that is resumed knows whether its data are still the same."""

from dataclasses import replace

import numpy as np
import pytest
from trainings import training_of

import dendrosim as ds
from dendrosim.data.dataset import Dataset
from dendrosim.data.fingerprint import fingerprint_of, first_change, is_fingerprint
from dendrosim.errors import RunError
from dendrosim.training import train
from dendrosim.training.checkpoint import Checkpoint

RANDOM = np.random.default_rng(0)
STIMULI, LABELS = RANDOM.normal(size=(100, 4)), np.arange(100) % 2
DATA = ds.Dataset.from_arrays(STIMULI, LABELS)
MODEL = ds.Model(
    input=[4], layers=[{"kind": "dense", "units": 2}], training={"epochs": 2, "batch_size": 8, "patience": None}
)


def moved(stimuli):
    """The first sample by a tenth."""
    stimuli = stimuli.copy()
    stimuli[0] += 0.1
    return stimuli


OTHERS = {
    "other stimuli": (RANDOM.normal(size=(100, 4)), LABELS),
    "one sample moved": (moved(STIMULI), LABELS),
    "samples in another order": (STIMULI[::-1], LABELS),
    "columns in another order": (STIMULI[:, ::-1], LABELS),
    "other labels": (STIMULI, 1 - LABELS),
    "fewer samples": (STIMULI[:98], LABELS[:98]),
    "another scale": (STIMULI * 1.001, LABELS),
}


@pytest.mark.parametrize("change", OTHERS)
def test_other_data_have_another_fingerprint_and_no_training_goes_on_with_them(change, tmp_path):
    other = ds.Dataset.from_arrays(*OTHERS[change])
    assert first_change(fingerprint_of(DATA), fingerprint_of(other))
    train(MODEL, data=DATA, folder=tmp_path)
    longer = MODEL.changed(training={"epochs": 3})
    for model in (MODEL, longer):
        with pytest.raises(RunError, match=r"of other data than 'arrays', whose .* samples are not the same; resume"):
            train(model, data=other, folder=tmp_path, resume=True)
    assert len(train(longer, data=DATA, folder=tmp_path, resume=True).epochs) == 3


def test_rows_of_many_runs_are_of_the_data_that_were_given(tmp_path):
    ds.train_many(MODEL, seeds=[0], data=DATA, folder=tmp_path)
    table = ds.train_many(MODEL, seeds=[0], data=ds.Dataset.from_arrays(*OTHERS["other labels"]), folder=tmp_path)
    assert "of other data than 'arrays'" in table["failure"][0]


@pytest.mark.parametrize("name", ["digits-mlp", "digits-cnn", "reber-rnn"])
def test_the_fingerprint_of_data_is_the_same_whenever_they_are_loaded(name):
    first, again = (fingerprint_of(ds.load_data(ds.load_model(name))) for _ in range(2))
    assert first == again


def test_a_checkpoint_keeps_the_fingerprint_of_its_data(tmp_path):
    train(training_of("mlp", epochs=1), folder=tmp_path)
    read = Checkpoint.read(tmp_path).data
    assert is_fingerprint(read)
    assert read == fingerprint_of(ds.load_data(training_of("mlp")))


def test_what_another_machine_rounds_otherwise_is_the_same():
    rounded = ds.Dataset.from_arrays(STIMULI * (1 + 1e-7 * RANDOM.normal(size=STIMULI.shape)), LABELS)
    assert not first_change(fingerprint_of(DATA), fingerprint_of(rounded))


def test_samples_that_change_whenever_they_are_read_are_known_by_their_targets_alone():
    class Noisy:
        def __len__(self):
            return 60

        def __getitem__(self, number):
            return RANDOM.normal(size=3), number % 2

    data = Dataset.from_torch(Noisy())
    fingerprint = fingerprint_of(data)
    assert fingerprint["train"][1:3] == [None, None]
    assert not first_change(fingerprint, fingerprint_of(data))
    flipped = replace(data, train=replace(data.train, targets=1 - data.train.targets[:]))
    assert first_change(fingerprint, fingerprint_of(flipped)) == "train"


def test_a_checkpoint_of_an_earlier_version_has_no_fingerprint_and_is_resumed(tmp_path):
    train(MODEL, data=DATA, folder=tmp_path)
    replace(Checkpoint.read(tmp_path), data={}).write(tmp_path)
    longer = MODEL.changed(training={"epochs": 3})
    assert len(train(longer, data=DATA, folder=tmp_path, resume=True).epochs) == 3
