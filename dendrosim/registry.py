"""Where names are looked up: what ships with dendrosim, what packages bring, and what the user's own code registered.

A registry knows four sources of a name, and imports nothing before the name is used:

1. the built-in names, as ``module:attribute``;
2. what Python code registered (:meth:`Registry.register`);
3. entry points of installed packages, in the group of the registry, such as ``dendrosim.rules``;
4. ``package.module:Name``, given by the user on the command line or from Python, never by a file.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, overload

from dendrosim.checks import shown
from dendrosim.errors import PluginError, printable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
"""``package.module:Name``."""
NAME = re.compile(r"[A-Za-z][\w-]*")
"""Under which a thing may be registered."""


class Registry[Thing]:
    """Things of one kind by name.

    Parameters
    ----------
    group : str
        Group of the entry points, and how errors call it.
    what : str
        What one of them is, in words: ``learning rule``.
    built_in : mapping of str to str
        ``module:attribute`` by name.
    check : str, optional
        ``module:function`` that takes a name and a stranger's thing, and raises PluginError for what is none of them.
    forms : sequence of str
        What may stand in the place of a name, such as ``file:FILE``; only told, where a name is unknown.

    Examples
    --------
    >>> colours = Registry("example.colours", "colour", {"pi": "math:pi"})
    >>> colours["pi"]
    3.141592653589793
    >>> colours.check("pie")
    Traceback (most recent call last):
    ...
    dendrosim.errors.PluginError: there is no colour 'pie'; did you mean 'pi'? Known are pi; --import brings in more.
    """

    def __init__(
        self,
        group: str,
        what: str,
        built_in: Mapping[str, str],
        check: str | None = None,
        forms: Sequence[str] = (),
    ):
        self.group, self.what, self._forms = group, what, tuple(forms)
        self._places, self._check = dict(built_in), check
        self._registered: dict[str, Thing] = {}

    def names(self) -> list[str]:
        """Return all names: built in, registered, and of installed packages; nothing is imported."""
        return list(dict.fromkeys([*self._places, *self._registered, *(each.name for each in self._entry_points())]))

    @property
    def built_in(self) -> tuple[str, ...]:
        """The names that ship with dendrosim."""
        return tuple(self._places)

    @property
    def brought(self) -> tuple[str, ...]:
        """The names that users and installed packages have brought."""
        return tuple(name for name in self.names() if name not in self._places)

    def check(self, name: str) -> None:
        """Raise PluginError with the nearest known name if there is no such thing; nothing is imported."""
        if isinstance(name, str) and (name in self._places or name in self._registered):
            return
        known = self.names()
        if name not in known:
            if isinstance(name, str) and PATH.fullmatch(name):
                raise PluginError(
                    f"'{name}' is code, and a description names a {self.what} by its registered name only; name its "
                    "module by --import (imports=[...]), and here what it registers."
                )
            near = difflib.get_close_matches(str(name), known, 1)
            guess = f"did you mean '{near[0]}'? Known are" if near else "known are"
            known_in_words = ", ".join([*known, *self._forms])
            raise PluginError(
                f"there is no {self.what} {shown(name)}; {guess} {known_in_words}; --import brings in more."
            )

    def __contains__(self, name: str) -> bool:
        """Tell whether there is such a name; nothing is imported."""
        return name in self._places or name in self._registered or name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __getitem__(self, name: str) -> Thing:
        """Return the thing, importing its module if need be.

        Raises
        ------
        PluginError
            There is no such name, or the package that brings it cannot be imported.
        """
        self.check(name)
        if name in self._registered:
            return self._registered[name]
        if name in self._places:
            return self._loaded(name, self._places[name])
        (point, *_) = (each for each in self._entry_points() if each.name == name)
        return self._loaded(name, point.value)

    @overload
    def register(self, name: str, thing: Thing) -> Thing: ...
    @overload
    def register(self, name: str) -> Callable[[Thing], Thing]: ...

    def register(self, name: str, thing: Any = None) -> Any:
        """Make a thing of one's own known under a name; without the thing, return a decorator that does.

        Raises
        ------
        PluginError
            The name is taken by something else, or it is no such thing.
        """
        if thing is None:
            return lambda decorated: self.register(name, decorated)
        known = self._registered.get(name) if isinstance(name, str) else None
        if isinstance(name, str) and (name in self._places or (known is not None and not _same(known, thing))):
            raise PluginError(f"the name '{name}' is taken by another {self.what}; choose another one.")
        self._refuse(name, thing)
        self._registered[name] = thing
        return thing

    def add(self, given: Any) -> str:
        """Return the name of what a user gave: a known name, the thing itself, or ``package.module:Name``.

        A thing is registered under its attribute ``name``, or else under the name it was defined with.

        Raises
        ------
        PluginError
            There is no such name, module or attribute, or it is no such thing.
        """
        if isinstance(given, str) and not PATH.fullmatch(given):
            self.check(given)
            return given
        thing = _imported(given, self.what) if isinstance(given, str) else given
        name = getattr(thing, "name", None) or getattr(thing, "__name__", "")
        name = name if isinstance(name, str) else ""
        if not (name in self._places and thing is self[name]):
            self.register(name, thing)
        return name

    def registered(self) -> dict[str, Thing]:
        """Return by name what Python code registered, and packages brought, so that other processes can have it."""
        return dict(self._registered)

    def loaded(self, name: str) -> Thing | None:
        """Return what has a name, as far as nothing of a stranger is imported for it: built in, or registered."""
        return self[name] if isinstance(name, str) and name in {*self._places, *self._registered} else None

    def _loaded(self, name: str, place: str) -> Thing:
        thing = _imported(place, self.what)
        if name not in self._places:
            self._refuse(name, thing)
            self._registered[name] = thing
        return thing

    def _refuse(self, name: str, thing: Any) -> None:
        """Raise PluginError for what is no such thing; what says so is not imported before somebody brings one."""
        if self._check is not None:
            _imported(self._check, self.what)(name, thing)
        if not isinstance(name, str) or not NAME.fullmatch(name):
            article = "an" if self.what[0] in "aeiou" else "a"
            raise PluginError(f"{shown(name)} is no name of {article} {self.what}; write letters, digits and hyphens.")

    def _entry_points(self) -> EntryPoints:
        from importlib.metadata import entry_points  # takes a while to load

        return entry_points(group=self.group)


def import_modules(names: Iterable[str]) -> None:
    """Import modules that the user named, so that they can register what they bring.

    Raises
    ------
    PluginError
        One of them cannot be imported.
    """
    named: list[Any] = [None]  # as for what is no list of names
    if not isinstance(names, str | bytes):
        with suppress(TypeError):
            named = list(names)
    if not all(isinstance(each, str) for each in named):
        raise PluginError(f"imports are {shown(names)}; give a list of names of modules.")
    for name in named:
        _module(name)


def _imported(place: str, what: str) -> Any:
    module, _, attribute = place.partition(":")
    found = _module(module, f" of a {what}")
    if not hasattr(found, attribute):
        raise PluginError(f"the module '{module}' has no '{attribute}'; write {what}s as package.module:Name.")
    return getattr(found, attribute)


def _module(name: str, of: str = "") -> Any:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # a stranger's module may fail in any way
        cause = f"{type(error).__name__}: {printable(str(error))}"
        raise PluginError(
            f"the module '{printable(name)}'{of} cannot be imported ({cause}); install it, mend it, or run where "
            "Python finds it."
        ) from error


def _same(first: Any, second: Any) -> bool:
    """Tell whether two things are one, also where its module was imported anew."""
    if first is second:
        return True
    places = [(getattr(each, "__module__", None), getattr(each, "__qualname__", None)) for each in (first, second)]
    return places[0] == places[1] != (None, None)


RULES: Registry[Any] = Registry(
    "dendrosim.rules",
    "learning rule",
    {
        "backpropagation": "dendrosim.rules.backpropagation:Backpropagation",
        "feedback-alignment": "dendrosim.rules.feedback_alignment:FeedbackAlignment",
        "direct-feedback-alignment": "dendrosim.rules.direct_feedback_alignment:DirectFeedbackAlignment",
        "equilibrium-propagation": "dendrosim.rules.equilibrium_propagation:EquilibriumPropagation",
        "dll": "dendrosim.rules.dll:DendriticLocalizedLearning",
        "predictive-coding": "dendrosim.rules.predictive_coding:PredictiveCoding",
        "local-losses": "dendrosim.rules.local_losses:LocalLosses",
        "perturbation": "dendrosim.rules.perturbation:Perturbation",
        "target-propagation": "dendrosim.rules.target_propagation:TargetPropagation",
        "hebbian": "dendrosim.rules.hebbian:Hebbian",
        "forward-forward": "dendrosim.rules.forward_forward:ForwardForward",
        "r-stdp": "dendrosim.rules.r_stdp:RewardModulatedSTDP",
    },
    "dendrosim.rules.rule:check_rule",
)
ACTIVATIONS: Registry[Any] = Registry(
    "dendrosim.activations",
    "activation",
    {
        "tanh": "dendrosim.model.activation:TANH",
        "relu": "dendrosim.model.activation:RELU",
        "sigmoid": "dendrosim.model.activation:SIGMOID",
        "softplus": "dendrosim.model.activation:SOFTPLUS",
        "identity": "dendrosim.model.activation:IDENTITY",
    },
    "dendrosim.model.activation:check_activation",
)
OUTPUTS: Registry[Any] = Registry(
    "dendrosim.outputs",
    "output",
    {"softmax": "dendrosim.model.output:SOFTMAX", "identity": "dendrosim.model.output:IDENTITY"},
    "dendrosim.model.output:check_output",
)
CELLS: Registry[Any] = Registry(
    "dendrosim.cells",
    "kind of cell",
    {
        "rate": "dendrosim.cells.rate:RateCell",
        "conductance": "dendrosim.cells.conductance:ConductanceCell",
        "bursting": "dendrosim.cells.bursting:BurstingCell",
        "active": "dendrosim.cells.active:ActiveCell",
    },
    "dendrosim.cells.cell:check_cell",
)
DATA: Registry[Any] = Registry(
    "dendrosim.data",
    "data set",
    {
        **dict.fromkeys(("digits", "digits-images"), "dendrosim.data.images:digits"),
        "reber": "dendrosim.data.synthetic:reber",
        "mackey-glass": "dendrosim.data.synthetic:mackey_glass",
        **dict.fromkeys(("mnist", "fashion-mnist", "svhn", "cifar-10", "cifar-100"), "dendrosim.data.images:images"),
        **dict.fromkeys(("mr", "subj"), "dendrosim.data.sentences:sentences"),
        **dict.fromkeys(("shakespeare", "war-and-peace"), "dendrosim.data.characters:characters"),
        **dict.fromkeys(
            ("electricity", "metr-la", "metr-la-week", "pems-bay", "pems-bay-16", "exchange-rate", "ett-h1", "ett-h2"),
            "dendrosim.data.series:series",
        ),
    },
    "dendrosim.data.loaders:check_loader",
    forms=("text:FILE", "file:FILE", "images:FOLDER"),
)
