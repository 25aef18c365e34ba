from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.engines import _machine

pytestmark = pytest.mark.unit

TWO = """\
GPU 0: NVIDIA H200 (UUID: GPU-aaaa-1)
GPU 1: NVIDIA H200 (UUID: GPU-bbbb-2)
"""
SLICED = """\
GPU 0: NVIDIA A100 (UUID: GPU-aaaa-1)
  MIG 1g.10gb     Device  0: (UUID: MIG-cccc-1)
  MIG 1g.10gb     Device  1: (UUID: MIG-dddd-2)
GPU 1: NVIDIA A100 (UUID: GPU-bbbb-2)
"""


@pytest.mark.parametrize(
    ("listing", "visible", "expected"),
    [
        ("", None, ()),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", None, ()),
        ("", "0", ()),
        (TWO, None, ("0", "1")),
        (TWO, "", ()),
        (TWO, "-1", ()),
        (TWO, "1", ("1",)),
        (TWO, "1, 0", ("1", "0")),
        (TWO, "0,-1,1", ("0",)),
        (TWO, "0,2,1", ("0",)),
        (TWO, "GPU-bbbb", ("GPU-bbbb",)),
        (TWO, "GPU-cccc", ()),
        (SLICED, None, ("MIG-cccc-1", "MIG-dddd-2", "1")),
        (SLICED, "MIG-dddd-2", ("MIG-dddd-2",)),
    ],
)
def test_visible_gpus(listing: str, visible: str | None, expected: tuple[str, ...]) -> None:
    assert _machine.visible_gpus(listing, visible) == expected


@pytest.mark.parametrize(
    ("cores", "memory", "gpus", "expected"),
    [
        (8, 64_000_000_000, (), 8),
        (8, 5_000_000_000, (), 4),
        (8, 500_000_000, (), 1),
        (8, 64_000_000_000, ("0", "1"), 2),
        (1, 64_000_000_000, ("0", "1"), 2),
    ],
)
def test_default_workers(cores: int, memory: int, gpus: tuple[str, ...], expected: int) -> None:
    assert _machine.default_workers(cores, memory, gpus) == expected


@given(cores=st.integers(1, 512), memory=st.integers(0, 10**13))
def test_default_workers_fit_the_machine(cores: int, memory: int) -> None:
    workers = _machine.default_workers(cores, memory, ())
    assert 1 <= workers <= cores
    assert workers == 1 or workers * _machine.WORKER_MEMORY <= memory


def test_cores_follow_affinity_and_quota(tmp_path: Path) -> None:
    assert _machine.usable_cores(tmp_path) == len(os.sched_getaffinity(0))
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert _machine.usable_cores(tmp_path) == len(os.sched_getaffinity(0))
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert _machine.usable_cores(tmp_path) == 1


def test_memory_is_what_the_machine_has_left(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       24000000 kB\nMemFree:  1 kB\nMemAvailable:   20000000 kB\n")
    assert _machine.available_memory(meminfo, tmp_path) == 20_000_000 * 1024


def test_memory_is_what_the_container_has_left(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemAvailable:   20000000 kB\n")
    (tmp_path / "memory.stat").write_text("anon 1000000000\nfile 9000000000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert _machine.available_memory(meminfo, tmp_path) == 20_000_000 * 1024
    (tmp_path / "memory.max").write_text("4000000000\n")
    assert _machine.available_memory(meminfo, tmp_path) == 3_000_000_000
    (tmp_path / "memory.max").write_text("500000000\n")
    assert _machine.available_memory(meminfo, tmp_path) == 0


def test_memory_without_any_table(tmp_path: Path) -> None:
    assert _machine.available_memory(tmp_path / "none", tmp_path) > 0


@pytest.mark.parametrize(("script", "expected"), [(f"cat <<'END'\n{TWO}END", ("0", "1")), ("exit 9", ())])
def test_gpus_are_found_through_the_driver(tmp_path, monkeypatch, script: str, expected: tuple[str, ...]) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert _machine.find_gpus() == expected


def test_no_driver_no_gpus(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _machine.find_gpus() == ()
