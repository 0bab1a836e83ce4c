"""Two processes that share each batch train the network that one process trains."""

import numpy as np
import pytest
from networks import feedback
from trainings import change_data, train_in_ranks, training_of

from dendrosim.training import Hardware, train
from dendrosim.training.checkpoint import Checkpoint

# The training set has 1293 digits: the last batch has a single one, and one of two ranks has none.
LAST_OF_ONE = {"batch_size": 323, "epochs": 2}
TRAININGS = {
    "mlp, adam, kolen-pollack": training_of("mlp", **LAST_OF_ONE),
    "mlp, sgd, paper, clamped": training_of(
        "mlp", optimizer="sgd", clamp=0.01, rules=feedback("paper"), patience=1, **LAST_OF_ONE
    ),
    "cnn, adam, kolen-pollack, augmented": training_of("cnn", preparation={"augmentation": "crop-flip"}, **LAST_OF_ONE),
    "cnn, sgd, backpropagation": training_of("cnn", optimizer="sgd", rule="backpropagation", **LAST_OF_ONE),
    "rnn, adam, released": training_of("rnn", epochs=1, batch_size=500, rules=feedback("released")),
    "rnn, sgd, predictive coding": training_of("rnn", epochs=1, optimizer="sgd", rule="predictive-coding"),
}


def assert_close(folder, other, tolerance):
    first, second = (Checkpoint.read(path) for path in (folder, other))
    assert (first.epoch, first.step, first.best_epoch) == (second.epoch, second.step, second.best_epoch)
    wanted = second.part("parameters")
    for name, tensor in first.part("parameters").items():
        assert tensor.dtype == wanted[name].dtype
        np.testing.assert_allclose(tensor, wanted[name], rtol=0, atol=tolerance, err_msg=name)
    for row, wanted_row in zip(first.history, second.history, strict=True):
        assert row | {"seconds": 0} == pytest.approx(wanted_row | {"seconds": 0}, rel=1e-4)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("name", TRAININGS)
def test_two_ranks_give_the_parameters_of_one(name, dtype, tolerance, tmp_path):
    model, hardware = TRAININGS[name], Hardware(dtype=dtype)
    assert train_in_ranks(model, tmp_path / "two", hardware=hardware) == ["done", "done"]
    train(model, folder=tmp_path / "one", hardware=hardware)
    assert_close(tmp_path / "two", tmp_path / "one", tolerance)


def test_three_ranks_do_so_too(tmp_path):
    model = training_of("mlp", batch_size=431, epochs=2)
    assert train_in_ranks(model, tmp_path / "three", size=3) == ["done"] * 3
    train(model, folder=tmp_path / "one")
    assert_close(tmp_path / "three", tmp_path / "one", 1e-6)


def test_a_run_of_two_ranks_is_resumed_by_one(tmp_path):
    model = training_of("mlp", epochs=2)
    assert train_in_ranks(model, tmp_path / "two") == ["done", "done"]
    assert train(model, folder=tmp_path / "two", resume=True).test == pytest.approx(dict(train(model).test), rel=1e-4)


def test_what_diverges_in_one_rank_stops_all_of_them_in_the_same_epoch(tmp_path, monkeypatch):
    def nan_in_one_sample(stimuli):
        stimuli[7] = np.nan
        return stimuli

    change_data(monkeypatch, "train", stimuli=nan_in_one_sample)
    ends = train_in_ranks(training_of("mlp"), tmp_path / "run")
    assert sum("input of 'digits' holds NaN" in end for end in ends) == 1  # only one of them saw it
    assert sum("diverged in epoch 1" in end for end in ends) == 1
    assert all("checkpoint after epoch 0" in end for end in ends)


def test_a_rank_whose_first_cannot_begin_says_that_it_lost_it(tmp_path):
    model = training_of("mlp")
    train(model, folder=tmp_path / "run")
    first, second = train_in_ranks(model, tmp_path / "run")
    assert "already holds a run" in first
    assert "lost the others" in second
    assert "--resume" in second
