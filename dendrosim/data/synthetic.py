"""Data sets that are generated: nothing to download."""

from __future__ import annotations

import numpy as np

from dendrosim.data.dataset import Dataset, Split

SYMBOLS = "BTPSXVE"

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


def reber(validation: float = 0.1, samples: int = 2400, steps: int = 16) -> Dataset:
    """Cut a stream of embedded Reber strings into windows; the target of each step is the symbol that follows.

    Parameters
    ----------
    validation : float
        Share of the training windows that is held out.
    samples : int
        Windows in all; the last sixth is the test set.
    steps : int
        Symbols in a window.
    """
    generator = np.random.default_rng(0)
    stream = ""
    while len(stream) <= samples * steps:
        stream += embedded_reber_string(generator)
    codes = np.array([SYMBOLS.index(symbol) for symbol in stream[: samples * steps + 1]])
    stimuli, targets = codes[:-1].reshape(samples, steps), codes[1:].reshape(samples, steps)
    test = samples // 6
    held_out = round((samples - test) * validation)
    parts = np.split(np.arange(samples), [samples - test - held_out, samples - test])
    train, validated, tested = (_windows(stimuli[part], targets[part]) for part in parts)
    return Dataset("reber", len(SYMBOLS), train, validated, tested)


def _windows(stimuli: np.ndarray, targets: np.ndarray) -> Split:
    one_hot = np.eye(len(SYMBOLS), dtype=np.float32)
    return Split(one_hot[stimuli], one_hot[targets], targets)
