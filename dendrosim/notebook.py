"""What the objects of this package show of themselves in a notebook: small pieces of HTML, in its own colours.

Everything is text that is escaped, or a drawing in the colour of the text, so that it is readable on a dark and on a
light ground; nothing is loaded from anywhere.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dendrosim.errors import printable

if TYPE_CHECKING:
    from dendrosim.circuit import Circuit
    from dendrosim.model import Model, Parameters
    from dendrosim.model.connections import Connection
    from dendrosim.morphology import Morphology
    from dendrosim.recording import Recording
    from dendrosim.training import Run

EPOCHS = 5
"""Last epochs of a run that are shown."""
BOX, GAP, HEIGHT, ROW = 118, 34, 50, 62  # of a drawn layer, in pixels
MOST_SIGNS = 19
"""That fit in a box."""
_CELL = "padding:1px 10px 1px 0;text-align:left;vertical-align:top;border:0;background:none"


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
    # Who runs in one has imported IPython.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def model_html(model: Model) -> str:
    """Return a model as a drawing of its layers, with their shapes and numbers of parameters."""
    training = model.training
    rule = f"{training.rule}, {model.rules.dll.feedback}" if training.rule == "dll" else training.rule
    facts = {
        "data": model.data,
        "cells": f"{model.activation}, {model.output} at the output, {model.cell.kind} cells",
        "rule": rule,
        "training": f"{training.epochs} epochs, {training.optimizer}, learning rate {training.learning_rate:g}",
        "parameters": counted(model),
    }
    return _card("Model", model.name, _drawing(model), _facts(facts))


def parameters_html(parameters: Parameters) -> str:
    """Return parameters as a table of their names, shapes and types."""
    rows = [(name, _by(array.shape), str(array.dtype)) for name, array in parameters.items()]
    return _card("Parameters", _size_of(parameters), _table(("name", "shape", "type"), rows))


def morphology_html(morphology: Morphology) -> str:
    """Return a morphology as a table of its types: lengths, areas, branches and tips."""
    rows = [
        (name, length, morphology.areas[name], morphology.branches[name], morphology.tips[name])
        for name, length in morphology.lengths.items()
    ]
    heads = ("type", "length (µm)", "area (µm²)", "branches", "tips")
    return _card("Morphology", f"{morphology.name}, {len(morphology.parent)} points", _table(heads, rows))


def run_html(run: Run) -> str:
    """Return a run: what it came to, its settings, and its last epochs."""
    training, history = run.model.training, run.history
    facts: dict[str, Any] = {f"test {name}": value for name, value in run.test.items()}
    facts["network"] = run.model.architecture
    facts["data"] = run.model.data
    facts |= {name: getattr(training, name) for name in ("rule", "optimizer", "learning_rate", "schedule", "seed")}
    facts["epoch"] = f"{run.epoch} of {len(history)}"
    shown = [name for name in history.columns if name == "epoch" or str(name).startswith(("train_", "validation_"))]
    last = history[shown].tail(EPOCHS).itertuples(index=False)
    return _card("Run", run.model.name, _facts(facts), _table([str(name).replace("_", " ") for name in shown], last))


def recording_html(recording: Recording) -> str:
    """Return what was recorded, in which units, and when it was converged."""
    dataset = recording.dataset
    facts = {"network": dataset.attrs.get("architecture", ""), "holds": _dimensions(recording)}
    if "layer" in dataset.coords:
        names, counts = np.unique(dataset["layer"].values.astype(str), return_counts=True)
        facts["neurons"] = ", ".join(f"{name} {count}" for name, count in zip(names, counts, strict=True))
    if spikes := recording.spike_counts:
        facts["spikes"] = ", ".join(f"{name} {count:,}" for name, count in spikes.items())
    facts["convergence"] = _converged(recording)
    facts |= {name: dataset.attrs.get(name, "") for name in ("reason", "target", "integrator", "teacher")}
    variables = [
        (name, variable.attrs.get("units", ""), variable.attrs.get("long_name", ""), ", ".join(map(str, variable.dims)))
        for name, variable in dataset.data_vars.items()
        if not str(name).startswith("spike_")  # counted above
    ]
    title = dataset.attrs.get("model", "")
    return _card("Recording", title, _facts(facts), _table(("variable", "unit", "", "over"), variables))


def circuit_html(circuit: Circuit) -> str:
    """Return a circuit: its network, and how it is simulated."""
    facts = {
        "target": f"{circuit.target.name}, {circuit.dtype}",
        "integrator": f"{circuit.integrator}, dt {circuit.dt:g} ms",
        "batch": f"{circuit.batch} presentations at once",
        "cells": circuit.model.cell.kind,
        "parameters": _size_of(circuit.parameters),
    }
    return _card("Circuit", circuit.model.name, _drawing(circuit.model), _facts(facts))


def progress_html(done: int, total: int, text: str) -> str:
    """Return a bar with words beside it."""
    return (
        f'<div><progress value="{done}" max="{total}" style="width:16em;vertical-align:middle"></progress> '
        f"{_text(text)}</div>"
    )


def frame_html(page: str, height: int) -> str:
    """Return a page in a frame of its own, whose scripts do not reach the notebook."""
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts allow-downloads" '
        f'style="width:100%;height:{height}px;border:0;background:#fff"></iframe>'
    )


def counted(model: Model) -> str:
    """Return how many weights, biases and feedback weights a model has."""
    connections = model.connections
    forward = sum(map(_parameters_of, connections))
    feedback = sum(int(np.prod(each.shape)) for each in connections if each.has_feedback)
    return f"{forward:,} of W and biases, {feedback:,} of Θ"


def summary_of_parameters(parameters: Parameters) -> str:
    """Return parameters in one line."""
    names = [f"{name} {_by(array.shape)}" for name, array in parameters.items()]
    more = f", and {len(names) - 8} more" if len(names) > 8 else ""
    return printable(f"Parameters({_size_of(parameters)}: {', '.join(names[:8])}{more})")


def summary_of_recording(recording: Recording) -> str:
    """Return a recording in one line."""
    model = recording.dataset.attrs.get("model", "a network")
    return printable(f"Recording({model}, {_dimensions(recording)}; {_converged(recording)})")


def _dimensions(recording: Recording) -> str:
    sizes = recording.dataset.sizes
    known = {"presentation": "presentations", "time": "samples", "neuron": "neurons", "epoch": "epochs"}
    parts = [f"{sizes[name]} {words}" for name, words in (known | {"synapse": "synapses"}).items() if name in sizes]
    variables = ", ".join(str(name) for name, each in recording.dataset.data_vars.items() if "time" in each.dims)
    spikes = recording.spike_counts
    return (
        f"{', '.join(parts) or 'nothing'}{f' of {variables}' if variables else ''}"
        f"{f', {sum(spikes.values()):,} spikes' if spikes else ''}"
    )


def _converged(recording: Recording) -> str:
    if "convergence_time" not in recording.dataset:
        return "convergence was not recorded"
    times = recording.convergence_time
    settled = times[np.isfinite(times)]
    if not len(settled):
        return "not converged" if recording.dataset.attrs.get("settles", True) else "ended by time"
    when = f"{settled.min():.4g} to {settled.max():.4g} ms"
    some = "" if len(settled) == len(times) else f"{len(settled)} of {len(times)} "
    return f"{some}converged after {when}"


def _size_of(parameters: Parameters) -> str:
    arrays = [array for _, array in parameters.items()]
    types = ", ".join(sorted({str(array.dtype) for array in arrays}))
    return f"{sum(int(np.prod(array.shape)) for array in arrays):,} numbers, {types}"


def _parameters_of(connection: Connection) -> int:
    return int(np.prod(connection.shape)) + (connection.shape[0] if connection.has_bias else 0)


def _by(shape: Iterable[int]) -> str:
    return "×".join(map(str, shape)) or "1"


def _drawing(model: Model) -> str:
    """Return the layers from left to right, W between them drawn through and Θ dashed."""
    columns: dict[str, int] = {"input": 0}
    for connection in model.connections:
        if not connection.lag:
            columns[connection.above] = max(columns.get(connection.above, 0), columns[connection.below] + 1)
    places: dict[str, tuple[int, int]] = {}
    taken: dict[int, int] = {}
    for name, column in columns.items():
        taken[column] = taken.get(column, -1) + 1
        places[name] = (1 + column * (BOX + GAP), 1 + taken[column] * ROW)
    joined = [connection for connection in model.connections if not connection.lag]
    shapes = [_line(places[each.below], places[each.above], each.has_feedback) for each in joined]
    shapes += [_box(model, name, place) for name, place in places.items()]
    width = (max(columns.values()) + 1) * (BOX + GAP)
    height = (max(taken.values()) + 1) * ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" '
        f'style="max-width:100%;height:auto" font-size="11" fill="currentColor" aria-label="Layers of the network, W '
        f'drawn through, Θ dashed">{"".join(shapes)}</svg>'
    )


def _line(below: tuple[int, int], above: tuple[int, int], has_feedback: bool) -> str:
    def line(shift: int, dash: str) -> str:
        ends = f'x1="{below[0] + BOX}" y1="{below[1] + HEIGHT // 2 + shift}" x2="{above[0]}"'
        return f'<line {ends} y2="{above[1] + HEIGHT // 2 + shift}" stroke="currentColor"{dash}/>'

    return line(-4, "") + (line(4, ' stroke-dasharray="3 3"') if has_feedback else "")


def _box(model: Model, name: str, place: tuple[int, int]) -> str:
    left, top = place
    into = [connection for connection in model.connections if connection.above == name]
    kinds = ", ".join(dict.fromkeys("recurrent" if each.lag else each.kind for each in into))
    pool = next((f"{each.pooling.kind} {_by(each.pooling.window)}, " for each in into if each.pooling), "")
    words = [
        f"{name} {_by(model.shapes[name])}",
        pool + kinds if into else "stimulus",
        f"{sum(map(_parameters_of, into)):,} parameters" if into else "",
    ]
    lines = "".join(_words(text, left + 6, top + 15 + 14 * number) for number, text in enumerate(words))
    frame = f'<rect x="{left}" y="{top}" width="{BOX}" height="{HEIGHT}" rx="4" fill="none" stroke="currentColor"/>'
    return frame + lines


def _words(text: str, left: int, top: int) -> str:
    """Return a line of a box; a long one is drawn narrower."""
    narrow = f' textLength="{BOX - 12}" lengthAdjust="spacingAndGlyphs"' if len(text) > MOST_SIGNS else ""
    return f'<text x="{left}" y="{top}"{narrow}>{_text(text)}</text>'


def _card(kind: str, title: str, *parts: str) -> str:
    head = f"<div><strong>{_text(kind)}</strong> {_text(title)}</div>"
    return f'<div style="font-size:13px;line-height:1.5">{head}{"".join(parts)}</div>'


def _facts(facts: Mapping[str, Any]) -> str:
    return _table((), [(name.replace("_", " "), value) for name, value in facts.items() if value != ""])


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [_row("th", heads)] if heads else []
    lines += [_row("td", row) for row in rows]
    style = "color:inherit;font-size:inherit;border:0;margin:4px 0;border-collapse:collapse"
    return f'<table style="{style}">{"".join(lines)}</table>'


def _row(kind: str, values: Sequence[Any]) -> str:
    cells = (f'<{kind} style="{_CELL}">{_text(_number(value))}</{kind}>' for value in values)
    return f"<tr>{''.join(cells)}</tr>"


def _number(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _text(text: Any) -> str:
    return html.escape(printable(str(text)))
