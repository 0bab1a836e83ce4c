"""Sentences as sequences of word vectors."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from dendrosim.claims import memory_free
from dendrosim.data.dataset import Dataset
from dendrosim.data.readers import read_lines, read_vectors
from dendrosim.data.samples import Encoded, Split, one_hot
from dendrosim.data.splits import split_off
from dendrosim.data.storage import locate
from dendrosim.errors import ModelError
from dendrosim.model import Model

WORDS = 50  # unless the model says otherwise
MEAN, VARIANCE = 0.02094, 0.41487  # of all 400,000 GloVe vectors with 50 dimensions
PADDING = 0  # index of the vector of zeros that fills a short sentence

# Kim 2014 (arXiv 1408.5882) cleans like this: what is not listed goes, clitics and marks become words of their own.
_OUTSIDE = re.compile(r"[^A-Za-z0-9(),!?'`]")
_CLITIC = re.compile(r"(?:'s|'ve|n't|'re|'d|'ll)")
_MARK = re.compile(r"[,!()?]")


def clean(sentence: str) -> list[str]:
    """Cut a sentence into the words of Kim (2014).

    Parameters
    ----------
    sentence : str
        As it stands in the file.
    """
    for pattern, replacement in ((_OUTSIDE, " "), (_CLITIC, r" \g<0>"), (_MARK, r" \g<0> ")):
        sentence = pattern.sub(replacement, sentence)
    return sentence.lower().split()


def sentences(model: Model) -> Dataset:
    """Load sentences of two classes, as GloVe vectors of their words.

    There is no official split: a tenth, fixed by seed, is the test set. Words that GloVe does not know get a vector of
    their own, uniform with GloVe's mean and variance, fixed by seed. Word indices stay in memory.

    Parameters
    ----------
    model : Model
        Its ``data``, ``training.validation`` and ``input``, which is (dimensions, words, 1): the dimensions are the
        channels, so that a convolution along the height sees words in a row. Sentences are padded or cut to `words`.
    """
    lines = [read_lines(path) for path in locate(model.data)]
    labels = np.repeat([1, 0], [len(lines[0]), len(lines[1])])
    cleaned = [clean(line) for part in lines for line in part]
    vocabulary = sorted({word for sentence in cleaned for word in sentence})
    vectors = _vectors(vocabulary, locate("glove")[0])
    words = model.input[1] if len(model.input) == 3 else WORDS
    indices = _indices(cleaned, vocabulary, words)
    shape = (vectors.shape[1], words, 1)

    def decode(raw: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(vectors.take(raw, axis=0).swapaxes(1, 2))[..., None]

    def split(part: np.ndarray) -> Split:
        return Split(Encoded(indices[part], decode, shape), one_hot(labels[part], 2), labels[part])

    stay, test = split_off(labels, 0.1)
    train, validation = (stay[part] for part in split_off(labels[stay], model.training.validation))
    return Dataset(model.data, 2, split(train), split(validation), split(test))


def _indices(cleaned: list[list[str]], vocabulary: list[str], words: int) -> np.ndarray:
    if 4 * len(cleaned) * words > memory_free():
        raise ModelError(f"input: {len(cleaned)} sentences of {words} words do not fit in memory; ask for fewer words.")
    number = {word: index for index, word in enumerate(vocabulary, start=PADDING + 1)}
    indices = np.full((len(cleaned), words), PADDING, np.int32)
    for row, sentence in zip(indices, cleaned, strict=True):
        kept = sentence[:words]
        row[: len(kept)] = [number[word] for word in kept]
    return indices


def _vectors(vocabulary: Iterable[str], path: Path) -> np.ndarray:
    """Return a vector for the padding, then one for each word: float32 of shape (1 + words, dimensions)."""
    words, known = read_vectors(path)
    number = {word: index for index, word in enumerate(words)}
    generator = np.random.default_rng(0)
    spread = math.sqrt(3 * VARIANCE)  # a uniform variable within ± √3 σ has the variance σ²
    rows = [
        known[number[word]] if word in number else generator.uniform(MEAN - spread, MEAN + spread, known.shape[1])
        for word in vocabulary
    ]
    return np.array([np.zeros(known.shape[1]), *rows], np.float32)
