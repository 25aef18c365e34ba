from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest

from textclf_sweep.training.files import sha256, write_atomically

pytestmark = pytest.mark.unit


def test_it_writes_and_makes_the_folder(tmp_path) -> None:
    path = tmp_path / "results" / "1.1.json"
    write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert [file.name for file in path.parent.iterdir()] == ["1.1.json"]


def test_it_replaces(tmp_path) -> None:
    path = tmp_path / "1.1.json"
    write_atomically(path, b"old and long")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_what_cannot_be_put_in_place_leaves_the_old_file_and_no_other(tmp_path) -> None:
    path = tmp_path / "taken"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="taken"):
        write_atomically(path, b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
    assert (path / "inside").is_dir()


def test_killed_at_any_moment_the_file_is_whole(tmp_path) -> None:
    path = tmp_path / "weights.npz"
    script = (
        "import itertools, sys; from pathlib import Path; from textclf_sweep.training.files import write_atomically\n"
        "for number in itertools.count(): write_atomically(Path(sys.argv[1]), bytes([number % 256]) * 300_000)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(3):
        path.unlink(missing_ok=True)
        with subprocess.Popen([sys.executable, "-c", script, str(path)], env=environment) as writer:
            while not path.exists():
                time.sleep(0.01)
            writer.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1


def test_sha256(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    assert sha256(path) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
