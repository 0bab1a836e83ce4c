"""A browser, and what a reader does with a page: choosing, pressing keys, reading numbers."""

import json
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from networks import dense, model_of, small_model
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
MLP = small_model((16, 6, 5, 3))
RNN = model_of([4, 3], [{"kind": "recurrent", "units": 5}, dense(3)])


def started():
    """Start Chromium without a window."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Chromium and chromedriver on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    browser.set_window_size(1400, 1000)
    return browser


def assert_no_error(browser):
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def requests(browser):
    """Addresses that the page asked for since they were last read, but its own and what it holds itself."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith("file:") for url in asked)
    return [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


@contextmanager
def emulated(browser, width=None, **features):
    """A window of another width, or a reader with other preferences, such as prefers_color_scheme="dark"."""
    wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})
    if width:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def pick(browser, control, text):
    Select(browser.find_element(By.ID, control)).select_by_visible_text(text)


def picked(browser, control):
    return Select(browser.find_element(By.ID, control)).first_selected_option.text


def go_to(browser, sample):
    """Drag the slider to a sample."""
    browser.execute_script(
        "const slider = document.getElementById('time'); slider.value = arguments[0];"
        "slider.dispatchEvent(new Event('input')); slider.dispatchEvent(new Event('change'));",
        sample,
    )


def press(browser, key, held=""):
    """Press a key where no control has the focus."""
    browser.execute_script("document.activeElement.blur()")
    keys = ActionChains(browser)
    if held:
        keys.key_down(held).send_keys(key).key_up(held).perform()
    else:
        keys.send_keys(key).perform()


def click(browser, element, x, y):
    """Click on a place of an element, in pixels from its upper left corner."""
    _at(browser, element, x, y).click().perform()


def drag(browser, element, left, right, y):
    """Drag along an element from one place to another."""
    _at(browser, element, left, y).click_and_hold().move_by_offset(int(right - left), 0).release().perform()


def _at(browser, element, x, y):
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
    right, down = int(x - element.size["width"] / 2), int(y - element.size["height"] / 2)
    return ActionChains(browser).move_to_element_with_offset(element, right, down)


def text(browser, element):
    return browser.find_element(By.ID, element).text


def moment(browser):
    return float(text(browser, "moment").removesuffix(" ms"))


def numbers(browser):
    """What stands in the table, as it is written there, by variable."""
    script = (
        "return [...document.querySelectorAll('#numbers td[data-variable]')]"
        ".map((cell) => [cell.dataset.variable, cell.innerText])"
    )
    return {name: words.replace("−", "-") for name, words in browser.execute_script(script)}


def assert_numbers(browser, cell, presentation, sample):
    """The table says what one neuron's recording says."""
    shown = numbers(browser)
    assert list(shown) == ["basal", "soma", "apical", "error"]
    for name, words in shown.items():
        value = float(cell[name].values[presentation, sample])
        if np.isnan(value):
            assert words == "absent"
        else:
            assert float(words) == (float(f"{value:.6g}") if abs(value) >= 1e-30 else 0)


def cell_of(shown, layer, index, step=0):
    cells = shown.layer(layer)
    return cells.isel(neuron=int(np.flatnonzero((cells["index"].values == index) & (cells["step"].values == step))[0]))
