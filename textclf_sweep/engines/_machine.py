"""What this machine offers: cores, memory and GPUs, found without TensorFlow."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

WORKER_MEMORY = 1_200_000_000
"""Bytes a warm worker needs: TensorFlow, one model with its optimizer, and the features in memory."""

CGROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


def default_workers(cores: int, memory: int, gpus: Sequence[str]) -> int:
    """How many workers to start when nobody says.

    Args:
        cores: usable cores, >= 1.
        memory: available bytes.
        gpus: the visible GPUs.

    Returns:
        One per GPU when there are GPUs, else one per core as far as memory allows; at least 1.
    """
    return len(gpus) or max(1, min(cores, memory // WORKER_MEMORY))


def usable_cores(cgroup: Path = CGROUP) -> int:
    """The cores this process may use: its CPU affinity and its container's quota, at least 1.

    Args:
        cgroup: where the control group (version 2) is mounted.
    """
    # macOS has no affinity.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if quota.isdigit() and period.strip().isdigit():
        cores = min(cores, math.ceil(int(quota) / int(period)))
    return max(1, cores)


def available_memory(meminfo: Path = MEMINFO, cgroup: Path = CGROUP) -> int:
    """Bytes that new processes can use before the machine swaps or the container kills.

    Args:
        meminfo: Linux' memory table.
        cgroup: where the control group (version 2) is mounted.
    """
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _read(meminfo), re.MULTILINE)
    memory = int(found[1]) * 1024 if found else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _read(cgroup / "memory.max").strip()
    if limit.isdigit():
        # Files in memory count against the limit too, but the system drops them when room is needed.
        used = re.search(r"^anon (\d+)", _read(cgroup / "memory.stat"), re.MULTILINE)
        memory = min(memory, int(limit) - (int(used[1]) if used else 0))
    return max(0, memory)


def find_gpus() -> tuple[str, ...]:
    """The GPUs a worker may be given, as values of ``CUDA_VISIBLE_DEVICES``; empty without NVIDIA's driver."""
    if shutil.which("nvidia-smi") is None:
        return ()
    try:
        listing = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return visible_gpus(listing.stdout, os.environ.get("CUDA_VISIBLE_DEVICES"))


def visible_gpus(listing: str, visible: str | None) -> tuple[str, ...]:
    """The GPUs of a listing that the user lets programs see.

    Args:
        listing: what ``nvidia-smi -L`` prints.
        visible: the value of ``CUDA_VISIBLE_DEVICES``, None when unset. As in CUDA, it is read up to the first
            entry that names no device.

    Returns:
        One value of ``CUDA_VISIBLE_DEVICES`` per device. The slices of a GPU in MIG mode are devices of their own.
    """
    cards = re.findall(r"^GPU (\d+):.*\(UUID: (GPU-[^)]+)\)((?:\n[ \t]+MIG .*)*)", listing, re.MULTILINE)
    slices = {index: re.findall(r"\(UUID: (MIG-[^)]+)\)", below) for index, _, below in cards}
    if visible is None:
        return tuple(name for index, _, _ in cards for name in slices[index] or [index])
    uuids = [uuid for _, uuid, _ in cards] + [uuid for found in slices.values() for uuid in found]
    chosen = []
    for entry in (part.strip() for part in visible.split(",")):
        if entry not in slices and not (entry and any(uuid.startswith(entry) for uuid in uuids)):
            break
        chosen.append(entry)
    return tuple(chosen)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
