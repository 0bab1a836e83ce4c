"""Fluctuations that a feedback synapse can learn from: the noise of a cell, and what it becomes in the cells above.

========  ==========================================  =====================================================
symbol    equation                                    meaning
========  ==========================================  =====================================================
ζ         see :class:`~dendrosim.cells.Noise`         what a cell sends up by chance, beyond its prediction
z         z = W (u + ζ) + b                           drive of the cells above, a potential of their dendrites
ρ         τ_h dz̄/dt = z − z̄,  ρ = z − z̄               its fluctuation, through a high-pass
ζ̃         τ_h dζ̄/dt = ζ − ζ̄,  ζ̃ = (ζ − ζ̄)/⟨(ζ − ζ̄)²⟩  that of the noise, through the same high-pass, by its variance
========  ==========================================  =====================================================

As the same filter is on both sides, ⟨ρ ζ̃^T⟩ = W exactly, whatever else moves the cells: it has nothing to do with ζ.
Two things do, and scale W: a soma that is coupled two ways draws on its dendrite, so that u falls where ζ rises; and
behind a max pool the noise that was chosen as a part of the largest varies less than noise does.
Sources: Akrout et al., NeurIPS 2019 (weight mirror); Max et al., Nature Machine Intelligence 2024.
"""

from __future__ import annotations

import math
from dataclasses import replace

from dendrosim.cells.population import Population

DRIVE_FLUCTUATION, NOISE_FLUCTUATION = "drive_fluctuation", "noise_fluctuation"
"""Variables that hold ρ and ζ̃ in cells of every kind."""


def fluctuating(population: Population, drive: str, high_pass: float, dt: float) -> Population:
    """Return a population whose cells hold ρ and, where they have noise, ζ̃ as well.

    Parameters
    ----------
    population : Population
        The cells.
    drive : str
        Variable that holds z.
    high_pass : float
        τ_h, ms.
    dt : float
        Time step, ms.
    """
    equations = f"dslow_drive/dt = ({drive} - slow_drive)/tau_high_pass : 1\n{DRIVE_FLUCTUATION} : 1\n"
    evaluation = [population.evaluation, f"{DRIVE_FLUCTUATION} = {drive} - slow_drive"]
    constants: dict[str, tuple[float, str]] = {"tau_high_pass": (high_pass, "ms")}
    rest, noise = population.rest, population.noise
    if noise is not None:
        equations += noise.equations
        # Spikes that arrive in a time step are not in the drive before the next one, nor may they be in the noise.
        equations += (
            f"dslow_noise/dt = (own_noise - slow_noise)/tau_high_pass : 1\nown_noise : 1\n{NOISE_FLUCTUATION} : 1\n"
        )
        evaluation.append(f"own_noise = {noise.potential}")
        evaluation.append(f"{NOISE_FLUCTUATION} = (own_noise - slow_noise)/(passed*({noise.variance}))")
        constants["passed"] = (passed_variance(noise.time_constant, high_pass, dt), "1")
        rest = {**rest, **noise.rest}
    return replace(
        population,
        equations=population.equations + equations,
        evaluation="\n".join(evaluation),
        constants={**population.constants, **constants},
        rest=rest,
    )


def passed_variance(time_constant: float, high_pass: float, dt: float) -> float:
    """Return the variance that is left of noise after the high-pass, by its own; near τ_h/(τ_h + τ_ζ).

    Noise that is drawn anew in every time step passes two filters of first order, which are exact for what is held
    meanwhile: ζ ← αζ + (1 − α) n of the cell, and ζ̄ ← γζ̄ + (1 − γ) ζ.

    Parameters
    ----------
    time_constant : float
        τ_ζ of the noise, ms.
    high_pass : float
        τ_h, ms.
    dt : float
        Time step, ms.

    Examples
    --------
    >>> from dendrosim.cells.mirror import passed_variance
    >>> round(passed_variance(10.0, 5.0, dt=0.001), 3)
    0.333
    """
    kept, slow = math.exp(-dt / time_constant), math.exp(-dt / high_pass)
    sampled = (1 - kept) / (1 + kept) * 2 * time_constant / dt
    together = kept * (1 - slow) / (1 - kept * slow)
    return sampled * (1 - 2 * together + (2 * slow * together + 1 - slow) / (1 + slow))
