"""The sections of a definition that are no hyperparameters: metric, stopping, pruning and budget."""

from __future__ import annotations

from typing import Literal

from textclf_sweep.definition import keys
from textclf_sweep.definition.catalogue import Catalogue
from textclf_sweep.definition.keys import Setting
from textclf_sweep.definition.nodes import Field, Problems, ScalarNode, quote
from textclf_sweep.definition.types import Budget, EarlyStopping, EarlyTerminate, Metric
from textclf_sweep.definition.values import options_of, section
from textclf_sweep.trial import OBJECTIVES


def metric_of(field: Field | None, problems: Problems) -> Metric:
    """The objective; its direction is its own, whatever is written must agree."""
    if field is None:
        return Metric()
    values = section(field, keys.METRIC, problems)
    name = values.get("name", Metric().name)
    goal: Literal["maximize", "minimize"] = "maximize" if OBJECTIVES[name] == "maximize" else "minimize"
    written = field.get("goal")
    sure = "name" in values or field.get("name") is None
    if written is not None and sure and values.get("goal", goal) != goal:
        better = "larger" if goal == "maximize" else "smaller"
        what = f"{name} is not to be {values['goal']}d: {better} is better"
        problems.add(written, what, goal, f"write goal: {goal}, or leave it out")
    _check_target(field, name, values.get("target"), problems)
    return Metric(name, goal, values.get("target"))


def _check_target(field: Field, name: str, target: float | None, problems: Problems) -> None:
    """A share can't be 95, and a loss not be below 0."""
    child, share = field.get("target"), OBJECTIVES[name] == "maximize"
    if child is None or target is None or (0 <= target <= 1 if share else target >= 0):
        return
    fix = f"write target: {target / 100:g}" if share and 1 < target <= 100 else ""
    expected = "a number from 0 to 1" if share else "a number >= 0"
    problems.add(child, f"{name} never reaches {target:g}", expected, fix)


def early_stopping_of(field: Field | None, metric: Metric, problems: Problems) -> EarlyStopping | None:
    """When a trial stops by itself: false, null and ``none`` are never, absent is the default."""
    if field is None:
        return EarlyStopping(metric=metric.name)
    if isinstance(field.node, ScalarNode):
        if not _is_off(field):
            fix = "remove the key for the default, or write e.g. early_stopping: {patience: 3}"
            problems.add(field, f"{quote(field.node.source)} is not valid", "a mapping, or false", fix)
        return None
    return EarlyStopping(**{"metric": metric.name, **section(field, keys.EARLY_STOPPING, problems)})


def early_terminate_of(field: Field | None, catalogue: Catalogue, problems: Problems) -> EarlyTerminate | None:
    """How trials that fall behind are ended: absent, false, null and ``none`` let every trial train to its end."""
    if field is None or _is_off(field):
        return None
    rule = Setting(
        "type", "str", "The criterion.", required=True,
        choices={**{name: entry.doc for name, entry in catalogue.pruners.items()}, "none": "no pruning"},
    )  # fmt: skip
    foreign: dict[str, list[str]] = {}
    for entry in catalogue.pruners.values():
        for item in entry.parameters:
            foreign.setdefault(item.name, []).append(entry.name)
    kind = section(field, [rule], problems, others=foreign).get("type")
    if kind is None or kind == "none":
        return None
    pruner, before = catalogue.pruners[kind], len(problems.found)
    options = {name: value for name, value in options_of(field, pruner, foreign, problems) if value is not None}
    wrong = pruner.check(options) if pruner.check is not None and len(problems.found) == before else ""
    if wrong:
        names = ", ".join(item.name for item in pruner.parameters)
        problems.add(field, wrong, "", f"the options of {kind} are {names}")
    return EarlyTerminate(kind, options)


def _is_off(field: Field) -> bool:
    """Whether a section is switched off."""
    node = field.node
    return isinstance(node, ScalarNode) and (node.value is None or node.value is False or node.value == "none")


def budget_of(field: Field | None, problems: Problems) -> Budget:
    """Limits of time, in seconds, and of patience, in trials."""
    return Budget() if field is None else Budget(**section(field, keys.BUDGET, problems))
