"""What a reader compares a regression with: the mean of the targets, and a linear regression on the same inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dendrosim.benchmark.tables import BASELINES

if TYPE_CHECKING:
    from dendrosim.data import Dataset
    from dendrosim.data.samples import Split
    from dendrosim.model import Model

AT_ONCE = 1000


def baseline(name: str, model: Model) -> dict[str, float]:
    """Return what a baseline reaches on the test split.

    Both are fitted to the training split by least squares. A step of a sequence is a sample: its target is predicted
    from the inputs of that step.

    Parameters
    ----------
    name : str
        Out of :data:`dendrosim.benchmark.tables.BASELINES`.
    model : Model
        Gives the data, and the length of a sequence.

    Returns
    -------
    dict of str to float
        ``mse`` and ``mae``, as :func:`dendrosim.training.measures.measures` defines them.
    """
    from dendrosim.data import load_data

    data = load_data(model)
    predict = _mean(data, model.steps) if name == BASELINES[0] else _linear(data, model.steps)
    squares, deviations, count = 0.0, 0.0, 0
    for first in range(0, len(data.test), AT_ONCE):
        stimuli, targets = _steps(data.test, np.arange(first, min(first + AT_ONCE, len(data.test))))
        difference = predict(stimuli) - targets
        squares += float(np.square(difference).sum())
        deviations += float(np.abs(difference).sum())
        count += targets.size
    return {"mse": squares / count, "mae": deviations / count}


def _mean(data: Dataset, steps: int) -> Callable[[np.ndarray], np.ndarray]:
    mean = _steps(data.train, np.arange(0, len(data.train), steps))[1].mean(axis=0)
    return lambda stimuli: mean


def _linear(data: Dataset, steps: int) -> Callable[[np.ndarray], np.ndarray]:
    from sklearn.linear_model import LinearRegression

    # Windows begin at every step, so that those that lie side by side hold each step once.
    fitted = LinearRegression().fit(*_steps(data.train, np.arange(0, len(data.train), steps)))
    return lambda stimuli: fitted.predict(stimuli)


def _steps(split: Split, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return stimuli and targets of samples, with each step of a sequence as a row."""
    targets = np.asarray(split.targets[rows], float)
    stimuli = np.asarray(split.stimuli[rows], float)
    count = targets.size // targets.shape[-1]
    return stimuli.reshape(count, -1), targets.reshape(count, -1)
