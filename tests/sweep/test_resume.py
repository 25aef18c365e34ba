from __future__ import annotations

import contextlib
import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.space import Categorical, Range, SearchSpace
from textclf_sweep.definition.types import (
    Budget,
    DataSettings,
    EarlyStopping,
    EarlyTerminate,
    Metric,
    Search,
)
from textclf_sweep.errors import InputError
from textclf_sweep.ledger import Ledger
from textclf_sweep.sweep.resume import accept_contents, check_same, collect, read_result
from textclf_sweep.trial import TrialState

pytestmark = pytest.mark.unit

DATA_HASH = "d" * 64


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


class Steps:
    """Counts what a kill can leave behind (each commit, each file), and kills after one of them."""

    def __init__(self, last: int | None = None) -> None:
        self.count, self.last = 0, last

    def __call__(self) -> None:
        self.count += 1
        if self.count == self.last:
            raise Killed


class MortalLedger:
    """A ledger whose process can die after each of its commits."""

    COMMITS = frozenset({"propose", "begin_attempt", "record_epoch", "finish", "interrupt", "crash", "put"})

    def __init__(self, ledger: Ledger, step: Steps) -> None:
        self._ledger, self._step = ledger, step

    def __getattr__(self, name):
        real = getattr(self._ledger, name)
        if name not in self.COMMITS:
            return real

        def mortal(*args, **values):
            answer = real(*args, **values)
            self._step()
            return answer

        return mortal


def outcome(record):
    """What must not depend on kills: everything but the attempt's number."""
    result = record.result
    return record.trial, record.state, record.reason, record.value, [event.metrics for event in result.epochs]


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_anywhere_the_final_history_is_that_of_an_uninterrupted_run(make_sweep, play, tmp_path, workers) -> None:
    def script(trial, attempt):
        if trial.number == 2:
            return play("diverged", epochs=1, message="the loss became nan")
        if trial.number == 3 and attempt == 1:
            return play("crash", epochs=1)
        return play("crash", writes=True) if trial.number == 4 else play()

    def one(name: str, last: int | None):
        # The random method: with several workers a proposal of `bayes` may see other results after a kill.
        method = "bayes" if workers == 1 else "random"
        sweep = make_sweep(root=tmp_path / name, method=method, run_cap=5)
        steps = Steps(last)
        killed = False
        try:
            sweep.run(script, workers=workers, step=steps, ledger=MortalLedger(sweep.ledger, steps))
        except Killed:
            killed = True
            sweep.ledger.close()
            sweep.open()
            collect(sweep.ledger, sweep.folder)
            assert not any(record.state is TrialState.RUNNING for record in sweep.ledger.history())
            finished = {record.number for record in sweep.ledger.history() if record.state.final}
            assert sweep.run(script, workers=workers).state == "complete"
            # A finished trial is never run again.
            assert not finished & {task.trial.number for task in sweep.engine.submitted}
        return sweep, steps.count, killed

    whole, total, killed = one("whole", None)
    assert not killed
    expected = [outcome(record) for record in whole.ledger.history()]
    for last in range(1, total + 1):
        sweep, _, killed = one(f"cut-{last}", last)
        assert killed
        history = sweep.ledger.history()
        if workers == 1:
            assert [outcome(record) for record in history] == expected
        else:
            blind = [(replace(trial, seen=()), *rest) for trial, *rest in map(outcome, history)]
            assert blind == [(replace(trial, seen=()), *rest) for trial, *rest in expected]
        for record in history:
            attempts = sweep.ledger.attempts(record.number)
            assert sum(attempt.counted for attempt in attempts) == 1
            assert len(attempts) <= 3
        assert sweep.files == [f"{number}.{attempt}.npz" for number, attempt in [best_of(history)]]


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kills=st.lists(st.integers(1, 14), min_size=2, max_size=5))
def test_killed_again_and_again(make_sweep, tmp_path_factory, kills) -> None:
    whole = make_sweep(root=tmp_path_factory.mktemp("whole"), run_cap=3)
    whole.run()
    sweep = make_sweep(root=tmp_path_factory.mktemp("killed"), run_cap=3)
    for last in kills:
        steps = Steps(last)
        with contextlib.suppress(Killed):
            collect(MortalLedger(sweep.ledger, steps), sweep.folder)
            sweep.run(step=steps, ledger=MortalLedger(sweep.ledger, steps))
        sweep.ledger.close()
        sweep.open()
    collect(sweep.ledger, sweep.folder)
    assert sweep.run().state == "complete"
    assert [outcome(record) for record in sweep.ledger.history()] == [
        outcome(record) for record in whole.ledger.history()
    ]


def best_of(history):
    leader = max((record for record in history if record.value is not None), key=lambda record: record.value)
    return leader.number, leader.result.attempt


class TestCollect:
    @pytest.fixture
    def sweep(self, make_sweep, play):
        """Trial 1 has written its result and was killed before that was recorded."""
        sweep = make_sweep(run_cap=2)
        loop = sweep.loop(lambda *_: play("hang", writes=True), watch=self.kill_at(5))
        with pytest.raises(Killed):
            loop.run()
        assert sweep.ledger.history()[0].state is TrialState.RUNNING
        return sweep

    @staticmethod
    def kill_at(looks: int):
        return Steps(looks)

    def test_a_written_result_is_recorded(self, sweep) -> None:
        collect(sweep.ledger, sweep.folder)
        (record,) = sweep.ledger.history()
        assert (record.state, record.attempts, len(record.epochs)) == (TrialState.COMPLETE, 1, 2)
        collect(sweep.ledger, sweep.folder)
        assert sweep.ledger.history() == (record,)

    def test_without_a_result_the_attempt_was_interrupted(self, sweep) -> None:
        (sweep.folder.results / "1.1.json").unlink()
        collect(sweep.ledger, sweep.folder)
        (record,) = sweep.ledger.history()
        assert (record.state, record.result) == (TrialState.INTERRUPTED, None)

    def test_a_result_that_came_after_the_attempt_was_given_up(self, sweep) -> None:
        sweep.ledger.interrupt(1, "the program failed")
        collect(sweep.ledger, sweep.folder)
        assert sweep.ledger.history()[0].state is TrialState.COMPLETE

    def test_an_earlier_attempts_result_does_not_count(self, sweep) -> None:
        sweep.ledger.interrupt(1, "Ctrl-C")
        sweep.ledger.begin_attempt(1)
        collect(sweep.ledger, sweep.folder)
        (record,) = sweep.ledger.history()
        assert (record.state, record.attempts) == (TrialState.INTERRUPTED, 2)

    def test_unfinished_files_are_removed(self, sweep) -> None:
        (sweep.folder.results / ".1.1.npz.4711").write_bytes(b"half")
        collect(sweep.ledger, sweep.folder)
        assert sorted(path.name for path in sweep.folder.results.iterdir()) == ["1.1.json", "1.1.npz"]

    def test_nothing_ran_yet(self, make_sweep) -> None:
        sweep = make_sweep()
        collect(sweep.ledger, sweep.folder)
        assert sweep.ledger.history() == ()


class TestReadResult:
    @pytest.fixture
    def written(self, make_sweep) -> tuple[Path, Ledger]:
        sweep = make_sweep(run_cap=1)
        sweep.run()
        return sweep.folder.results / "1.1.json", sweep.ledger

    def test_a_whole_one(self, written) -> None:
        path, ledger = written
        assert read_result(path, ledger) == ledger.history()[0].result

    def test_a_missing_one(self, written) -> None:
        path, ledger = written
        assert read_result(path.with_name("9.1.json"), ledger) is None

    @pytest.mark.parametrize(
        "content", [b"", b"{", b"null", b"[]", b'"text"', b"{}", b"\xff\xfe", b'{"state": "complete"}']
    )
    def test_damaged_json(self, written, content) -> None:
        path, ledger = written
        path.write_bytes(content)
        assert read_result(path, ledger) is None

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("trial", 2), ("attempt", 2), ("state", "finished"), ("epochs", None), ("epochs", [{}]), ("metrics", []),
            ("value", "high"), ("confusion", 3), ("failure", {"kind": "x"}), ("unknown", 1),
            ("definition_hash", "other"), ("data_hash", ""), ("weights_hash", "0" * 64),
        ],
    )  # fmt: skip
    def test_a_field_that_does_not_fit(self, written, field, value) -> None:
        path, ledger = written
        content = json.loads(path.read_text())
        path.write_text(json.dumps(content | {field: value}))
        assert read_result(path, ledger) is None

    def test_missing_weights(self, written) -> None:
        path, ledger = written
        path.with_suffix(".npz").unlink()
        assert read_result(path, ledger) is None

    def test_other_weights(self, written) -> None:
        path, ledger = written
        path.with_suffix(".npz").write_bytes(b"other")
        assert read_result(path, ledger) is None


class TestCheckSame:
    @pytest.fixture
    def sweep(self, make_sweep):
        return make_sweep(run_cap=6, early_stopping=EarlyStopping())

    @staticmethod
    def refused(sweep, data_hash: str = DATA_HASH, **changes) -> tuple[str, InputError]:
        if changes.keys() & {"space", "enqueue", "run_cap"}:
            (search,) = sweep.definition.searches
            own = {key: value for key, value in changes.items() if key in ("space", "enqueue", "run_cap")}
            changes = {key: value for key, value in changes.items() if key not in ("space", "enqueue")}
            changes["searches"] = (replace(search, **own),)
        with pytest.raises(InputError) as caught:
            check_same(replace(sweep.definition, **changes), data_hash, sweep.ledger)
        return str(caught.value), caught.value

    def test_the_same(self, sweep) -> None:
        check_same(sweep.definition, DATA_HASH, sweep.ledger)

    @pytest.mark.parametrize(
        "changes",
        [
            {"run_cap": 7}, {"run_cap": None}, {"budget": Budget(9.0, 5.0)}, {"engine": "ray"}, {"workers": 3},
            {"description": "again"}, {"ignored": ("project",)},
            {"data": DataSettings("uci_news", path="/elsewhere/moved.csv")},
        ],
        ids=lambda changes: next(iter(changes)),
    )  # fmt: skip
    def test_what_may_change(self, sweep, changes) -> None:
        check_same(replace(sweep.definition, **changes), DATA_HASH, sweep.ledger)

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"searches": (Search("gru", SearchSpace(())),)}, 'architecture was ["lstm"] when'),
            ({"allocate": "race"}, 'allocate was "each"'),
            ({"sampler": "qmc"}, 'sampler was "random"'),
            ({"early_terminate": EarlyTerminate("asha")}, "early_terminate.type was not set"),
            ({"method": "bayes"}, 'method was "random"'),
            ({"seed": 4}, "seed was 3 when sweep 'lstm' began and is 4 now"),
            ({"metric": Metric("val_loss", "minimize")}, 'metric.name was "val_accuracy"'),
            ({"metric": Metric(target=0.9)}, "metric.target was not set"),
            ({"early_stopping": None}, "early_stopping.patience was 3"),
            ({"early_stopping": EarlyStopping(patience=5)}, "early_stopping.patience was 3 when"),
            ({"enqueue": ({"dropout": 0.1},)}, "enqueue.lstm was not set"),
            ({"data": DataSettings("uci_news", label="topic")}, 'data.label was "label"'),
            ({"data": DataSettings("csv", options={"header": True})}, "data.options.header was not set"),
        ],
        ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
    )
    def test_what_makes_it_another_sweep(self, sweep, changes, named) -> None:
        told, error = self.refused(sweep, **changes)
        assert named in told
        assert error.exit_code == 2
        assert "--name" in told
        assert "sweep delete lstm" in told

    def test_of_other_architectures_it_is_not_said_that_their_parameters_are_others(self, sweep) -> None:
        told, error = self.refused(sweep, searches=(Search("gru", SearchSpace.of({"epochs": Range(1, 2)})),))
        assert "parameters." not in told
        assert len(error.problems) == 1

    def test_a_distribution_is_shown_whole(self, sweep) -> None:
        (search,) = sweep.definition.searches
        told, error = self.refused(sweep, space=search.space.fix({"dropout": 0.2}))
        assert len(error.problems) == 1
        assert "parameters.dropout was range (low 0.0, high 0.5)" in told
        assert "is constant (value 0.2) now" in told

    @pytest.mark.parametrize(
        "distribution",
        [Range(0.0, 0.6), Range(0.0, 0.5, step=0.1), Categorical((0.0, 0.5)), Range(1e-4, 0.5, log=True)],
    )
    def test_every_kind_of_change_of_a_distribution(self, sweep, distribution) -> None:
        distributions = dict(sweep.definition.searches[0].space.distributions) | {"dropout": distribution}
        told, error = self.refused(sweep, space=SearchSpace.of(distributions))
        assert len(error.problems) == 1
        assert "parameters.dropout was" in told

    def test_a_parameter_more_or_less(self, sweep) -> None:
        distributions = dict(sweep.definition.searches[0].space.distributions)
        del distributions["dropout"]
        told, _ = self.refused(sweep, space=SearchSpace.of(distributions))
        assert "parameters.dropout was range" in told
        assert "is not set now" in told

    def test_other_data(self, sweep) -> None:
        told, _ = self.refused(sweep, data_hash="e" * 64)
        assert "dddddddddddd" in told
        assert "eeeeeeeeeeee" in told

    def test_run_cap_may_not_shrink(self, sweep) -> None:
        told, _ = self.refused(sweep, run_cap=5)
        assert "run_cap is 5" in told
        assert "at least 6" in told

    def test_run_cap_may_not_go_below_what_there_is(self, make_sweep, redefine) -> None:
        sweep = make_sweep(run_cap=4)
        sweep.run()
        sweep.ledger.put(run_cap=None)
        self.refused(sweep, run_cap=3)
        check_same(redefine(sweep.definition, run_cap=4), DATA_HASH, sweep.ledger)

    def test_every_difference_is_named_and_the_way_on_once(self, sweep) -> None:
        told, error = self.refused(sweep, data_hash="e" * 64, seed=9, method="grid", run_cap=2)
        assert len(error.problems) == 4
        assert told.count("--name NEW") == 1

    def test_every_field_is_either_free_or_checked(self, sweep) -> None:
        other = {
            "name": "other", "searches": (Search("lstm", SearchSpace.of({"epochs": Range(1, 2)})),), "method": "bayes",
            "sampler": "tpe", "data": DataSettings("csv"), "metric": Metric(target=0.5), "run_cap": 60,
            "allocate": "race", "early_terminate": EarlyTerminate("median"), "early_stopping": None,
            "budget": Budget(1.0), "seed": 99, "engine": "ray", "workers": 7, "description": "x",
            "folder": "/elsewhere", "ignored": ("project",), "baselines": ("chance",),
        }  # fmt: skip
        free = {"run_cap", "budget", "engine", "workers", "description", "folder", "ignored", "baselines"}
        for field in dataclasses.fields(sweep.definition):
            changed = replace(sweep.definition, **{field.name: other[field.name]})
            assert (changed.hash() == sweep.definition.hash()) == (field.name in free), field.name


class TestContents:
    @pytest.fixture
    def sweep(self, make_sweep):
        return make_sweep()

    def test_the_same_or_not_known_yet(self, sweep) -> None:
        accept_contents("lstm", {"embedding v.txt": "a" * 64}, sweep.ledger)
        accept_contents("lstm", {"embedding v.txt": "a" * 64, "embedding w.txt": "b" * 64}, sweep.ledger)
        accept_contents("lstm", {}, sweep.ledger)
        assert sweep.ledger.get("contents") == {"embedding v.txt": "a" * 64, "embedding w.txt": "b" * 64}

    def test_another_is_refused(self, sweep) -> None:
        sweep.ledger.put(contents={"embedding v.txt": "a" * 64, "checkpoint bert": "c" * 64})
        with pytest.raises(InputError) as caught:
            accept_contents("lstm", {"embedding v.txt": "b" * 64, "checkpoint bert": "c" * 64}, sweep.ledger)
        (problem,) = caught.value.problems
        assert problem.what == "the content of embedding v.txt is not what it was when sweep 'lstm' began"
        assert "aaaaaaaaaaaa, now bbbbbbbbbbbb" in problem.expected
        assert "`sweep delete lstm`" in problem.fix
