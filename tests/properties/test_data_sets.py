"""What holds for any data set: splits, decoding, windows and augmentation, on small files in the original formats."""

import gzip

import numpy as np
import pytest
from data_files import cifar, columns, model_for, svhn, vectors, write, write_hdf, write_mnist
from hypothesis import given
from hypothesis import strategies as st

from dendrosim.data import load_data
from dendrosim.data.sentences import clean

GENERATOR = np.random.default_rng(0)
TABLE = GENERATOR.normal(5.0, 3.0, size=(100, 3))


@pytest.fixture(autouse=True)
def root(monkeypatch, tmp_path):
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path))
    return tmp_path


def images(count, seed):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)


def write_cifar_10(root):
    for number in range(1, 6):
        write(
            root / f"cifar-10/cifar-10-batches-bin/data_batch_{number}.bin",
            cifar(images(40, number), np.arange(40) % 10),
        )
    write(root / "cifar-10/cifar-10-batches-bin/test_batch.bin", cifar(images(20, 6), np.arange(20) % 10))


def all_stimuli(data):
    return np.concatenate([part.stimuli[:] for part in (data.train, data.validation, data.test)])


def test_pixels_stay_bytes_and_are_standardised_when_they_are_read(root):
    pixels, labels, test_pixels, _ = write_mnist(root / "mnist")
    data = load_data(model_for("mnist", [784], 10))
    assert data.train.stimuli.raw.dtype == np.uint8
    assert (len(data.train), len(data.validation), len(data.test)) == (144, 16, 20)
    expected = (test_pixels.reshape(20, 784) / 255 - 0.1307) / 0.3081
    np.testing.assert_allclose(data.test.stimuli[:], expected, rtol=1e-5, atol=1e-6)
    assert data.test.stimuli[:].dtype == data.test.targets[:].dtype == np.float32
    kept = np.concatenate([data.train.stimuli.raw, data.validation.stimuli.raw]).reshape(160, -1)
    order = np.concatenate([data.train.labels, data.validation.labels])
    stored = {image.tobytes(): label for image, label in zip(pixels, labels, strict=True)}
    assert {image.tobytes(): label for image, label in zip(kept, order, strict=True)} == stored


def test_an_image_set_is_read_flat_or_as_images_as_the_model_asks(root):
    write_mnist(root / "mnist")
    flat, image = (load_data(model_for("mnist", shape, 10)) for shape in ([784], [1, 28, 28]))
    np.testing.assert_array_equal(flat.train.stimuli[5:9], image.train.stimuli[5:9].reshape(4, 784))
    np.testing.assert_array_equal(flat.train.labels, image.train.labels)


def test_the_channels_of_photographs_are_standardised_one_by_one(root):
    write_cifar_10(root)
    data = load_data(model_for("cifar-10", [3, 32, 32], 10))
    assert (len(data.train), len(data.validation), len(data.test)) == (180, 20, 20)
    mean, deviation = np.array([0.4914, 0.4822, 0.4465]), np.array([0.2470, 0.2435, 0.2616])
    expected = (images(20, 6) / 255 - mean[:, None, None]) / deviation[:, None, None]
    np.testing.assert_allclose(data.test.stimuli[:], expected, rtol=1e-4, atol=1e-5)


def test_cifar_100_learns_the_fine_labels(root):
    for name, count in (("train", 2000), ("test", 200)):
        fine = np.arange(count) % 100
        content = cifar(np.zeros((count, 3, 32, 32), np.uint8), fine // 5, fine)
        write(root / f"cifar-100/cifar-100-binary/{name}.bin", content)
    data = load_data(model_for("cifar-100", [3072], 100))
    assert data.outputs == 100
    np.testing.assert_array_equal(data.test.labels, np.arange(200) % 100)


def test_svhn_reads_its_mat_files(root):
    for name, count in (("train", 120), ("test", 30)):
        write(root / f"svhn/{name}_32x32.mat", svhn(images(count, count), np.arange(count) % 10))
    data = load_data(model_for("svhn", [3, 32, 32], 10))
    np.testing.assert_array_equal(data.test.labels, np.arange(30) % 10)
    np.testing.assert_array_equal(data.test.stimuli.raw, images(30, 30))


def test_the_validation_samples_do_not_depend_on_the_training_seed(root):
    write_mnist(root / "mnist")
    first, second = (load_data(model_for("mnist", [784], 10, training={"seed": seed})) for seed in (0, 5))
    np.testing.assert_array_equal(first.validation.stimuli.raw, second.validation.stimuli.raw)


def test_one_hot_targets_are_the_labels(root):
    write_mnist(root / "mnist")
    train = load_data(model_for("mnist", [784], 10)).train
    np.testing.assert_array_equal(train.targets[:].argmax(axis=1), train.labels)
    np.testing.assert_array_equal(train.targets[:].sum(axis=1), 1)


def test_an_index_and_a_slice_read_the_same_samples(root):
    write_mnist(root / "mnist")
    train = load_data(model_for("mnist", [784], 10)).train
    np.testing.assert_array_equal(train.stimuli[np.arange(3, 9)], train.stimuli[3:9])
    np.testing.assert_array_equal(np.asarray(train.stimuli), train.stimuli[:])
    assert train.stimuli.shape == (144, 784)


def test_an_augmented_image_is_a_moved_and_perhaps_mirrored_one(root):
    write_cifar_10(root)
    model = model_for("cifar-10", [3, 32, 32], 10, preparation={"augmentation": "crop-flip"})
    train, index = load_data(model).train, np.arange(60)
    plain, drawn = train.stimuli[index], train.draw(index, np.random.default_rng(3))
    seen = set()
    for before, after in zip(plain, drawn, strict=True):
        padded = np.pad(before, ((0, 0), (4, 4), (4, 4)))
        found = {
            (down, right, mirrored)
            for down in range(9)
            for right in range(9)
            for mirrored in (False, True)
            if np.array_equal(padded[:, down : down + 32, right : right + 32][..., :: -1 if mirrored else 1], after)
        }
        assert len(found) == 1
        seen |= found
    assert {mirrored for *_, mirrored in seen} == {False, True}
    assert {down for down, *_ in seen} == {right for _, right, _ in seen} == set(range(9))
    np.testing.assert_array_equal(train.draw(index, np.random.default_rng(3)), drawn)
    assert not np.array_equal(train.draw(index, np.random.default_rng(4)), drawn)


def test_only_training_images_are_augmented_and_only_if_asked(root):
    write_cifar_10(root)
    asked = model_for("cifar-10", [3072], 10, preparation={"augmentation": "crop-flip"})
    plain, augmented = load_data(model_for("cifar-10", [3072], 10)), load_data(asked)
    assert augmented.train.draw(slice(0, 4), np.random.default_rng(0)).shape == (4, 3072)
    for split in (plain.train, augmented.validation, augmented.test):
        np.testing.assert_array_equal(split.draw(slice(0, 4), np.random.default_rng(0)), split.stimuli[:4])


def test_characters_read_back_as_the_text_and_are_followed_by_the_next_one(root):
    text = "".join(GENERATOR.choice(list("abc é\n"), 1000))
    path = write(root / "own.txt", text.encode())
    data = load_data(model_for(f"text:{path}", [16, 6], 6))
    symbols = np.array(sorted(set(text)))
    bounds = [0, 720, 800, 1000]  # 80 % before the test set, of which a tenth is held out
    for split, first, end in zip((data.train, data.validation, data.test), bounds, bounds[1:], strict=False):
        read = "".join(symbols[split.stimuli[:].argmax(axis=-1).ravel()])
        following = "".join(symbols[split.labels.ravel()])
        assert read == text[first : first + len(read)]
        assert following == text[first + 1 : first + 1 + len(read)]
        assert end - first - 16 <= len(read) + 1 <= end - first
    assert data.train.stimuli.raw.dtype == np.uint8
    assert data.task == "classification"


def write_exchange_rate(root, table):
    write(root / "series" / "exchange_rate.txt.gz", gzip.compress(columns(table)))


def forecast(horizon=1, steps=5):
    preparation = {"task": "forecast", "horizon": horizon}
    return model_for("exchange-rate", [steps, 3], 3, "identity", preparation=preparation)


def test_same_time_regression_tells_the_last_column_from_the_others(root):
    write_exchange_rate(root, TABLE)
    data = load_data(model_for("exchange-rate", [5, 2], 1, "identity"))
    whole = (TABLE - TABLE.mean(axis=0)) / TABLE.std(axis=0)
    assert (data.task, data.outputs, data.train.labels) == ("regression", 1, None)
    for split, first, end in ((data.train, 0, 72), (data.validation, 72, 80), (data.test, 80, 100)):
        assert len(split) == end - first - 4
        for start in range(len(split)):
            window = whole[first + start : first + start + 5]
            np.testing.assert_allclose(split.stimuli[start : start + 1][0], window[:, :-1], rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(split.targets[start : start + 1][0], window[:, -1:], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("horizon", [1, 3])
def test_a_forecast_is_what_the_stimuli_will_be(horizon, root):
    write_exchange_rate(root, TABLE)
    for split in (data := load_data(forecast(horizon))).train, data.validation, data.test:
        stimuli, targets = split.stimuli[:], split.targets[:]
        np.testing.assert_array_equal(targets[:, :-horizon], stimuli[:, horizon:])
        np.testing.assert_array_equal(targets[:-horizon], stimuli[horizon:])


def test_a_forecast_knows_nothing_of_later_splits(root):
    write_exchange_rate(root, TABLE)
    before = load_data(forecast())
    write_exchange_rate(root, np.concatenate([TABLE[:72], 100 * TABLE[72:]]))
    after = load_data(forecast())
    np.testing.assert_array_equal(before.train.stimuli[:], after.train.stimuli[:])
    np.testing.assert_array_equal(before.train.targets[:], after.train.targets[:])
    seen = (TABLE[:72] - TABLE[:72].mean(axis=0)) / TABLE[:72].std(axis=0)
    np.testing.assert_allclose(after.train.stimuli[:][:, 0], seen[: len(after.train)], rtol=1e-4, atol=1e-6)


def test_a_constant_column_is_zero_and_not_nan(root):
    write_exchange_rate(root, np.column_stack([np.full(100, 7.0), TABLE]))
    data = load_data(model_for("exchange-rate", [5, 3], 1, "identity"))
    np.testing.assert_array_equal(data.train.stimuli[:][..., 0], 0)


def test_only_one_copy_of_a_series_stays_in_memory(root):
    write_exchange_rate(root, TABLE)
    assert load_data(forecast()).train.stimuli.raw.ndim == 1


@pytest.mark.parametrize("suffix", ["csv", "h5", "npz"])
def test_traffic_reads_the_same_from_every_format(suffix, root):
    if suffix == "csv":
        write(root / "series/METR-LA.csv", columns(TABLE, names=["773869", "767541", "767542"], stamped=True))
    elif suffix == "h5":
        write_hdf(root / "series/metr-la.h5", TABLE, "df")
    else:
        (root / "series").mkdir()
        np.savez(root / "series/metr-la.npz", data=TABLE[..., None])
    data = load_data(model_for("metr-la", [5, 2], 1, "identity"))
    first = (TABLE[:5, :2] - TABLE[:, :2].mean(axis=0)) / TABLE[:, :2].std(axis=0)
    np.testing.assert_allclose(data.train.stimuli[:1][0], first, rtol=1e-4, atol=1e-6)


def write_sentences(root, count=300):
    known = {f"w{number}": GENERATOR.normal(0.5, 2.0, 4).tolist() for number in range(50)}
    write(root / "glove/glove.6B.50d.txt", vectors(known))
    for name, prefix in (("rt-polarity.pos", "good"), ("rt-polarity.neg", "bad")):
        lines = [f"W{n % 50} {prefix}{n} w{(n + 1) % 50}\n" for n in range(count)]
        write(root / "mr" / name, "".join(lines).encode())
    return known


def test_words_become_their_vectors_along_the_height_and_short_sentences_are_padded(root):
    known = write_sentences(root)
    data = load_data(model_for("mr", [4, 6, 1], 2))
    assert (len(data.train), len(data.validation), len(data.test)) == (486, 54, 60)
    stimuli = all_stimuli(data)
    assert stimuli.shape == (600, 4, 6, 1)
    assert stimuli.dtype == np.float32
    np.testing.assert_array_equal(stimuli[:, :, 3:], 0)
    values = {tuple(np.float32(vector)) for vector in known.values()}
    assert {tuple(vector) for vector in stimuli[:, :, 0, 0]} == values
    assert {tuple(vector) for vector in stimuli[:, :, 2, 0]} == values


def test_unknown_words_get_seeded_vectors_with_the_mean_and_variance_of_glove(root):
    write_sentences(root)
    first, second = (all_stimuli(load_data(model_for("mr", [4, 6, 1], 2)))[:, :, 1, 0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(first, axis=0)) == 600
    deviation = np.sqrt(0.41487)
    assert abs(first.mean() - 0.02094) < 4 * deviation / np.sqrt(first.size)
    assert first.std() == pytest.approx(deviation, rel=0.05)
    assert np.abs(first - 0.02094).max() <= np.sqrt(3) * deviation + 1e-6


def test_long_sentences_are_cut(root):
    write_sentences(root)
    np.testing.assert_array_equal(
        all_stimuli(load_data(model_for("mr", [4, 2, 1], 2))),
        all_stimuli(load_data(model_for("mr", [4, 6, 1], 2)))[:, :, :2],
    )


def test_both_classes_are_equally_frequent_in_every_split(root):
    write_sentences(root)
    data = load_data(model_for("mr", [4, 6, 1], 2))
    for split in (data.train, data.validation, data.test):
        assert split.labels.mean() == 0.5


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("It's good, isn't it?", "it 's good , is n't it ?"),
        ("they've said (we'd come) -- you'll see!", "they 've said ( we 'd come ) you 'll see !"),
        ('you\'re 100% right; "yes"', "you 're 100 right yes"),
    ],
)
def test_sentences_are_cleaned_as_kim_does(sentence, words):
    assert clean(sentence) == words.split()


@given(st.text())
def test_a_cleaned_sentence_is_clean(sentence):
    assert clean(" ".join(clean(sentence))) == clean(sentence)
