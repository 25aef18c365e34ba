"""Whether a changed definition may go on with a sweep, and what is said when it may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from textclf_sweep.definition.types import Search
from textclf_sweep.errors import InputError
from textclf_sweep.sweep.resume import check_same

pytestmark = pytest.mark.unit

DATA_HASH = "d" * 64


class TestExtending:
    def test_the_way_on_is_named_when_the_space_alone_differs(self, make_sweep, redefine) -> None:
        sweep = make_sweep()
        wider = redefine(sweep.definition, space=sweep.definition.searches[0].space.fix({"dropout": 0.9}))
        with pytest.raises(InputError, match="--extend") as caught:
            check_same(wider, DATA_HASH, sweep.ledger)
        assert "--name NEW" in str(caught.value)
        assert "sweep delete lstm" in str(caught.value)
        check_same(wider, DATA_HASH, sweep.ledger, extend=True)

    def test_it_is_not_named_when_it_would_not_help(self, make_sweep, redefine) -> None:
        sweep = make_sweep()
        wider = redefine(sweep.definition, space=sweep.definition.searches[0].space.fix({"dropout": 0.9}), seed=8)
        with pytest.raises(InputError) as caught:
            check_same(wider, DATA_HASH, sweep.ledger)
        assert "--extend" not in str(caught.value)
        with pytest.raises(InputError, match="seed was 3") as caught:
            check_same(wider, DATA_HASH, sweep.ledger, extend=True)
        assert len(caught.value.problems) == 1

    def test_other_data_stay_refused(self, make_sweep) -> None:
        sweep = make_sweep()
        with pytest.raises(InputError, match="the data are not those"):
            check_same(sweep.definition, "e" * 64, sweep.ledger, extend=True)

    def test_run_cap_counts_what_still_fits(self, make_sweep, redefine) -> None:
        sweep = make_sweep(run_cap=4)
        sweep.run()
        sweep.ledger.put(run_cap=None, run_caps={})
        other = redefine(sweep.definition, space=sweep.definition.searches[0].space.fix({"dropout": 0.9}), run_cap=2)
        with pytest.raises(InputError, match="4 trials already"):
            check_same(redefine(sweep.definition, run_cap=2), DATA_HASH, sweep.ledger)
        check_same(other, DATA_HASH, sweep.ledger, extend=True)

    def test_the_cap_of_one_architecture_can_only_grow(self, make_sweep) -> None:
        space = make_sweep().definition.searches[0].space
        sweep = make_sweep("both", searches=[Search("lstm", space, 2), Search("cnn", space, 4)], run_cap=6)
        moved = replace(sweep.definition, searches=(Search("lstm", space, 4), Search("cnn", space, 2)))
        with pytest.raises(InputError, match=r"run_cap.cnn is 2 now") as caught:
            check_same(moved, DATA_HASH, sweep.ledger)
        assert "parameters" not in str(caught.value)

    def test_parameters_of_several_architectures_are_named_with_them(self, make_sweep) -> None:
        space = make_sweep().definition.searches[0].space
        sweep = make_sweep("both", searches=[Search("lstm", space), Search("cnn", space)])
        changed = replace(
            sweep.definition, searches=(Search("lstm", space), Search("cnn", space.fix({"dropout": 0.1})))
        )
        with pytest.raises(InputError, match=r"parameters.cnn.dropout was range"):
            check_same(changed, DATA_HASH, sweep.ledger)

    def test_extend_is_not_proposed_to_who_has_given_it(self, make_sweep, redefine) -> None:
        sweep = make_sweep()
        wider = redefine(sweep.definition, space=sweep.definition.searches[0].space.fix({"dropout": 0.9}))
        for data_hash, extend in (("e" * 64, True), ("e" * 64, False)):
            with pytest.raises(InputError) as caught:
                check_same(wider, data_hash, sweep.ledger, extend=extend)
            assert "--extend" not in str(caught.value)

    def test_caps_of_several_architectures_are_told_one_by_one(self, make_sweep) -> None:
        space = make_sweep().definition.searches[0].space
        sweep = make_sweep("both", searches=[Search("lstm", space, 3), Search("cnn", space, 3)], run_cap=6)
        fewer = replace(sweep.definition, searches=(Search("lstm", space, 2), Search("cnn", space, 2)), run_cap=4)
        with pytest.raises(InputError) as caught:
            check_same(fewer, DATA_HASH, sweep.ledger)
        assert [problem.what.split()[0] for problem in caught.value.problems] == ["run_cap.lstm", "run_cap.cnn"]

    def test_an_architecture_more_is_not_four_parameters_less(self, make_sweep) -> None:
        sweep = make_sweep()
        lstm = sweep.definition.searches[0]
        both = replace(sweep.definition, searches=(lstm, Search("cnn", lstm.space, 6)))
        with pytest.raises(InputError) as caught:
            check_same(both, DATA_HASH, sweep.ledger)
        told = str(caught.value)
        assert "architecture was" in told
        assert "parameters.lstm" not in told
        assert "parameters.dropout" not in told
