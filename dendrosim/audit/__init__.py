"""The three criteria of biological plausibility as checks that run on the code of a rule."""

from dendrosim.audit.criteria import Audit, audit
from dendrosim.audit.verdict import Verdict

__all__ = ["Audit", "Verdict", "audit"]
