"""The README's example runs as it stands and leaves its figure."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_python_example_of_the_readme_runs(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(example.strip().splitlines()) <= 10
    subprocess.run([sys.executable, "-c", example], cwd=tmp_path, check=True, env=os.environ, timeout=300)
    assert (tmp_path / "relaxation.png").stat().st_size > 10_000


def test_pictures_and_files_that_the_readme_names_are_there():
    text = README.read_text(encoding="utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (README.parent / path).exists(), path
