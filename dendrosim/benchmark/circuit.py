"""What the circuit costs: against idiomatic Brian2, against BLAS alone, by batch, width and depth, in bytes."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from dendrosim.audit.agreement import compare
from dendrosim.benchmark.idiomatic import IdiomaticRun
from dendrosim.benchmark.report import within
from dendrosim.benchmark.stepping import (
    NOTHING,
    PAPER_MLP,
    ROUNDS,
    STEPS,
    Row,
    dense_model,
    one_quiet_thread,
    random_pairs,
    seconds_per_step,
    synapses,
)
from dendrosim.circuit import Circuit
from dendrosim.circuit.assembly import Assembly
from dendrosim.circuit.simulation import StandaloneSimulation
from dendrosim.circuit.target import find_target
from dendrosim.data import load_data
from dendrosim.model import Model, Parameters, load_model

RELAXATIONS = 3
WIDTH = "cells in a layer"

# Against idiomatic Synapses on the same target: label, settings of the circuit, and what is aimed at.
VARIANTS = (
    ("cpp_standalone float64, BLAS", {"target": "cpp_standalone", "blas": True}, 20),
    ("cpp_standalone float32, BLAS", {"target": "cpp_standalone", "blas": True, "dtype": "float32"}, 40),
    ("cpp_standalone float64, built-in kernel", {"target": "cpp_standalone"}, 10),
    ("cython float64", {"target": "cython"}, 30),
    ("numpy float64", {"target": "numpy"}, 30),
)
COMPARED_WITH_BLAS = ("cpp_standalone float64, BLAS", "cython float64")


def synapses_in_every_step(model: Model) -> int:
    """Return the number of synapses without those of the stimulus, which is held and therefore summed once."""
    return sum(2 * int(np.prod(c.shape)) for c in model.connections if c.has_feedback)


def measurements(quick: bool) -> Iterator[Row]:
    """Measure everything, on one thread; each row is yielded when it is ready, with what a figure needs.

    Parameters
    ----------
    quick : bool
        Smaller networks, to see that everything works.
    """
    yield from within(one_quiet_thread, _all(quick))


def _all(quick: bool) -> Iterator[Row]:
    yield from _against_idiomatic((64, 32, 10) if quick else PAPER_MLP, 8 if quick else 128)
    yield from _one_presentation(50 if quick else 200)
    yield from _relaxing((64, 32, 10) if quick else PAPER_MLP, 16 if quick else 1024)
    yield from _depths()
    yield from _scaling(quick)
    yield from _memory((64, 128) if quick else (512, 3072))
    yield from _agreement()


def _against_idiomatic(sizes: tuple[int, ...], presentations: int) -> Iterator[Row]:
    model, plain = dense_model(sizes), dense_model(sizes, "identity")
    parameters = Parameters.initialise(model, 0)
    stimuli, targets = random_pairs(model, presentations)
    count, repeated = synapses(model), synapses_in_every_step(model)
    products = _products(model, presentations)
    idiomatic: dict[str, IdiomaticRun] = {}
    for label, settings, aim in VARIANTS:
        code = str(settings["target"])
        if code not in idiomatic:
            idiomatic[code] = IdiomaticRun(plain, parameters, stimuli[0], targets[0], code, STEPS["idiomatic"])
        circuit = Circuit(model, parameters, dt=1.0, batch=presentations, **settings)
        ours, theirs, alone = seconds_per_step(
            circuit, stimuli, targets, ROUNDS, idiomatic[code].seconds_per_step, products
        )
        ratio = theirs / (ours / presentations)
        per = ours / presentations / count
        yield {
            "quantity": f"step of {model.architecture}, {presentations} presentations, {label}",
            "measured": f"{ratio:.1f} times faster than idiomatic Synapses "
            f"({1e9 * per:.4f} against {1e9 * theirs / count:.2f} ns for each presentation, synapse and step); "
            f"{ratio * repeated / count:.1f} times without the synapses of the stimulus, which is held and summed once",
            "target": f"≥ {aim} times",
            "value": ratio,
            "label": label,
            "seconds": {"circuit": per, "idiomatic": theirs / count},
        }
        if label in COMPARED_WITH_BLAS:
            yield {
                "quantity": f"whole step as a share of what its products reach through BLAS alone, {label}",
                "measured": f"{100 * alone / ours:.0f} % ({1e3 * alone:.2f} of {1e3 * ours:.2f} ms); products alone "
                f"are {theirs / (alone / presentations):.1f} times faster than idiomatic Synapses",
                "target": "≥ 80 %",
                "value": alone / ours,
            }


def _one_presentation(steps: int) -> Iterator[Row]:
    """Measure small networks, which calls cost more than products, against Brian2 tuned by hand."""
    for sizes in ((64, 32, 10), (64, 128, 64, 10)):
        model, plain = dense_model(sizes), dense_model(sizes, "identity")
        parameters, (stimuli, targets) = Parameters.initialise(model, 0), random_pairs(model, 1)
        tuned = IdiomaticRun(plain, parameters, stimuli[0], targets[0], "numpy", steps, tuned=True)
        circuit = Circuit(model, parameters, dt=1.0, batch=1)
        # A run takes milliseconds: many, so that one of them is not disturbed.
        ours, theirs = seconds_per_step(circuit, stimuli, targets, 8 * ROUNDS, tuned.seconds_per_step, steps=steps)
        yield {
            "quantity": f"step of {model.architecture}, 1 presentation, dt 1 ms, numpy float64",
            "measured": f"{theirs / ours:.1f} times faster than Synapses tuned by hand, which sum the stimulus once "
            f"({1e6 * ours:.0f} against {1e6 * theirs:.0f} µs a step)",
            "target": "≥ 1.5 times",
            "value": theirs / ours,
        }


def _relaxing(sizes: tuple[int, ...], count: int) -> Iterator[Row]:
    model, images = dense_model(sizes), _images(sizes[0], count)
    targets = np.eye(10)[np.arange(count) % 10]
    parameters = Parameters.initialise(model, 0)
    for batch in (1, 8, 32, 128):
        part = min(count, 8 * batch)
        circuit = Circuit(model, parameters, "cpp_standalone", dt=1.0, batch=batch, blas=True)
        circuit.relax(images[:batch], record=NOTHING, time_limit=1.0)  # builds it
        times = [_relaxation(circuit, images[:part], targets[:part]) for _ in range(RELAXATIONS)]
        seconds, duration = min(times)
        yield {
            "quantity": f"relaxing {part} images of {model.architecture} to 1e-6, {batch} at once, dt 1 ms",
            "measured": f"{seconds:.1f} s, {1e3 * seconds / part:.1f} ms an image, {duration:.0f} ms of model time",
            "target": "report",
            "value": seconds / part,
            **_growth("presentations at once", "time to relax an image (ms)", -1),
            "points": {f"{'-'.join(map(str, sizes))}, C++, BLAS": [(batch, 1e3 * seconds / part)]},
        }


def _relaxation(circuit: Circuit, stimuli: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Return how many seconds it takes to relax to 1e-6, and how many ms of model time."""
    start = time.perf_counter()
    recording = circuit.relax(stimuli, targets, record=NOTHING, tolerance=1e-6)
    return time.perf_counter() - start, float(recording.convergence_time.max())


def _depths() -> Iterator[Row]:
    """Time to local convergence by depth, for the default cell and for one whose time constants are all equal."""
    equal = {"tau_soma": 10.0, "tau_basal": 10.0, "tau_apical": 10.0}
    for hidden in (1, 2, 3, 5, 10):
        model = dense_model((20, *[16] * hidden, 4))
        counts = []
        for cell in (model.cell.model_dump(), equal):
            circuit = Circuit(model.changed(cell=cell), Parameters.initialise(model, 0), dt=0.2)
            recording = circuit.relax(*random_pairs(model, 4), record=NOTHING, tolerance=1e-6)
            counts.append(float(recording.convergence_time.max()) / 10.0)
        yield {
            "quantity": f"somatic time constants from rest to 1e-6, {hidden} hidden layers",
            "measured": f"{counts[0]:.1f} (dendrites 2 ms, somata 10 ms), {counts[1]:.1f} (10 ms all over)",
            "target": "report",
            "value": counts[0],
            **_growth("hidden layers", "time to convergence (τ_soma)", 1),
            "points": {
                "dendrites 2 ms, somata 10 ms": [(hidden, counts[0])],
                "10 ms all over": [(hidden, counts[1])],
            },
        }


def _scaling(quick: bool) -> Iterator[Row]:
    widths = (32, 64, 128) if quick else (256, 512, 1024, 2048, 4096)
    depths = (2, 4) if quick else (2, 4, 6, 8, 10)
    for axis, values, sizes_of, limit, proportional in (
        ("width", widths, lambda width: (width, width, width, 10), 2.05, 2),
        # The first hidden layer costs next to nothing: its drive is summed once.
        ("hidden layers above the first", depths, lambda depth: (256, *[256] * (depth + 1), 10), 1.1, 1),
    ):
        seconds = []
        for value in values:
            model = dense_model(sizes_of(value))
            circuit = Circuit(model, Parameters.initialise(model, 0), "cpp_standalone", dt=1.0, batch=32, blas=True)
            seconds.append(seconds_per_step(circuit, *random_pairs(model, 32), ROUNDS, _products(model, 32)))
        slope, alone = (float(slope) for slope in np.polyfit(np.log(values), np.log(seconds), 1)[0])
        yield {
            "quantity": f"cost of a step against {axis} ({values[0]} to {values[-1]}), 32 presentations, float64, BLAS",
            "measured": f"slope {slope:.2f} of the log-log fit ({alone:.2f} for its products through BLAS alone)",
            "target": f"≤ {limit}",
            "value": slope,
            **_growth(WIDTH if axis == "width" else axis, "step of 32 presentations (ms)", proportional),
            "points": {
                name: [(value, 1e3 * pair[place]) for value, pair in zip(values, seconds, strict=True)]
                for place, name in enumerate(("dendrosim, C++, BLAS", "its products in BLAS alone"))
            },
        }


def _memory(widths: tuple[int, int]) -> Iterator[Row]:
    models = [dense_model((width, width, width, 10)) for width in widths]
    peaks = [_peak_memory(model) for model in models]
    bytes_each = (peaks[1] - peaks[0]) / (synapses(models[1]) - synapses(models[0]))
    yield {
        "quantity": f"bytes for each synapse value, C++ float64 (growth of the binary's peak from width {widths[0]} to "
        f"{widths[1]})",
        "measured": f"{bytes_each:.1f} ({peaks[0] / 1e6:.0f} to {peaks[1] / 1e6:.0f} MB)",
        "target": "≤ 10",
        "value": bytes_each,
        **_growth(WIDTH, "peak memory (MB)", 2),
        "points": {"dendrosim, C++ float64": [(width, peak / 1e6) for width, peak in zip(widths, peaks, strict=True)]},
    }


def _agreement() -> Iterator[Row]:
    for name in ("digits-mlp", "digits-cnn", "reber-rnn"):
        model = load_model(name)
        test = load_data(model).test
        circuit = Circuit(model, Parameters.initialise(model, 0))
        circuit.relax(test.stimuli[:16], test.targets[:16], record=NOTHING)
        largest = compare(circuit, test.stimuli[:16], test.targets[:16]).largest
        yield {
            "quantity": f"largest relative difference between the engines, {name}, 16 presentations, numpy",
            "measured": f"{largest:.1e}",
            "target": "≤ 1e-6",
            "value": largest,
        }


def _growth(against: str, measure: str, slope: int) -> Row:
    """Return what :func:`dendrosim.plot.scaling` needs beside points: labels of the axes, and the slope to show."""
    return {"against": against, "measure": measure, "slope": slope}


def _products(model: Model, presentations: int) -> Callable[[], float]:
    """Return a timer of the matrix products of one step, without the stimulus's, through NumPy's BLAS alone."""
    generator = np.random.default_rng(0)
    pairs = []
    for connection in model.connections:
        post, pre = connection.shape
        weights = generator.standard_normal((post, pre))
        if connection.has_feedback:
            pairs.append((generator.standard_normal((presentations, pre)), weights.T, np.empty((presentations, post))))
            pairs.append((generator.standard_normal((presentations, post)), weights, np.empty((presentations, pre))))

    def seconds() -> float:
        start = time.perf_counter()
        for _ in range(10):
            for a, b, c in pairs:
                np.dot(a, b, out=c)
        return (time.perf_counter() - start) / 10

    return seconds


def _peak_memory(model: Model) -> float:
    """Return the peak memory in bytes of the compiled circuit of a model in three steps of one presentation."""
    target = find_target("cpp_standalone")
    simulation = StandaloneSimulation(lambda: Assembly(model, 1, target, 1.0, "exponential_euler", NOTHING), target)
    assembly = simulation.assembly
    values = assembly.weights(Parameters.initialise(model, 0)) | {(assembly.convergence, "limit"): np.array([0.0025])}
    # A process inherits the peak of the one that starts it: let that be an interpreter without imports.
    start = "import os, sys; print(os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)[2].ru_maxrss)"
    command = [sys.executable, "-I", "-S", "-c", start, *simulation.command(values)]
    done = subprocess.run(command, cwd=simulation.folder, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1]) * 1024


def _images(pixels: int, count: int) -> np.ndarray:
    """Return test images: Fashion-MNIST's from DENDROSIM_DATA if it is there, else digits repeated to that size."""
    path = Path(os.environ.get("DENDROSIM_DATA", "")) / "fashion-mnist" / "t10k-images-idx3-ubyte.gz"
    if pixels == 784 and path.is_file():
        content = gzip.decompress(path.read_bytes())
        return np.frombuffer(content, np.uint8, offset=16)[: count * 784].reshape(count, 784) / 127.5 - 1
    data = load_data(load_model("digits-mlp"))
    images = np.concatenate([data.test.stimuli[:], data.train.stimuli[:]])[:count]
    return np.resize(np.repeat(images, -(-pixels // 64), axis=1)[:, :pixels], (count, pixels))
