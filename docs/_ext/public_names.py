"""Every public name: a page a module, with a table of its names, each of which has a page of its own."""

import importlib
from types import ModuleType

from rst import heading

MODULES = (
    "dendrosim",
    "dendrosim.model",
    "dendrosim.cells",
    "dendrosim.morphology",
    "dendrosim.data",
    "dendrosim.circuit",
    "dendrosim.circuit.isolated",
    "dendrosim.circuit.electrophysiology",
    "dendrosim.circuit.active_cells",
    "dendrosim.circuit.burst_code",
    "dendrosim.recording",
    "dendrosim.spikes",
    "dendrosim.play",
    "dendrosim.equilibrium",
    "dendrosim.rules",
    "dendrosim.training",
    "dendrosim.nn",
    "dendrosim.audit",
    "dendrosim.audit.agreement",
    "dendrosim.plot",
    "dendrosim.plot.animation",
    "dendrosim.view",
    "dendrosim.errors",
)


def public(module: ModuleType) -> list[str]:
    """Return the public names of a module: ``__all__``, or what it defines itself."""
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if not name.startswith("_")]
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and callable(thing) and thing.__module__ == module.__name__
    ]


def described() -> dict[str, tuple[list[str], list[str]]]:
    """Return for each module the names that are described with it, and references to those that are elsewhere.

    A name that several modules have is described with the first one.
    """
    homes: dict[int, str] = {}
    found = {}
    for path in MODULES:
        module = importlib.import_module(path)
        own, elsewhere = [], []
        for name in public(module):
            thing = getattr(module, name)
            if isinstance(thing, ModuleType):
                elsewhere.append(f":mod:`{thing.__name__}`")
            elif id(thing) in homes:
                elsewhere.append(f":obj:`{homes[id(thing)]}`")
            else:
                homes[id(thing)] = f"{path}.{name}"
                own.append(name)
        found[path] = own, elsewhere
    return found


def pages() -> dict[str, str]:
    """Return the page of each module."""
    written = {}
    for path, (own, elsewhere) in described().items():
        text = [heading(path, "="), f".. automodule:: {path}", "   :no-members:", "", f".. currentmodule:: {path}", ""]
        if own:
            text += [
                ".. autosummary::",
                "   :toctree: names",
                "   :nosignatures:",
                "",
                *(f"   {name}" for name in own),
                "",
            ]
        if elsewhere:
            text += ["Described elsewhere:", "", *(f"* {reference}" for reference in elsewhere), ""]
        written[path] = "\n".join(text)
    return written
