"""The documentation builds offline and without a warning, and has a place for everything that is public."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dendrosim as ds
from dendrosim.model.layers import Branches, Conv2d, Dense, Pool, Recurrent
from dendrosim.registry import CELLS, RULES

ROOT = Path(__file__).parents[2]
BUILT = shutil.ignore_patterns("_build", "gallery", "generated", "__pycache__")
LOADING = re.compile(r"<(?:script|img|iframe|source|link|use|video)\b[^>]*?\b(?:src|href)=[\"']([^\"']*)", re.DOTALL)


def build(folder, *options):
    """Build a copy of the documentation, examples unexecuted, and return the folder of its pages."""
    for name in ("docs", "examples", "results"):
        shutil.copytree(ROOT / name, folder / name, ignore=BUILT)
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder)
    site, quick = folder / "site", ("-D", "plot_gallery=0")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", *quick, *options, "docs", str(site)]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build(tmp_path_factory.mktemp("docs"), "-D", "nb_execution_mode=off")


def page(site, name):
    return (site / f"{name}.html").read_text("utf-8")


@pytest.mark.parametrize("room", ["dendrosim", "dendrosim.plot", "dendrosim.cells", "dendrosim.rules", "dendrosim.nn"])
def test_every_public_name_has_its_page(room, site):
    described = page(site, f"reference/generated/{room}")
    names = [name for name in importlib.import_module(room).__all__ if not name.startswith("_")]
    assert names
    for name in names:
        assert re.search(rf'href="[^"]*\.{name}\.html|href="[^"]*{room}\.{name}\b', described), name


def test_errors_and_the_statistics_of_spikes_have_theirs(site):
    for path in ("errors.ModelError", "errors.NotConverged", "spikes.population_rate", "spikes.burst_probability"):
        assert (site / "reference" / "generated" / "names" / f"dendrosim.{path}.html").is_file()


def test_every_key_of_a_model_file_has_its_row(site):
    described = page(site, "reference/generated/model-file")
    parts = [ds.Model, Dense, Conv2d, Pool, Recurrent, Branches]
    parts += [type(getattr(ds.load_model("digits-mlp"), name)) for name in ("teacher", "training", "plasticity")]
    parts += [CELLS[name] for name in CELLS.built_in] + [RULES[name].Settings for name in RULES.built_in]
    for part in parts:
        for key in part.model_fields:
            assert f'<span class="pre">{key}</span>' in described, key
    assert "mV. " in described


def test_every_command_and_its_options_are_told(site):
    described = page(site, "reference/generated/commands")
    for words in ("dendrosim train", "dendrosim data fetch", "dendrosim bench cost", "dendrosim doctor"):
        assert f">{words}<" in described
    assert '<span class="pre">--resume</span>' in described


def test_every_rule_has_its_equations_and_the_verdict_of_the_audit(site):
    described = page(site, "reference/generated/rules")
    for row in json.loads((ROOT / "results" / "audit.json").read_text("utf-8")):
        assert f'<span class="pre">{row["rule"].split()[0]}</span>' in described
    for name in RULES.built_in:
        assert f'id="{name}"' in described
    assert "no weight transport" in described


def test_the_gallery_has_each_example(site):
    described = page(site, "gallery/index")
    for script in (ROOT / "examples").glob("[0-9]*.py"):
        assert f"{script.stem}.html" in described


def test_no_page_asks_anything_of_a_server(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 200
    for each in pages:
        asked = [place for place in LOADING.findall(each.read_text("utf-8")) if re.match(r"(\w+:)?//", place)]
        assert asked == [], each.name
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import\s+[\"']https?:", style.read_text("utf-8")), style.name


@pytest.mark.slow
def test_the_tutorials_run_as_they_stand(tmp_path):
    site = build(tmp_path, "-D", "nb_execution_mode=force")
    for tutorial in (ROOT / "docs" / "tutorials").glob("*.md"):
        if "{code-cell}" in tutorial.read_text("utf-8"):
            assert '<div class="cell_output' in page(site, f"tutorials/{tutorial.stem}")
