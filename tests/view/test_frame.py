"""The page of a recording inside the frame of a notebook, in a real browser."""

from browsing import assert_numbers, cell_of, go_to
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from dendrosim.view import Frame
from dendrosim.view.page import page


def test_the_page_works_inside_a_frame_and_does_not_reach_out_of_it(driver, recording, tmp_path):
    notebook = tmp_path / "notebook.html"
    frame = Frame(page(recording), 900)._repr_html_()
    notebook.write_text(f"<!DOCTYPE html><meta charset='utf-8'><title>mine</title>{frame}", encoding="utf-8")
    driver.get_log("browser")
    driver.get(notebook.as_uri())
    assert driver.title == "mine"
    driver.switch_to.frame(driver.find_element(By.TAG_NAME, "iframe"))
    try:
        WebDriverWait(driver, 20).until(lambda browser: browser.find_elements(By.CSS_SELECTOR, "#traces canvas"))
        go_to(driver, 7)
        neuron = driver.find_element(By.ID, "neuron").get_attribute("value")
        chosen = driver.execute_script("return document.getElementById('layer').selectedOptions[0].text").split()[0]
        assert_numbers(driver, cell_of(recording, chosen, int(neuron)), 0, 7)
        reached = driver.execute_script("try { return parent.document.title } catch (error) { return error.name }")
        assert reached == "SecurityError"
    finally:
        driver.switch_to.default_content()
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
