"""Files of data sets, weights, checkpoints and rows: damaged bytes, and headers that lie."""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np
import torch
from data_files import cifar, columns, idx, model_for, svhn, vectors
from networks import parameters_of, small_model
from safetensors.torch import save as save_tensors

from dendrosim.benchmark.comparison import lines, markdown
from dendrosim.benchmark.rows import check_rows, read_rows
from dendrosim.benchmark.tables import TABLES
from dendrosim.data import load_data, readers
from dendrosim.model import Parameters
from dendrosim.training import checkpoint
from dendrosim.training.checkpoint import Checkpoint
from fuzzing.judge import Judge
from fuzzing.mutations import NAMES, NUMBERS, mutate_bytes, mutate_tree, nasty, nested

MODEL = small_model()
Case = tuple[str, bytes, Callable[[Path], object]]
SIZES = [0, 1, -1, 3, 2**20, 2**28, 3 * 2**28, 2**33, 2**40, 2**62, 10**30]


def run(judge: Judge, count: int, random: Random) -> None:
    """Try out `count` files."""
    makers = (
        weights,
        stored_checkpoint,
        npz,
        idx_file,
        mat,
        hdf,
        csv,
        texts,
        whole_images,
        rows,
        own_arrays,
        own_table,
    )
    paths = {}
    for number in range(count):
        name, content, read = makers[number % len(makers)](random)
        path = paths.setdefault(name, judge.folder / name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutate_bytes(content, random) if random.random() < 0.4 else content)
        judge.try_out(f"{name} {path.read_bytes()[:150]!r}", lambda r=read, p=path: r(p))
        if path.stat().st_size > 10**6:
            path.write_bytes(b"")


def weights(random: Random) -> Case:
    """Weights whose header lies about names, shapes, types and places."""
    tensors = {name: np.asarray(array, np.float32) for name, array in parameters_of(MODEL, 0).items()}
    fields = {"fingerprint": MODEL.fingerprint, "architecture": MODEL.architecture, "model": "small"}
    if random.random() < 0.3:
        fields = random.choice([[], 3, "x", None, nested(900), mutate_tree(fields, random)])
    header: dict[str, Any] = {"__metadata__": {"dendrosim": json.dumps(fields)}}
    if random.random() < 0.1:
        header["__metadata__"] = {"dendrosim": random.choice(["[" * 5000, "9" * 5000, "NaN", "{"])}
    body = b""
    for name, array in tensors.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(body), len(body) + array.nbytes],
        }
        body += array.tobytes()
    if random.random() < 0.7:
        name = random.choice(list(tensors))
        entry = header.pop(name)
        action = random.randrange(4)
        entry["dtype"] = (
            random.choice(["BF16", "F16", "F64", "I64", "BOOL", "U8", "F8_E4M3", "C64"]) if not action else "F32"
        )
        if action == 1:
            entry["shape"] = random.choice([[], [0], [2**40, 2**40], entry["shape"][::-1], [len(body)]])
        renamed = [
            "foo",
            "hidden-1.items",
            "hidden-1.",
            ".W",
            "hidden-1.__class__",
            "hidden-9.W",
            "hidden-1.auxiliary",
            *NAMES[:-1],
        ]
        header[random.choice(renamed) if action == 2 else name] = entry
    if random.random() < 0.2:
        header = mutate_tree(header, random)
    text = json.dumps(header).encode()
    return "a.safetensors", struct.pack("<Q", len(text)) + text + body, lambda path: Parameters.load(path, MODEL)


def stored_checkpoint(random: Random) -> Case:
    """A checkpoint whose seal is right and whose fields are not."""
    tensors = {name: torch.from_numpy(array) for name, array in parameters_of(MODEL, 0).items()}
    row = {"epoch": 1, "validation_loss": 0.5, "seconds": 1.0}
    fields = {"model": MODEL.model_dump(mode="json"), "epoch": 1, "step": 3, "history": [row], "best_epoch": 1}
    stored = {f"parameters/{name}": tensor for name, tensor in tensors.items()}
    if random.random() < 0.7:
        fields = mutate_tree(fields, random)
    if random.random() < 0.4:
        stored[random.choice([*stored, "moments/hidden-1.W.first", "foo", "best/x"])] = torch.zeros(random.randrange(3))
    if random.random() < 0.2:
        stored.pop(random.choice(list(stored)))
    text = json.dumps(fields)
    metadata = {"dendrosim": text, "checksum": checkpoint._checksum(text, stored)}

    def resumed(path: Path) -> None:
        read = Checkpoint.read(path.parent)
        if hasattr(read, "check"):
            read.check(tensors)
        [row["seconds"] for row in read.history if "seconds" in row]

    return "run/checkpoint.safetensors", save_tensors(stored, metadata), resumed


def npz(random: Random) -> Case:
    """A zip of an array whose header claims another shape, order or type."""
    array = np.random.default_rng(0).normal(size=(20, 3))
    shape = str(
        random.choice([(20, 3), (20,), (20, 3, 1), (random.choice(SIZES), 3), (2**40, 2**40), "x", nested(200)])
    )
    kind = random.choice(["<f8", "<f8", "<f4", "|O", "<c16", "<U9", "V8", "<M8[s]", "nonsense", [("a", "<f8")]])
    header = f"{{'descr': {kind!r}, 'fortran_order': {random.choice([False, True, 3])}, 'shape': {shape}, }}"
    if random.random() < 0.1:
        header = random.choice(["(" * 9000, "{" * 300, "1" * 5000, "__import__('os')"])
    text = header.ljust(-(-len(header) // 64) * 64).encode()
    packed = b"\x93NUMPY" + bytes([random.choice([1, 1, 1, 2, 3, 9]), 0]) + struct.pack("<H", len(text) % 2**16) + text
    if random.random() < 0.1:
        return "a.npz", packed + array.tobytes(), readers.read_npz
    stream = io.BytesIO()
    method = random.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
    with zipfile.ZipFile(stream, "w", method) as archive:
        bomb = b"\0" * 2**24 if random.random() < 0.02 else array.tobytes()
        archive.writestr(random.choice(["data.npy"] * 9 + ["data", "other.npy", "../data.npy"]), packed + bomb)
    return "a.npz", stream.getvalue(), readers.read_npz


def idx_file(random: Random) -> Case:
    """An idx file with other dimensions than its bytes have, gzipped or not."""
    content = bytearray(idx(np.zeros((7, 28, 28), np.uint8)))
    if random.random() < 0.5:
        content[4 * random.randint(1, 3) :][:4] = b""
        place = 4 * random.randint(0, 3)
        content[place : place + 4] = struct.pack(">I", random.choice([0, 1, 255, 2**24, 2**31, 2**32 - 1]))
    if random.random() < 0.5:
        return "a.idx", bytes(content), readers.read_idx
    filler = b"\0" * 2**26 if random.random() < 0.01 else b""
    return "a.gz", gzip.compress(bytes(content) + filler, 1), readers.read_idx


def mat(random: Random) -> Case:
    """A .mat file with other arrays, or of the version that is HDF5."""
    if random.random() < 0.1:
        stream = io.BytesIO()
        with h5py.File(stream, "w", userblock_size=512) as file:
            file["X"] = np.zeros(3)
        header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
        return "a.mat", header.ljust(512, b"\0") + stream.getvalue()[512:], readers.read_svhn
    images = np.zeros((random.choice([0, 1, 3]), 3, 32, 32), random.choice([np.uint8, np.uint8, float, complex]))
    labels = np.arange(len(images) + random.choice([0, 0, 1])).astype(random.choice([np.uint8, float, complex]))
    return "a.mat", svhn(images, labels * random.choice([1, 1, 9])), readers.read_svhn


def hdf(random: Random) -> Case:
    """An HDF5 file of pandas without its group, of another type, or that claims terabytes."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        group = file.create_group("speed") if random.random() < 0.9 else file
        size = random.choice([5, 5, 2**27, 2**32, 2**40])
        kind = random.choice([np.float64, np.float64, np.int8, complex, "S5", h5py.string_dtype(), h5py.ref_dtype])
        name = random.choice(["block0_values", "block0_values", "values"])
        if size == 5 and kind in (np.float64, np.int8, complex):
            group[name] = np.zeros(random.choice([(5, 2), (5,), (0, 2), (5, 2, 2), ()]), kind)
        else:
            group.create_dataset(name, (size, 2), kind, chunks=(min(size, 1000), 2), compression="gzip")
        if random.random() < 0.2:
            file["other"] = random.choice(
                [h5py.SoftLink("/speed"), h5py.ExternalLink("b.h5", "/"), h5py.SoftLink("/other")]
            )
    return "a.h5", stream.getvalue(), readers.read_hdf


def csv(random: Random) -> Case:
    """Comma-separated numbers that are none, too long, or too many."""
    content = columns(
        np.random.default_rng(0).normal(size=(12, 3)), names=["a", "b", "c"], stamped=random.random() < 0.5
    )
    odd = [
        b"9" * 400,
        b"9" * 5000,
        b"1e999",
        b"nan",
        b"-inf",
        b"0x1p3",
        b"\xff",
        b"\0",
        b"'",
        b'"',
        b"1_0",
        b"",
        b"True",
    ]
    lines = content.split(b"\n")
    for _ in range(random.randrange(3)):
        line = random.randrange(len(lines))
        cells = lines[line].split(b",")
        cells[random.randrange(len(cells))] = random.choice(odd)
        lines[line] = b",".join(cells)
    if random.random() < 0.05:
        lines.insert(random.randrange(3), b"," * 100_000)
    header, dated = random.random() < 0.7, random.random() < 0.5
    gzipped = random.random() < 0.2
    content = b"\n".join(lines)
    name = "a.csv.gz" if gzipped else "a.csv"
    return name, gzip.compress(content) if gzipped else content, lambda path: readers.read_columns(path, header, dated)


def texts(random: Random) -> Case:
    """Texts, lines, word vectors and CIFAR records."""
    kind = random.randrange(4)
    if kind == 0:
        words = {
            random.choice(["the", "", "é", "a b"]): [random.choice([0.5, *NUMBERS]) for _ in range(random.randrange(4))]
        }
        return "a.txt", vectors({"of": [1, 2, 3], **words}), readers.read_vectors
    if kind == 1:
        return "a.pos", b"a line\nanother\n" * random.randrange(4), readers.read_lines
    if kind == 2:
        images = np.zeros((random.randrange(1, 3), 3, 32, 32), np.uint8)
        return (
            "a.bin",
            cifar(images, np.zeros(len(images), np.uint8)),
            lambda path: readers.read_cifar(path, random.randint(1, 2)),
        )
    text = random.choice(
        ["to be or not to be\n" * 30, "", "\ufeffx" * 90, "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))]
    )
    encoding = random.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    symbols, steps = len(set(text)) or 1, random.choice([1, 8, 10**9])

    def own(path: Path) -> None:
        data = load_data(model_for(f"text:{path}", [steps, symbols], symbols))
        data.train.stimuli[:2], data.train.targets[:2]

    return "own.txt", text.encode(encoding), own


def own_arrays(random: Random) -> Case:
    """Samples of the user's whose arrays are of other types and shapes, or lack."""
    stimuli = np.random.default_rng(0).normal(size=(30, 4))
    kinds = [int, float, bool, str, complex, object, "M8[s]", np.uint64, np.float16]
    shapes = [(30,), (30, 1), (30, 4), (29,), (0,), (), (2, 15)]
    arrays = {"stimuli": stimuli, "labels": np.arange(30) % random.choice([1, 2, 15])}
    for name in random.choice([[], ["stimuli"], ["labels", "targets"], ["test_stimuli", "test_labels"], ["targets"]]):
        shape = random.choice(shapes)
        arrays[name] = np.resize(np.arange(30) % 2, shape).astype(random.choice(kinds))
    stream = io.BytesIO()
    np.savez(stream, **arrays)

    def loaded(path: Path) -> None:
        data = load_data(model_for(f"file:{path}", [4], random.choice([1, 2]), random.choice(["softmax", "identity"])))
        data.train.stimuli[:2], data.test.targets[:2]

    return "own.npz", stream.getvalue(), loaded


def own_table(random: Random) -> Case:
    """A table of the user's whose cells are numbers, words and nothing."""
    content = csv(random)[1].removeprefix(b"\x1f")
    column = random.choice(["a", "b", "c", "0", "", "nothing", "#"])

    def loaded(path: Path) -> None:
        data = load_data(
            model_for(f"file:{path}#{column}", [2], random.choice([1, 2]), random.choice(["softmax", "identity"]))
        )
        data.train.stimuli[:2]

    return "own.csv", content, loaded


def whole_images(random: Random) -> Case:
    """The labels of a set of images whose other files are whole: none, of one class, lonely ones, too many."""
    samples = random.choice([0, 1, 2, 40])
    labels = (
        np.random.default_rng(random.randrange(9)).integers(0, random.choice([1, 2, 10, 255]), samples).astype(np.uint8)
    )
    shape = random.choice([(28, 28), (28, 28), (3,), (), (28, 28, 3)])

    def loaded(path: Path) -> None:
        folder = path.parent
        content = gzip.compress(idx(np.zeros((samples, *shape), np.uint8)), 1)
        for name in ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"):
            (folder / name).write_bytes(content)
        (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(path.read_bytes())
        load_data(model_for("mnist", [784], 10, training={"validation": random.choice([0.1, 0.5])})).train.stimuli[:]

    return "data/mnist/train-labels-idx1-ubyte.gz", gzip.compress(idx(labels), 1), loaded


def rows(random: Random) -> Case:
    """Rows of a table without a key, with other types, in no encoding."""
    row = {
        "key": "mnist-mlp-dll-seed-0",
        "model": "mnist-mlp",
        "data": "mnist",
        "rule": "backpropagation",
        "variant": "",
        "seed": 0,
        "epochs": 2,
        "epoch": 2,
        "test": {"accuracy": 0.9},
        "gradient_angles": {"hidden-1": [10.0, None]},
        "seconds": 1.5,
        "machine": "a machine",
        "command": "dendrosim bench rules",
    }
    written = [json.dumps(mutate_tree(row, random) if random.random() < 0.6 else row) for _ in range(3)]
    written.append(random.choice(["", "{", "[" * 5000, "9" * 5000, "null", "[]", json.dumps(nasty(random))]))
    random.shuffle(written)

    def summed(path: Path) -> None:
        table = TABLES["rules"]
        found, _ = read_rows(path)
        check_rows(path, found)
        markdown(table, lines(table, found), found)

    return "rows.jsonl", "\n".join(written).encode() + random.choice([b"", b"\n", b"\xff\n"]), summed
