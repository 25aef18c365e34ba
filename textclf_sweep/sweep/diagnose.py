"""From a sweep's ledger to a diagnosis: what is known of a trial, and what must be measured anew, judged."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from textclf_sweep.analysis import diagnosis
from textclf_sweep.analysis.diagnosis import BAD, Case, DataEvidence, Reading
from textclf_sweep.data import guess
from textclf_sweep.data.corpus import Part, fold_name
from textclf_sweep.data.snapshot import read_part
from textclf_sweep.definition.types import Metric
from textclf_sweep.errors import InputError, SweepError
from textclf_sweep.ledger import Ledger
from textclf_sweep.ranking import best
from textclf_sweep.store import Store, SweepFolder
from textclf_sweep.sweep import evidence, reading
from textclf_sweep.sweep.find import find
from textclf_sweep.sweep.manage import open_ledger
from textclf_sweep.sweep.snapshot import linear_of
from textclf_sweep.trial import History, Parameters, TrialRecord
from textclf_sweep.verdicts import verdict, why


def diagnose(store: Store, name: str, trial: int | None = None) -> dict[str, Any]:
    """The object of ``sweep diagnose --json``: of a sweep's best trial, or of one that is named.

    Args:
        store: where the sweep is.
        name: of the sweep, or the id of the MLflow run of one of its trials.
        trial: number of the trial; None takes the best, of a sweep without success the one that came furthest.

    Raises:
        InputError: there is no such sweep or trial, it has not finished, or something else logged the run.
        StorageError: the ledger cannot be read.
    """
    name, trial = find(store, name, trial)
    with open_ledger(store, name) as ledger:
        return _object(ledger, store.sweep(name), trial)


def unasked(ledger: Ledger, folder: SweepFolder, status: Mapping[str, Any]) -> dict[str, Any] | None:
    """The diagnosis at the end of a sweep: when its best is stuck or weak, or there is none; else None.

    Args:
        ledger: of the sweep.
        folder: the same.
        status: the object of ``sweep status --json``.
    """
    best, finished = status["best"], any(record.state.final for record in ledger.history() if record.counted)
    if status["state"] == "interrupted" or not finished or (best and best["verdict"] not in BAD):
        return None
    found = _object(ledger, folder, None)
    return found if found["verdict"] is not None else None  # trials that failed have said why


def _object(ledger: Ledger, folder: SweepFolder, trial: int | None) -> dict[str, Any]:
    record = _chosen(ledger, trial)
    found = diagnosis.diagnose(case_of(ledger, folder, record))
    told = why(found.verdict) if found.verdict is not None else f"{record.state}: {record.reason}"
    return {"sweep": ledger.get("name"), **found.to_json(), "why": told}


def _chosen(ledger: Ledger, trial: int | None) -> TrialRecord:
    history, name = ledger.history(), ledger.get("name")
    finished = [record for record in history if record.state.final]
    if trial is not None:
        found = next((record for record in history if record.number == trial), None)
        if found is None:
            numbers = f"its trials are 1 to {len(history)}" if history else "it has none yet"
            raise InputError(f"the sweep {name!r} has no trial {trial}", fix=numbers)
        if not found.state.final:
            raise InputError(f"trial {trial} of {name!r} has not finished ({found.state})", fix="wait for its end")
        return found
    if not finished:
        raise InputError(
            f"the sweep {name!r} has no finished trial to diagnose", fix="run it (on) with `sweep run FILE`"
        )
    metric = Metric(**{key: ledger.get("metric")[key] for key in ("name", "goal")})
    return best(history, metric) or _furthest(finished, metric)


def _furthest(finished: list[TrialRecord], metric: Metric) -> TrialRecord:
    """Of trials without success the best of those that were ended early, else the first that diverged or failed."""
    valued = [record for record in finished if record.value is not None]
    if valued:
        sign = 1 if metric.goal == "maximize" else -1
        return max(valued, key=lambda record: (sign * (record.value or 0.0), -record.number))
    judged = [record for record in finished if verdict(record) is not None]
    return (judged or finished)[0]


def case_of(ledger: Ledger, folder: SweepFolder, record: TrialRecord) -> Case:
    """What is known of a trial; what can no longer be measured is left out.

    Args:
        ledger: of its sweep.
        folder: of the sweep.
        record: the trial; final.
    """
    identity = ledger.get("definition") or {}
    name = record.trial.architecture
    own = (identity.get("own") or {}).get(name)
    declared = _declared(name) if own is None else ()
    settings = identity.get("data") or {}
    corpus = folder.corpus / fold_name(1) if settings.get("folds") else folder.corpus
    features = own["features"] if own is not None else _features(name)
    data, read = _measured(ledger, folder, record, corpus, features, declared)
    metric = ledger.get("metric") or {"name": "val_accuracy", "goal": "maximize"}
    return Case(
        record=record,
        verdict=verdict(record, linear_of(ledger)),
        history=_counted(ledger.history()),
        metric=Metric(metric["name"], metric["goal"]),
        space=(identity.get("space") or {}).get(name, {}),
        early_stopping=identity.get("early_stopping"),
        own=own is not None,
        takes_vectors=any(item.name == "trainable" for item in declared) and features == "tokens",
        source=str((ledger.get("data") or {}).get("source") or ""),
        label_column=_label_column(ledger.get("data") or {}, settings),
        findings={finding["name"]: finding["severity"] for finding in ledger.get("findings") or ()},
        smoke=_warnings(ledger, name),
        data=data,
        reading=read,
    )


def _label_column(data: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """The column that looks like the labels, when another one is read."""
    if not data.get("path"):
        return ""
    with suppress(SweepError, OSError):
        likely = guess.settings(str(data["path"]), tuple(settings.get("text") or ())).label
        return likely if likely != settings.get("label") else ""
    return ""


def _warnings(ledger: Ledger, architecture: str) -> dict[str, str]:
    found: Mapping[str, Any] = (ledger.get("smoke") or {}).get(architecture) or {}
    return {warning["name"]: warning["why"] for warning in found.get("warnings", ())}


def _counted(history: History) -> History:
    return tuple(record for record in history if record.counted)


def _measured(  # noqa: PLR0913, PLR0917 - where everything is, each once
    ledger: Ledger, folder: SweepFolder, record: TrialRecord, corpus: Path, features: str, declared: tuple[Any, ...]
) -> tuple[DataEvidence | None, Reading | None]:
    """The data as they were when the sweep began; None for what is gone or cannot be built."""
    data, read = None, None
    linear = ((ledger.get("baselines") or {}).get("linear") or {}).get("metrics", {}).get("accuracy")
    with suppress(SweepError, OSError):
        train, validation = read_part(corpus, "train"), read_part(corpus, "validation")
        data = evidence.measure(train, validation, linear, int((ledger.get("definition") or {}).get("seed", 0)))
        read = _reading(ledger, folder, record, corpus, features, declared, train)
    return data, read


def _reading(  # noqa: PLR0913, PLR0917 - where everything is, each once
    ledger: Ledger,
    folder: SweepFolder,
    record: TrialRecord,
    corpus: Path,
    features: str,
    declared: tuple[Any, ...],
    train: Part,
) -> Reading | None:
    given: Parameters = {item.name: item.preset for item in declared} | dict(record.trial.parameters)
    start = Path(str(ledger.get("definition_path") or ".")).parent
    with suppress(SweepError, OSError):
        return reading.read(reading.Place(features, corpus, folder.cache, start, given), train)
    return None


def _declared(architecture: str) -> tuple[Any, ...]:
    """The parameters of one of the catalogue's architectures; none when it is no longer there."""
    with suppress(ImportError):
        module = importlib.import_module(f"textclf_sweep.architectures.{architecture}")
        return (*module.PARAMETERS, *getattr(module, "OVERRIDES", ()))
    return ()


def _features(architecture: str) -> str:
    with suppress(ImportError):
        return str(importlib.import_module(f"textclf_sweep.architectures.{architecture}").FEATURES)
    return "tokens"
