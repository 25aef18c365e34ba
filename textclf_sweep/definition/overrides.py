"""``--set key.path=value``: one value of a definition, replaced from the command line."""

from __future__ import annotations

from pathlib import Path

from textclf_sweep.definition.nodes import BrokenNode, MapNode, Node, Place, Problems, ScalarNode, describe
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
        if not equals or not all(names):
            what = f"--set {override[:60]!r} is no assignment"
            problems.add_at(place, "", what, "key=value", "e.g. --set parameters.dropout=0.3")
            continue
        value = read_value(text, place, problems)
        if value is not None:
            root = _put(root, names, value, place, problems)
    return root


def _put(node: MapNode, names: list[str], value: Node, place: Place, problems: Problems) -> MapNode:
    name, *rest = names
    if rest:
        _, inner = node.entries.get(name, (place, MapNode(place, {})))
        if isinstance(inner, BrokenNode):
            return node
        if isinstance(inner, ScalarNode) and inner.value is None:
            inner = MapNode(place, {})
        if not isinstance(inner, MapNode):
            what = f"{name} is {describe(inner)} and has no key {rest[0]!r}"
            problems.add_at(place, ".".join(names), what, "a mapping", f"set it as a whole: --set {name}=...")
            return node
        value = _put(inner, rest, value, place, problems)
        place = node.entries.get(name, (place, inner))[0]
    return MapNode(node.place, {**node.entries, name: (place, value)})
