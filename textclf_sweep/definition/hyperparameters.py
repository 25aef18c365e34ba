"""The part of the JSON Schema that is about hyperparameters: ``parameters`` and ``enqueue``, for any architectures.

What an entry can be is said once for each parameter (below ``$defs``), and once more where two architectures declare it
differently. Whether a name belongs to the architectures that are chosen, conditionals tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.conditions import ARCHITECTURE
from textclf_sweep.definition.embedding import EMBEDDING, PATH, TRAINABLE
from textclf_sweep.definition.entries import CATEGORICAL
from textclf_sweep.definition.priors import LARGEST_EXPONENT, PRIORS
from textclf_sweep.definition.ranges import COUNT, RANGES, is_numeric
from textclf_sweep.definition.space import Parameter

Schema = dict[str, Any]
NAMES: Schema = {"type": "array", "items": {"type": "string"}}
"""Several architectures, none of which is the user's own; nothing is said here of the parameters of one that is."""
TYPES = {"int": "integer", "float": "number", "bool": "boolean", "str": "string"}


def value_schema(parameter: Parameter) -> Schema:
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


def closed(properties: Schema, required: Sequence[str]) -> Schema:
    """A mapping with these keys alone."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def definitions(catalogue: Catalogue) -> Schema:
    """What the conditionals refer to: of each parameter a value and an entry, and the conditions of any."""
    found: Schema = {}
    for name, variants in _variants(catalogue).items():
        for key, parameter in variants.items():
            found[f"value.{key}"] = value_schema(parameter)
            found[f"entry.{key}"] = entry(parameter, _ref(f"value.{key}"))
        found[f"condition.{name}"] = _one_or_more(_any(f"value.{key}" for key in variants))
    architecture = {"enum": list(catalogue.architectures)}
    conditions = {name: _ref(f"condition.{name}") for name in _variants(catalogue)}
    doc = "The parameter is there only while these others have these values."
    when = closed({ARCHITECTURE: _one_or_more(architecture), **conditions}, [])
    return {"when": {"description": doc, "minProperties": 1, **when}, **_parts(), **found}


def _parts() -> Schema:
    """What the entries of all parameters have in common, said once."""
    step = {"exclusiveMinimum": 0, "description": "Values are multiples of it."}
    numbers = {f"{name}.{item.name}": value_schema(item) for name, form in PRIORS.items() for item in form.shape}
    return {
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "exponent": {"type": "number", "minimum": -LARGEST_EXPONENT, "maximum": LARGEST_EXPONENT},
        "count": value_schema(COUNT),
        **{f"step.{kind}": {"type": TYPES[kind], **step} for kind in ("int", "float")},
        **numbers,
    }


def known() -> Schema:
    """The condition that no architecture is the user's own."""
    return {"if": {"properties": {ARCHITECTURE: {"anyOf": [{"type": "string"}, NAMES]}}, "required": [ARCHITECTURE]}}


def conditionals(catalogue: Catalogue) -> Iterator[Schema]:
    """What ``parameters`` and ``enqueue`` can have, by the architectures."""
    variants = _variants(catalogue)
    sections = {entry.name: closed(_entries(entry, variants), []) for entry in catalogue.architectures.values()}
    for entry in catalogue.architectures.values():
        values = {item.name: _ref(f"value.{_key(item, variants)}") for item in entry.parameters}
        yield {
            "if": {"properties": {ARCHITECTURE: {"const": entry.name}}, "required": [ARCHITECTURE]},
            "then": _sections(
                {entry.name: sections[entry.name], **_entries(entry, variants)},
                {ARCHITECTURE: {"const": entry.name}, **values},
            ),
        }
    entries = {name: _any(f"entry.{key}" for key in keys) for name, keys in variants.items()}
    values = {name: _any(f"value.{key}" for key in keys) for name, keys in variants.items()}
    yield {
        "if": {"properties": {ARCHITECTURE: NAMES}, "required": [ARCHITECTURE]},
        "then": _sections({**sections, **entries}, {ARCHITECTURE: {"enum": list(catalogue.architectures)}, **values}),
    }
    for name in variants:
        owners = [entry.name for entry in catalogue.architectures.values() if _has(entry, name)]
        if len(owners) < len(catalogue.architectures):
            yield _without(owners, {"parameters": [name], "enqueue": [name]})
    for entry in catalogue.architectures.values():
        if entry.name not in variants:
            yield _without([entry.name], {"parameters": [entry.name], "run_cap": [entry.name]})


def _variants(catalogue: Catalogue) -> dict[str, dict[str, Parameter]]:
    """The declarations of each parameter, by name and then by a key of their own."""
    found: dict[str, dict[str, Parameter]] = {}
    for entry in catalogue.architectures.values():
        for item in entry.parameters:
            known = found.setdefault(item.name, {})
            if item not in known.values():
                known[f"{item.name}.{entry.name}" if known else item.name] = item
    return found


def _key(parameter: Parameter, variants: dict[str, dict[str, Parameter]]) -> str:
    return next(key for key, item in variants[parameter.name].items() if item == parameter)


def _entries(entry: Entry, variants: dict[str, dict[str, Parameter]]) -> Schema:
    return {item.name: _ref(f"entry.{_key(item, variants)}") for item in entry.parameters}


def _has(entry: Entry, parameter: str) -> bool:
    return parameter in {item.name for item in entry.parameters}


def _sections(entries: Schema, values: Schema) -> Schema:
    """``parameters`` with these entries and ``enqueue`` with parameter sets of these values."""
    return {
        "properties": {
            "parameters": {"properties": entries, "additionalProperties": False},
            "enqueue": {"items": {"properties": values, "additionalProperties": False}},
        }
    }


def _without(owners: Sequence[str], absent: dict[str, list[str]]) -> Schema:
    """In a sweep of several architectures none of which is an owner, some keys cannot be there."""
    others = {**NAMES, "not": {"contains": {"enum": list(owners)}}}
    forbidden: Schema = {}
    for section, names in absent.items():
        rule = {"properties": dict.fromkeys(names, False)}
        forbidden[section] = {"items": rule} if section == "enqueue" else rule
    return {
        "if": {"properties": {ARCHITECTURE: others}, "required": [ARCHITECTURE]},
        "then": {"properties": forbidden},
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _any(names: Iterable[str]) -> Schema:
    refs = [_ref(name) for name in names]
    return refs[0] if len(refs) == 1 else {"anyOf": refs}


def _one_or_more(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}


def entry(parameter: Parameter, value: Schema) -> Schema:
    """An entry of ``parameters``: a single value or one of the forms of a distribution."""
    forms = [
        value,
        _form({"value": value}, ["constant"]),
        _form(
            {"values": {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}},
            CATEGORICAL,
            {
                "probabilities": {
                    "type": "array",
                    "items": _ref("share"),
                    "description": "One for each value; their sum is 1.",
                }
            },
        ),
    ]
    if parameter.name == EMBEDDING:
        # What stands below either key can be searched; see `textclf_sweep.definition.embedding`.
        both = {PATH: {"anyOf": [*forms]}, TRAINABLE: {"type": ["boolean", "object"]}}
        forms.append({**closed(both, []), "minProperties": 1})
    if is_numeric(parameter):
        forms += [*_ranges(parameter, value), *_priors(parameter, value)]
    text = f"{parameter.doc} Default: {json.dumps(parameter.default)}."
    return {"description": text, "default": parameter.default, "anyOf": forms}


def _ranges(parameter: Parameter, value: Schema) -> Iterator[Schema]:
    """The forms with ``min`` and ``max``."""
    whole = parameter.kind == "int"
    for exponents in (False,) if whole else (False, True):
        bound = _ref("exponent") if exponents else value
        for stepped in (False, True):
            names = [
                name
                for name, shape in RANGES.items()
                if (shape.exponents, shape.stepped) == (exponents, stepped) and (whole or not shape.integer)
            ]
            yield _form({"min": bound, "max": bound}, names, _points(parameter, stepped=stepped), named=exponents)


def _priors(parameter: Parameter, value: Schema) -> Iterator[Schema]:
    """The forms with a prior."""
    for name, form in PRIORS.items():
        numbers = {item.name: _ref(f"{name}.{item.name}") for item in form.shape}
        optional = {**numbers, "min": value, "max": value, **_points(parameter, stepped=form.stepped)}
        yield _form({}, [name], optional, named=True)


def _points(parameter: Parameter, *, stepped: bool) -> Schema:
    """Which values of a range there are."""
    return {"q": _ref(f"step.{parameter.kind}")} if stepped else {"count": _ref("count")}


def _form(
    required: Schema, distributions: Sequence[str], optional: Schema | None = None, *, named: bool = False
) -> Schema:
    """A mapping with certain keys, and the distributions it may (when `named`: must) name."""
    properties = required | (optional or {}) | {"distribution": {"enum": list(distributions)}, "when": _ref("when")}
    return closed(properties, [*required, *(["distribution"] if named else [])])
