"""A small sweep in a process of its own: `parent_process.py FOLDER WORKERS DOES...` runs one task per DOES."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from textclf_sweep.definition.types import Metric
from textclf_sweep.engines import EpochReported, WorkerReady, local
from textclf_sweep.store import SweepFolder
from textclf_sweep.training.tasks import Decision, TrainTask
from textclf_sweep.trial import Trial


def main(folder: Path, workers: int, *does: str) -> None:
    signal.signal(signal.SIGINT, lambda *_: None)
    engine = local.start(workers, SweepFolder(folder), runner="task_runners:run_task", preload=())
    for number, what in enumerate(does, 1):
        trial = Trial(number, what, {"epochs": 2, "other": 99}, seed=0)
        engine.submit(TrainTask(trial, 1, Metric(), None, folder, folder, folder, "", "", 60.0))
    ends = 0
    while ends < len(does):
        for event in engine.poll(60.0):
            if isinstance(event, EpochReported):
                engine.decide(event.key, Decision())
            elif not isinstance(event, WorkerReady):
                ends += 1
                (folder / f"{event.key}.end").write_text(type(event).__name__)
    engine.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
