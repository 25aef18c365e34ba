"""One entry of ``parameters`` -> its distribution. The keys and names are those of Weights & Biases sweeps.

https://docs.wandb.ai/models/sweeps/sweep-config-keys (retrieved 2026).
"""

from __future__ import annotations

import math
from collections import Counter

from textclf_sweep.definition.nodes import Field, ListNode, MapNode, Problems, ScalarNode, describe
from textclf_sweep.definition.priors import PRIORS, SHAPES
from textclf_sweep.definition.ranges import RANGES, Bounded, is_numeric, range_of
from textclf_sweep.definition.space import Categorical, Constant, Distribution, Parameter
from textclf_sweep.definition.suggest import VALUES, nearest
from textclf_sweep.definition.values import parameter_value, unknown_key

CATEGORICAL = ("categorical", "categorical_w_probabilities")
DISTRIBUTIONS = ("constant", *CATEGORICAL, *RANGES, *PRIORS)
KEYS = ("value", "values", "probabilities", "min", "max", "distribution", "q", "count", *SHAPES, "when")
"""What an entry can have; ``when`` is read by `textclf_sweep.definition.conditions`."""
BESIDE = {
    "value": ("constant",), "values": CATEGORICAL, "min, max": tuple(RANGES), "": DISTRIBUTIONS,
}  # fmt: skip
"""The distributions that go with a form; those of `PRIORS` are a form of their own."""
SHARE = Parameter("probabilities", "float", 0.0, "", minimum=0, maximum=1)


def distribution_of(field: Field, parameter: Parameter, problems: Problems) -> Distribution | None:
    """The distribution that an entry of ``parameters`` describes; None when it is invalid.

    Args:
        field: a single value, or a mapping with some of `KEYS`.
        parameter: the hyperparameter's declaration.
        problems: gets what is wrong.
    """
    if isinstance(field.node, ScalarNode):
        return _constant(field, parameter, problems)
    if isinstance(field.node, ListNode):
        problems.add(field, "a bare list", "a mapping or one value", f"{parameter.name}: {{values: [...]}}")
    if not isinstance(field.node, MapNode) or len(list(field.entries())) < len(field.node.entries):
        return None  # the reader has complained of the rest
    before = len(problems.found)
    name = _distribution_name(field, problems)
    form = _form(field, parameter, name, problems)
    _check_keys(field, form, name, problems)
    if len(problems.found) > before:
        return None
    match form:
        case "value":
            return _constant(field.child("value"), parameter, problems)
        case "values":
            return _categorical(field, parameter, problems)
        case _:
            return range_of(Bounded(field, parameter, name, problems))


def _form(field: Field, parameter: Parameter, name: str, problems: Problems) -> str:
    """``value``, ``values``, ``min, max`` or the name of a prior: what the entry uses; empty when that is not clear."""
    forms = [form for form in ("value", "values") if field.get(form)]
    if name in PRIORS:
        forms.append(name)
    elif field.get("min") or field.get("max"):
        forms.append("min, max")
    if len(forms) == 1:
        return forms[0]
    if field.get("parameters"):
        nested(field, problems)
    elif not forms and field.get("distribution") and not name:
        pass  # it could be anything, and that is reported
    elif not forms:
        example = "{values: [...]}" if not is_numeric(parameter) else "{min: ..., max: ...}"
        near = [item for item in PRIORS if any(field.get(key) for key in _shape(item))]
        fix = f"add distribution: {near[0]}" if near else f"e.g. {example}"
        problems.add(field, "says nothing about the values", "value, values, or min and max", fix)
    else:
        problems.add(field, f"has both {' and '.join(forms)}", "value, values, or min and max", "keep one of them")
    return ""


def nested(field: Field, problems: Problems, owner: str = "parameters") -> None:
    """Complain of ``parameters`` within an entry, as Weights & Biases nests them, and show the flat form.

    Args:
        field: the entry.
        problems: gets the complaint.
        owner: the key below which the flat form stands.
    """
    inner = field.child("parameters")
    names = [name for name, _ in inner.entries()] or ["..."]
    flat = ", ".join(f"{name}: {{...}}" for name in names[:4]) + (", ..." if len(names) > 4 else "")
    fix = f"write {owner}: {{{flat}}}"
    problems.add(field, "nested `parameters` are not supported", f"every hyperparameter directly below {owner}", fix)


def _check_keys(field: Field, form: str, name: str, problems: Problems) -> None:
    """Complain of unknown keys and of a distribution or a key that belongs to another form."""
    fitting = BESIDE.get(form, (form,))
    if name in DISTRIBUTIONS and name not in fitting:
        problems.add(field.child("distribution"), f"{name} does not go with {form}", f"one of {', '.join(fitting)}")
    for key, child in field.entries():
        if key not in KEYS:
            if key != "parameters":
                unknown_key(child, key, KEYS, problems)
        elif wrong := _misplaced(key, form, name):
            problems.add(child, f"does not go with {name if form in ('', 'min, max') and name else form}", *wrong)


def _misplaced(key: str, form: str, name: str) -> tuple[str, str] | None:
    """What would be right instead of a key beside a form, and how to mend it; None when it is right."""
    numbers = form not in ("value", "values")
    if key == "probabilities" and form and form != "values":
        return "probabilities beside values", "remove it"
    if key in ("q", "count") and not numbers:
        return f"{key} beside min and max", "remove it"
    if key == "q" and name in RANGES and not RANGES[name].stepped:
        shape = RANGES[name]
        better = "q_log_uniform" if shape.exponents else "q_log_uniform_values" if shape.log else "q_uniform"
        return "q beside q_ distributions", f"distribution: {better}"
    if key == "q" and name in PRIORS and not PRIORS[name].stepped:
        return "q beside q_ distributions", f"distribution: q_{name}"
    if key in SHAPES and form and key not in _shape(form):
        owner = next(item for item in PRIORS if key in _shape(item))
        return f"{key} beside distribution: {owner} and its like", "remove it"
    return None


def _shape(form: str) -> set[str]:
    """The keys of a prior's numbers; of another form there are none."""
    return {item.name for item in PRIORS[form].shape} if form in PRIORS else set()


def _distribution_name(field: Field, problems: Problems) -> str:
    """The value of ``distribution`` if it is one we know, else empty."""
    child = field.get("distribution")
    if child is None:
        return ""
    name = child.node.value if isinstance(child.node, ScalarNode) else None
    if isinstance(name, str) and name in DISTRIBUTIONS:
        return name
    near = nearest(name, DISTRIBUTIONS, VALUES) if isinstance(name, str) else None
    fix = f"did you mean {near}?" if near else ""
    problems.add(child, f"{describe(child.node)} is not supported", f"one of {', '.join(DISTRIBUTIONS)}", fix)
    return ""


def _constant(field: Field, parameter: Parameter, problems: Problems) -> Constant | None:
    value = parameter_value(field, parameter, problems)
    return None if value is None else Constant(value)


def _categorical(field: Field, parameter: Parameter, problems: Problems) -> Distribution | None:
    child = field.child("values")
    if not isinstance(child.node, ListNode) or not child.node.items:
        what = "the list is empty" if isinstance(child.node, ListNode) else f"{describe(child.node)} is no list"
        problems.add(child, what, "a list with at least one value", f"e.g. values: [{parameter.default}]")
        return None
    values = [parameter_value(item, parameter, problems) for item in child.items()]
    valid = [value for value in values if value is not None]
    if len(valid) < len(child.node.items):
        return None
    twice = sorted(str(value) for value, times in Counter(valid).items() if times > 1)
    if twice:
        problems.add(
            child,
            f"{', '.join(twice)[:60]} stands in the list twice",
            "each value once",
            "remove one",
        )
        return None
    probabilities = _probabilities(field, len(valid), problems)
    if probabilities is not None:
        # What has no chance is no value of the parameter: it would count in the size of the space, and be tried last.
        valid = [value for value, share in zip(valid, probabilities, strict=True) if share > 0]
        probabilities = tuple(share for share in probabilities if share > 0)
    if len(valid) == 1:
        return Constant(valid[0])
    return Categorical(tuple(valid), probabilities)


def _probabilities(field: Field, count: int, problems: Problems) -> tuple[float, ...] | None:
    child = field.get("probabilities")
    if child is None:
        return None
    items = child.node.items if isinstance(child.node, ListNode) else ()
    numbers = [
        float(item.value)
        for item in items
        if isinstance(item, ScalarNode) and not SHARE.reject(item.value) and item.value is not None
    ]
    if len(numbers) != count or len(items) != count:
        problems.add(child, f"{describe(child.node)} of {len(numbers)} probabilities", f"{count} numbers from 0 to 1, "
                     "one for each value")  # fmt: skip
        return None
    total = math.fsum(numbers)
    if not math.isclose(total, 1, abs_tol=1e-6):
        problems.add(child, f"the probabilities sum to {total:.6g}", "a sum of 1")
        return None
    return tuple(numbers)
