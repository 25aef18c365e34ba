"""A user's function that builds a model: its hyperparameters, read from its source. Nothing of it is executed."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from textclf_sweep.definition.space import Kind, Parameter
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.trial import Scalar

INFO = "info"
"""The first parameter: the `textclf_sweep.architectures.BuildInfo` that the model must fit."""
FEATURES = "FEATURES"
"""The constant by which a file may say which features it reads."""
KINDS: dict[str, Kind] = {"int": "int", "float": "float", "bool": "bool", "str": "str"}
TYPES = "int, float, bool, str or Literal[...]"

LARGEST = 2**63
"""Beyond it a whole number is none that a model could use."""

Complain = Callable[[int, str, str, str], None]
"""Called with a line (from 1), what is wrong there, what was expected, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a source says of a function.

    Attributes:
        parameters: its hyperparameters, in order; a default of None is one that a definition must give.
        line: where it begins, from 1.
        features: the module of `textclf_sweep.data.features` that the source names; empty when it names none.
        doc: the first line of its documentation, or of the source's; may be empty.
    """

    parameters: tuple[Parameter, ...]
    line: int
    features: str
    doc: str


def signature(source: bytes, function: str, complain: Complain) -> Signature | None:
    """The signature of a function in a Python source; None when it is none that builds models, which is reported.

    Args:
        source: of a module, as it is in its file.
        function: its name.
        complain: gets what is wrong.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's style; the worker's log has them
            module = ast.parse(source)
    except SyntaxError as error:
        complain(error.lineno or 1, f"this is not Python: {error.msg}", "a Python file", "mend the syntax there")
        return None
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL byte; nested far too deeply
        complain(1, f"this is not Python: {error or type(error).__name__}", "a Python file", "name another file")
        return None
    found = _function(module, function, complain)
    return None if found is None else _signature(module, found, complain)


def _function(module: ast.Module, name: str, complain: Complain) -> ast.FunctionDef | None:
    """The last definition of a function at the top level, which is the one that Python would find."""
    expected, fix = f"a function `def {name}({INFO}, ...)` in this file", ""
    for node in reversed(module.body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
        if name not in _bound(node):
            continue
        kind = _OTHERS.get(type(node), "not defined by `def`")
        fix = f"write def {name}({INFO}, ...): return ... around it, so that its parameters can be read"
        complain(node.lineno, f"{name} is {kind}", expected, fix)
        return None
    names = [node.name for node in module.body if isinstance(node, ast.FunctionDef)]
    near = nearest(name, names) or (names[0] if len(names) == 1 else None)
    fix = (
        f"write function: {near} in the definition" if near else f"add it, or name another one by function: in {_LIST}"
    )
    complain(1, f"there is no function {name}", expected, fix)
    return None


_LIST = "the definition's architecture"
_OTHERS: dict[type[ast.stmt], str] = {
    ast.AsyncFunctionDef: "an async function",
    ast.ClassDef: "a class",
    ast.Import: "imported",
    ast.ImportFrom: "imported",
}
"""What a name can be that is no function of the file."""


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of the top level defines or imports."""
    match node:
        case ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (item.asname or item.name for item in names)
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _signature(module: ast.Module, node: ast.FunctionDef, complain: Complain) -> Signature | None:
    """The parameters behind ``info``."""
    given, wrong = node.args, list[bool]()

    def report(line: int, what: str, expected: str, fix: str) -> None:
        wrong.append(True)
        complain(line, what, expected, fix)

    ordered = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [*[None] * (len(ordered) - len(given.defaults)), *given.defaults]
    if not ordered or ordered[0].arg != INFO:
        there = f"begins with {ordered[0].arg}" if ordered else "takes nothing by position"
        fix = f"write def {node.name}({INFO}, ...); {INFO}.labels is how many labels there are"
        report(node.lineno, f"{node.name} {there}", f"{INFO} as its first parameter", fix)
        return None
    if given.vararg is not None:
        fix = "remove it, or write each hyperparameter with its type and default"
        report(given.vararg.lineno, f"*{given.vararg.arg} could be anything", "hyperparameters by name", fix)
    for argument in given.posonlyargs[1:]:
        fix = "move the / before it: hyperparameters are passed by name"
        report(argument.lineno, f"{argument.arg} cannot be given by name", "hyperparameters behind the /", fix)
    pairs = [*zip(ordered[1:], defaults[1:], strict=True), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    docs = _docs(ast.get_docstring(node) or "")
    parameters = [_parameter(argument, default, docs, report) for argument, default in pairs]
    features = _features(module, report)
    doc = (ast.get_docstring(node) or ast.get_docstring(module) or "").partition("\n")[0]
    complete = tuple(item for item in parameters if item is not None)
    return None if wrong else Signature(complete, node.lineno, features, doc)


def _parameter(argument: ast.arg, default: ast.expr | None, docs: dict[str, str], report: Complain) -> Parameter | None:
    """One hyperparameter: its type by its annotation, else by its default."""
    name, line, before = argument.arg, argument.lineno, default is not None
    value = _literal(default) if default is not None else None
    if before and not isinstance(value, int | float | bool | str):
        what = f"the default of {name} is {ast.unparse(cast('ast.expr', default))[:60]}"
        report(line, what, "a number, true or false, or a text, written out", f"e.g. {name}: int = 64")
        return None
    known = _typed(argument.annotation) if argument.annotation is not None else _by_value(value)
    if known is None:
        written = (
            f"is of type {ast.unparse(argument.annotation)[:60]}" if argument.annotation is not None else "has no type"
        )
        report(line, f"{name} {written}", TYPES, f"e.g. {name}: int = 64")
        return None
    kind, choices = known
    found = Parameter(name, kind, None, docs.get(name, f"{name} of the model"), choices=choices)
    if not before:
        return found
    if found.reject(value) is not None or value is None:
        report(line, f"the default of {name} is {value!r:.60}", found.expected(), "change its type or its default")
        return None
    return Parameter(name, kind, found.coerce(value), found.doc, choices=choices)


def _literal(node: ast.expr) -> Scalar | None:
    """The value of a default that is written out; None of any other."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(value, int) and abs(value) > LARGEST:
        return None
    return value if isinstance(value, int | float | bool | str) else None


def _by_value(value: Scalar | None) -> tuple[Kind, tuple[Scalar, ...]] | None:
    return None if value is None else (KINDS[type(value).__name__], ())


def _typed(node: ast.expr) -> tuple[Kind, tuple[Scalar, ...]] | None:
    """The type that an annotation names, and its values when it is a ``Literal``."""
    match node:
        case ast.Constant(value=str(text)):  # an annotation in quotes
            try:
                return _typed(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return None
        case ast.Name(id=name):
            return (KINDS[name], ()) if name in KINDS else None
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal"), slice=inner):
            return _choices(inner)
    return None


def _choices(inner: ast.expr) -> tuple[Kind, tuple[Scalar, ...]] | None:
    """The values of a ``Literal``, all of one type."""
    values = [_literal(item) for item in (inner.elts if isinstance(inner, ast.Tuple) else [inner])]
    valid = tuple(value for value in values if value is not None)
    kinds = {type(value).__name__ for value in valid}
    if len(valid) != len(values) or len(kinds) != 1 or len(set(valid)) != len(valid):
        return None
    kind = KINDS[kinds.pop()]
    if kind == "bool":
        return (kind, ()) if len(valid) == 2 else None  # `Parameter.choices` are of numbers and texts
    return (kind, valid) if kind != "float" else None


def _docs(text: str) -> dict[str, str]:
    """What the ``Args:`` section of a docstring says of each parameter, its first line."""
    _, _, section = text.partition("Args:\n")
    lines = section.partition("\n\n")[0].splitlines()
    found = (re.match(r"\s+(\w+)(?: \([^)]*\))?: (.+)", line) for line in lines)
    return {match[1]: match[2].strip() for match in found if match}


def _features(module: ast.Module, report: Complain) -> str:
    """The features that the source says its models read."""
    for node in module.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and FEATURES in _bound(node) and node.value is not None:
            value = _literal(node.value)
            if isinstance(value, str):
                return value
            report(node.lineno, f"{FEATURES} is no text", "the name of the features", f'e.g. {FEATURES} = "tokens"')
    return ""
