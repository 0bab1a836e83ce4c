"""Readers give back, number by number, what was written in each original format."""

import gzip
import io

import numpy as np
import pytest
import scipy.io
from data_files import cifar, columns, idx, svhn, vectors, write, write_hdf

from dendrosim.data import readers
from dendrosim.data.mat import read_arrays

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (7, 3, 32, 32), dtype=np.uint8)
LABELS = np.array([3, 0, 9, 1, 1, 0, 5], np.uint8)
TABLE = GENERATOR.normal(size=(9, 4))


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize("packed", [False, True])
def test_idx_of_any_number_of_axes_gzipped_or_not(shape, packed, tmp_path):
    values = GENERATOR.integers(0, 256, shape, dtype=np.uint8)
    content = gzip.compress(idx(values)) if packed else idx(values)
    path = write(tmp_path / ("values.gz" if packed else "values"), content)
    np.testing.assert_array_equal(readers.read_idx(path), values)


def test_cifar_records_with_one_label_and_with_two(tmp_path):
    ten = write(tmp_path / "ten.bin", cifar(IMAGES, LABELS))
    hundred = write(tmp_path / "hundred.bin", cifar(IMAGES, LABELS // 2, LABELS + 90))
    for path, label_bytes, labels in ((ten, 1, LABELS), (hundred, 2, LABELS + 90)):
        read = readers.read_cifar(path, label_bytes)
        np.testing.assert_array_equal(read[0], IMAGES)
        np.testing.assert_array_equal(read[1], labels)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_arrays_of_a_mat_file_are_those_that_scipy_wrote(kind, compressed):
    for shape in ((3, 4), (2, 3, 4, 5), (0, 3), (1, 1), (7, 1)):
        values, stream = GENERATOR.integers(0, 100, shape).astype(kind), io.BytesIO()
        scipy.io.savemat(stream, {"text": "abc", "X": values, "other": {"x": 1}}, do_compression=compressed)
        found = read_arrays(stream.getvalue(), ("X",))["X"]
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found, values)


def test_svhn_puts_samples_first_and_calls_the_digit_ten_zero(tmp_path):
    images, labels = readers.read_svhn(write(tmp_path / "train.mat", svhn(IMAGES, LABELS)))
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("stamped", [False, True])
def test_columns_with_names_and_dates_gzipped_or_not(stamped, packed, tmp_path):
    content = columns(TABLE, names=["773869", "767541", "767542", "717447"], stamped=stamped)
    path = write(tmp_path / ("a.csv.gz" if packed else "a.csv"), gzip.compress(content) if packed else content)
    np.testing.assert_array_equal(readers.read_columns(path, header=True, dated=stamped), TABLE)


def test_columns_without_names(tmp_path):
    path = write(tmp_path / "a.txt.gz", gzip.compress(columns(TABLE)))
    np.testing.assert_array_equal(readers.read_columns(path, header=False, dated=False), TABLE)


@pytest.mark.parametrize("name", ["df", "speed"])
def test_hdf_frames_of_pandas_whatever_they_are_called(name, tmp_path):
    np.testing.assert_array_equal(readers.read_hdf(write_hdf(tmp_path / "a.h5", TABLE, name)), TABLE)


def test_npz_arrays_with_and_without_a_last_axis_of_quantities(tmp_path):
    np.savez(tmp_path / "a.npz", data=TABLE)
    np.savez(tmp_path / "b.npz", data=np.stack([TABLE, -TABLE], axis=-1))
    for name in ("a.npz", "b.npz"):
        np.testing.assert_array_equal(readers.read_npz(tmp_path / name), TABLE)


def test_only_a_line_feed_ends_a_line_of_a_latin_text(tmp_path):
    path = write(tmp_path / "a.pos", b"caf\xe9 \x85 here \r \x0c\nsecond\n")
    assert readers.read_lines(path) == ["café \x85 here \r \x0c", "second"]


@pytest.mark.parametrize("packed", [False, True])
def test_word_vectors(packed, tmp_path):
    words = {"the": [0.5, -1.25], ",": [0.0, 3.0], "naïve": [1e-3, 2.0]}
    content = gzip.compress(vectors(words)) if packed else vectors(words)
    read, values = readers.read_vectors(write(tmp_path / ("a.txt.gz" if packed else "a.txt"), content))
    assert read == list(words)
    np.testing.assert_array_equal(values, np.array(list(words.values()), np.float32))
