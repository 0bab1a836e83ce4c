"""One page that holds a recording and what draws it: it asks nothing of any server."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from dendrosim.checks import shown
from dendrosim.errors import DataError
from dendrosim.morphology import Morphology
from dendrosim.plot.style import COLOUR_MAP
from dendrosim.recording import Recording
from dendrosim.recording.appearance import compartments, observable, recorded_variables
from dendrosim.recording.spikes import spiking_layers
from dendrosim.view.colours import colours
from dendrosim.view.decimate import Selection, select
from dendrosim.view.describe import convergence, opening, predicting, provenance, stimulus_form, targets, taught
from dendrosim.view.drawing import neuron_drawing
from dendrosim.view.packing import packed
from dendrosim.view.sources import filled, sources, write_html
from dendrosim.view.spikes import SHARE, spikes_shown

MOST_BYTES = 9_500_000
"""Of a whole page."""
SCRIPTS = ("canvas.js", "charts.js", "data.js", "figures.js", "raster.js", "page.js")


def page(recording: Recording, morphology: Morphology | None = None) -> str:
    """Return a recording as one HTML page that works offline: its neurons, drawn and over time, to be walked through.

    Numbers are kept to six significant digits. Where the page would grow beyond 10 MB, samples, then neurons and at
    last presentations are left out, and the page says what it keeps.

    Parameters
    ----------
    recording : Recording
        Potentials over (presentation, time, neuron).
    morphology : Morphology, optional
        Form of the neuron that is drawn.

    Raises
    ------
    DataError
        The recording holds no neuron, or lacks what tells one from another.
    """
    variables, dataset = _variables(recording), recording.dataset
    if "step" not in dataset.coords:
        dataset = dataset.assign_coords(step=("neuron", np.zeros(dataset.sizes["neuron"], dtype=int)))
    shell = {
        "style": sources("dendrosim.view", "charts.css", "page.css"),
        "script": sources("dendrosim.view", *SCRIPTS),
        "drawing": neuron_drawing(compartments(dataset), morphology),
        "title": html.escape(f"A recording of {dataset.attrs.get('model', 'a network')}"),
        "subtitle": html.escape(str(dataset.attrs.get("architecture", ""))),
        "opening": html.escape(opening(dataset)),
        "provenance": "".join(
            f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in provenance(dataset).items()
        ),
    }
    room = MOST_BYTES - sum(len(part.encode()) for part in shell.values())
    share = SHARE if spiking_layers(dataset) else 0.0
    selection = select(dataset, variables, (1 - share) * room)
    content, sentence = _content(dataset, variables, selection), selection.sentence
    if share:
        chosen = dataset.isel(presentation=selection.presentations, neuron=selection.neurons)
        content["spikes"], more = spikes_shown(chosen, share * room)
        sentence += more
    shell["sentence"] = html.escape(sentence)
    # "<" would let a name end the script that holds it.
    shell["recording"] = json.dumps(content, allow_nan=False).replace("<", "\\u003c")
    return filled(sources("dendrosim.view", "template.html"), shell)


def write_page(recording: Recording, path: str | Path, morphology: Morphology | None = None) -> Path:
    """Write the :func:`page` of a recording.

    Parameters
    ----------
    recording : Recording
        Potentials over (presentation, time, neuron).
    path : str or Path
        File to write; one that is there is replaced. Missing folders are made.
    morphology : Morphology, optional
        Form of the neuron that is drawn.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        The recording has no page, or the file cannot be written; then the sentence says where the page is instead.
    """
    _variables(recording)  # before any folder is made
    return write_html(path, lambda: page(recording, morphology))


def _variables(recording: Recording) -> list[str]:
    """Return the variables of a recording that a page shows, if it has what the page needs."""
    if not isinstance(recording, Recording):
        raise DataError(f"a page shows a recording, and this is {shown(recording)}; give a dendrosim.Recording.")
    dataset = recording.dataset
    variables = recorded_variables(dataset)
    if not variables or 0 in dataset[variables[0]].shape:
        raise DataError("this recording holds no neuron to look at; record some, as dendrosim.Record() does.")
    recording.need("time", "layer", "index")
    return variables


def _content(dataset: xr.Dataset, variables: list[str], selection: Selection) -> dict[str, Any]:
    """Return all that the page's script reads."""
    steps = len(np.unique(dataset["step"].values))
    chosen = dataset.isel(neuron=selection.neurons)
    content: dict[str, Any] = {
        "variables": {name: _appearance(dataset, name) for name in variables},
        "compartments": [
            {"name": each.name, "label": each.label, "shownBy": each.shown_by, "scale": each.scale}
            for each in compartments(dataset)
        ],
        "layers": _layers(chosen, dataset),
        "neurons": len(selection.neurons),
        "colours": {"diverging": colours(COLOUR_MAP), "sequential": colours("cividis")},
        "presentations": [
            _presentation(chosen, int(number), samples, variables, steps)
            for number, samples in zip(selection.presentations, selection.samples, strict=True)
        ],
    }
    if "stimulus" in dataset:
        content["stimulus"] = dict(
            zip(("form", "shape"), stimulus_form(dataset["stimulus"].shape[1:], steps), strict=True)
        )
    if taught(dataset):
        content["targetSteps"] = steps if steps > 1 and dataset["target"].ndim == 3 else 1
    shown = [each["name"] for each in content["layers"]]
    variable = predicting(dataset, shown)
    content["prediction"] = {"layer": len(shown) - 1, "variable": variable} if variable else None
    return content


def _appearance(dataset: xr.Dataset, name: str) -> dict[str, Any]:
    look = observable(dataset, name)
    shown = {"label": look.label, "meaning": look.long_name, "unit": look.unit, "colour": look.colour}
    return shown | {"dash": look.dash, "panel": look.panel or ("" if look.unit == "1" else look.unit)}


def _layers(chosen: xr.Dataset, whole: xr.Dataset) -> list[dict[str, Any]]:
    layers, index, step = (chosen[name].values for name in ("layer", "index", "step"))
    found = []
    for name in dict.fromkeys(layers):
        columns = np.flatnonzero(layers == name)
        recorded = len(np.unique(whole["index"].values[whole["layer"].values == name]))
        found.append(
            {
                "name": str(name),
                "recorded": recorded,
                "columns": columns.tolist(),
                "index": index[columns].tolist(),
                "step": step[columns].tolist(),
            }
        )
    return found


def _presentation(
    chosen: xr.Dataset, number: int, samples: np.ndarray, variables: list[str], steps: int
) -> dict[str, Any]:
    block = chosen[variables].isel(presentation=number, time=samples)
    # The labels of a sequence, one for each step, are what its targets say.
    labelled = "label" in chosen.coords and chosen["label"].dims == ("presentation",)
    label = f", label {chosen['label'].values[number]}" if labelled else ""
    content: dict[str, Any] = {
        "name": f"{int(chosen['presentation'].values[number])}{label}",
        "time": packed(block["time"].values),
        "values": {name: packed(block[name].values) for name in variables},
        "targets": targets(chosen, number, steps),
        "convergence": convergence(chosen, number),
    }
    for name in ("stimulus", *(["target"] if taught(chosen) else [])):
        if name in chosen:
            content[name] = packed(chosen[name].values[number])
    return content
