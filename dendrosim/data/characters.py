"""Texts as sequences of characters, each followed by the one to predict."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dendrosim.checks import is_file
from dendrosim.data.dataset import Dataset, check_length, steps_of
from dendrosim.data.readers import read_own_text, read_text
from dendrosim.data.samples import Split, one_hot
from dendrosim.data.storage import locate
from dendrosim.errors import DataError
from dendrosim.model import Model

TEST = 0.2  # share of the text, at its end
STEPS = 32  # unless the model says otherwise
OWN = "text:"  # begins the name of a file of the user's


def characters(model: Model) -> Dataset:
    """Cut a text into windows; the target of each step is the character that follows.

    The text is split by position: the last fifth is the test set, and the end of what comes before it the validation
    set. Windows do not overlap. One code a character stays in memory, which becomes one-hot when it is read.

    Parameters
    ----------
    model : Model
        Its ``data`` names the text, or a file of the user's as ``text:FILE``; ``input`` is (steps, symbols), and
        ``training.validation`` the share of the training text that is held out.

    Raises
    ------
    DataError
        The text is not there, or is not UTF-8.
    """
    text = np.frombuffer(_text_of(model).encode("utf-32-le"), np.uint32)
    symbols, codes = np.unique(text, return_inverse=True)
    codes = codes.astype(np.min_scalar_type(len(symbols)))
    test = round(len(codes) * (1 - TEST))
    validation = round(test * (1 - model.training.validation))
    steps = steps_of(model, STEPS)
    pieces = np.split(codes, [validation, test])
    check_length(model, steps, min(map(len, pieces)) - 1, "characters")
    return Dataset.of([next_symbols(piece, steps, len(symbols)) for piece in pieces], model.data, len(symbols))


def _text_of(model: Model) -> str:
    if not model.data.startswith(OWN):
        return read_text(locate(model.data)[0])
    path = Path(model.data.removeprefix(OWN))
    if not is_file(path):
        raise DataError(f"{model.source}: data: there is no file '{path}'; write text: and the path of a UTF-8 file.")
    return read_own_text(path)


def next_symbols(codes: np.ndarray, steps: int, symbols: int) -> Split:
    """Cut a stream of codes into windows that do not overlap, each with the same stream one step later as its target.

    Parameters
    ----------
    codes : integer array of shape (length,)
        The stream; what does not fill a window at its end is left out.
    steps : int
        Length of a window.
    symbols : int
        How many codes there are.

    Returns
    -------
    Split
        Stimuli and targets of shape (windows, steps, symbols).
    """
    windows = (len(codes) - 1) // steps
    stimuli, following = (codes[first : first + windows * steps].reshape(windows, steps) for first in (0, 1))
    return Split(one_hot(stimuli, symbols), one_hot(following, symbols), following)
