"""The same network in idiomatic Brian2, with all-to-all ``Synapses`` and summed variables: oracle and yardstick."""

from __future__ import annotations

import tempfile
import time
from typing import Any

import brian2 as b2
import numpy as np
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import runtime_device

from dendrosim.benchmark.idiomatic_spikes import sparse_network
from dendrosim.circuit.target import active, find_target
from dendrosim.model import Model, Parameters

HIDDEN = """
dbasal/dt = (prediction - basal)/tau_basal : 1
dapical/dt = (feedback - apical)/tau_apical : 1
dsoma/dt = (basal + apical - soma)/tau_soma : 1
prediction = tanh(drive + bias) : 1 (constant over dt)
delta = (soma - basal)*(1 - prediction**2) : 1 (constant over dt)
drive : 1
feedback : 1
bias : 1
"""
OUTPUT = """
dbasal/dt = (drive + bias - basal)/tau_basal : 1
delta = target - basal : 1 (constant over dt)
drive : 1
bias : 1
target : 1
"""


def idiomatic_network(
    model: Model, parameters: Parameters, stimulus: np.ndarray, target: np.ndarray, dt: float, tuned: bool = False
) -> Any:
    """Return a Brian2 network of one presentation: tanh hidden layers, a linear output with a clamped teacher.

    Parameters
    ----------
    model : Model
        Dense, with ``output = "identity"``.
    parameters : Parameters
        Its weights.
    stimulus, target : array of shape (cell,)
        What is presented.
    dt : float
        Time step, ms.
    tuned : bool
        Whether the stimulus, which is held, is summed once by hand, instead of by synapses in every step.

    Returns
    -------
    brian2.Network
        Its layers are ``layer_0``, ``layer_1``, ...
    """
    taus = {name: getattr(model.cell, name) * b2.ms for name in ("tau_soma", "tau_basal", "tau_apical")}
    clock = b2.Clock(dt * b2.ms)
    layers, synapses = [], []
    if not tuned:
        layers.append(b2.NeuronGroup(model.sizes[0], "basal : 1", clock=clock, name="layer_0"))
        layers[0].basal = stimulus
    for index, name in enumerate(model.layer_names):
        equations = OUTPUT if name == "output" else HIDDEN
        size = model.sizes[index + 1]
        cells = {"method": "exponential_euler", "clock": clock, "namespace": taus, "name": f"layer_{index + 1}"}
        layers.append(b2.NeuronGroup(size, equations, **cells))
        layers[-1].bias = parameters.bias[name]
        if tuned and index == 0:
            layers[-1].bias += parameters.W[name] @ stimulus
            continue
        forward = b2.Synapses(layers[-2], layers[-1], "w : 1\ndrive_post = w*basal_pre : 1 (summed)", clock=clock)
        forward.connect()
        forward.w = parameters.W[name].T.ravel()
        synapses.append(forward)
        if index > 0:
            back = b2.Synapses(layers[-1], layers[-2], "w : 1\nfeedback_post = w*delta_pre : 1 (summed)", clock=clock)
            back.connect()
            back.w = parameters.theta[name].ravel()
            synapses.append(back)
    layers[-1].target = target
    return b2.Network(layers, synapses)


class IdiomaticRun:
    """Times the steps of an idiomatic network on a target, one thread.

    Parameters
    ----------
    model, parameters, stimulus, target
        See :func:`idiomatic_network`.
    code : str
        Name of the target.
    steps : int
        Time steps that are timed.
    dt : float
        Time step, ms.
    tuned : bool
        See :func:`idiomatic_network`.
    """

    def __init__(
        self,
        model: Model,
        parameters: Parameters,
        stimulus: np.ndarray,
        target: np.ndarray,
        code: str,
        steps: int,
        dt: float = 1.0,
        tuned: bool = False,
    ):
        self._steps, self._dt, self._target = steps, dt * b2.ms, find_target(code)
        self._device = CPPStandaloneDevice() if self._target.device else runtime_device
        self._folder = tempfile.TemporaryDirectory(prefix="dendrosim-")
        preferences = dict(self._target.preferences) | {"codegen.target": "numpy" if code == "numpy" else "cython"}
        self._preferences = preferences
        with active(self._device, preferences):
            if model.cell.kind == "bursting":
                self._network = sparse_network(model, parameters, stimulus, target, dt)
            else:
                self._network = idiomatic_network(model, parameters, stimulus, target, dt, tuned)
            if not self._target.device:
                # A run generates code before its first step, so the steps are timed from within.
                # With the clock of the cells, because Brian2's loop is slower with two.
                self._network.add(b2.NetworkOperation(self._note, clock=self._network["layer_1"].clock))
            else:
                self._network.run(steps * self._dt, namespace={})
                self._device.build(directory=self._folder.name, run=False, with_output=False)

    def seconds_per_step(self) -> float:
        """Run and return the seconds of one time step."""
        with active(self._device, self._preferences):
            if self._target.device:
                self._device.run(self._folder.name, "results", with_output=False)
                return float(self._device._last_run_time) / self._steps
            self._moments: list[float] = []
            self._network.run(self._steps * self._dt, namespace={})
            return (self._moments[-1] - self._moments[0]) / (self._steps - 1)

    def _note(self) -> None:
        self._moments.append(time.perf_counter())
