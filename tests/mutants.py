"""Try mutants of the code on the tests: `python tests/mutants.py [SIZE [FOLDER ...]]`, as `make mutants` does.

A mutant is the code with one comparison, operation, number, truth value or returned value changed. A seed draws SIZE of
them from each folder, and each meets the fast tests of its folder in a fork of this process, which has imported the
libraries once: tools that copy and wrap every function do not get past Brian2, which counts the arguments of methods.
What is raised and what is said is left alone. `results/mutants.md` judges the survivors.
"""

import ast
import importlib.util
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path

import hypothesis  # noqa: F401
import pytest

ROOT = Path(__file__).parent.parent
SEED = 12
TESTS = {
    "model": "faults/test_bad_models faults/test_bad_weights properties/test_model properties/test_parameters "
    "properties/test_own_parameters properties/test_randomness numerics/test_optimizer numerics/test_gradient "
    "numerics/test_feedback_rules numerics/test_settling_law numerics/test_conductance_cell properties/test_membranes "
    "equivalence/test_engines_agree",
    "circuit": "numerics/test_kernels faults/test_bad_stimuli numerics/test_integrators properties/test_convergence "
    "properties/test_membranes properties/test_membrane_noise properties/test_recording properties/test_reports "
    "equivalence/test_engines_agree equivalence/test_circuit_learning equivalence/test_synapses "
    "numerics/test_settling_law numerics/test_conductance_cell numerics/test_electrophysiology",
    "rules": "numerics/test_hebbian numerics/test_r_stdp numerics/test_forward_forward numerics/test_local_losses "
    "numerics/test_gradient numerics/test_feedback_rules numerics/test_feedback_alignment properties/test_streaming "
    "numerics/test_equilibrium_propagation numerics/test_perturbation numerics/test_predictive_coding "
    "numerics/test_target_propagation",
    "training": "numerics/test_optimizer faults/test_bad_trainings properties/test_randomness numerics/test_gradient "
    "properties/test_own_parameters numerics/test_learning_on_digits properties/test_resuming",
}
# Code that is compiled or runs in other processes has its tests there.
ELSEWHERE = {"blas.py", "build.py", "cuda.py", "target.py", "distributed.py", "hardware.py", "tensorboard.py"}
# Builds, other processes, and what takes more than a few seconds.
SLOW = (
    "compiled or binary or cython or cpp or killed or while or random_networks_agree or estimate_tends "
    "or test_accuracy or epochs_on_digits or every_variant_learns or jacobian_of_the or lag_by_no_more "
    "or adds_a_filter or first_order or does_not_grow or tends_to_the_equilibrium or constant_drive or coupled_two_ways"
)
PAIRS = {
    ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq, ast.Is: ast.IsNot, ast.In: ast.NotIn,
    ast.Add: ast.Sub, ast.Mult: ast.Div, ast.And: ast.Or,
}  # fmt: skip
SWAPS = PAIRS | {other: one for one, other in PAIRS.items()}
SWAPS |= {ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult, ast.USub: ast.UAdd}


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All parts of the code but annotations and texts."""
    for field, value in ast.iter_fields(tree):
        for child in value if isinstance(value, list) else [value]:
            said = field in ("annotation", "returns", "decorator_list") or isinstance(child, ast.Raise | ast.JoinedStr)
            if isinstance(child, ast.AST) and not said:
                yield child
                yield from nodes(child)


def mutate(node: ast.AST) -> bool:
    """Change a part of the code where it stands; says whether there was anything to change."""
    match node:
        case ast.Compare():
            node.ops[0] = SWAPS[type(node.ops[0])]()
        case ast.BinOp() | ast.BoolOp() | ast.AugAssign() | ast.UnaryOp() if type(node.op) in SWAPS:
            node.op = SWAPS[type(node.op)]()
        case ast.UnaryOp(op=ast.Not()):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int() | float()):
            node.value += 1
        case ast.Return(value=ast.expr()):
            node.value = ast.Constant(None)
        case _:
            return False
    return True


def mutants(path: Path) -> list[tuple[Path, int]]:
    """Where the code of a file can be changed."""
    tree = ast.parse(path.read_text())
    return [(path, number) for number, node in enumerate(list(nodes(tree))) if mutate(node)]


def mutant(path: Path, number: int) -> tuple[str, str]:
    """The code of a mutant, and the statement that was changed as it was and as it is."""
    before, after = (ast.parse(path.read_text()) for _ in range(2))
    changed = list(nodes(after))[number]
    mutate(changed)
    lines = [ast.unparse(tree).splitlines() for tree in (before, after)]
    old, new = next(pair for pair in zip(*lines, strict=True) if pair[0] != pair[1])
    return ast.unparse(ast.fix_missing_locations(after)), f"line {changed.lineno}: `{old.strip()}` → `{new.strip()}`"


class Mutated(SourceFileLoader):
    """Imports one module as a mutant, and leaves the others to the next finder."""

    def __init__(self, path: Path, code: str):
        super().__init__(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), str(path))
        self.mutant = code

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname):
        return compile(self.mutant, self.path, "exec")


def fate(path: Path, code: str, tests: list[str], limit: float) -> str:
    """What becomes of a mutant within so many seconds: killed, out of time, or survived."""
    tests = sorted(tests, key=lambda test: path.stem not in test)
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        sys.meta_path.insert(0, Mutated(path, code))
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-k", f"not ({SLOW})", *tests]))
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if status == 0 else "killed"
        time.sleep(0.1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return "out of time"


def main(size: int, folders: list[str]) -> None:
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    for module in ("agreement", "circuit", "data", "training"):
        importlib.import_module(f"dendrosim.{module}")
    for name in [name for name in sys.modules if name.split(".")[0] == "dendrosim"]:
        del sys.modules[name]  # the libraries stay
    for folder in folders:
        paths = sorted(path for path in (ROOT / "dendrosim" / folder).glob("*.py") if path.name not in ELSEWHERE)
        everything = [each for path in paths for each in mutants(path)]
        tests, fates = [f"tests/{name}.py" for name in TESTS[folder].split()], Counter()
        began = time.monotonic()
        if fate(paths[0], paths[0].read_text(), tests, limit=600) != "survived":
            raise SystemExit(f"{folder}: the tests fail, or take too long, without any mutant.")
        usual = time.monotonic() - began
        for path, number in random.Random(SEED).sample(everything, size):
            code, change = mutant(path, number)
            became = fate(path, code, tests, 5 * usual)
            fates[became] += 1
            print(f"{became}: {path.relative_to(ROOT)}, {change}", flush=True)
        print(f"{folder}: {size} of {len(everything)}, {dict(fates)}; {usual:.0f} s without a mutant", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40, sys.argv[2:] or list(TESTS))
