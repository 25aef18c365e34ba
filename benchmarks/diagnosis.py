"""How often `sweep diagnose` names the right cause, on faults that are put into data, definitions and models.

    python benchmarks/diagnosis.py run --out results [--data NAME=TRAIN.csv ...] [--jobs 2]
    python benchmarks/diagnosis.py report --out results [--half A|B|both] [--again]
    python benchmarks/diagnosis.py heal --out results

`run` trains every case that the folder has no result of: each fault on each data set, and clean ones. `report` prints
for each cause how often it is named right, first and among the first three; `--again` diagnoses the kept sweeps anew,
so that thresholds are set without training: on half A alone. `heal` applies the patch of each healable case and trains
again. The bundled sample is always a data set; others are CSV files with the columns text and label (and story, whose
texts are joined to documents).
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import yaml
from breakages import FAULTS, Fault, Rows, Setup

TRAIN, HELD = 2_000, 500
LABELS = 12
ARCHITECTURES = ("cnn", "mean_embedding", "lstm", "gru")
CLEAN = ("cnn", "mean_embedding", "lstm", "gru", "attention", "tfidf_mlp", "transformer")
RATES = {"mean_embedding": 0.005, "transformer": 0.001, "tfidf_mlp": 0.001}
BY_NAME = {fault.name: fault for fault in FAULTS}


@dataclasses.dataclass(frozen=True)
class Case:
    """One sweep.

    Attributes:
        fault: its name; ``clean`` for none.
        data: name of the data set.
        architecture: of the catalogue.
    """

    fault: str
    data: str
    architecture: str

    @property
    def key(self) -> str:
        """Also the sweep's name."""
        text = f"{self.fault}-{self.data}-{self.architecture}"
        return "".join(letter if letter.isalnum() else "-" for letter in text)[:60]

    @property
    def half(self) -> str:
        """A or B, by a hash of the case."""
        return "AB"[hashlib.sha256(self.key.encode()).digest()[0] % 2]


def cases(sets: Iterable[str]) -> list[Case]:
    """Every case, always in the same order."""
    found = []
    for place, name in enumerate(sets):
        for number, fault in enumerate(FAULTS):
            found.append(Case(fault.name, name, ARCHITECTURES[(number + place) % len(ARCHITECTURES)]))
        found += [Case("clean", name, architecture) for architecture in CLEAN]
    return found


def rows_of(source: str) -> Rows:
    """All rows of a data set: the bundled sample's, or a CSV file's."""
    if source == "uci_news":
        from textclf_sweep import data  # noqa: PLC0415 - slow
        from textclf_sweep.definition.types import DataSettings  # noqa: PLC0415 - slow

        splits = data.again(DataSettings(source="uci_news"), 0)
        return [row for part in (splits.train, splits.validation, splits.test)
                for row in zip(part.texts, part.labels, strict=True)]  # fmt: skip
    with Path(source).open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    if "story" not in records[0]:
        return [(record["text"], record["label"]) for record in records]
    stories = defaultdict[tuple[str, str], list[str]](list)
    for record in records:
        stories[record["story"], record["label"]].append(record["text"])
    return [(" . ".join(texts[:6]), label) for (_, label), texts in stories.items()]


def clean(rows: Rows, case: Case) -> Setup:
    """A setup that works: some rows of at most `LABELS` labels, and sensible hyperparameters."""
    draw = random.Random(case.data)
    names = {name for name, _ in Counter(label for _, label in rows).most_common(LABELS)}
    kept = list(dict.fromkeys(row for row in rows if row[1] in names and row[0].strip()))
    draw.shuffle(kept)
    count = min(TRAIN, int(0.6 * len(kept)))
    held = min(HELD, (len(kept) - count) // 2)
    train, rest = kept[:count], kept[count:]
    parameters = {"learning_rate": RATES.get(case.architecture, 0.002), "batch_size": 32, "epochs": 10}
    more: dict[str, Any] = {"run_cap": 1, "early_stopping": {"patience": 3}}
    return Setup(
        train, rest[:held], rest[held : 2 * held],
        {name: {"value": value} for name, value in parameters.items()}, case.architecture, more,
    )  # fmt: skip


def written(setup: Setup, case: Case, folder: Path) -> Path:
    """The setup's files; returns the definition's."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train", "validation", "test"):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label", *setup.columns])
            for number, (text, label) in enumerate(getattr(setup, name)):
                writer.writerow([text, label, *(make(number, label) for make in setup.columns.values())])
    architecture: Any = setup.architecture
    if setup.model:
        (folder / "model.py").write_text(setup.model)
        architecture = {"file": "model.py"}
    data = {"path": "train.csv", "validation": "validation.csv", "test": "test.csv", **setup.data}
    known = {name: value for name, value in setup.parameters.items() if not setup.model or name in TRAINING}
    definition = {
        "name": case.key, "architecture": architecture, "method": "random", "workers": 1, "seed": 3, **setup.more,
        "data": data, "parameters": known,
    }  # fmt: skip
    path = folder / "sweep.yaml"
    path.write_text(yaml.safe_dump(definition, sort_keys=False))
    return path


TRAINING = ("learning_rate", "batch_size", "epochs", "optimizer")


def sweep(path: Path, store: Path) -> dict[str, Any]:
    """Run a definition; what came of it, and its diagnosis."""
    from textclf_sweep.definition.load import load, read_file  # noqa: PLC0415 - slow
    from textclf_sweep.errors import SweepError  # noqa: PLC0415 - slow
    from textclf_sweep.store import Store  # noqa: PLC0415 - slow
    from textclf_sweep.sweep.catalogue import discover  # noqa: PLC0415 - slow
    from textclf_sweep.sweep.context import Options  # noqa: PLC0415 - slow
    from textclf_sweep.sweep.run import run  # noqa: PLC0415 - slow

    content = read_file(path)
    try:
        definition = load(content, discover(), path=path)
        status = run(definition, content.decode(), Store(store), lambda _: None, lambda: None,
                     Options(force=path.parent.joinpath("model.py").exists() is False, path=str(path)))  # fmt: skip
    except SweepError as error:
        return {"stopped": str(error), "verdict": None, "causes": []}
    best = status["best"] or {}
    return {"stopped": "", "state": status["state"], "value": best.get("value"), **diagnosed(store, definition.name)}


def diagnosed(store: Path, name: str) -> dict[str, Any]:
    """The diagnosis of a sweep that was run."""
    from textclf_sweep.store import Store  # noqa: PLC0415 - slow
    from textclf_sweep.sweep.diagnose import diagnose  # noqa: PLC0415 - slow

    return diagnose(Store(store), name)


def one(case: Case, source: str, out: Path) -> dict[str, Any]:
    """Break, run, diagnose."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    setup = clean(rows_of(source), case)
    if case.fault != "clean":
        setup = BY_NAME[case.fault].make(setup, random.Random(case.key))
    folder = out / "cases" / case.key
    path = written(setup, case, folder)
    return {**dataclasses.asdict(case), "half": case.half, **sweep(path, folder)}


def one_of(work: tuple[Case, str, Path]) -> dict[str, Any]:
    """The same, for a pool."""
    return one(*work)


def results(out: Path) -> list[dict[str, Any]]:
    """What was run so far; of several results of a case the last."""
    path = out / "results.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    found = {(item["fault"], item["data"], item["architecture"]): item for item in map(json.loads, lines)}
    return list(found.values())


def run_all(given: argparse.Namespace) -> None:
    """Run every case that has no result."""
    sets = {"news": "uci_news", **dict(item.split("=", 1) for item in given.data)}
    done = {(item["fault"], item["data"], item["architecture"]) for item in results(given.out)}
    todo = [case for case in cases(sets) if (case.fault, case.data, case.architecture) not in done]
    todo = [case for case in todo if given.only in case.key and given.half in ("both", case.half)]
    given.out.mkdir(parents=True, exist_ok=True)
    # Processes that live for a few cases: what one of them leaves behind is no other's business.
    with get_context("spawn").Pool(given.jobs, maxtasksperchild=8) as pool:
        work = [(case, sets[case.data], given.out) for case in todo]
        for number, item in enumerate(pool.imap_unordered(one_of, work), 1):
            with (given.out / "results.jsonl").open("a") as file:
                file.write(json.dumps(item) + "\n")
            key = Case(item["fault"], item["data"], item["architecture"]).key
            print(f"{number}/{len(todo)} {key}: {item['verdict']} {shown(item)}", flush=True)


def shown(item: Mapping[str, Any]) -> str:
    """The names of what was found, or what the sweep was stopped by."""
    if item["stopped"]:
        return f"stopped: {item['stopped'][:100]}"
    return ", ".join(f"{cause['name']} {cause['severity'][0]}{cause['score']:.2f}" for cause in item["causes"][:4])


def named(item: Mapping[str, Any]) -> list[str]:
    """The causes as they are named, the first one first; of a sweep that was stopped, the one in the message."""
    if item["stopped"]:
        known = {name for fault in FAULTS for name in fault.causes}
        return [name for name in known if f"{name}:" in item["stopped"]]
    return [cause["name"] for cause in item["causes"]]


def again(items: list[dict[str, Any]], out: Path) -> list[dict[str, Any]]:
    """The same, diagnosed anew."""
    found = []
    for item in items:
        if item["stopped"]:
            found.append(item)
            continue
        key = Case(item["fault"], item["data"], item["architecture"]).key
        found.append({**item, **diagnosed(out / "cases" / key, key)})
    return found


def report(given: argparse.Namespace) -> None:
    """Print the tables."""
    items = [item for item in results(given.out) if given.half in ("both", item["half"])]
    if given.again:
        items = again(items, given.out)
    broken = [item for item in items if item["fault"] != "clean"]
    print(f"\nHalf {given.half}: {len(broken)} broken, {len(items) - len(broken)} clean\n")
    print("| cause | cases | named first | among three |\n|---|---|---|---|")
    rows = defaultdict[str, list[tuple[bool, bool]]](list)
    for item in broken:
        right = BY_NAME[item["fault"]].causes
        names = named(item)
        rows[right[0]].append((bool(set(names[:1]) & set(right)), bool(set(names[:3]) & set(right))))
        if given.verbose and not rows[right[0]][-1][0]:
            print(f"  - {item['fault']} / {item['data']} / {item['architecture']}: {item['verdict']} {shown(item)}")
    for name, hits in sorted(rows.items()):
        print(f"| {name} | {len(hits)} | {sum(hit[0] for hit in hits)} | {sum(hit[1] for hit in hits)} |")
    every = [hit for hits in rows.values() for hit in hits]
    if every:
        first, three = (sum(hit[place] for hit in every) for place in (0, 1))
        print(f"| **all** | {len(every)} | {first} ({first / len(every):.0%}) | {three} ({three / len(every):.0%}) |")
    for item in items:
        if item["fault"] == "clean":
            alarms = [cause["name"] for cause in item["causes"] if cause["severity"] == "cause"]
            told = f"false alarm: {', '.join(alarms)}" if alarms or item["stopped"] else "no cause"
            print(f"clean {item['data']} {item['architecture']}: {item['verdict']}, {told} {item['stopped']}")


def healed(case: Case, out: Path) -> tuple[str, str | None, str | None]:
    """A case's key, and its verdict before and after its patch."""
    from textclf_sweep.errors import SweepError  # noqa: PLC0415 - slow
    from textclf_sweep.store import Store  # noqa: PLC0415 - slow
    from textclf_sweep.sweep.cure import apply  # noqa: PLC0415 - slow

    folder = out / "cases" / case.key
    before = diagnosed(folder, case.key)["verdict"]
    path = folder / "healed.yaml"
    path.unlink(missing_ok=True)
    try:
        apply(Store(folder), case.key, None, path)
    except SweepError as error:
        return case.key, before, f"no patch: {error}"
    after = sweep(path, out / "healed" / case.key)
    return case.key, before, after["stopped"] or after["verdict"]


def healed_of(work: tuple[Case, Path]) -> tuple[str, str | None, str | None]:
    """The same, for a pool."""
    return healed(*work)


def heal(given: argparse.Namespace) -> None:
    """Apply the patches of the healable cases and print what becomes of them."""
    items = [item for item in results(given.out) if item["fault"] in BY_NAME and BY_NAME[item["fault"]].heals]
    items = [item for item in items if given.half in ("both", item["half"]) and not item["stopped"]]
    found = []
    chosen = [(Case(item["fault"], item["data"], item["architecture"]), given.out) for item in items]
    with get_context("spawn").Pool(given.jobs, maxtasksperchild=8) as pool:
        for item in pool.imap_unordered(healed_of, chosen):
            found.append(item)
            print("{}: {} -> {}".format(*item), flush=True)
    was = [item for item in found if item[1] in ("stuck", "diverged")]
    out_of = [item for item in was if item[2] in ("weak", "underfit", "overfit", "good", "learning")]
    better = [item for item in found if item[2] in ("underfit", "overfit", "good", "learning")]
    print(f"\nout of stuck (or diverged): {len(out_of)} of {len(was)}; not even weak: {len(better)} of {len(found)}")


def lines(fault: Fault) -> Iterator[str]:
    """A fault as the list of faults shows it."""
    yield f"{fault.kind:<12}{fault.name:<34}{', '.join(fault.causes)}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "report", "heal", "list"))
    parser.add_argument("--out", type=Path, default=Path("diagnosis-results"))
    parser.add_argument("--data", action="append", default=[], metavar="NAME=TRAIN.csv")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose key has this text")
    parser.add_argument("--half", choices=("A", "B", "both"), default="both")
    parser.add_argument("--again", action="store_true", help="diagnose the kept sweeps anew")
    parser.add_argument("--verbose", action="store_true", help="what was named instead, of each miss")
    given = parser.parse_args()
    given.out = given.out.absolute()
    if given.what == "list":
        print("\n".join(line for fault in FAULTS for line in lines(fault)))
        return
    {"run": run_all, "report": report, "heal": heal}[given.what](given)


if __name__ == "__main__":
    main()
