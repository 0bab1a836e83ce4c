"""Small files in the original formats of the data sets."""

import gzip
import io
import struct
import tarfile

import h5py
import numpy as np
import scipy.io

from dendrosim.model.spec import validated


def model_for(data, shape, outputs, output="softmax", **tables):
    """The smallest network that takes these stimuli: a readout, after a recurrent layer if they are sequences."""
    recurrent = [{"kind": "recurrent", "units": 2}] if len(shape) == 2 else []
    layers = [*recurrent, {"kind": "dense", "units": outputs}]
    return validated({"data": data, "input": list(shape), "layers": layers, "output": output, **tables}, data)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def idx(values):
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


def write_mnist(folder, samples=160, seed=0):
    """Write idx files of `samples` + 20 images of 28 x 28 and return the images and labels of both."""
    generator = np.random.default_rng(seed)
    parts = []
    for prefix, count in (("train", samples), ("t10k", 20)):
        images = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        write(folder / f"{prefix}-images-idx3-ubyte.gz", gzip.compress(idx(images)))
        write(folder / f"{prefix}-labels-idx1-ubyte.gz", gzip.compress(idx(labels)))
        parts += [images, labels]
    return parts


def cifar(images, *labels):
    """Records of label bytes and 3072 pixels."""
    return np.concatenate([np.stack(labels, 1), images.reshape(len(images), -1)], axis=1).astype(np.uint8).tobytes()


def svhn(images, labels):
    """A .mat file as Stanford's: (height, width, channel, sample), and 10 for the digit 0."""
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"X": images.transpose(2, 3, 1, 0), "y": np.where(labels == 0, 10, labels)[:, None]})
    return stream.getvalue()


def write_hdf(path, table, name="speed"):
    """An HDF5 file laid out like the frames that pandas writes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        group = file.create_group(name)
        group["axis0"] = np.arange(table.shape[1])
        group["axis1"] = np.arange(table.shape[0])
        group["block0_items"] = np.arange(table.shape[1])
        group["block0_values"] = table
    return path


def columns(table, names=None, stamped=False):
    """Comma-separated numbers, with a line of names and a column of dates if wanted."""
    lines = [
        ",".join([f"2020-01-01 {hour:02}:00:00"] * stamped + [repr(float(x)) for x in row])
        for hour, row in enumerate(table)
    ]
    header = [",".join(["date"] * stamped + list(names))] if names else []
    return ("\n".join([*header, *lines]) + "\n").encode()


def vectors(words):
    """Word vectors in GloVe's form."""
    return "".join(f"{word} {' '.join(map(str, values))}\n" for word, values in words.items()).encode()


def tar(members):
    """A .tar.gz archive of named contents."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()
