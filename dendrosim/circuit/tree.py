"""The whole passive tree of a neuron, driven by the currents that a circuit's cell had: Brian2's SpatialNeuron."""

from __future__ import annotations

import json
from typing import Any

import brian2 as b2
import numpy as np
import xarray as xr

from dendrosim.checks import number, shown
from dendrosim.circuit.brian2_internals import runtime_device
from dendrosim.circuit.target import active
from dendrosim.errors import DataError
from dendrosim.morphology import Morphology, Reduction
from dendrosim.morphology.points import TYPES
from dendrosim.morphology.shape import flat, stretches
from dendrosim.recording import Recording

REMEMBERED = 15.0  # membrane time constants
STUB = 0.01  # µm: a current into a site flows into a piece so short that its middle is the site
_EQUATIONS = """
Im = (E_leak - v)/R_m : amp/meter**2
I = basal_current(t)*at_basal + apical_current(t)*at_apical : amp (point current)
at_basal : 1
at_apical : 1
"""


def along_tree(
    recording: Recording,
    reduction: Reduction,
    layer: str,
    neuron: int,
    presentation: int = 0,
    *,
    dt: float = 0.1,
    longest: float = 20.0,
) -> xr.Dataset:
    """Run the whole tree of one neuron of a circuit, and return its potential along every branch.

    The currents are those of the conductance cell, I_B = S f(z)/Z_sB at the basal site and I_A = S Θ^T δ/Z_sA at the
    apical one, as they were recorded. The tree begins at rest or settled, as the recording did. Where it has settled,
    its two sites and its soma have the potentials of that cell; on the way there they differ by what
    :class:`~dendrosim.morphology.Reduction` says.

    Parameters
    ----------
    recording : Recording
        Of conductance cells made from the reduction, with ``prediction`` and ``feedback``.
    reduction : Reduction
        From :meth:`Morphology.reduced <dendrosim.Morphology.reduced>`.
    layer : str
        A hidden layer; an output soma is held by its teacher.
    neuron : int
        Which of its neurons; of a sequence at its last step.
    presentation : int
        Which presentation.
    dt : float
        Time step, ms.
    longest : float
        Of a piece of the cable, µm.

    Returns
    -------
    xarray.Dataset
        ``V`` (mV) over time (ms) and point of the morphology, with ``distance`` from the soma (µm), ``type``,
        ``parent``, ``radius`` (µm), and ``x`` and ``y`` (µm) in the plane of :func:`dendrosim.morphology.shape.flat`.

    Raises
    ------
    DataError
        The recording lacks these variables, or is of other cells.

    Examples
    --------
    >>> import dendrosim as ds
    >>> reduction = ds.Morphology.pyramidal().reduced()
    >>> layers = [{"kind": "dense", "units": 3}, {"kind": "dense", "units": 2}]
    >>> model = ds.Model(input=[4], layers=layers, cell=reduction.cell.model_dump())
    >>> circuit = ds.Circuit(model, ds.Parameters.initialise(model, seed=0))
    >>> record = ds.Record(("V_soma", "prediction", "feedback"))
    >>> recording = circuit.relax([[0.1, -0.5, 0.3, 0.9]], [[1.0, 0.0]], record=record, time_limit=30.0)
    ... # doctest: +SKIP
    >>> tree = ds.along_tree(recording, reduction, "hidden-1", 0)  # doctest: +SKIP
    """
    if not isinstance(reduction, Reduction):
        raise DataError(f"reduction is {shown(reduction)}; make one by Morphology.reduced().")
    dt, longest = number(dt, "dt", above=0.0), number(longest, "longest", above=0.0)
    cell = _cell_of(recording, reduction, layer)
    recording.need("prediction", "feedback")
    seen = recording.presentation(presentation)
    places = (seen["layer"] == layer) & (seen["index"] == neuron)
    if not places.any():
        raise DataError(f"neuron {shown(neuron)} of layer '{layer}' was not recorded; choose another.")
    chosen = seen.isel(neuron=int(np.flatnonzero(places.values)[-1]))
    times = chosen["time"].values
    # A relaxation that begins settled has heard its stimulus, but no teacher, for as long as the tree remembers.
    settled = recording.dataset.attrs.get("start") == "settled"
    lead = dt * round(REMEMBERED * reduction.membrane.time_constant / dt) if settled else 0.0
    steps = np.arange(-lead, times[-1] + dt, dt)
    into = {
        name: cell["scale"] / reduction.cell.resistances[0, place] * np.interp(steps, times, chosen[variable].values)
        for place, (name, variable) in enumerate((("basal", "prediction"), ("apical", "feedback")), start=1)
    }
    into["apical"][steps < -0.5 * dt] = 0.0
    potentials = _run(reduction, into, float(cell["resting_potential"]), lead + times, dt, longest)
    return _dataset(reduction.morphology, times, potentials, layer, neuron)


def _cell_of(recording: Recording, reduction: Reduction, layer: str) -> dict[str, Any]:
    """Return the settings of a recording's cells, which have to be those of the reduction."""
    if not isinstance(recording, Recording):
        raise DataError(f"recording is {shown(recording)}; give a dendrosim.Recording.")
    recording.need("description", "layers")
    cell: dict[str, Any] = json.loads(recording.dataset.attrs["description"])["cell"]
    wanted = reduction.table()
    numbers = [name for name, value in wanted.items() if isinstance(value, float)]
    if cell["kind"] != wanted["kind"] or not all(np.isclose(cell[name], wanted[name], rtol=1e-9) for name in numbers):
        raise DataError(
            "the recording is of other cells than this reduction's; relax a model whose table [cell] is "
            "reduction.table()."
        )
    layers = str(recording.dataset.attrs["layers"]).split()
    if layer not in layers[:-1]:
        raise DataError(f"{shown(layer)} is no hidden layer of this recording; choose {', '.join(layers[:-1])}.")
    return cell


def _run(
    reduction: Reduction, into: dict[str, np.ndarray], rest: float, times: np.ndarray, dt: float, longest: float
) -> np.ndarray:
    """Return the potentials, mV of shape (times, points), with the currents, pA, into the two sites."""
    morphology, membrane = reduction.morphology, reduction.membrane
    sites = [int(np.flatnonzero(morphology.points.number == site)[0]) for site in reduction.sites[1:]]
    with active(runtime_device, {"codegen.target": "numpy"}):
        root, compartment = _sections(morphology, sites, longest)
        namespace = {
            "E_leak": rest * b2.mV,
            "R_m": membrane.resistance * b2.ohm * b2.cm**2,
            **{f"{name}_current": b2.TimedArray(values * b2.pA, dt * b2.ms) for name, values in into.items()},
        }
        neuron = b2.SpatialNeuron(
            root,
            _EQUATIONS,
            Cm=membrane.capacitance * b2.uF / b2.cm**2,
            Ri=membrane.axial_resistivity * b2.ohm * b2.cm,
            method="exponential_euler",
            namespace=namespace,
            dt=dt * b2.ms,
        )
        neuron.v = rest * b2.mV
        places = [place if isinstance(place, int) else int(place[0].indices[place[1]]) for place in compartment]
        for name, site in zip(into, sites, strict=True):
            getattr(neuron, f"at_{name}")[places[site]] = 1.0
        every = max(round(float(np.min(np.diff(times), initial=np.inf)) / dt), 1) * dt if len(times) > 1 else dt
        clock = b2.Clock(every * b2.ms)
        monitor = b2.StateMonitor(neuron, "v", record=np.unique(places), clock=clock)
        b2.Network(neuron, monitor).run((times[-1] + dt) * b2.ms, namespace={})
        samples = np.searchsorted(monitor.t / b2.ms, times - 0.5 * dt).clip(max=len(monitor.t) - 1)
        return monitor.v[np.searchsorted(np.unique(places), places)][:, samples].T / b2.mV


def _sections(morphology: Morphology, sites: list[int], longest: float) -> tuple[Any, list[Any]]:
    """Return the tree as Brian2 has it, and of each point its compartment: a section and a place in it, or 0."""
    root = b2.Soma(diameter=2 * morphology.radius[0] * b2.um)
    ends: dict[int, Any] = {0: root}
    compartment: list[Any] = [0] * len(morphology.parent)
    for number_, stretch in enumerate(stretches(morphology)):
        lengths, diameters = list[float](), [2 * float(morphology.start_radius[stretch[1]])]
        place = dict[int, int]()
        for point in map(int, stretch[1:]):
            cuts = _cuts(float(morphology.length[point]), longest, point in sites)
            along = np.cumsum(cuts) / np.sum(cuts)
            start, end = diameters[-1], 2 * float(morphology.radius[point])
            lengths += cuts
            diameters += list(start + along * (end - start))
            place[point] = len(lengths) - 1
        section = b2.Section(n=len(lengths), length=lengths * b2.um, diameter=diameters * b2.um)
        setattr(ends[int(stretch[0])], f"stretch{number_}", section)
        ends[int(stretch[-1])] = section
        for point, index in place.items():
            compartment[point] = (section, index)
    return root, compartment


def _cuts(length: float, longest: float, is_site: bool) -> list[float]:
    """Return the lengths of the pieces of a piece, µm; a site ends in a stub."""
    length = max(length, STUB)
    count = max(int(np.ceil(length / longest)), 1)
    cuts = [length / count] * count
    if is_site and cuts[-1] > 2 * STUB:
        cuts[-1:] = [cuts[-1] - STUB, STUB]
    return cuts


def _dataset(morphology: Morphology, times: np.ndarray, potentials: np.ndarray, layer: str, neuron: int) -> xr.Dataset:
    names = {kind: name for name, kind in TYPES.items()}
    x, y = flat(morphology).T
    coordinates = {
        "time": ("time", times, {"units": "ms"}),
        "distance": ("point", morphology.distance, {"units": "um", "long_name": "way from the soma"}),
        "radius": ("point", morphology.radius, {"units": "um"}),
        "x": ("point", x, {"units": "um"}),
        "y": ("point", y, {"units": "um"}),
        "type": ("point", [names[int(kind)] for kind in morphology.points.type]),
        "parent": ("point", morphology.parent),
    }
    look = {"units": "mV", "long_name": "membrane potential"}
    source = {"layer": layer, "neuron": neuron, "morphology": morphology.name}
    return xr.Dataset({"V": (("time", "point"), potentials, look)}, coordinates, source)
