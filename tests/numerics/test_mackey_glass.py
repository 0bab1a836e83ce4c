"""The Mackey-Glass series obeys its delay equation."""

import numpy as np
import pytest
from data_files import model_for

from dendrosim.data import load_data
from dendrosim.data.synthetic import mackey_glass_series


@pytest.fixture(scope="module")
def series():
    return mackey_glass_series(1500)


def test_it_obeys_its_equation(series):
    """Over two units of time its change is Simpson's integral of the right-hand side, all of it known."""
    late, now = series[:-17], series[17:]
    slope = 0.2 * late / (1 + late**10) - 0.1 * now
    integral = (slope[:-2] + 4 * slope[1:-1] + slope[2:]) / 3
    change = now[2:] - now[:-2]
    assert np.abs(integral - change).max() < 0.01 * np.abs(change).max()


def test_it_stays_on_its_attractor_and_does_not_repeat(series):
    assert 0.2 < series.min() < 0.5
    assert 1.2 < series.max() < 1.5
    distance = [np.abs(series[:-lag] - series[lag:]).max() for lag in range(30, 1000)]
    assert min(distance) > 0.05


def test_the_same_seed_gives_the_same_series_and_another_seed_another():
    first, again, other = (mackey_glass_series(200, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_the_data_set_forecasts_it():
    model = model_for("mackey-glass", [20, 1], 1, "identity", preparation={"task": "forecast", "horizon": 6})
    train = load_data(model).train
    np.testing.assert_array_equal(train.targets[:10][:, :-6], train.stimuli[:10][:, 6:])
