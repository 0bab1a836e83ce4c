"""Rules that are nothing but local updates, so that a circuit learns by them as the equilibrium engine does."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Self

from dendrosim.model import Model, Parameters
from dendrosim.model.local_update import LocalUpdates, drawn_norm
from dendrosim.rules.rule import Rule, Updates

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network, State


class LocalRule(Rule):
    """W and Θ change by what meets at each synapse: δ of the cell above, and u or ξ of the cell below.

    With ξ_L = β (target − u_L) of the teacher, each hidden cell settles to the local error ξ_i = Θ_i^T δ_i, where
    δ_i = ξ_{i+1} ⊙ f'(z_i). A rule of this kind says only which of them it multiplies, in :meth:`local_updates`.

    Parameters
    ----------
    local : LocalUpdates
        The updates.
    strength : float
        Strength β of the teacher; 1 for a clamped output soma.
    theta_deviation : float, optional
        Standard deviation with which Θ is drawn, where it is not 1/√fan-out.

    Examples
    --------
    >>> import dendrosim as ds
    >>> from dendrosim.model.local_update import LocalUpdate, LocalUpdates
    >>> @ds.register_rule
    ... class Contracting(ds.LocalRule):
    ...     '''ΔΘ^T = −⟨ξ δ^T⟩ at a rate of its own.'''
    ...
    ...     name = "contracting"
    ...
    ...     class Settings(ds.Rule.Settings):
    ...         rate: float = 0.1
    ...
    ...     @classmethod
    ...     def local_updates(cls, model):
    ...         return LocalUpdates(theta=LocalUpdate("error", sign=-1), theta_rate=cls.settings_of(model).rate)
    >>> ds.load_model("digits-mlp", rule="contracting").rules.contracting.rate
    0.1
    """

    compartments: tuple[str, ...] = ("basal", "apical")

    def __init__(self, local: LocalUpdates, strength: float = 1.0, theta_deviation: float | None = None):
        self.local, self.strength, self.theta_deviation = local, strength, theta_deviation
        self.theta_rate, self.decay = local.theta_rate, local.decay
        self.theta_moves_as_W = local.W is not None and local.theta == local.W
        self.shares_noise = local.mirror is not None

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from its local updates and the teacher."""
        return cls(cls.local_updates(model), model.teacher.strength, model.rules.dll.theta_deviation)

    @classmethod
    @abstractmethod
    def local_updates(cls, model: Model) -> LocalUpdates:
        """Return how W and Θ change."""

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield Δb, ΔW and ΔΘ of what changes, without the decay."""
        W, theta = self.local.W, self.local.theta
        output_error = self.strength * network.output_error(state, targets)
        for synapses in network.descend(state, output_error, parameters.theta):
            name = synapses.name
            learned = theta if name in parameters.theta else None
            if W is not None:
                if name in parameters.bias:
                    yield f"{name}.bias", W.sign * synapses.hebbian_bias()
                change = synapses.change(W)
                yield f"{name}.W", change
                if learned == W:
                    yield f"{name}.theta", change
                del change  # no update is kept longer than it is needed, since each is as large as its weights
            if learned is not None and learned != W:
                yield f"{name}.theta", synapses.change(learned)

    def constrain(self, network: Network, parameters: Parameters) -> None:
        """Let Θ learn from noise, or scale it back to the norm it is drawn with, where its update does so."""
        if self.local.mirror is not None:
            for number in self.local.mirror.steps(self.batches_done):
                self._mirror(network, parameters, gain=1 / (number + 1))  # Θ − W is then a running mean
        if self.local.theta is None or not self.local.theta.keeps_norm:
            return
        for projection in network.projections:
            if projection.name in parameters.theta:
                theta = parameters.theta[projection.name]
                theta.mul_(drawn_norm(projection.connection, self.theta_deviation) / theta.norm())

    def _mirror(self, network: Network, parameters: Parameters, gain: float) -> None:
        """Move Θ by η (⟨ρ ζ^T⟩ − Θ), where ζ is noise of the cells below and ρ what it becomes above."""
        import torch

        from dendrosim.equilibrium.maps import channels_last

        assert self.local.mirror is not None
        for projection in network.projections:
            if projection.name in parameters.theta:
                theta, connection = parameters.theta[projection.name], projection.connection
                # A kernel has a sample at every position, so that fewer images tell as much.
                samples = max(1, self.local.mirror.samples // (8 if connection.kind == "conv2d" else 1))
                shape = (samples, *connection.source_shape)
                noise = torch.randn(shape, generator=self.generator, dtype=theta.dtype, device=theta.device)
                theta.lerp_(projection.map.mirror(parameters.W[projection.name], channels_last(noise)), gain)
