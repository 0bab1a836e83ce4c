"""Every key of a model file, from the classes that validate it."""

import inspect
from typing import Any

from numpydoc.docscrape import NumpyDocString
from rst import code, heading, table

from dendrosim.cells import Quantity
from dendrosim.model.layers import Branches, Conv2d, Dense, Pool, Recurrent
from dendrosim.model.part import Part
from dendrosim.model.preparation import Preparation
from dendrosim.model.settings import Plasticity, Teacher, Training
from dendrosim.model.spec import Model
from dendrosim.registry import CELLS, RULES

TABLES = {"[teacher]": Teacher, "[training]": Training, "[plasticity]": Plasticity, "[preparation]": Preparation}
LAYERS = (Dense, Conv2d, Pool, Recurrent, Branches)
LIMITS = {"exclusiveMinimum": "above", "minimum": "from", "exclusiveMaximum": "below", "maximum": "to"}
NAMES = {"number": "number", "integer": "whole number", "string": "name", "boolean": "true or false", "null": "none"}


def page() -> str:
    """Return the page of all keys."""
    text = [heading("Keys of a model file", "="), INTRODUCTION, heading("The file itself", "-"), keys(Model)]
    text += [heading("Layers", "-"), "Entries of ``layers``, from below to above; the last one is the output.\n"]
    text += [f"{_opening(layer)}\n\n{keys(layer)}" for layer in LAYERS]
    text += [heading("[cell]", "-"), "One kind of cell for the whole network.\n"]
    for name in CELLS.built_in:
        text += [heading(f'kind = "{name}"', "~"), f"{_opening(CELLS[name])}\n", keys(CELLS[name])]
    for title, part in TABLES.items():
        text += [heading(title, "-"), f"{_opening(part)}\n", keys(part)]
    text += [heading("[rules.NAME]", "-"), "Settings of each learning rule; what they mean stands with :doc:`rules`.\n"]
    settings = {name: RULES[name].Settings for name in RULES.built_in}
    text += [f"``[rules.{name}]``\n\n{keys(part)}" for name, part in settings.items() if part.model_fields]
    return "\n".join(text)


def keys(part: type[Part]) -> str:
    """Return the table of a part's keys: type and range, default, and what it means or its symbol, unit and source."""
    schema, words = part.model_json_schema(), meanings(part)
    rows, quantities = [], False
    for name, field in part.model_fields.items():
        about = schema["properties"][name]
        found = [each for each in field.metadata if isinstance(each, Quantity)]
        quantities |= bool(found)
        meaning = words.get(name, "")
        if found:
            symbol, unit = found[0].symbol, "" if found[0].unit == "1" else f", {found[0].unit}"
            meaning = f"{symbol}{unit}. {meaning}".strip() + (f" Source: {found[0].source}." if found[0].source else "")
        rows.append((code(name), in_words(about), code(_default(about)), meaning))
    return table(("key", "what it takes", "default", "meaning"), rows, "22 26 14 38")


def meanings(part: type[Part]) -> dict[str, str]:
    """Return what the docstring of a part says of each key."""
    told = NumpyDocString(inspect.getdoc(part) or "")["Attributes"]
    return {name: " ".join(each.desc) for each in told for name in each.name.split(", ")}


def in_words(about: dict[str, Any]) -> str:
    """Return what values a schema allows, in words."""
    if "$ref" in about or not {"type", "enum", "const", "anyOf", "oneOf"} & set(about):
        return "table, see below"
    if "enum" in about or "const" in about:
        return ", ".join(code(f'"{value}"') for value in about.get("enum", [about.get("const")]))
    if "anyOf" in about or "oneOf" in about:
        return " or ".join(dict.fromkeys(in_words(each) for each in about.get("anyOf", about.get("oneOf"))))
    if about["type"] == "array":
        inner = about.get("items") or about.get("prefixItems", [{}])[0]
        return f"list of {'tables' if {'oneOf', '$ref'} & set(inner) else in_words(inner) + 's'}".replace("1s", "1")
    limits = [f"{word} {about[key]}" for key, word in LIMITS.items() if key in about]
    return " ".join([NAMES[about["type"]], *limits])


def _default(about: dict[str, Any]) -> str:
    value = about.get("default", "")
    return "" if value is None else f'"{value}"' if isinstance(value, str) and value else str(value)


def _opening(part: type[Part]) -> str:
    """Return what the docstring says before its sections."""
    told = NumpyDocString(inspect.getdoc(part) or "")
    return "\n".join([*told["Summary"], "", *told["Extended Summary"]]).strip()


INTRODUCTION = """A model file is TOML. A key that is unknown, of the wrong type or out of range is one sentence that
names the file, the key and the remedy. On the command line ``--set training.learning_rate=0.01`` changes any key; in
Python :meth:`dendrosim.Model.changed` does.
"""
