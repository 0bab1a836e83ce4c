"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["yes", "weakly", "no"]


@dataclass(frozen=True)
class Verdict:
    """Whether a rule satisfies a criterion, and what shows it.

    Attributes
    ----------
    criterion : {"C1", "C2", "C3"}
        No weight transport, local error, no separate phases.
    outcome : {"yes", "weakly", "no"}
        ``"weakly"`` is for updates that read more than their synapse, but only one number that is broadcast, or only
        cells of the same layer.
    witness : str
        One sentence: what was done, and what was seen.
    measured : dict
        The numbers and names behind it.
    """

    criterion: str
    outcome: Outcome
    witness: str
    measured: dict[str, Any] = field(default_factory=dict)
