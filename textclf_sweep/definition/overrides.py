"""``--set key.path=value``: one value of a definition, replaced from the command line."""

from __future__ import annotations

from pathlib import Path

from textclf_sweep.definition.nodes import BrokenNode, MapNode, Node, Place, Problems, ScalarNode, describe, quote
from textclf_sweep.definition.reader import read_value


def apply(root: MapNode, overrides: tuple[str, ...], folder: Path, problems: Problems) -> MapNode:
    """`root` with each override put in its place, later ones over earlier ones.

    Whether there is such a key, and whether it may have this value, is checked afterwards with everything else.

    Args:
        root: the definition.
        overrides: texts ``key.path=value``; a value is read as in the file: a scalar, or ``[...]`` or ``{...}``.
        folder: what relative paths in values are relative to.
        problems: gets what is wrong.
    """
    for override in overrides:
        path, equals, text = override.partition("=")
        path = path.strip()
        place = Place(f"--set {path}", folder, command_line=True)
        names = path.split(".")
        if not equals or not all(names) or not path.isprintable():
            what = f"{quote(override)} is no assignment"
            problems.add_at(
                Place("--set", folder, command_line=True), "", what, "key=value", "e.g. --set parameters.dropout=0.3"
            )
            continue
        value = read_value(text, place, problems)
        if value is not None:
            root = _put(root, names, value, problems)
    return root


def _put(root: MapNode, names: list[str], value: Node, problems: Problems) -> MapNode:
    """`root` with `value` at the end of the path `names`; mappings on the way are made when they are absent."""
    empty = MapNode(value.place, {})
    chain = [root]
    for depth, name in enumerate(names[:-1], 1):
        inner = chain[-1].entries.get(name, (value.place, empty))[1]
        if isinstance(inner, BrokenNode):
            return root
        if isinstance(inner, ScalarNode) and inner.value is None:
            inner = empty
        if not isinstance(inner, MapNode):
            whole = ".".join(names[:depth])
            what = f"{whole} is {describe(inner)} and has no key {names[depth]!r}"
            fix = f"set it as a whole: --set {whole}=..."
            problems.add_at(value.place, ".".join(names), what, "a mapping", fix)
            return root
        chain.append(inner)
    *above, last = chain
    changed = MapNode(last.place, {**last.entries, names[-1]: (value.place, value)})
    for node, name in zip(reversed(above), reversed(names[:-1]), strict=True):
        key = node.entries[name][0] if name in node.entries else value.place
        changed = MapNode(node.place, {**node.entries, name: (key, changed)})
    return changed
