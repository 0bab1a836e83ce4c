"""What figures show is what they were given."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.colors import to_rgba
from matplotlib.text import Text
from networks import dense, model_of, parameters_of, presentations_of, small_model

import dendrosim as ds
from dendrosim import plot
from dendrosim.errors import DataError, RunError
from dendrosim.plot.agreement import agreement
from dendrosim.plot.scaling import against_idiomatic, growth
from dendrosim.plot.style import RULE_COLOURS, looks


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


def test_a_rule_is_the_same_line_in_all_panels_of_the_angles_and_stands_once_in_the_legend():
    history = pd.DataFrame({"epoch": [1, 2], "gradient_angle.hidden-1": [80.0, 60.0]})
    panels = {"one": ["a", "b", "c"], "other": ["c", "b"], "third": ["d"]}
    figure = plot.angles_page({title: dict.fromkeys(names, history) for title, names in panels.items()})
    looks = [
        {line.get_label(): (line.get_color(), line.get_linestyle()) for line in ax.get_lines()} for ax in figure.axes
    ]
    assert looks[0]["b"] == looks[1]["b"]
    assert looks[0]["c"] == looks[1]["c"]
    assert len({looks[0]["a"], looks[0]["b"], looks[0]["c"], looks[2]["d"]}) == 4
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "c", "d"]


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


def growing(points, slope=2, against="cells", measure="time (ms)"):
    return {"against": against, "measure": measure, "slope": slope, "points": points}


def test_growth_shows_the_points_of_all_rows_and_the_slope_through_the_costliest():
    rows = [growing({"ours": [[1, 10.0]], "theirs": [[1, 20.0]]}), growing({"ours": [[2, 30.0], [4, 160.0]]})]
    ax = growth(rows, "time (ms)", "cells")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("cells", "time (ms)")
    lines = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    np.testing.assert_array_equal(lines["ours"], [(1, 10), (2, 30), (4, 160)])
    np.testing.assert_array_equal(lines["theirs"], [(1, 20)])
    np.testing.assert_allclose(lines["slope 2"], [(1, 10), (2, 40), (4, 160)])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "4"]


def test_what_gets_cheaper_is_compared_from_its_first_point():
    ax = growth([growing({"ours": [[1, 80.0], [8, 20.0]]}, slope=-1)], "time (ms)", "at once")
    lines = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    np.testing.assert_allclose(lines["slope −1"], [(1, 80), (8, 10)])


def test_the_idiomatic_network_stands_beside_ours_in_nanoseconds_with_the_ratio():
    rows = [
        {"label": "numpy", "value": 50.0, "seconds": {"circuit": 1e-10, "idiomatic": 5e-9}},
        {"label": "cython", "value": 10.0, "seconds": {"circuit": 2e-10, "idiomatic": 2e-9}},
    ]
    ax = against_idiomatic(rows)
    lines = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    np.testing.assert_allclose(lines["dendrosim"], [(0.1, 2), (0.2, 1)])
    np.testing.assert_allclose(lines["idiomatic Synapses"], [(5, 2), (2, 1)])
    assert [text.get_text() for text in ax.texts] == ["50 times", "10 times"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["numpy", "cython"]


def test_scaling_has_a_panel_for_each_pair_of_axes_and_leaves_out_rows_without_points():
    rows = [json.loads(line) for line in Path("results/circuit.jsonl").read_text(encoding="utf-8").splitlines()]
    labels = [(ax.get_xlabel(), ax.get_ylabel()) for ax in plot.scaling(rows).subfigs[1].axes if ax.axison]
    assert labels == list(dict.fromkeys((row["against"], row["measure"]) for row in rows if "points" in row))
    with pytest.raises(DataError, match="none of these rows holds measured points"):
        plot.scaling([{"quantity": "bytes", "value": 8.0}])


def test_costs_share_one_scale_with_a_line_at_one():
    panels = [
        ("a", "time", [plot.Result("x", 0.7, 0.0, None), plot.Result("y", 0.8, 0.0, None)]),
        ("b", "time", [plot.Result("x", 1.2, 0.0, 1.7)]),
        ("c", "time", [plot.Result("x", 1.1, 0.0, None)]),
    ]
    axes = plot.cost(panels).axes[:3]
    assert len({ax.get_xlim() for ax in axes}) == 1
    low, high = axes[0].get_xlim()
    assert low < 0.7 < 1.7 < high
    for ax in axes:
        assert any(list(line.get_xdata()) == [1, 1] for line in ax.get_lines())


def dashed(ax):
    return [line for line in ax.get_lines() if line.get_linestyle() == "--"]


@pytest.mark.parametrize("cell", [{}, {"tau_soma": 20.0, "tau_apical": 5.0}])
@pytest.mark.parametrize("teacher", [{"kind": "clamped"}, {"kind": "nudged", "strength": 0.5}])
def test_the_closed_form_over_a_relaxation_is_that_of_its_teacher_within_a_thousandth(teacher, cell):
    model = small_model((3, 4, 2), teacher=teacher, cell=cell)
    circuit = ds.Circuit(model, parameters_of(model, 0), dt=0.02)
    recording = circuit.relax(*presentations_of(model, 1, 0), start="settled")
    (prediction,) = dashed(plot.relaxation(recording, "hidden-1", 0))
    error = recording.layer("hidden-1")["error"].values[0, :, 0]
    assert np.abs(prediction.get_ydata() - error).max() < 0.001 * abs(error[-1])


def test_no_closed_form_is_drawn_where_there_is_none():
    recurrent = model_of([3, 2], [{"kind": "recurrent", "units": 3}, dense(2)])
    two_way = small_model((3, 4, 2), cell={"kind": "conductance", "coupling": "two-way"})
    for model, start in ((recurrent, "settled"), (two_way, "settled"), (small_model((3, 4, 2)), "rest")):
        recording = ds.Circuit(model, parameters_of(model, 0)).relax(*presentations_of(model, 1, 0), start=start)
        assert dashed(plot.relaxation(recording, "hidden-1", 0)) == []


def test_spikes_and_plateaus_are_the_traces_of_one_trial_with_a_bar_for_each_spike():
    time = np.arange(5) * 0.1
    traces = {name: (("trial", "time"), np.arange(10.0).reshape(2, 5) - shift) for name, shift in POTENTIALS.items()}
    spikes = np.array([[0, 0, 0, 0, 0], [0, 1, 0, 1, 0]])
    found = xr.Dataset(traces | {"spikes": (("trial", "time"), spikes)}, {"trial": ["soma", "both"], "time": time})
    ax = plot.spikes_and_plateaus(found, "both")
    for line, name in zip(ax.get_lines(), POTENTIALS, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), found[name].sel(trial="both"))
    bars = ax.collections[0].get_segments()
    assert [bar[0, 0] for bar in bars] == pytest.approx([0.1, 0.3])
    assert min(bar[:, 1].min() for bar in bars) > max(float(found[name].max()) for name in POTENTIALS)
    with pytest.raises(DataError, match=r"there is no trial 'apical' in this stimulation"):
        plot.spikes_and_plateaus(found, "apical")


POTENTIALS = {"V_soma": 60.0, "V_dendrite": 50.0}


def test_burst_curves_have_a_line_for_each_current_and_standard_errors():
    events, shares = np.array([[100, 200], [400, 800]]), np.array([[0.1, 0.5], [0.2, 0.8]])
    pairs = ("soma", "dendrite")
    columns = {"events": events, "burst_probability": shares, "event_rate": events / 50}
    found = xr.Dataset(
        {name: (pairs, each) for name, each in columns.items()}, {"soma": [300.0, 500.0], "dendrite": [-100.0, 0.0]}
    )
    ax = plot.burst_curves(found)
    for row, container in enumerate(ax.containers):
        line, _, (bars,) = container
        np.testing.assert_array_equal(line.get_ydata(), shares[row])
        lengths = [np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()]
        np.testing.assert_allclose(lengths, np.sqrt(shares[row] * (1 - shares[row]) / events[row]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["300 pA", "500 pA"]
    ax = plot.burst_curves(found, "event_rate", "soma")
    line, _, (bars,) = ax.containers[0]
    np.testing.assert_array_equal(line.get_ydata(), found["event_rate"][:, 0])
    lengths = [np.ptp(segment[:, 1]) / 2 for segment in bars.get_segments()]
    np.testing.assert_allclose(lengths, np.sqrt(events[:, 0]) / 50)  # Poisson: √N of the N events
    with pytest.raises(DataError, match=r"axon"):
        plot.burst_curves(found, against="axon")


def test_plateau_times_are_curves_over_frequency():
    curve = xr.DataArray([0.0, 12.0], {"frequency": [50.0, 100.0]}, ["frequency"])
    ax = plot.plateau_times({"intact": curve, "blocked": 0 * curve})
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), curve)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["intact", "blocked"]
    with pytest.raises(DataError, match=r"frequency"):
        plot.plateau_times({"intact": curve.rename(frequency="current")})


def test_a_network_whose_output_has_tufts_has_room_for_them_below_the_words():
    model = small_model((3, 2, 2), cell={"kind": "active"})
    circuit = ds.Circuit(model, parameters_of(model, 0))
    ax = plot.network(circuit.relax(*presentations_of(model, 1, 0), time_limit=5.0))
    highest = max(line[:, 1].max() for each in ax.collections for line in getattr(each, "get_segments", list)())
    (words,) = [text for text in ax.texts if "target: class" in text.get_text()]
    assert words.get_position()[1] > highest


@pytest.fixture(scope="module")
def fitted():
    """A run of a regression."""
    stimuli = np.random.default_rng(0).normal(size=(60, 3))
    data = ds.Dataset.from_arrays(stimuli, stimuli @ np.array([[0.5], [-1.0], [0.2]]))
    layers = [{"kind": "dense", "units": 4}, {"kind": "dense", "units": 1}]
    model = ds.Model(input=[3], layers=layers, output="identity", training={"epochs": 3, "batch_size": 8})
    return ds.train(model, data=data, progress=False)


def test_learning_curves_of_a_regression_show_its_error(fitted):
    page = plot.learning_page({"mine": fitted.history})
    (curve,) = page.axes[0].get_lines()
    np.testing.assert_array_equal(curve.get_ydata(), fitted.history["validation_mse"])
    assert page.axes[0].get_ylabel() == "mean squared error on validation"


def test_runs_without_a_common_measure_are_compared_by_their_losses(fitted):
    other = fitted.history.rename(columns={"validation_mse": "validation_accuracy"})
    ax = plot.learning_curves({"a regression": fitted.history, "a classification": other})
    assert ax.get_ylabel() == "loss on validation"
    with pytest.raises(DataError, match="share none of validation_accuracy, validation_mse, validation_loss"):
        plot.learning_curves({"mine": fitted.history[["epoch", "train_loss"]]})


def test_a_regression_says_what_it_has_in_the_place_of_an_accuracy(fitted):
    with pytest.raises(RunError, match=r"no accuracy; take test\['loss'\] and test\['mse'\] and test\['mae'\]"):
        _ = fitted.test_accuracy


def test_runs_of_regressions_are_drawn_by_their_errors():
    table = pd.DataFrame({"rule": ["dll", "dll"], "seed": [0, 1], "test_loss": [0.2, 0.3], "test_mse": [0.4, 0.6]})
    assert plot.runs(table).get_xlabel() == "mean squared error on the test set"


def test_residuals_show_by_how_much_each_layer_differs_and_hide_none():
    computed = np.array([1.0, -2.0, 4.0])
    pairs = {"hidden-1": (computed + np.array([0.0, 2e-9, 4e-8]), computed), "output": (computed + 1e-3, computed)}
    ax = plot.residuals(pairs, "local error")
    below, above = (np.sort(line.get_xdata()) for line in ax.get_lines())
    np.testing.assert_allclose(below, [5e-10, 1e-8], rtol=1e-6)
    np.testing.assert_allclose(above, 2.5e-4)
    heights = [line.get_ydata() for line in ax.get_lines()]
    assert heights[0].min() > heights[1].max()


def test_what_is_counted_has_ticks_at_round_whole_numbers():
    model = small_model((30, 33, 34))
    figure = plot.matrices(parameters_of(model, 0), "output")
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        steps = np.diff(axis.get_majorticklocs())
        assert set(steps) <= {1, 2, 5, 10, 20}
        assert all(place == round(place) for place in axis.get_majorticklocs())


def test_a_layer_has_the_same_marker_whatever_the_order_of_the_columns():
    names = ["angle.hidden-2", "angle.output"]
    history = pd.DataFrame({"epoch": [1, 2], names[0]: [80.0, 60.0], names[1]: [85.0, 40.0]})
    markers = []
    for columns in (names, names[::-1]):
        lines = plot.feedback_alignment({"mine": history[["epoch", *columns]]}).get_lines()
        markers.append(
            {line.get_label(): line.get_marker() for line in lines if line.get_label() in ("hidden-2", "output")}
        )
    assert markers[0] == markers[1]
    assert len(set(markers[0].values())) == 2


def test_panels_of_a_table_share_their_lines_and_a_published_number_far_off_is_written_at_the_edge():
    first = [plot.Result("dll", 90.0, 0.5, 89.0), plot.Result("hebbian", 88.0, 0.1, 30.34)]
    second = [plot.Result("hebbian", 60.0, 0.0, None)]
    page = plot.comparison_page([("a", "test accuracy, %", first), ("b", "test accuracy, %", second)])
    left, right = page.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["dll", "hebbian"]
    assert list(right.containers[0].lines[0].get_ydata()) == [2, 1]
    assert np.isnan(np.asarray(right.containers[0].lines[0].get_xdata(), float)).tolist() == [True, False]
    assert [text.get_text() for text in left.texts] == ["◂ 30.3"]
    assert 86 < left.get_xlim()[0] < 88 < 90.5 < left.get_xlim()[1]
    assert list(right.texts) == []


def test_what_depends_on_a_setting_is_a_curve_a_rule_over_its_values_in_their_order():
    curves = {"backpropagation": {1e-2: (96.0, 0.4), 1e-3: (97.0, 0.2)}, "dll mirror": {1e-3: (97.1, 0.1)}}
    page = plot.sensitivity_page([("a model", "learning rate", "test accuracy, %", curves)])
    (ax,) = page.axes
    backpropagation, mirror = (container[0] for container in ax.containers)
    np.testing.assert_array_equal(backpropagation.get_xydata(), [(1e-3, 97.0), (1e-2, 96.0)])
    np.testing.assert_array_equal(mirror.get_xydata(), [(1e-3, 97.1)])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == (
        "learning rate",
        "test accuracy, %",
        "a model",
    )
    for nothing in ({}, {"dll": {}}, curves | {"dll": {}}, {"dll": {0.0: (1.0, 0.0)}}):
        with pytest.raises(DataError, match="have not all values above zero"):
            plot.sensitivity(nothing, "learning rate", "test accuracy, %")


def test_a_panel_says_whose_angles_were_not_recorded_and_no_colour_is_there_twice():
    names = [f"rule {number}" for number in range(12)]
    history = pd.DataFrame({"epoch": [1, 2], "gradient_angle.hidden-1": [80.0, 70.0]})
    figure = plot.angles_page({"a": dict.fromkeys(names, history), "b": {"rule 1": history[["epoch"]]}})
    first, second = figure.axes
    colours = {tuple(to_rgba(line.get_color())) for line in first.get_lines() if line.get_label() in names}
    assert len(colours) == 12
    assert list(first.texts) == []
    assert [text.get_text() for text in second.texts] == ["not recorded: rule 1"]


@pytest.mark.parametrize("name", ["$x$", "$\\frac{1$", "a_b^c $ 5"])
def test_names_are_drawn_as_they_are_and_never_read_as_formulas(relaxed, name, tmp_path):
    dataset = relaxed[1].dataset
    layer = np.where(dataset["layer"].values == "hidden-1", name, dataset["layer"].values)
    renamed = dataset.assign_coords(layer=("neuron", layer)).assign_attrs(model=name)
    renamed["basal"] = dataset["basal"].assign_attrs(dataset["basal"].attrs | {"label": name, "symbol": name})
    odd = ds.Recording(renamed)
    history = pd.DataFrame({"epoch": [1, 2], "validation_accuracy": [0.5, 0.6], "gradient_angle.output": [80.0, 70.0]})
    figures = [
        plot.relaxation(odd, layer=name).figure,
        plot.neuron(odd, layer=name, neuron=1).figure,
        plot.learning_curves({name: history}).figure,
        plot.gradient_angles({name: history}).figure,
    ]
    for number, figure in enumerate(figures):
        figure.savefig(tmp_path / f"{number}.png")  # a formula that cannot be read would raise here
        texts = [text.get_text() for text in figure.findobj(Text)]
        assert any(name in text for text in texts), (number, texts)
        assert not any(text.get_parse_math() for text in figure.findobj(Text) if name in text.get_text())


def test_a_rule_has_its_colour_in_every_figure_and_no_colour_is_there_twice():
    several = ["backpropagation", "DLL mirror", "mine", "hebbian", "yours"]
    styles = looks(several)
    assert looks(["dll mirror"])["dll mirror"] == styles["DLL mirror"] == looks(["mirror", "x"])["mirror"]
    colours = [look["color"].upper() for look in styles.values()]
    assert len(set(colours)) == len(several)
    many = looks([*RULE_COLOURS, *(f"rule {number}" for number in range(12))])
    assert len({look["color"].upper() for look in many.values()}) == len(many)


def test_logarithmic_axes_have_plain_numbers():
    values = np.array([[1e-3, 2e-2, 0.5]])
    ax = plot.agreement({"hidden-1": (values, values * 1.001)}, "ξ")
    ax.figure.canvas.draw()
    labels = [label.get_text() for label in ax.get_xticklabels() if label.get_text()]
    assert labels
    assert all(float(label) for label in labels)
