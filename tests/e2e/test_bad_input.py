"""What users get wrong: exit code 2, a message that says where, what and how to mend it, and nothing left behind."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

GOOD = """\
architecture: lstm
method: random
run_cap: 2
data: {path: news.csv, text: text, label: label}
parameters:
  learning_rate: {min: 0.001, max: 0.01}
  epochs: {value: 1}
"""
LINES = GOOD.splitlines()

ROWS = "text,label\n" + "".join(
    f"{word} {number},{label}\n" for number in range(60) for word, label in (("shares fell", "a"), ("team won", "b"))
)


@dataclass(frozen=True)
class Mistake:
    """One way to get it wrong.

    Attributes:
        name: of the mistake.
        message: regular expressions that stderr matches, the place among them.
        line, text: the line of `GOOD` that is replaced, from 1, and what it says instead.
        files: more files, or other content for those there are.
        arguments: of `sweep run`.
    """

    name: str
    message: tuple[str, ...]
    line: int = 1
    text: str = LINES[0]
    files: dict[str, str | bytes] = field(default_factory=dict)
    arguments: tuple[str, ...] = ("sweep.yaml",)


def definition(name: str, line: int, text: str, *message: str) -> Mistake:
    return Mistake(name, (f"^error: sweep.yaml:{line + text.count(chr(10))}", *message), line, text)


def data(name: str, content: str | bytes, *message: str) -> Mistake:
    return Mistake(name, message, files={"news.csv": content})


def command(name: str, arguments: tuple[str, ...], *message: str) -> Mistake:
    return Mistake(name, message, arguments=arguments)


MISTAKES = (
    # The file
    command("no such file", ("sweeep.yaml",), "^error: sweeep.yaml: there is no such file", "did you mean sweep.yaml"),
    command("a folder", (".",), r"^error: \.: this is a folder", "hint: name a file"),
    Mistake("a file in Latin-1", ("^error: sweep.yaml:1", "UTF-8"), files={"sweep.yaml": b"# caf\xe9\n"}),
    Mistake("an empty file", ("^error: sweep.yaml:1: the file is empty", "hint: "), files={"sweep.yaml": ""}),
    Mistake("a list", ("^error: sweep.yaml",), files={"sweep.yaml": "- architecture: lstm\n"}),
    Mistake("a zip file", ("^error: sweep.yaml",), files={"sweep.yaml": b"PK\x03\x04\x00\x00\x00\x00" + bytes(99)}),
    # YAML
    definition("unclosed brackets", 6, "  learning_rate: {min: 0.001, max: 0.01", "not YAML", "hint: "),
    definition("a tab", 6, "\tlearning_rate: 0.1", "tab", "hint: indent with spaces"),
    definition("a duplicate key", 3, "run_cap: 2\nrun_cap: 4", "'run_cap'", "line 3"),
    definition("an alias", 7, "  epochs: *many", "alias"),
    definition("a tag", 7, "  epochs: !!int 1", "tag"),
    # Keys
    definition("an unknown key", 3, "run_capp: 2", "run_capp: there is no key", "hint: did you mean run_cap"),
    definition("a mistyped parameter", 6, "  learning_rat: 0.1", "learning_rat: ", "did you mean learning_rate"),
    definition("a foreign parameter", 6, "  lr: 0.1", r"parameters\.lr", "did you mean learning_rate"),
    definition("a parameter at the top", 3, "dropout: 0.5", "dropout: is a hyperparameter", "below parameters"),
    definition("a foreign metric", 3, "metric: {name: val_acc}", r"metric\.name", "did you mean val_accuracy"),
    definition("pruning", 3, "early_terminate: {type: hyperband}", "early_terminate", "hint: "),
    # Values
    definition("an unknown architecture", 1, "architecture: lstmm", "architecture: .*'lstmm'", "did you mean lstm"),
    definition("an unknown method", 2, "method: bayesian", "method: .*'bayesian'", "did you mean bayes"),
    definition("no trials", 3, "run_cap: 0", "run_cap: 0", "expected a whole number >= 1"),
    definition("a word for a number", 3, "run_cap: two", "run_cap: .*'two'", "expected a whole number"),
    definition("a range upside down", 6, "  learning_rate: {min: 1, max: 0.01}", "min", "expected min below max"),
    definition("a range beyond bounds", 6, "  dropout: {min: 0, max: 1}", r"parameters\.dropout\.max", "< 1"),
    definition("an empty list", 6, "  units: {values: []}", r"parameters\.units", "at least one value"),
    definition("exponents", 6, "  l2: {distribution: log_uniform, min: 0.001, max: 0.1}", "log_uniform_values"),
    definition("a wrong goal", 3, "metric: {name: val_loss, goal: maximize}", r"metric\.goal", "expected minimize"),
    definition("a name with a slash", 3, "name: a/b", "name: .*'a/b'", "expected 1 to 64"),
    definition("a budget of nothing", 3, "budget: {time: 0}", r"budget\.time", "expected a time above 0"),
    Mistake(
        "a grid over a range",
        ("^error: sweep.yaml:6 parameters.learning_rate", "grid", "hint: "),
        2,
        "method: grid",
    ),
    # The command line
    command("an unknown override", ("sweep.yaml", "--set", "run_capp=3"), "--set run_capp", "did you mean run_cap"),
    command("an override out of range", ("sweep.yaml", "--set", "run_cap=0"), "--set run_cap: 0", "expected a whole"),
    command("an override without a value", ("sweep.yaml", "--set", "run_cap"), "^error: .*run_cap", "="),
    command("a bad name", ("sweep.yaml", "--name", "../up"), r"\.\./up", "expected 1 to 64"),
    command("no workers", ("sweep.yaml", "--workers", "0"), "--workers", "greater than or equal to 1"),
    command("an unknown option", ("sweep.yaml", "--fast"), "--fast", "--help"),
    # Data
    Mistake(
        "no such data file",
        ("^error: .*newz.csv", "there is no such file", "hint: "),
        4,
        "data: {path: newz.csv}",
    ),
    Mistake("a folder as data", ("a.csv", "this is a folder"), 4, "data: {path: a.csv}", {"a.csv/b.csv": ""}),
    Mistake(
        "a missing column", (r"news.csv:1 data\.label: there is no column 'queue'", "'text', 'label'"),
        4, "data: {path: news.csv, text: text, label: queue}",
    ),
    Mistake(
        "a mistyped column", (r"news.csv:1 data\.label", "did you mean 'label'"),
        4, "data: {path: news.csv, text: text, label: lable}",
    ),
    data("another delimiter", ROWS.replace(",", ";"), "news.csv:1", 'delimiter: ";"'),
    data("an empty data file", "", "news.csv: the file is empty", "expected a header and rows"),
    data("a header only", "text,label\n", "news.csv", "expected"),
    data("one label only", ROWS.replace(",b", ",a"), "news.csv:2", "single_label", "hint: "),
    data("labels that are none", re.sub(r"(\d+),[ab]", r"\1,id\1", ROWS), "news.csv", "label", "hint: "),
    data("too few rows", "".join(ROWS.splitlines(keepends=True)[:4]), "news.csv", "3 distinct texts", "hint: "),
    data("Latin-1", ROWS.replace("team", "équipe").encode("latin-1"), "news.csv:3", "0xe9", "encoding: cp1252"),
    data("UTF-16", ROWS.encode("utf-16"), "news.csv", "UTF-16", "encoding: utf-16"),
    data("an unclosed quote", ROWS.replace("team won 3,", '"team won 3,'), "news.csv:9", "quote"),
    data("a ragged row", ROWS.replace("team won 3,", "team, won 3,"), "news.csv:9", "3 fields", "expected 2 fields"),
    data("a spreadsheet", b"PK\x03\x04" + bytes(200), "news.csv", "Excel"),
)  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name.replace(" ", "-"))
def test_a_mistake_is_explained_and_nothing_is_left(fresh: Any, mistake: Mistake) -> None:
    lines = LINES.copy()
    lines[mistake.line - 1] = mistake.text
    for name, content in {"sweep.yaml": "\n".join(lines) + "\n", "news.csv": ROWS, **mistake.files}.items():
        fresh.write(name, content)
    before = fresh.content()
    done = fresh.sweep("run", *mistake.arguments, code=2)
    for pattern in mistake.message:
        assert re.search(pattern, done.err, re.MULTILINE), f"{pattern!r} is not in\n{done.err}"
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err
    assert "hint: " in done.err or "expected " in done.err
    assert done.out == ""
    assert fresh.content() == before


def test_the_good_definition_is_good(fresh: Any) -> None:
    fresh.write("sweep.yaml", GOOD)
    assert "2 trials" in fresh.sweep("plan", "sweep.yaml").out


def test_all_problems_are_told_at_once(fresh: Any) -> None:
    fresh.write("sweep.yaml", GOOD.replace("lstm", "lstmm").replace("run_cap: 2", "run_cap: 0").replace("0.001", "x"))
    done = fresh.sweep("plan", "sweep.yaml", "--set", "seed=-1", code=2)
    places = re.findall(r"^error: (\S+ \S+?):? ", done.err, re.MULTILINE)
    assert places == ["sweep.yaml:1 architecture", "sweep.yaml:3 run_cap", "--set seed"]


def test_an_unknown_command_and_an_unknown_sweep(fresh: Any) -> None:
    assert "Did you mean 'trials'?" in fresh.sweep("trails", "lstm", code=2).err
    for words in (["status"], ["trials"], ["best"], ["sync"], ["stop"], ["delete", "--yes"], ["ui", "--no-open"]):
        done = fresh.sweep(words[0], "lstm", *words[1:], code=2)
        assert done.err.startswith("error: there is no sweep 'lstm' in ")
        assert done.out == ""
    assert set(fresh.content()) == {"base.yaml", "news.csv"}


def test_a_bad_definition_of_a_sweep_that_exists_changes_nothing(place: Any, base: Any, base_definition: str) -> None:
    before = place.status("base")
    place.write("bad/base.yaml", base_definition.replace("epochs:", "epoch:").replace("news", "../news"))
    done = place.sweep("run", "bad/base.yaml", code=2)
    assert "bad/base.yaml:15 parameters.epoch: " in done.err
    assert place.status("base") == before
