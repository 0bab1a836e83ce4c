"""A rule before the three criteria, on an MLP and a CNN."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from dendrosim.audit.locality import locality
from dendrosim.audit.phases import phases
from dendrosim.audit.subject import NETWORKS, Subject, network_of
from dendrosim.audit.transport import transport
from dendrosim.audit.verdict import Verdict
from dendrosim.rules import Rule


@dataclass(frozen=True)
class Audit:
    """What was found about a rule.

    Attributes
    ----------
    rule : str
        Its name.
    verdicts : dict of str to dict of str to Verdict
        By network (``"MLP"``, ``"CNN"``) and criterion (``"C1"``, ``"C2"``, ``"C3"``).
    """

    rule: str
    verdicts: dict[str, dict[str, Verdict]]

    def outcome(self, criterion: str) -> str:
        """Return the worse outcome of the two networks."""
        found = {verdicts[criterion].outcome for verdicts in self.verdicts.values()}
        return next(outcome for outcome in ("no", "weakly", "yes") if outcome in found)

    def witness(self, criterion: str) -> str:
        """Return what shows that outcome."""
        worst = self.outcome(criterion)
        verdicts = (verdicts[criterion] for verdicts in self.verdicts.values())
        return next(verdict.witness for verdict in verdicts if verdict.outcome == worst)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        criteria = {name: {"outcome": self.outcome(name), "witness": self.witness(name)} for name in ("C1", "C2", "C3")}
        return {"rule": self.rule, "criteria": criteria, "networks": asdict(self)["verdicts"]}


def audit(rule: type[Rule], settings: dict[str, Any] | None = None, name: str = "", seed: int = 1) -> Audit:
    """Ask a learning rule the three questions.

    Parameters
    ----------
    rule : type of Rule
        One of :mod:`dendrosim.rules`, or your own.
    settings : dict, optional
        Settings of the rules in the model, ``{"dll": {"feedback": "paper"}}``.
    name : str
        What the rule is called in the report; by default its own name, or that of its class.
    seed : int
        Of the random networks.

    Raises
    ------
    AuditError
        The rule cannot be run twice in the same way, so that nothing can be held.
    """
    verdicts = {}
    for kind in NETWORKS:
        model = network_of(kind, settings or {})
        several, one = Subject(rule, model, 4, seed), Subject(rule, model, 1, seed)
        found = transport(several), locality(one), phases(several)
        verdicts[kind] = {verdict.criterion: verdict for verdict in found}
    return Audit(name or rule.name or rule.__name__, verdicts)
