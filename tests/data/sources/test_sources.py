"""How a source is found, and what is made of its table: columns, separate files, the data's own split."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data import sources
from textclf_sweep.data.corpus import comparable
from textclf_sweep.definition.types import DataSettings, Missing
from textclf_sweep.errors import DataError, Problem

pytestmark = pytest.mark.unit

Write = Callable[..., DataSettings]


def problems(settings: DataSettings) -> tuple[Problem, ...]:
    with pytest.raises(DataError) as caught:
        sources.load(settings)
    return caught.value.problems


def other(tmp_path: Path, name: str, content: str) -> str:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_unknown_source() -> None:
    with pytest.raises(DataError, match="no data source 'parquett'"):
        sources.load(DataSettings("parquett", "x"))


def test_bundled_sample() -> None:
    corpus = sources.load(DataSettings("uci_news"))
    assert corpus.parts is not None
    assert corpus.groups is not None
    assert Counter(corpus.parts) == {"train": 4_000, "validation": 800, "test": 2_000}
    per_part = Counter(zip(corpus.parts, corpus.labels, strict=True))
    assert {label for _, label in per_part} == {"business", "entertainment", "health", "sci_tech"}
    assert all(count in (1_000, 200, 500) for count in per_part.values())
    assert all(text.strip() for text in corpus.texts)
    assert corpus.lines[:2] == (2, 3)
    assert corpus.place(4_000) == "uci_news/validation.csv:2"


def test_bundled_sample_has_no_story_and_no_text_in_two_parts() -> None:
    corpus = sources.load(DataSettings("uci_news"))
    assert corpus.parts is not None
    assert corpus.groups is not None
    for values in (corpus.groups, map(comparable, corpus.texts)):
        sides: dict[str, set[str]] = {}
        for value, part in zip(values, corpus.parts, strict=True):
            sides.setdefault(value, set()).add(part)
        assert all(len(parts) == 1 for parts in sides.values())


def test_several_text_columns_are_joined_without_blanks(csv_file: Write) -> None:
    settings = csv_file("title,body,label\na,b,x\n ,b,y\na,,x\n,,y\n", text=("title", "body"))
    assert sources.load(settings).texts == ("a b", "b", "a", "")


def test_equal_labels_and_groups_are_one_object(csv_file: Write) -> None:
    corpus = sources.load(csv_file("text,label,of\na,same label,one group\nb,same label,one group\n", group="of"))
    assert corpus.labels[0] is corpus.labels[1]
    assert corpus.groups is not None
    assert corpus.groups[0] is corpus.groups[1]


def test_the_column_of_missing_texts_is_read_and_the_texts_left_as_they_are(csv_file: Write) -> None:
    settings = csv_file("text,label,title\n,x,t1\nb,y,t2\n", missing=Missing("from", "title"))
    corpus = sources.load(settings)
    assert (corpus.texts, corpus.spare) == (("", "b"), ("t1", "t2"))
    (problem,) = problems(csv_file("text,label\na,x\n", missing=Missing("from", "title")))
    assert problem.key == "data.missing"


def test_split_column(csv_file: Write) -> None:
    names = ["train", " Training", "VALIDATION", "valid", "val", "dev", "test", "Testing "]
    settings = csv_file("text,label,of\n" + "".join(f"t,l,{name}\n" for name in names), split="of")
    assert sources.load(settings).parts == ("train",) * 2 + ("validation",) * 4 + ("test",) * 2


@pytest.mark.parametrize(
    ("brought", "parts"),
    [("test", ("", "", "test")), ("dev", ("", "", "validation")), ("train", ("", "", ""))],
)
def test_parts_that_the_split_column_lacks_are_drawn_from_train(
    csv_file: Write, brought: str, parts: tuple[str, ...]
) -> None:
    settings = csv_file(f"text,label,of\na,l,train\nb,l,train\nc,l,{brought}\n", split="of")
    assert sources.load(settings).parts == parts


def test_a_share_of_a_part_that_the_split_column_has(csv_file: Write) -> None:
    settings = csv_file("text,label,of\na,l,train\nb,l,train\nc,l,test\n", split="of", validation=0.3, test=0.2)
    (problem,) = problems(settings)
    assert problem.key == "data.test"
    assert "test is 0.2, and 'of' says already which rows are of the test part" in problem.what
    assert "remove `test`, or `split`" in problem.fix
    drawn = csv_file("text,label,of\na,l,train\nb,l,train\nc,l,test\n", split="of", validation=0.3)
    assert sources.load(drawn).parts == ("", "", "test")


def test_other_words_in_a_split_column(csv_file: Write) -> None:
    (problem,) = problems(csv_file("text,label,of\na,l,train\nb,l,holdout\nc,l,\n", split="of"))
    assert "'holdout' (1 more row" in problem.what.replace("rows", "row")
    assert problem.where.endswith("data.csv:3")
    assert problem.key == "data.split"
    (problem,) = problems(csv_file("text,label,of\na,l,train\nb,l,\n", split="of"))
    assert "is blank" in problem.what
    (problem,) = problems(csv_file("text,label,of\na,l,test\n", split="of"))
    assert "no row" in problem.what


def test_separate_files(csv_file: Write, tmp_path: Path) -> None:
    validation = other(tmp_path, "dev.csv", "label,text\ny,v\n\ny,w\n")
    test = other(tmp_path, "test.csv", "text,label,more\nt,x,1\n")
    settings = csv_file("text,label\na,x\nb,y\n", validation_path=validation, test_path=test)
    corpus = sources.load(settings)
    assert corpus.texts == ("a", "b", "v", "w", "t")
    assert corpus.labels == ("x", "y", "y", "y", "x")
    assert corpus.parts == ("train", "train", "validation", "validation", "test")
    assert corpus.files == (settings.path, settings.path, validation, validation, test)
    assert corpus.place(3) == f"{validation}:4"
    assert corpus.name == settings.path
    assert corpus.notes == (f"{validation}: 1 blank line was skipped (first: line 3)",)


def test_one_separate_file_leaves_the_other_part_to_be_drawn(csv_file: Write, tmp_path: Path) -> None:
    test = other(tmp_path, "test.csv", "text,label\nt,x\n")
    assert sources.load(csv_file("text,label\na,x\nb,y\n", test_path=test)).parts == ("", "", "test")


def test_separate_files_of_another_kind(csv_file: Write, tmp_path: Path) -> None:
    test = other(tmp_path, "test.jsonl", '{"text": "t", "label": 1}\n')
    folder = tmp_path / "valid" / "1"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("v", encoding="utf-8")
    settings = csv_file("text;label\na;1\n", test_path=test, options={"encoding": "utf-8", "delimiter": ";"})
    assert sources.load(settings).labels == ("1", "1")
    settings = csv_file("text,label\na,1\n", validation_path=str(folder.parent), test_path=test)
    assert sources.load(settings).texts == ("a", "v", "t")


def test_separate_file_beside_a_split_column(csv_file: Write, tmp_path: Path) -> None:
    content = "text,label,of\na,x,train\nb,y,dev\n"
    test = other(tmp_path, "test.csv", "text,label\nt,x\n")
    corpus = sources.load(csv_file(content, split="of", test_path=test))
    assert corpus.parts == ("train", "validation", "test")
    (problem,) = problems(csv_file(content + "c,y,test\n", split="of", test_path=test))
    assert problem.where.endswith("data.csv:4")
    assert problem.key == "data.test"


def test_groups_of_separate_files(csv_file: Write, tmp_path: Path) -> None:
    test = other(tmp_path, "test.csv", "text,label,story\nt,x,s2\n")
    corpus = sources.load(csv_file("text,label,story\na,x,s1\n", group="story", test_path=test))
    assert corpus.groups == ("s1", "s2")


def test_columns_missing_in_a_separate_file(csv_file: Write, tmp_path: Path) -> None:
    test = other(tmp_path, "test.csv", "texts,label\nt,x\n")
    (problem,) = problems(csv_file("text,label\na,x\n", test_path=test))
    assert problem.where == f"{test}:1"
    assert "'texts'" in problem.fix


def test_the_same_file_twice(csv_file: Write, tmp_path: Path) -> None:
    for path in (csv_file("text,label\na,x\n").path, f"{tmp_path}/../{tmp_path.name}/data.csv"):
        (problem,) = problems(csv_file("text,label\na,x\n", test_path=path))
        assert problem.key == "data.test"


def test_a_header_among_the_rows_is_noted(csv_file: Write) -> None:
    settings = csv_file("text,label\na,x\ntext,label\nb,y\n")
    assert sources.load(settings).notes == (
        f"1 row repeats the header (first: {settings.path}:3), as when files are joined; remove them",
    )
    assert sources.load(csv_file("text,label\nlabel,x\nb,y\n")).notes == ()


def test_all_columns_for_a_look_at_the_data(csv_file: Write) -> None:
    table = sources.read_table("csv", csv_file("a,b,c\n1,2,3\n").path, {})
    assert table.columns == {"a": ("1",), "b": ("2",), "c": ("3",)}


@pytest.mark.contract
def test_the_room_is_light_to_import() -> None:
    script = (
        "import sys, textclf_sweep.floors, textclf_sweep.data.features.tokens, textclf_sweep.sweep.catalogue as it; "
        "assert it.discover().sources; print(*sorted(name for name in sys.modules if '.' not in name))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "textclf_sweep" in loaded
    heavy = {"numpy", "sklearn", "scipy", "pandas", "tensorflow", "keras", "mlflow", "optuna", "pyarrow", "datasets"}
    assert not heavy & set(loaded)
