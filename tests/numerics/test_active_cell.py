"""Oracle: SciPy's DOP853 on the equations of the paper, written out, with its own search for spikes."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dendrosim.cells import ActiveCell
from dendrosim.circuit.active_cells import stimulate
from dendrosim.errors import CircuitError

CELL = ActiveCell(noise=0.0)
REST = np.array([-70.0, -70.0, 0.0, 0.0, -50.0])  # V_s, V_d, w_s, w_d, θ


def slopes(state, soma, dendrite, pulse):
    """Naud and Sprekeler 2018, with its numbers."""
    V_s, V_d, w_s, w_d, theta = state
    plateau = 1 / (1 + np.exp(-(V_d + 38.0) / 6.0))
    return np.array(
        [
            -(V_s + 70.0) / 16.0 + (1300.0 * plateau - 200.0 * w_s + soma) / 370.0,
            -(V_d + 70.0) / 7.0 + (1200.0 * plateau + 2600.0 * pulse - 13.0 * w_d + dendrite) / 170.0,
            -w_s / 100.0,
            (V_d + 70.0 - w_d) / 30.0,
            (-50.0 - theta) / 27.0,
        ]
    )


def solved(state, start, end, currents, pulse, events=None):
    return solve_ivp(
        lambda t, y: slopes(y, *currents, pulse), (start, end), state, "DOP853", rtol=1e-11, atol=1e-11, events=events
    )


def after_a_spike(state):
    _, V_d, w_s, w_d, theta = state
    return np.array([-70.0, V_d, w_s + 1, w_d, theta + 2])


def exact_spikes(currents, end):
    """Times of spikes where the membrane meets the threshold, whatever the grid; K is 1 for 2 ms after the last one."""
    crossing = lambda t, y: y[0] - y[4]  # noqa: E731
    crossing.terminal, crossing.direction = True, 1
    state, now, last, times = REST, 0.0, -np.inf, []
    while now < end:
        until = min(end, last + 2.0) if now < last + 2.0 else end
        part = solved(state, now, until, currents, float(now < last + 2.0), crossing)
        state, now = part.y[:, -1], part.t[-1]
        if part.status == 1:
            state, last = after_a_spike(state), now
            times.append(now)
    return np.array(times)


def on_the_grid(currents, end, dt):
    """The exact flow from one time step to the next, where spikes are looked for at its end: the states and spikes."""
    state, states, spikes, since = REST, [], [], np.inf
    for _ in range(round(end / dt)):
        states.append(state)
        state = solved(state, 0.0, dt, currents, float(since < 2.0 - dt / 2)).y[:, -1]
        since += dt
        spikes.append(state[0] > state[4])
        if spikes[-1]:
            state, since = after_a_spike(state), 0.0
    return np.array(states), np.array(spikes)


def ours(currents, end, dt):
    steps = round(end / dt)
    found = stimulate(CELL, *(np.full((1, steps), each) for each in currents), dt=dt)
    return found.isel(trial=0)


BOTH = (700.0, 700.0)  # pA: BAC firing, with plateau, back-propagating spikes and adaptation


def test_the_trajectory_through_spikes_and_plateau_is_that_of_the_exact_flow_to_the_fourth_order():
    errors = []
    for dt in (0.2, 0.1, 0.05):
        states, spikes = on_the_grid(BOTH, 40.0, dt)
        found = ours(BOTH, 40.0, dt)
        np.testing.assert_array_equal(found["spikes"], spikes)
        assert spikes.sum() >= 3
        differences = [found[name].values - states[:, k] for name, k in (("V_soma", 0), ("V_dendrite", 1))]
        errors.append(np.abs(differences).max())
    assert errors[-1] < 2e-6  # mV
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.5)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.5)


def test_spikes_come_when_the_membrane_meets_the_threshold_to_a_time_step():
    exact = exact_spikes(BOTH, 60.0)
    for dt in (0.1, 0.02):
        found = ours(BOTH, 60.0, dt)
        times = found["time"].values[found["spikes"].values > 0] + dt  # at the end of the step
        assert len(times) == len(exact)
        # A spike is noticed up to one step late, and so is everything after it: a step more for each spike.
        assert (np.abs(times - exact) < 2 * dt * np.arange(1, len(exact) + 1)).all()


def test_below_threshold_and_plateau_the_soma_is_an_rc_circuit():
    found = stimulate(
        CELL.model_copy(update={"soma_plateau": 0.0}), np.full((1, 1000), 300.0), np.zeros((1, 1000)), dt=0.1
    )
    time = found["time"].values
    np.testing.assert_allclose(found["V_soma"][0], -70 + 300 * 16 / 370 * (1 - np.exp(-time / 16)), atol=1e-9)


def test_currents_of_other_shapes_and_steps_that_miss_a_pulse_are_refused():
    with pytest.raises(CircuitError, match=r"the currents have shapes \(1, 10\) and \(10,\); give two arrays"):
        stimulate(CELL, np.zeros((1, 10)), np.zeros(10))
    with pytest.raises(CircuitError, match="a step of 2 ms cannot follow this cell; choose a positive dt below 2 ms"):
        stimulate(CELL, np.zeros((1, 10)), np.zeros((1, 10)), dt=2.0)
