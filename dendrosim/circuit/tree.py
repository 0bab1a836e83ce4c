"""The whole passive tree of a neuron, driven by the currents that a circuit's cell had: Brian2's SpatialNeuron.

The pieces are those of :class:`~dendrosim.morphology.Cable`, by which the tree was reduced to that cell. Points lie
between pieces, on nodes without membrane: there v = (I + Σ g_j v_j)/Σ g_j over the middles j of the pieces that meet,
where I flows in, and I goes on into these in the proportion of g_j. Both hold at all times, so that the tree settles to
the potentials of the cell but for rounding.
"""

from __future__ import annotations

import json
from typing import Any

import brian2 as b2
import numpy as np
import xarray as xr
from scipy import sparse

from dendrosim.checks import number, shown
from dendrosim.circuit.brian2_internals import runtime_device
from dendrosim.circuit.target import active
from dendrosim.errors import DataError
from dendrosim.morphology import Cable, Morphology, Reduction
from dendrosim.morphology.cable import Pieces
from dendrosim.morphology.points import TYPES
from dendrosim.morphology.shape import flat
from dendrosim.recording import Recording

_EQUATIONS = """
Im = -v/R_m : amp/meter**2
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
        From :meth:`Morphology.reduced <dendrosim.Morphology.reduced>`; the tree is cut into the same pieces.
    layer : str
        A hidden layer; an output soma is held by its teacher.
    neuron : int
        Which of its neurons; of a sequence at its last step.
    presentation : int
        Which presentation.
    dt : float
        Time step, ms, or less: whole steps make the interval of the recording.

    Returns
    -------
    xarray.Dataset
        ``V`` (mV) over time (ms) and point of the morphology, by its number, with ``distance`` from the soma (µm),
        ``type``, ``parent`` (as an index), ``radius`` (µm), and ``x`` and ``y`` (µm) in the plane of
        :func:`dendrosim.morphology.shape.flat`.

    Raises
    ------
    DataError
        The recording lacks these variables, or is of other cells, or of cells with membrane noise.

    Examples
    --------
    >>> import dendrosim as ds
    >>> reduction = ds.Morphology.pyramidal().reduced(longest=50.0)
    >>> layers = [{"kind": "dense", "units": 3}, {"kind": "dense", "units": 2}]
    >>> model = ds.Model(input=[4], layers=layers, cell=reduction.cell.model_dump())
    >>> circuit = ds.Circuit(model, ds.Parameters.initialise(model, seed=0))
    >>> record = ds.Record(("prediction", "feedback"))
    >>> recording = circuit.relax([[0.1, -0.5, 0.3, 0.9]], [[1.0, 0.0]], record=record, tolerance=0.5)
    >>> tree = ds.along_tree(recording, reduction, "hidden-1", 0, dt=1.0)
    >>> tree["V"].sel(point=reduction.sites[1]).dims
    ('time',)
    """
    if not isinstance(reduction, Reduction):
        raise DataError(f"reduction is {shown(reduction)}; make one by Morphology.reduced().")
    dt = number(dt, "dt", above=0.0)
    cell = _cell_of(recording, reduction, layer)
    recording.need("prediction", "feedback")
    seen = recording.presentation(presentation)
    places = (seen["layer"] == layer) & (seen["index"] == neuron)
    if not places.any():
        raise DataError(f"neuron {shown(neuron)} of layer '{layer}' was not recorded; choose another.")
    chosen = seen.isel(neuron=int(np.flatnonzero(places.values)[-1]))
    times = chosen["time"].values
    interval = times[1] - times[0] if len(times) > 1 else dt
    dt = interval / np.ceil(interval / dt - 1e-6)
    steps = dt * np.arange(round(times[-1] / dt) + 1)
    transfer = reduction.cell.resistances[0, 1:, None]
    activities = [np.interp(steps, times, chosen[name].values) for name in ("prediction", "feedback")]
    currents = cell["scale"] / transfer * np.array(activities)
    settled = recording.dataset.attrs.get("start") == "settled"
    away = _run(reduction, currents, settled, np.round(times / dt).astype(int), dt)
    tree = _dataset(reduction.morphology, times, cell["resting_potential"] + away)
    return tree.assign_attrs(layer=layer, neuron=neuron, presentation=presentation)


def _cell_of(recording: Recording, reduction: Reduction, layer: str) -> dict[str, Any]:
    """Return the settings of a recording's cells, which have to be those of the reduction."""
    if not isinstance(recording, Recording):
        raise DataError(f"recording is {shown(recording)}; give a dendrosim.Recording.")
    recording.need("description", "layers")
    cell: dict[str, Any] = json.loads(recording.dataset.attrs["description"])["cell"]
    for name, value in reduction.table().items():
        there = cell.get(name)
        if there != value and not (isinstance(value, float) and there and np.isclose(there, value, rtol=1e-9)):
            raise DataError(
                "the recording is of other cells than this reduction's; relax a model whose table [cell] is "
                "reduction.table()."
            )
    if cell["noise"] > 0:
        raise DataError("these cells had membrane noise, which no recording holds; relax them with noise = 0.")
    layers = str(recording.dataset.attrs["layers"]).split()
    if layer not in layers[:-1]:
        raise DataError(f"{shown(layer)} is no hidden layer of this recording; choose {', '.join(layers[:-1])}.")
    return cell


def _run(reduction: Reduction, currents: np.ndarray, settled: bool, samples: np.ndarray, dt: float) -> np.ndarray:
    """Return the deviations from rest, mV of shape (samples, points).

    Parameters
    ----------
    reduction : Reduction
        Tree, membrane and sites.
    currents : array of shape (2, steps)
        Into the basal and the apical site, pA.
    settled : bool
        Whether the tree has settled with the first basal current, or is at rest.
    samples : array of int
        Time steps that are kept.
    dt : float
        Time step, ms.
    """
    morphology, membrane = reduction.morphology, reduction.membrane
    cable = Cable.of(morphology, membrane, reduction.longest)
    middles, meeting = _meeting(cable)
    sites = cable.node[[int(np.flatnonzero(morphology.points.number == site)[0]) for site in reduction.sites[1:]]]
    at_points = meeting[cable.node]
    potentials = list[np.ndarray]()
    with active(runtime_device, {"codegen.target": "numpy"}):
        root, sections = _sections(Pieces(morphology, reduction.longest), float(morphology.radius[0]))
        neuron = b2.SpatialNeuron(
            root,
            _EQUATIONS,
            Cm=membrane.capacitance * b2.uF / b2.cm**2,
            Ri=membrane.axial_resistivity * b2.ohm * b2.cm,
            method="exponential_euler",
            namespace={
                "R_m": membrane.resistance * b2.ohm * b2.cm**2,
                "basal_current": b2.TimedArray(currents[0] * b2.pA, dt * b2.ms),
                "apical_current": b2.TimedArray(currents[1] * b2.pA, dt * b2.ms),
            },
            dt=dt * b2.ms,
        )
        place = _compartments(sections)
        if settled:
            neuron.v[place] = cable.steady(sites[:1])[middles, 0] * currents[0, 0] * b2.mV
        for name, site in zip(("at_basal", "at_apical"), sites, strict=True):
            getattr(neuron, name)[place] = meeting[[site]].toarray()[0]
        keep = b2.NetworkOperation(
            lambda: potentials.append(at_points @ np.asarray(neuron.v)[place] * 1e3), clock=neuron.clock, when="start"
        )
        b2.Network(neuron, keep).run((currents.shape[1] + 0.5) * dt * b2.ms, namespace={})
    away = np.array(potentials)[samples]
    before = np.array([[currents[0, 0] if settled else 0.0], [0.0]])
    flowed = np.hstack([before, currents])[:, samples]  # until then: what begins at a moment has moved nothing yet
    for current, site in zip(flowed, sites, strict=True):
        away[:, cable.node == site] += (current / cable.conductances[site, site])[:, None]
    return away


def _meeting(cable: Cable) -> tuple[np.ndarray, Any]:
    """Return which nodes have a membrane, and the share that each of them has in the potential of every node.

    Returns
    -------
    middles : array of int
        The soma, and the middles of all pieces in their order.
    meeting : sparse array of shape (nodes, middles)
        g_j/Σ g_j for a node without membrane, and 1 for one in itself.
    """
    has_membrane = cable.capacitances > 0
    middles = np.flatnonzero(has_membrane)
    scale = np.where(has_membrane, 0.0, -1 / cable.conductances.diagonal())
    itself = sparse.csr_array((np.ones(len(middles)), (middles, np.arange(len(middles)))), (len(scale), len(middles)))
    return middles, (sparse.diags_array(scale) @ cable.conductances[:, middles]).tocsr() + itself


def _sections(pieces: Pieces, radius: float) -> tuple[Any, list[tuple[Any, list[int]]]]:
    """Return the tree as Brian2 has it, and its sections with the pieces of each: unbranched ones in a row."""
    first, last = pieces.ends
    leaving = np.bincount(first, minlength=last.max(initial=0) + 1)
    runs, at = list[list[int]](), dict[int, int]()
    for piece, (node, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        goes_on = node != 0 and leaving[node] == 1 and np.isclose(pieces.start[piece], pieces.end[runs[at[node]][-1]])
        if goes_on:
            runs[at[node]].append(piece)
        else:
            runs.append([piece])
        at[end] = at[node] if goes_on else len(runs) - 1
    root = b2.Soma(diameter=2 * radius * b2.um)
    sections = list[tuple[Any, list[int]]]()
    for run in runs:
        diameters = 2 * np.array([pieces.start[run[0]], *pieces.end[run]])
        section = b2.Section(n=len(run), length=pieces.length[run] * b2.um, diameter=diameters * b2.um)
        node = int(first[run[0]])
        setattr(root if node == 0 else sections[at[node]][0], f"stretch{len(sections)}", section)
        sections.append((section, run))
    return root, sections


def _compartments(sections: list[tuple[Any, list[int]]]) -> np.ndarray:
    """Return Brian2's compartments of the soma and of every piece, in their order."""
    place = np.zeros(1 + sum(len(run) for _, run in sections), dtype=int)
    for section, run in sections:
        place[1 + np.array(run)] = section.indices[:]
    return place


def _dataset(morphology: Morphology, times: np.ndarray, potentials: np.ndarray) -> xr.Dataset:
    names = {kind: name for name, kind in TYPES.items()}
    x, y = flat(morphology).T
    coordinates = {
        "time": ("time", times, {"units": "ms"}),
        "point": morphology.points.number,
        "distance": ("point", morphology.distance, {"units": "um", "long_name": "way from the soma"}),
        "radius": ("point", morphology.radius, {"units": "um"}),
        "x": ("point", x, {"units": "um"}),
        "y": ("point", y, {"units": "um"}),
        "type": ("point", [names[int(kind)] for kind in morphology.points.type]),
        "parent": ("point", morphology.parent),
    }
    look = {"units": "mV", "long_name": "membrane potential"}
    return xr.Dataset({"V": (("time", "point"), potentials, look)}, coordinates, {"morphology": morphology.name})
