"""Feedback alignment: the error comes down through weights that never change."""

from __future__ import annotations

from dendrosim.model import Model
from dendrosim.model.local_update import LocalUpdates
from dendrosim.rules.local import LocalRule


class FeedbackAlignment(LocalRule):
    """Random feedback weights in the place of W^T (Lillicrap, Cownden, Tweed and Akerman, 2016).

    δ_i = (Θ_{i+1}^T δ_{i+1}) ⊙ f'(z_i) and ΔW_i = ⟨δ_i u_i^T⟩, where Θ stays as it was drawn, with variance 1/fan-out.
    It is not Θ that comes to align with W, but W with Θ. At local convergence these are the equations of DLL with the
    feedback rule ``fixed``, so that the code is the same.

    Reads u and δ of the two cells at each synapse, and Θ. Has no settings.
    """

    name = "feedback-alignment"
    compartments: tuple[str, ...] = ("basal",)  # as its authors have it: nothing in a cell holds δ

    @classmethod
    def local_updates(cls, model: Model) -> LocalUpdates:
        """Return those of W alone."""
        return LocalUpdates(theta_rate=0.0)
