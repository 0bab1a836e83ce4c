"""Data sets that are generated: nothing to download."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dendrosim.data.characters import next_symbols
from dendrosim.data.dataset import Dataset, steps_of
from dendrosim.data.series import windows
from dendrosim.errors import ModelError
from dendrosim.model import Model

WINDOWS = 2400
MACKEY_GLASS_LENGTH = 5000
SYMBOLS = "BTPSXVE"
LONGEST = 1000  # steps of a window

# The Reber grammar: from each state, the symbols that may follow and the states they lead to.
REBER = {
    0: (("T", 1), ("P", 2)),
    1: (("S", 1), ("X", 3)),
    2: (("T", 2), ("V", 4)),
    3: (("X", 2), ("S", 5)),
    4: (("P", 3), ("V", 5)),
}
END = 5


def embedded_reber_string(generator: np.random.Generator) -> str:
    """Draw one string of the embedded Reber grammar (Hochreiter and Schmidhuber, 1997).

    The second symbol, T or P, returns as the last but one: what lies between has to be remembered across.

    Parameters
    ----------
    generator : numpy.random.Generator
        Source of the choices.
    """
    state, inner = 0, ["B"]
    while state != END:
        symbol, state = REBER[state][generator.integers(2)]
        inner.append(symbol)
    branch = "TP"[generator.integers(2)]
    return "".join(["B", branch, *inner, "E", branch, "E"])


def reber(model: Model) -> Dataset:
    """Cut a stream of embedded Reber strings into windows; the target of each step is the symbol that follows.

    The last sixth is the test set.

    Parameters
    ----------
    model : Model
        Its ``input``, (steps, 7), and ``training.validation`` are read.
    """
    steps = steps_of(model, 16)
    if steps > LONGEST:
        raise ModelError(f"{model.source}: input: 'reber' is generated for up to {LONGEST} steps; ask for fewer.")
    generator = np.random.default_rng(0)
    stream = ""
    while len(stream) <= WINDOWS * steps:
        stream += embedded_reber_string(generator)
    codes = np.array([SYMBOLS.index(symbol) for symbol in stream[: WINDOWS * steps + 1]])
    test = WINDOWS - WINDOWS // 6
    validation = test - round(test * model.training.validation)
    bounds = (0, validation, test, WINDOWS)
    # One code more than the windows hold: the target of the last step.
    pieces = [codes[first * steps : end * steps + 1] for first, end in pairwise(bounds)]
    return Dataset.of([next_symbols(piece, steps, len(SYMBOLS)) for piece in pieces], "reber", len(SYMBOLS))


def mackey_glass(model: Model) -> Dataset:
    """Generate the Mackey-Glass series with delay 17, which is chaotic, to be forecast from itself.

    Parameters
    ----------
    model : Model
        Its ``input``, (steps, 1), and ``training.validation`` are read; ``preparation.task`` must be ``forecast``.
    """
    return windows(model, mackey_glass_series(MACKEY_GLASS_LENGTH)[:, None])


def mackey_glass_series(length: int, delay: int = 17, substeps: int = 10, seed: int = 0) -> np.ndarray:
    """Integrate dx/dt = 0.2 x(t − τ) / (1 + x(t − τ)^10) − 0.1 x (Mackey and Glass, 1977) by Heun's method.

    Parameters
    ----------
    length : int
        Values to return, one a unit of time, after the first thousand.
    delay : int
        τ in units of time.
    substeps : int
        Steps of the integration in a unit of time.
    seed : int
        Of the values before time zero, uniform in 1.2 ± 0.1.

    Returns
    -------
    array of shape (length,)
        In float64.
    """
    transient, lag = 1000, delay * substeps
    past = np.random.default_rng(seed).uniform(1.1, 1.3, lag + 1)
    values = [*past.tolist(), *[0.0] * ((transient + length) * substeps)]
    step = 1 / substeps
    for now in range(lag, len(values) - 1):
        here, gain = values[now], [0.2 * x / (1 + x**10) for x in values[now - lag : now - lag + 2]]
        slope = gain[0] - 0.1 * here
        values[now + 1] = here + step / 2 * (slope + gain[1] - 0.1 * (here + step * slope))
    return np.array(values[lag + transient * substeps :: substeps])[:length]
