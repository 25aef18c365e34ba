"""Whether the audit finds what is wrong, and nothing else: faults are injected into real data, with seeds.

    python benchmarks/audit.py                                 all, some minutes on two cores
    python benchmarks/audit.py --rows 1000 --repetitions 1     a quick look
    python benchmarks/audit.py --faults label_leak mojibake --sets news clinc150
    python benchmarks/audit.py --data FOLDER                   where the data sets are; what is not there is left out

Every data set is cut to `--rows` rows in random order, a fault (see faults.py) is injected, and the rows are prepared
and audited as `sweep check` does it. Recall is the share of the injections that are found; the rows' recall is that of
the rows with the fault among those of the finding, their precision the other way round (rows that the finding has in
the clean data do not count). A false alarm is a warning or a fatal finding that the clean data have not and that the
fault does not imply.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import multiprocessing
import random
import statistics
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import faults

from textclf_sweep.data import audit, sources
from textclf_sweep.data.audit import Subject
from textclf_sweep.data.corpus import Corpus
from textclf_sweep.data.findings import Finding
from textclf_sweep.data.prepare import prepare
from textclf_sweep.definition.types import DataSettings

DATA = Path(__file__).parents[2] / "shared" / "data"
FILES = {
    "news": "uci_news4/bench/train.csv",
    "clinc150": "clinc150/train.csv",
    "hwu64": "hwu64/train.csv",
    "dirty": "uci_news4/dirty_natural.csv",
}
SAMPLE = "sample"
"""The bundled sample, which is always there."""

ROW_RATES = (0.005, 0.02, 0.1, 0.5)
STATISTICAL_RATES = (0.1, 0.25, 0.4)
MISLABELLED_RATES = (0.02, 0.05, 0.1, 0.2)

IMPLIED: dict[str, set[str]] = {
    "missing_text": {"few_rows", "rare_label"},
    "missing_label": {"few_rows", "rare_label"},
    "label_variants": {"rare_label", "imbalance", "label_column_misread"},
    "exact_duplicates": {"near_duplicates"},
    "near_duplicates": {"exact_duplicates", "rogue_characters"},
    "conflicting_labels": {"mislabelled", "shuffled_labels", "near_duplicates", "exact_duplicates"},
    "rogue_characters": {"out_of_vocabulary", "near_duplicates"},
    "mojibake": {"rogue_characters", "near_duplicates"},
    "html_debris": {"near_duplicates"},
    "imbalance": {"rare_label"},
    "label_leak": {"near_duplicates"},
    "mixed_languages": {
        "mislabelled", "near_duplicates", "conflicting_labels", "exact_duplicates", "out_of_vocabulary",
    },
    "out_of_vocabulary": {"mislabelled", "mixed_languages"},
    "truncation": {"mislabelled"},
    "cut_texts": {"near_duplicates", "conflicting_labels"},
    "constant_length": {"near_duplicates", "conflicting_labels", "out_of_vocabulary", "cut_texts", "mislabelled"},
    "order_leak": set(),
    "sorted_by_label": set(),
    "mislabelled": {"conflicting_labels"},
    "shuffled_labels": {"mislabelled", "conflicting_labels"},
    "label_column_misread": {"rare_label", "few_rows"},
    "single_label": set(),
    "few_rows": {"rare_label", "imbalance", "out_of_vocabulary", "label_column_misread"},
}  # fmt: skip
"""By fault: findings that it brings about by its nature."""

RECALL, TIMES = 0.95, 5
"""What recall is to be at least; and the precision of mislabelled rows as a multiple of their share."""


@dataclass(frozen=True, slots=True)
class Job:
    """One injection and audit; a fault of "" leaves the data clean."""

    folder: Path
    data: str
    rows: int
    fault: str
    rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one audit came to.

    Attributes:
        found: the severity of the fault's finding; empty without one.
        recall, precision: of its rows, in [0, 1]; None where there is none to count.
        first: the precision of its first n rows, n being those injected.
        alarms: names of false alarms.
        findings: (name, severity) of all findings.
    """

    found: str
    recall: float | None
    precision: float | None
    first: float
    alarms: tuple[str, ...]
    findings: tuple[tuple[str, str], ...]


Outcomes = dict[Job, Outcome]


def main() -> None:
    """Inject, audit and print the tables."""
    arguments = parse()
    there = [name for name, file in FILES.items() if (arguments.data / file).is_file()]
    chosen = [name for name in arguments.sets or [SAMPLE, *there] if name == SAMPLE or name in there]
    for name in sorted({*(arguments.sets or FILES)} - {*chosen, SAMPLE}):
        print(f"{name} is left out: there is no {arguments.data / FILES[name]}", file=sys.stderr)
    todo = jobs(arguments, chosen)
    with ProcessPoolExecutor(arguments.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        outcomes = dict(zip(todo, pool.map(run, todo), strict=True))
    clean = {job: outcome for job, outcome in outcomes.items() if not job.fault}
    lines = print_clean(clean)
    for title, group in (
        ("faults of rows", faults.ROW_FAULTS),
        ("faults of the distribution", faults.STATISTICAL_FAULTS),
        ("faults of the whole", faults.WHOLE_FAULTS),
    ):
        lines += print_faults(title, {job: item for job, item in outcomes.items() if job.fault in group})
    lines += print_mislabelled({job: item for job, item in outcomes.items() if job.fault == "mislabelled"})
    print("\nrequirements")
    for line in lines:
        print(line)


def parse() -> argparse.Namespace:
    """The command line."""
    every = [*faults.ROW_FAULTS, *faults.STATISTICAL_FAULTS, *faults.WHOLE_FAULTS, "mislabelled"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help=f"the folder of the data sets; default {DATA}")
    parser.add_argument("--sets", nargs="+", choices=[SAMPLE, *FILES], help="default: all that are there")
    parser.add_argument("--faults", nargs="+", default=every, choices=every, help="default: all")
    parser.add_argument("--rates", nargs="+", type=float, help="shares of the rows; default: those of the fault's kind")
    parser.add_argument("--rows", type=int, default=3_000, help="of each data set; default 3,000")
    parser.add_argument("--repetitions", type=int, default=2, help="seeds of each injection; default 2")
    parser.add_argument("--first-seed", type=int, default=1, help="the seeds are this one and those after it")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count(), help="audits at a time")
    return parser.parse_args()


def jobs(arguments: argparse.Namespace, chosen: Sequence[str]) -> list[Job]:
    """Every audit: of the clean data, and of each fault at each of its rates."""
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.repetitions)

    def job(data: str, fault: str, rate: float, seed: int) -> Job:
        return Job(arguments.data, data, arguments.rows, fault, rate, seed)

    return [job(data, "", 0.0, seed) for data in chosen for seed in seeds] + [
        job(data, fault, rate, seed)
        for data in chosen
        for fault in arguments.faults
        for rate in rates(fault, arguments.rates)
        for seed in seeds
    ]


def rates(fault: str, asked: Sequence[float] | None) -> Sequence[float]:
    """The shares of the rows that a fault is tried at."""
    if fault in faults.WHOLE_FAULTS or fault == "sorted_by_label":
        return (1.0,)
    if asked:
        return asked
    if fault == "mislabelled":
        return MISLABELLED_RATES
    return ROW_RATES if fault in faults.ROW_FAULTS else STATISTICAL_RATES


def run(job: Job) -> Outcome:
    """One injection and audit."""
    corpus = read(job.folder, job.data, job.rows, job.seed)
    clean = _clean(job.folder, job.data, job.rows, job.seed)
    if not job.fault:
        return Outcome("", None, None, 0.0, (), tuple((item.name, item.severity) for item, _ in clean))
    injected, rows = getattr(faults, job.fault)(corpus, job.rate, job.seed)
    found = examine(injected)
    wanted = {injected.lines[row] for row in rows}
    own = [lines for item, lines in found if item.name == job.fault]
    natural = {line for item, lines in clean if item.name == job.fault for line in lines}
    ranked = own[0] if own else ()
    hits = len(wanted.intersection(ranked))
    others = len({*ranked} - wanted - natural)
    known = {item.name for item, _ in clean if item.severity != "note"} | {job.fault} | IMPLIED[job.fault]
    return Outcome(
        found=next((item.severity for item, _ in found if item.name == job.fault), ""),
        recall=hits / len(wanted) if wanted else None,
        precision=hits / (hits + others) if hits + others else None,
        first=len(wanted.intersection(ranked[: len(wanted)])) / max(1, len(wanted)),
        alarms=tuple(item.name for item, _ in found if item.severity != "note" and item.name not in known),
        findings=tuple((item.name, item.severity) for item, _ in found),
    )


@functools.lru_cache(maxsize=8)
def read(folder: Path, data: str, rows: int, seed: int) -> Corpus:
    """So many rows of a data set, in random order; each has a line of its own."""
    settings = DataSettings("uci_news") if data == SAMPLE else DataSettings("csv", str(folder / FILES[data]))
    whole = sources.load(settings)
    draw = random.Random(seed)
    corpus = whole.select(draw.sample(range(len(whole)), min(rows, len(whole))))
    # The sample's parts are files of their own, with lines of their own.
    lines = tuple(range(2, len(corpus) + 2))
    return dataclasses.replace(corpus, lines=lines, groups=None, parts=None, files=None)


@functools.lru_cache(maxsize=8)
def _clean(folder: Path, data: str, rows: int, seed: int) -> list[tuple[Finding, list[int]]]:
    return examine(read(folder, data, rows, seed))


def examine(corpus: Corpus) -> list[tuple[Finding, list[int]]]:
    """Every finding, and the lines of all its rows."""
    prepared = prepare(corpus, DataSettings("csv", ""))
    return [
        (finding, [of.lines[row] for row in finding.affected])
        for of, findings in (
            (corpus, audit.missing(Subject(corpus))),
            (prepared, audit.findings(Subject(prepared))),
        )
        for finding in findings
    ]


def print_clean(clean: Outcomes) -> list[str]:
    """What is found in the data as they are; returns the lines of the requirements."""
    print(f"clean data\n{'':12}{'seed':>6}  findings that are no notes (and the notes)")
    lines = []
    for job, outcome in clean.items():
        grave = [f"{name}: {severity}" for name, severity in outcome.findings if severity != "note"]
        notes = [name for name, severity in outcome.findings if severity == "note"]
        print(f"{job.data:12}{job.seed:6}  {', '.join(grave) or 'none'} ({', '.join(notes) or 'none'})")
    for data in dict.fromkeys(job.data for job in clean):
        found = [outcome.findings for job, outcome in clean.items() if job.data == data]
        most = max(sum(severity == "warning" for _, severity in findings) for findings in found)
        fatal = sum(severity == "fatal" for findings in found for _, severity in findings)
        what = f"{data}: clean data raise no fatal finding and at most one warning"
        # Its dirt is real.
        lines.append(judged(not fatal and most <= 1, what, f"{fatal} and {most}", binding=data != "dirty"))
    return lines


def print_faults(title: str, outcomes: Outcomes) -> list[str]:
    """One table; returns the lines of the requirements."""
    if not outcomes:
        return []
    print(f"\n{title:24}{'rate':>7}{'audits':>8}{'recall':>8}{'of rows':>9}{'precision':>11}{'false alarms':>14}")
    lines = []
    for fault in dict.fromkeys(job.fault for job in outcomes):
        least, rows = 1.0, 1.0
        for rate in dict.fromkeys(job.rate for job in outcomes if job.fault == fault):
            of = {job: item for job, item in outcomes.items() if (job.fault, job.rate) == (fault, rate)}
            recall = statistics.fmean(bool(item.found) for item in of.values())
            of_rows, precision = (mean(getattr(item, name) for item in of.values()) for name in ("recall", "precision"))
            least, rows = min(least, recall), min(rows, of_rows, precision)
            alarms = [name for item in of.values() for name in item.alarms]
            print(f"{fault:24}{rate:7.1%}{len(of):8}{recall:8.2f}{of_rows:9.3f}{precision:11.3f}", end="")
            print(f"{len(alarms) / len(of):14.2f}", end="")
            missed = [f"{job.data}/{job.seed}" for job, item in of.items() if not item.found]
            print(f"  missed: {' '.join(missed)}" if missed else "", end="")
            print(f"  alarms: {' '.join(sorted(set(alarms)))}" if alarms else "")
        lines.append(
            judged(least >= RECALL, f"{fault} is found in {RECALL:.0%} of the audits", f"{least:.0%} at least")
        )
        if fault in faults.ROW_FAULTS:
            what = f"{fault}: {RECALL:.0%} of its rows are found, and so many of those found have it"
            lines.append(judged(rows >= RECALL, what, f"{rows:.1%} at least"))
    return lines


def print_mislabelled(outcomes: Outcomes) -> list[str]:
    """How good the ranking is; returns the lines of the requirements."""
    if not outcomes:
        return []
    print(f"\n{'mislabelled':12}{'rate':>7}{'audits':>8}{'recall':>8}{'warnings':>10}", end="")
    print(f"{'precision of the first n':>26}{'the least':>11}{'of all listed':>15}")
    lines = []
    for data, rate in dict.fromkeys((job.data, job.rate) for job in outcomes):
        of = [item for job, item in outcomes.items() if (job.data, job.rate) == (data, rate)]
        first = [item.first for item in of]
        warned = sum(item.found == "warning" for item in of)
        print(f"{data:12}{rate:7.1%}{len(of):8}{statistics.fmean(bool(item.found) for item in of):8.2f}", end="")
        print(f"{warned:10}{statistics.fmean(first):26.2f}{min(first):11.2f}", end="")
        print(f"{mean(item.precision for item in of):15.2f}")
        if rate < 0.05:
            what = f"{data}: {rate:.0%} of mislabelled rows are no warning"
            lines.append(judged(not warned, what, f"{warned} of {len(of)}", binding=data != "dirty"))
        else:
            wanted = min(0.5, TIMES * rate)
            what = f"{data}: {rate:.0%} of mislabelled rows: the first n are right to {wanted:.0%} or more"
            lines.append(judged(statistics.fmean(first) >= wanted, what, f"{statistics.fmean(first):.0%}"))
    return lines


def mean(values: Iterable[float | None]) -> float:
    """The mean of those that are there; 0 when none is."""
    there = [value for value in values if value is not None]
    return statistics.fmean(there) if there else 0.0


def judged(reached: bool, what: str, found: str, *, binding: bool = True) -> str:
    """One line of the requirements; one that is not `binding` is information."""
    verdict = ("reached" if reached else "not reached") if binding else "information"
    return f"{verdict:12} {what}: {found}"


if __name__ == "__main__":
    main()
