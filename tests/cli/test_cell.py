"""`dendrosim cell`: what it prints and writes, and how it refuses."""

import tomllib

import pytest
from morphologies import PLAIN
from terminals import called

import dendrosim as ds
from dendrosim.morphology import Membrane


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "mine.swc").write_text(PLAIN)
    return tmp_path


def test_a_morphology_becomes_a_cell_that_a_model_takes(folder):
    options = ["--basal", "farthest", "--apical", "5", "--resistance", "1e4"]
    status, out, _ = called(["cell", "mine.swc", "--out", "new/cell.toml", *options])
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    reduction = ds.Morphology.read("mine.swc").reduced(Membrane(resistance=1e4), "farthest", 5)
    text = (folder / "new" / "cell.toml").read_text("utf-8")
    table = tomllib.loads(text)["cell"]
    assert ds.load_model("digits-mlp").changed(cell=table).cell == reduction.cell
    assert "R_m = 10000 Ω·cm², R_i = 150 Ω·cm, C_m = 1 µF/cm²; points 1, 3, 5" in text
    for shown in ("basal", "140.0", "g_LA", "nS", "soma 1, basal 3, apical 5", f"{reduction.cell.capacitance:.5g}"):
        assert shown in out
    assert f"{reduction.transient_error[1, 1]:.2%}" in out
    assert "share a dendrite" not in out


def test_sites_that_share_a_dendrite_are_told(folder):
    (folder / "shared.swc").write_text("1 1 0 0 0 10 -1\n2 4 0 40 0 1 1\n3 3 100 40 0 1 2\n4 4 0 300 0 1 2\n")
    _, out, _ = called(["cell", "shared.swc"])
    assert "The sites share a dendrite" in " ".join(out.split())


def test_an_ascii_terminal_has_its_units(folder):
    status, out, _ = called(["cell", "mine.swc"], "ascii")
    assert status == 0
    assert "Ohm.cm2" in out
    assert "um2" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("cell nowhere.swc", "nowhere.swc: there is no such morphology; give a file in SWC"),
        ("cell mine.swc --out mine.swc", "mine.swc: this file already exists; choose another --out"),
        ("cell mine.swc --resistance 0", "the membrane: resistance: input should be greater than or equal to 1"),
        ("cell mine.swc --basal tip", "the basal site is 'tip'; give mean, farthest, or the number of a point."),
        ("cell model.toml", "model.toml: this is a model file, and not a morphology; 'dendrosim train' takes it"),
        ("train mine.swc", "mine.swc: this is a morphology, and not a model file; 'dendrosim cell' takes it"),
        ("cell bad.swc", "bad.swc, line 1: a row of SWC has seven columns"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence, folder):
    (folder / "model.toml").write_text("layers = []")
    (folder / "bad.swc").write_text("1 1")
    status, out, err = called(words.split())
    assert (status, out) == (1, "")
    assert sentence in err
    assert err.count("\n") == 1
