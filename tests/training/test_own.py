"""What a worker runs of a user's own: the file as it was, in a module of its own, beside what it imports."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.architectures import BuildInfo
from textclf_sweep.definition.types import OwnArchitecture
from textclf_sweep.errors import InputError
from textclf_sweep.training.own import architecture, file_of, keep, source_of

pytestmark = pytest.mark.unit

INFO = BuildInfo(4, 100, 10)
SOURCE = """state = []

def build(info, width: int = 8):
    state.append(width)
    return info.labels, list(state), __file__
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., OwnArchitecture]:
    """Write a file and describe it."""

    def call(source: str = SOURCE, name: str = "mine.py", function: str = "build") -> OwnArchitecture:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        return OwnArchitecture(name, function, "tokens", hashlib.sha256(source.encode()).hexdigest())

    return call


def test_it_is_an_architecture(write: Callable[..., OwnArchitecture], tmp_path: Path) -> None:
    found = architecture(write(), tmp_path, tmp_path / "cache")
    assert (found.FEATURES, [item.name for item in found.PARAMETERS]) == ("tokens", ["width"])
    assert found.build(INFO, width=3) == (4, [3], str(tmp_path / "mine.py"))
    # What a file keeps to itself does not lead from one model to the next.
    assert found.build(INFO, width=5)[1] == [5]


def test_what_was_kept_is_run_even_when_the_file_has_changed(
    write: Callable[..., OwnArchitecture], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    own = write()
    keep(own, tmp_path, cache)
    keep(own, tmp_path, cache)
    write("def build(info): return 'new'")
    assert architecture(own, tmp_path, cache).build(INFO, width=3)[1] == [3]
    (tmp_path / "mine.py").unlink()
    assert source_of(own, tmp_path, cache) == SOURCE.encode()


def test_a_changed_file_that_was_not_kept_is_not_run(write: Callable[..., OwnArchitecture], tmp_path: Path) -> None:
    own, cache = write(), tmp_path / "cache"
    write("raise SystemExit")
    for use in (architecture, keep, source_of):
        with pytest.raises(InputError, match=r"mine\.py: the file has changed since the sweep began(?s:.*)--name NEW"):
            use(own, tmp_path, cache)
    (cache).mkdir()
    (cache / f"{own.digest}.py").write_text("damaged")
    with pytest.raises(InputError, match="has changed"):
        source_of(own, tmp_path, cache)


def test_a_module_beside_it_can_be_imported_at_any_time(write: Callable[..., OwnArchitecture], tmp_path: Path) -> None:
    (tmp_path / "own_helper.py").write_text("VALUE = 1")
    (tmp_path / "own_package").mkdir()
    (tmp_path / "own_package" / "__init__.py").write_text("")
    (tmp_path / "own_package" / "deep.py").write_text("VALUE = 2")
    source = (
        "import own_helper\ndef build(info):\n    from own_package import deep\n    return own_helper, deep.VALUE\n"
    )
    before, path = set(sys.modules), list(sys.path)
    found = architecture(write(source), tmp_path, tmp_path)
    helper, value = found.build(INFO)
    assert (helper.VALUE, value) == (1, 2)
    assert found.build(INFO)[0] is helper
    assert sys.path == path
    assert not {"own_helper", "own_package", "own_package.deep"} & set(sys.modules)
    assert all(name.startswith("textclf_sweep_own_") for name in set(sys.modules) - before)


def test_two_files_may_have_helpers_of_one_name(write: Callable[..., OwnArchitecture], tmp_path: Path) -> None:
    source = "import own_helper\ndef build(info):\n    return own_helper.VALUE\n"
    builds = []
    for name in ("a", "b"):
        own = write(source, f"{name}/mine.py")
        (tmp_path / name / "own_helper.py").write_text(f"VALUE = {name!r}")
        builds.append(architecture(own, tmp_path, tmp_path).build)
    assert [build(INFO) for build in (*builds, *builds)] == ["a", "b", "a", "b"]


def test_dataclasses_and_strange_names_work(write: Callable[..., OwnArchitecture], tmp_path: Path) -> None:
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n@dataclass\nclass Size:\n"
        "    width: int\n\ndef make(info, width: int):\n    return Size(width).width\n"
    )
    found = architecture(write(source, "my model-2.py", "make"), tmp_path, tmp_path)
    assert found.build(INFO, width=7) == 7


def test_errors_name_the_line_of_the_file(write: Callable[..., OwnArchitecture], tmp_path: Path) -> None:
    own, path = write("def build(info):\n    return 1 / 0\n"), list(sys.path)
    keep(own, tmp_path, tmp_path / "cache")
    with pytest.raises(ZeroDivisionError) as caught:
        architecture(own, tmp_path, tmp_path / "cache").build(INFO)
    assert (Path(str(caught.traceback[-1].path)), caught.traceback[-1].lineno + 1) == (file_of(own, tmp_path), 2)
    assert sys.path == path


class TestModules:
    @pytest.fixture(autouse=True)
    def _installed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "own_installed.py").write_text(
            "FEATURES = 'tfidf'\nPARAMETERS = ('a', 'b')\ndef build(info, width=3):\n    return width, info.labels\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "own_installed", raising=False)

    def test_a_function_has_the_parameters_of_its_signature(self, tmp_path: Path) -> None:
        own = OwnArchitecture("own_installed", "build", "tfidf")
        found = architecture(own, tmp_path, tmp_path)
        assert (found.FEATURES, [item.name for item in found.PARAMETERS]) == ("tfidf", ["width"])
        assert found.build(INFO, width=5) == (5, 4)
        assert file_of(own, tmp_path) == tmp_path / "own_installed.py"

    def test_a_module_of_the_whole_contract_is_taken_as_it_is(self, tmp_path: Path) -> None:
        found = architecture(OwnArchitecture("own_installed", "", "tfidf"), tmp_path, tmp_path)
        assert found is sys.modules["own_installed"]
        keep(OwnArchitecture("own_installed", "", "tfidf"), tmp_path, tmp_path / "cache")
        assert not (tmp_path / "cache").exists()
