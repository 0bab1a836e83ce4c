"""Recordings: damaged bytes, missing and renamed variables, other types, and arrays that claim terabytes."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import h5py
import numpy as np
from networks import parameters_of, presentations_of, small_model

from dendrosim import plot
from dendrosim.circuit import Circuit
from dendrosim.plot.animation import learning_weights, relaxing_network, relaxing_neurons
from dendrosim.recording import Record, Recording
from dendrosim.view import write_page
from fuzzing.judge import Judge
from fuzzing.mutations import NAMES, mutate_bytes, nasty

MODEL = small_model(plasticity={"epochs": 1, "streams": 2})


def run(judge: Judge, count: int, random: Random) -> None:
    """Try out `count` files of recordings, a few of them also as pages and figures."""
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    pairs = presentations_of(MODEL, 3, 0)
    relaxed = circuit.relax(*pairs, start="settled", record=Record(synapses="all"))
    learned = circuit.learn(*pairs, record=Record(synapses="all")).recording
    stored = judge.folder / "whole"
    stored.mkdir()
    wholes = [relaxed.save(stored / "relaxed.nc"), learned.save(stored / "learned.nc")]
    wholes.append(_spiking().save(stored / "spiking.nc"))
    path, page = judge.folder / "fuzz.nc", judge.folder / "page.html"
    for number in range(count):
        path.unlink(missing_ok=True)  # a reader that leaves it open must not hinder the next input
        shutil.copy(random.choice([wholes[0], *wholes]), path)
        described = [edited(path, random) for _ in range(random.randrange(3))]
        if not described or random.random() < 0.1:
            described = ["bytes"]
            path.write_bytes(mutate_bytes(path.read_bytes(), random))
        use = random.choice(USES) if number % 20 == 0 else properties
        judge.try_out(
            f"{described} {getattr(use, '__name__', use)}", lambda u=use: u(Recording.load(path), page), writes=True
        )
    if (nwb := _nwb(relaxed, stored)) is not None:
        content = nwb.read_bytes()
        for _ in range(count // 40):
            path.write_bytes(mutate_bytes(content, random))
            judge.try_out("bytes of NWB", lambda: Recording.from_nwb(path))


def _spiking() -> Recording:
    model = MODEL.changed(cell={"kind": "bursting", "base_rate": 300.0})
    circuit = Circuit(model, parameters_of(model, 0).map(lambda array: array / 4), dt=1.0)
    return circuit.relax(*presentations_of(model, 3, 0), time_limit=40.0)


def _nwb(recording: Recording, folder: Path) -> Path | None:
    try:
        return recording.to_nwb(folder / "whole.nwb")
    except Exception:  # where pynwb is not installed
        return None


def edited(path: Path, random: Random) -> str:
    """Change one thing in a NetCDF file, and say which; a second change may not be possible any more."""
    try:
        return edit(path, random)
    except (OSError, ValueError, RuntimeError, KeyError, MemoryError, OverflowError) as error:
        return f"not possible: {error}"


def edit(path: Path, random: Random) -> str:
    """Change one thing in a NetCDF file, and say which."""
    with h5py.File(path, "a") as file:
        names = [name for name in file if isinstance(file[name], h5py.Dataset)]
        name, action = random.choice(names), random.randrange(8)
        if action == 0:
            del file[name]
        elif action == 1:
            file.move(name, random.choice([*NAMES[1:8], f"{name}x", "time2"]).replace("\0", "0") or "x")
        elif action == 2 and len(file.attrs):
            del file.attrs[random.choice(list(file.attrs))]
        elif action == 3 and len(file.attrs):
            _set(file.attrs, random.choice(list(file.attrs)), random)
        elif action == 4 and len(file[name].attrs):
            key = random.choice(list(file[name].attrs))
            if random.random() < 0.5:
                del file[name].attrs[key]
            else:
                _set(file[name].attrs, key, random)
        elif action == 5:
            shape, kind = file[name].shape, random.choice([np.int64, np.float32, complex, "S3", h5py.string_dtype()])
            del file[name]
            file.create_dataset(name, shape, kind)
        elif action == 6:
            size = random.choice([2**28, 2**34, 2**40])
            file.create_dataset("large", (size,), np.float64, chunks=(2**16,), compression="gzip")
        else:
            values = file[name]
            if values.dtype.kind in "if" and values.size:
                flat = values[...].ravel()
                flat[random.randrange(flat.size)] = random.choice([0, -1, 10**6])
                values[...] = flat.reshape(values.shape)
        return f"{name} {action}"


def _set(attributes: h5py.AttributeManager, key: str, random: Random) -> None:
    try:
        attributes[key] = nasty(random)
    except Exception:  # what HDF5 cannot hold
        attributes[key] = "x"


def properties(recording: Recording, page: Path) -> None:
    """Ask a recording for what it has."""
    if "time" in recording.dataset.dims:
        assert isinstance((recording.converged, recording.reason, recording.settles), tuple)
        recording.layer("hidden-1")
        recording.presentation(0)
        assert repr(recording)
        for layer in recording.spike_counts:
            recording.spikes(layer)


def paged(recording: Recording, page: Path) -> None:
    """Write a recording as a page."""
    write_page(recording, page)


def _drawn(draw: Callable[[Recording], object]) -> Callable[[Recording, Path], None]:
    def use(recording: Recording, page: Path) -> None:
        draw(recording)

    use.__name__ = str(draw)
    return use


USES = [
    paged,
    paged,
    paged,
    *map(
        _drawn,
        [
            lambda r: plot.relaxation(r, "hidden-1"),
            lambda r: plot.relaxation_page(r),
            lambda r: plot.settling(r),
            lambda r: plot.error_map(r),
            lambda r: plot.phase_portrait(r, "hidden-1"),
            lambda r: plot.network(r),
            lambda r: plot.neuron(r, "hidden-2"),
            lambda r: plot.spikes_page(r),
            lambda r: plot.spike_triggered_average(r, "hidden-1", "error"),
            lambda r: r.to_neo(),
            lambda r: learning_weights(r),
            lambda r: relaxing_network(r),
            lambda r: relaxing_neurons(r, "hidden-1"),
        ],
    ),
]
