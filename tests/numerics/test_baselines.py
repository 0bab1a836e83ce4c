"""Oracle: least squares in closed form. What a mean and a linear regression reach on a regression of one's own."""

import numpy as np
import pytest
from networks import dense, model_of

from dendrosim.benchmark.baselines import baseline
from dendrosim.benchmark.tables import TABLES
from dendrosim.data import load_data


@pytest.fixture
def regression(tmp_path):
    """A linear relation and noise, in a file; and the model that reads it."""
    generator = np.random.default_rng(0)
    stimuli = generator.standard_normal((400, 3)).astype(np.float32)
    targets = stimuli @ np.array([[1.0], [-2.0], [0.5]]) + 3 + 0.1 * generator.standard_normal((400, 1))
    np.savez(tmp_path / "mine.npz", stimuli=stimuli, targets=targets.astype(np.float32))
    return model_of([3], [dense(4), dense(1)], output="identity", data=f"file:{tmp_path / 'mine.npz'}")


def test_the_mean_errs_by_the_variance_about_the_mean_of_the_training_split(regression):
    data = load_data(regression)
    error = np.asarray(data.test.targets[:], float) - np.asarray(data.train.targets[:], float).mean()
    found = baseline("predict the mean", regression)
    assert found == pytest.approx({"mse": np.square(error).mean(), "mae": np.abs(error).mean()}, rel=1e-12)


def test_a_linear_regression_errs_by_what_least_squares_leave(regression):
    data = load_data(regression)
    train, test = (np.c_[np.asarray(part.stimuli[:], float), np.ones(len(part))] for part in (data.train, data.test))
    weights = np.linalg.lstsq(train, np.asarray(data.train.targets[:], float), rcond=None)[0]
    error = np.asarray(data.test.targets[:], float) - test @ weights
    found = baseline("linear regression", regression)
    assert found == pytest.approx({"mse": np.square(error).mean(), "mae": np.abs(error).mean()}, rel=1e-9)
    assert found["mse"] < 0.03


def test_a_table_has_baselines_of_regressions_alone_and_once():
    cells = TABLES["sequences"].cells(
        ["shakespeare", "ett-h1"], 3, None, False, ["predict the mean", "linear regression"]
    )
    assert [(cell.model, cell.rule, cell.seed) for cell in cells] == [
        ("ett-h1-rnn", "predict the mean", 0),
        ("ett-h1-rnn", "linear regression", 0),
    ]
