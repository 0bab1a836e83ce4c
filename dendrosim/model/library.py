"""Reading and writing model files, with errors that name file, key and remedy."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomli_w

from dendrosim.checks import reason, shown
from dendrosim.errors import ModelError
from dendrosim.files import replace_file, write_safely
from dendrosim.model.places import find_model
from dendrosim.model.plain import plain
from dendrosim.model.spec import Model, validated
from dendrosim.registry import RULES, import_modules

LARGEST_FILE, LONGEST_LINE = 2**16, 2**12
"""Characters of a model file and of one of its lines: the TOML reader takes the square of a line's length."""


def load_model(
    name: str | Path,
    settings: str | None = None,
    rule: str | type | None = None,
    *,
    imports: Iterable[str] = (),
) -> Model:
    """Read a model from a TOML file, or by the name of one that ships with dendrosim.

    Parameters
    ----------
    name : str or Path
        A path that ends with ``.toml``, or a name such as ``"digits-mlp"``.
    settings : str, optional
        Name of a table ``[settings.NAME]`` of that file, whose keys replace those of the model, such as ``"paper"``.
    rule : str or type, optional
        Learning rule in the place of the model's own, with its hyper-parameters: the keys of ``[settings.RULE]``, where
        the file has that table. A name, a class of your own, or ``"package.module:Class"``.
    imports : iterable of str
        Modules that register what the file names: a file alone never has code imported.

    Raises
    ------
    ModelError
        There is no such model, or its file is not valid; the sentence names file, key and remedy.
    PluginError
        A module cannot be imported, or the rule is none.

    Examples
    --------
    >>> import dendrosim as ds
    >>> ds.load_model("digits-mlp", rule="predictive-coding").training.rule
    'predictive-coding'
    """
    if settings is not None and not isinstance(settings, str):
        raise ModelError(f"the settings: {shown(settings)} is no name; give one, or leave it out.")
    import_modules(imports)
    rule = None if rule is None else RULES.add(rule)
    path = find_model(name)
    values = plain(read_toml(path), str(path))
    others = _settings(values.pop("settings", {}), path)
    model = validated(values, str(path))
    if rule is not None:
        model = model.changed(**others.get(rule, {})).changed(training={"rule": rule})
    if settings is None:
        return model
    if settings not in others:
        there = f"it has {', '.join(others)}" if others else "it has none"
        raise ModelError(f"{path}: settings: there is no table 'settings.{settings}'; {there}.")
    return model.changed(**others[settings])


def other_settings(name: str | Path) -> list[str]:
    """Return the names of the tables ``[settings.NAME]`` of a model, by its file or its name."""
    path = find_model(name)
    return list(_settings(read_toml(path).get("settings", {}), path))


def described(model: Model | str | Path) -> Model:
    """Return a model, also where only its name or its file is given.

    Raises
    ------
    ModelError
        It is neither, or there is no such model.
    """
    return model if isinstance(model, Model) else load_model(model)


def save_model(model: Model, path: Path) -> None:
    """Write a model as TOML.

    Raises
    ------
    ModelError
        The file cannot be written; the sentence says where the model is instead.
    """
    write_safely(Path(path), lambda place: replace_file(place, model_text(model).encode()), "model", ModelError)


def model_text(model: Model) -> str:
    """Return a model as TOML."""
    return tomli_w.dumps(model.model_dump(mode="json", exclude_none=True))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a description in TOML.

    Raises
    ------
    ModelError
        The file is too large, or is no TOML.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError(
                f"{path}: this is too large for a model file; describe the network in {LARGEST_FILE} bytes."
            )
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: this file cannot be read ({reason(error)}); save it as a text in UTF-8.") from None
    if max(map(len, text.splitlines()), default=0) > LONGEST_LINE:
        raise ModelError(f"{path}: a line is longer than {LONGEST_LINE} characters; break it.")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of numbers and dates that there are not, and of nested brackets
        raise ModelError(f"{path}: this is not a valid TOML file ({reason(error)}); correct that line.") from None


def _settings(tables: Any, path: Path) -> dict[str, dict[str, Any]]:
    """Return the tables ``[settings.NAME]`` of a file."""
    for name, table in tables.items() if isinstance(tables, dict) else [("", tables)]:
        if not isinstance(table, dict):
            raise ModelError(f"{path}: settings{name and '.'}{name}: this is no table; write [settings.NAME].")
    return tables
