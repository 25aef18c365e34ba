"""The JSON Schema of a definition, from the declarations that `load` checks by: editors complete and check with it.

What one value cannot tell (``min`` above ``max``, shares that sum to more than 1) only `load` knows.
JSON Schema draft 2020-12, https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textclf_sweep.definition import hyperparameters, keys
from textclf_sweep.definition.catalogue import Catalogue
from textclf_sweep.definition.embedding import EMBEDDING
from textclf_sweep.definition.hyperparameters import Schema, closed, value_schema
from textclf_sweep.definition.keys import Setting

FOLDER = r"(^|/)([^./]+|\.\.?)$|/$"
"""A path without an ending, and so perhaps of a folder; whether there is one only `load` knows."""
MAIN = ("path", "train")
"""Two names of one key."""


def json_schema(catalogue: Catalogue) -> Schema:
    """The schema of every definition that `catalogue` allows."""
    settings = keys.top(catalogue)
    off = {"enum": [False, None, "none"]}
    properties: Schema = {setting.name: _setting(setting) for setting in settings}
    properties |= {
        "architecture": _architectures(catalogue),
        "run_cap": _run_cap(),
        "metric": _mapping(keys.METRIC),
        "embedding": _embedding(catalogue),
        "parameters": {"type": "object"},
        "data": {"type": "object", "properties": {name: {"$ref": f"#/$defs/data.{name}"} for name in _data(catalogue)}},
        "early_stopping": {"anyOf": [_mapping(keys.EARLY_STOPPING), off]},
        "budget": _mapping(keys.BUDGET),
        "early_terminate": {"anyOf": [off, *_early_terminate(catalogue)]},
        "baselines": {
            "anyOf": [_setting(keys.BASELINE), {"type": "array", "items": _setting(keys.BASELINE), "uniqueItems": True}]
        },
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
            *hyperparameters.conditionals(catalogue),
            {"properties": {"data": {"allOf": list(_sources(catalogue))}}},
            _names(catalogue),
            _race(),
        ],
        "$defs": {
            **{f"data.{name}": form for name, form in _data(catalogue).items()},
            **hyperparameters.definitions(catalogue),
        },
    }


def _architectures(catalogue: Catalogue) -> Schema:
    """One name or a list of them."""
    one = _setting(keys.architecture(catalogue))
    own = {"description": "A model of your own.", **closed(_settings(keys.own(catalogue)), ["file"])}
    several = {"type": "array", "items": {"anyOf": [one, own]}, "minItems": 1, "uniqueItems": True}
    return {"description": one["description"], "anyOf": [one, own, several]}


def _run_cap() -> Schema:
    """A number, or one for each architecture; `_names` says which there can be."""
    one = _setting(keys.RUN_CAP)
    each = {"type": "object", "additionalProperties": one, "minProperties": 1}
    return {"description": keys.RUN_CAP.doc, "anyOf": [one, each]}


def _embedding(catalogue: Catalogue) -> Schema:
    """As `embedding` of the architectures, which may differ in what they say of it."""
    declared = (item for entry in catalogue.architectures.values() for item in entry.parameters)
    found = next((item for item in declared if item.name == EMBEDDING), None)
    return {} if found is None else {"anyOf": hyperparameters.entry(found, value_schema(found))["anyOf"]}


def _names(catalogue: Catalogue) -> Schema:
    """The architectures that `run_cap` can name, where none is the user's own."""
    known = {"propertyNames": {"enum": list(catalogue.architectures)}}
    return {**hyperparameters.known(), "then": {"properties": {"run_cap": known}}}


def _race() -> Schema:
    """What `allocate: race` needs."""
    needed = {"architecture": {"type": "array", "minItems": 2}, "run_cap": {"type": "integer"}}
    race = {"properties": {"allocate": {"const": "race"}}, "required": ["allocate"]}
    return {"if": race, "then": {"properties": needed, "required": ["run_cap"]}}


def _early_terminate(catalogue: Catalogue) -> Iterable[Schema]:
    """Each pruner and its options, or none."""
    everything: Schema = {}
    for entry in catalogue.pruners.values():
        options = {item.name: value_schema(item) for item in entry.parameters}
        everything |= {name: {} for name in options}
        yield closed({"type": {"const": entry.name, "description": entry.doc}, **options}, ["type"])
    yield closed({"type": {"const": "none"}, **everything}, ["type"])


def _settings(settings: Iterable[Setting]) -> Schema:
    return {setting.name: _setting(setting) for setting in settings}


def _mapping(settings: Iterable[Setting]) -> Schema:
    return {"type": "object", "properties": _settings(settings), "additionalProperties": False}


def _setting(setting: Setting) -> Schema:
    schema = value_schema(setting.rule)
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


def _sources(catalogue: Catalogue) -> Iterable[Schema]:
    """What ``data`` can have, by the source that is named or that the path's ending tells."""
    common: Schema = {name: {"$ref": f"#/$defs/data.{name}"} for name in _data(catalogue)}
    for entry in catalogue.sources.values():
        own = common | {item.name: value_schema(item) for item in entry.parameters}
        if entry.path == "none":
            own |= {"path": {"type": "null"}, "train": False}
        allowed: Schema = {"properties": own, "additionalProperties": False}
        if entry.path != "none":
            allowed["anyOf"] = [_has_text(key) for key in MAIN]
        yield {"if": {"properties": {"source": {"const": entry.name}}, "required": ["source"]}, "then": allowed}
        if entry.extensions:
            path = {"anyOf": [_path(key, entry.extensions) for key in MAIN]}
            yield {"if": {"allOf": [path, {"not": {"required": ["source"]}}]}, "then": allowed}
    endings = [ending for entry in catalogue.sources.values() for ending in entry.extensions]
    folder = {"anyOf": [_has_text(key, FOLDER) for key in MAIN]}
    options = [item for entry in catalogue.sources.values() if not entry.extensions for item in entry.parameters]
    own = common | {item.name: value_schema(item) for item in options}
    told = {"allOf": [folder, {"not": {"required": ["source"]}}]}
    yield {"if": told, "then": {"properties": own, "additionalProperties": False}}
    yield {"anyOf": [{"required": ["source"]}, folder, *(_path(key, endings) for key in MAIN)]}
    yield {"not": {"required": list(MAIN)}}


def _data(catalogue: Catalogue) -> Schema:
    """The keys of ``data`` that all sources share."""
    text: Schema = {"type": "string", "minLength": 1}
    texts = {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]}
    columns = {"anyOf": [text, {"type": "array", "items": text, "minItems": 1, "uniqueItems": True}]}
    instead = [closed({setting.name: _setting(setting)}, [setting.name]) for setting in keys.INSTEAD]
    steps = {item.name: value_schema(item) for item in catalogue.cleaning}
    labels = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
    forms: Schema = {
        "text": columns,
        **{part: {"anyOf": [value_schema(keys.share(part).rule), text]} for part in ("validation", "test")},
        "missing": {"anyOf": [{"enum": list(keys.MISSING)}, *instead]},
        "labels": labels,
        "drop_labels": texts,
        "cleaning": {**closed(steps, []), "type": ["object", "null"]},
    }
    return _settings(keys.data(catalogue)) | {
        name: {"description": keys.DATA_FORMS[name], **form} for name, form in forms.items()
    }


def _has_text(key: str, pattern: str = "") -> Schema:
    """A mapping that has this key, and a text there that matches."""
    return {"properties": {key: {"type": "string", "pattern": pattern}}, "required": [key]}


def _path(key: str, endings: Iterable[str]) -> Schema:
    """A mapping whose path, below `key`, has one of the endings."""
    # Not all editors know a pattern's flag for ignoring case.
    either = "|".join("".join(map(_any_case, ending)) for ending in endings)
    return _has_text(key, f"({either})$")


def _any_case(character: str) -> str:
    return f"[{character.lower()}{character.upper()}]" if character.isalpha() else re.escape(character)
