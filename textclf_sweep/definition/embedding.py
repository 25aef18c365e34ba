"""``embedding`` -> what it says of two parameters: which word vectors an architecture starts from, and ``trainable``.

It stands at the top level, for every architecture that reads tokens, or below ``parameters``; either way it is one
value, or a mapping of ``path`` and ``trainable``.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from textclf_sweep.definition.catalogue import Entry
from textclf_sweep.definition.entries import KEYS
from textclf_sweep.definition.nodes import BrokenNode, Field, MapNode, Problems
from textclf_sweep.definition.values import unknown_key

EMBEDDING, PATH, TRAINABLE = "embedding", "path", "trainable"
"""The key, and what it can have as a mapping."""
KNOWN = {PATH, TRAINABLE, *KEYS}


def shared(
    root: Field, entries: Mapping[str, Mapping[str, Field]], chosen: Sequence[Entry], problems: Problems
) -> dict[str, dict[str, Field]]:
    """`entries` with what the top level's key says of those architectures that read tokens.

    Args:
        root: the definition.
        entries: what ``parameters`` says, by architecture and parameter.
        chosen: the architectures.
        problems: gets what is wrong: a key that no architecture can use, or that stands below ``parameters`` too.
    """
    field, known = root.get(EMBEDDING), {entry.name: {item.name for item in entry.parameters} for entry in chosen}
    if field is None or isinstance(field.node, BrokenNode):
        return {name: _unfolded(name, own, known[name], problems) for name, own in entries.items()}
    readers = {name for name, parameters in known.items() if EMBEDDING in parameters}
    if chosen and not readers:
        what = f"{' and '.join(entry.name for entry in chosen)} cannot start from word vectors"
        problems.add(field, what, "an architecture that reads tokens, such as lstm", "remove it")
    for name, own in entries.items():
        if name in readers and EMBEDDING in own:
            what = "it stands at the top level and below parameters"
            problems.add(own[EMBEDDING], what, "one of them", "remove one of them")
    return {
        name: _unfolded(name, {EMBEDDING: field, **own} if name in readers else own, known[name], problems)
        for name, own in entries.items()
    }


def _unfolded(
    architecture: str, entries: Mapping[str, Field], known: Container[str], problems: Problems
) -> dict[str, Field]:
    """Entries in which ``embedding: {path, trainable}`` is two entries; `known` are the architecture's parameters."""
    whole = entries.get(EMBEDDING)
    if whole is not None and isinstance(whole.node, MapNode) and not KNOWN & set(whole.node.entries):
        fix = "e.g. embedding: {path: glove.txt, trainable: false}, or {values: [none, glove.txt]} to search"
        problems.add(whole, "it says nothing of a path", "a path, or a mapping with path and trainable", fix)
        return {name: field for name, field in entries.items() if name != EMBEDDING}
    if whole is None or not (whole.get(PATH) or whole.get(TRAINABLE)):
        return dict(entries)
    found = {name: field for name, field in entries.items() if name != EMBEDDING}
    for name, child in whole.entries():
        if name == TRAINABLE and TRAINABLE in entries:
            what = f"trainable stands here and in {entries[TRAINABLE].key}"
            problems.add(child, what, "one of them", "remove one of them")
        elif name == TRAINABLE and TRAINABLE not in known:
            fix = "remove it, or let its build function take trainable: bool = True"
            problems.add(child, f"{architecture} has no parameter {TRAINABLE}", "an architecture that has it", fix)
        elif name in (PATH, TRAINABLE):
            found[EMBEDDING if name == PATH else TRAINABLE] = child
        else:
            unknown_key(child, name, (PATH, TRAINABLE), problems)
    return found
