"""Before any trial floors are measured and architectures tried; a model of the user's that is broken ends the run."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from textclf_sweep.data.corpus import Part, Splits, fold_name
from textclf_sweep.definition.load import load
from textclf_sweep.definition.types import OwnArchitecture, Search, SweepDefinition
from textclf_sweep.engines import EngineEvent, TaskCrashed, TaskErrored, TaskFinished, TaskTimedOut, WorkerReady, local
from textclf_sweep.errors import InputError, Problem, StorageError, SweepError
from textclf_sweep.store import Store, SweepFolder
from textclf_sweep.sweep.baselines import Baselines
from textclf_sweep.sweep.before import Before, validation_of
from textclf_sweep.sweep.catalogue import discover
from textclf_sweep.sweep.context import Context, Options
from textclf_sweep.sweep.events import ChecksEnded, FloorsMeasured, Notice
from textclf_sweep.sweep.loop import Ending, Validation
from textclf_sweep.sweep.own import undone
from textclf_sweep.sweep.propose import first_trial, next_trial
from textclf_sweep.sweep.resume import check_same
from textclf_sweep.sweep.run import measure_more, run
from textclf_sweep.training.tasks import Checked, Decision, Task

pytestmark = pytest.mark.unit

SOURCE = "def build(info, dropout=0.1): pass\n"
FINE = Checked(None)
WRONG = Checked(Problem("it returns nothing", "a model", "return one", where="/models/mine.py:3"))


class Trier:
    """An engine whose tasks end as scripted, one after the other."""

    workers = 2

    def __init__(self, *ends: Any) -> None:
        self._ends, self._events, self.tasks = list(ends), list[EngineEvent]([WorkerReady(1, 1)]), list[Task]()

    def submit(self, task: Task) -> None:
        self.tasks.append(task)
        end = self._ends.pop(0)
        self._events.append(TaskFinished(task.key, end) if isinstance(end, Checked) else end(task.key))

    def poll(self, timeout: float) -> Sequence[EngineEvent]:
        return [self._events.pop(0)]

    def decide(self, key: str, decision: Decision) -> None:
        raise AssertionError("a check has no epochs")

    def close(self) -> None:
        pass


@pytest.fixture
def mine(tmp_path: Path) -> OwnArchitecture:
    (tmp_path / "mine.py").write_text(SOURCE)
    return OwnArchitecture("mine.py", digest=hashlib.sha256(SOURCE.encode()).hexdigest())


@pytest.fixture
def own(make_sweep: Callable[..., Any], mine: OwnArchitecture, tmp_path: Path) -> Any:
    """A sweep of lstm, of mine and of yours."""
    sweep = make_sweep()
    (search,) = sweep.definition.searches
    searches = (search, *(replace(search, architecture=name, own=mine) for name in ("mine", "yours")))
    sweep.definition = replace(sweep.definition, searches=searches, folder=str(tmp_path))
    return sweep


PART = Part(("good day", "bad day", "good", "bad"), ("a", "b", "a", "b"), (2, 3, 4, 5))
SPLITS = Splits(PART, PART, PART, ("a", "b"), "hash")


def context_of(
    sweep: Any, stop: Callable[[], str | None] = lambda: None, *, force: bool = False, splits: Splits = SPLITS
) -> Context:
    options = Options(force=force)
    return Context(
        sweep.definition, sweep.store, sweep.folder, sweep.ledger, splits, sweep.events.append, stop, options
    )


def tried(sweep: Any, engine: Trier, stop: Callable[[], str | None] = lambda: None, **settings: Any) -> Ending | None:
    context = context_of(sweep, stop, **settings)
    baselines = Baselines(context)
    baselines.start()
    return Before(context, baselines).run(engine)


def test_every_architecture_is_tried(own: Any, mine: OwnArchitecture, tmp_path: Path) -> None:
    engine = Trier(FINE, FINE, FINE)
    assert tried(own, engine) is None
    assert [task.key for task in engine.tasks] == ["check.lstm", "check.mine", "check.yours"]
    task = engine.tasks[1]
    assert (task.own, task.folder, task.corpus, task.limit) == (mine, tmp_path, own.folder.corpus, 300.0)
    assert own.definition.searches[1].space.holds(task.trial.parameters)
    (ended,) = (event for event in own.events if isinstance(event, ChecksEnded))
    assert list(ended.smoke) == ["lstm", "mine", "yours"]
    assert (own.folder.cache / f"{mine.digest}.py").read_text() == SOURCE
    assert own.ledger.history() == ()


def test_floors_and_what_was_found_are_kept(make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep()
    suspicious = Checked(None, {"exploding_gradients": "its loss is 40"}, {"initial_loss": 40.0}, 1.5)
    assert tried(sweep, Trier(suspicious)) is None
    assert sweep.ledger.get("floors") == {"chance": 0.5, "majority": 0.5, "linear": 1.0}
    assert set(sweep.ledger.get("baselines")) == {"chance", "majority", "linear"}
    assert sweep.ledger.get("smoke") == {
        "lstm": {
            "seconds": 1.5, "numbers": {"initial_loss": 40.0},
            "warnings": [{"name": "exploding_gradients", "why": "its loss is 40"}],
        }
    }  # fmt: skip
    (warning,) = (event for event in sweep.events if isinstance(event, Notice) and event.level == "warning")
    assert warning.text == "lstm: exploding_gradients: its loss is 40"


def test_what_is_known_is_not_measured_again(own: Any, make_sweep: Callable[..., Any]) -> None:
    own.definition = replace(own.definition, searches=own.definition.searches[1:2], run_cap=1)
    tried(own, Trier(FINE))
    own.run()
    own.events.clear()
    before = own.ledger.get("checks_seconds")
    assert tried(own, Trier()) is None
    assert [type(event) for event in own.events] == [FloorsMeasured]
    assert own.ledger.get("checks_seconds") == before


@pytest.mark.parametrize("first", [("chance",), ("chance", "majority")])
def test_a_baseline_that_is_missing_is_measured(make_sweep: Callable[..., Any], first: tuple[str, ...]) -> None:
    sweep = make_sweep()
    sweep.definition = replace(sweep.definition, baselines=first)
    tried(sweep, Trier(FINE))
    assert set(sweep.ledger.get("baselines")) == set(first)
    assert sweep.ledger.get("floors")["linear"] is None
    measured = sweep.ledger.get("baselines")["chance"]
    sweep.definition = replace(sweep.definition, baselines=("chance", "linear"))
    tried(sweep, Trier(FINE))
    assert set(sweep.ledger.get("baselines")) == {*first, "linear"}
    assert sweep.ledger.get("baselines")["chance"] == measured
    assert sweep.ledger.get("floors")["linear"] == 1.0


def test_one_that_cannot_be_fitted_is_tried_once(make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep()
    sweep.definition = replace(sweep.definition, baselines=("linear",))
    one = Part(("good", "bad"), ("a", "b"), (2, 3))
    tried(sweep, Trier(FINE), splits=replace(SPLITS, train=one))
    assert sweep.ledger.get("floors") == {"chance": None, "majority": None, "linear": None}
    sweep.events.clear()
    tried(sweep, Trier(FINE))
    assert sweep.ledger.get("floors")["linear"] is None


def test_trials_do_not_wait_for_ever_for_floors(make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep()
    baselines = Baselines(context_of(sweep))
    assert baselines.wait(lambda: None, seconds=0.0) is None
    baselines.tell(sweep.events.append)
    assert (sweep.events, sweep.ledger.get("floors")) == ([], None)
    baselines.start()
    baselines.wait(lambda: None)
    for _ in range(2):
        baselines.tell(sweep.events.append)
    assert sweep.events == [FloorsMeasured({"chance": 0.5, "majority": 0.5, "linear": 1.0})]


def test_floors_that_come_late_are_told_to_mlflow_again(make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep()
    sweep.definition = replace(sweep.definition, run_cap=1)
    sweep.run()
    (attempt,) = sweep.ledger.attempts()
    sweep.ledger.sent(replace(attempt, tracking_uri="here", run_id="run", synced_epoch=2, finalised=True))
    assert sweep.ledger.unsent("here") == ()
    tried(sweep, Trier())
    assert [item.trial for item in sweep.ledger.unsent("here")] == [1]


def test_a_complete_sweep_is_given_the_baselines_that_it_is_asked_for_later(
    make_sweep: Callable[..., Any],
) -> None:
    sweep = make_sweep()
    sweep.definition = replace(sweep.definition, run_cap=1, baselines=("chance",))
    tried(sweep, Trier(FINE))
    sweep.ledger.put(sent_to=["here"])
    sweep.run()
    sweep.definition = replace(sweep.definition, baselines=("chance", "majority"))
    measure_more(context_of(sweep))
    assert sweep.ledger.get("floors")["majority"] == 0.5
    assert sweep.ledger.get("sent_to") is None


def test_an_architecture_of_this_package_never_ends_a_run(make_sweep: Callable[..., Any]) -> None:
    sweep = make_sweep()
    broken = Checked(Problem("vanishing_gradients: no gradient reaches dense", "a model that learns", "mend it"))
    assert tried(sweep, Trier(broken)) is None
    assert sweep.ledger.get("smoke")["lstm"]["warnings"] == [
        {"name": "vanishing_gradients", "why": "no gradient reaches dense"}
    ]


def test_with_force_a_broken_model_is_a_warning(own: Any) -> None:
    assert tried(own, Trier(FINE, WRONG, FINE), force=True) is None
    assert own.ledger.get("smoke")["mine"]["warnings"] == [{"name": "smoke_test", "why": "it returns nothing"}]


def test_rows_and_the_commonest_label_of_all_folds() -> None:
    other = Part(("x",), ("b",), (9,))
    folds = (Splits(PART, other, PART, ("a", "b"), ""), Splits(PART, PART, PART, ("a", "b"), ""))
    assert validation_of(replace(SPLITS, folds=folds)) == Validation(5, 3)


def test_everything_that_is_wrong_is_said_at_once(own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: Path("/models"))
    with pytest.raises(InputError) as caught:
        tried(own, Trier(FINE, WRONG, lambda key: TaskCrashed(key, "killed by signal 9 (SIGKILL)")))
    first, second = map(str, caught.value.problems)
    assert first == "mine.py:3: it returns nothing; expected a model\n  hint: return one"
    assert "the process that tried the model was killed by signal 9" in second
    assert "mine.py: " in second


@pytest.mark.parametrize(
    ("end", "error", "words"),
    [
        (lambda key: TaskTimedOut(key, 1800.0), InputError, "longer than 1800 s"),
        (lambda key: TaskErrored(key, "OSError: disk full", "..."), StorageError, "OSError: disk full"),
    ],
)
def test_other_ways_to_end(own: Any, end: Any, error: type[SweepError], words: str) -> None:
    with pytest.raises(error) as caught:
        tried(own, Trier(FINE, end, FINE))
    assert words in str(caught.value)


def test_it_can_be_interrupted(own: Any) -> None:
    assert tried(own, Trier(FINE, FINE), lambda: "Ctrl-C") == Ending("interrupted", "Ctrl-C")


def test_with_folds_it_is_tried_on_the_first(own: Any) -> None:
    own.definition = replace(own.definition, data=replace(own.definition.data, folds=3))
    engine = Trier(FINE, FINE, FINE)
    tried(own, engine)
    assert engine.tasks[0].corpus == own.folder.corpus / fold_name(1)


def test_a_file_that_was_changed_meanwhile_is_not_kept(own: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("changed")
    with pytest.raises(InputError, match="has changed since the sweep began"):
        tried(own, Trier())


def test_a_run_of_a_model_that_cannot_be_trained_leaves_nothing(
    mine: OwnArchitecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{word} number {number},{word}\n" for number in range(40) for word in ("good", "bad"))
    (tmp_path / "rows.csv").write_text(f"text,label\n{rows}")
    text = "architecture: {file: mine.py}\nmethod: random\nrun_cap: 1\ndata: {path: rows.csv}\nname: mine\n"
    definition = load(text, discover(), path=tmp_path / "sweep.yaml")
    engine = Trier(WRONG)
    monkeypatch.setattr(local, "start", lambda workers, folder: engine)
    with pytest.raises(InputError, match="it returns nothing"):
        run(definition, text, Store(tmp_path), lambda event: None, lambda: None)
    assert [task.key for task in engine.tasks] == ["check.mine"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.py", "rows.csv"]


class TestFirstTrial:
    @pytest.mark.parametrize("sampler", ["random", "tpe", "qmc"])
    def test_it_is_the_one_that_the_sweep_begins_with(self, make_sweep: Callable[..., Any], sampler: str) -> None:
        definition = replace(make_sweep().definition, sampler=sampler)
        assert first_trial(definition, definition.searches[0]) == next_trial(definition, ())

    @pytest.mark.parametrize("sampler", ["random", "gp"])
    def test_enqueued_values_count(self, make_sweep: Callable[..., Any], redefine: Any, sampler: str) -> None:
        definition = redefine(make_sweep().definition, enqueue=({"dropout": 0.125},))
        definition = replace(definition, sampler=sampler)
        assert first_trial(definition, definition.searches[0]).parameters["dropout"] == 0.125


class TestUndone:
    def begin(self, folder: SweepFolder, error: SweepError) -> None:
        """What a run does that finds out that it cannot."""
        with undone(folder):
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.ledger.touch()
            raise error

    def test_a_sweep_that_cannot_begin_leaves_nothing(self, make_sweep: Callable[..., Any]) -> None:
        folder = make_sweep().store.sweep("new")
        with pytest.raises(InputError):
            self.begin(folder, InputError("wrong"))
        assert not folder.path.exists()

    def test_one_that_has_begun_before_stays(self, make_sweep: Callable[..., Any]) -> None:
        folder = make_sweep().store.sweep("old")
        folder.path.mkdir(parents=True)
        folder.ledger.touch()
        with pytest.raises(InputError):
            self.begin(folder, InputError("wrong"))
        assert folder.ledger.exists()

    def test_trials_are_never_removed(self, make_sweep: Callable[..., Any], tmp_path: Path) -> None:
        trained = make_sweep()
        trained.definition = replace(trained.definition, run_cap=1)
        trained.run()
        folder = trained.store.sweep("new")

        def train() -> None:
            with undone(folder):
                shutil.copytree(trained.folder.path, folder.path)
                raise InputError("wrong")

        with pytest.raises(InputError):
            train()
        assert folder.ledger.exists()

    def test_one_that_fails_otherwise_can_be_gone_on_with(self, make_sweep: Callable[..., Any]) -> None:
        folder = make_sweep().store.sweep("new")
        with pytest.raises(StorageError):
            self.begin(folder, StorageError("disk full"))
        assert folder.ledger.exists()


class TestIdentity:
    def changed(self, sweep: Any, **changes: Any) -> SweepDefinition:
        searches = tuple(
            replace(item, own=replace(item.own, **changes)) if item.architecture == "mine" else item
            for item in sweep.definition.searches
        )
        return replace(sweep.definition, searches=searches)

    def refused(self, sweep: Any, definition: SweepDefinition, *, extend: bool = False) -> list[str]:
        sweep.ledger.put(definition=sweep.definition.identity(), definition_hash=sweep.definition.hash())
        with pytest.raises(InputError) as caught:
            check_same(definition, sweep.ledger.get("data")["data_hash"], sweep.ledger, extend=extend)
        return [str(problem) for problem in caught.value.problems]

    @pytest.mark.parametrize("extend", [False, True])
    def test_a_changed_file_is_said_to_be_one(self, own: Any, *, extend: bool) -> None:
        (said,) = self.refused(own, self.changed(own, digest="f" * 64), extend=extend)
        assert said.startswith("the file of mine has changed since sweep 'lstm' began; expected the model that")
        assert "`--name NEW`" in said
        assert "--extend" not in said

    def test_so_is_another_function(self, own: Any) -> None:
        (said,) = self.refused(own, self.changed(own, function="make"))
        assert said.startswith('own.mine.function was "build" when sweep')

    def test_where_the_file_is_does_not_matter(self, own: Any) -> None:
        own.ledger.put(definition=own.definition.identity(), definition_hash=own.definition.hash())
        check_same(self.changed(own, location="/elsewhere/mine.py"), own.ledger.get("data")["data_hash"], own.ledger)

    def test_another_architecture_is_one_difference(self, own: Any) -> None:
        search: Search = own.definition.searches[0]
        said = self.refused(own, replace(own.definition, searches=(search,)))
        assert not [line for line in said if line.startswith("own.") or "has changed" in line]
