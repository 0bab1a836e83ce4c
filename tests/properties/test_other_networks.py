"""A circuit beside other circuits and other Brian2 networks of the process: all give the bits of a lone run."""

import threading

import brian2 as b2
import numpy as np
import pytest
from brian2.core.network import Network as Brian2Network
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit

MODEL = small_model((5, 30, 20, 2))


def in_threads(*functions):
    """Run functions side by side and return what they return; an exception of one is raised here."""
    results: list = [None] * len(functions)

    def call(place, function):
        try:
            results[place] = function()
        except BaseException as error:
            results[place] = error

    threads = [threading.Thread(target=call, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def relaxed(seed, **settings):
    return Circuit(MODEL, parameters_of(MODEL, seed), **settings).relax(*presentations_of(MODEL, 3, seed)).dataset


def test_two_circuits_in_two_threads_do_not_stop_each_other():
    alone = [relaxed(seed) for seed in (0, 1, 2)]
    for dataset, wanted in zip(in_threads(*(lambda s=s: relaxed(s) for s in (0, 1, 2))), alone, strict=True):
        assert dataset.drop_attrs().identical(wanted.drop_attrs())


def oscillator():
    group = b2.NeuronGroup(1, "dv/dt = (1 - v)/(20*ms) : 1", method="euler", codeobj_class=None)
    monitor = b2.StateMonitor(group, "v", record=True)
    return b2.Network(group, monitor), monitor


@pytest.fixture
def on_numpy(monkeypatch):
    target = b2.prefs["codegen.target"]
    b2.prefs["codegen.target"] = "numpy"
    yield
    b2.prefs["codegen.target"] = target


def test_a_network_of_the_users_own_runs_on_beside_a_circuit(on_numpy):
    network, monitor = oscillator()
    wanted = relaxed(0)

    def run():
        network.run(200 * b2.ms, namespace={})
        return np.array(monitor.v[0])

    lone_network, lone_monitor = oscillator()
    lone_network.run(200 * b2.ms, namespace={})
    potential, dataset = in_threads(run, lambda: relaxed(0))
    np.testing.assert_array_equal(potential, lone_monitor.v[0])
    assert dataset.drop_attrs().identical(wanted.drop_attrs())


@pytest.mark.parametrize("stopped", [False, True])
def test_brian2s_stop_flag_is_neither_obeyed_nor_changed(stopped, monkeypatch):
    wanted = relaxed(0)
    monkeypatch.setattr(Brian2Network, "_globally_stopped", stopped)
    assert relaxed(0).drop_attrs().identical(wanted.drop_attrs())
    assert Brian2Network._globally_stopped is stopped
    assert Brian2Network._globally_running is False


def test_a_stop_of_other_networks_does_not_end_a_relaxation_early():
    wanted = relaxed(0)
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    recording = circuit.relax(*presentations_of(MODEL, 3, 0), report=lambda row: b2.stop())
    assert recording.dataset.drop_attrs().identical(wanted.drop_attrs())
    Brian2Network._globally_stopped = False


def test_what_brian2_has_set_is_as_it_was_after_every_call(on_numpy):
    b2.defaultclock.dt = 0.05 * b2.ms
    device, handler = b2.get_device(), b2.core.magic.magic_network
    preferences = dict(b2.prefs)
    circuit = Circuit(
        MODEL.changed(plasticity={"streams": 2, "epochs": 1, "presentation_time": 2.0}),
        parameters_of(MODEL, 0),
        dtype="float32",
    )
    pairs = presentations_of(MODEL, 4, 0)
    circuit.relax(*pairs, tolerance=1e-2)
    circuit.learn(*pairs)
    circuit.updates()
    assert b2.get_device() is device
    assert b2.core.magic.magic_network is handler
    assert dict(b2.prefs) == preferences
    assert float(b2.defaultclock.dt) == pytest.approx(5e-5)
    b2.defaultclock.dt = 0.1 * b2.ms
