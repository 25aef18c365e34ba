"""Coverage of pretrained vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from textclf_sweep.data.audit import Assumptions, Subject
from textclf_sweep.data.audit.coverage import vectors_coverage
from textclf_sweep.data.corpus import Corpus
from textclf_sweep.errors import DataError

pytestmark = pytest.mark.unit

Make = Callable[..., Corpus]
PAIRS = [("the cat sat", "a"), ("the dog sat", "b"), ("a xyzzy", "a"), ("plugh plugh", "b")] * 3


def subject(corpus: Make, *paths: Path) -> Subject:
    return Subject(corpus(PAIRS), Assumptions(vectors=tuple(map(str, paths))))


@pytest.fixture
def glove(tmp_path: Path) -> Path:
    path = tmp_path / "glove.txt"
    path.write_text("the 0.1 0.2\ncat 1 2\nsat 0 1\ndog 1 1\nunused 2 2\n")
    return path


def test_what_the_vectors_lack_is_named_with_its_share(corpus: Make, glove: Path) -> None:
    found = vectors_coverage(subject(corpus, glove))
    assert found is not None
    assert found.severity == "warning"
    assert "the vectors glove.txt know 4 of the 7 words" in found.why
    assert "60.0% of all tokens" in found.why  # the, cat, sat, the, dog, sat of ten
    assert "plugh a xyzzy" in found.why
    assert found.count == 6  # rows without a word that is covered


def test_of_several_files_the_poorest_is_told(corpus: Make, glove: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("cat 1 2\n")
    found = vectors_coverage(subject(corpus, glove, other))
    assert found is not None
    assert "other.txt" in found.why


def test_vectors_have_names(corpus: Make) -> None:
    found = vectors_coverage(Subject(corpus(PAIRS), Assumptions(vectors=("glove-uci-news-50d",))))
    assert found is not None
    assert "the vectors glove-uci-news-50d know" in found.why
    assert "plugh" in found.why


def test_texts_are_cut_as_the_vectors_are(corpus: Make, glove: Path) -> None:
    glove.write_text("it 1 2\n's 3 4\ndo 1 1\nn't 2 2\n")
    found = vectors_coverage(Subject(corpus([("It's", "a"), ("don't", "b")] * 3), Assumptions(vectors=(str(glove),))))
    assert found is not None
    assert "4 of the 4 words that get an id, and 100.0% of all tokens" in found.why


def test_nothing_is_said_without_vectors_and_good_ones_are_a_note(corpus: Make, glove: Path) -> None:
    assert vectors_coverage(subject(corpus)) is None
    glove.write_text("".join(f"{word} 1 2\n" for word in ("the", "cat", "sat", "dog", "a", "xyzzy", "plugh")))
    found = vectors_coverage(subject(corpus, glove))
    assert found is not None
    assert found.severity == "note"


@pytest.mark.parametrize("content", [None, "", "the 0.1 0.2\ncat 1\n", "nobody 1 2\n"])
def test_a_file_that_cannot_be_used_is_an_error_of_the_data(corpus: Make, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "bad.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=r"bad\.txt"):
        vectors_coverage(subject(corpus, path))
