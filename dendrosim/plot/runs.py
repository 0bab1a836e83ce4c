"""Many runs side by side: each of them, and their mean with its deviation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dendrosim.checks import need
from dendrosim.errors import DataError
from dendrosim.plot.style import axes_or_new, cycle_colours, styled

PERCENT = {"test_accuracy"}
LABELS = {"test_accuracy": "test accuracy (%)", "test_mse": "mean squared error on the test set", "seconds": "time (s)"}


@styled
def runs(table: pd.DataFrame, measure: str | None = None, ax: Any = None) -> Any:
    """Draw what the runs of each rule reached: a grey dot a run, and the mean with the standard deviation over seeds.

    The name of a rule says how many of its runs have failed, which are not in its mean.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`dendrosim.train_many` returns.
    measure : str, optional
        A column: ``test_accuracy`` (in %), ``test_loss``, ``test_mse``, ``seconds``, ...; by default the accuracy, or
        the mean squared error of runs that have none.
    ax : matplotlib Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        The table lacks a column, or no run has that measure.
    """
    if measure is None:
        need(table, "a table of runs", "rule")
        regressions = "test_mse" in table and not table.get("test_accuracy", pd.Series(dtype=float)).notna().any()
        measure = "test_mse" if regressions else "test_accuracy"
    need(table, "a table of runs", "rule", measure)
    if not pd.api.types.is_numeric_dtype(table[measure]) or not np.isfinite(table[measure]).any():
        raise DataError(f"no run has a number for '{measure}'; choose another measure, or see the column failure.")
    scale = 100.0 if measure in PERCENT else 1.0
    rules = list(dict.fromkeys(table["rule"]))
    ax = axes_or_new(ax, height=0.8 + 0.3 * len(rules))
    colour, labels = cycle_colours()[0], []
    for place, rule in enumerate(rules):
        values = scale * table.loc[table["rule"] == rule, measure].to_numpy(float)
        known = values[np.isfinite(values)]
        ax.plot(known, np.full(len(known), place), "o", color="0.7", markersize=3, zorder=1)
        if known.size:
            deviation = known.std(ddof=1) if known.size > 1 else 0.0
            ax.errorbar(known.mean(), place, xerr=deviation, fmt="o", color=colour, markersize=5, zorder=2)
        failed = len(values) - known.size
        labels.append(f"{rule} ({failed} of {len(values)} failed)" if failed else str(rule))
    ax.set_yticks(range(len(rules)), labels)
    ax.set_ylim(len(rules) - 0.4, -0.6)  # the first rule is uppermost
    ax.margins(x=0.12)
    ax.set_xlabel(LABELS.get(measure, measure.replace("_", " ")))
    return ax
