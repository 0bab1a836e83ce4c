"""The page of a recording, in a real browser: what it shows is what was recorded, and it needs nothing else."""

import itertools
import re
import time

import numpy as np
import pytest
import xarray as xr
from browsing import (
    MLP,
    assert_numbers,
    cell_of,
    click,
    drag,
    emulated,
    go_to,
    moment,
    numbers,
    pick,
    picked,
    press,
    requests,
    text,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from dendrosim.recording import Recording

POTENTIALS = ("basal", "apical", "soma", "error")


def test_the_page_loads_without_an_error_and_asks_nothing_of_any_network(opened, recording):
    browser = opened(recording)
    browser.get_log("performance")
    browser.refresh()
    assert requests(browser) == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_numbers_of_every_layer_presentation_and_moment_are_those_of_the_recording(opened, recording):
    browser = opened(recording)
    last = recording.dataset.sizes["time"] - 1
    for presentation, layer in itertools.product((0, 2), MLP.layer_names):
        pick(browser, "presentation", f"{presentation}, label {recording.dataset['label'].values[presentation]}")
        pick(browser, "layer", f"{layer} ({len(recording.layer(layer)['index'])})")
        pick(browser, "neuron", "1")
        for sample in (0, 7, last):
            go_to(browser, sample)
            assert moment(browser) == pytest.approx(float(recording.dataset["time"][sample]), rel=1e-5)
            assert_numbers(browser, cell_of(recording, layer, 1), presentation, sample)


def pixels(browser, canvas):
    """Red, green and blue of every pixel of a canvas."""
    read = (
        "const canvas = document.getElementById(arguments[0]);"
        "return Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
    )
    return np.reshape(browser.execute_script(read, canvas), (-1, 4))[:, :3]


def test_the_views_show_the_chosen_neuron_layer_and_presentation(opened, recording):
    browser = opened(recording)
    pick(browser, "layer", "hidden-2 (5)")
    pick(browser, "neuron", "3")
    pick(browser, "presentation", "2, label two")
    lines = browser.execute_script(
        "return charts.traces.spec.panels.flatMap(({ lines }) => lines).map(({ name, y }) => [name, Array.from(y)])"
    )
    cell = cell_of(recording, "hidden-2", 3)
    assert len(lines) == 4
    for name, trace in lines:
        np.testing.assert_allclose(trace, cell[name.split()[0]].values[2], rtol=1e-5, atol=1e-30)
    for variable, label in (("error", "error ξ = x − u"), ("soma", "soma x")):
        pick(browser, "variable", label)
        shown = browser.execute_script("return charts.map.spec.panels[0].heat.values.map((row) => Array.from(row))")
        there = recording.layer("hidden-2")[variable].values[2].T
        np.testing.assert_allclose(shown, there, rtol=1e-5, atol=1e-30)
    stimulus = recording.dataset["stimulus"].values[2]
    grey = 255 * (stimulus - stimulus.min()) / np.ptp(stimulus)
    np.testing.assert_allclose(pixels(browser, "picture")[:, 0], grey, atol=0.51)
    assert f"class {recording.dataset['target'].values[2].argmax()} " in text(browser, "target")
    assert f"since {recording.convergence_time[2]:.6g} ms" in text(browser, "convergence")


def test_the_neuron_is_coloured_by_its_potentials_at_the_moment(opened, recording):
    browser = opened(recording)
    read = (
        "return document.querySelector('#drawing [data-compartment=\"' + arguments[0] + '\"]').getAttribute('stroke')"
    )
    go_to(browser, 0)
    rest = browser.execute_script(read, "apical")
    assert all(240 < int(channel) < 250 for channel in re.findall(r"\d+", rest))  # no feedback yet: the map's white
    press(browser, Keys.END)
    assert browser.execute_script(read, "apical") != rest


def test_another_presentation_is_shown_at_the_same_moment(opened, recording):
    browser = opened(recording)
    go_to(browser, 30)
    pick(browser, "presentation", "2, label two")
    assert moment(browser) == pytest.approx(float(recording.dataset["time"][30]))


def test_without_a_choice_the_neuron_with_the_largest_error_is_shown_and_a_button_returns_to_it(opened, recording):
    browser = opened(recording)
    layer = recording.layer("hidden-1")
    largest = str(int(layer["index"][np.abs(layer["error"].values[0, -1]).argmax()]))
    assert picked(browser, "neuron") == largest
    pick(browser, "neuron", "0" if largest != "0" else "1")
    browser.find_element(By.ID, "largest").click()
    assert picked(browser, "neuron") == largest


def test_arrow_keys_home_and_end_move_through_time_with_all_cursors(opened, recording):
    browser = opened(recording)
    times = recording.dataset["time"].values
    press(browser, Keys.HOME)
    for key, shift, sample in (
        (Keys.ARROW_RIGHT, "", 1),
        (Keys.ARROW_RIGHT, Keys.SHIFT, 11),
        (Keys.ARROW_LEFT, "", 10),
    ):
        press(browser, key, held=shift)
        assert moment(browser) == pytest.approx(times[sample])
        for figure in ("traces", "map"):
            cursor = "return charts[arguments[0]].spec.cursor"
            assert browser.execute_script(cursor, figure) == pytest.approx(times[sample])
        assert f"at {text(browser, 'moment')}" in text(browser, "announcement")
    press(browser, Keys.END)
    assert moment(browser) == pytest.approx(times[-1])
    press(browser, Keys.ARROW_RIGHT)
    assert moment(browser) == pytest.approx(times[-1])


def test_arrow_keys_choose_in_a_focused_list_and_do_not_move_time(opened, recording):
    browser = opened(recording)
    press(browser, Keys.HOME)
    browser.find_element(By.ID, "presentation").send_keys(Keys.ARROW_RIGHT)
    assert moment(browser) == 0


def test_on_the_heat_map_up_and_down_choose_the_neuron(opened, recording):
    browser = opened(recording)
    pick(browser, "neuron", "2")
    heat_map = browser.find_element(By.ID, "map")
    for key, neuron in ((Keys.ARROW_UP, "3"), (Keys.ARROW_DOWN, "2"), (Keys.ARROW_DOWN, "1")):
        heat_map.send_keys(key)
        assert picked(browser, "neuron") == neuron
        assert f"hidden-1, neuron {neuron}," in text(browser, "announcement")


def test_space_plays_from_the_start_and_pauses(opened, recording):
    browser = opened(recording)
    press(browser, Keys.SPACE)
    assert text(browser, "play") == "Pause"
    WebDriverWait(browser, 5, 0.02).until(lambda _: 2 < moment(browser) < float(recording.dataset["time"][-1]))
    press(browser, Keys.SPACE)
    stopped = moment(browser)
    assert text(browser, "play") == "Play"
    assert stopped < float(recording.dataset["time"][-1])
    time.sleep(0.2)
    assert moment(browser) == stopped


def test_playing_ends_at_the_last_sample(opened, recording):
    browser = opened(recording)
    go_to(browser, recording.dataset.sizes["time"] - 4)
    browser.find_element(By.ID, "play").click()
    WebDriverWait(browser, 5, 0.02).until(lambda _: text(browser, "play") == "Play")
    assert moment(browser) == pytest.approx(float(recording.dataset["time"][-1]))


def test_who_prefers_less_motion_sees_a_picture_a_second(opened, recording):
    browser = opened(recording)
    with emulated(browser, prefers_reduced_motion="reduce"):
        press(browser, Keys.SPACE)
        time.sleep(0.5)
        assert moment(browser) == 0
        WebDriverWait(browser, 3, 0.02).until(lambda _: moment(browser) > 0)
        press(browser, Keys.SPACE)
        samples = recording.dataset.sizes["time"] - 1
        assert moment(browser) == pytest.approx(recording.dataset["time"].values[round(samples / 20)])


def test_a_click_on_the_heat_map_chooses_neuron_and_time(opened, recording):
    browser = opened(recording)
    heat_map = browser.find_element(By.CSS_SELECTOR, "#map canvas")
    x, y = browser.execute_script(
        "const { map } = charts; return [map.xOf(arguments[0]), map.yOf(map.spec.panels[0], arguments[1])]",
        float(recording.dataset["time"][30]),
        4,
    )
    click(browser, heat_map, x, y)
    WebDriverWait(browser, 5, 0.05).until(lambda _: picked(browser, "neuron") == "4")
    assert moment(browser) == pytest.approx(float(recording.dataset["time"][30]), abs=2)
    assert "hidden-1, neuron 4," in text(browser, "announcement")


def test_output_cells_show_that_they_have_no_apical_dendrite(opened, recording):
    browser = opened(recording)
    pick(browser, "layer", "output (3)")
    pick(browser, "variable", "apical a")
    assert numbers(browser)["apical"] == "absent"
    tuft = browser.find_element(By.CSS_SELECTOR, '#drawing [data-compartment="apical"]')
    assert tuft.get_attribute("stroke") == "url(#absent)"
    note = browser.execute_script("return charts.map.spec.panels[0].note")
    assert note == "absent: these cells have no apical a"
    names = browser.execute_script("return charts.traces.spec.legend.map(({ name }) => name)")
    assert "basal u" in names
    assert "apical a" not in names
    assert "apical\nabsent" in text(browser, "scales")


def test_steps_of_a_sequence_are_chosen_and_each_has_its_target(opened, sequence):
    browser = opened(sequence)
    pick(browser, "layer", "hidden-1 (5)")
    for step in (0, 2, 3):
        pick(browser, "step", str(step))
        pick(browser, "neuron", "4")
        assert_numbers(browser, cell_of(sequence, "hidden-1", 4, step), 0, 0)
        target = sequence.dataset["target"].values[0, step].argmax()
        assert text(browser, "target") == f"class {target} (of 0 to 2), at step {step}"
        assert f"step {step}," in text(browser, "announcement")


def test_one_step_needs_no_choice_of_it(opened, recording, sequence):
    assert opened(sequence).find_element(By.ID, "step").is_displayed()
    assert not opened(recording).find_element(By.ID, "step").is_displayed()


def test_membrane_potentials_stand_in_millivolts(opened, conductance):
    browser = opened(conductance)
    pick(browser, "neuron", "1")
    press(browser, Keys.END)
    value = float(cell_of(conductance, "hidden-1", 1)["V_soma"][0, -1])
    shown = browser.find_element(By.CSS_SELECTOR, 'td[data-variable="V_soma"]')
    assert float(shown.text.replace("−", "-")) == float(f"{value:.6g}")
    assert shown.find_element(By.XPATH, "following-sibling::td").text == "mV"


def test_only_what_was_recorded_is_shown(opened, recording):
    some = recording.layer("hidden-2").isel(neuron=[4, 1]).drop_vars(["basal", "apical", "error"])
    browser = opened(Recording(some))
    assert [option.text for option in Select(browser.find_element(By.ID, "neuron")).options] == ["4", "1"]
    assert list(numbers(browser)) == ["soma"]
    stroke = browser.find_element(By.CSS_SELECTOR, '#drawing [data-compartment="basal"]').get_attribute("stroke")
    assert stroke == "url(#absent)"


def test_a_presentation_has_the_moments_at_which_it_was_recorded(opened, recording):
    ends = xr.DataArray([40, 60, 50], dims="presentation")
    sample = xr.DataArray(np.arange(recording.dataset.sizes["time"]), dims="time")
    kept = (sample <= ends) & ~((sample == 20) & (ends == 50))  # one has a gap where another ended
    turns = recording.dataset.assign({name: recording.dataset[name].where(kept) for name in POTENTIALS})
    browser = opened(Recording(turns))
    for presentation, end in enumerate(ends.values):
        pick(browser, "presentation", f"{presentation}, label {turns['label'].values[presentation]}")
        press(browser, Keys.END)
        assert moment(browser) == pytest.approx(float(turns["time"][end]))
        index = int(picked(browser, "neuron"))
        assert_numbers(browser, cell_of(Recording(turns), "hidden-1", index), presentation, end)
    go_to(browser, 20)
    assert moment(browser) == pytest.approx(float(turns["time"][21]))


def test_every_control_has_a_name_and_the_page_lists_its_keys(opened, recording):
    browser = opened(recording)
    controls = browser.find_elements(By.CSS_SELECTOR, "select, input, button, summary, [tabindex]")
    assert len(controls) >= 9
    assert all(control.accessible_name for control in controls if control.is_displayed())
    assert browser.find_element(By.ID, "announcement").get_attribute("aria-live") == "polite"
    keys = {each.text for each in browser.find_elements(By.TAG_NAME, "kbd")}
    assert keys == {"←", "→", "Shift", "Home", "End", "Space", "↑", "↓"}


def test_names_with_markup_are_shown_as_they_are(opened, recording):
    browser = opened(recording)
    pick(browser, "presentation", "1, label </script><b>one")
    assert "label </script><b>one, at" in text(browser, "announcement")


def test_a_narrow_window_needs_no_sideways_scrolling(opened, recording):
    browser = opened(recording)
    with emulated(browser, width=400):
        scrolled = "return document.documentElement.scrollWidth"
        WebDriverWait(browser, 5, 0.05).until(lambda _: browser.execute_script(scrolled) <= 400)


def test_the_page_of_a_big_recording_says_what_it_keeps_and_keeps_it_as_it_was(opened, big):
    browser = opened(big)
    sentence = text(browser, "sentence")
    samples, neurons = (
        int(re.search(rf"([\d,]+) of {all_} {what}", sentence)[1]) for all_, what in (("400", "sam"), ("1,802", "neu"))
    )
    kept = browser.execute_script("return [samplesOf(0).length, recording.neurons]")
    assert kept == [samples, neurons]
    assert "largest errors" in sentence
    pick(browser, "layer", "output (10)")
    pick(browser, "neuron", "9")
    pick(browser, "presentation", "15")
    for key, sample in ((Keys.HOME, 0), (Keys.END, 399)):
        press(browser, key)
        assert_numbers(browser, big.dataset.isel(neuron=-1), 15, sample)


@pytest.mark.parametrize("shape", [(3, 32, 32), (50, 6, 1), (5,)])
def test_every_form_of_stimulus_is_drawn(shape, opened, recording):
    values = np.random.default_rng(0).uniform(size=(3, *shape))
    axes = [f"other_axis_{axis}" for axis in range(len(shape))]
    dataset = recording.dataset.drop_vars("stimulus").assign(stimulus=(("presentation", *axes), values))
    browser = opened(Recording(dataset))
    if shape == (3, 32, 32):
        red, green, blue = (255 * (values[0] - values[0].min()) / np.ptp(values[0])).reshape(3, -1)
        np.testing.assert_allclose(pixels(browser, "picture").T, [red, green, blue], atol=0.51)
        return
    assert not browser.find_element(By.ID, "picture").is_displayed()
    (panel,) = browser.execute_script("return charts.stimulus.spec.panels")
    drawn = panel["bars"] if shape == (5,) else panel["heat"]["values"]
    np.testing.assert_allclose(drawn, values[0].reshape(np.shape(drawn)), rtol=1e-5)


def test_the_page_opens_when_the_target_appears_with_the_prediction_beside_it(opened, recording):
    browser = opened(recording)
    assert moment(browser) == 0
    assert text(browser, "opening") == "At 0 ms the target appears, to a network that had settled without it."
    for sample in (0, 25):
        go_to(browser, sample)
        assert_prediction(browser, recording.layer("output")["basal"].values[0, sample], recording, 0)
    pick(browser, "presentation", "2, label two")
    assert_prediction(browser, recording.layer("output")["basal"].values[2, 25], recording, 2)


def assert_prediction(browser, predicted, shown, presentation):
    target = shown.dataset["target"].values[presentation]
    rows = [row.text.split() for row in browser.find_elements(By.CSS_SELECTOR, "#outputs tbody tr")]
    assert rows == [
        [str(cell), f"{value:.2f}", f"{wanted:g}"]
        for cell, (value, wanted) in enumerate(zip(predicted, target, strict=True))
    ]
    widths = [
        float(bar.get_attribute("style").split("width: ")[1].split("%")[0])
        for bar in browser.find_elements(By.CSS_SELECTOR, "#outputs .track i")
    ]
    np.testing.assert_allclose(widths, 100 * predicted, rtol=1e-3, atol=1e-3)
    assert f"cell {predicted.argmax()} is the largest" in text(browser, "prediction")


def test_each_step_of_a_sequence_has_its_own_prediction_and_target(opened, sequence):
    browser = opened(sequence)
    pick(browser, "step", "2")
    output = sequence.layer("output")
    predicted = output["basal"].values[0, 0][output["step"].values == 2]
    rows = [row.text.split() for row in browser.find_elements(By.CSS_SELECTOR, "#outputs tbody tr")]
    assert [float(row[1]) for row in rows] == pytest.approx(predicted, abs=0.0051)
    assert [float(row[2]) for row in rows] == sequence.dataset["target"].values[0, 2].tolist()


def test_without_the_output_layer_the_page_says_that_there_is_no_prediction(opened, recording):
    browser = opened(Recording(recording.layer("hidden-2")))
    assert text(browser, "no-prediction") == "What the output predicts was not recorded."
    assert not browser.find_element(By.ID, "outputs").is_displayed()


def test_without_a_teacher_predictions_stand_alone(opened, recording):
    dataset = recording.dataset.assign_attrs(teacher="none")
    browser = opened(Recording(dataset))
    assert "nothing teaches the output" in text(browser, "opening")
    assert browser.find_elements(By.CSS_SELECTOR, "#outputs .track b") == []
    assert len(browser.find_elements(By.CSS_SELECTOR, "#outputs .track i")) == 3


def test_markup_in_the_name_of_a_layer_is_text_everywhere(opened, recording):
    name = '<a href="https://example.org">here</a>'
    layer = np.where(recording.dataset["layer"].values == "hidden-1", name, recording.dataset["layer"].values)
    browser = opened(Recording(recording.dataset.assign_coords(layer=("neuron", layer))))
    assert picked(browser, "layer") == f"{name} (6)"
    assert browser.execute_script("return charts.map.spec.panels[0].label") == f"neuron of {name}"
    assert browser.find_elements(By.CSS_SELECTOR, "a, svg a") == []


def test_dragging_shows_a_part_and_a_double_click_all_again(opened, recording):
    browser = opened(recording)
    traces = browser.find_element(By.CSS_SELECTOR, "#traces canvas")
    end = float(recording.dataset["time"][-1])
    left, right = browser.execute_script("return [charts.traces.xOf(10), charts.traces.xOf(30)]")
    y = browser.execute_script("return charts.traces.spec.panels[0].top + 20")
    drag(browser, traces, left, right, y)
    assert browser.execute_script("return charts.traces.range") == pytest.approx([10, 30], abs=end / 200)
    ActionChains(browser).double_click(traces).perform()
    assert browser.execute_script("return charts.traces.range") == pytest.approx([0, end])


def test_in_the_dark_the_page_is_dark_and_its_charts_are_drawn_in_light_ink(opened, recording):
    browser = opened(recording)
    background = "return getComputedStyle(document.documentElement).backgroundColor"
    brightest = (
        "return charts.traces.context.getImageData(0, 0, 60, 300).data"
        ".reduce((most, each, place) => (place % 4 < 3 ? Math.max(most, each) : most), 0)"
    )
    assert browser.execute_script(background) == "rgb(255, 255, 255)"
    assert browser.execute_script(brightest) < 60
    with emulated(browser, prefers_color_scheme="dark"):
        WebDriverWait(browser, 5, 0.05).until(lambda _: browser.execute_script(brightest) > 200)
        assert browser.execute_script(background) == "rgb(22, 22, 22)"
