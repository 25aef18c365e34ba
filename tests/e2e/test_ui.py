"""`sweep ui` in a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=15000",
)  # fmt: skip


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
def test_the_printed_address_shows_the_trials_and_ctrl_c_leaves_nothing_behind(
    place: Any, base: Any, tmp_path: Path
) -> None:
    port = free_port()
    serving = place.start("ui", "base", "--no-open", "--port", port)
    serving.says(rf"^http://127\.0\.0\.1:{port}/")
    address = serving.out.strip()
    assert re.search(r"/#/experiments/\d+/runs\?workflowType=machine_learning", address)

    browse = [str(CHROMIUM), *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", address]
    browser = place.commands.start(browse, tmp_path)
    page = browser.end().out
    for name in ("sweep base", "trial 001", "trial 002", "trial 003"):
        assert name in page, f"{name!r} is not on the page"

    family = serving.processes()
    assert len(family) > 1
    os.kill(serving.pid, signal.SIGINT)
    assert serving.end().code == 130
    assert serving.gone()
