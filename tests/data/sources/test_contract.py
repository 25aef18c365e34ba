"""What every source promises. A source's own test file says how its data are written: `write`, and `UNFIT`.

``write(folder, rows) -> path`` writes (text, label, number) rows with the columns ``text``, ``label`` and, where the
source can, ``id``; ``UNFIT`` lists what its texts cannot hold. A source that brings its own data has no `write`.
"""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from textclf_sweep.data import sources
from textclf_sweep.data.sources import PathKind, Table
from textclf_sweep.definition.space import Parameter
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.contract

NAMES = [module.name for module in pkgutil.iter_modules(sources.__path__) if not module.name.startswith("_")]

ROWS = [
    ("NA", "1", "7"),
    ("null", "01", "8"),
    ("None", "1.0", "9"),
    ("01", "1e5", "10"),
    ("1e5", "true", "11"),
    (' she said "no", twice', "NA", "12"),
    ("two\nlines", "null", "13"),
    ("tab\there; a | b, and \\n stays", "a label", "14"),
    ("👩\u200d🔬 e\u0301 \u200b\u2028\x85 end ", "é", "15"),
    ("مرحبا \u202bשלמ\u202c", "شكرا", "16"),
]
"""Texts and labels that look like something else, or are hard to write. No label is there twice."""


def own_tests(name: str) -> ModuleType:
    """The source's own test file."""
    place = Path(__file__).with_name(f"test_{name}.py")
    spec = importlib.util.spec_from_file_location(f"contract_of_{name}", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Written:
    """A source and data for it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.module = importlib.import_module(f"{sources.__name__}.{name}")
        own = None if self.module.PATH == "none" else own_tests(name)
        unfit = getattr(own, "UNFIT", ())
        self.rows = [row for row in ROWS if not any(mark in row[0] for mark in unfit)]
        self.path = None if own is None else str(own.write(folder, self.rows))

    def read(self, columns: set[str] | None = None) -> Table:
        table: Table = self.module.read(self.path, {}, columns)
        return table


@pytest.fixture(params=NAMES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Written:
    return Written(request.param, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_it_declares_what_the_catalogue_asks(name: str) -> None:
    module = importlib.import_module(f"{sources.__name__}.{name}")
    assert module.__doc__
    for item in module.PARAMETERS:
        assert isinstance(item, Parameter)
        assert item.default is None or item.reject(item.default) is None
    assert all(ending == ending.lower() and ending.startswith(".") for ending in module.EXTENSIONS)
    assert module.PATH in get_args(PathKind)
    assert bool(module.EXTENSIONS) == (module.PATH == "file")


def test_texts_and_labels_come_back_as_they_are(written: Written) -> None:
    table = written.read()
    pairs = list(zip(table.columns["text"], table.columns["label"], strict=True))
    if written.path is None:
        assert pairs
    elif written.name == "folder":
        assert pairs == sorted(((text, label) for text, label, _ in written.rows), key=lambda pair: pair[1])
    else:
        assert pairs == [(text, label) for text, label, _ in written.rows]


def test_every_row_has_a_place_of_its_own(written: Written) -> None:
    table = written.read()
    places = [table.place(row) for row in range(len(table.lines))]
    assert len(set(places)) == len(places)
    assert all(line >= 1 for line in table.lines)
    assert table.files is None or len(table.files) == len(table.lines)


def test_only_columns_that_are_asked_for_are_kept(written: Written) -> None:
    whole = written.read()
    assert set(whole.columns) <= set(whole.header)
    own = {name for name in (whole.group, whole.split) if name is not None}
    table = written.read({"label", "none of them"})
    assert set(table.columns) == {"label"} | own
    assert table.header == whole.header
    assert table.lines == whole.lines
    assert table.columns["label"] == whole.columns["label"]


def test_reading_again_gives_the_same(written: Written) -> None:
    assert written.read() == written.read()
    settings = DataSettings(written.name, written.path)
    assert sources.load(settings) == sources.load(settings)


def test_missing_columns_are_named_with_those_there_are(written: Written) -> None:
    settings = DataSettings(written.name, written.path, text=("txet",), label="lable", split="of")
    with pytest.raises(DataError) as caught:
        sources.load(settings)
    assert [problem.key for problem in caught.value.problems] == ["data.text", "data.label", "data.split"]
    assert all("'text'" in problem.expected and "'label'" in problem.expected for problem in caught.value.problems)
    assert "'text'" in caught.value.problems[0].fix


@pytest.mark.parametrize("name", NAMES)
def test_nothing_there_and_nothing_named(name: str, tmp_path: Path) -> None:
    if importlib.import_module(f"{sources.__name__}.{name}").PATH == "none":
        return
    for path in (str(tmp_path / "no.data"), None, " "):
        with pytest.raises(DataError) as caught:
            sources.load(DataSettings(name, path))
        (problem,) = caught.value.problems
        assert problem.key == "data.path"
        assert problem.fix


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_where_a_file_is_expected_and_the_reverse(name: str, tmp_path: Path) -> None:
    kind = importlib.import_module(f"{sources.__name__}.{name}").PATH
    (tmp_path / "file").write_text("x", encoding="utf-8")
    if kind != "none":
        with pytest.raises(DataError, match="this is a folder" if kind == "file" else "this is a file"):
            sources.load(DataSettings(name, str(tmp_path if kind == "file" else tmp_path / "file")))


def test_text_files_may_be_packed_begin_with_a_mark_or_be_in_another_encoding(written: Written) -> None:
    if written.module.PATH != "file" or "encoding" not in {item.name for item in written.module.PARAMETERS}:
        return
    assert any(ending.endswith(".gz") for ending in written.module.EXTENSIONS)
    whole, path = written.read(), Path(str(written.path))
    content = path.read_bytes()
    for same in (gzip.compress(content), b"\xef\xbb\xbf" + content):
        path.write_bytes(same)
        assert written.read() == whole
    for encoding in ("utf-16-le", "utf-16-be", "utf-16"):
        path.write_bytes(content.decode().encode(encoding))
        assert written.module.read(written.path, {"encoding": encoding}, None) == whole
        with pytest.raises(DataError) as caught:
            written.read()
        assert f"`encoding: {encoding}`" in caught.value.problems[0].fix
    path.write_bytes(gzip.compress(content)[:-12])
    with pytest.raises(DataError, match="ends too early"):
        written.read()
