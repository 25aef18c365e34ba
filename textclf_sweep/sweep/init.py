"""A definition for data that nobody has described: what ``sweep init`` writes.

The data are looked at, what is harmless to cure is cured, everything else is proposed in a comment, and the search
fits their size.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from textclf_sweep import data
from textclf_sweep.data import audit, guess, sources
from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.features.tokens import tokenize
from textclf_sweep.data.findings import Finding
from textclf_sweep.data.prepare import prepare
from textclf_sweep.data.sources._parts import PART_OF
from textclf_sweep.definition.load import load
from textclf_sweep.definition.types import DataSettings, Missing
from textclf_sweep.definition.writing import Entry, commented, written
from textclf_sweep.errors import DataError
from textclf_sweep.sweep.assumptions import assumptions
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.columns import Columns, proposed
from textclf_sweep.sweep.cures import Cure, cures, merged

SEED = 7
SAMPLE = 20_000
"""Texts whose lengths are looked at."""
FEW = 2_000
"""Rows below which one validation part is too small to tell trials apart, so that folds are worth their time."""
FOLDS = (5, 3)
"""Numbers of folds that are tried, until the rows suffice."""
SHORTEST = 16
"""Words that are read of a text at the least."""
LONG, MANY = 200, 100_000
"""Words of a long text, and rows, from which on a recurrent network takes too long to be searched by default."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition that has been made up.

    Attributes:
        text: the YAML.
        name: the sweep's.
        rows: of the source.
        labels: rows of each label as it will be learned, the commonest first.
        chosen: how the data are read, in words.
        findings: what the definition deals with, as it was found, and everything that is found in the data as it has
            them prepared; the gravest first.
        handled: names of the findings that the definition deals with.
    """

    text: str
    name: str
    rows: int
    labels: Mapping[str, int]
    chosen: str
    findings: tuple[Finding, ...]
    handled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Size:
    """What the search is fitted to.

    Attributes:
        rows: that are learned from.
        middle, most: words that half and 95 % of the texts have at the most.
    """

    rows: int
    middle: int
    most: int


def draft(target: str, file: Path, text: tuple[str, ...] = (), label: str = "", *, force: bool = False) -> Draft:
    """A definition for the data `target`, to be written to `file`.

    Args:
        target: a data file, a folder, or the name of a source such as ``uci_news``.
        file: where the definition will be; paths in it are relative to its folder.
        text: columns of the texts; guessed when empty.
        label: the column of the labels; guessed when empty.
        force: whether to go on in spite of fatal findings.

    Raises:
        DataError: the data cannot be read or split, it cannot be told which column is what, or a finding is fatal.
    """
    chosen, notes = guess.siblings(guess.settings(target, text, label))
    columns = proposed(chosen)
    if columns.spare:
        chosen = dataclasses.replace(chosen, missing=Missing("from", columns.spare))
    examined = data.examine(chosen, data.Assumptions(seed=SEED))
    data.refuse(examined, force=force)
    found: Mapping[str, Cure] = cures(examined.findings)
    settings = _cured(chosen, found)
    cured = dataclasses.replace(examined, corpus=prepare(examined.corpus, settings))
    settings = _with_folds(settings, cured, asked="data.folds" in found)
    name, size = sweep_name(target, chosen), _size(cured.corpus)

    def body(found: Mapping[str, Cure]) -> str:
        return written(_body(name, _data(target, file, settings, found, columns), size, found))

    again = _again(body(found), file, examined, force=force)
    found = merged(found, cures(again.findings))
    handled = [cure.finding for cure in found.values() if _applies(cure, settings)]
    handled += [finding for finding in again.findings if columns.spare and finding.name == "missing_text"]
    drafted = Draft(
        text="",
        name=name,
        rows=examined.rows,
        labels=dict(Counter(again.corpus.labels).most_common()),
        chosen=guess.explained(chosen),
        findings=_listed(handled, again.findings),
        handled=tuple(dict.fromkeys(finding.name for finding in handled)),
    )
    head = [*_head(drafted, size, file.name, notes), "#", *commented("\n".join(_found(drafted, handled)))]
    return dataclasses.replace(drafted, text="\n".join([*head, "", body(found)]))


def _again(text: str, file: Path, before: data.Examined, *, force: bool) -> data.Examined:
    """The data as a definition prepares them: what is said of them is to hold for what is learned from.

    Args:
        text: the definition.
        file: where it will be.
        before: the data as they were looked at; rows and labels that are still the same are not looked at again.
        force: whether to go on in spite of fatal findings.

    Raises:
        DataError: a finding is fatal, or the rows cannot be split.
    """
    definition = load(text, discover(), path=file)
    corpus, known = prepare(sources.load(definition.data), definition.data), before.corpus
    same = (corpus.texts, corpus.labels, corpus.parts) == (known.texts, known.labels, known.parts)
    examined = before if same else data.examine(definition.data, assumptions(definition))
    data.refuse(examined, force=force)
    return dataclasses.replace(examined, findings=data.divide(examined, definition.data, definition.seed).findings)


def sweep_name(target: str, chosen: DataSettings) -> str:
    """A name for a sweep on these data: the file's, or its folder's when the file is called after a part."""
    path = Path(chosen.path or target)
    stem = path.name.split(".")[0]
    name = path.parent.name if stem.lower() in PART_OF else stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:64] or "mine"


def _listed(handled: Sequence[Finding], again: Sequence[Finding]) -> tuple[Finding, ...]:
    """What was dealt with, as it was found, and what is left of the data then."""
    names = {finding.name for finding in handled}
    left = [finding for finding in again if finding not in handled and (finding.name not in names or finding.patch)]
    return audit.ordered(dict.fromkeys([*handled, *left]))


def _applies(cure: Cure, settings: DataSettings) -> bool:
    return settings.folds is not None if cure.key == "data.folds" else cure.harmless


def _cured(chosen: DataSettings, found: Mapping[str, Cure]) -> DataSettings:
    """The settings with what is harmless of the data's cures."""
    values = {key: cure.value for key, cure in found.items() if cure.harmless}
    return dataclasses.replace(
        chosen,
        trim_labels=values.get("data.trim_labels", False),
        label_case=values.get("data.label_case", "keep"),
        labels=tuple(values.get("data.labels", {}).items()),
    )


def _with_folds(settings: DataSettings, examined: data.Examined, *, asked: bool) -> DataSettings:
    """The settings with as many folds as few rows allow.

    Raises:
        DataError: the rows cannot be split at all.
    """
    given = settings.validation_path is not None or "validation" in (examined.corpus.parts or ())
    if not given and (asked or len(examined.corpus) < FEW):
        for folds in FOLDS:
            divided = dataclasses.replace(settings, folds=folds)
            with contextlib.suppress(DataError):
                data.divide(examined, divided, SEED)
                return divided
    data.divide(examined, settings, SEED)
    return settings


def _size(corpus: Corpus) -> _Size:
    texts = corpus.texts[:: max(1, len(corpus) // SAMPLE)]
    lengths = sorted(len(tokenize(text, "word")) for text in texts)
    return _Size(len(corpus), lengths[len(lengths) // 2], lengths[len(lengths) * 95 // 100])


def _head(drafted: Draft, size: _Size, file: str, notes: Sequence[str]) -> Iterator[str]:
    """The comment above the first key, line by line: the data, and what to do next."""
    lengths = f"half of the texts have up to {size.middle:,} words, 95 % up to {size.most:,}"
    about = f"{drafted.name}: {drafted.rows:,} rows, {len(drafted.labels):,} labels; {lengths}"
    yield from commented("\n".join([about, drafted.chosen, *notes]))
    commands = {
        f"sweep check {file}": "what was found in the data, with lines and reasons",
        f"sweep plan {file}": "what would run",
        f"sweep run {file}": "runs it; the same command again goes on",
    }
    width = max(map(len, commands)) + 4
    yield from commented("\n".join(["", *(f"{command:<{width}}{what}" for command, what in commands.items()), ""]))
    yield "#"
    yield from commented("to see that everything works, one trial of one architecture with its default values:")
    # In one line, however long, so that it can be copied.
    yield f"# {alone(drafted.name, file)}"


def _found(drafted: Draft, handled: Collection[Finding]) -> Iterator[str]:
    """What was found in the data, a line each."""
    yield "found in the data:" if drafted.findings else "nothing was found in the data"
    for finding in drafted.findings:
        more = "; dealt with below" if finding in handled else "; see below" if finding.patch else ""
        more = f": {finding.why}" if finding.name == "missing_header" else more
        yield f"- {finding.severity}: {finding.name}, {_extent(finding)}{more}"


def alone(name: str, file: str) -> str:
    """The command that tries one architecture of such a definition once, as a sweep of its own.

    Args:
        name: the sweep's.
        file: its definition.
    """
    values = [f"name={name[:58]}-quick", "architecture=tfidf_mlp", "allocate=each", "run_cap=1", "parameters={}"]
    place = "".join(filter(str.isprintable, shlex.quote(file)))
    return f"sweep run {place} {' '.join(f'--set {value}' for value in values)}"


def _extent(finding: Finding) -> str:
    share = f"{finding.share:.2%}" if 0 < finding.share < 0.001 else f"{finding.share:.1%}"
    return f"{finding.count:,} {'row' if finding.count == 1 else 'rows'} ({share})"


def _data(
    target: str, file: Path, settings: DataSettings, found: Mapping[str, Cure], columns: Columns
) -> Iterator[Entry]:
    """The keys of the section ``data``."""
    if settings.path is None:
        yield Entry("source", settings.source)
    else:
        place = _path(settings.path, target, file)
        yield Entry("path", place, "" if place.startswith("/") else "relative to this file")
    for part, path in (("validation", settings.validation_path), ("test", settings.test_path)):
        if path is not None:
            yield Entry(part, _path(path, target, file))
    if settings.path is not None and Path(settings.path).is_file():
        yield Entry("text", settings.text[0] if len(settings.text) == 1 else list(settings.text))
        if columns.texts:
            instead = "instead of text and missing" if settings.missing.action == "from" else "instead of text"
            yield Entry("text", list(columns.texts), f"{instead}: these columns look like texts, too", on=False)
        yield Entry("label", settings.label)
    yield from _roles(settings, columns)
    standard = guess.options(settings.source)
    yield from (Entry(name, value) for name, value in settings.options.items() if value != standard[name])
    if settings.folds is not None:
        yield Entry(
            "folds", settings.folds, "a trial's value is the mean over so many folds, because there are few rows"
        )
    yield from _cures("data.", found)
    if steps := tuple(_cures("data.cleaning.", found)):
        yield Entry("cleaning", steps)


def _roles(settings: DataSettings, columns: Columns) -> Iterator[Entry]:
    """The keys that name columns besides those of texts and labels."""
    group = settings.group or columns.group
    if group:
        why = "rows of one group stay on one side of the split"
        why = why if settings.group else f"if rows of one {group} are alike: {why}"
        yield Entry("group", group, why, on=settings.group is not None)
    if settings.split is not None:
        yield Entry("split", settings.split, "says which part a row belongs to")
    if columns.spare:
        yield Entry("missing", {"from": columns.spare}, f"{columns.spared:,} of the texts that are missing are there")


def _cures(section: str, found: Mapping[str, Cure]) -> Iterator[Entry]:
    """The keys of a section that findings propose; those that may do harm are no more than comments."""
    for path, cure in found.items():
        key = path.removeprefix(section)
        if not path.startswith(section) or "." in key or path in ("data.folds", "data.encoding"):
            continue
        why = f"{cure.finding.name}, {_extent(cure.finding)}"
        why = why if cure.harmless else f"{why}: {cure.finding.fix}"
        value = cure.value
        if key.startswith("labels"):
            pairs = tuple(Entry(label, meant) for label, meant in value.items())
            joined = path == "data.labels?" and "data.labels" in found
            why = f"{why}; add these to labels" if joined else why
            value = pairs
        yield Entry(key.rstrip("?"), value, why, on=cure.harmless)


def _body(name: str, keys: Iterable[Entry], size: _Size, found: Mapping[str, Cure]) -> list[list[Entry]]:
    """The definition: these data, and a search that fits their size."""
    recurrent = size.most <= LONG and size.rows <= MANY
    architectures = ["tfidf_mlp", "cnn", *(["lstm"] if recurrent else [])]
    minutes = 20 if size.rows < FEW else 60 if size.rows < MANY else 240
    slow = "" if recurrent else "; lstm would take long on these data"
    metric = found.get("metric.name")
    judged = (
        f"{metric.finding.name}: each label counts the same" if metric else "val_macro_f1 counts each label the same"
    )
    return [
        [
            Entry("name", name),
            Entry("architecture", architectures, f"after each round of trials the worse half drops out{slow}"),
            Entry("allocate", "race", "each: every architecture gets run_cap trials of its own"),
            Entry("method", "bayes", "or random, grid"),
            Entry("run_cap", 8 * len(architectures), "trials in all; more later continues the sweep"),
        ],
        [Entry("data", tuple(keys))],
        [Entry("metric", (Entry("name", "val_macro_f1" if metric else "val_accuracy", judged),))],
        [Entry("parameters", tuple(_parameters(architectures, size, found)))],
        [
            Entry(
                "early_stopping", {"patience": 3}, "epochs without a better value; the best epoch's weights are kept"
            ),
            Entry("budget", {"time": f"{minutes}m", "trial_time": f"{max(10, minutes // 4)}m"}),
            Entry("seed", SEED),
        ],
    ]


def _parameters(architectures: Sequence[str], size: _Size, found: Mapping[str, Cure]) -> Iterator[Entry]:
    """Ranges that are searched, and values that fit the data."""
    batches = [16, 32] if size.rows < FEW else [32, 64, 128] if size.rows < MANY else [128, 256]
    epochs = 30 if size.rows < FEW else 15 if size.rows < MANY else 6
    low, high = (0.0005, 0.02) if size.rows < FEW else (0.0003, 0.01)
    yield Entry("learning_rate", {"distribution": "log_uniform_values", "min": low, "max": high})
    yield Entry("batch_size", {"values": batches})
    yield Entry("dropout", {"min": 0.0, "max": 0.6})
    yield Entry("epochs", {"value": epochs}, "at the most; early stopping usually ends a trial sooner")
    if (cure := found.get("parameters.max_length")) is None or not cure.harmless:
        fitting = max(SHORTEST, -(-size.most // 8) * 8)
        yield Entry("max_length", {"value": fitting}, "words that are read of a text; 95 % have no more")
    yield from _cures("parameters.", found)
    own = {"tfidf_mlp": "units", "cnn": "filters", "lstm": "units"}
    for name in architectures:
        yield Entry(name, (Entry(own[name], {"values": [32, 64, 128]}),))


def _path(path: str, target: str, file: Path) -> str:
    """A path as it stands in `file`: relative to its folder unless the user named an absolute one elsewhere."""
    place, folder = Path(path), file.absolute().parent
    if Path(target).is_absolute() and not place.is_relative_to(folder):
        return str(place)
    return os.path.relpath(place, folder)
