"""Why a relaxation stopped, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dendrosim.recording.recording import Recording


def reason_of(recording: Recording) -> str:
    """Return why a relaxation stopped."""
    tolerance, asked = recording.dataset.attrs["tolerance"], recording.dataset.attrs["presentations"]
    if asked > len(recording.convergence_time):
        return f"interrupted after {len(recording.convergence_time)} of {asked} presentations"
    moving = ~np.isfinite(recording.convergence_time)
    if not moving.any():
        return f"local convergence: no compartment of any cell moves by {tolerance:g} in a time constant"
    end = float(recording.dataset["time"][-1])
    if recording.dataset.attrs.get("noise", 0.0) > 0:
        return (
            f"time limit: after {end:.4g} ms; membrane noise keeps the cells moving, set noise = 0.0 for local "
            "convergence"
        )
    if not recording.settles:
        return f"time limit: after {end:.4g} ms; cells of kind '{recording.dataset.attrs['cell']}' have no fixed point"
    largest = float(recording.dataset["residual"].values[moving].max())
    loops = (
        recording.dataset.attrs.get("coupling") == "two-way"
    )  # the somata act back, which a coarse step may not follow
    return (
        f"time limit: after {end:.4g} ms, {int(moving.sum())} of {len(moving)} "
        f"presentations still moved (by up to {largest:.2g} in a time constant, the tolerance is {tolerance:g}); "
        f"raise the time limit or the tolerance{', or lower dt' if loops else ''}"
    )
