"""Which source, encoding, delimiter and columns data have that nobody has described yet.

Columns are told by their names, else by what is in them: texts are long and hardly repeat, labels are short and few.
Nothing is decided silently: `explained` says what was chosen, and where several columns would do the user is asked.
"""

from __future__ import annotations

import dataclasses
import pkgutil
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from textclf_sweep.data import sources
from textclf_sweep.data.corpus import PartName
from textclf_sweep.data.sources import Source, Table, read_table
from textclf_sweep.data.sources._file import chunks, open_file
from textclf_sweep.data.sources._parts import PART_OF
from textclf_sweep.data.sources._text import lines
from textclf_sweep.definition.data import is_saved
from textclf_sweep.definition.suggest import nearest
from textclf_sweep.definition.types import DataSettings
from textclf_sweep.errors import DataError, Problem
from textclf_sweep.trial import Scalar

TEXT = (
    "text", "texts", "body", "message", "content", "review", "comment", "sentence", "utterance", "tweet", "post",
    "query", "question", "document", "article", "description", "abstract", "headline", "title", "subject", "summary",
)  # fmt: skip
LABEL = (
    "label", "labels", "class", "category", "target", "sentiment", "intent", "topic", "queue", "emotion", "tag", "type",
    "department", "genre", "rating", "stars", "polarity", "y",
)  # fmt: skip
GROUP = (
    "group", "group_id", "story", "story_id", "thread", "thread_id", "conversation", "conversation_id", "dialogue_id",
    "session_id", "cluster", "cluster_id",
)  # fmt: skip
SPLIT = ("split", "part", "partition", "subset", "set", "fold")
"""Names of columns, the likeliest first."""
ROWS = 10_000
"""Rows that are looked at to tell a column by what is in it."""
SHORT = 60
"""Characters that a label has at the most."""
DELIMITERS = ",;\t|"


def settings(path: str, text: tuple[str, ...] = (), label: str = "") -> DataSettings:
    """How data that nobody has described are to be read.

    Args:
        path: a file, a folder, or the name of a source that needs none, such as ``uci_news``.
        text: columns of the texts; guessed when empty.
        label: the column of the labels; guessed when empty.

    Raises:
        DataError: there are no such data, they cannot be read, or which column is what cannot be told.
    """
    source = _source(path)
    place = None if _module(source).PATH == "none" else str(Path(path).absolute())
    place = _training(place) if source == "folder" and place else place
    table, options = _read(source, place)
    try:
        chosen_label = label or _label(table, text)
        chosen_text = text or (_text(table, chosen_label),)
    except DataError:
        _read_hidden(table, source, place, options)
        raise
    taken = {*chosen_text, chosen_label}
    return DataSettings(
        source,
        place,
        text=chosen_text,
        label=chosen_label,
        group=None if table.group else _group(table, taken),
        split=None if table.split else _split(table, taken),
        options=options,
    )


def explained(chosen: DataSettings) -> str:
    """What `settings` has decided, in a sentence."""
    standard = options(chosen.source)
    own = ", ".join(f"{name} {value!r}" for name, value in chosen.options.items() if value != standard.get(name))
    columns = [f"texts in {' and '.join(map(repr, chosen.text))}", f"labels in {chosen.label!r}"]
    columns += [f"groups in {chosen.group!r}"] if chosen.group else []
    columns += [f"parts in {chosen.split!r}"] if chosen.split else []
    others = {"validation": chosen.validation_path, "test": chosen.test_path}
    columns += [f"{part} data in {Path(path).name!r} beside it" for part, path in others.items() if path]
    return f"read as {chosen.source}{f' ({own})' if own else ''}: {', '.join(columns)}"


def options(source: str) -> dict[str, Scalar | None]:
    """The options of a source, with their defaults."""
    return {item.name: item.default for item in _module(source).PARAMETERS}


def siblings(chosen: DataSettings) -> tuple[DataSettings, tuple[str, ...]]:
    """Data whose name says that they train, with the validation and test data beside them.

    ``train.csv`` stands beside ``dev.csv`` and ``test.csv``, ``mail_train.csv`` beside ``mail_test.csv``; other data
    stay as they are, and so do those that say themselves which row is of which part.

    Args:
        chosen: as `settings` has them.

    Returns:
        The settings, and a sentence on everything beside them that cannot be used.
    """
    place = Path(chosen.path or "")
    words = "|".join(word for word, part in PART_OF.items() if part == "train")
    found = re.search(rf"(?<![a-z])({words})(?![a-z])", place.name, re.IGNORECASE)
    if chosen.split is not None or found is None:
        return chosen, ()
    paths, notes = dict[PartName, str](), list[str]()
    for word, part in PART_OF.items():
        other = place.with_name(f"{place.name[: found.start()]}{word}{place.name[found.end() :]}")
        if part == "train" or part in paths or not other.exists():
            continue
        if problem := _unusable(chosen, str(other)):
            notes.append(f"{other.name} beside it is not used: {problem}")
        else:
            paths[part] = str(other)
    validation, test = paths.get("validation"), paths.get("test")
    return dataclasses.replace(chosen, validation_path=validation, test_path=test), tuple(notes)


def _unusable(chosen: DataSettings, path: str) -> str:
    """Why data beside others cannot be a part of them; empty when they can."""
    try:
        table = read_table(chosen.source, path, chosen.options)
    except DataError as error:
        return error.problems[0].what
    wanted = (*chosen.text, chosen.label, *([chosen.group] if chosen.group else []))
    absent = [name for name in wanted if name not in table.columns]
    if absent:
        return f"it has no column {absent[0]!r}"
    return "" if any(map(str.strip, table.columns[chosen.label])) else f"its column {chosen.label!r} is blank"


def _module(name: str) -> Source:
    module: Source = import_module(f"{sources.__name__}.{name}")
    return module


def _names() -> list[str]:
    return [item.name for item in pkgutil.iter_modules(sources.__path__) if not item.name.startswith("_")]


def _source(path: str) -> str:
    """The source that reads `path`, by what is there or by its ending."""
    names = _names()
    if path in names and _module(path).PATH == "none":
        return path
    place = Path(path)
    there = _is_there(place)
    if there and place.is_dir():
        return "huggingface" if is_saved(place) else "folder"
    endings = {ending: name for name in names for ending in _module(name).EXTENSIONS}
    fitting = [ending for ending in endings if path.lower().endswith(ending)]
    if fitting and there:
        return endings[max(fitting, key=len)]
    if there:
        raise DataError(_unknown(path, f"a folder, or a file ending in {', '.join(sorted(endings))}"))
    bundled = [name for name in names if _module(name).PATH == "none"]
    expected = "a data file" if fitting else f"a folder, a file ({', '.join(sorted(endings))}) or {', '.join(bundled)}"
    near = nearest(path, bundled) or _neighbour(place)
    fix = f"did you mean {near}?" if near else "check the path"
    what = "there is no such file" if fitting else "there are no such data"
    raise DataError(Problem(what, expected, fix, where=path))


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except (OSError, ValueError):  # a name that is too long, or in a folder that cannot be read
        return False


def _neighbour(place: Path) -> str | None:
    """The file or folder beside `place` whose name is nearest to its own, when one is near."""
    try:
        names = [item.name for item in place.parent.iterdir()]
    except OSError:
        return None
    near = get_close_matches(place.name, names, 1, cutoff=0.75)
    return str(place.with_name(near[0])) if near else None


def _unknown(path: str, expected: str) -> Problem:
    """What to do with a file whose ending says nothing, by what is in it.

    Raises:
        DataError: it is an archive or another file without plain text; the error says which.
    """
    with open_file(path) as file:
        start = next(chunks(file, path), b"").removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        fix = f"write each object in a line of its own: jq -c '.[]' {path} > {Path(path).with_suffix('.jsonl')}"
        return Problem("this is one JSON array", expected, fix, where=path)
    if start.startswith(b"{"):
        fix = "rename it to end in .jsonl if there is an object in each line; else write it so, e.g. with `jq -c .`"
        return Problem("the file's ending does not tell what kind of data it is", expected, fix, where=path)
    fix = (
        "rename it to end in .csv (or .tsv, with tabs) if it is a table with a column of labels; plain texts go into a "
        "folder for each label, one .txt file a text"
    )
    return Problem("the file's ending does not tell what kind of data it is", expected, fix, where=path)


def _training(folder: str) -> str:
    """The folder of the training data where `folder` has one for each part, as in ``imdb/train/pos``; else `folder`."""
    for place in sorted(Path(folder).iterdir()):
        if PART_OF.get(place.name.lower()) == "train" and place.is_dir() and any(map(Path.is_dir, place.iterdir())):
            return str(place)
    return folder


def _read(source: str, place: str | None) -> tuple[Table, dict[str, Scalar]]:
    """The data, and the options with which they can be read: all of the source's, defaults included."""
    options = {item.name: item.default for item in _module(source).PARAMETERS if item.default is not None}
    for last in (False, True):
        try:
            if "delimiter" in options and place is not None:
                options["delimiter"] = _delimiter(place, str(options["encoding"]))
            return read_table(source, place, options), options
        except DataError as error:
            # The reader says which encoding would do.
            better = re.search(r"`encoding: ([\w-]+)`", error.problems[0].fix)
            if last or better is None or "encoding" not in options:
                raise
            options["encoding"] = better.group(1)
    raise AssertionError("unreachable")


def _delimiter(place: str, encoding: str) -> str:
    """The character that stands in the header most often, outside quotes; a comma without any."""
    with open_file(place) as file:
        header = next(lines(file, encoding, place), "")
    plain = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=plain.count)


def _named(table: Table, names: Sequence[str], taken: Collection[str] = ()) -> str | None:
    """The column of the likeliest name: one of `names`, else one with such a word in it."""
    columns = [name for name in table.columns if name not in taken]
    for name in names:
        for column in columns:
            if column.strip().lower() == name:
                return column
    for name in names:
        for column in columns:
            words = re.split(r"[^a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", column).lower())
            if name in words and "id" not in words and len(name) > 1:
                return column
    return None


def _label(table: Table, taken: Collection[str]) -> str:
    named = _named(table, LABEL, taken)
    if named is not None:
        return named
    other = _named(table, TEXT, taken)
    left = {name: values for name, values in table.columns.items() if name not in taken and name != other}
    alike = [name for name, values in left.items() if _is_label(values)]
    if len(alike) == 1:
        return alike[0]
    left = left or {other: table.columns[other]} if other is not None and taken else left
    raise _unclear(table, "labels", "--label", alike, {name: _no_label(values) for name, values in left.items()})


def _text(table: Table, label: str) -> str:
    named = _named(table, TEXT, (label,))
    if named is not None:
        return named
    lengths = {name: _length(values) for name, values in table.columns.items() if name != label}
    longest = sorted(lengths, key=lambda name: -lengths[name])
    if longest and lengths[longest[0]] > 0 and (len(longest) == 1 or lengths[longest[0]] > 2 * lengths[longest[1]]):
        return longest[0]
    alike = [name for name in longest if lengths[name] > 0]
    reasons = {name: _no_text(table.columns[name]) for name in longest}
    raise _unclear(table, "texts", "--text", alike, reasons)


def _is_label(values: Sequence[str]) -> bool:
    """Whether values look like labels: short, at least two, and each of several rows."""
    seen = [value.strip() for value in values[:ROWS] if value.strip()]
    distinct = set(seen)
    return 2 <= len(distinct) <= max(2, len(seen) // 5) and max(map(len, distinct)) <= SHORT


def _length(values: Sequence[str]) -> float:
    """The mean length of values that look like texts, in characters; 0 when they do not: one word each, or few."""
    seen = [value.strip() for value in values[:ROWS] if value.strip()]
    if not seen or len(set(seen)) < len(seen) / 3 or sum(" " in value for value in seen) < len(seen) / 2:
        return 0.0
    return sum(map(len, seen)) / len(seen)


def _group(table: Table, taken: Collection[str]) -> str | None:
    """A column of groups by its name, when there are several groups and some have several rows."""
    name = _named(table, GROUP, taken)
    if name is None or name.strip().lower() not in GROUP:
        return None
    distinct = len(set(filter(None, table.columns[name])))
    return name if 1 < distinct < len(table.lines) else None


def _split(table: Table, taken: Collection[str]) -> str | None:
    """A column that says which part a row belongs to, when each of its values is a part's name."""
    name = _named(table, SPLIT, taken)
    if name is None:
        return None
    parts = {PART_OF.get(value.strip().lower(), "") for value in set(table.columns[name])}
    return name if "" not in parts and "train" in parts else None


def _read_hidden(table: Table, source: str, place: str | None, options: dict[str, Scalar]) -> None:
    """Read the columns that are named like texts or labels but hold neither.

    Raises:
        DataError: there is one; the source says what it holds instead.
    """
    hidden = [name for name in table.header if name not in table.columns and name.lower() in (*TEXT, *LABEL)]
    for name in hidden:
        _module(source).read(place, options, {name})


def _no_label(values: Sequence[str]) -> str:
    """Why values do not look like labels, as a predicate."""
    seen = [value.strip() for value in values if value.strip()]
    distinct = set(seen)
    if len(distinct) < 2:
        return f"is {seen[0][:SHORT]!r} in every row" if seen else "is blank"
    if len(distinct) == len(seen):
        return "has a different value in every row"
    longest = max(map(len, distinct))
    if longest > SHORT:
        return f"has values of up to {longest:,} characters"
    return f"has {len(distinct):,} different values in {len(seen):,} rows"


def _no_text(values: Sequence[str]) -> str:
    """Why values do not look like texts, as a predicate."""
    seen = [value.strip() for value in values if value.strip()]
    if not seen:
        return "is blank"
    distinct = len(set(seen))
    few = distinct < len(seen) / 3
    return f"has {distinct:,} different values in {len(seen):,} rows" if few else "has single words"


def _unclear(table: Table, what: str, option: str, alike: Sequence[str], reasons: Mapping[str, str]) -> DataError:
    """The error where it cannot be told which column is what.

    Args:
        table: the data.
        what: what is looked for, ``texts`` or ``labels``.
        option: of the command line, that names it.
        alike: columns that could be it.
        reasons: why the others cannot, by column.
    """
    if len(table.header) == 1:
        fix = table.advice or "name a table that has both"
        found = f"there is one column only, {table.header[0]!r}"
        return DataError(Problem(found, "a column of texts and one of labels", fix, where=table.where))
    columns = ", ".join(map(repr, table.header[:20])) + (", ..." if len(table.header) > 20 else "")
    if len(alike) > 1:
        found, fix = f"several columns could be the {what}", f"name it, e.g. {option} {alike[0]}"
        return DataError(Problem(found, f"one of {columns}", fix, where=table.where))
    shown = list(reasons.items())[:3]
    found = "; ".join((f"no column looks like the {what}", *(f"{name!r} {reason}" for name, reason in shown)))
    kind = "short values, each in several rows" if what == "labels" else "several words in a row, most rows different"
    fix = f"if one is it all the same, name it: {option} {shown[0][0]}" if shown else f"add a column of {what}"
    return DataError(Problem(found, f"a column of {what}: {kind}", fix, where=table.where))
