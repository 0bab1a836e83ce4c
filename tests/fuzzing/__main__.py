"""Try out inputs of one family, and print what became of them as JSON."""

import importlib
import os
import sys
import tempfile
from pathlib import Path
from random import Random

from fuzzing.judge import Judge


def main(family: str, count: str, seed: str) -> None:
    """Run one family of inputs in a folder of its own."""
    cases = importlib.import_module(f"fuzzing.{family}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DENDROSIM_DATA"] = str(folder / "data")
        judge = Judge(folder)
        judge.begin()
        cases.run(judge, int(count), Random(int(seed)))
        os.chdir("/")
        print(judge.report())


if __name__ == "__main__":
    main(*sys.argv[1:])
