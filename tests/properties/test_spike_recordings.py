"""Recorded spikes are those that the cells sent: on every target, of chosen neurons, in turns, files and selections."""

import os
import signal
import warnings

import numpy as np
import pandas as pd
import pytest
from networks import dense, model_of, parameters_of, presentations_of
from spiking_cells import period, unheard

from dendrosim.circuit import Circuit
from dendrosim.circuit.assembly import Assembly
from dendrosim.circuit.target import find_target
from dendrosim.errors import CircuitError, Clipped, DataError, Interrupted
from dendrosim.recording import Record, Recording

MODEL = model_of([3], [dense(6), dense(3)], cell={"kind": "bursting"})
COUNTS = Record(("singles", "bursts"), interval=1.0)
TIME = 30.0


def relaxed(model=MODEL, target="numpy", presentations=3, record=COUNTS, time=TIME, batch=128, **settings):
    circuit = Circuit(model, parameters_of(model, 0).map(lambda array: array / 2), target, dt=1.0, batch=batch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Clipped)
        return circuit.relax(*presentations_of(model, presentations, 0), record=record, time_limit=time, **settings)


def counted(frame, like):
    """How many spikes each column of a layer sent in each time step, from their table."""
    cells = like["index"].values + 1000 * like["step"].values
    shape = (like.sizes["presentation"], like.sizes["time"] - 1, len(cells))
    found = np.zeros(shape)
    place = {cell: column for column, cell in enumerate(cells)}
    columns = [place[cell] for cell in frame["neuron"] + 1000 * frame["step"]]
    np.add.at(found, (frame["presentation"], np.rint(frame["time"]).astype(int), columns), 1)
    return found


@pytest.mark.parametrize("target", ["numpy", "cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_every_spike_of_an_ensemble_is_in_its_table(target):
    recording = relaxed(target=target)
    for layer in MODEL.layer_names:
        sampled, frame = recording.layer(layer), recording.spikes(layer)
        for kind, rows in (("singles", frame[~frame["burst"]]), ("bursts", frame[frame["burst"]])):
            # A sample is taken before spikes are drawn, so that it holds those of the step before.
            np.testing.assert_array_equal(counted(rows, sampled), sampled[kind][:, 1:])
        assert len(frame) > 100
        assert frame["event"].all()


def test_spikes_of_a_sequence_say_their_step():
    model = model_of([3, 2], [{"kind": "recurrent", "units": 4}, dense(2)], cell={"kind": "bursting"})
    recording = relaxed(model)
    for layer in model.layer_names:
        sampled = recording.layer(layer)
        found = counted(recording.spikes(layer), sampled)
        np.testing.assert_array_equal(found, (sampled["singles"] + sampled["bursts"])[:, 1:])
    assert set(recording.spikes("output")["step"]) == {0, 1, 2}


def test_spikes_are_sorted_by_presentation_and_time():
    frame = relaxed().spikes("hidden-1")
    assert list(frame.columns) == ["time", "neuron", "presentation", "step", "burst", "event"]
    assert frame.equals(frame.sort_values(["presentation", "time", "neuron", "burst"], ignore_index=True))


@pytest.mark.parametrize("target", ["numpy", "cython"])
def test_only_the_recorded_neurons_are_recorded_and_nobody_elses_spikes_change(target):
    few = Record(("basal",), {"hidden-1": (4, 1)})
    whole, part = relaxed(target=target).spikes("hidden-1"), relaxed(target=target, record=few)
    wanted = whole[whole["neuron"].isin([1, 4])].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.spikes("hidden-1"), wanted)
    with pytest.raises(DataError, match="no spikes were recorded of layer 'output'; choose out of hidden-1"):
        part.spikes("output")


def test_nothing_is_watched_where_no_spikes_are_recorded():
    def objects(record, model=MODEL):
        assembly = Assembly(model, 2, find_target("numpy"), 1.0, "exponential_euler", record)
        return [each.name for each in assembly.network.sorted_objects], assembly.layers["hidden-1"].equations.names

    silent = model_of([3], [dense(6), dense(3)], cell={"kind": "rate"})
    for record, model in ((Record(spikes=False), MODEL), (Record(neurons={}), MODEL), (Record(), silent)):
        assert not [name for name in objects(record, model)[0] if "spike_monitor" in name or "thresholder" in name]
    assert "spikes_are_recorded" not in objects(Record(spikes=False))[1]
    assert sum("spike_monitor" in name for name in objects(Record())[0]) == 2
    plain = relaxed(record=Record(spikes=False))
    assert not [name for name in plain.dataset.variables if str(name).startswith("spike")]
    with pytest.raises(DataError, match=r"this recording holds no spikes; record cells that send some"):
        plain.spikes("hidden-1")
    watched = relaxed(record=Record())
    for name in ("basal", "event_trace", "error"):
        np.testing.assert_array_equal(plain.dataset[name], watched.dataset[name])


@pytest.mark.parametrize("start", ["settled", pytest.param("rest", marks=pytest.mark.slow)])
def test_turns_and_files_do_not_decide_on_the_spikes(tmp_path, start):
    whole = relaxed(presentations=5, start=start)
    turns = relaxed(presentations=5, batch=2, start=start)
    streamed = relaxed(presentations=5, batch=2, start=start, out=tmp_path / "streamed.nc")
    saved = Recording.load(whole.save(tmp_path / "whole.nc"))
    for layer in MODEL.layer_names:
        for other in (turns, streamed, saved, Recording.load(tmp_path / "streamed.nc")):
            pd.testing.assert_frame_equal(other.spikes(layer), whole.spikes(layer))
    assert saved.dataset.identical(whole.dataset)
    assert Recording.open(tmp_path / "whole.nc").dataset.load().identical(whole.dataset)


def test_turns_that_end_at_different_times_and_silent_layers_keep_their_spikes(tmp_path):
    model, parameters = unheard(3, base_rate=0.0, bias=0.0)
    silent = Circuit(model, parameters, dt=1.0, batch=2).relax(np.zeros((3, 1)), time_limit=20.0, out=tmp_path / "s.nc")
    assert silent.spikes("hidden-1").empty
    assert Recording.load(tmp_path / "s.nc").dataset["spike_time.hidden-1"].dtype == float


def test_batches_that_had_ended_before_ctrl_c_keep_their_spikes(tmp_path):
    whole = relaxed(presentations=6, batch=2)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt_the_third(row):
        if row["presentation"] == 4 and row["time"] > 5:
            os.kill(os.getpid(), signal.SIGINT)

    try:
        with pytest.raises(Interrupted) as end:
            relaxed(presentations=6, batch=2, report=interrupt_the_third, out=tmp_path / "kept.nc")
    finally:
        signal.signal(signal.SIGINT, handler)
    wanted = whole.spikes("output")
    for recording in (end.value.finished, Recording.load(tmp_path / "kept.nc")):
        pd.testing.assert_frame_equal(recording.spikes("output"), wanted[wanted["presentation"] < 4])


def test_whatever_is_selected_has_its_own_spikes_and_no_others():
    recording = relaxed()
    frame = recording.spikes("hidden-1")
    second = frame[frame["presentation"] == 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(recording.spikes("hidden-1", presentation=1), second)
    for selected in (recording.dataset.isel(presentation=[1]), recording.presentation(1)):
        pd.testing.assert_frame_equal(Recording(selected).spikes("hidden-1"), second)
    cells = Recording(recording.layer("hidden-1").isel(neuron=[0, 3]))
    wanted = frame[frame["neuron"].isin([0, 3])].reset_index(drop=True)
    pd.testing.assert_frame_equal(cells.spikes("hidden-1"), wanted)
    with pytest.raises(DataError, match="no spikes were recorded of layer 'output'"):
        cells.spikes("output")
    with pytest.raises(DataError, match="there is no presentation 3 among the 3"):
        recording.spikes("hidden-1", presentation=3)


def test_a_selection_of_times_or_of_steps_is_saved_with_its_spikes(tmp_path):
    model = model_of([3, 2], [{"kind": "recurrent", "units": 4}, dense(2)], cell={"kind": "bursting"})
    recording = relaxed(model)
    frame = recording.spikes("hidden-1")
    early = Recording(recording.dataset.isel(time=slice(3, 12)))
    loaded = Recording.load(early.save(tmp_path / "early.nc"))
    wanted = frame[frame["time"].between(3, 11)].reset_index(drop=True)
    pd.testing.assert_frame_equal(loaded.spikes("hidden-1"), wanted)
    index, step = (recording.dataset[name].values for name in ("index", "step"))
    two = Recording(recording.dataset.isel(neuron=((index == 0) & (step == 1)) | ((index == 3) & (step == 2))))
    wanted = frame[(frame["neuron"] == 0) & (frame["step"] == 1) | (frame["neuron"] == 3) & (frame["step"] == 2)]
    pd.testing.assert_frame_equal(two.spikes("hidden-1"), wanted.reset_index(drop=True))


def leaky(biases, target="numpy", step=0.1, time=200.0, record=None):
    model, parameters = unheard(len(biases), kind="leaky")
    parameters.bias["hidden-1"] = np.arctanh(biases)
    circuit = Circuit(model, parameters, target, dt=step)
    return circuit.relax(np.zeros((2, 1)), start="settled", time_limit=time, record=record)


@pytest.mark.parametrize("target", ["numpy", "cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_every_crossing_of_a_threshold_is_a_spike_after_the_interval_of_its_closed_form(target):
    drives = np.array([0.3, 0.4, 0.28, 0.1])
    frame = leaky(drives, target).spikes("hidden-1")
    for neuron, drive in enumerate(drives):
        times = frame[(frame["neuron"] == neuron) & (frame["presentation"] == 1)]["time"]
        if 4 * drive <= 1:
            assert not len(times)
            continue
        intervals = np.diff(times)
        assert len(intervals) > 5
        np.testing.assert_allclose(intervals, intervals[0], atol=1e-9)
        assert 0 <= intervals[0] - period(drive) < 0.1 + 1e-9  # the first time step beyond


def test_intervals_say_what_is_a_burst_and_what_begins_one():
    assert period(0.3) > 16 > period(0.4)
    frame = leaky([0.3, 0.4]).spikes("hidden-1", presentation=0)
    slow, fast = (frame[frame["neuron"] == neuron] for neuron in (0, 1))
    assert not slow["burst"].any()
    assert slow["event"].all()
    assert fast["burst"].all()
    assert fast["event"].tolist() == [True] + [False] * (len(fast) - 1)


@pytest.mark.slow
def test_bursts_end_with_their_presentation_and_targets_agree_on_cells_with_a_threshold():
    few = Record(("basal",), {"hidden-1": (1,)})
    whole, part = leaky([0.3, 0.4], time=40.0), leaky([0.3, 0.4], "cpp_standalone", time=40.0, record=few)
    assert whole.spikes("hidden-1").groupby(["presentation", "neuron"])["event"].first().all()
    wanted = whole.spikes("hidden-1").query("neuron == 1").reset_index(drop=True)
    pd.testing.assert_frame_equal(part.spikes("hidden-1"), wanted)


def test_damaged_tables_are_refused(tmp_path):
    dataset = relaxed().dataset
    times = dataset["spike_time.output"]
    damaged = {
        r"'spike_count\.output' is missing": dataset.drop_vars("spike_count.output"),
        r"'spike_burst\.output' is no column": dataset.assign({"spike_burst.output": 1.0 * times}),
        "spikes of layer 'output' have no time": dataset.assign({"spike_time.output": times * np.nan}),
        "spikes of layer 'hidden-1' have no time of": dataset.assign(
            {"spike_time.hidden-1": dataset["spike_time.hidden-1"] + 30}
        ),
        "or no number": dataset.assign({"spike_count.output": 0 * dataset["spike_count.output"]}),
        "spikes of a layer 'other' that it does not have": dataset.assign({"spike_time.other": times}),
    }
    for message, wrong in damaged.items():
        wrong.to_netcdf(tmp_path / "damaged.nc", engine="h5netcdf")
        with pytest.raises(DataError, match=message):
            Recording.load(tmp_path / "damaged.nc")


def test_a_recording_says_how_many_spikes_it_holds():
    recording = relaxed()
    count = len(recording.spikes("hidden-1")) + len(recording.spikes("output"))
    assert f"{count:,} spikes" in repr(recording)
    shown = recording._repr_html_()
    assert f"hidden-1 {len(recording.spikes('hidden-1')):,}" in shown
    assert "spike_time" not in shown
    assert "spikes" not in repr(relaxed(record=Record(spikes=False)))


def test_what_is_no_switch_is_refused():
    with pytest.raises(DataError, match="spikes"):
        Record(spikes="all")
    assert Record(spikes=False) != Record()


def test_spikes_count_in_the_memory_that_a_relaxation_needs(monkeypatch):
    from dendrosim.circuit import requirements

    monkeypatch.setattr(requirements, "memory_free", lambda: 500_000)
    few = {"variables": ("basal",), "interval": 1000.0}
    with pytest.raises(CircuitError, match="no spikes"):
        relaxed(record=Record(**few), time=1000.0)
    relaxed(record=Record(**few, spikes=False), time=1000.0)
