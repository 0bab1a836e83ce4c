"""The documentation has a place for everything that is public, and builds offline, executed, without a warning."""

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


@pytest.fixture(scope="module")
def generated():
    """The text of each page that is written from the code, by its name."""
    script = "import generated, json; print(json.dumps(generated.pages()))"
    folder = ROOT / "docs" / "_ext"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("room", ["dendrosim", "dendrosim.plot", "dendrosim.cells", "dendrosim.rules", "dendrosim.nn"])
def test_every_public_name_has_its_place(room, generated):
    names = [name for name in importlib.import_module(room).__all__ if not name.startswith("_")]
    assert names
    for name in names:
        assert re.search(rf"^   {name}$|`[\w.]*\b{name}`$", generated[room], re.MULTILINE), name


def test_what_a_module_without_a_list_of_names_defines_has_its_place(generated):
    assert {"   ModelError", "   NotConverged"} <= set(generated["dendrosim.errors"].splitlines())
    assert {"   population_rate", "   burst_probability"} <= set(generated["dendrosim.spikes"].splitlines())


def test_every_key_of_a_model_file_has_its_row(generated):
    parts = [ds.Model, Dense, Conv2d, Pool, Recurrent, Branches]
    model = ds.load_model("digits-mlp")
    parts += [type(getattr(model, name)) for name in ("teacher", "training", "plasticity", "preparation")]
    parts += [CELLS[name] for name in CELLS.built_in] + [RULES[name].Settings for name in RULES.built_in]
    for part in parts:
        for key in part.model_fields:
            assert f"* - ``{key}``" in generated["model-file"], key
    assert "E_L, mV. Source: Urbanczik and Senn 2014." in generated["model-file"]


def test_every_command_and_its_options_are_told(generated):
    told = generated["commands"].splitlines()
    for words in ("dendrosim train", "dendrosim data fetch", "dendrosim bench cost", "dendrosim doctor"):
        assert told[told.index(words) + 1] == "-" * len(words)
    assert "   * - ``--resume``" in told


def test_every_rule_has_its_equations_and_the_verdict_of_the_audit(generated):
    for name in RULES.built_in:
        section = generated["rules"].partition(f"\n{name}\n{'-' * len(name)}\n")[2].partition("\n----")[0]
        assert f".. autoclass:: dendrosim.rules.{RULES[name].__name__}" in section
        assert "The audit:" in section
    for row in json.loads((ROOT / "results" / "audit.json").read_text("utf-8")):
        assert f"* ``{row['rule']}``" in generated["rules"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages built from a copy, tutorials executed; the examples of the gallery run in test_scripts.py."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("docs", "examples", "results"):
        shutil.copytree(ROOT / name, folder / name, ignore=BUILT)
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-D", "plot_gallery=0", "docs", "site"]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.mark.slow
def test_the_tutorials_run_as_they_stand(site):
    for tutorial in (ROOT / "docs" / "tutorials").glob("*.md"):
        if "{code-cell}" in tutorial.read_text("utf-8"):
            assert '<div class="cell_output' in (site / "tutorials" / f"{tutorial.stem}.html").read_text("utf-8")


@pytest.mark.slow
def test_the_gallery_has_each_example(site):
    shown = (site / "gallery" / "index.html").read_text("utf-8")
    for script in (ROOT / "examples").glob("[0-9]*.py"):
        assert f"{script.stem}.html" in shown


@pytest.mark.slow
def test_no_page_asks_anything_of_a_server(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 200
    for page in pages:
        asked = [place for place in LOADING.findall(page.read_text("utf-8")) if re.match(r"(\w+:)?//", place)]
        assert asked == [], page.name
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import\s+[\"']https?:", style.read_text("utf-8")), style.name
