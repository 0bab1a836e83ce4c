"""The real data sets, where DENDROSIM_DATA holds them: published counts, means and vocabularies."""

import numpy as np
import pytest
from data_files import model_for

from dendrosim.data import load_data
from dendrosim.data.readers import read_columns, read_idx, read_lines
from dendrosim.data.sentences import clean
from dendrosim.data.storage import check, is_present, locate


def real(name):
    """Skip where a data set is not on this machine."""
    if not is_present(name):
        pytest.skip(f"the data set '{name}' is not here: set DENDROSIM_DATA to the folder that holds it")
    return name


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        (
            "mnist",
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
            [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        ),
        ("fashion-mnist", [6000] * 10, [1000] * 10),
    ],
)
def test_labels_of_the_small_grey_images(name, train, test):
    _, labels, _, test_labels = map(read_idx, locate(real(name)))
    assert np.bincount(labels).tolist() == train
    assert np.bincount(test_labels).tolist() == test


@pytest.mark.parametrize(
    ("name", "shape", "train", "test"),
    [
        ("mnist", (1, 28, 28), 60000, 10000),
        ("fashion-mnist", (1, 28, 28), 60000, 10000),
        ("cifar-10", (3, 32, 32), 50000, 10000),
    ],
)
def test_training_images_have_mean_0_and_deviation_1_in_each_channel(name, shape, train, test):
    data = load_data(model_for(real(name), shape, 10))
    assert (len(data.train) + len(data.validation), len(data.test)) == (train, test)
    pixels = np.concatenate([data.train.stimuli.raw, data.validation.stimuli.raw])
    frequency = np.stack([np.bincount(pixels[:, channel].ravel(), minlength=256) for channel in range(shape[0])])
    # Each grey value as it is read: an image of that value alone.
    grey = np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None, None, None], (256, *shape))
    read = data.train.stimuli.decode(grey)[:, :, 0, 0].T
    mean = (frequency * read).sum(axis=1) / frequency.sum(axis=1)
    deviation = np.sqrt((frequency * (read - mean[:, None]) ** 2).sum(axis=1) / frequency.sum(axis=1))
    np.testing.assert_allclose(mean, 0, atol=5e-4)
    np.testing.assert_allclose(deviation, 1, atol=5e-4)


def test_cifar_10_has_as_many_images_of_each_class():
    data = load_data(model_for(real("cifar-10"), [3, 32, 32], 10))
    for split, each in ((data.train, 4500), (data.validation, 500), (data.test, 1000)):
        assert np.bincount(split.labels).tolist() == [each] * 10


@pytest.mark.parametrize(
    ("name", "sentences", "vocabulary"),
    # 18,765 is published for MR. For Subj 21,323 is: the copy at hand has one word less.
    [("mr", 5331, 18765), ("subj", 5000, 21322)],
)
def test_sentences_and_vocabularies_have_their_published_sizes(name, sentences, vocabulary):
    lines = [read_lines(path) for path in locate(real(name))]
    assert [len(part) for part in lines] == [sentences, sentences]
    words = {word for part in lines for line in part for word in clean(line)}
    assert len(words) == vocabulary


@pytest.mark.parametrize(
    ("name", "characters", "symbols"), [("shakespeare", 1115394, 65), ("war-and-peace", 3207503, 78)]
)
def test_texts_have_their_length_and_alphabet(name, characters, symbols):
    data = load_data(model_for(real(name), [32, symbols], symbols))
    read = sum(part.labels.size for part in (data.train, data.validation, data.test))
    assert characters - 3 * 33 < read < characters


@pytest.mark.parametrize(
    ("name", "steps", "columns"),
    [
        ("pems-bay-16", 52116, 16),
        ("metr-la-week", 2016, 207),
        ("exchange-rate", 7588, 8),
        ("ett-h1", 17420, 7),
        ("ett-h2", 17420, 7),
    ],
)
def test_series_have_their_length_and_width(name, steps, columns):
    forecast = model_for(real(name), [12, columns], columns, "identity", preparation={"task": "forecast"})
    data = load_data(forecast)
    # Every split of n steps has n - 12 windows whose target lies one step later.
    assert sum(map(len, (data.train, data.validation, data.test))) == steps - 3 * 12


def test_traffic_speeds_are_miles_an_hour():
    table = read_columns(locate(real("pems-bay-16"))[0], header=True, dated=True)
    assert (round(table.mean(), 1), table.max(), int((table == 0).sum())) == (62.4, 80.4, 16)
    week = read_columns(locate(real("metr-la-week"))[0], header=True, dated=False)
    assert week.min() > 0
    assert week.max() == 70


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "mr", "subj", "shakespeare", "war-and-peace", "ett-h1"])
def test_real_files_have_their_checksums(name):
    assert check(real(name)).state == "complete"
