"""What figures show is what they were given."""

import numpy as np
import pandas as pd
import pytest

import dendrosim as ds
from dendrosim import plot
from dendrosim.plot.agreement import agreement


@pytest.fixture(scope="module")
def relaxed():
    model = ds.load_model("digits-mlp")
    parameters = ds.Parameters.initialise(model, 1)
    test = ds.load_data(model).test
    recording = ds.Circuit(model, parameters).relax(test.stimuli[:2], test.targets[:2], start="settled")
    return parameters, recording


def test_the_error_map_shows_every_neuron_of_every_layer_from_below_to_above(relaxed):
    ax = plot.error_map(relaxed[1], presentation=1)
    images = ax.get_images()
    assert [image.get_array().shape[0] for image in images] == [128, 64, 10]
    for image, layer in zip(images, ("hidden-1", "hidden-2", "output"), strict=True):
        error = relaxed[1].layer(layer)["error"].isel(presentation=1).values.T
        np.testing.assert_array_equal(np.asarray(image.get_array()), error[:, : image.get_array().shape[1]])
        assert image.get_clim()[1] == pytest.approx(np.abs(image.get_array()).max())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["hidden-1", "hidden-2", "output"]


def test_the_phase_portrait_ends_on_the_diagonal(relaxed):
    ax = plot.phase_portrait(relaxed[1], "hidden-2", neurons=5)
    ends = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    assert len(ends) == 5
    for end in ends:
        np.testing.assert_allclose(end.get_xdata(), end.get_ydata(), atol=1e-6)


def test_matrices_show_both_weights_with_one_scale_and_their_angle(relaxed):
    parameters = relaxed[0]
    figure = plot.matrices(parameters, "hidden-2")
    left, middle, right, *_ = figure.axes
    np.testing.assert_array_equal(np.asarray(left.get_images()[0].get_array()), parameters.W["hidden-2"])
    np.testing.assert_array_equal(np.asarray(middle.get_images()[0].get_array()), parameters.theta["hidden-2"])
    assert left.get_images()[0].get_clim() == middle.get_images()[0].get_clim()
    assert f"{parameters.alignment()['angle.hidden-2']:.0f}°" in right.get_title(loc="left")


def test_receptive_fields_are_the_largest_weights_as_images(relaxed):
    W = relaxed[0].W["hidden-1"]
    sheet = np.asarray(plot.receptive_fields(relaxed[0], (8, 8), rows=2, columns=3).get_images()[0].get_array())
    first = W[np.argmax(np.linalg.norm(W, axis=1))].reshape(8, 8)
    np.testing.assert_allclose(sheet[:8, :8], first / np.abs(first).max(), rtol=1e-6)


def test_gradient_angles_are_the_mean_over_layers():
    history = pd.DataFrame(
        {"epoch": [1, 2], "gradient_angle.hidden-1": [80.0, 60.0], "gradient_angle.hidden-2": [40, 20]}
    )
    (line,) = [each for each in plot.gradient_angles({"a rule": history}).get_lines() if each.get_label() == "a rule"]
    np.testing.assert_array_equal(line.get_ydata(), [60.0, 40.0])


def test_agreement_shows_one_engine_against_the_other():
    values = np.array([1.0, -2.0, 0.0, 4.0])
    ax = agreement({"output": (values, values + 0.1)}, "ξ")
    points = ax.get_lines()[0]
    np.testing.assert_allclose(points.get_ydata(), [1.0, 2.0, 4.0])
    np.testing.assert_allclose(points.get_xdata(), [1.1, 1.9, 4.1])


def test_expectations_show_probabilities_by_step_and_what_came():
    output, targets = np.array([[0.9, 0.1], [0.3, 0.7]]), np.eye(2)
    ax = plot.expectations(output, targets, "AB")
    np.testing.assert_array_equal(np.asarray(ax.collections[0].get_array()).reshape(2, 2), output.T)
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [0, 1])
