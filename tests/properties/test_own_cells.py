"""A kind of cell from outside, with a compartment more than ours: relaxed, recorded, drawn, exported and shown."""

import sys
from typing import Literal

import numpy as np
import pytest
from networks import dense, model_of, parameters_of, presentations_of
from own_cells import package
from own_rules import SMALL, command, python

import dendrosim as ds
from dendrosim.audit.agreement import compare
from dendrosim.cells import Cell, RateCell
from dendrosim.circuit import Circuit
from dendrosim.errors import CircuitError, DataError, ModelError, PluginError
from dendrosim.plot.animation import relaxing_network, relaxing_neurons
from dendrosim.recording import Record, Recording
from dendrosim.registry import CELLS

COMPARTMENTS = ["foot", "body", "stem", "crown"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return package(tmp_path_factory.mktemp("site"))


@pytest.fixture
def model(installed, monkeypatch):
    """A network of their cells, in this process."""
    monkeypatch.syspath_prepend(installed)
    yield model_of([5], [dense(4), dense(3), dense(2)], cell={"kind": "stem", "tau": 3.0})
    for name in [name for name in sys.modules if name.startswith("theirs")]:
        del sys.modules[name]


@pytest.fixture
def relaxed(model):
    circuit = Circuit(model, parameters_of(model, 0))
    stimuli, targets = presentations_of(model, 3, 0)
    return circuit, stimuli, targets, circuit.relax(stimuli, targets, start="settled")


def test_it_is_found_by_its_entry_point_and_settles_to_the_equilibrium(relaxed):
    circuit, stimuli, targets, recording = relaxed
    assert recording.converged
    assert compare(circuit, stimuli, targets).largest < 1e-7


def test_what_it_observes_is_recorded_with_its_units(relaxed):
    recording = relaxed[-1]
    assert [name for name in recording.dataset.data_vars if "neuron" in recording.dataset[name].dims] == [
        *COMPARTMENTS,
        "error",
        "V_crown",
    ]
    cells = recording.layer("hidden-1")
    np.testing.assert_allclose(cells["V_crown"], 10.0 * cells["crown"], rtol=1e-12)
    assert cells["V_crown"].attrs["units"] == "mV"
    assert np.isnan(recording.layer("output")["crown"]).all()


def test_it_learns_at_convergence_what_our_cells_learn(model):
    stimuli, targets = presentations_of(model, 8, 1)
    theirs = model.changed(plasticity={"mode": "at-convergence", "epochs": 3, "streams": 4})
    learned = [
        Circuit(each, parameters_of(model, 0)).learn(stimuli, targets).parameters
        for each in (theirs, theirs.changed(cell={"kind": "rate"}))
    ]
    for (name, found), (_, wanted) in zip(learned[0].items(), learned[1].items(), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-4, err_msg=name)
        assert np.abs(found - dict(parameters_of(model, 0).items())[name]).max() > 0.01


@pytest.mark.parametrize("target", ["cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_it_is_compiled_like_ours(model, relaxed, target):
    circuit, stimuli, targets, _ = relaxed
    compiled = Circuit(model, circuit.parameters, target)
    compiled.relax(stimuli, targets, start="settled")
    for layer in model.layer_names:
        np.testing.assert_allclose(compiled.state[layer]["error"], circuit.state[layer]["error"], atol=1e-9)


def test_a_recording_is_drawn_by_what_it_says_of_itself(relaxed):
    recording = relaxed[-1]
    legend = {text.get_text() for text in ds.plot.relaxation(recording, "hidden-1").get_legend().get_texts()}
    assert legend == {"foot f", "body b", "stem s", "crown c", "error e"}
    drawn = [text.get_text() for text in ds.plot.neuron(recording, "hidden-1").texts]
    assert [words.strip() for words in drawn[::2]] == ["crown", "stem", "body", "foot", "error"]
    assert ds.plot.phase_portrait(recording, "hidden-1").get_xlabel() == "potential of the crown (dimensionless)"
    ds.plot.network(recording)
    ds.plot.error_map(recording)
    relaxing_network(recording)
    relaxing_neurons(recording, "hidden-1")


def test_neuron_and_network_figures_colour_every_compartment(relaxed):
    recording = relaxed[-1]
    drawn = ds.plot.neuron(recording, "hidden-1", time=5.0)
    trees = [lines for lines in drawn.collections if lines.get_zorder() == 3]
    assert len(trees) == 3  # foot, stem and crown; the body is a patch
    assert len({tuple(lines.get_colors()[0]) for lines in trees}) == 3


def test_it_goes_to_nwb_and_neo_and_back(relaxed, tmp_path):
    recording = relaxed[-1]
    there = Recording.from_nwb(recording.to_nwb(tmp_path / "theirs.nwb"))
    for name in (*COMPARTMENTS, "V_crown"):
        np.testing.assert_array_equal(there.dataset[name], recording.dataset[name])
        assert there.dataset[name].attrs == recording.dataset[name].attrs
    names = {signal.name for segment in recording.to_neo().segments for signal in segment.analogsignals}
    assert {"hidden-1 stem", "hidden-1 V_crown"} <= names


def test_its_file_is_read_and_drawn_where_the_package_is_not_installed(relaxed, tmp_path):
    path = relaxed[-1].save(tmp_path / "theirs.nc")
    script = (
        "import sys, dendrosim as ds\n"
        f"recording = ds.Recording.load({str(path)!r})\n"
        "ds.plot.relaxation(recording, 'hidden-1'), ds.plot.neuron(recording, 'hidden-1'), ds.plot.network(recording)\n"
        f"ds.view.write_page(recording, {str(tmp_path / 'theirs.html')!r})\n"
        "assert 'theirs' not in sys.modules\n"
    )
    done = python("-c", script, path=tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "theirs.html").read_text()
    assert all(f'data-compartment="{name}"' in page for name in COMPARTMENTS)


@pytest.mark.slow
def test_the_command_line_relaxes_and_describes_it(installed, tmp_path):
    (tmp_path / "theirs.toml").write_text(SMALL + '\n[cell]\nkind = "stem"\n')
    command("train", "theirs.toml", "--out", "run", path=installed, cwd=tmp_path)
    written = command(
        "relax", "theirs.toml", "--weights", "run", "--presentations", "2", "--watch", path=installed, cwd=tmp_path
    )
    assert "gain" in written
    assert "local convergence" in written
    command("view", "recording.nc", "--no-open", path=installed, cwd=tmp_path)
    command("export", "recording.nc", path=installed, cwd=tmp_path)


def test_single_steps_are_refused_where_the_cell_does_not_have_them(model):
    with pytest.raises(CircuitError, match=r"cells of kind 'stem' do not settle in single steps"):
        Circuit(model, parameters_of(model, 0), integrator="settle")


def test_an_observable_that_it_does_not_have_is_refused(model):
    with pytest.raises(DataError, match=r"a stem cell has no 'apical'; choose out of foot, body"):
        Circuit(model, parameters_of(model, 0)).relax(*presentations_of(model, 1, 0), record=Record(("apical",)))


def test_a_cell_that_changes_one_of_ours_is_registered_by_its_kind():
    @ds.register_cell
    class Late(RateCell):
        kind: Literal["late"] = "late"
        tau_apical: float = 20.0

    try:
        model = model_of([5], [dense(4), dense(2)], cell={"kind": "late"})
        assert (type(model.cell), model.cell.tau_apical, model.cell.tau_soma) == (Late, 20.0, 10.0)
        assert Circuit(model, parameters_of(model, 0)).relax(*presentations_of(model, 1, 0)).converged
    finally:
        del CELLS._registered["late"]
    for kind, message in {dict: "'dict' is no kind of cell", Cell: "the cell Cell has no 'hidden"}.items():
        with pytest.raises(PluginError, match=message):
            ds.register_cell(kind)
    with pytest.raises(PluginError, match="the name 'rate' is taken by another kind of cell"):
        ds.register_cell(type("Mine", (RateCell,), {}))


def test_a_file_names_only_kinds_that_are_registered():
    with pytest.raises(ModelError, match=r"cell\.kind: 'theirs\.cells:StemCell' is code"):
        model_of([5], [dense(2)], cell={"kind": "theirs.cells:StemCell"})


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("mine", dict, r"'mine' is no kind of cell but .*; derive a class from dendrosim\.cells\.Cell"),
        ("mine", Cell, r"the cell Cell has no 'hidden, output, rates, time_constants'; write that method"),
        ("mine", type("Mine", (RateCell,), {}), r"the field 'kind' of the cell Mine is not 'mine'"),
        ("rate", RateCell, r"the name 'rate' is taken by another kind of cell"),
    ],
)
def test_what_is_no_cell_is_refused(name, kind, message):
    with pytest.raises(PluginError, match=message):
        CELLS.register(name, kind)
