"""Model files: keys, types, extremes, nesting, and damaged text."""

import datetime
import tomllib
from pathlib import Path
from random import Random
from typing import Any

from dendrosim.data import load_data
from dendrosim.equilibrium import Network
from dendrosim.model import Parameters, load_model
from dendrosim.model.places import model_folder
from dendrosim.model.rules import spelled
from dendrosim.registry import RULES
from fuzzing.judge import Judge
from fuzzing.mutations import mutate_bytes, mutate_tree

MOST_WEIGHTS, ABSURD = 300_000, 10**11  # what is drawn, and what has to be refused
WRITTEN = [
    "a = " + "[" * 3000,
    "a = " + "[" * 2000 + "]" * 2000,
    "a = " + "{a=" * 900,
    "\n".join("[" * 1 for _ in range(4000)),
    f"input = [{'9' * 4301}]",
    f"seed = 0x{'f' * 5000}",
    ".".join("a" * 20_000) + " = 1",
    "[" + ".".join("a" * 2000) + "]\nx = 1",
    "x = 1979-13-45",
    "a.b = 1\na = 2",
    "\ufeffdata = 'digits'",
    "data = '\\u001b[31m'",
    "x" * 300 + " = 1",
]


def run(judge: Judge, count: int, random: Random) -> None:
    """Try out `count` model files."""
    trees = [tomllib.loads(path.read_text()) for path in sorted(model_folder().glob("*.toml"))]
    trees += 3 * [_small(tree) for tree in trees]
    path = judge.folder / "fuzz.toml"
    path.touch()
    for number in range(count):
        tree = random.choice(trees)
        content = _content(tree, random, number)
        path.write_bytes(content)
        settings = random.choice([None] * 20 + [*tree.get("settings", {}), "nothing"])
        rule = random.choice([None] * 20 + [*RULES, "", "x" * 300])
        judge.try_out(repr(content[:300]), lambda s=settings, r=rule: _used(path, s, r))


def _content(tree: dict[str, Any], random: Random, number: int) -> bytes:
    if number < len(WRITTEN):
        return WRITTEN[number].encode()
    text = toml(mutate_tree(tree, random)).encode("utf-8", "surrogatepass")
    return mutate_bytes(text, random) if random.random() < 0.25 else text


def _small(tree: dict[str, Any]) -> dict[str, Any]:
    """A model on data that are embedded, so that loading them is tried, too."""
    layers = [{"kind": "dense", "units": 4}, {"kind": "dense", "units": 10}]
    rules = {spelled(name): RULES[name].Settings.model_validate({}).model_dump(exclude_none=True) for name in RULES}
    return {**tree, "data": "digits", "input": [64], "layers": layers, "output": "softmax", "rules": rules}


def _used(path: Path, settings: str | None, rule: str | None) -> None:
    """Do with a model what does not take long."""
    model = load_model(path, settings, rule)
    str(model.architecture + model.fingerprint + str(model.sizes) + model.name)
    weights = sum(_product(connection.shape) for connection in model.connections)
    if weights < MOST_WEIGHTS or weights > ABSURD:
        parameters = Parameters.initialise(
            model, model.training.seed, auxiliary=RULES[model.training.rule].from_model(model).auxiliary
        )
        parameters.check(model)
        Network(model)
    load_data(model)


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product


def toml(tree: Any) -> str:
    """Write a tree as TOML, also what the writers of TOML would refuse."""
    if not isinstance(tree, dict):
        return f"value = {_inline(tree)}\n"
    return "".join(f"{_key(key)} = {_inline(value)}\n" for key, value in tree.items())


def _inline(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{_key(key)} = {_inline(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case str():
            return _key(value)
        case datetime.datetime():
            return value.isoformat()
        case _:
            return repr(value)


def _key(text: str) -> str:
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\u{ord(c):04x}" for c in str(text)) + '"'
