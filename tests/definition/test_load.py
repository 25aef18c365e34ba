from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from textclf_sweep.definition.catalogue import Catalogue, Entry
from textclf_sweep.definition.load import load, load_file, read_file
from textclf_sweep.definition.space import Categorical, Parameter, Range
from textclf_sweep.definition.types import Budget, DataSettings, EarlyStopping, EarlyTerminate, Metric, SweepDefinition
from textclf_sweep.errors import DefinitionError

pytestmark = pytest.mark.unit
Read = Callable[..., SweepDefinition]
Problem = Callable[..., str]
Problems = Callable[..., list[str]]

FULL = """\
name: tickets
description: first try
architecture: lstm
method: bayes
metric: {name: val_loss, goal: minimize, target: 0.1}
parameters:
  learning_rate: {min: 1e-4, max: 1e-2, distribution: log_uniform_values}
  batch_size: {values: [32, 64]}
  optimizer: {values: [adam, sgd]}
  dropout: {min: 0, max: 0.5}
  units: 64.0
run_cap: 20
data: {path: ../tickets.csv, text: body, label: queue, group: customer, validation: 0.2, test: 0.1, delimiter: ";"}
early_stopping: {metric: val_accuracy, patience: 2, min_delta: 0.01}
budget: {time: 1h30m, trial_time: 90}
seed: 7
engine: local
workers: 2
enqueue:
  - {dropout: 0.9, units: 64}
program: train.py
entity: me
"""


def test_every_key_arrives(read: Read) -> None:
    found = read(FULL, whole=True)
    constants = {"bidirectional": False, "depth": 1, "epochs": 10, "momentum": 0.9, "shift": 0.0, "units": 64}
    assert found.searches[0].space.constants == constants
    assert found.searches[0].space.searched == {
        "batch_size": Categorical((32, 64)),
        "dropout": Range(0.0, 0.5),
        "learning_rate": Range(1e-4, 1e-2, log=True),
        "optimizer": Categorical(("adam", "sgd")),
    }
    assert found.data == DataSettings(
        "csv", str(Path.cwd() / "tickets.csv"), text=("body",), label="queue", group="customer", validation=0.2,
        test=0.1, options={"encoding": "utf-8", "delimiter": ";"},
    )  # fmt: skip
    assert found.metric == Metric("val_loss", "minimize", 0.1)
    assert found.early_stopping == EarlyStopping("val_accuracy", 2, 0.01)
    assert found.budget == Budget(5400.0, 90.0)
    assert (found.name, found.description, found.architectures, found.method) == (
        "tickets",
        "first try",
        ("lstm",),
        "bayes",
    )
    assert found.sampler == "tpe"
    assert (found.run_cap, found.seed, found.engine, found.workers) == (20, 7, "local", 2)
    assert found.searches[0].enqueue == ({"dropout": 0.9, "units": 64},)
    assert found.ignored == ("program", "entity")


WANDB = """
program: train.py
project: news
entity: me
method: random
name: pasted
description: a block that Weights & Biases runs
run_cap: 50
metric: {name: val_loss, goal: minimize, target: 0.1}
early_terminate: {type: hyperband, s: 2, eta: 3, max_iter: 27, strict: true}
parameters:
  learning_rate: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  batch_size: {distribution: q_log_uniform_values, q: 8, min: 32, max: 256}
  optimizer: {values: [adam, sgd], probabilities: [0.7, 0.3]}
  dropout: {min: 0.1, max: 0.5}
  epochs: {value: 10}
command: ["${env}", python, "${program}", "${args}"]
"""


def test_a_block_of_weights_and_biases_pastes_in(read: Read) -> None:
    found = read(f"{WANDB}architecture: lstm\ndata: {{source: uci_news}}", whole=True)
    assert found.ignored == ("program", "command", "project", "entity")
    assert found.early_terminate == EarlyTerminate("hyperband", {"max_iter": 27, "s": 2, "eta": 3.0, "strict": True})
    assert (found.name, found.run_cap, found.metric) == ("pasted", 50, Metric("val_loss", "minimize", 0.1))
    assert list(found.searches[0].space.searched) == ["batch_size", "dropout", "learning_rate", "optimizer"]


def test_what_has_no_effect_does_not_make_it_another_sweep(read: Read) -> None:
    pasted = read("program: train.py\ncommand: [x]")
    assert pasted.ignored == ("program", "command")
    assert pasted.hash() == read().hash()


@pytest.mark.parametrize(("method", "sampler"), [("bayes", "tpe"), ("grid", "grid")])
def test_only_random_draws_by_probabilities(problem: Problem, read: Read, method: str, sampler: str) -> None:
    rest = (
        "architecture: lstm\ndata: {source: uci_news}\nparameters:\n"
        "  units:\n    values: [1, 2]\n    probabilities: [0.7, 0.3]\n"
    )
    message = problem(f"method: {method}\n{rest}", whole=True)
    assert message.startswith(
        f"sweeps/lstm.yaml:7 parameters.units.probabilities: sampler {sampler} does not draw by probabilities"
    )
    assert "method: random" in message
    assert read(f"method: random\n{rest}", whole=True).searches[0].space.searched["units"] == Categorical(
        (1, 2), (0.7, 0.3)
    )


def test_what_is_not_named_has_its_default(read: Read) -> None:
    found = read()
    assert found.name == "lstm"
    assert found.metric == Metric()
    assert found.early_stopping == EarlyStopping()
    assert found.budget == Budget()
    assert found.data == DataSettings("uci_news")
    assert (found.run_cap, found.seed, found.engine, found.workers, found.searches[0].enqueue) == (
        None,
        0,
        "local",
        None,
        (),
    )
    assert found.searches[0].space.searched == {
        "batch_size": Categorical((32, 64)),
        "depth": Range(1, 2, integer=True),
        "learning_rate": Range(1e-4, 1e-2, log=True),
    }


def test_named_parameters_are_the_only_ones_searched(read: Read) -> None:
    assert read("parameters: {}").searches[0].space.searched == {}
    assert list(read("parameters: {units: {values: [1, 2]}}").searches[0].space.searched) == ["units"]


def test_null_means_absent_where_something_can_be_absent(read: Read) -> None:
    found = read("run_cap:\nworkers: ~\nmetric: {target: null}\nbudget: {time: null}")
    assert found == read()
    assert found.hash() == read().hash()


@pytest.mark.parametrize("text", ["early_stopping: false", "early_stopping:", "early_stopping: none"])
def test_early_stopping_can_be_off(read: Read, text: str) -> None:
    assert read(text).early_stopping is None


def test_early_stopping_watches_the_sweeps_metric(read: Read) -> None:
    assert read("metric: {name: val_loss}").early_stopping == EarlyStopping("val_loss")
    assert read("metric: {name: val_loss}\nearly_stopping: {patience: 9}").early_stopping == EarlyStopping(
        "val_loss", 9
    )


@pytest.mark.parametrize(
    ("name", "goal"), [("val_accuracy", "maximize"), ("val_loss", "minimize"), ("val_macro_f1", "maximize")]
)
def test_the_goal_is_the_metrics_own(read: Read, name: str, goal: str) -> None:
    assert read(f"metric: {{name: {name}}}").metric.goal == goal


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("0.5", 0.5),
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("1d", 86400),
    ],
)
def test_times_are_seconds_or_texts(read: Read, text: str, seconds: float) -> None:
    assert read(f"budget: {{trial_time: {text}}}").budget.trial_time == seconds


@pytest.mark.parametrize(
    ("more", "start", "words"),
    [
        ("nam: x", "sweeps/lstm.yaml:4 nam: there is no key 'nam' here", "did you mean name?"),
        ("max_trials: 3", "sweeps/lstm.yaml:4 max_trials: ", "did you mean run_cap?"),
        ("zzzz: 3", "sweeps/lstm.yaml:4 zzzz: ", "remove it"),
        ("dropout: 0.3", "sweeps/lstm.yaml:4 dropout: is a hyperparameter", "parameters: {dropout: ...}"),
        ("early_terminate: {type: hyperband}", "sweeps/lstm.yaml:4 early_terminate: does not say when to prune",
         "the options of hyperband are min_iter, max_iter, s, eta, strict"),
        ("early_terminate: {min_iter: 3}", "sweeps/lstm.yaml:4 early_terminate.type: is missing", "type: hyperband"),
        ("early_terminate: {type: envelope, min_iter: 3}", "sweeps/lstm.yaml:4 early_terminate.type: the text 'envel",
         "one of hyperband, median, none"),
        ("early_terminate: {type: hyperband, min_iter: 3, etta: 3}", "sweeps/lstm.yaml:4 early_terminate.etta: ",
         "did you mean eta?"),
        ("early_terminate: hyperband", "sweeps/lstm.yaml:4 early_terminate: the text", "a mapping"),
        ("name: a/b", "sweeps/lstm.yaml:4 name: the text 'a/b' is not valid", "letters, digits"),
        ("name: .hidden", "sweeps/lstm.yaml:4 name: ", "beginning with a letter or digit"),
        (f"name: {'x' * 65}", "sweeps/lstm.yaml:4 name: ", "1 to 64"),
        ("name: 12", "sweeps/lstm.yaml:4 name: 12 is not valid", 'put it in quotes: "12"'),
        ("run_cap: 0", "sweeps/lstm.yaml:4 run_cap: 0 is not valid", "a whole number >= 1"),
        ("run_cap: 2.5", "sweeps/lstm.yaml:4 run_cap: 2.5", "a whole number"),
        ("run_cap: '20'", "sweeps/lstm.yaml:4 run_cap: the text '20'", "write 20, without quotes"),
        ("run_cap: 1_000", "sweeps/lstm.yaml:4 run_cap: the text '1_000'", "write 1000"),
        ("run_cap: [1]", "sweeps/lstm.yaml:4 run_cap: a list", "a whole number"),
        ("workers: 0", "sweeps/lstm.yaml:4 workers: 0", ">= 1"),
        ("seed: -1", "sweeps/lstm.yaml:4 seed: -1", "from 0 to 2147483647"),
        ("seed: 2147483648", "sweeps/lstm.yaml:4 seed: ", "from 0 to 2147483647"),
        ("seed:", "sweeps/lstm.yaml:4 seed: nothing", "write a value, or remove the key"),
        ("engine: locl", "sweeps/lstm.yaml:4 engine: ", "did you mean local?"),
        ("metric: val_loss", "sweeps/lstm.yaml:4 metric: the text", "metric: {name: ...}"),
        ("metric: {name: val_acc}", "sweeps/lstm.yaml:4 metric.name: ", "did you mean val_accuracy?"),
        ("metric: {name: acc}", "sweeps/lstm.yaml:4 metric.name: ", "did you mean val_accuracy?"),
        ("metric: {name: f1}", "sweeps/lstm.yaml:4 metric.name: ", "did you mean val_macro_f1?"),
        ("metric: {name: val_f1, goal: maximize}", "sweeps/lstm.yaml:4 metric.name: ", "did you mean val_macro_f1?"),
        ("metric: {name: val_loss, goal: maximize}", "sweeps/lstm.yaml:4 metric.goal: val_loss is not to be maximized",
         "write goal: minimize"),
        ("metric:\n  goal: minimize", "sweeps/lstm.yaml:5 metric.goal: val_accuracy is not to be minimized",
        "maximize"),
        ("metric: {goal: max}", "sweeps/lstm.yaml:4 metric.goal: ", "did you mean maximize?"),
        ("metric: {target: .inf}", "sweeps/lstm.yaml:4 metric.target: .inf", "a number"),
        ("metric: {gaol: maximize}", "sweeps/lstm.yaml:4 metric.gaol: ", "did you mean goal?"),
        ("early_stopping: true", "sweeps/lstm.yaml:4 early_stopping: ", "a mapping, or false"),
        ("early_stopping: [1]", "sweeps/lstm.yaml:4 early_stopping: a list", "a mapping"),
        ("early_stopping: {patience: 0}", "sweeps/lstm.yaml:4 early_stopping.patience: 0", ">= 1"),
        ("early_stopping: {monitor: val_loss}", "sweeps/lstm.yaml:4 early_stopping.monitor: ", "did you mean metric?"),
        ("early_stopping: {min_delta: -1}", "sweeps/lstm.yaml:4 early_stopping.min_delta: -1", ">= 0"),
        ("budget: 30m", "sweeps/lstm.yaml:4 budget: ", "budget: {time: ...}"),
        ("budget: {time: 0}", "sweeps/lstm.yaml:4 budget.time: 0", "a time above 0"),
        ("budget: {time: 0s}", "sweeps/lstm.yaml:4 budget.time: ", "a time above 0"),
        ("budget: {time: soon}", "sweeps/lstm.yaml:4 budget.time: ", "1h30m"),
        ("budget: {time: 30m1h}", "sweeps/lstm.yaml:4 budget.time: ", "1h30m"),
        ("budget: {time: 99999d}", "sweeps/lstm.yaml:4 budget.time: ", "a year at most"),
        ("budget: {trial_time: null}", "sweeps/lstm.yaml:4 budget.trial_time: nothing", "remove the key"),
        ("budget: {time: true}", "sweeps/lstm.yaml:4 budget.time: true", "a time above 0"),
        ("parameters:", "sweeps/lstm.yaml:4 parameters: nothing", "remove the key"),
        ("enqueue: {dropout: 0.1}", "sweeps/lstm.yaml:4 enqueue: a mapping is no list", "enqueue: [{dropout: 0.2}]"),
        ("enqueue: [{}]", "sweeps/lstm.yaml:4 enqueue[0]: it is empty", "a mapping"),
        ("enqueue:\n  - 3", "sweeps/lstm.yaml:5 enqueue[0]: 3", "a mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_a_way_on(problem: Problem, more: str, start: str, words: str) -> None:
    message = problem(more)
    assert message.startswith(start)
    assert words in message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("architecture: []", "the list is empty"),
        ("architecture: [lstm, cnn, lstm]", "lstm stands in the list twice"),
        ("architecture: [lstm, 3]", "one of lstm, cnn, bert"),
        ("architecture: {lstm: cnn}", "a mapping without file is not valid"),
        ("architecture: lsmt", "did you mean lstm?"),
        ("architecture:", "write a value"),
    ],
)
def test_architectures_are_known_names(problem: Problem, line: str, words: str) -> None:
    message = problem(f"{line}\nmethod: random\ndata: {{source: uci_news}}", whole=True)
    assert message.startswith("sweeps/lstm.yaml:1 architecture")
    assert words in message


@pytest.mark.parametrize(
    ("method", "meant"), [("bayesian", "bayes"), ("tpe", "bayes"), ("Grid", "grid"), ("randm", "random")]
)
def test_a_method_of_another_tool_names_ours(problem: Problem, method: str, meant: str) -> None:
    message = problem(f"architecture: lstm\nmethod: {method}\ndata: {{source: uci_news}}", whole=True)
    assert message.startswith("sweeps/lstm.yaml:2 method: ")
    assert f"did you mean {meant}?" in message


def test_required_keys_are_missed(problems: Problems) -> None:
    found = problems("description: x", whole=True)
    assert [message.partition(":")[0] for message in found] == [
        "sweeps/lstm.yaml architecture", "sweeps/lstm.yaml method", "sweeps/lstm.yaml data",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "key", "words"),
    [
        ("tickets.csv", "data", "write data: {path: tickets.csv}"), ("uci_news", "data",
        "write data: {source: uci_news}"),
        ("[a]", "data", "a mapping"), ("{}", "data", "neither a path nor a source"), ("", "data", "a mapping"),
        ("{path: null}", "data", "neither a path nor a source"), ("{path: ''}", "data.path", "a path"),
        ("{path: a.xlsx}", "data.path", "does not tell the kind"), ("{path: a}", "data.path", "one of .csv"),
        ("{source: csv}", "data.source", "there is none"), ("{source: csv, path: null}", "data.source", "add a path"),
        ("{source: cvs, path: a.csv}", "data.source", "did you mean csv?"),
        ("{source: uci_news, path: a.csv}", "data.path", "brings its own data"),
        ("{source: uci_news, delimiter: ';'}", "data.delimiter", "an option of csv, not of uci_news"),
        ("{path: a.csv, sep: ';'}", "data.sep", "did you mean delimiter?"),
        ("{path: a.csv, text_column: x}", "data.text_column", "did you mean text?"),
        ("{path: a.csv, delimiter: 3}", "data.delimiter", 'put it in quotes: "3"'),
        ("{path: a.csv, text: label}", "data.text", "both in column 'label'"),
        ("{path: a.csv, text: a, label: a}", "data.label", "both in column 'a'"),
        ("{path: a.csv, validation: 1}", "data.validation", "between 0 and 1"),
        ("{path: a.csv, validation: 0.9}", "data.validation", "leave nothing to train on"),
        ("{path: a.csv, validation: 0.5, test: 0.5}", "data.validation", "less than 1"),
        ("{path: a.csv, test: 20}", "data.test", "between 0 and 1"),
    ],
)  # fmt: skip
def test_data_is_checked_as_far_as_it_can_be_without_reading_it(
    problem: Problem, data: str, key: str, words: str
) -> None:
    message = problem(f"architecture: lstm\nmethod: random\ndata: {data}", whole=True)
    assert message.startswith(f"sweeps/lstm.yaml:3 {key}: ")
    assert words in message


def test_the_ending_tells_the_source_whatever_its_case(catalogue: Catalogue) -> None:
    text = "architecture: lstm\nmethod: random\ndata: {path: sub/../A.CSV}"
    found = load(text, catalogue, path=Path("/srv/sweeps/x.yaml"))
    assert (found.data.source, found.data.path) == ("csv", "/srv/sweeps/A.CSV")
    named = load(text.replace("{", "{source: csv, ").replace(".CSV", ".txt"), catalogue, path=Path("/srv/x.yaml"))
    assert (named.data.source, named.data.path) == ("csv", "/srv/A.txt")


def test_all_problems_are_reported_at_once_in_the_order_of_lines(problems: Problems) -> None:
    text = (
        "seed: x\nparameters:\n  dropout: 3\n  lr: 1\n  units: &a 3\nmethod: gird\narchitecture: lstm\nrun_cap: 0\n"
        "run_cap: 1\ndata: {path: a.doc}\n"
    )
    found = problems(text, "workers=0", "metric.goal=minimize", whole=True)
    assert [message.split(":")[1].split()[0] for message in found[:-2]] == ["1", "3", "4", "5", "6", "8", "9", "10"]
    assert [message.partition(":")[0] for message in found[-2:]] == ["--set workers", "--set metric.goal"]


def test_thousands_of_problems_are_cut(problems: Problems) -> None:
    found = problems("\n".join(f"key{number}: 1" for number in range(2000)), whole=True)
    assert len(found) == 51
    assert "more problems follow" in found[-1]


def test_a_sweep_needs_a_name_that_can_be_one(catalogue: Catalogue, read: Read) -> None:
    for path in (Path("my sweep.yaml"), None):
        with pytest.raises(DefinitionError, match="`name: first-try`"):
            load("architecture: lstm\nmethod: random\ndata: {source: uci_news}", catalogue, path=path)
    named = load("name: a\narchitecture: lstm\nmethod: random\ndata: {source: uci_news}", catalogue, path=None)
    assert named.name == "a"


def test_the_order_of_keys_does_not_matter_and_free_keys_do_not_count(read: Read) -> None:
    blocks = FULL.replace("\n  ", "\0  ").strip().split("\n")
    turned = "\n".join(reversed(blocks)).replace("\0", "\n")
    one, two = read(FULL, whole=True), read(turned, whole=True)
    assert one == read(FULL, whole=True)
    assert one.identity() == two.identity()
    assert one.hash() == two.hash()
    free = FULL.replace("run_cap: 20", "run_cap: 99").replace("workers: 2", "workers: 1").replace("first try", "again")
    assert read(free, whole=True).hash() == one.hash()
    assert read(FULL.replace("max: 0.5", "max: 0.6"), whole=True).hash() != one.hash()


def test_a_file_is_read_from_where_it_is(tmp_path: Path, catalogue: Catalogue) -> None:
    file = tmp_path / "tickets.yaml"
    file.write_text("\ufeffarchitecture: lstm\r\nmethod: random\r\ndata: {path: t.csv, label: größe}", encoding="utf-8")
    found = load_file(file, catalogue, ["run_cap=3"])
    assert found == load(read_file(file), catalogue, path=file, overrides=["run_cap=3"])
    assert (found.name, found.run_cap, found.data.label) == ("tickets", 3, "größe")
    assert found.data.path == str(tmp_path / "t.csv")


def test_a_data_file_of_no_known_kind_is_said_to_be_there(tmp_path: Path, catalogue: Catalogue) -> None:
    file, data = tmp_path / "tickets.yaml", tmp_path / "a.zip"
    data.touch()
    file.write_text("architecture: lstm\nmethod: random\ndata: {path: a.zip}", encoding="utf-8")
    with pytest.raises(DefinitionError, match="does not tell the kind of the data") as caught:
        load_file(file, catalogue)
    assert "no such folder" not in str(caught.value)
    assert f"`sweep check {data}` says what it is" in str(caught.value)


def test_a_file_that_cannot_be_read_is_an_error_with_its_name(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "lstm.yaml").touch()
    (tmp_path / "big.yaml").write_bytes(b"#" * 10_000_000)
    for name, words in [
        ("lstn.yaml", "did you mean .*lstm.yaml"), ("no/where.yaml", "no such file"), (".", "this is a folder"),
        ("a\0b", "cannot be read"), ("x" * 5000, "cannot be read"), ("lstm.yaml", "empty"), ("big.yaml", "more than"),
    ]:  # fmt: skip
        with pytest.raises(DefinitionError, match=words):
            load_file(tmp_path / name, catalogue)


def test_loading_imports_nothing_heavier_than_yaml() -> None:
    code = (
        "import sys; before = set(sys.modules); import textclf_sweep.definition.load, textclf_sweep.definition.schema; "
    )
    done = subprocess.run(
        [sys.executable, "-c", code + "print(*(set(sys.modules) - before))"], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()} - set(sys.stdlib_module_names)
    assert {name for name in loaded if "cython" not in name} == {"textclf_sweep", "yaml"}


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("{target: 95}", "val_accuracy never reaches 95; expected a number from 0 to 1\n  hint: write target: 0.95"),
        ("{name: val_macro_f1, target: -0.5}", "val_macro_f1 never reaches -0.5"),
        ("{name: val_loss, target: -1}", "val_loss never reaches -1; expected a number >= 0"),
    ],
)
def test_a_target_that_cannot_be_reached(problem, metric: str, said: str) -> None:
    assert said in problem(f"metric: {metric}\n")


def test_a_name_with_spaces_is_shown_as_it_could_be(problem) -> None:
    assert problem("name: My W&B sweep!\n").endswith("hint: e.g. name: My-W-B-sweep")


def test_enqueued_sets_without_a_turn_are_named(read) -> None:
    sets = "enqueue: [{units: 8}, {units: 16}, {units: 32}]\nparameters: {units: {values: [8, 16, 32]}}\n"
    assert read(f"{sets}run_cap: 3\n").ignored == ()
    assert read(f"{sets}run_cap: 1\n").ignored == ("the last 2 of 3 enqueued sets (run_cap is 1)",)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("optimizer: adamw", True),
        ("optimizer: {values: [adam, adamw]}", True),
        ("optimizer: {values: [adam, adamw]}, weight_decay: {values: [0, 0.01]}", False),
        ("optimizer: adamw, weight_decay: 0.01", False),
        ("optimizer: adamw, weight_decay: {min: 0.001, max: 0.1}", False),
        ("optimizer: {values: [sgd, adamw]}, weight_decay: {value: 0.1, when: {optimizer: adamw}}", False),
        ("optimizer: {values: [sgd, adamw]}, weight_decay: {value: 0.1, when: {optimizer: sgd}}", True),
        ("optimizer: adam", False),
    ],
)
def test_adamw_without_decay_is_said_to_be_adam(catalogue: Catalogue, parameters: str, *, told: bool) -> None:
    optimizer = Parameter("optimizer", "str", "adam", "update rule", choices=("adam", "adamw", "sgd"))
    decay = Parameter("weight_decay", "float", 0.0, "share taken off", minimum=0, below=1)
    known = replace(catalogue, architectures={"mlp": Entry("mlp", "Dense.", (optimizer, decay))})
    text = f"name: x\narchitecture: mlp\nmethod: random\ndata: {{source: uci_news}}\nparameters: {{{parameters}}}\n"
    said = "optimizer adamw (weight_decay is 0, so it is adam; 0.01 is usual)"
    assert load(text, known, path=None).ignored == (said,) * told
