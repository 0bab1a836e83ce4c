"""Auditing a learning rule of your own: does it satisfy the three criteria, and if not, why not?
==============================================================================================

Leaves 09_auditing_your_own_rule.png. Three rules, each one class: sign symmetry sends errors down through the signs of
the forward weights, so that C1 fails; a rule that is told by one reward how good the output was satisfies C1 and C3,
and C2 weakly (a half-filled circle, and a square under "global scalar"); dendritic feedback through weights of its own,
held in an apical dendrite, satisfies all three. There is no tick of the paper beside rules that it does not have.
"""

import argparse
from pathlib import Path

from dendrosim import plot
from dendrosim.audit import audit
from dendrosim.audit.report import row
from dendrosim.rules import Rule

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--out", type=Path, default=Path(), help="folder of the figure")
out = parser.parse_args().out


class SignSymmetry(Rule):
    """δ_i = (sign(W_{i+1})^T δ_{i+1}) ⊙ f'(z_i): the sign of each forward weight, known to the feedback."""

    @classmethod
    def from_model(cls, model):
        """Make the rule."""
        return cls()

    def updates(self, network, parameters, state, targets):
        """Yield ΔW."""
        signs = {name: W.sign() for name, W in parameters.W.items()}
        for synapses in network.descend(state, network.output_error(state, targets), signs):
            yield f"{synapses.name}.W", synapses.hebbian()


class RewardedActivity(SignSymmetry):
    """ΔW = (reward − ½) u_above u_below^T, the reward being what the network gave to the right answer."""

    def updates(self, network, parameters, state, targets):
        """Yield ΔW."""
        reward = (network.output(state) * targets).sum(dim=-1)
        for projection in network.projections:
            above = state.basal[projection.above]
            factor = (reward - 0.5).view(-1, *[1] * (above.ndim - 1))
            yield f"{projection.name}.W", projection.outer(factor * above, state.sources[projection.name][0])


class DendriticFeedback(SignSymmetry):
    """δ_i = (Θ_{i+1}^T δ_{i+1}) ⊙ f'(z_i), which the apical dendrite of each cell holds beside its activity."""

    compartments = ("basal", "apical")

    def updates(self, network, parameters, state, targets):
        """Yield ΔW."""
        for synapses in network.descend(state, network.output_error(state, targets), parameters.theta):
            yield f"{synapses.name}.W", synapses.hebbian()


names = {SignSymmetry: "sign symmetry", RewardedActivity: "rewarded activity", DendriticFeedback: "dendritic feedback"}
audits = [audit(rule, name=name) for rule, name in names.items()]
for found in audits:
    print(f"{found.rule}:")
    for criterion in ("C1", "C2", "C3"):
        print(f"  {criterion} {found.outcome(criterion)}: {found.witness(criterion)}")
plot.criteria([row(found) for found in audits]).figure.savefig(out / "09_auditing_your_own_rule.png")
