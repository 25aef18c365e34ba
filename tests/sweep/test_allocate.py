from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.definition.space import Categorical, Constant, Range, SearchSpace
from textclf_sweep.definition.types import DataSettings, Metric, Search, SweepDefinition
from textclf_sweep.searchers import Wait
from textclf_sweep.sweep.allocate import turns
from textclf_sweep.sweep.propose import next_trial, total
from textclf_sweep.trial import Trial, TrialRecord, TrialResult, TrialState

pytestmark = pytest.mark.unit

OPEN = SearchSpace.of({"dropout": Range(0.0, 0.5), "epochs": Constant(3)})
SMALL = SearchSpace.of({"dropout": Categorical((0.0, 0.25)), "epochs": Constant(3)})


def sweep(*names: str, cap: int | None = None, total: int | None = None, spaces=None, **others) -> SweepDefinition:
    searches = tuple(Search(name, (spaces or {}).get(name, OPEN), cap) for name in names)
    return SweepDefinition("s", searches, "random", "random", DataSettings("uci_news"), run_cap=total, **others)


def play(definition: SweepDefinition, values, limit: int = 200, pending: int = 0):
    """The history of a sweep whose architectures reach these values; `pending` trials run at any time."""
    history = ()
    while len(history) < limit:
        trial = next_trial(definition, history)
        if isinstance(trial, Wait):
            assert any(not record.state.final for record in history)
            history = finish(history, values, keep=0)
            continue
        if trial is None:
            return finish(history, values, keep=0)
        history = finish((*history, TrialRecord(trial, TrialState.RUNNING)), values, keep=pending)
    return history


def finish(history, values, keep: int):
    done = max(0, len(history) - keep)
    return (
        *(ended(record, values) if not record.state.final else record for record in history[:done]),
        *history[done:],
    )


def ended(record: TrialRecord, values) -> TrialRecord:
    value = values[record.trial.architecture]
    value = value(record.number) if callable(value) else value
    state = TrialState.FAILED if value is None else TrialState.COMPLETE
    return replace(record, state=state, result=TrialResult(record.number, 1, state, "", value=value))


def names(history) -> list[str]:
    return [record.trial.architecture for record in history]


class TestEach:
    def test_they_take_turns_and_keep_their_caps(self) -> None:
        history = play(sweep("lstm", "cnn", "gru", cap=3), {"lstm": 0.5, "cnn": 0.6, "gru": 0.7})
        assert names(history) == ["lstm", "cnn", "gru"] * 3

    def test_caps_of_their_own(self) -> None:
        definition = sweep("lstm", "cnn")
        definition = replace(
            definition,
            searches=(replace(definition.searches[0], run_cap=1), replace(definition.searches[1], run_cap=3)),
        )
        assert names(play(definition, {"lstm": 0.5, "cnn": 0.6})) == ["lstm", "cnn", "cnn", "cnn"]
        assert total(definition) == 4

    def test_a_space_that_is_used_up_leaves_the_others_their_turns(self) -> None:
        history = play(sweep("lstm", "cnn", cap=5, spaces={"lstm": SMALL}), {"lstm": 0.5, "cnn": 0.6})
        assert names(history) == ["lstm", "cnn", "lstm", "cnn", "cnn", "cnn", "cnn"]

    def test_each_search_proposes_what_it_would_alone(self) -> None:
        alone = [record.trial.parameters for record in play(sweep("cnn", cap=4), {"cnn": 0.5})]
        both = play(sweep("lstm", "cnn", cap=4), {"lstm": 0.5, "cnn": 0.5})
        assert [record.trial.parameters for record in both if record.trial.architecture == "cnn"] == alone

    def test_a_trial_that_does_not_count_takes_up_a_number_and_nothing_else(self) -> None:
        definition = sweep("lstm", cap=2)
        outside = TrialRecord(Trial(1, "lstm", {"dropout": 0.9, "epochs": 3}, 0), TrialState.COMPLETE, counted=False)
        first = next_trial(definition, (outside,))
        assert isinstance(first, Trial)
        assert first.number == 2
        assert next_trial(definition, (outside, TrialRecord(first, TrialState.RUNNING))) is not None


VALUES = {"lstm": 0.5, "cnn": 0.8, "gru": 0.7, "bert": None}
"""What each architecture's trials reach."""


class TestRace:
    def test_the_hopeless_stop_costing_early(self) -> None:
        definition = sweep("lstm", "cnn", "gru", "bert", total=30, allocate="race")
        history = play(definition, VALUES)
        counts = {name: names(history).count(name) for name in VALUES}
        assert len(history) == 30 == total(definition)
        assert counts["bert"] == counts["lstm"] == 2
        assert counts["gru"] == 2 + 5
        assert counts["cnn"] == 30 - 2 - 2 - 7

    def test_a_round_is_judged_when_its_trials_have_ended(self) -> None:
        definition = sweep("lstm", "cnn", total=8, allocate="race")
        history = ()
        for _ in range(4):
            history = (*history, TrialRecord(next_trial(definition, history), TrialState.RUNNING))
        assert isinstance(next_trial(definition, history), Wait)
        done = finish(history, {"lstm": 0.5, "cnn": 0.6}, keep=0)
        assert next_trial(definition, done).architecture == "cnn"

    @pytest.mark.parametrize("pending", [0, 1, 3])
    def test_who_goes_on_does_not_depend_on_how_many_run_at_once(self, pending) -> None:
        definition = sweep("lstm", "cnn", "gru", total=20, allocate="race")
        assert names(play(definition, VALUES, pending=pending)) == names(play(definition, VALUES))

    def test_what_a_used_up_winner_leaves_goes_to_the_next(self) -> None:
        definition = sweep("lstm", "cnn", "gru", total=12, allocate="race", spaces={"cnn": SMALL})
        history = play(definition, VALUES)
        assert names(history).count("cnn") == 2
        assert names(history).count("gru") > names(history).count("lstm")
        assert len(history) == 12

    def test_smaller_is_better_when_minimised(self) -> None:
        definition = sweep("lstm", "cnn", total=9, allocate="race", metric=Metric("val_loss", "minimize"))
        assert names(play(definition, VALUES)).count("lstm") > 4

    @settings(deadline=None, max_examples=40)
    @given(
        count=st.integers(2, 6), cap=st.integers(1, 40), pending=st.integers(0, 3),
        values=st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=6, max_size=6),
    )  # fmt: skip
    def test_it_spends_exactly_its_budget_and_ends(self, count, cap, pending, values) -> None:
        everyone = [f"a{index}" for index in range(count)]
        definition = sweep(*everyone, total=cap, allocate="race")
        history = play(definition, dict(zip(everyone, values, strict=False)), pending=pending)
        assert len(history) == cap
        assert turns(definition, history, ()) == ()
