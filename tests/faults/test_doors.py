"""Whatever a file, an argument or an environment variable holds ends in a result or in one sentence of ours."""

import gzip
import io
import json
import struct
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
import torch
from brian2 import Quantity, ms, mV, nS, second
from data_files import idx, model_for, svhn, write
from networks import dense, parameters_of, presentations_of, small_model
from safetensors.numpy import save
from safetensors.torch import save as save_tensors

import dendrosim as ds
from dendrosim import cells
from dendrosim.benchmark.rows import check_rows, read_rows
from dendrosim.circuit import Circuit
from dendrosim.circuit.burst_code import burst_curves
from dendrosim.circuit.electrophysiology import current_clamp
from dendrosim.data import load_data, readers
from dendrosim.errors import CircuitError, DataError, DendrosimError, ModelError, ParametersError, RunError
from dendrosim.model import Parameters, load_model
from dendrosim.recording import Record, Recording
from dendrosim.training import checkpoint, train
from dendrosim.training.checkpoint import Checkpoint
from dendrosim.view import write_page

MODEL = small_model()
GOOD = """
data = "digits"
input = [64]
layers = [{ kind = "dense", units = 8 }, { kind = "dense", units = 10 }]
"""
CONVOLUTION = GOOD.replace("[64]", "[1, 8, 8]").replace('"dense", units = 8', '"conv2d", channels = 2, kernel = KERNEL')

MODEL_FILES = {
    "a kernel in quotes": (CONVOLUTION.replace("KERNEL", '"3"'), r"layers\.0\.kernel: '3' has the wrong type"),
    "a kernel of nothing": (CONVOLUTION.replace("KERNEL", "0"), r"layers\.0\.kernel: .*greater than or equal to 1"),
    "a kernel with no sides": (CONVOLUTION.replace("KERNEL", "[]"), r"layers\.0\.kernel: \[\] has the wrong type"),
    "settings that are no table": (GOOD + "settings = 3", r"settings: this is no table"),
    "settings of one name that are no table": (GOOD + "[settings]\npaper = 3", r"settings\.paper: this is no table"),
    "an output that is a list": (GOOD + "output = [1]", r"output: \[1\] has the wrong type; write a string"),
    "a feedback that is a table": (GOOD + "[rules.dll]\nfeedback = { x = 1 }", r"rules\.dll\.feedback: a table of x"),
    "brackets by the thousand": (GOOD + f"x = {'[' * 2000}{']' * 2000}", "not a valid TOML file"),
    "tables by the dozen": (GOOD + f"{'.'.join('x' * 30)} = 1", "nested more than 16 deep"),
    "lists by the dozen": (GOOD + f"x = {'[' * 30}{']' * 30}", "nested more than 16 deep"),
    "a number of 4,301 digits": (GOOD + f"x = {'9' * 4301}", "a line is longer|not a valid TOML file"),
    "a number of 4,301 digits on lines": (GOOD + f"x = 0x{'f' * 2000}", "a whole number of 8000 bits cannot stand"),
    "a line of dotted keys": (GOOD + f"{'.'.join('x' * 9000)} = 1", "a line is longer than 4096"),
    "an escape sequence": (GOOD.replace("digits", r"\u001b[31m"), "holds control characters"),
}


@pytest.mark.parametrize("mistake", MODEL_FILES)
def test_a_model_file_that_nobody_should_write_is_one_sentence(mistake, tmp_path):
    text, message = MODEL_FILES[mistake]
    path = tmp_path / "network.toml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message) as raised:
        load_model(path)
    assert str(raised.value).isprintable()


def test_settings_of_another_type_name_the_key(tmp_path):
    (tmp_path / "network.toml").write_text(GOOD + "[settings.paper]\ndata = { x = 1 }")
    with pytest.raises(ModelError, match=r"data: a table of x has the wrong type; write a string"):
        load_model(tmp_path / "network.toml", settings="paper")


def test_a_byte_order_mark_before_a_model_and_a_text_is_no_character(tmp_path):
    (tmp_path / "network.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_model(tmp_path / "network.toml").input == (64,)
    path = write(tmp_path / "text.txt", b"\xef\xbb\xbf" + b"ab" * 300)
    assert load_data(model_for(f"text:{path}", [4, 2], 2)).outputs == 2


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".toml", "\0", "", 3, None, ["digits-mlp"]])
def test_a_name_that_no_file_can_have_is_no_model(name):
    with pytest.raises(ModelError, match=r"no such model|give the path of a file"):
        load_model(name)


@pytest.mark.parametrize("options", [{"rule": 10**5000}, {"settings": ["paper"]}, {"rule": []}])
def test_a_rule_and_settings_are_names(options):
    with pytest.raises(ModelError, match=r"is no name; give one|is no learning rule; give its name"):
        load_model("digits-mlp", **options)


def test_numbers_of_numpy_and_quantities_of_brian2_describe_a_model():
    model = MODEL.changed(training={"seed": np.int64(3), "learning_rate": np.float32(0.5)}, cell={"tau_soma": 20 * ms})
    assert (model.training.seed, model.training.learning_rate, model.cell.tau_soma) == (3, 0.5, 20.0)
    cell = MODEL.changed(cell={"kind": "conductance", "resting_potential": -65 * mV, "leak_conductance": 10 * nS}).cell
    assert (cell.resting_potential, cell.leak_conductance) == (pytest.approx(-65), pytest.approx(10))
    with pytest.raises(ModelError, match="cannot stand in a description"):
        MODEL.changed(training={"seed": 2**64})
    with pytest.raises(ModelError, match="model: layers: this key is missing"):
        ds.Model(data="digits", input=[4])


def test_a_cell_describes_itself_in_a_model_and_its_mistakes_are_sentences_without_one():
    cell = cells.ConductanceCell(coupling="two-way", noise=0.5)
    for model in (MODEL.changed(cell=cell), ds.Model(input=[4], layers=[dense(3), dense(2)], cell=cell)):
        assert model.cell == cell
    for values, mistake in (({"noise": -1.0}, "noise"), ({"coupling": "strong"}, "coupling"), ({"nose": 1.0}, "nose")):
        with pytest.raises(ModelError, match=f"ConductanceCell: {mistake}: ") as raised:
            cells.ConductanceCell(**values)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("time", [1e15, 1e300])
def test_what_would_take_for_ever_is_refused_before_it_begins(time):
    model = MODEL.changed(plasticity={"presentation_time": time, "mode": "continuous"})
    circuit = Circuit(model, parameters_of(model, 0))
    with pytest.raises(CircuitError, match=r"plasticity\.presentation_time is .* steps; shorten it"):
        circuit.learn(*presentations_of(model, 2, 0))
    with pytest.raises(CircuitError, match="steps, too many; shorten them"):
        burst_curves(cells.ActiveCell(), [100.0], [100.0], duration=time)
    with pytest.raises(CircuitError, match="steps, too many; shorten them"):
        current_clamp(cells.ConductanceCell(), [100.0], step=time)


def test_more_weights_than_there_is_memory_for_are_refused_before_they_are_drawn():
    with pytest.raises(ModelError, match=r"take .* GB where .* are free; ask for fewer units"):
        Parameters.initialise(small_model((5, 10**9, 10**9, 2)), 0)


def weights_file(path, tensors, metadata):
    path.write_bytes(save(tensors, {"dendrosim": json.dumps(metadata)}))
    return path


@pytest.mark.parametrize("name", ["foo", "hidden-1.items", "hidden-1.", ".W", "hidden-1.__class__", "hidden-9.W"])
def test_a_tensor_that_is_no_parameter_is_named(name, tmp_path):
    arrays = {**dict(parameters_of(MODEL, 0).items()), name: np.zeros(3)}
    path = weights_file(tmp_path / "w.safetensors", arrays, {"fingerprint": MODEL.fingerprint})
    with pytest.raises(ParametersError, match=f"'{name}' is no parameter"):
        Parameters.load(path, MODEL)


@pytest.mark.parametrize("metadata", [[], 3, "x", None])
def test_metadata_that_are_no_table_are_no_weights(metadata, tmp_path):
    path = weights_file(tmp_path / "w.safetensors", dict(parameters_of(MODEL, 0).items()), metadata)
    with pytest.raises(ParametersError, match="no weights file of dendrosim"):
        Parameters.load(path, MODEL)


@pytest.mark.parametrize("array", [[[1], [1, 2]], np.zeros((4, 5), int), np.broadcast_to(0.0, (10**12, 5)), "x", None])
def test_weights_that_are_no_arrays_of_the_right_shape_are_refused(array):
    parameters = parameters_of(MODEL, 0)
    parameters.W["hidden-1"] = array
    with pytest.raises(ParametersError, match=r"'hidden-1\.W' (is of type|has shape)"):
        parameters.check(MODEL)


@pytest.mark.parametrize("dtype", ["nonsense", int, complex, object(), pytest.param(10**5000, id="5001-digits")])
def test_weights_are_drawn_as_floats_or_not_at_all(dtype):
    with pytest.raises(ParametersError, match="weights are floats; choose float32 or float64"):
        Parameters.initialise(MODEL, 0, dtype=dtype)


def test_weights_in_types_that_numpy_lacks_are_refused(tmp_path):
    tensors = {name: torch.from_numpy(array).bfloat16() for name, array in parameters_of(MODEL, 0).items()}
    metadata = {"dendrosim": json.dumps({"fingerprint": MODEL.fingerprint})}
    (tmp_path / "w.safetensors").write_bytes(save_tensors(tensors, metadata))
    with pytest.raises(ParametersError, match="is not of type F16, F32, F64"):
        Parameters.load(tmp_path / "w.safetensors", MODEL)


def test_weights_into_a_folder_that_is_not_there_are_written_or_refused(tmp_path):
    path = tmp_path / "nowhere" / "w.safetensors"
    try:
        parameters_of(MODEL, 0).save(path, MODEL)
    except DataError as error:
        assert "the weights file cannot be written" in str(error)  # noqa: PT017
    else:
        Parameters.load(path, MODEL)


def npy(shape, kind="<f8", content=b"\0" * 48):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(128).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def zipped(name, content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def hdf(build):
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        build(file)
    return stream.getvalue()


def claiming(size, kind):
    return hdf(lambda f: f.create_group("x").create_dataset("block0_values", (size, 2), kind, chunks=(999, 2)))


def mat_73():
    content = hdf(lambda file: file.create_dataset("X", (3,), "f4"))
    return b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\0" * 384 + content


LIES = {
    "an array larger than its file": (readers.read_npz, "a.npz", zipped("data.npy", npy((10**6, 3)))),
    "an array of terabytes": (readers.read_npz, "a.npz", zipped("data.npy", npy((2**40, 3)))),
    "an array of no type": (readers.read_npz, "a.npz", zipped("data.npy", npy((2, 3), "nonsense"))),
    "a complex array": (readers.read_npz, "a.npz", zipped("data.npy", npy((3, 1), "<c16"))),
    "a header of brackets": (readers.read_npz, "a.npz", zipped("data.npy", npy("(" * 9000))),
    "an array that is no archive": (readers.read_npz, "a.npz", npy((2, 3))),
    "an archive of something else": (readers.read_npz, "a.npz", zipped("other.npy", npy((2, 3)))),
    "a frame of terabytes": (readers.read_hdf, "a.h5", claiming(2**40, "f8")),
    "a frame of three gigabytes": (readers.read_hdf, "a.h5", claiming(2**27, "i1")),
    "a file without its group": (readers.read_hdf, "a.h5", hdf(lambda file: file.create_dataset("x", (3,), "f4"))),
    "an empty file": (readers.read_hdf, "a.h5", hdf(lambda file: None)),
    "a link to nowhere": (readers.read_hdf, "a.h5", hdf(lambda f: f.__setitem__("x", h5py.SoftLink("/y")))),
    "a .mat file of version 7.3": (readers.read_svhn, "a.mat", mat_73()),
    "complex images": (readers.read_svhn, "a.mat", svhn(np.zeros((2, 3, 32, 32), complex), np.arange(2))),
    "images without labels": (readers.read_svhn, "a.mat", svhn(np.zeros((2, 3, 32, 32), np.uint8), np.arange(3))),
    "an idx file of gigabytes": (readers.read_idx, "a.idx", struct.pack(">HBB2I", 0, 8, 2, 2**31, 2**31)),
    "a stream that unfolds for ever": (readers.read_idx, "a.gz", gzip.compress(b"\0" * 2**28 + b"\0\0", 1)),
    "a number of 400 digits": (readers.read_lines, "a.csv", None),
    "100,000 commas": (readers.read_lines, "a.csv", None),
}
LIES["a number of 400 digits"] = (
    lambda path: readers.read_columns(path, False, False),
    "a.csv",
    b"1,2\n" + b"9" * 400 + b",3\n",
)
LIES["100,000 commas"] = (lambda path: readers.read_columns(path, False, False), "a.csv", (b"," * 100_000 + b"\n") * 3)


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_one_sentence_that_deletes_nothing(lie, tmp_path):
    read, name, content = LIES[lie]
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match="truncated or not in its format") as raised:
        read(path)
    assert "delete" not in str(raised.value)
    assert str(raised.value).isprintable()


def write_images(root, labels):
    images = gzip.compress(idx(np.zeros((len(labels), 28, 28), np.uint8)))
    for part in ("train", "t10k"):
        write(root / "mnist" / f"{part}-images-idx3-ubyte.gz", images)
        write(root / "mnist" / f"{part}-labels-idx1-ubyte.gz", gzip.compress(idx(np.array(labels, np.uint8))))


@pytest.mark.parametrize(
    ("labels", "message"),
    [([], "do not belong together"), ([0] * 9 + [7], "class 7 has one sample only")],
)
def test_images_of_which_there_are_too_few_are_refused(labels, message, tmp_path, monkeypatch):
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path))
    write_images(tmp_path, labels)
    with pytest.raises(DataError, match=message):
        load_data(model_for("mnist", [784], 10))


def test_a_data_folder_that_no_file_system_has_is_one_sentence(monkeypatch):
    monkeypatch.setenv("DENDROSIM_DATA", "/" + "x" * 300)
    with pytest.raises(DataError, match=r"cannot be read|is not there"):
        load_data(model_for("mnist", [784], 10))


def test_a_text_in_latin_1_is_not_to_be_deleted(tmp_path):
    path = write(tmp_path / "text.txt", b"caf\xe9 " * 100)
    with pytest.raises(DataError, match=r"not in UTF-8, first at byte 3 \(0xe9\); save it as UTF-8"):
        load_data(model_for(f"text:{path}", [4, 5], 5))


def test_a_text_with_twenty_thousand_characters_keeps_no_table_of_them(tmp_path):
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))
    path = write(tmp_path / "text.txt", text.encode())
    data = load_data(model_for(f"text:{path}", [8, 20_000], 20_000))
    first = data.train.stimuli[:1]
    assert first.shape == (1, 8, 20_000)
    assert first.sum() == 8
    with pytest.raises(DataError, match=r"samples take .* GB, more than is free; read fewer at once"):
        data.train.stimuli[np.zeros(10**8, np.intp)]


@pytest.fixture(scope="module")
def recording():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    return circuit.relax(*presentations_of(MODEL, 2, 0), start="settled")


@pytest.mark.slow
def test_a_recording_with_a_flipped_byte_is_a_recording_or_one_sentence(recording, tmp_path):
    whole = recording.save(tmp_path / "whole.nc").read_bytes()
    path = tmp_path / "flipped.nc"
    for place in range(8, len(whole), len(whole) // 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            Recording.load(path)
        except DataError as error:
            assert "this recording cannot be read" in str(error)  # noqa: PT017


@pytest.mark.parametrize("name", ["layer", "index", "time", "residual", "convergence_time"])
def test_a_file_that_lacks_a_variable_is_no_recording(recording, name, tmp_path):
    recording.dataset.drop_vars(name).to_netcdf(tmp_path / "foreign.nc", engine="h5netcdf")
    with pytest.raises(DataError, match=f"no recording of dendrosim: '{name}' is missing"):
        Recording.load(tmp_path / "foreign.nc")


@pytest.mark.parametrize("name", ["layers", "tau_soma", "tolerance", "noise"])
def test_a_file_that_lacks_an_attribute_is_no_recording(recording, name, tmp_path):
    dataset = recording.dataset.copy()
    del dataset.attrs[name]
    dataset.to_netcdf(tmp_path / "foreign.nc", engine="h5netcdf")
    with pytest.raises(DataError, match=f"its attribute '{name}' is missing"):
        Recording.open(tmp_path / "foreign.nc")


def test_a_recording_that_claims_terabytes_is_refused_before_it_is_read(recording, tmp_path):
    path = recording.save(tmp_path / "recording.nc")
    with h5py.File(path, "a") as file:
        file.create_dataset("large", (2**40,), "f8", chunks=(2**16,))
    with pytest.raises(DataError, match=r"it claims to hold 8\.8e\+03 GB"):
        Recording.load(path)


def test_a_recording_that_another_process_writes_is_not_to_be_made_again(recording, tmp_path):
    path = recording.save(tmp_path / "recording.nc")
    code = "import sys; from dendrosim.recording import Recording; Recording.load(sys.argv[1])"
    with h5py.File(path, "a"):
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert "another process is writing this recording; wait until it has closed it" in done.stderr


def test_a_recording_that_could_not_be_read_is_not_held_open(recording, tmp_path):
    path = recording.save(tmp_path / "recording.nc")
    with h5py.File(path, "a") as file:
        del file["layer"]
    with pytest.raises(DataError) as raised:
        Recording.load(path)
    with h5py.File(path, "a"):
        assert raised.value.__context__ is not None


@pytest.mark.parametrize("name", ["layer", "index"])
def test_a_page_of_a_recording_that_lacks_a_variable_names_it(recording, name, tmp_path):
    with pytest.raises(DataError, match=f"holds no '{name}'"):
        write_page(Recording(recording.dataset.drop_vars(name)), tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_figure_of_a_recording_that_lacks_a_variable_names_it(recording):
    lacking = Recording(recording.dataset.drop_vars("apical"))
    for draw in (ds.plot.relaxation, ds.plot.phase_portrait, ds.plot.neuron):
        with pytest.raises(DataError, match="holds no 'apical'"):
            draw(lacking, "hidden-1")
    with pytest.raises(DataError, match="'numpy' is not recorded over times and neurons"):
        ds.plot.error_map(recording, variable="numpy")
    with pytest.raises(DataError, match="holds no 'time'"):
        ds.plot.error_map(Recording(recording.dataset.drop_vars("time")))
    with pytest.raises(DataError, match=r"relaxation: presentation is 1\.5; give a whole number"):
        ds.plot.relaxation(recording, "hidden-1", presentation=1.5)
    with pytest.raises(DataError, match="relaxation: recording is 3; give Recording"):
        ds.plot.relaxation(3, "hidden-1")


def test_a_page_has_room_for_more_neurons_than_a_layer_has(recording):
    axes = ds.plot.relaxation_page(recording, columns=5).axes
    assert [ax.axison for ax in axes] == [True] * 3 + [False] * 2 + [True] * 4 + [False]


def test_equal_records_with_arrays_are_equal_and_others_are_not():
    long = np.arange(5000)
    other = long.copy()
    other[2500] += 1
    one, same, different = (Record(neurons={"hidden-1": each}) for each in (long, long.copy(), other))
    assert one == same
    assert hash(one) == hash(same)
    assert one != different
    assert Record(synapses={"output": np.array([[0, 1]])}) == Record(synapses={"output": [(0, 1)]})


@pytest.mark.parametrize("interval", [0, -1.0, np.nan, np.inf, "1", True, None, 3 * mV, np.arange(2.0)])
def test_an_interval_that_is_no_time_is_refused(interval):
    with pytest.raises(DataError, match="the interval of a record is"):
        Record(interval=interval)


@pytest.mark.parametrize("neurons", [3, {"hidden-1": 0}, {"hidden-1": [0.5]}, {"hidden-1": [True]}, {1: [0]}])
def test_neurons_that_are_no_indices_are_refused(neurons):
    with pytest.raises(DataError, match=r"give whole numbers|give them by name"):
        Record(neurons=neurons)


def test_times_may_say_their_unit():
    assert Record(interval=0.5 * ms) == Record(interval=0.5)
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), dt=0.4 * ms)
    assert circuit.dt == pytest.approx(0.4)
    recording = circuit.relax(*presentations_of(MODEL, 1, 0), time_limit=1 * second, tolerance=np.float32(1e-6))
    assert recording.converged
    assert isinstance(0.4 * ms, Quantity)


@pytest.mark.parametrize(
    "options",
    [
        {"tolerance": np.nan},
        {"tolerance": 0},
        {"tolerance": -1e-6},
        {"tolerance": "1"},
        {"tolerance": 1 * mV},
        {"time_limit": -1},
        {"time_limit": np.nan},
        {"time_limit": 3 * mV},
        {"start": "somewhere"},
        {"record": "all"},
        {"stimuli": np.zeros((1, 5), complex)},
        {"stimuli": [["a"] * 5]},
        {"stimuli": np.ones((1, 5)) * mV},
        {"stimuli": [[1], [1, 2]]},
        {"stimuli": np.broadcast_to(0.0, (10**12, 5))},
    ],
)
def test_a_relaxation_that_cannot_be_is_refused(options):
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    stimuli, targets = presentations_of(MODEL, 1, 0)
    with pytest.raises(DendrosimError):
        circuit.relax(**{"stimuli": stimuli, "targets": targets} | options)


@pytest.mark.parametrize(
    "options",
    [{"dt": "x"}, {"dt": np.nan}, {"batch": 0}, {"batch": 1.5}, {"threads": True}, {"target": []}, {"integrator": 3}],
)
def test_a_circuit_that_cannot_be_is_refused(options):
    with pytest.raises(CircuitError):
        Circuit(MODEL, parameters_of(MODEL, 0), **options)


def test_steps_without_end_are_refused():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), dt=1e-12)
    with pytest.raises(CircuitError, match=r"this takes .* steps; choose a larger dt"):
        circuit.relax(*presentations_of(MODEL, 1, 0))


def test_a_training_takes_a_name_and_a_seed_of_numpy(tmp_path):
    path = tmp_path / "network.toml"
    path.write_text(GOOD + "[training]\nepochs = 1")
    assert train(path, seed=np.int64(3)).model.training.seed == 3
    assert ds.load_data("digits-mlp").name == "digits"
    with pytest.raises(RunError, match=r"the seed is 1.5"):
        train(path, seed=1.5)
    with pytest.raises(ModelError, match="the model is an object of type object"):
        train(object())


FIELDS = {"model": {}, "epoch": 1, "step": 1, "history": [{"validation_loss": 1.0}], "best_epoch": 1}


@pytest.mark.parametrize(
    "nonsense",
    [
        {"epoch": "1"},
        {"epoch": 7},
        {"history": 3},
        {"history": [3]},
        {"history": [{}]},
        {"best_epoch": 9},
        {"model": []},
    ],
)
def test_a_checkpoint_with_a_seal_and_nonsense_is_damaged(nonsense, tmp_path):
    tensors = {"parameters/x.W": torch.zeros(2)}
    text = json.dumps(FIELDS | nonsense)
    metadata = {"dendrosim": text, "checksum": checkpoint._checksum(text, tensors)}
    (tmp_path / checkpoint.NAME).write_bytes(save_tensors(tensors, metadata))
    with pytest.raises(RunError, match="the checkpoint is damaged"):
        Checkpoint.read(tmp_path)


@pytest.mark.parametrize(
    "tensors",
    [{}, {"parameters/x.W": torch.zeros(3)}, {"parameters/x.W": torch.zeros(2), "moments/x.W.first": torch.zeros(2)}],
)
def test_a_checkpoint_with_other_tensors_is_refused(tensors):
    with pytest.raises(RunError, match=r"the checkpoint holds 'moments/x|the checkpoint holds 'parameters/x"):
        Checkpoint({}, 0, 0, [], 0, tensors).check({"x.W": torch.zeros(2)})


@pytest.mark.parametrize(
    "line", [b"\xff", b"3", b"[" * 5000, b"{}", b'{"key": "k", "model": "m"}', b'{"key": "k", "rule": []}']
)
def test_a_row_that_is_none_is_named(line, tmp_path):
    path = write(tmp_path / "rows.jsonl", line + b"\n")
    with pytest.raises(RunError, match=r"is no row|of the row 'k' cannot be used|is of no rule"):
        check_rows(path, read_rows(path)[0])


def test_stimuli_in_float64_are_taken_by_weights_in_float32():
    network = ds.Network(MODEL)
    weights = Parameters.initialise(MODEL, 0).map(torch.from_numpy)
    stimuli = torch.from_numpy(presentations_of(MODEL, 2, 0)[0])
    assert stimuli.dtype == torch.float64
    output = network.output(network.sweep(weights, stimuli))
    assert output.dtype == torch.float32
    assert torch.equal(output, network.output(network.sweep(weights, stimuli.float())))
