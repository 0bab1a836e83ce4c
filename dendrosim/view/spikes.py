"""The spikes that a page shows: those of its neurons, up to a moment where all would not fit, which is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from dendrosim.recording.spikes import of_what_is_left, spike_frame, spiking_layers
from dendrosim.view.packing import BYTES, packed

SHARE = 0.25
"""Of the room of a page that spikes may take."""
PARTS = ("column", "time", "burst")
"""That a page holds of a spike: which column of the page sent it, when, and whether it belongs to a burst."""


def spikes_shown(dataset: xr.Dataset, room: float) -> tuple[list[dict[str, Any]], str]:
    """Return the spikes of each presentation as the page's script reads them, and a sentence where some are left out.

    Parameters
    ----------
    dataset : xarray.Dataset
        The presentations and neurons that the page shows.
    room : float
        Bytes of base64 that spikes may take.

    Returns
    -------
    list of dict
        By the names in ``PARTS``, column after column of the page.
    str
        Empty where all are shown.
    """
    sent = of_what_is_left(dataset)
    columns = pd.MultiIndex.from_arrays([dataset[name].values for name in ("layer", "step", "index")])
    frames = [spike_frame(sent, layer).assign(layer=layer) for layer in spiking_layers(sent)]
    frame = pd.concat(frames, ignore_index=True)
    column = columns.get_indexer(pd.MultiIndex.from_frame(frame[["layer", "step", "neuron"]]))
    frame = frame.assign(column=column).sort_values(["column", "time"], kind="stable")
    most, sentence = int(room / (BYTES * len(PARTS))), ""
    if len(frame) > most:
        until = float(np.partition(frame["time"].to_numpy(), most)[most])
        frame = frame[frame["time"] < until]
        sentence = f" Of {len(column):,} spikes it keeps the {len(frame):,} before {until:.6g} ms."
    by_presentation = [frame[frame["presentation"] == number] for number in dataset["presentation"].values]
    return [{part: packed(rows[part].to_numpy()) for part in PARTS} for rows in by_presentation], sentence
