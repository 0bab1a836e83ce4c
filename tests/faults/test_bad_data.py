"""Data that is missing, damaged or does not fit the model: the message names file or key, and the remedy."""

import gzip

import numpy as np
import pytest
from data_files import cifar, columns, idx, model_for, svhn, vectors, write, write_hdf, write_mnist

from dendrosim.data import load_data, readers
from dendrosim.data.catalog import CATALOG
from dendrosim.errors import DataError, ModelError

IMAGES = np.zeros((4, 3, 32, 32), np.uint8)
LABELS = np.arange(4, dtype=np.uint8)
WHOLE_IDX = idx(np.zeros((3, 5), np.uint8))


@pytest.fixture(autouse=True)
def root(monkeypatch, tmp_path):
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path))
    return tmp_path


DAMAGED = {
    "an idx file that ends too early": (readers.read_idx, "a", WHOLE_IDX[:-1]),
    "an idx file that goes on": (readers.read_idx, "a", WHOLE_IDX + b"\0"),
    "an idx file without a header": (readers.read_idx, "a", b"\0"),
    "an idx file of floats": (readers.read_idx, "a", b"\0\0\x0d\x01\0\0\0\0"),
    "a gzip stream that ends too early": (readers.read_idx, "a.gz", gzip.compress(WHOLE_IDX)[:-6]),
    "a page of HTML instead of a gzip stream": (readers.read_idx, "a.gz", b"<html>not found</html>"),
    "a CIFAR file that ends within a record": (readers.read_cifar, "a.bin", cifar(IMAGES, LABELS)[:-1]),
    "an empty CIFAR file": (readers.read_cifar, "a.bin", b""),
    "a .mat file that ends too early": (readers.read_svhn, "a.mat", svhn(IMAGES, LABELS)[:-2000]),
    "a page of HTML instead of a .mat file": (readers.read_svhn, "a.mat", b"<html>not found</html>" * 20),
    "a page of HTML instead of an .h5 file": (readers.read_hdf, "a.h5", b"<html>not found</html>"),
    "a page of HTML instead of an .npz file": (readers.read_npz, "a.npz", b"<html>not found</html>"),
    "a line of a text that ends too early": (readers.read_lines, "a.pos", b"whole\nhal"),
    "a text that is not UTF-8": (readers.read_text, "a.txt", b"caf\xe9"),
    "word vectors that end within a number": (readers.read_vectors, "a.txt", b"the 1 2 3\nof 1 2 3"),
    "word vectors of unequal length": (readers.read_vectors, "a.txt", b"the 1 2 3\nof 1 2\n"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_named_with_the_remedy(damage, tmp_path):
    read, name, content = DAMAGED[damage]
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match="move it away and run 'dendrosim data fetch'") as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}: this file is truncated or not in its format")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("header", [True, False])
def test_columns_that_are_cut_or_hold_no_number_are_damaged(header, tmp_path):
    for content in (b"", b"a,b\n1,\n", b"1,2\n3,4\n5,x\n", b"1,2\nx,4\n5,6\n"):
        with pytest.raises(DataError, match="truncated or not in its format"):
            readers.read_columns(write(tmp_path / "a.csv", content), header=header, dated=False)


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", data=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match=r"not in its format .*allow_pickle"):
        readers.read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("name", [name for name in CATALOG if name != "glove"])
def test_a_missing_data_set_is_not_downloaded_but_says_how(name, tmp_path):
    with pytest.raises(DataError, match=f"run 'dendrosim data fetch {name}'") as raised:
        load_data(model_for(name, [4], 2))
    assert str(tmp_path / CATALOG[name].files[0].path) in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_set_without_its_word_vectors_names_them(tmp_path):
    for name in ("rt-polarity.pos", "rt-polarity.neg"):
        write(tmp_path / "mr" / name, b"some words\n" * 10)
    with pytest.raises(DataError, match="run 'dendrosim data fetch glove'"):
        load_data(model_for("mr", [2, 3, 1], 2))


def test_images_and_labels_that_do_not_belong_together_are_refused(tmp_path):
    write_mnist(tmp_path / "mnist")
    write(tmp_path / "mnist" / "train-labels-idx1-ubyte.gz", gzip.compress(idx(np.zeros(159, np.uint8))))
    with pytest.raises(
        DataError, match="the files of 'mnist' do not belong together: run 'dendrosim data check mnist'"
    ):
        load_data(model_for("mnist", [784], 10))


def write_small_sets(root):
    write_mnist(root / "mnist")
    write(root / "text" / "tinyshakespeare.txt", b"to be or not to be " * 40)
    write(
        root / "series" / "exchange_rate.txt.gz", gzip.compress(columns(np.random.default_rng(0).normal(size=(60, 3))))
    )
    for name in ("rt-polarity.pos", "rt-polarity.neg"):
        write(root / "mr" / name, b"some words\n" * 30)
    write(root / "glove" / "glove.6B.50d.txt", vectors({"some": [1.0, 2.0], "odd": [0.0, 1.0]}))
    write_hdf(root / "series" / "metr-la.h5", np.ones((80, 2)))


MISFITS = {
    "an image of another size": (
        ("mnist", [1, 27, 28], 10),
        r"input: \[1, 27, 28\] .* set it to \[1, 28, 28\] or \[784\]",
    ),
    "a flat image of another size": (("mnist", [785], 10), r"input: \[785\] .* set it to \[784\]"),
    "too many classes": (("mnist", [784], 11), r"layers\.0\.units: 11 output cells do not fit the 10 classes"),
    "an alphabet of another size": (("shakespeare", [8, 9], 7), r"input: \[8, 9\] .* set it to \[8, 7\]"),
    "a readout of another alphabet": (("shakespeare", [8, 7], 9), r"9 output cells .* 7 classes .* set it to 7"),
    "a window longer than the text": (
        ("shakespeare", [800, 7], 7),
        r"windows of 800 characters do not fit into the 60",
    ),
    "a window longer than the series": (("exchange-rate", [40, 2], 1), r"windows of 40 steps do not fit into the 5 "),
    "too many columns": (("exchange-rate", [4, 3], 1, "identity"), r"input: \[4, 3\] .* set it to \[4, 2\]"),
    "too many quantities": (("exchange-rate", [4, 2], 3, "identity"), r"3 output cells do not fit the 1 quantities"),
    "probabilities of a quantity": (("exchange-rate", [4, 2], 1), r"output: 'softmax' gives probabilities.*'identity'"),
    "vectors of another length": (("mr", [3, 5, 1], 2), r"input: \[3, 5, 1\] .* set it to \[2, 5, 1\]"),
    "a text that is not there": (("text:nowhere.txt", [8, 7], 7), r"there is no file 'nowhere\.txt'; write text: and"),
    "an unknown data set": (
        ("mnits", [784], 10),
        r"no data set 'mnits'; did you mean 'mnist'\?.*, text:FILE, file:FILE",
    ),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_model_that_does_not_fit_its_data_names_key_and_remedy(misfit, tmp_path):
    write_small_sets(tmp_path)
    arguments, message = MISFITS[misfit]
    with pytest.raises((DataError, ModelError), match=message):
        load_data(model_for(*arguments))


@pytest.mark.parametrize(
    ("arguments", "preparation", "key"),
    [
        (("mnist", [784], 10), {"task": "forecast"}, "task"),
        (("shakespeare", [8, 7], 7), {"augmentation": "crop-flip"}, "augmentation"),
        (("exchange-rate", [4, 2], 1, "identity"), {"augmentation": "crop-flip"}, "augmentation"),
        (("reber", [16, 7], 7), {"task": "forecast"}, "task"),
    ],
)
def test_a_preparation_that_the_set_does_not_know_is_refused(arguments, preparation, key, tmp_path):
    write_small_sets(tmp_path)
    with pytest.raises(ModelError, match=rf"preparation\.{key}: '{arguments[0]}' does not know it; remove it"):
        load_data(model_for(*arguments, preparation=preparation))


def test_a_horizon_at_the_same_time_is_refused():
    with pytest.raises(ModelError, match=r"preparation: a horizon belongs to a forecast; set task = 'forecast'"):
        model_for("exchange-rate", [4, 2], 1, "identity", preparation={"horizon": 3})


def test_one_column_has_nothing_to_be_told_from_at_the_same_time():
    with pytest.raises(ModelError, match=r"preparation\.task: 'mackey-glass' has no other column.*'forecast'"):
        load_data(model_for("mackey-glass", [4, 1], 1, "identity"))


def test_a_validation_share_of_less_than_one_sample_a_class_is_refused(tmp_path):
    write_small_sets(tmp_path)
    with pytest.raises(DataError, match=r"a share of 0\.01 of 160 samples .*set training\.validation nearer to 0\.5"):
        load_data(model_for("mnist", [784], 10, training={"validation": 0.01}))
