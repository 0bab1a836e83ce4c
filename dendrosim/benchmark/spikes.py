"""What spikes cost, and how well cells that send nothing else learn digits in Brian2 alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from dendrosim.benchmark.idiomatic import IdiomaticRun
from dendrosim.benchmark.report import within
from dendrosim.benchmark.stepping import (
    NOTHING,
    PAPER_MLP,
    ROUNDS,
    Row,
    dense_model,
    one_quiet_thread,
    random_pairs,
    seconds_per_step,
    synapses,
    timer,
)
from dendrosim.circuit import Circuit
from dendrosim.data import load_data
from dendrosim.data.storage import is_present
from dendrosim.model import Model, Parameters, load_model

# Against rate cells on the same target: label, sizes, and settings of both circuits.
VARIANTS = (
    ("cpp_standalone, BLAS", PAPER_MLP, {"target": "cpp_standalone", "blas": True}),
    ("cpp_standalone, BLAS", (64, 128, 64, 10), {"target": "cpp_standalone", "blas": True}),
    ("cython", PAPER_MLP, {"target": "cython"}),
    ("numpy", PAPER_MLP, {"target": "numpy"}),
)

# Cells of a unit, and ms for which a digit is shown, each with the learning rate, of 0.02, 0.05, 0.1, 0.2 and 0.3, that
# did best on the validation images of seed 0.
ENSEMBLES = {1: 0.02, 2: 0.05, 5: 0.3, 10: 0.3, 20: 0.3, 50: 0.3, 100: 0.3}
TIMES = {25.0: 0.1, 50.0: 0.1, 100.0: 0.3, 200.0: 0.3, 400.0: 0.3}
FASHION_RATE = 0.05  # likewise, of 0.02, 0.05, 0.1 and 0.2
SEEDS = 3


def measurements(quick: bool) -> Iterator[Row]:
    """Measure everything, on one thread; each row is yielded when it is ready, with what a figure needs.

    Parameters
    ----------
    quick : bool
        Smaller networks and one epoch, to see that everything works.
    """
    yield from within(one_quiet_thread, _all(quick))


def _all(quick: bool) -> Iterator[Row]:
    yield from _learning(quick)
    if not quick and is_present("fashion-mnist"):
        yield _fashion_mnist()
    for label, sizes, settings in VARIANTS[1:2] if quick else VARIANTS:
        yield _against_rate_cells(label, sizes, settings, 8 if quick else 128)
    yield from _against_idiomatic((64, 32, 10) if quick else PAPER_MLP, 8 if quick else 128)


def _against_rate_cells(label: str, sizes: tuple[int, ...], settings: dict[str, Any], presentations: int) -> Row:
    model = dense_model(sizes)
    parameters, pairs = Parameters.initialise(model, 0), random_pairs(model, presentations)
    spikes, rate = (
        Circuit(model.changed(cell={"kind": kind}), parameters, dt=1.0, batch=presentations, **settings)
        for kind in ("bursting", "rate")
    )
    steps = 10 if sizes == PAPER_MLP else 500
    ours, long, short = seconds_per_step(
        spikes, *pairs, ROUNDS, timer(rate, *pairs, steps + 1), timer(rate, *pairs, 1), steps=steps
    )
    theirs, per = (long - short) / steps, presentations * synapses(model)
    return {
        "quantity": f"step of bursting cells, {model.architecture}, {presentations} presentations, dt 1 ms, {label}",
        "measured": f"{ours / theirs:.2f} times that of rate cells "
        f"({1e9 * ours / per:.4f} against {1e9 * theirs / per:.4f} ns for each presentation, synapse and step)",
        "target": "≤ 1.5 times",
        "value": ours / theirs,
    }


def _against_idiomatic(sizes: tuple[int, ...], presentations: int) -> Iterator[Row]:
    """Compare with one presentation in sparse Synapses, where a step costs what its spikes do."""
    model, plain = (dense_model(sizes, output).changed(cell={"kind": "bursting"}) for output in ("softmax", "identity"))
    parameters, pairs = Parameters.initialise(model, 0), random_pairs(model, presentations)
    for dt in (1.0, 0.1):
        circuit = Circuit(model, parameters, "cpp_standalone", dt=dt, batch=presentations, blas=True)
        sparse = IdiomaticRun(plain, parameters, pairs[0][0], pairs[1][0], "cpp_standalone", 50, dt)
        ours, theirs = seconds_per_step(circuit, *pairs, ROUNDS, sparse.seconds_per_step)
        per = synapses(model)
        yield {
            "quantity": f"step of bursting cells, {model.architecture}, {presentations} presentations, dt {dt:g} ms, "
            "against sparse Synapses, cpp_standalone",
            "measured": f"{theirs / (ours / presentations):.1f} times faster ({1e9 * ours / presentations / per:.4f} "
            f"against {1e9 * theirs / per:.3f} ns for each presentation, synapse and step)",
            "target": "report",
            "value": theirs / (ours / presentations),
        }


def _learning(quick: bool) -> Iterator[Row]:
    model = load_model("digits-mlp-bursting")
    usual = model.cell.provenance()["ensemble"]
    if quick:
        model = model.changed(plasticity={"epochs": 1})
    seeds = 1 if quick else SEEDS
    rate = model.changed(cell={"kind": "rate", "tau_soma": 5.0})
    readout = rate.changed(layers=[{"kind": "dense", "units": 10}])
    yield _learned("bursting cells as digits-mlp-bursting has them", "≥ 95 %", model, seeds, {})
    yield _learned("rate cells, which send numbers", "report", rate, seeds, {"level": "rate cells"})
    yield _learned("a linear readout of rate cells", "report", readout, seeds, {"level": "linear readout"})
    for ensemble, eta in list(ENSEMBLES.items())[3:4] if quick else ENSEMBLES.items():
        changed = model.changed(cell={"ensemble": ensemble}, plasticity={"learning_rate": eta})
        where = {"against": "cells of a unit K", "at": ensemble}
        yield _learned(f"K = {ensemble}, η = {eta}, 100 ms", "report", changed, seeds, where)
    for held, eta in list(TIMES.items())[:1] if quick else TIMES.items():
        changed = model.changed(plasticity={"presentation_time": held, "learning_rate": eta})
        where = {"against": "time for which a digit is shown (ms)", "at": held}
        yield _learned(f"K = {usual}, η = {eta}, {held:g} ms", "report", changed, seeds, where)
    if not quick:
        slow = {"presentation_time": 400.0, "learning_rate": 0.05}
        single = model.changed(cell={"ensemble": 1, "tau_synapse": 50.0}, plasticity=slow)
        yield _learned("K = 1, τ_syn = 50 ms, η = 0.05, 400 ms", "report", single, seeds, {})


def _learned(label: str, target: str, model: Model, seeds: int, where: Row) -> Row:
    accuracies = [_accuracy(model, seed) for seed in range(seeds)]
    mean = float(np.mean(accuracies))
    return {
        "quantity": f"test accuracy on digits after {model.plasticity.epochs} epochs in Brian2 alone, {label}",
        "measured": f"{mean:.2f} % (mean of {seeds}: {', '.join(f'{each:.2f}' for each in accuracies)})",
        "target": target,
        "value": mean,
        "accuracies": accuracies,
        **where,
    }


def _fashion_mnist() -> Row:
    """Let 256 hidden units learn 10,000 images, once each, and test them on all test images."""
    spiking = load_model("digits-mlp-bursting")
    model = load_model("fashion-mnist-mlp").changed(
        layers=[{"kind": "dense", "units": units} for units in (256, 10)],
        cell=spiking.cell.model_dump(),
        plasticity=spiking.plasticity.model_dump() | {"epochs": 1, "learning_rate": FASHION_RATE},
    )
    start = time.perf_counter()
    accuracy = _accuracy(model, 0, 10_000)
    return {
        "quantity": f"test accuracy on Fashion-MNIST after 10,000 images in Brian2 alone, {model.architecture}",
        "measured": f"{accuracy:.2f} % ({(time.perf_counter() - start) / 60:.1f} minutes with building and testing)",
        "target": "report",
        "value": accuracy,
    }


def _accuracy(model: Model, seed: int, samples: int | None = None) -> float:
    """Let a circuit learn, then show it the test samples without a teacher and without noise; in percent."""
    data = load_data(model)
    circuit = Circuit(model, Parameters.initialise(model, seed), "cpp_standalone", dt=1.0, blas=True)
    circuit.learn(data.train.stimuli[:samples], data.train.targets[:samples], seed=seed)
    test = Circuit(model, circuit.parameters, integrator="settle", batch=500)
    test.relax(data.test.stimuli[:], record=NOTHING)
    return 100 * float(np.mean(test.state["output"]["basal"].argmax(axis=1) == data.test.labels))
