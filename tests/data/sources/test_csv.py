"""The CSV source: text is text, and whatever cannot be read says where and what to do."""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textclf_sweep.data.sources import _delimited, _file, _text, load
from textclf_sweep.data.sources.csv import EXTENSIONS, PARAMETERS
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem

pytestmark = pytest.mark.unit

Write = Callable[..., DataSettings]


def write(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    path = folder / "data.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text", "label"), *((number, text, label) for text, label, number in rows)])
    return path


def only_problem(settings: DataSettings) -> Problem:
    with pytest.raises(DataError) as caught:
        load(settings)
    (problem,) = caught.value.problems
    return problem


def test_declares_its_options_and_endings() -> None:
    assert [(item.name, item.default) for item in PARAMETERS] == [("encoding", "utf-8"), ("delimiter", ",")]
    assert EXTENSIONS == (".csv", ".csv.gz")


def test_text_stays_what_it_is(csv_file: Write) -> None:
    corpus = load(csv_file("text,label\nNA,null\n01,1e3\n 'x' ,None\n nan,\ttrue \n"))
    assert corpus.texts == ("NA", "01", " 'x' ", " nan")
    assert corpus.labels == ("null", "1e3", "None", "\ttrue ")
    assert corpus.groups is None
    assert corpus.parts is None


def test_blank_fields_are_kept_for_the_audit(csv_file: Write) -> None:
    corpus = load(csv_file("text,label\n,a\nx,\n"))
    assert (corpus.texts, corpus.labels) == (("", "x"), ("a", ""))


def test_columns_are_found_by_name(csv_file: Write) -> None:
    settings = csv_file("id,topic,title,story\n1,a,one,s1\n2,b,two,s2\n", text=("title",), label="topic", group="story")
    corpus = load(settings)
    assert corpus.texts == ("one", "two")
    assert corpus.labels == ("a", "b")
    assert corpus.groups == ("s1", "s2")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_physical(csv_file: Write, end: str) -> None:
    rows = ["text,label", f'"two{end}lines",a', "b,b", f'"a{end}{end}c",b', "d,a"]
    corpus = load(csv_file(end.join(rows)))
    assert corpus.texts == (f"two{end}lines", "b", f"a{end}{end}c", "d")
    assert corpus.lines == (2, 4, 5, 8)


def test_blank_lines_are_noted_unless_they_end_the_file(csv_file: Write) -> None:
    corpus = load(csv_file("\ntext,label\na,x\n\n  \nb,y\n\n\n"))
    assert corpus.texts == ("a", "b")
    assert corpus.lines == (3, 6)
    assert corpus.notes == ("3 blank lines were skipped (first: line 1)",)
    assert load(csv_file("text,label\na,x\n\n")).notes == ()


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("utf-8", "text,label\ncafé,a\n".encode()),
        ("utf-8", b"\xef\xbb\xbf" + "text,label\ncafé,a\n".encode()),
        ("UTF8", b"\xef\xbb\xbf" + "text,label\ncafé,a\n".encode()),
        ("utf-8-sig", b"\xef\xbb\xbf" + "text,label\ncafé,a\n".encode()),
        ("utf-16", "text,label\ncafé,a\n".encode("utf-16")),
        ("utf-16-le", b"\xff\xfe" + "text,label\ncafé,a\n".encode("utf-16-le")),
        ("utf-16-be", "text,label\ncafé,a\n".encode("utf-16-be")),
        ("cp1252", "text,label\ncafé,a\n".encode("cp1252")),
    ],
)
def test_encodings(csv_file: Write, encoding: str, content: bytes) -> None:
    corpus = load(csv_file(content, options={"encoding": encoding}))
    assert corpus.texts == ("café",)


def test_wrong_encoding_names_offset_line_and_the_likely_one(csv_file: Write) -> None:
    problem = only_problem(csv_file("text,label\nplain,a\ncafé 5 \u20ac,b\n".encode("cp1252")))
    assert "byte 22 (0xe9) is not UTF-8" in problem.what
    assert problem.where.endswith("data.csv:3")
    assert "`encoding: cp1252`" in problem.fix


def test_wrong_encoding_that_cp1252_cannot_be(csv_file: Write) -> None:
    assert "`encoding: latin-1`" in only_problem(csv_file(b"text,label\nx\xe9\x81,a\n")).fix


def test_utf_16_whose_letters_are_no_utf_8(csv_file: Write) -> None:
    content = "text,label\né\u20ac,a\n".encode("utf-16-le")
    assert "`encoding: utf-16-le`" in only_problem(csv_file(content)).fix


def test_wrong_encoding_that_is_no_western_one(csv_file: Write) -> None:
    content = "text,label\nплыли и плыли и приплыли и уплыли,п\n".encode("cp1251")
    assert "cp1251 for Russian" in only_problem(csv_file(content)).fix


def test_wrong_western_encoding(csv_file: Write) -> None:
    problem = only_problem(csv_file(b"text,label\nx\x81,a\n", options={"encoding": "cp1252"}))
    assert "`encoding: latin-1`" in problem.fix


def test_one_damaged_byte_in_utf8_is_called_damaged(csv_file: Write) -> None:
    problem = only_problem(csv_file("text,label\ncafé,a\n".encode() + b"x\xff,b\n"))
    assert problem.where.endswith(":3")
    assert "damaged" in problem.fix


@pytest.mark.parametrize(
    ("encoding", "asked", "named"),
    [
        ("utf-8", "utf-16", "utf-8"),
        ("utf-16", "utf-8", "utf-16"),
        ("utf-32", "utf-16", "utf-32"),
        ("utf-8-sig", "latin-1", "utf-8"),
        ("utf-16-le", "utf-8", "utf-16-le"),
        ("utf-16-be", "utf-8", "utf-16-be"),
    ],
)
def test_other_unicode_encodings_are_recognised(csv_file: Write, encoding: str, asked: str, named: str) -> None:
    problem = only_problem(csv_file("text,label\nabc,a\n".encode(encoding), options={"encoding": asked}))
    assert f"`encoding: {named}`" in problem.fix


def test_files_that_are_no_text_and_not_known(csv_file: Write) -> None:
    assert "no text at all" in only_problem(csv_file(b"\x7fELF\x02\x01\0\xd0text" + bytes(range(256)))).fix


@pytest.mark.parametrize("encoding", ["idna", "punycode", "utf-7"])
def test_codecs_that_are_no_character_encodings(csv_file: Write, encoding: str) -> None:
    problem = only_problem(csv_file(b"text,label\na\xff,b\n", options={"encoding": encoding}))
    assert problem.key == "data.encoding"


@pytest.mark.parametrize("encoding", ["utf-88", "", "hex", "a\0b"])
def test_unknown_encoding(csv_file: Write, encoding: str) -> None:
    problem = only_problem(csv_file("text,label\na,b\n", options={"encoding": encoding}))
    assert repr(encoding) in problem.what
    assert problem.key == "data.encoding"


def test_nul_character(csv_file: Write) -> None:
    problem = only_problem(csv_file("text,label\na,x\nb\0c,y\n"))
    assert "NUL" in problem.what
    assert problem.where.endswith(":3")


@pytest.mark.parametrize(("start", "kind"), [
    (b"PK\x03\x04", "Excel"), (b"7z\xbc\xaf\x27\x1c", "archive"), (b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0", "xz"),
    (b"PAR1", "Parquet"), (b"x" * 257 + b"ustar", "tar"), (gzip.compress(b"a", mtime=0), "gzip within gzip"),
])  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_files_that_are_no_text(csv_file: Write, start: bytes, kind: str, packed: bool) -> None:
    if packed or kind != "gzip within gzip":
        content = start + b"\0\1\2"
        assert kind in only_problem(csv_file(gzip.compress(content) if packed else content)).what


def test_tar_within_gzip_is_an_archive(csv_file: Write, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as archive:
        archive.add(csv_file("text,label\na,b\n").path)
    assert "archive (tar)" in only_problem(csv_file((tmp_path / "x.tgz").read_bytes())).what


def test_gzip_is_read_directly_whatever_the_ending(csv_file: Write) -> None:
    content = "text,label\ncafé,a\n".encode()
    members = gzip.compress(content[:13]) + gzip.compress(content[13:])
    assert load(csv_file(members)).texts == ("café",)


def test_gzip_that_is_cut_or_damaged(csv_file: Write) -> None:
    packed = gzip.compress(b"text,label\n" + b"".join(b"%d,a\n" % row for row in range(10_000)))
    assert "ends too early" in only_problem(csv_file(packed[:-9])).what
    assert "damaged" in only_problem(csv_file(packed[:500] + bytes(500) + packed[1000:])).what


def test_gzip_that_becomes_too_large(csv_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = csv_file(gzip.compress(b"text,label\n" + b"aaa,b\n" * 100_000))
    assert len(load(packed)) == 100_000
    monkeypatch.setattr(_file, "UNSUSPECTED", 1_000)
    problem = only_problem(packed)
    assert "times its own size" in problem.what
    assert "200 times" in problem.expected


def test_lines_are_the_same_wherever_the_file_is_cut(csv_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = csv_file('text,label\r\n"é\r\n€ 😀",a\r\n\rü,b\r\nx,y')
    whole = load(settings)
    assert whole.texts == ("é\r\n€ 😀", "ü", "x")
    assert whole.lines == (2, 5, 6)
    for size in range(1, 12):
        monkeypatch.setattr(_file, "CHUNK", size)
        assert load(settings) == whole


def test_places_are_the_same_wherever_the_file_is_cut(csv_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = csv_file("text,label\r\né,b\r\n".encode() + b"x\xff,b\r\n")
    for size in range(1, 12):
        monkeypatch.setattr(_file, "CHUNK", size)
        problem = only_problem(settings)
        assert "byte 19 (0xff)" in problem.what
        assert problem.where.endswith(":3")
        assert "damaged" in problem.fix


def test_endless_line(csv_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_text, "LINE_LIMIT", 3_000)
    monkeypatch.setattr(_file, "CHUNK", 1_000)
    problem = only_problem(csv_file("text,label\n" + "x" * 10_000))
    assert "longer than 3,000" in problem.what
    assert problem.where.endswith(":2")


def test_unclosed_quote_is_where_it_opens(csv_file: Write) -> None:
    problem = only_problem(csv_file('text,label\n"a\nb",x\n"never closed,y\nc,z\nd,z\n'))
    assert "not closed" in problem.what
    assert problem.where.endswith("data.csv:4")


def test_quote_closed_by_a_later_one(csv_file: Write) -> None:
    problem = only_problem(csv_file('text,label\n"never closed,y\n"c",z\n'))
    assert problem.where.endswith(":2")
    assert "in line 3" in problem.what


def test_backslash_is_no_escape(csv_file: Write) -> None:
    assert '("")' in only_problem(csv_file('text,label\n"say \\"hi\\"",y\n')).fix


def test_quotes_inside_plain_fields_are_text(csv_file: Write) -> None:
    assert load(csv_file('text,label\n5" disk "x",y\n')).texts == ('5" disk "x"',)


@pytest.mark.parametrize(("row", "got"), [("a,b,c", "3 fields"), ("a", "1 field")])
def test_ragged_row(csv_file: Write, row: str, got: str) -> None:
    problem = only_problem(csv_file(f'text,label\n"x\ny",z\n{row}\nu,v\n'))
    assert got in problem.what
    assert "2 fields" in problem.expected
    assert problem.where.endswith("data.csv:4")


def test_all_ragged_rows_are_counted(csv_file: Write) -> None:
    assert "(2 more rows like it)" in only_problem(csv_file("text,label\na\nb,c\nd\ne,f,g\n")).what


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_empty_file(csv_file: Write, content: str) -> None:
    assert "empty" in only_problem(csv_file(content)).what


def test_header_alone(csv_file: Write) -> None:
    assert "no rows" in only_problem(csv_file("text,label\n")).what


def test_double_names(csv_file: Write) -> None:
    problem = only_problem(csv_file("text,label,text\na,b,c\n"))
    assert "'text'" in problem.what
    assert problem.where.endswith(":1")


def test_missing_columns_are_all_named_with_the_nearest(csv_file: Write) -> None:
    with pytest.raises(DataError) as caught:
        load(csv_file("Text,lable,x\na,b,c\n", group="story"))
    text, label, group = caught.value.problems
    assert "'Text', 'lable', 'x'" in text.expected
    assert "'Text'" in text.fix
    assert "'lable'" in label.fix
    assert (text.key, label.key, group.key) == ("data.text", "data.label", "data.group")


@pytest.mark.parametrize(("delimiter", "shown"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_wrong_delimiter_is_recognised(csv_file: Write, delimiter: str, shown: str) -> None:
    content = f"text{delimiter}label\na{delimiter}b\n"
    with pytest.raises(DataError) as caught:
        load(csv_file(content))
    assert f'`delimiter: "{shown}"`' in caught.value.problems[0].fix
    assert load(csv_file(content, options={"delimiter": shown})).labels == ("b",)


def test_first_line_that_tells_a_spreadsheet_the_delimiter(csv_file: Write) -> None:
    corpus = load(csv_file("sep=;\ntext;label\na;b\n", options={"delimiter": ";"}))
    assert (corpus.texts, corpus.lines) == (("a",), (3,))


def test_json_lines_read_as_csv(csv_file: Write) -> None:
    with pytest.raises(DataError, match="source: jsonl"):
        load(csv_file('{"text": "a", "label": 1}\n{"text": "a", "label": 1}\n'))


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_impossible_delimiter(csv_file: Write, delimiter: str) -> None:
    problem = only_problem(csv_file("text,label\na,b\n", options={"delimiter": delimiter}))
    assert problem.key == "data.delimiter"


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "no such file" in only_problem(DataSettings("csv", str(tmp_path / "no.csv"))).what
    assert "folder" in only_problem(DataSettings("csv", str(tmp_path))).what
    assert only_problem(DataSettings("csv", None)).key == "data.path"
    assert "no data file is named" in only_problem(DataSettings("csv", " ")).what
    assert "no such file" in only_problem(DataSettings("csv", str(tmp_path / "no.csv" / "in.csv"))).what
    assert "cannot be read" in only_problem(DataSettings("csv", "a\0b")).what
    assert "neither a file nor a folder" in only_problem(DataSettings("csv", "/dev/null")).what
    assert "cannot be read" in only_problem(DataSettings("csv", str(tmp_path / ("x" * 300)))).what


def test_long_fields_are_read_up_to_the_limit(csv_file: Write) -> None:
    before = csv.field_size_limit()
    long = "x" * 1_000_000
    assert load(csv_file(f"text,label\n{long},a\n")).texts == (long,)
    problem = only_problem(csv_file(f"text,label\n{'x' * (_delimited.FIELD_LIMIT + 1)},a\n"))
    assert "10,000,000" in problem.what
    assert csv.field_size_limit() == before


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0")),
            st.text(st.characters(codec="utf-8", exclude_characters="\0")),
        ),
        min_size=1,
    )
)
def test_whatever_the_csv_module_writes_comes_back(pairs: list[tuple[str, str]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label"), *pairs])
    content = buffer.getvalue()
    table = _delimited.parse(io.StringIO(content, newline=""), ",", "made")
    assert list(zip(table.columns["text"], table.columns["label"], strict=True)) == pairs
