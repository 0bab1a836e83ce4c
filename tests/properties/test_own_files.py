"""Files of the user's own, ``data = "file:..."``: what they become, and how they are refused."""

import io
import struct
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest
from networks import dense, model_of

import dendrosim as ds
from dendrosim.data import load_data
from dendrosim.errors import DataError, ModelError
from dendrosim.training import train

RANDOM = np.random.default_rng(0)
STIMULI = RANDOM.normal(size=(60, 3))
LABELS = np.array(["cat", "dog", "eel"])[np.arange(60) % 3]
TABLE = pd.DataFrame(STIMULI, columns=["a", "b", "c"]).assign(kind=LABELS, size=STIMULI[:, 0] * 2)
SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Files are looked for in the current directory."""
    monkeypatch.chdir(tmp_path)


def model_for(data, outputs=3, shape=(3,), **tables):
    return model_of(shape, [dense(4), dense(outputs)], data=f"file:{data}", **tables)


def sizes(data):
    return [len(getattr(data, split)) for split in SPLITS]


def same(one, other):
    for split in SPLITS:
        for what in ("stimuli", "targets"):
            a, b = (np.asarray(getattr(getattr(data, split), what)[:]) for data in (one, other))
            np.testing.assert_array_equal(a, b)


def test_arrays_in_a_file_are_those_given_in_python():
    np.savez("mine.npz", stimuli=STIMULI, labels=LABELS)
    data = load_data(model_for("mine.npz"))
    assert (data.name, data.classes, data.task) == ("file:mine.npz", ("cat", "dog", "eel"), "classification")
    same(data, ds.Dataset.from_arrays(STIMULI, LABELS))
    np.savez_compressed("packed.npz", stimuli=STIMULI, labels=LABELS)
    same(data, load_data(model_for("packed.npz")))


def test_targets_are_quantities_also_where_they_are_whole_numbers():
    np.savez("mine.npz", stimuli=STIMULI, targets=np.arange(120).reshape(60, 2))
    data = load_data(model_for("mine.npz", 2, output="identity"))
    assert (data.task, data.outputs, data.classes) == ("regression", 2, None)


def test_splits_that_are_there_are_taken_and_others_are_drawn():
    parts = {"stimuli": STIMULI, "labels": LABELS}
    test = {"test_stimuli": STIMULI[:9] + 1, "test_labels": LABELS[:9]}
    validation = {"validation_stimuli": STIMULI[:6] + 2, "validation_labels": LABELS[:6]}
    for extra, wanted in ((test, [54, 6, 9]), (validation, [48, 6, 12]), (test | validation, [60, 6, 9])):
        np.savez("mine.npz", **parts, **extra)
        data = load_data(model_for("mine.npz"))
        assert sizes(data) == wanted
        if "test_stimuli" in extra:
            np.testing.assert_array_equal(data.test.stimuli[:], (STIMULI[:9] + 1).astype(np.float32))
            assert [data.classes[code] for code in data.test.labels] == list(LABELS[:9])


def test_a_column_of_a_table_is_a_class_or_a_quantity_as_the_output_of_the_model_says():
    frame = TABLE.drop(columns="size")
    frame.to_csv("mine.csv", index=False)
    data = load_data(model_for("mine.csv#kind"))
    same(data, ds.Dataset.from_arrays(STIMULI, LABELS))
    frame.to_csv("mine.csv.gz", index=False)
    same(data, load_data(model_for("mine.csv.gz#kind")))

    numbers = TABLE.drop(columns="kind")
    numbers.to_csv("numbers.csv", index=False)
    data = load_data(model_for("numbers.csv#size", 1, output="identity"))
    same(data, ds.Dataset.from_arrays(STIMULI, TABLE["size"]))

    numbers.assign(size=np.arange(60) % 3 + 4.0).to_csv("whole.csv", index=False)
    assert load_data(model_for("whole.csv#size")).classes == (4, 5, 6)
    assert load_data(model_for("whole.csv#size", 1, output="identity")).task == "regression"


def lying(shape):
    """An archive whose header claims more than there is."""
    stream = io.BytesIO()
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(118).encode()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("stimuli.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text)
    return stream.getvalue()


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def csv(**columns):
    return TABLE.drop(columns="size").assign(**columns).to_csv(index=False).encode()


BAD_FILES = {
    "no file": (
        "nowhere.npz",
        None,
        r"there is no file 'nowhere\.npz'; write the path of an \.npz, \.npy or \.csv file",
    ),
    "a folder": (".", None, r"there is no file '\.'"),
    "nothing": ("", None, "there is no file ''"),
    "another format": ("mine.txt", b"1", r"mine\.txt: files of your own are FILE\.npz, .* save it so"),
    "damaged": ("mine.npz", b"PK", r"mine\.npz: this file is truncated or not in its format .*: save it again\."),
    "terabytes": ("mine.npz", lying("(1099511627776, 3)"), r"claims to hold .* GB in .* save it again"),
    "objects": ("mine.npz", npz(stimuli=np.array([{}] * 4)), r"it holds object, and nothing is unpickled"),
    "no stimuli": ("mine.npz", npz(x=STIMULI), r"there is no array 'stimuli'; write it with numpy\.savez"),
    "no labels": ("mine.npz", npz(stimuli=STIMULI), r"there are no targets; write it with numpy\.savez\(FILE"),
    "labels alone": (
        "mine.npz",
        npz(stimuli=STIMULI, labels=LABELS, test_labels=LABELS),
        "there is no array 'test_stimuli'",
    ),
    "both": ("mine.npz", npz(stimuli=STIMULI, labels=LABELS, targets=STIMULI), "both labels and targets; keep one"),
    "float labels": (
        "mine.npz",
        npz(stimuli=STIMULI, labels=STIMULI[:, 0]),
        "labels are floats; save classes",
    ),
    "NaN": ("mine.npz", npz(stimuli=STIMULI * np.nan, labels=LABELS), r"mine\.npz: stimuli: sample 0 holds NaN"),
    "one class": ("mine.npz", npz(stimuli=STIMULI, labels=["cat"] * 60), "labels: all of them are 'cat'"),
    "a class of the test alone": (
        "mine.npz",
        npz(stimuli=STIMULI, labels=LABELS, test_stimuli=STIMULI[:1], test_labels=["owl"]),
        "test_labels: 'owl' is no class that was learned; use cat, dog, eel",
    ),
    "two kinds": (
        "mine.npz",
        npz(stimuli=STIMULI, labels=LABELS, test_stimuli=STIMULI, test_targets=STIMULI),
        "what are classes in one split are quantities in another; save all alike",
    ),
    "stimuli alone": ("mine.npy", b"", "this file is truncated or not in its format"),
    "no column": ("mine.csv", csv(), r"there are no targets; name the target column, .* out of a, b, c, kind\."),
    "another column": ("mine.csv#size", csv(), r"there is no column 'size'; name .* out of a, b, c, kind"),
    "a column of words": (
        "mine.csv#a",
        csv(a=np.arange(60) % 2),
        "the column 'kind' holds no numbers; encode it as numbers, or leave",
    ),
    "an empty cell": ("mine.csv#kind", csv(a=[None, *STIMULI[1:, 0]]), "sample 0 holds NaN"),
    "a class that is missing": ("mine.csv#kind", csv(kind=[None, *LABELS[1:]]), "targets hold float, str; give"),
    "fractions": ("mine.csv#kind", csv(kind=STIMULI[:, 0]), r"column 'kind' holds fractions or gaps, .* set output = "),
    "an empty table": ("mine.csv#kind", b"", "this file is truncated or not in its format"),
}


@pytest.mark.parametrize("mistake", BAD_FILES)
def test_a_file_that_is_no_data_is_one_sentence(mistake, tmp_path):
    name, content, message = BAD_FILES[mistake]
    if content is not None:
        (tmp_path / name.partition("#")[0]).write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        load_data(model_for(name))
    assert "\n" not in str(raised.value)


def test_a_model_that_does_not_fit_its_file_is_one_sentence():
    np.savez("mine.npz", stimuli=STIMULI, labels=LABELS)
    np.savez("numbers.npz", stimuli=STIMULI, targets=STIMULI)
    for model, message in (
        (model_for("mine.npz", 3, (4,)), r"input: \[4\] does not fit the stimuli of 'file:mine\.npz'; set it to \[3\]"),
        (model_for("mine.npz", 5), r"5 output cells do not fit the 3 classes of 'file:mine\.npz'; set it to 3"),
        (model_for("numbers.npz"), "output: 'softmax' gives probabilities, .* set it to 'identity'"),
        (model_for("mine.npz", training={"validation": 0.001}), "leaves not even one a class on one side; set"),
    ):
        with pytest.raises((DataError, ModelError), match=message):
            train(model)


MODEL = """
data = "file:mine.csv#kind"
input = [3]
layers = [{ kind = "dense", units = 8 }, { kind = "dense", units = 3 }]
[training]
epochs = 3
"""


def test_a_stranger_trains_on_a_table_from_the_command_line(tmp_path):
    TABLE.drop(columns="size").to_csv("mine.csv", index=False)
    (tmp_path / "mine.toml").write_text(MODEL)
    command = [sys.executable, "-m", "dendrosim", "train", "mine.toml", "--out", "run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Training mine (3-8-3 tanh softmax) on 'file:mine.csv#kind'" in done.stdout
    assert "Test accuracy" in done.stdout
    (tmp_path / "mine.csv").unlink()
    done = subprocess.run([*command, "--overwrite"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "there is no file 'mine.csv'" in done.stderr


def test_arrays_on_disk_with_labels_beside_them_are_those_in_one_file():
    np.save("mine.npy", STIMULI)
    np.save("mine.labels.npy", LABELS)
    data = load_data(model_for("mine.npy"))
    assert data.classes == ("cat", "dog", "eel")
    same(data, ds.Dataset.from_arrays(STIMULI, LABELS))
    np.save("test_mine.npy", STIMULI[:9] + 1)
    np.save("test_mine.labels.npy", LABELS[:9])
    assert sizes(load_data(model_for("mine.npy"))) == [54, 6, 9]
    np.save("sizes.npy", STIMULI)
    np.save("sizes.targets.npy", STIMULI[:, :2])
    assert load_data(model_for("sizes.npy", 2, output="identity")).task == "regression"


def test_arrays_on_disk_without_labels_say_how_they_are_to_be_named():
    np.save("mine.npy", STIMULI)
    with pytest.raises(
        DataError, match=r"mine\.npy: there are no targets; save them beside it .* as mine\.labels\.npy"
    ):
        load_data(model_for("mine.npy"))
    np.save("mine.labels.npy", STIMULI[:, 0])
    with pytest.raises(DataError, match=r"mine\.npy: labels are floats; save classes as whole numbers"):
        load_data(model_for("mine.npy"))


LARGE = (60_000, 1500)  # 360 MB in float32


@pytest.mark.parametrize("way", ["from Python", "from a file"])
def test_stimuli_larger_than_memory_stay_on_disk_through_a_training(way):
    mapped = np.lib.format.open_memmap("large.npy", "w+", np.float32, LARGE)  # sparse: it takes no room on the disk
    mapped[::1000, 0] = 1
    mapped.flush()
    del mapped
    labels = np.arange(LARGE[0]) % 2
    np.save("large.labels.npy", labels)
    model = model_of(LARGE[1:], [dense(2)], data="file:large.npy", training={"epochs": 1, "batch_size": 1000})
    tracemalloc.start()
    try:
        given = ds.Dataset.from_arrays(np.load("large.npy", mmap_mode="r"), labels) if way == "from Python" else None
        run = train(model, data=given)
        run.evaluate("validation")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(run.history) == 1
    assert peak < 64e6 < 4 * np.prod(LARGE) / 5
