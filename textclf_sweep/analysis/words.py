"""What a sweep found, in plain sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from textclf_sweep.data import cleaning
from textclf_sweep.training import parameters as training
from textclf_sweep.trial import Scalar

FIRST = ("learning_rate", "batch_size", "depth", "dropout", "optimizer")
"""The parameters that nearly every sweep is about; they are shown before the others."""

USUAL = {item.name: item.preset for item in (*cleaning.PARAMETERS, *training.OPTIONAL)}
"""The cleaning and training that happen unless a definition says otherwise."""

WHOLE = "every trial is done"
"""The reason of a sweep that ended as planned."""


def findings(status: Mapping[str, Any], searched: Sequence[str]) -> tuple[str, ...]:
    """The end of a sweep in a few sentences.

    Args:
        status: the object of ``sweep status --json``.
        searched: names of the parameters that varied.
    """
    best, trials = status["best"], status["trials"]
    done = sum(trials[state] for state in ("complete", "pruned", "failed"))
    if best is None:
        said = ("No trial has finished." if not done else _none(done), _stuck(status.get("stuck", 0)))
        return tuple(sentence for sentence in said if sentence)
    return tuple(
        sentence
        for sentence in (
            _winner(best, done, searched, several=len(status.get("architectures") or ()) > 1),
            _verdict(best),
            _architectures(status),
            _pruned(trials.get("pruned", 0) - status.get("stuck", 0)),
            _stuck(status.get("stuck", 0)),
            _failures(trials),
            *_test(status),
            *_ending(status),
        )
        if sentence
    )


def number(value: Scalar) -> str:
    """A parameter's value as a person writes it, in three significant digits: 0.00123, 1.2e-05, 64, true, adam."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if 999.5 <= abs(value) < 1e6:
            return f"{value:.0f}"
        case float():
            return f"{value:.3g}"
        case _:
            return str(value)


def parameters(values: Mapping[str, Scalar], names: Sequence[str] | None = None) -> str:
    """``learning_rate 0.00123, units 64``: all of `values`, or those of `names` that are there, as `ordered`."""
    chosen = values if names is None else [name for name in names if name in values]
    return ", ".join(f"{name} {number(values[name])}" for name in ordered(chosen))


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Parameter names, those of `FIRST` first, then the others as they come."""
    given = tuple(names)
    return (*(name for name in FIRST if name in given), *(name for name in given if name not in FIRST))


def usual(name: str, value: Scalar) -> bool:
    """Whether a parameter is a step of cleaning or training at its default: fixed there, it goes without saying."""
    return name in USUAL and USUAL[name] == value


def unsaid(spaces: Iterable[Mapping[str, Mapping[str, Any]]]) -> frozenset[str]:
    """The steps of cleaning and training that every trial takes as usual.

    Args:
        spaces: the space of each architecture as `SweepDefinition.identity` has it.
    """
    searched = {name for space in spaces for name, item in space.items() if not _is_usual(name, item)}
    return frozenset(USUAL) - searched


def _is_usual(name: str, item: Mapping[str, Any]) -> bool:
    return item["kind"] == "constant" and usual(name, item["value"])


def _none(done: int) -> str:
    return "The only trial did not succeed." if done == 1 else f"None of the {done} trials succeeded."


def _winner(best: Mapping[str, Any], done: int, searched: Sequence[str], *, several: bool) -> str:
    of = "The only trial" if done == 1 else f"The best of {done} trials"
    chosen = parameters(best["parameters"], searched)
    which = f"trial {best['number']} ({best['architecture']})" if several else f"trial {best['number']}"
    sentence = f"{of} is {which} with {best['metric']} {best['value']:.4f}"
    spread = best["metrics"].get(f"{best['metric']}_std")
    sentence += "" if spread is None else f" (standard deviation over the folds {spread:.4f})"
    return f"{sentence}: {chosen}." if chosen else f"{sentence}."


def _verdict(best: Mapping[str, Any]) -> str:
    name = best.get("verdict")
    return f"Verdict: {name} ({best['verdict_why']})." if name else ""


def _architectures(status: Mapping[str, Any]) -> str:
    """The best of each architecture, when there are several: ``By architecture: cnn 0.81 in 12 trials, ...``."""
    found = status.get("architectures") or {}
    if len(found) < 2:
        return ""
    parts = [
        f"{name} {'-' if item['value'] is None else format(item['value'], '.4f')}"
        f" in {item['trials']} trial{'' if item['trials'] == 1 else 's'}"
        for name, item in found.items()
    ]
    return f"By architecture: {', '.join(parts)}."


def _pruned(count: int) -> str:
    if not count:
        return ""
    if count == 1:
        return "1 trial fell behind the others and was ended early."
    return f"{count} trials fell behind the others and were ended early."


def _stuck(count: int) -> str:
    if not count:
        return ""
    got = "1 trial got" if count == 1 else f"{count} trials got"
    return f"{got} no further than the commonest label and {'was' if count == 1 else 'were'} ended as stuck."


def _failures(trials: Mapping[str, int]) -> str:
    if not trials["failed"]:
        return ""
    one = trials["failed"] == 1
    return f"{trials['failed']} {'trial' if one else 'trials'} failed; `sweep trials` says why."


def _test(status: Mapping[str, Any]) -> tuple[str, ...]:
    test = status["test"]
    if test is None or test["trial"] != status["best"]["number"]:  # opened for an earlier winner, or never
        metrics = status["best"]["metrics"]
        rows = "the folds, on average" if "val_accuracy_std" in metrics else "the validation part"
        return _against(metrics.get("val_accuracy"), status["floors"], rows)
    opened = f"On the held-out test part ({test['rows']:,} rows) it reaches accuracy {test['accuracy']:.4f}"
    sentence = f"{opened} and macro F1 {test['macro_f1']:.4f}."
    if test["openings"] > 1:
        sentence += f" (The test part has been opened {test['openings']} times: its figure is a little too good.)"
    return sentence, *_against(test["accuracy"], test["floors"], "it")


def _against(accuracy: float | None, floors: Mapping[str, float | None], rows: str) -> tuple[str, ...]:
    majority, linear = floors.get("majority"), floors.get("linear")
    if accuracy is None or majority is None:
        return ()
    above = _points(accuracy - majority)
    sentences = [f"Always guessing the commonest label gets {majority:.4f} on {rows}: the winner is {above}."]
    if linear is not None:
        sentences.append(
            f"TF-IDF with logistic regression gets {linear:.4f}: the winner is {_points(accuracy - linear)}."
        )
    return tuple(sentences)


def _points(difference: float) -> str:
    points = round(100 * difference, 1)
    size = f"{abs(points):.1f} points"
    return f"{size} above" if points > 0 else f"{size} below" if points < 0 else "level with it"


def _ending(status: Mapping[str, Any]) -> tuple[str, ...]:
    if status["state"] in ("interrupted", "stopped"):
        return (f"The sweep has not ended: {status['reason']}.",)
    return (f"The sweep ended because {status['reason']}.",) if status["reason"] not in ("", WHOLE) else ()
