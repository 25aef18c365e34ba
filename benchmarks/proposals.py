"""What a proposal costs, for every searcher, after 10, 100 and 1,000 trials.

Asks each searcher for the next trial of a space with conditions and a prior, given a history of random trials (some
failed, four pending), and prints the median and the worst of a few proposals in milliseconds, after one that loads
what the searcher needs. A searcher that is slow by its own account is asked once for each length.

    python benchmarks/proposals.py
    python benchmarks/proposals.py --samplers tpe qmc --lengths 1000 --repeat 20

Other programs on the same cores slow everything down: times are processor times of this process, except for searchers
that work in another one, where they are wall-clock times.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import statistics
import time
from collections.abc import Callable, Sequence
from types import ModuleType

from textclf_sweep import searchers
from textclf_sweep.definition.space import Categorical, Condition, Constant, Distribution, Normal, Range, SearchSpace
from textclf_sweep.definition.types import Metric
from textclf_sweep.searchers import Ask
from textclf_sweep.searchers import random as random_search
from textclf_sweep.trial import History, Trial, TrialRecord, TrialResult, TrialState, derive_seed

PENDING = 4
LEVELS = {
    "dropout": tuple(step / 20 for step in range(11)),
    "learning_rate": tuple(10**-power for power in range(1, 6)),
}


def spaces() -> dict[bool, SearchSpace]:
    """The space, and the discrete one for searchers that enumerate."""
    distributions: dict[str, Distribution] = {
        "attention": Categorical((True, False)),
        "batch_size": Categorical((16, 32, 64, 128, 256)),
        "depth": Range(1, 4, integer=True),
        "dropout": Range(0.0, 0.5, prior=Normal(0.2, 0.2)),
        "epochs": Constant(10),
        "learning_rate": Range(1e-5, 1e-1, log=True),
        "momentum": Range(0.0, 0.95, step=0.05),
        "optimizer": Categorical(("adam", "sgd", "rmsprop")),
        "units": Range(16, 256, integer=True, step=16),
    }
    conditions = {"momentum": (Condition("optimizer", ("sgd",)),)}
    listed: dict[str, Distribution] = {name: Categorical(values) for name, values in LEVELS.items()}
    return {
        False: SearchSpace.of(distributions, conditions),
        True: SearchSpace.of(distributions | listed, conditions),
    }


def history_of(space: SearchSpace, length: int) -> History:
    """`length` random trials, every tenth failed and the last four pending, with values from a formula."""
    history: list[TrialRecord] = []
    for number in range(1, length + 1):
        drawn = random_search.propose(Ask(space, Metric(), 0, number, ()))
        trial = Trial(number, "lstm", drawn or {}, number, tuple(range(1, max(number - PENDING, 1))))
        if number > length - PENDING:
            history.append(TrialRecord(trial, TrialState.RUNNING, attempts=1))
            continue
        state = TrialState.FAILED if number % 10 == 0 else TrialState.COMPLETE
        value = 0.5 + derive_seed(number, "value") / 2**32
        result = TrialResult(number, 1, state, "all epochs", best_epoch=1, value=value)
        history.append(TrialRecord(trial, state, attempts=1, result=result))
    return tuple(history)


def found() -> list[str]:
    """The names of every searcher."""
    return [item.name for item in pkgutil.iter_modules(searchers.__path__) if not item.name.startswith("_")]


def timed(searcher: ModuleType, space: SearchSpace, history: History, repeat: int) -> list[float]:
    """Milliseconds of each of `repeat` proposals, with other seeds, after one that is not counted."""
    remote = getattr(searcher, "LIBRARY", "optuna") != "optuna"
    clock: Callable[[], float] = time.perf_counter if remote else time.process_time
    costs = []
    for seed in range(repeat + 1):
        started = clock()
        searcher.propose(Ask(space, Metric(), seed, len(history) + 1, history))
        costs.append(1000 * (clock() - started))
    return costs[1:]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samplers", nargs="+", choices=found(), default=found())
    parser.add_argument("--lengths", nargs="+", type=int, default=[10, 100, 1000])
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args(arguments)
    print(f"{'sampler':22} {'trials':>7} {'median ms':>10} {'worst ms':>10}")
    for name in options.samplers:
        searcher = importlib.import_module(f"textclf_sweep.searchers.{name}")
        space = spaces()[searcher.FINITE]
        if getattr(searcher, "PACES", False):
            space = SearchSpace.of(
                dict(space.distributions) | {"epochs": Range(1, 10, integer=True)}, dict(space.conditions)
            )
        for length in options.lengths:
            repeat = 1 if getattr(searcher, "AHEAD", False) else options.repeat
            costs = timed(searcher, space, history_of(space, length), repeat)
            print(f"{name:22} {length:7} {statistics.median(costs):10.1f} {max(costs):10.1f}", flush=True)


if __name__ == "__main__":
    main()
