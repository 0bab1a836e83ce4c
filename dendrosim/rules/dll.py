"""Dendritic Localized Learning at local convergence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import NonNegativeInt, PositiveInt, model_validator

from dendrosim.model import Model
from dendrosim.model.local_update import FEEDFORWARD, LocalUpdate, LocalUpdates, NoiseMirror
from dendrosim.model.part import NotNegative
from dendrosim.rules.local import LocalRule
from dendrosim.rules.rule import Rule

FEEDBACK: dict[str, LocalUpdates] = {
    "paper": LocalUpdates(FEEDFORWARD, LocalUpdate("error", sign=-1), theta_rate=0.01),
    "released": LocalUpdates(FEEDFORWARD, LocalUpdate("error", keeps_norm=True), theta_rate=0.1),
    "fixed": LocalUpdates(FEEDFORWARD, None, theta_rate=0.0),
    "kolen-pollack": LocalUpdates(FEEDFORWARD, FEEDFORWARD, theta_rate=1.0, decay=0.1),
    "mirror": LocalUpdates(FEEDFORWARD, FEEDFORWARD, theta_rate=1.0, mirror=NoiseMirror()),
}
"""The local updates by the name of the feedback rule, with the rate of Θ and the decay that suit it."""


class DendriticLocalizedLearning(LocalRule):
    """Local errors through feedback weights of their own (Lv et al., ICML 2025, Algorithm 1).

    With ξ_L = β (target − u_L) of the teacher, each hidden cell settles to the local error ξ_i = Θ_i^T δ_i, where
    δ_i = ξ_{i+1} ⊙ f'(z_i), and ΔW_i = ⟨δ_i u_i^T⟩. Θ learns by one of five feedback rules:

    ``paper``
        ΔΘ_i^T = −⟨ξ_i δ_i^T⟩, as published. It holds no term in W or u: it contracts Θ and cannot align it.
    ``fixed``
        Θ stays as it was drawn (DLL-FA of the paper's Table 3).
    ``kolen-pollack``
        ΔΘ_i = ΔW_i − λΘ_i, with the same decay of W_i (Kolen and Pollack, 1994). Both synapses see the same pair
        of cells, so no weight is read across, and Θ − W decays.
    ``mirror``
        ΔΘ_i = ΔW_i as in ``kolen-pollack``, at the same rate and without decay, so that D_i = W_i − Θ_i stays what it
        is; and, apart from the adaptive step, ΔΘ_i = η_t (⟨ρ ζ^T⟩/⟨ζ²⟩ − Θ_i) once in some batches, where ζ is noise of
        the somata below and ρ = W_i ζ what it becomes in the dendrites above (the weight mirror of Akrout et al., 2019,
        without its phase: phaseless alignment of Max et al., 2024). Its mean is η_t D_i, so that D_i decays whatever
        the task does. With η_t = 1/(t + 1) at mirror step t, D_i is the mean of the errors of t estimates, and its norm
        about ‖W_i‖ √(fan-in/(samples t)). Some of these steps precede the first batch, as spontaneous activity
        precedes the first stimulus in development: what is learned in the first epoch needs aligned feedback. The
        alternative, a learning rate that warms up over 200 batches with a mirror step in each, comes second: on the
        Fashion-MNIST MLP after 5 epochs (seed 0) 90.25 % of the validation images are right, with spontaneous noise
        90.75 %, and with neither 89.75 %, or 90.00 % with a mirror step in every batch.
    ``released``
        ΔΘ_i^T = +⟨ξ_i δ_i^T⟩, the sign that the paper's released code writes, for comparison only. It makes Θ grow
        without bound, so that before each update Θ is scaled back to the norm it is drawn with. That code does
        something else: its MLP never changes Θ, because it looks for a class of layers that is not there, its
        convolutional ΔΘ is out of order (cosine 0.01 to Algorithm 1), and its average pool sends errors down without
        the factor 1/4. Its ΔW and δ are those of Algorithm 1: with the softmax moved to the output and nothing
        clamped they agree with ours to 1e-15.

    Reads u, ξ and δ of the two cells at each synapse, their noise ζ and ρ, and Θ; never W.

    References
    ----------
    Kolen and Pollack, Backpropagation without weight transport, ICNN 1994.
    Akrout et al., Deep learning without weight transport, NeurIPS 2019.
    Max et al., Learning efficient backprojections across cortical hierarchies in real time, Nature Machine
    Intelligence 2024.

    Examples
    --------
    >>> import dendrosim as ds
    >>> model = ds.load_model("digits-mlp").changed(rules={"dll": {"feedback": "mirror"}})
    >>> model.rules.dll.theta_rate, model.rules.dll.decay, model.rules.dll.spontaneous
    (1.0, 0.0, 200)
    """

    class Settings(Rule.Settings):
        """How Θ learns. Keys left out take the feedback rule's own defaults.

        Attributes
        ----------
        feedback : {"paper", "fixed", "kolen-pollack", "mirror", "released"}
            The feedback rule.
        theta_rate : float
            Learning rate of Θ relative to that of W.
        decay : float
            Decay λ of W and Θ.
        theta_deviation : float, optional
            Standard deviation with which Θ is drawn, under every rule; by default 1/√fan-out of each connection. With 0
            nothing is fed back, and only the readout learns.
        samples : int
            Of ``mirror``: patterns of noise in a mirror step; an eighth of it images before a convolution.
        spontaneous : int
            Of ``mirror``: mirror steps before the first batch.
        every : int
            Of ``mirror``: batches from one mirror step to the next.
        """

        feedback: Literal["paper", "fixed", "kolen-pollack", "mirror", "released"] = "kolen-pollack"
        theta_rate: NotNegative
        decay: NotNegative
        theta_deviation: NotNegative | None = None
        samples: PositiveInt = NoiseMirror.samples
        spontaneous: NonNegativeInt = NoiseMirror.spontaneous
        every: PositiveInt = NoiseMirror.every

        @model_validator(mode="after")
        def _what_is_renormalised_is_not_zero(self) -> DendriticLocalizedLearning.Settings:
            if self.feedback == "released" and self.theta_deviation == 0:
                raise ValueError("the feedback rule 'released' keeps the norm of Θ; give theta_deviation above 0")
            return self

        @model_validator(mode="after")
        def _mirrored_feedback_makes_equal_steps(self) -> DendriticLocalizedLearning.Settings:
            if self.feedback == "mirror" and self.theta_rate != 1:
                raise ValueError("the feedback rule 'mirror' needs equal steps of W and Θ; set theta_rate to 1")
            return self

        @model_validator(mode="before")
        @classmethod
        def _fill_in_defaults(cls, values: Any) -> Any:
            if isinstance(values, dict):
                local = FEEDBACK.get(str(values.get("feedback", "kolen-pollack")), FEEDBACK["fixed"])
                return {"theta_rate": local.theta_rate, "decay": local.decay} | values
            return values

    name = "dll"

    @classmethod
    def local_updates(cls, model: Model) -> LocalUpdates:
        """Return those of the feedback rule in the table ``[rules.dll]``."""
        settings = cls.settings_of(model)
        local = replace(FEEDBACK[settings.feedback], theta_rate=settings.theta_rate, decay=settings.decay)
        if local.mirror is None:
            return local
        return replace(local, mirror=NoiseMirror(settings.samples, settings.spontaneous, settings.every))
