"""The raster on the page of a recording: whose spikes it shows, when there are none, and what does not fit."""

import json
import re
from base64 import b64decode

import numpy as np
import pytest
from browsing import go_to, pick
from selenium.webdriver.common.by import By

from dendrosim.recording import Recording
from dendrosim.view import spikes, write_page


def ticks(browser):
    """Times by row, of single spikes and of bursts."""
    script = "return charts.raster.spec.panels[0].strokes.map(({ name, marks }) => [name, marks])"
    found = {}
    for name, marks in browser.execute_script(script):
        rows = found.setdefault(name, {})
        for time, row in marks:
            rows.setdefault(row, []).append(time)
    return found


@pytest.mark.parametrize(("layer", "cells"), [("hidden-1", 6), ("output", 3)])
def test_the_raster_shows_the_spikes_of_the_layer_and_presentation(opened, spiking, layer, cells):
    browser = opened(spiking)
    pick(browser, "layer", f"{layer} ({cells})")
    pick(browser, "presentation", f"1, label {spiking.dataset['label'].values[1]}")
    shown = ticks(browser)
    frame = spiking.spikes(layer, presentation=1)
    for name, flag in (("single spike", False), ("burst", True)):
        for neuron in range(cells):
            wanted = frame[(frame["neuron"] == neuron) & (frame["burst"] == flag)]["time"]
            np.testing.assert_allclose(shown[name].get(neuron, []), wanted, rtol=1e-5)
    look = "return charts.raster.spec.panels[0].strokes.map(({ width, half }) => [width, half])"
    (thin, low), (thick, high) = browser.execute_script(look)
    assert thin < thick
    assert low < high


def test_the_cursor_of_the_raster_moves_with_the_others(opened, spiking):
    browser = opened(spiking)
    go_to(browser, 12)
    for figure in ("traces", "raster", "map"):
        assert browser.execute_script("return charts[arguments[0]].spec.cursor", figure) == pytest.approx(
            float(spiking.dataset["time"][12])
        )


def test_where_no_spikes_were_recorded_there_is_no_raster(opened, recording, spiking):
    browser = opened(recording)
    assert not browser.find_element(By.ID, "spikes").is_displayed()
    assert opened(spiking).find_element(By.ID, "spikes").is_displayed()


def test_spikes_that_do_not_fit_are_left_out_from_a_moment_on_and_the_page_says_so(spiking, tmp_path):
    few, sentence = spikes.spikes_shown(spiking.dataset, 16 * 100)
    held = sum(len(each["time"]) for each in few) * 3 / 4 / 4
    assert 50 < held <= 104  # whole groups of base64
    total = sum(spiking.spike_counts.values())
    kept, until = re.search(rf"Of {total:,} spikes it keeps the (\d+) before ([\d.]+) ms", sentence).groups()
    frames = [spiking.spikes(layer) for layer in ("hidden-1", "output")]
    assert int(kept) == sum((frame["time"] < float(until)).sum() for frame in frames)
    whole = write_page(spiking, tmp_path / "page.html").read_text()
    assert "spikes it keeps" not in whole
    assert "spikes" in json.loads(re.search(r'id="recording">(.*?)</script>', whole)[1])


def test_a_page_of_some_neurons_has_their_spikes_only(spiking, tmp_path):
    part = Recording(spiking.dataset.isel(neuron=[1, 4], presentation=[1]))
    page = write_page(part, tmp_path / "page.html").read_text()
    (sent,) = json.loads(re.search(r'id="recording">(.*?)</script>', page)[1])["spikes"]
    wanted = spiking.spikes("hidden-1", presentation=1)["neuron"].isin([1, 4]).sum()
    assert len(np.frombuffer(b64decode(sent["time"]), "<f4")) == wanted
