"""The tables of the paper as lists of independent trainings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dendrosim.errors import ModelError
from dendrosim.registry import RULES

if TYPE_CHECKING:
    from dendrosim.model import Model

BASELINES = ("predict the mean", "linear regression")
"""Rows of regressions that nothing is trained for."""

# The learning rule of each row of a table, and how it changes the model.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "backpropagation": ("backpropagation", {}),
    "feedback-alignment": ("feedback-alignment", {}),
    "direct-feedback-alignment": ("direct-feedback-alignment", {}),
    "predictive-coding": ("predictive-coding", {}),
    "predictive-coding fixed-prediction": ("predictive-coding", {"variant": "fixed-prediction"}),
    "equilibrium-propagation": ("equilibrium-propagation", {}),
    "equilibrium-propagation separate": ("equilibrium-propagation", {"feedback": "separate"}),
    "local-losses": ("local-losses", {}),
    "local-losses separate": ("local-losses", {"feedback": "separate"}),
    "perturbation": ("perturbation", {}),
    "perturbation output": ("perturbation", {"heads": "output"}),
    "target-propagation": ("target-propagation", {}),
    "hebbian": ("hebbian", {}),
    "hebbian readout only": ("hebbian", {"rate": 0.0}),  # its control
    "forward-forward": ("forward-forward", {}),
    "r-stdp": ("r-stdp", {}),
    # Equal steps of W and Θ, whatever a model file has for its own feedback rule.
    "dll mirror": ("dll", {"feedback": "mirror", "theta_rate": 1.0, "decay": 0.0}),
    "dll kolen-pollack": ("dll", {"feedback": "kolen-pollack"}),
    "dll fixed": ("dll", {"feedback": "fixed"}),
    "dll paper": ("dll", {"feedback": "paper"}),
    "dll released": ("dll", {"feedback": "released"}),
    # The control: hidden layers stay as they were drawn.
    "readout only": ("dll", {"feedback": "fixed", "theta_deviation": 0.0}),
}
ROWS = (*BASELINES, *VARIANTS)
"""All rows, in the order of a table."""

CONTROL = "readout only"  # hidden layers stay as they were drawn: not a rule
DLL = ("dll mirror", "dll kolen-pollack", "dll fixed", "dll paper")
# Settings that a model file may have for rows of DLL, by what comes of the feedback.
SETTINGS = dict.fromkeys(("dll mirror", "dll kolen-pollack"), "aligned") | dict.fromkeys(
    ("dll fixed", "dll paper", "dll released"), "unaligned"
)


def variant(row: str) -> tuple[str, dict[str, Any]]:
    """Return the learning rule of a row and its settings; a rule that has no row here is one of the user's own."""
    if row in BASELINES:
        return "dll", {}  # nothing is trained, so that any rule describes the model
    return VARIANTS.get(row, (row, {}))


def varied(label: str) -> tuple[str, float]:
    """Return what was varied and its value, of a label such as ``learning rate 0.001`` or ``16 steps``."""
    words = label.split()
    (number,) = (word for word in words if word.replace(".", "").replace("e-", "").isdigit())
    return " ".join(word for word in words if word != number), float(number)


def rows_of(rules: Iterable[str]) -> dict[str, str]:
    """Return the rows that are meant, and for each of the user's own rules where other processes find it.

    Parameters
    ----------
    rules : iterable of str
        Names of rules, each of which stands for all its variants, names of rows, or ``package.module:Class``.

    Raises
    ------
    PluginError
        There is no such rule.
    """
    found: dict[str, str] = {}
    for given in rules:
        rows = [row for row, (rule, _) in VARIANTS.items() if rule == given and not row.endswith(CONTROL)]
        rows = rows or [row for row in ROWS if row == given]
        found |= dict.fromkeys(rows, "") if rows else _brought(given)
    return found


def _brought(given: str) -> dict[str, str]:
    name = RULES.add(given)
    return {name: f"{RULES[name].__module__}:{RULES[name].__qualname__}"}


@dataclass(frozen=True)
class Cell:
    """One training of a table.

    Attributes
    ----------
    model : str
        Name of a model that ships with dendrosim, or the file of one.
    rule : str
        Out of ``VARIANTS``, or the name of a rule of the user's own.
    seed : int
        Of weights and order.
    changes : dict
        Further changes of the model, by table.
    label : str
        What the changes are, in words; empty where there are none.
    brought : str
        ``package.module:Class`` of a rule of the user's own, which every process that trains imports; empty for ours.
    """

    model: str
    rule: str
    seed: int
    changes: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    brought: str = ""

    @property
    def key(self) -> str:
        """Name that no other training of the table has; it can be a folder."""
        model = self.described()
        epochs = model.training.epochs
        words = [model.name, self.rule, self.label, f"{epochs} epochs", f"seed {self.seed}"]
        return " ".join(word for word in words if word).replace(" ", "-")

    def described(self) -> Model:
        """Return the model that is trained."""
        rule, settings = variant(self.rule)
        from dendrosim.model import load_model
        from dendrosim.model.library import other_settings

        # A model file whose own feedback rule is another than that of most rows keeps theirs as "kolen-pollack".
        there = other_settings(self.model)
        base = next((name for name in (SETTINGS.get(self.rule), "kolen-pollack") if name in there), None)
        model = load_model(self.model, base, self.brought or rule)
        if base == "unaligned":
            settings = {"decay": model.rules.dll.decay} | settings  # a new feedback rule would bring its own
        if settings:
            model = model.changed(rules={rule.replace("-", "_"): settings})
        return model.changed(**_with_training(self.changes, {"seed": self.seed}))


@dataclass(frozen=True)
class Table:
    """A table of trainings.

    Attributes
    ----------
    name, title : str
        On the command line, and above the table.
    models : tuple of str
        What is trained, one group of rows each.
    quick : tuple of str
        Models that ship with their data, to try it in a minute.
    rules : tuple of str
        One row each.
    variants : dict of str to tuple of (label, changes)
        What else is varied of a model, one row each; a model that is not there has one row a rule.
    """

    name: str
    title: str
    models: tuple[str, ...]
    quick: tuple[str, ...]
    rules: tuple[str, ...]
    variants: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = field(default_factory=dict)

    def cells(
        self,
        data: Sequence[str],
        seeds: int,
        epochs: int | None,
        quick: bool,
        rules: Sequence[str] = (),
        models: Sequence[str] = (),
    ) -> list[Cell]:
        """Return the trainings.

        Parameters
        ----------
        data : sequence of str
            Only models of these data sets; all where it is empty.
        seeds : int
            Seeds 0, 1, ... of each row.
        epochs : int, optional
            Instead of the models' own.
        quick : bool
            Few epochs of small models.
        rules : sequence of str
            Only these, as :func:`rows_of` takes them; all rows of the table where it is empty.
        models : sequence of str
            Names or files of models in the place of the table's own, where it is not empty.

        Raises
        ------
        ModelError
            No model of the table has such data, or two models have one name.
        """
        from dendrosim.model import load_model

        asked = {name: load_model(name) for name in models or (self.quick if quick else self.models)}
        if len({model.name for model in asked.values()}) < len(asked):
            raise ModelError(f"two of the models {', '.join(asked)} have one name; rename one of their files.")
        chosen = [name for name, model in asked.items() if not data or model.data in data]
        if not chosen:
            known = ", ".join(dict.fromkeys(model.data for model in asked.values()))
            raise ModelError(f"table '{self.name}' has no model of {', '.join(data)}; choose --data from {known}.")
        epochs = 2 if quick and epochs is None else epochs
        shorter = {} if epochs is None else {"epochs": epochs}
        return [
            Cell(name, rule, seed, _with_training(changes, shorter), label, brought)
            for seed in range(seeds)
            for name in chosen
            for label, changes in self.variants.get(name, (("", {}),))
            for rule, brought in (rows_of(rules) if rules else dict.fromkeys(self.rules, "")).items()
            if rule not in BASELINES or (seed == 0 and asked[name].output == "identity")
        ]


def _with_training(changes: dict[str, Any], training: dict[str, Any]) -> dict[str, Any]:
    return changes | {"training": changes.get("training", {}) | training}


def _learning_rates(*rates: float) -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple((f"learning rate {rate:g}", {"training": {"learning_rate": rate}}) for rate in rates)


def _lengths(cells: int, *lengths: int) -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple((f"{length} steps", {"input": [length, cells]}) for length in lengths)


SEQUENCES = ("shakespeare-rnn", "war-and-peace-rnn", "pems-bay-16-rnn", "metr-la-week-rnn", "ett-h1-rnn")
TABLES = {
    table.name: table
    for table in (
        Table(
            "rules",
            "Image recognition (the paper's Table 1)",
            ("fashion-mnist-mlp", "mnist-mlp", "fashion-mnist-cnn", "cifar-10-cnn", "mnist-cnn", "cifar-10-mlp"),
            ("digits-mlp", "digits-cnn"),
            (
                "backpropagation",
                "feedback-alignment",
                "direct-feedback-alignment",
                "predictive-coding",
                "equilibrium-propagation",
                "local-losses",
                "perturbation",
                "target-propagation",
                "hebbian",
                "hebbian readout only",
                "forward-forward",
                "r-stdp",
                *DLL,
            ),
        ),
        Table(
            "sequences",
            "Sequences (the paper's Table 2)",
            SEQUENCES,
            ("reber-rnn",),
            (*BASELINES, "backpropagation", "predictive-coding", *DLL, "readout only"),
        ),
        Table(
            "ablation",
            "What Θ contributes (the paper's Table 3)",
            ("mnist-mlp", "cifar-10-cnn", "shakespeare-rnn", "pems-bay-16-rnn"),
            ("digits-mlp", "reber-rnn"),
            (*DLL, "dll released", "readout only"),
        ),
        Table(
            "text",
            "Sentences (the paper's Table 5)",
            ("subj-textcnn", "mr-textcnn"),
            ("digits-cnn",),
            ("backpropagation", *DLL),
        ),
        Table(
            "sensitivity",
            "Learning rate and length of the sequence (the paper's Figure 3)",
            ("fashion-mnist-mlp", "pems-bay-16-rnn"),
            ("digits-mlp", "reber-rnn"),
            ("backpropagation", "dll mirror", "dll kolen-pollack", "dll paper"),
            {
                "fashion-mnist-mlp": _learning_rates(1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
                "pems-bay-16-rnn": _lengths(15, 16, 32, 64),
                "digits-mlp": _learning_rates(1e-3, 1e-2),
                "reber-rnn": _lengths(7, 8, 16),
            },
        ),
    )
}
