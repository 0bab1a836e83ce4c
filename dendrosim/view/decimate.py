"""What of a recording a page holds: all of it, or samples and neurons chosen so that they fit, which is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from dendrosim.recording.samples import recorded_samples
from dendrosim.view.packing import BYTES

LEAST_SAMPLES = 80
"""Samples of each presentation below which neurons are dropped instead."""
WORDS = 1000
"""Bytes for what stands on the page in words about one presentation."""


@dataclass(frozen=True)
class Selection:
    """What is kept, as indices into a recording.

    Attributes
    ----------
    presentations : array of int
        The first ones.
    samples : list of array of int
        For each kept presentation, samples of the time axis at which it was recorded.
    neurons : array of int
        Ascending.
    sentence : str
        What is kept, of how much.
    """

    presentations: np.ndarray
    samples: list[np.ndarray]
    neurons: np.ndarray
    sentence: str


def select(dataset: xr.Dataset, variables: Sequence[str], room: float) -> Selection:
    """Choose what fits: fewer samples first, then fewer neurons, and fewer presentations where even that is too much.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a recording.
    variables : sequence of str
        Variables over (presentation, time, neuron) that are to be shown.
    room : float
        Bytes of base64 that stimuli and potentials may take.
    """
    there = recorded_samples(dataset[list(variables)])
    there[:, 0] = True  # where nothing was recorded, one moment shows that
    recorded = [np.flatnonzero(row) for row in there]
    presentations, longest, neurons = len(recorded), max(map(len, recorded)), dataset.sizes["neuron"]
    stimulus = dataset["stimulus"][0].size if "stimulus" in dataset else 0
    # The times of the samples count as one neuron more.
    fewest = len(variables) * min(longest, LEAST_SAMPLES) * (_fewest_neurons(dataset) + 1)
    kept_presentations = min(presentations, max(1, int(room // (WORDS + BYTES * (stimulus + fewest)))))
    # What is left for one variable in one presentation, a number for each sample of each neuron.
    numbers = int(((room / kept_presentations - WORDS) / BYTES - stimulus) // len(variables))
    most = min(longest, max(numbers // (neurons + 1), LEAST_SAMPLES))
    chosen = np.arange(neurons)
    if most * (neurons + 1) > numbers:
        chosen = largest_neurons(dataset, variables, numbers // most - 1)
    samples = [each[kept_samples(len(each), min(most, len(each)))] for each in recorded[:kept_presentations]]
    whole = BYTES * presentations * (stimulus + len(variables) * longest * neurons)
    sentence = _sentence(
        {"presentations": (kept_presentations, presentations, "the first ones")}
        | {
            "samples of a presentation": (most, longest, "early ones densely, always the first and the last"),
            "neurons": (len(chosen), neurons, f"in each layer those with the {_measure(variables)[1]}"),
        },
        whole,
    )
    return Selection(np.arange(kept_presentations), samples, chosen, sentence)


def kept_samples(count: int, kept: int) -> np.ndarray:
    """Return `kept` samples out of `count`: all early ones, then ever fewer, the first and the last among them."""
    place = np.arange(kept)
    return place + np.round((count - kept) * (place / max(kept - 1, 1)) ** 2).astype(int)


def largest_neurons(dataset: xr.Dataset, variables: Sequence[str], columns: int) -> np.ndarray:
    """Return neurons with the largest errors: small layers whole, and the same number of every larger one.

    A cell of a sequence is kept with all its steps.
    """
    name, _ = _measure(variables)
    values = dataset[name].values
    high, low = (extreme.reduce(values, axis=(0, 1)) for extreme in (np.fmax, np.fmin))
    strength = np.nan_to_num(np.fmax(high, -low) if name == "error" else high - low)
    layer, index = dataset["layer"].values, dataset["index"].values
    members = sorted((np.flatnonzero(layer == each) for each in dict.fromkeys(layer)), key=len)
    kept: list[np.ndarray] = []
    for number, columns_of_layer in enumerate(members):
        cells, place = np.unique(index[columns_of_layer], return_inverse=True)
        steps = len(columns_of_layer) // len(cells)
        share = max(1, (columns - sum(len(each) for each in kept)) // (len(members) - number) // steps)
        largest = np.zeros(len(cells))
        np.maximum.at(largest, place, strength[columns_of_layer])
        kept.append(columns_of_layer[np.isin(place, np.argsort(-largest, kind="stable")[:share])])
    return np.sort(np.concatenate(kept))


def _measure(variables: Sequence[str]) -> tuple[str, str]:
    """Return the variable that tells which neurons matter, and in words what is large about them."""
    return ("error", "largest errors") if "error" in variables else (variables[0], f"largest range of {variables[0]}")


def _fewest_neurons(dataset: xr.Dataset) -> int:
    """Return how many columns one cell of each layer has."""
    layer, index = dataset["layer"].values, dataset["index"].values
    return sum(int(np.unique(index[layer == each], return_counts=True)[1].max()) for each in dict.fromkeys(layer))


def _sentence(amounts: dict[str, tuple[int, int, str]], whole: float) -> str:
    reduced = [f"{kept:,} of {all_:,} {what} ({how})" for what, (kept, all_, how) in amounts.items() if kept < all_]
    if not reduced:
        held = ", ".join(f"{kept:,} {what}" for what, (kept, _, _) in amounts.items())
        return f"This page holds the whole recording: {held}."
    return (
        f"This page is decimated: of a recording that would take {whole / 1e6:,.0f} MB it keeps {'; '.join(reduced)}."
    )
