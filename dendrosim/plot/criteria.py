"""Learning rules before the three criteria."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dendrosim.checks import need
from dendrosim.errors import DataError
from dendrosim.plot.style import axes_or_new, cycle_colours, styled

CRITERIA = ("C1", "C2", "C3")
LEGEND = "filled: satisfied   half: weakly   open: not   ■ an update reads it"


@styled
def criteria(rows: Sequence[Mapping[str, Any]], ax: Any = None) -> Any:
    """Draw, for each rule, the paper's tick and the audit's verdict on each criterion, and what its updates read.

    A filled circle is a criterion that is satisfied, a half-filled one weakly satisfied, an open one not satisfied.
    Where paper and audit differ, the place is shaded. Squares stand for what an update depends on.

    Parameters
    ----------
    rows : sequence of mapping
        Entries of :func:`dendrosim.audit.report.row`.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    for row in rows:
        need(row, "a row of the audit", "rule", "reads", "paper", "criteria")
        for of, names in (("paper", CRITERIA), ("criteria", CRITERIA), ("reads", rows[0]["reads"])):
            need(row[of], f"'{of}' of a row of the audit", *names)
    if not rows:
        raise DataError("there are no rows to draw; give one at least.")
    sources = list(rows[0]["reads"])
    compared = any(tick for row in rows for tick in row["paper"].values())
    heads = [(name, who) for name in CRITERIA for who in (("paper", "audit") if compared else ("audit",))]
    ax = axes_or_new(ax, width=3.4 + 0.28 * (len(heads) + len(sources)), height=1.5 + 0.24 * len(rows))
    for place, row in enumerate(rows):
        for across, (name, who) in enumerate(heads):
            published, found = row["paper"][name], row["criteria"][name]["outcome"]
            if who == "audit":
                _mark(ax, across, place, found, cycle_colours()[0])
            elif published:
                _mark(ax, across, place, "yes" if published == "✓" else "no", cycle_colours()[1])
                if (published == "✓") != (found == "yes"):
                    ax.fill_between(
                        (across - 0.45, across + 1.45), place - 0.5, place + 0.5, color="0.88", lw=0, zorder=0
                    )
        read = [len(heads) + 1 + number for number, source in enumerate(sources) if row["reads"][source]]
        ax.plot(read, [place] * len(read), "s", color=cycle_colours()[0], markersize=5)
    places = [*range(len(heads)), *range(len(heads) + 1, len(heads) + 1 + len(sources))]
    names = [" ".join(head) for head in heads] + sources
    ax.set_xticks(places, names, rotation=40, ha="left", rotation_mode="anchor")
    ax.xaxis.tick_top()
    ax.set_yticks(range(len(rows)), [row["rule"] for row in rows])
    ax.tick_params(length=0)
    ax.set_xlim(-0.6, places[-1] + 0.6)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.axvline(len(heads) + 0.2, color="0.7", lw=0.8)
    ax.hlines([place - 0.5 for place in range(1, len(rows))], -0.6, places[-1] + 0.6, color="0.92", lw=0.5, zorder=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(LEGEND + ("   shaded: paper and audit differ" if compared else ""))
    return ax


def _mark(ax: Any, across: float, place: int, outcome: str, colour: str) -> None:
    fill = {"yes": "full", "weakly": "left", "no": "none"}[outcome]
    ax.plot(across, place, "o", color=colour, fillstyle=fill, markersize=6.5, markerfacecoloralt="white")
