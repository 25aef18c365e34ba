"""Every key of a definition but the hyperparameters: what `load` checks and `schema` describes.

Hyperparameters and the options of sources are declared by their modules and reach us through the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.space import Kind, Parameter
from textclf_sweep.trial import OBJECTIVES, Scalar

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""A sweep's name: also a folder's and an MLflow experiment's."""
NAME_WORDING = "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"
DURATION = r"(?=[0-9])([0-9]+(\.[0-9]+)?d)?([0-9]+(\.[0-9]+)?h)?([0-9]+(\.[0-9]+)?m)?([0-9]+(\.[0-9]+)?s)?"
"""``1h30m``; a bare number is seconds."""
TEXT = r"[\s\S]+"
"""Any text but the empty one."""
LONGEST = 366 * 86400
"""Seconds; what a timer can be set to on every system, with room to spare."""
FOREIGN = ("program", "command", "project", "entity")
"""Keys of a Weights & Biases sweep that have no meaning here and do no harm."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key that takes one value.

    Attributes:
        name: the key.
        kind: the type of its value; a duration is seconds or a text like ``1h30m``.
        doc: one sentence, with the default.
        minimum, above, below: bounds, as in `Parameter`.
        choices: the valid values, and a line on each (may be empty).
        pattern: what a text must match as a whole.
        wording: the valid values in words, where the rule's own are not enough.
        advice: the hint when a list or mapping is given.
        required: an error when it is absent.
        nullable: null means that it is absent.
    """

    name: str
    kind: Kind | Literal["duration"]
    doc: str
    minimum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: Mapping[str, str] | None = None
    pattern: str = ""
    wording: str = ""
    advice: str = ""
    required: bool = False
    nullable: bool = False

    @property
    def rule(self) -> Parameter:
        """What checks a single value of it."""
        kind: Kind = "float" if self.kind == "duration" else self.kind
        return Parameter(
            self.name, kind, "", self.doc,
            minimum=self.minimum, above=self.above, below=self.below,
            choices=tuple(self.choices or ()),
        )  # fmt: skip

    def reject(self, value: Scalar | None) -> bool:
        """Whether `value` (not null) is invalid."""
        if self.kind == "duration" and isinstance(value, str):
            value = seconds(value)
        if self.kind == "duration" and isinstance(value, float | int) and value > LONGEST:
            return True
        if self.rule.reject(value) is not None:
            return True
        return bool(self.pattern) and not re.fullmatch(self.pattern, str(value))

    @property
    def expected(self) -> str:
        """The valid values in words."""
        return self.wording or self.rule.expected()


def seconds(text: str) -> float | None:
    """The seconds that a text like ``90s``, ``30m`` or ``1h30m`` stands for; None when it is no duration."""
    if not text.isascii() or not re.fullmatch(DURATION, text):
        return None
    return sum(
        float(number) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[unit]
        for number, unit in re.findall(r"([0-9.]+)([dhms])", text)
    )


def _docs(entries: Mapping[str, Entry]) -> dict[str, str]:
    return {name: entry.doc for name, entry in entries.items()}


def _duration(name: str, doc: str, *, nullable: bool) -> Setting:
    wording = "a time above 0 in seconds, or like 90s, 30m, 2h or 1h30m, of a year at most"
    return Setting(name, "duration", f"{doc} Seconds, or like 1h30m.", above=0, wording=wording, nullable=nullable)


RUN_CAP = Setting(
    "run_cap", "int", "The number of trials; without it the sweep ends with its space or its budget.",
    minimum=1, nullable=True,
)  # fmt: skip


def architecture(catalogue: Catalogue) -> Setting:
    """One name below ``architecture``."""
    return Setting(
        "architecture", "str", "The network to train.", choices=_docs(catalogue.architectures), required=True
    )


def own(catalogue: Catalogue) -> tuple[Setting, ...]:
    """What ``architecture`` can have when it is the user's own."""
    return (
        _path("file", "The Python file that defines it, relative to the definition's folder.", required=True),
        Setting(
            "function", "str", "The function in it that builds the model; default build.",
            pattern=r"[A-Za-z_][A-Za-z0-9_]*", wording="the name of a function",
        ),
        Setting("name", "str", "What it is called; default: the file's name.", pattern=NAME, wording=NAME_WORDING),
        Setting(
            "features", "str", "What the model reads; default: the file's FEATURES, else tokens.",
            choices=dict.fromkeys(catalogue.features, ""),
        ),
    )  # fmt: skip


def _methods(catalogue: Catalogue) -> dict[str, str]:
    """Every method that some searcher serves, with a line on the one that serves it by default."""
    methods: dict[str, str] = {}
    for entry in sorted(catalogue.searchers.values(), key=lambda entry: (not entry.default, entry.library != "optuna")):
        for method in entry.methods:
            methods.setdefault(method, entry.doc)
    return dict(sorted(methods.items()))


def top(catalogue: Catalogue) -> tuple[Setting, ...]:
    """The keys of the top level that take one value."""
    return (
        Setting(
            "name", "str", "The sweep's name, also of its folder and its MLflow experiment; default: the file's name.",
            pattern=NAME, wording=NAME_WORDING,
        ),
        Setting("description", "str", "Free text, shown in MLflow."),
        architecture(catalogue),
        Setting("method", "str", "How parameters are proposed.", choices=_methods(catalogue), required=True),
        Setting("sampler", "str", "Who proposes them; default: the library's own.", choices=_docs(catalogue.searchers)),
        Setting(
            "library", "str", "Whose samplers propose; default optuna.",
            choices=dict.fromkeys(sorted({entry.library for entry in catalogue.searchers.values()}), ""),
        ),
        RUN_CAP,
        Setting(
            "allocate", "str", "How the trials are shared among several architectures; default each.",
            choices={
                "each": "run_cap trials for every one",
                "race": "run_cap trials in all; after each round the worse half of the architectures drops out",
            },
        ),
        Setting(
            "seed", "int", "Of the search, the splits and the training; default 0.",
            minimum=0, below=2**31, wording="a whole number from 0 to 2147483647",
        ),
        Setting("engine", "str", "Where trials run; default local.", choices=_docs(catalogue.engines)),
        Setting(
            "workers", "int", "How many trials train at once; default: as many as the machine holds.",
            minimum=1, nullable=True,
        ),
    )  # fmt: skip


METRIC = (
    Setting("name", "str", "The objective; default val_accuracy.", choices=dict.fromkeys(OBJECTIVES, "")),
    Setting(
        "goal", "str", "Which direction is better; the objective's own when it is absent.",
        choices={"maximize": "larger is better", "minimize": "smaller is better"},
    ),
    Setting("target", "float", "The sweep ends when a trial reaches it; default: never.", nullable=True),
)  # fmt: skip

EARLY_STOPPING = (
    Setting("metric", "str", "What is watched; default: the sweep's objective.", choices=dict.fromkeys(OBJECTIVES, "")),
    Setting("patience", "int", "Epochs without improvement before a trial stops; default 3.", minimum=1),
    Setting("min_delta", "float", "The least change that counts as improvement; default 0.", minimum=0),
    Setting(
        "restore_best_weights", "bool",
        "Whether a trial ends with the weights of its best epoch rather than its last; default true.",
    ),
)  # fmt: skip


BASELINE = Setting(
    "baselines", "str", "A classifier that needs no search.",
    choices={
        "chance": "each label equally often",
        "majority": "always the commonest label",
        "linear": "logistic regression on TF-IDF of words and pairs of words",
    },
)  # fmt: skip


BUDGET = (
    _duration("time", "Active time of the whole sweep, over all its runs; default: unlimited.", nullable=True),
    _duration("trial_time", "Time one trial may take before it is failed; default 30m.", nullable=False),
    Setting(
        "patience", "int", "Finished trials in a row without a better one, after which the sweep ends; default: never.",
        minimum=1, nullable=True,
    ),
)  # fmt: skip


def share(part: str) -> Setting:
    """``validation`` or ``test`` as a share."""
    return Setting(
        part, "float", f"Share of the rows in the {part} part, or the path of separate data; default 0.15.",
        above=0, below=1, wording="a number between 0 and 1, both excluded, or a path",
    )  # fmt: skip


MISSING = ("drop", "empty", "error")
DATA_FORMS = {
    "text": "The column of the texts, or a list of columns, joined by a space; default text.",
    "validation": share("validation").doc,
    "test": share("test").doc,
    "missing": "Blank texts: drop them (default), keep them empty, make them an error, {fill: TEXT} or {from: COLUMN}.",
    "labels": "Other ways to write a label, and the label that is meant.",
    "drop_labels": "Labels whose rows are left out.",
    "cleaning": "Cleaning steps that every trial has; what is to be searched stands below parameters.",
}
"""The keys of ``data`` that take more than one form."""


MEANT = Parameter("", "str", "", "A label as it is to be called; an empty one leaves its rows out.")
FILL = "[\\s\\S]*\\S[\\s\\S]*"
"""A text that is not blank."""


def _column(name: str, doc: str, *, nullable: bool = False) -> Setting:
    return Setting(name, "str", doc, pattern=TEXT, wording="a column's name", nullable=nullable)


def _path(name: str, doc: str, *, nullable: bool = False, required: bool = False) -> Setting:
    return Setting(name, "str", doc, pattern=TEXT, wording="a path", nullable=nullable, required=required)


def data(catalogue: Catalogue) -> tuple[Setting, ...]:
    """The keys of ``data`` that all sources share and that take one value."""
    return (
        Setting(
            "source", "str", "The kind of the data; by default the path tells.", choices=_docs(catalogue.sources),
        ),
        _path("path", "The data's file or folder, relative to the definition's folder.", nullable=True),
        _path("train", "The same as path, for data whose validation or test rows are elsewhere."),
        _column("label", "The column of the labels; default label."),
        _column("group", "A column whose equal rows stay on one side of a split; default: none.", nullable=True),
        _column(
            "split", "A column that says which part a row belongs to: train, validation or test; default: none.",
            nullable=True,
        ),
        Setting(
            "folds", "int",
            "Train every trial so many times, each validated on another part of the rows, and take the mean; for few "
            "rows, and not beside a share for validation; default: once.",
            minimum=2, below=21, wording="a whole number from 2 to 20", nullable=True,
        ),
        Setting("trim_labels", "bool", "Whether white space around labels is removed; default false."),
        Setting(
            "label_case", "str", "The case of the labels; default keep.",
            choices={"keep": "as they are written", "lower": "lower-cased", "upper": "upper-cased"},
        ),
        Setting("min_per_label", "int", "Labels with fewer rows are left out; default 1, which is none.", minimum=1),
        Setting(
            "log_text", "bool", "Whether MLflow may be sent texts of rows; default: when it is on this machine.",
            nullable=True,
        ),
    )  # fmt: skip


TEXTS = _column("text", "A column.")
PART = _path("path", "The path of data of its own.")
LABEL = Setting("label", "str", "A label as it is written in the data.", pattern=TEXT, wording="a label")
INSTEAD = (
    Setting("fill", "str", "The text that they get.", pattern=FILL, wording="a text that is not blank"),
    _column("from", "The column that their text is taken from."),
)
"""What stands instead of a blank text, as a mapping of one key."""


SECTIONS = {
    "metric": "The objective.",
    "parameters": "Where each hyperparameter's value comes from; when absent, the architecture's own ranges. With "
    "several architectures, what is one's alone may stand below its name.",
    "embedding": "Pretrained word vectors to start from, for every architecture that reads tokens: a file or a name, "
    "or {path: ..., trainable: false} to keep them as they are; the same as below parameters.",
    "data": "Where texts and labels come from and how they are split.",
    "early_stopping": "When a trial stops by itself; false trains every epoch.",
    "budget": "Limits of time and patience.",
    "early_terminate": "How trials that fall behind others are ended; false or none lets every trial train to its end.",
    "enqueue": "Parameter sets, possibly partial, that the first trials use.",
    "baselines": "What trials are compared with, measured before them: chance, majority (the commonest label) and "
    "linear (TF-IDF with logistic regression); all of them when it is absent.",
}
"""The keys of the top level that take more than one value."""
