"""The wheel: models travel with it, and the parts of the pages."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_models_templates_style_page_and_types(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    for path in (
        *ROOT.glob("models/*.toml"),
        ROOT / "models" / "pyramidal.swc",
        *ROOT.glob("dendrosim/circuit/templates/*/*"),
        *(file for ending in ("html", "css", "js") for file in ROOT.glob(f"dendrosim/*/*.{ending}")),
    ):
        inside = path.relative_to(ROOT).as_posix()
        assert (inside if inside.startswith("dendrosim/") else f"dendrosim/{inside}") in names
    assert {"dendrosim/py.typed", "dendrosim/plot/dendrosim.mplstyle", "dendrosim/view/template.html"} <= names
    assert {"dendrosim/view/charts.js", "dendrosim/play/page.html", "dendrosim/play/simulation.js"} <= names
