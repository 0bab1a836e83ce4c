"""The page of a recording as a file: what it holds and leaves out, its size, and the command that writes it."""

import json
import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dendrosim.commands.main import app, main
from dendrosim.errors import DataError
from dendrosim.recording import Recording
from dendrosim.view import write_page
from dendrosim.view.decimate import kept_samples, largest_neurons
from dendrosim.view.describe import stimulus_form


def test_a_big_recording_stays_below_10_megabytes_with_the_neurons_of_the_largest_errors(big, tmp_path):
    page = write_page(big, tmp_path / "page.html")
    assert 7e6 < page.stat().st_size < 10e6
    layers = content(page)["layers"]
    assert [layer["recorded"] for layer in layers] == [1024, 512, 256, 10]
    assert layers[-1]["index"] == list(range(10))
    assert np.ptp([len(layer["index"]) for layer in layers[:-1]]) <= 1  # the larger layers share alike
    for layer in layers[:-1]:
        assert min(layer["index"]) > layer["recorded"] / 3  # errors grow with the index


def content(page):
    return json.loads(re.search(r'id="recording">(.*?)</script>', page.read_text())[1])


def test_very_many_presentations_are_cut_too_and_the_page_says_so(recording, tmp_path):
    many = recording.dataset.isel(presentation=np.arange(1500) % 3)
    page = write_page(Recording(many), tmp_path / "page.html")
    assert page.stat().st_size < 10e6
    kept = len(content(page)["presentations"])
    assert 100 < kept < 1500
    assert f"{kept:,} of 1,500 presentations (the first ones)" in page.read_text()


def test_a_small_recording_is_kept_whole_and_the_page_says_so(recording, tmp_path):
    page = write_page(recording, tmp_path / "page.html").read_text()
    samples = recording.dataset.sizes["time"]
    assert f"This page holds the whole recording: 3 presentations, {samples} samples of a presentation, 14" in page


def test_the_page_says_how_it_was_recorded(recording, tmp_path):
    page = write_page(recording, tmp_path / "page.html").read_text()
    attributes = recording.dataset.attrs
    for name, value in (
        ("model", attributes["model"]),
        ("architecture", attributes["architecture"]),
        ("time step dt", f"{attributes['dt']:g} ms"),
        ("tolerance of convergence", f"{attributes['tolerance']:g}"),
        ("version of Brian2", attributes["brian2"]),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page


def test_labels_stand_with_their_presentation_and_those_of_steps_do_not(recording, sequence, tmp_path):
    names = [each["name"] for each in content(write_page(recording, tmp_path / "page.html"))["presentations"]]
    assert names == ["0, label nought", "1, label </script><b>one", "2, label two"]
    labels = np.zeros((2, 4), dtype=int)
    steps = Recording(sequence.dataset.assign_coords(label=(("presentation", "target_axis_1"), labels)))
    names = [each["name"] for each in content(write_page(steps, tmp_path / "page.html"))["presentations"]]
    assert names == ["0", "1"]


def test_nothing_on_the_page_points_to_a_network(recording, tmp_path):
    page = write_page(recording, tmp_path / "page.html").read_text()
    assert re.findall(r"""(?:src|href)\s*=\s*(?!"data:)\S+""", page) == []
    assert re.findall(r"https?://|url\((?!#)|@import", page) == []
    assert "default-src 'none'" in page


def test_beside_its_numbers_the_page_takes_less_than_100_kilobytes(recording, tmp_path):
    page = write_page(recording, tmp_path / "page.html").read_text()
    held = re.search(r'id="recording">(.*?)</script>', page)[1]
    assert len(page) - len(held) < 100_000


@given(st.integers(1, 2000).flatmap(lambda count: st.tuples(st.just(count), st.integers(1, count))))
def test_kept_samples_hold_the_first_and_the_last_and_grow_apart(counts):
    count, kept = counts
    samples = kept_samples(count, kept)
    assert len(samples) == kept
    assert samples[0] == 0
    assert kept == 1 or samples[-1] == count - 1
    steps = np.diff(samples)
    assert (steps >= 1).all()
    assert (np.diff(steps) >= -1).all()  # by rounding a step may be one shorter than the one before


def test_a_cell_of_a_sequence_is_kept_with_all_its_steps(sequence):
    dataset = sequence.dataset
    kept = dataset.isel(neuron=largest_neurons(dataset, ["error"], 4 * 5))
    hidden = kept.isel(neuron=(kept["layer"] == "hidden-1").values)
    peak = abs(sequence.layer("hidden-1")["error"]).max(["presentation", "time"]).groupby("index").max()
    best = set(peak["index"].values[np.argsort(-peak.values)[: len(hidden["index"]) // 4]])
    assert set(hidden["index"].values) == best
    assert sorted(hidden["step"].values) == sorted([0, 1, 2, 3] * len(best))


@pytest.mark.parametrize(
    ("shape", "steps", "form"),
    [
        ((28, 28), 1, ("image", (28, 28))),
        ((1, 8, 8), 1, ("image", (8, 8))),
        ((784,), 1, ("image", (28, 28))),
        ((3, 32, 32), 1, ("colours", (3, 32, 32))),
        ((3072,), 1, ("colours", (3, 32, 32))),
        ((50, 60, 1), 1, ("channels", (50, 60))),
        ((16, 7), 16, ("sequence", (16, 7))),
        ((5,), 1, ("bars", (5,))),
        ((9,), 1, ("bars", (9,))),
    ],
)
def test_a_stimulus_is_drawn_by_its_shape(shape, steps, form):
    assert stimulus_form(shape, steps) == form


def test_a_recording_without_neurons_is_refused(recording, tmp_path):
    empty = Recording(recording.dataset.isel(neuron=[]))
    with pytest.raises(DataError, match="holds no neuron to look at; record some"):
        write_page(empty, tmp_path / "page.html")


def test_the_command_writes_the_page_beside_the_recording_and_opens_it(recording, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    file = recording.save(tmp_path / "recording.nc")
    result = CliRunner().invoke(app, ["view", str(file)])
    assert result.exit_code == 0, result.output
    page = tmp_path / "recording.html"
    assert opened == [page.as_uri()]
    result = CliRunner().invoke(app, ["view", str(file), "--no-open", "--out", str(tmp_path / "new" / "other.html")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "new" / "other.html").read_bytes() == page.read_bytes()
    assert len(opened) == 1


def test_where_no_browser_starts_the_command_says_so(recording, tmp_path, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    result = CliRunner().invoke(app, ["view", str(recording.save(tmp_path / "recording.nc"))])
    assert "open the page yourself" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.nc", "--out", "new.html"], "nothing.nc: there is no such recording"),
        (["there.html", "--out", "there.html"], "this file already exists; choose another --out, or pass --overwrite."),
        (["there.html", "--overwrite"], "there.html: this recording cannot be read"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("of earlier")
    monkeypatch.setattr(sys, "argv", ["dendrosim", "view", *arguments])
    with pytest.raises(SystemExit) as raised:
        main()
    captured = capsys.readouterr()
    assert raised.value.code == 1
    assert message in captured.err
    assert "Traceback" not in captured.err + captured.out
    assert (tmp_path / "there.html").read_text() == "of earlier"
