"""Finding, reading and writing model files, with errors that name file, key and remedy."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, get_args

import tomli_w
from pydantic import BaseModel, ValidationError

from dendrosim.errors import ModelError
from dendrosim.files import replace_file, write_safely
from dendrosim.model.spec import Model

_TYPE_NAMES = {"int": "whole number", "float": "number", "string": "string", "tuple": "list", "model": "table"}


def model_folder() -> Path:
    """Folder of the models that ship with dendrosim: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def available_models() -> list[str]:
    """Names of the models that ship with dendrosim."""
    return sorted(path.stem for path in model_folder().glob("*.toml"))


def load_model(name: str | Path, settings: str | None = None, rule: str | None = None) -> Model:
    """Read a model from a TOML file, or by the name of one that ships with dendrosim.

    Parameters
    ----------
    name : str or Path
        A path that ends with ``.toml``, or a name such as ``"digits-mlp"``.
    settings : str, optional
        Name of a table ``[settings.NAME]`` of that file, whose keys replace those of the model, such as ``"paper"``.
    rule : str, optional
        Learning rule in the place of the model's own, with its hyper-parameters: the keys of ``[settings.RULE]``, where
        the file has that table.

    Raises
    ------
    ModelError
        There is no such model, or its file is not valid; the sentence names file, key and remedy.
    """
    path = Path(name) if str(name).endswith(".toml") else model_folder() / f"{name}.toml"
    if not path.is_file():
        close = difflib.get_close_matches(path.stem, available_models(), n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"available are {', '.join(available_models())}."
        raise ModelError(f"{name}: there is no such model; {hint}")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: this is not a valid TOML file ({error}); correct that line.") from None
    others = values.pop("settings", {})
    model = validated(values, str(path))
    if rule is not None:
        model = model.changed(**others.get(rule, {})).changed(training={"rule": rule})
    if settings is None:
        return model
    if settings not in others:
        there = f"it has {', '.join(others)}" if others else "it has none"
        raise ModelError(f"{path}: settings: there is no table 'settings.{settings}'; {there}.")
    return model.changed(**others[settings])


def validated(values: dict[str, Any], source: str) -> Model:
    """Build a model from plain values; a mistake is one sentence that names `source`, key and remedy."""
    try:
        model = Model.model_validate(values)
    except ValidationError as error:
        raise ModelError(_sentence(error, source)) from None
    model._source = source
    return model


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


def _sentence(error: ValidationError, source: str) -> str:
    # A misspelt key is also a missing one: name the spelling first.
    first, *others = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    keys, _ = _place(first["loc"])
    if first["type"] == "union_tag_invalid":
        keys.append("kind")
    key = ".".join(keys) or "the model"
    more = f" ({len(others)} more after this one)" if others else ""
    return f"{source}: {key}: {_remedy(first)}{more}."


def _remedy(error: Any) -> str:
    given, context = error.get("input"), error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            known = sorted(_place(error["loc"])[1].model_fields)
            close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
            return f"unknown key; did you mean '{close[0]}'" if close else f"unknown key; known are {', '.join(known)}"
        case "union_tag_invalid":
            return f"'{context['tag']}' is not known; choose {context['expected_tags']}"
        case "union_tag_not_found" | "model_attributes_type" if not isinstance(given, dict):
            return f"{given!r} has the wrong type; write a table"
        case "union_tag_not_found":
            return "its kind is missing; add kind = ..."
        case "missing":
            return "this key is missing; add it"
        case "literal_error":
            return f"'{given}' is not known; choose {context['expected']}"
        case "too_short":
            return f"it is empty; give at least {context['min_length']}"
        case "union_tag_invalid":
            return f"'{context['tag']}' is not known; choose {context['expected_tags']}"
        case "union_tag_not_found":
            return f"{given!r} has the wrong type; write a table"
        case "value_error":
            return str(context["error"])
        case "int_type" | "float_type" | "string_type" | "tuple_type" | "model_type" | "model_attributes_type":
            return f"{given!r} has the wrong type; write a {_TYPE_NAMES[error['type'].split('_')[0]]}"
        case _:
            return f"{error['msg'][0].lower()}{error['msg'][1:]}, but it is {given!r}; change it"


def _place(location: tuple[str | int, ...]) -> tuple[list[str], type[BaseModel]]:
    """Return the keys as the file has them, and the part in which the last one stands.

    Where a part is of one of several kinds, pydantic puts the kind into the location; the file has no such key.
    """
    keys: list[str] = []
    holder: type[BaseModel] = Model
    candidates: list[type[BaseModel]] = [Model]
    for key in location:
        if isinstance(key, int):
            keys.append(str(key))
            continue
        if len(candidates) > 1:
            candidates = [part for part in candidates if key in get_args(part.model_fields["kind"].annotation)]
            continue
        keys.append(key)
        holder = candidates[0]
        candidates = _parts(holder.model_fields[key].annotation) if key in holder.model_fields else []
    return keys, holder


def _parts(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for inner in get_args(annotation) for part in _parts(inner)]
