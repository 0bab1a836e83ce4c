"""The README's examples run as they stand and leave their figures."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_python_examples_of_the_readme_run(tmp_path):
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    for example, most in zip(examples, (10, 8), strict=True):
        assert len([line for line in example.splitlines() if line]) <= most
        subprocess.run([sys.executable, "-c", example], cwd=tmp_path, check=True, env=os.environ, timeout=300)
    for figure in ("relaxation.png", "learning.png"):
        assert (tmp_path / figure).stat().st_size > 10_000


def test_pictures_and_files_that_the_readme_names_are_there():
    text = README.read_text(encoding="utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (README.parent / path).exists(), path
