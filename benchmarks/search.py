"""How many epochs each search method needs, and what pruning saves and costs, on recorded learning curves.

Replays the program's own searchers and pruners many times over on `benchmarks/curves/curves.csv.gz` (see record.py),
without training. A repetition is one seed; every method runs under the same seeds, so that they compare in pairs.

    python benchmarks/search.py                                 all, a few minutes on two cores
    python benchmarks/search.py --repetitions 10 --architecture cnn
    python benchmarks/search.py --workers 4                     four trials at a time
    python benchmarks/search.py --methods random gp --no-pruning --slow-repetitions 30

Searchers whose proposals take about a second (gp) get fewer repetitions. A model-based searcher that a library uses for
`method: bayes` when none is named (tpe, gp) is held to what is required of Bayesian search; for another one (cmaes) the
same figure is printed as information. Quasi-random search (qmc), which looks at no results, and grid are references.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import multiprocessing
import statistics
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import replay as recorded
from replay import Recording, Replay

from textclf_sweep.sweep.catalogue import discover

TABLE = Path(__file__).with_name("curves") / "curves.csv.gz"

POINT = 0.01
"""The target is the best recorded value less so much."""

PAIRED = 0.8
"""The share of repetitions in which Bayesian search is to need no more epochs than random search."""

SAVED, LOST = 1 / 3, 0.005
"""What pruning is to save of the epochs at least, and to lose of the final best at most."""

METHODS = ("random", "tpe", "gp", "cmaes", "qmc", "grid")
"""The searchers that are replayed by default, and those of them that are replayed with pruning, too."""
PRUNED = ("random", "tpe")

PRUNERS: dict[str, tuple[str, dict[str, Any]]] = {
    "hyperband-3": ("hyperband", {"min_iter": 3}),
    "asha": ("asha", {}),
    "asha-1": ("asha", {"min_iter": 1}),
    "median": ("median", {}),
}
"""By name: a pruner and its options, those that are not its defaults. A number is the first rung."""

EPSILON = 1e-9
"""Less than the least difference of two accuracies."""


@dataclass(frozen=True, slots=True)
class Job:
    """One repetition.

    Attributes:
        table: the recording.
        architecture: whose curves.
        method: a searcher.
        seed: the sweep's.
        workers: trials at a time.
        pruner: a name of PRUNERS, or empty.
        trials: how many; None searches until the target is reached.
    """

    table: Path
    architecture: str
    method: str
    seed: int
    workers: int
    pruner: str = ""
    trials: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one repetition came to: see `replay.Replay`."""

    spent: int
    best: float
    hit: int | None


Outcomes = dict[Job, Outcome]


def main() -> None:
    """Replay and print the tables."""
    arguments = parse()
    recordings = recorded.read(arguments.table)
    chosen = arguments.architecture or list(recordings)
    if missing := [name for name in chosen if name not in recordings]:
        sys.exit(f"no curves of {', '.join(missing)} in {arguments.table}; there are those of {', '.join(recordings)}")
    whole = [name for name in chosen if recordings[name].is_whole]
    for name in sorted({*chosen} - {*whole}):
        found = recordings[name]
        print(f"{name} is left out: {len(found.trainings)} of {found.size} curves are recorded", file=sys.stderr)
    searching, pruning = jobs(arguments, whole)
    outcomes = play([*searching, *pruning], arguments.processes)
    lines: list[str] = []
    for name in whole:
        print_head(recordings[name])
        lines += print_searches(name, [job for job in searching if job.architecture == name], outcomes)
        lines += print_pruning(name, [job for job in pruning if job.architecture == name], outcomes)
    print("\nrequirements")
    for line in lines:
        print(line)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=100, help="seeds of each method; default 100")
    parser.add_argument("--slow-repetitions", type=int, default=60, help="the same of a slow method; default 60")
    parser.add_argument("--first-seed", type=int, default=1, help="the seeds are this one and those after it")
    parser.add_argument("--architecture", action="append", help="one of the recorded ones; all by default; repeatable")
    # One that chooses each trial's epochs itself has no place on curves of one length.
    methods = [name for name, entry in discover().searchers.items() if not entry.paces]
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=methods, help=f"default: {' '.join(METHODS)}")
    parser.add_argument("--pruned", nargs="+", default=PRUNED, choices=methods, help=f"default: {' '.join(PRUNED)}")
    parser.add_argument("--pruners", nargs="*", default=list(PRUNERS), choices=list(PRUNERS), help="default: all")
    parser.add_argument("--no-pruning", action="store_true", help="only how long the searches take")
    parser.add_argument("--trials", type=int, default=40, help="of a search with or without pruning; default 40")
    parser.add_argument("--workers", type=int, default=1, help="trials at a time; default 1")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count(), help="replays at a time")
    parser.add_argument("--table", type=Path, default=TABLE, help="the recorded curves")
    return parser.parse_args()


def jobs(arguments: argparse.Namespace, architectures: Sequence[str]) -> tuple[list[Job], list[Job]]:
    """The repetitions until the target, and those with and without pruning."""

    def base(methods: Sequence[str]) -> list[Job]:
        return [
            Job(arguments.table, name, method, seed, arguments.workers)
            for name in architectures
            for method in methods
            for seed in range(arguments.first_seed, arguments.first_seed + repetitions(arguments, method))
        ]

    if arguments.no_pruning:
        return base(arguments.methods), []
    return base(arguments.methods), [
        replace(job, pruner=pruner, trials=arguments.trials)
        for job in base(arguments.pruned)
        for pruner in ("", *arguments.pruners)
    ]


def repetitions(arguments: argparse.Namespace, method: str) -> int:
    """How many seeds a method gets."""
    whole: int = arguments.repetitions
    slow = getattr(importlib.import_module(f"textclf_sweep.searchers.{method}"), "AHEAD", False)
    return min(whole, int(arguments.slow_repetitions)) if slow else whole


def play(todo: Sequence[Job], processes: int) -> Outcomes:
    """Run every repetition, several at a time; the result does not depend on how many."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        return dict(zip(todo, pool.map(run, todo, chunksize=8), strict=True))


def run(job: Job) -> Outcome:
    """One repetition."""
    recording = _read(job.table)[job.architecture]
    pruner = None
    if job.pruner:
        name, options = PRUNERS[job.pruner]
        pruner = functools.partial(importlib.import_module(f"textclf_sweep.pruners.{name}").prune, **options)
    target = recording.best - POINT - EPSILON if job.trials is None else None
    found: Replay = recorded.run(
        recording, job.method, job.seed, workers=job.workers, pruner=pruner, trials=job.trials, target=target
    )
    return Outcome(found.spent, found.best, found.hit)


@functools.cache
def _read(table: Path) -> dict[str, Recording]:
    return recorded.read(table)


def print_head(recording: Recording) -> None:
    """What was recorded and what is looked for."""
    target = recording.best - POINT
    good = sum(max(item.curve) >= target - EPSILON for item in recording.trainings.values() if not item.failed)
    print(
        f"\n{recording.architecture}: {len(recording.trainings)} configurations of {recording.epochs} epochs, ", end=""
    )
    print(f"best val_accuracy {recording.best:.4f}; {good} come to within one point of it ({target:.4f})")


def print_searches(architecture: str, searching: Sequence[Job], outcomes: Outcomes) -> list[str]:
    """Epochs until the target by method; returns the lines of the requirements."""
    hits: dict[str, dict[int, float]] = {}
    for job in searching:
        hit = outcomes[job].hit
        hits.setdefault(job.method, {})[job.seed] = float("inf") if hit is None else hit
    print(f"\n{'epochs until then':20}{'repetitions':>14}{'median':>8}{'quartiles':>16}", end="")
    print(f"{'no more than random':>22}{'as many':>10}")
    lines = []
    for method, epochs in hits.items():
        low, middle, high = quartiles(epochs.values())
        print(f"{method:20}{len(epochs):14}{middle:8.0f}{f'{low:.0f} to {high:.0f}':>16}", end="")
        if method == "random" or "random" not in hits:
            print()
            continue
        pairs = [(spent, hits["random"][seed]) for seed, spent in epochs.items()]
        no_more = statistics.fmean(mine <= other for mine, other in pairs)
        print(f"{no_more:22.0%}{statistics.fmean(mine == other for mine, other in pairs):10.0%}")
        if learns(method):
            ties = statistics.fmean(mine == other for mine, other in pairs)
            what = f"{method} needs no more epochs than random in {PAIRED:.0%} of {len(pairs)} repetitions"
            found = f"{no_more:.0%}, {ties:.0%} with as many"
            lines.append(judged(no_more >= PAIRED, architecture, what, found, binding=leads(method)))
    return lines


def learns(method: str) -> bool:
    """Whether a searcher is Bayesian: it serves `bayes`, and not `random` as well, as one does that learns nothing."""
    methods = discover().searchers[method].methods
    return "bayes" in methods and "random" not in methods


def leads(method: str) -> bool:
    """Whether its library uses a searcher when a definition names none."""
    return discover().searchers[method].default


def print_pruning(architecture: str, pruning: Sequence[Job], outcomes: Outcomes) -> list[str]:
    """Epochs saved and best value lost by method and pruner; returns the lines of the requirements."""
    if not pruning:
        return []
    print(f"\n{f'pruning, {pruning[0].trials} trials':24}{'epochs saved':>14}{'quartiles':>16}", end="")
    print(f"{'points lost':>14}{'quartiles':>16}{'at most half one':>18}")
    lines = []
    plain = {(job.method, job.seed): outcomes[job] for job in pruning if not job.pruner}
    for method, pruner in dict.fromkeys((job.method, job.pruner) for job in pruning if job.pruner):
        pairs = [
            (outcomes[job], plain[method, job.seed]) for job in pruning if (job.method, job.pruner) == (method, pruner)
        ]
        saved = [1 - mine.spent / other.spent for mine, other in pairs]
        lost = [other.best - mine.best for mine, other in pairs]
        kept = statistics.fmean(loss <= LOST + EPSILON for loss in lost)
        low, middle, high = quartiles(saved)
        least, median, most = (100 * value for value in quartiles(lost))
        print(f"{f'{method} + {pruner}':24}{middle:14.0%}{f'{low:.0%} to {high:.0%}':>16}", end="")
        print(f"{median:14.2f}{f'{least:.2f} to {most:.2f}':>16}{kept:18.0%}")
        what = f"{method} + {pruner} saves at least a third of the epochs and loses at most half a point"
        reached = middle >= SAVED and median <= 100 * (LOST + EPSILON)
        found = f"{middle:.0%}, {median:.2f} in the median; {kept:.0%} of the repetitions lose at most half a point"
        lines.append(judged(reached, architecture, what, found))
    return lines


def quartiles(values: Iterable[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile."""
    ordered = sorted(values)
    # Each is one of the values, so that a search without end does not turn the others into infinity.
    low, middle, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.25, 0.5, 0.75))
    return low, middle, high


def judged(reached: bool, architecture: str, what: str, found: str, *, binding: bool = True) -> str:
    """One line of the requirements; one that is not `binding` is information."""
    verdict = ("reached" if reached else "not reached") if binding else "information"
    return f"{verdict:12} {architecture}: {what}: {found}"


if __name__ == "__main__":
    main()
