"""The JSON Schema of a definition, from the declarations that `load` checks by: editors complete and check with it.

What one value cannot tell (``min`` above ``max``, shares that sum to more than 1) only `load` knows.
JSON Schema draft 2020-12, https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from textclf_sweep.definition import keys
from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.keys import Setting
from textclf_sweep.definition.ranges import LARGEST_EXPONENT, RANGES, is_numeric
from textclf_sweep.definition.space import Parameter

Schema = dict[str, Any]
TYPES = {"int": "integer", "float": "number", "bool": "boolean", "str": "string"}


def json_schema(catalogue: Catalogue) -> Schema:
    """The schema of every definition that `catalogue` allows."""
    settings = keys.top(catalogue)
    properties: Schema = {setting.name: _setting(setting) for setting in settings}
    properties |= {
        "metric": _mapping(keys.METRIC),
        "parameters": {"type": "object"},
        "data": {"type": "object", "properties": _settings(keys.data(catalogue))},
        "early_stopping": {"anyOf": [_mapping(keys.EARLY_STOPPING), {"enum": [False, None, "none"]}]},
        "budget": _mapping(keys.BUDGET),
        "early_terminate": _early_terminate(catalogue),
        "enqueue": {"type": "array", "items": {"type": "object", "minProperties": 1}},
    }
    for name, doc in keys.SECTIONS.items():
        properties[name]["description"] = doc
    properties |= {name: {"description": "A key of Weights & Biases; ignored."} for name in keys.FOREIGN}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "textclf-sweep definition",
        "type": "object",
        "properties": properties,
        "required": [*(setting.name for setting in settings if setting.required), "data"],
        "additionalProperties": False,
        "allOf": [
            *(_architecture(entry) for entry in catalogue.architectures.values()),
            {"properties": {"data": {"allOf": list(_sources(catalogue))}}},
        ],
    }


def _early_terminate(catalogue: Catalogue) -> Schema:
    """A pruner and its options, or none."""
    forms: list[Schema] = [{"enum": [False, None, "none"]}]
    everything: Schema = {}
    for entry in catalogue.pruners.values():
        options = {item.name: _value(item) for item in entry.parameters}
        kind = {"const": entry.name, "description": entry.doc}
        everything |= options
        forms.append(_closed({"type": kind, **options}, ["type"]))
    forms.append(_closed({"type": {"const": "none"}, **dict.fromkeys(everything, {})}, ["type"]))
    return {"anyOf": forms}


def _closed(properties: Schema, required: list[str]) -> Schema:
    """A mapping with these keys alone."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _settings(settings: Iterable[Setting]) -> Schema:
    return {setting.name: _setting(setting) for setting in settings}


def _mapping(settings: Iterable[Setting]) -> Schema:
    return {"type": "object", "properties": _settings(settings), "additionalProperties": False}


def _setting(setting: Setting) -> Schema:
    schema = _value(setting.rule)
    if setting.pattern:
        schema["pattern"] = f"^(?:{setting.pattern})$"
    if setting.choices:
        docs = [f"{name}: {doc}" for name, doc in setting.choices.items() if doc]
        schema["description"] = "\n".join([setting.doc, *docs])
    if setting.kind == "duration":
        seconds = {**schema, "maximum": keys.LONGEST}
        text = {"type": "string", "pattern": f"^(?:{keys.DURATION})$"}
        schema = {"description": setting.doc, "anyOf": [seconds, text]}
    return {"description": setting.doc, "anyOf": [schema, {"type": "null"}]} if setting.nullable else schema


def _value(parameter: Parameter) -> Schema:
    """A single value of a parameter."""
    schema: Schema = {"description": parameter.doc}
    if parameter.choices:
        return {**schema, "enum": list(parameter.choices)}
    schema["type"] = TYPES[parameter.kind]
    bounds = {
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "exclusiveMinimum": parameter.above,
        "exclusiveMaximum": parameter.below,
    }
    return schema | {name: bound for name, bound in bounds.items() if bound is not None}


def _architecture(entry: Entry) -> Schema:
    """What the parameters of one architecture can be."""
    return {
        "if": {"properties": {"architecture": {"const": entry.name}}, "required": ["architecture"]},
        "then": {
            "properties": {
                "parameters": {
                    "properties": {item.name: _entry(item) for item in entry.parameters},
                    "additionalProperties": False,
                },
                "enqueue": {
                    "items": {
                        "properties": {item.name: _value(item) for item in entry.parameters},
                        "additionalProperties": False,
                    }
                },
            }
        },
    }


def _entry(parameter: Parameter) -> Schema:
    """An entry of ``parameters``: a single value or one of the forms of a distribution."""
    value = _value(parameter)
    share = {"type": "number", "minimum": 0, "maximum": 1}
    forms = [
        value,
        _form({"value": value}, ["constant"]),
        _form(
            {"values": {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}},
            ["categorical"],
            {"probabilities": {"type": "array", "items": share, "description": "One for each value; their sum is 1."}},
        ),
    ]
    if is_numeric(parameter):
        forms += list(_ranges(parameter, value))
    text = f"{parameter.doc} Default: {json.dumps(parameter.default)}."
    return {"description": text, "default": parameter.default, "anyOf": forms}


def _ranges(parameter: Parameter, value: Schema) -> Iterable[Schema]:
    """The forms with ``min`` and ``max``."""
    step = {"type": TYPES[parameter.kind], "exclusiveMinimum": 0, "description": "Values are multiples of it."}
    exponent = {"type": "number", "minimum": -LARGEST_EXPONENT, "maximum": LARGEST_EXPONENT}
    yield _form({"min": value, "max": value}, [], {"q": step})
    for name, shape in RANGES.items():
        if (shape.integer and parameter.kind != "int") or (shape.exponents and parameter.kind == "int"):
            continue
        bound = exponent if shape.exponents else value
        yield _form({"min": bound, "max": bound}, [name], {"q": step} if shape.stepped else {}, named=True)


def _form(required: Schema, distributions: list[str], optional: Schema | None = None, *, named: bool = False) -> Schema:
    """A mapping with certain keys, and the distributions it may (when `named`: must) name."""
    properties = required | (optional or {})
    if distributions:
        properties["distribution"] = {"enum": distributions}
    needed = [*required, *(["distribution"] if named else [])]
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def _sources(catalogue: Catalogue) -> Iterable[Schema]:
    """What ``data`` can have, by the source that is named or that the path's ending tells."""
    common = _settings(keys.data(catalogue))
    for entry in catalogue.sources.values():
        own = common | {item.name: _value(item) for item in entry.parameters}
        own["path"] = {"type": "string" if entry.extensions else "null"}
        needed = ["path"] if entry.extensions else []
        allowed = {"properties": own, "additionalProperties": False, "required": needed}
        yield {"if": {"properties": {"source": {"const": entry.name}}, "required": ["source"]}, "then": allowed}
        if entry.extensions:
            told = {"allOf": [_path(entry.extensions), {"not": {"required": ["source"]}}]}
            yield {"if": told, "then": allowed}
    endings = [ending for entry in catalogue.sources.values() for ending in entry.extensions]
    yield {"anyOf": [{"required": ["source"]}, _path(endings)]}


def _path(endings: Iterable[str]) -> Schema:
    """A mapping whose path has one of the endings."""
    # Not all editors know a pattern's flag for ignoring case.
    either = "|".join("".join(map(_any_case, ending)) for ending in endings)
    return {"properties": {"path": {"type": "string", "pattern": f"({either})$"}}, "required": ["path"]}


def _any_case(character: str) -> str:
    return f"[{character.lower()}{character.upper()}]" if character.isalpha() else re.escape(character)
