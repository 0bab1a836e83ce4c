"""Where random numbers come from: one stream for each purpose, of which no two are ever the same."""

from __future__ import annotations

import numpy as np

PURPOSES = ("W", "theta", "auxiliary", "order of samples", "rule", "membrane noise")
"""What is drawn from a seed: parameters, the order of samples and their augmentation, noise of rules and of somata."""


def stream(seed: int, purpose: str, *numbers: int) -> np.random.SeedSequence:
    """Return the source of random numbers for one purpose.

    The purpose and its numbers are NumPy's spawn key, and no part of the entropy: SeedSequence([s, 0]) and
    SeedSequence([s]) are the same source, while those of different spawn keys are independent.

    Parameters
    ----------
    seed : int
        What the user chose.
    purpose : str
        Out of ``PURPOSES``.
    *numbers : int
        Which of its kind: epoch, rank, presentation, ...

    Examples
    --------
    >>> import numpy as np
    >>> first, second = (np.random.default_rng(stream(1, "order of samples", epoch)) for epoch in (1, 2))
    >>> first.permutation(5).tolist() == second.permutation(5).tolist()
    False
    """
    return np.random.SeedSequence(seed, spawn_key=(PURPOSES.index(purpose), *numbers))
