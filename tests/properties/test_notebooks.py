"""What objects show of themselves: short, escaped, complete, and a bar for a training only where somebody looks."""

import io
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from networks import branched_layers, convolutional_layers, dense, feedback, model_of, recurrent_layers, small_model
from rich.console import Console
from trainings import training_of

import dendrosim as ds
from dendrosim import notebook, view
from dendrosim.errors import DataError, RunError
from dendrosim.model.spec import validated
from dendrosim.training import display, train

NAME = "<b>&\"'[red]\x1b[31m"


class Seen(HTMLParser):
    """Tags, attributes and text of a piece of HTML; all tags are closed."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.text, self._open = [], [], []
        self.feed(content)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


MODEL = model_of(
    [1, 8, 8], [{"kind": "conv2d", "channels": 4, "kernel": 3}, {"kind": "max-pool", "size": 2}, dense(6), dense(2)]
)


@pytest.fixture(scope="module")
def run():
    return train(training_of("mlp", epochs=7))


@pytest.fixture(scope="module")
def recording(run):
    return circuit_of(run).relax(run.data.test.stimuli[:2], run.data.test.targets[:2])


def circuit_of(run):
    return ds.Circuit(run.model, run.parameters)


def objects(run, recording):
    return [run.model, run, run.parameters, circuit_of(run), recording]


def test_every_object_has_a_short_repr_and_html_that_loads_nothing(run, recording):
    for each in objects(run, recording):
        assert len(repr(each)) < 300
        assert "\n" not in repr(each)
        assert repr(each).startswith(f"{type(each).__name__}(")
        content = each._repr_html_()
        seen = Seen(content)
        assert len(content) < 10_000
        assert not {"script", "img", "link", "style", "iframe"} & {tag for tag, _ in seen.tags}
        assert not re.search(r"url\(|#[0-9a-fA-F]{3,6}\b", content)  # in the colours of the notebook


def test_a_model_is_drawn_with_its_shapes_and_numbers_of_parameters():
    seen = Seen(MODEL._repr_html_())
    texts = " ".join(seen.text)
    for words in (
        "input 1×8×8",
        "hidden-1 4×6×6",
        "40 parameters",
        "max-pool 2×2, dense",
        "222 parameters",
        "output 2",
    ):
        assert words in texts
    total = sum(array.size for _, array in ds.Parameters.initialise(MODEL, 0).items())
    forward, feedback_weights = 40 + 222 + 14, 36 * 6 + 12
    assert f"{forward} of W and biases, {feedback_weights} of Θ" in texts
    assert total == forward + feedback_weights
    lines = [attributes for tag, attributes in seen.tags if tag == "line"]
    assert len(lines) == 3 + 2  # W of three connections, Θ of the two above the first
    assert sum("stroke-dasharray" in attributes for attributes in lines) == 2


@pytest.mark.parametrize("layers", [convolutional_layers(), branched_layers(), recurrent_layers()])
def test_networks_of_any_layers_are_drawn(layers):
    @given(layers)
    def drawn(network):
        model = model_of(*network)
        seen = Seen(model._repr_html_())
        boxes = [attributes for tag, attributes in seen.tags if tag == "rect"]
        assert len(boxes) == len(model.shapes)
        assert len({(box["x"], box["y"]) for box in boxes}) == len(boxes)  # none upon another

    drawn()


def test_a_run_shows_its_test_its_settings_and_its_last_epochs(run):
    seen = Seen(run._repr_html_())
    texts = seen.text
    assert f"{run.test['accuracy']:.5g}" in texts
    assert {"dll", "adam", "cosine", "7 of 7"} <= set(texts)
    assert [text for text in texts if text in {str(number) for number in range(1, 8)}] == ["3", "4", "5", "6", "7"]
    assert f"{run.history['validation_loss'].iloc[-1]:.5g}" in texts


def test_a_recording_shows_what_it_holds_with_units_and_when_it_converged(recording):
    times = recording.convergence_time
    texts = Seen(recording._repr_html_()).text
    assert f"converged after {times.min():.4g} to {times.max():.4g} ms" in texts
    assert f"converged after {times.min():.4g}" in repr(recording)
    assert "hidden-1 12, output 10" in texts
    assert "somatic potential x" in texts
    assert "ms" in texts


def test_a_recording_of_nothing_known_is_shown_all_the_same():
    empty = ds.Recording(xr.Dataset())
    assert repr(empty) == "Recording(a network, nothing; convergence was not recorded)"
    Seen(empty._repr_html_())
    moving = ds.Recording(xr.Dataset({"convergence_time": ("presentation", [np.nan, 3.0])}))
    assert "1 of 2 converged after 3 to 3 ms" in repr(moving)


def test_names_are_text_and_never_markup(run, recording):
    named = validated(run.model.model_dump(mode="json"), f"{NAME}.toml")
    epochs = [{"epoch": 1, f"train_{NAME}": NAME}]
    dataset = recording.dataset.assign_attrs(model=NAME, architecture=NAME, reason=NAME, target=NAME)
    parameters = ds.Parameters(W={NAME: np.zeros((2, 3))})
    shown = [
        named,
        ds.Run(named, parameters, epochs, 1, {"accuracy": 0.5}),
        parameters,
        ds.Circuit(named, run.parameters),
        ds.Recording(dataset),
    ]
    for each in shown:
        assert repr(each).isprintable()
        content = each._repr_html_()
        assert "<b>" not in content
        assert "\x1b" not in content
        assert any("<b>&\"'[red]\\x1b[31m" in text for text in Seen(content).text)


def test_a_frame_holds_a_page_that_cannot_reach_the_notebook():
    content = view.Frame('<p title="&amp;">"</p></iframe><script>', 300)._repr_html_()
    (frame,) = Seen(content).tags
    assert frame[1]["srcdoc"] == '<p title="&amp;">"</p></iframe><script>'
    assert frame[1]["sandbox"] == "allow-scripts allow-downloads"
    assert "height:300px" in frame[1]["style"]


def test_outside_a_notebook_there_is_no_frame(recording, monkeypatch):
    with pytest.raises(DataError, match=r"this is no notebook; write the page with dendrosim\.view\.write_page"):
        view.show(recording)
    monkeypatch.setattr("dendrosim.view.frame.in_notebook", lambda: True)
    assert len(view.show(recording).content) > 100_000
    with pytest.raises(DataError, match="a page shows a recording, and this is 3"):
        view.show(3)
    with pytest.raises(DataError, match="the height is 3"):
        view.show(recording, height=3)


class Terminal(io.StringIO):
    """A stream that says it is a terminal, or not."""

    def __init__(self, is_terminal):
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_training_shows_a_bar_in_a_terminal_only(is_terminal, monkeypatch):
    stream = Terminal(is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")  # as some services set it, whose logs are files
    train(training_of("mlp", epochs=2))
    seen = stream.getvalue()
    assert bool(seen) == is_terminal
    if is_terminal:
        assert "epoch 2/2, batch" in seen
        assert "validation accuracy" in seen


def test_a_bar_that_is_not_wanted_is_not_there(monkeypatch):
    stream = Terminal(True)
    monkeypatch.setattr(sys, "stderr", stream)
    train(training_of("mlp", epochs=1), progress=False)
    calls = []
    train(training_of("mlp", epochs=1), progress=lambda *counts: calls.append(counts))
    assert stream.getvalue() == ""
    assert calls[-1] == (len(calls), len(calls))
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    train(training_of("mlp", epochs=1))


@pytest.mark.parametrize("progress", [None, 1, "yes"])
def test_progress_is_a_truth_value_or_a_function(progress):
    with pytest.raises(RunError, match=r"progress is .*; give True or False"):
        train(training_of("mlp", epochs=1), progress=progress)


def test_a_training_is_the_same_with_a_bar_and_without(monkeypatch, run):
    monkeypatch.setattr(display, "display_of", lambda *_: display.TerminalBar(Console(file=io.StringIO()), 7))
    monkeypatch.setattr("sys.stderr", Terminal(True))
    assert train(training_of("mlp", epochs=7)).parameters.digest == run.parameters.digest


def test_a_bar_is_escaped_and_one_line():
    content = notebook.progress_html(3, 10, NAME)
    assert Seen(content).tags[1] == (
        "progress",
        {"value": "3", "max": "10", "style": "width:16em;vertical-align:middle"},
    )
    assert "<b>" not in content
    assert small_model(rules=feedback("fixed"))._repr_html_().count("fixed") == 1
