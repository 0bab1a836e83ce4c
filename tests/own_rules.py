"""Rules as a stranger writes them: a package in a folder, with what an installer leaves beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MODULE = '''
import dendrosim as ds
from dendrosim.model.local_update import LocalUpdate, LocalUpdates


class Delta(ds.Rule):
    """Only the readout learns, by the delta rule."""

    name = "mine-delta"

    class Settings(ds.Rule.Settings):
        gain: float = 1.0

    def updates(self, network, parameters, state, targets):
        error = self.settings.gain * network.output_error(state, targets)
        for projection in network.projections:
            if projection.above == "output":
                yield f"{projection.name}.W", projection.outer(error, state.sources[projection.name][0])


class Contracting(ds.LocalRule):
    """W as in DLL; feedback weights contract at a rate of their own."""

    name = "mine-contracting"

    class Settings(ds.Rule.Settings):
        rate: float = 0.1
        decay: float = 0.01

    @classmethod
    def local_updates(cls, model):
        settings = cls.settings_of(model)
        theta = LocalUpdate("error", sign=-1)
        return LocalUpdates(theta=theta, theta_rate=settings.rate, decay=settings.decay)
'''
REGISTERING = "\nds.register_rule(Delta)\nds.register_rule(Contracting)\n"
ENTRY_POINTS = "[dendrosim.rules]\nmine-delta = mine.rules:Delta\nmine-contracting = mine.rules:Contracting\n"
SMALL = """
data = "digits"
input = [64]
layers = [{ kind = "dense", units = 12 }, { kind = "dense", units = 10 }]

[training]
epochs = 2
"""


def package(folder: Path, installed: bool = False, text: str = MODULE + REGISTERING) -> Path:
    """Write the package ``mine`` with the module ``rules``, and its dist-info if it is to be an installed one."""
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "__init__.py").write_text("")
    (folder / "mine" / "rules.py").write_text(text)
    if installed:
        info = folder / "mine-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


def python(*arguments: str, path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, with a folder on its path."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(path), *given]))}
    environment |= {"OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )


def command(*arguments: str, path: Path, cwd: Path) -> str:
    """Run the command line and return what it prints; it has to succeed."""
    done = python("-m", "dendrosim", *arguments, path=path, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
