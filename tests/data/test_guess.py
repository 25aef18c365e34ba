"""How data that nobody has described are read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data import guess
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

TEXTS = [f"the {animal} sat on {place}" for animal in ("cat", "dog", "cow", "hen") for place in ("a mat", "the log")]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    """Writes a table of the texts, labels a and b, and other columns, and returns its path."""

    def write(
        text: str = "text", label: str = "label", name: str = "data.csv", mark: str = ",", encoding: str = "utf-8",
        **more: list[str],
    ) -> str:  # fmt: skip
        rows = [[text, label, *more]]
        rows += [[TEXTS[row], "ab"[row % 2], *(values[row] for values in more.values())] for row in range(len(TEXTS))]
        path = tmp_path / name
        path.write_text("".join(f"{mark.join(row)}\n" for row in rows), encoding=encoding)
        return str(path)

    return write


@pytest.mark.parametrize(("text", "label"), [("Body", "Queue"), ("tweet", "sentiment"), ("no: this", "x #")])
def test_columns_are_told_by_their_names_or_by_what_is_in_them(
    table: Callable[..., str], text: str, label: str
) -> None:
    chosen = guess.settings(table(text, label, mark=";"))
    assert (chosen.text, chosen.label) == ((text,), label)
    assert chosen.options["delimiter"] == ";"
    assert repr(text) in guess.explained(chosen)
    assert "delimiter ';'" in guess.explained(chosen)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encoding_is_told_by_the_file(table: Callable[..., str], encoding: str) -> None:
    chosen = guess.settings(table("body", "topic", encoding=encoding))
    assert (chosen.text, chosen.label) == (("body",), "topic")


def test_bytes_that_are_no_utf8_are_read_as_what_the_reader_proposes(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(
        b"body,topic\n" + "".join(f"la crème déjà brûlée {n},{n % 2}\n" for n in range(9)).encode("cp1252")
    )
    assert guess.settings(str(path)).options["encoding"] == "cp1252"


def test_groups_and_parts_are_found_by_their_names(table: Callable[..., str]) -> None:
    groups = [str(row // 2) for row in range(len(TEXTS))]
    parts = ["train"] * 6 + ["dev", "test"]
    chosen = guess.settings(table(story=groups, split=parts))
    assert (chosen.group, chosen.split) == ("story", "split")
    others = guess.settings(table(story=[str(row) for row in range(len(TEXTS))], split=["one"] * len(TEXTS)))
    assert (others.group, others.split) == (None, None)


def test_where_several_columns_would_do_the_user_is_asked(table: Callable[..., str]) -> None:
    path = table("a", "b", c=list("xyxyxyxy"))
    with pytest.raises(
        DataError, match=r"several columns could be the labels; expected one of 'a', 'b', 'c'\n.*--label"
    ):
        guess.settings(path)
    assert guess.settings(path, label="c").label == "c"
    assert guess.settings(path, text=("b", "a"), label="c").text == ("b", "a")


def test_what_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="did you mean uci_news"):
        guess.settings("uci_new")
    for name in ("x" * 300, "a" * 300 + ".csv"):
        with pytest.raises(DataError, match=r"there (is|are) no such"):
            guess.settings(str(tmp_path / name))
    (tmp_path / "train.csv").write_text("x")
    with pytest.raises(DataError, match=r"there is no such file.*\n.*did you mean .*train\.csv\?"):
        guess.settings(str(tmp_path / "trian.csv"))


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("data.xlsx", b"PK\x03\x04" + bytes(99), "this is an archive .zip. or an Excel file.*\n.*export the sheet"),
        (
            "arch.tar.gz",
            gzip.compress(bytes(257) + b"ustar" + bytes(99), mtime=0),
            "this is an archive .tar.*\n.*unpack it",
        ),
        ("data.json", b'[{"text": "a"}]', r"one JSON array.*\n.*jq -c '\.\[\]' .*data\.json > .*data\.jsonl"),
        ("data.json", b'{"text": "a"}', r"does not tell what kind.*\n.*rename it to end in \.jsonl"),
        ("data.txt", b"text,label", r"does not tell what kind.*\n.*rename it to end in \.csv"),
    ],
)
def test_a_file_whose_ending_says_nothing_is_told_by_its_content(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=what):
        guess.settings(str(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("ids.csv", "text,id\n" + "".join(f"a text,{n}\n" for n in range(9)),
         r"no column looks like the labels; 'id' has a different value in every row.*\n.*: --label id$"),
        ("text.csv", "text\none\n", "one column only, 'text'; expected a column of texts and one of labels"),
        ("words.csv", "key,label\n" + "some,b\nmore,c\n" * 9, "like the texts; 'key' has 2 different.*\n.*--text key$"),
        ("nest.jsonl", '{"text": {"a": 1}, "label": "x"}\n' * 9, "nest.jsonl:1: 'text' is an object"),
    ],
)  # fmt: skip
def test_where_no_column_will_do_each_says_why(tmp_path: Path, name: str, content: str, what: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=what):
        guess.settings(str(tmp_path / name))


def test_where_the_only_other_column_is_named_like_texts_it_says_why(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("text,id\n" + "".join(f"a text {n},{n}\n" for n in range(9)))
    with pytest.raises(DataError, match="like the labels; 'text' has a different value in every row"):
        guess.settings(str(path), ("id",))


def test_folders_of_parts_are_read_as_such(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for label in ("neg", "pos"):
            (tmp_path / part / label).mkdir(parents=True)
            (tmp_path / part / label / "1.txt").write_text(f"a {part} text")
    chosen, notes = guess.siblings(guess.settings(str(tmp_path)))
    assert (chosen.path, chosen.test_path, notes) == (str(tmp_path / "train"), str(tmp_path / "test"), ())
    assert "test data in 'test' beside it" in guess.explained(chosen)


def test_data_beside_training_data_are_its_other_parts(table: Callable[..., str], tmp_path: Path) -> None:
    train = guess.settings(table(name="mail_train.csv"))
    assert guess.siblings(train) == (train, ())
    table(name="mail_dev.csv")
    table(name="mail_test.csv", label="answer")
    chosen, notes = guess.siblings(train)
    assert chosen.validation_path == str(tmp_path / "mail_dev.csv")
    assert chosen.test_path is None
    assert notes == ("mail_test.csv beside it is not used: it has no column 'label'",)
    other = guess.settings(table(name="mails.csv"))
    assert guess.siblings(other) == (other, ())


def test_a_test_file_without_labels_is_not_used(table: Callable[..., str], tmp_path: Path) -> None:
    train = guess.settings(table(name="train.csv"))
    (tmp_path / "test.csv").write_text("text,label\nwhat is this,\n")
    chosen, notes = guess.siblings(train)
    assert chosen == train
    assert notes == ("test.csv beside it is not used: its column 'label' is blank",)
