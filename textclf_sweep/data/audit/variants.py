"""A check of labels that are one label written in several ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textclf_sweep.data.audit._subject import Check, Subject, amount, named, quoted
from textclf_sweep.data.findings import Finding

MAPPED = 100
"""Labels in a patch before it says how many more there are."""
CLEAR = 2
"""How many times as common as the next one the commonest way must be for the others to be those that are wrong."""


def label_variants(subject: Subject) -> Finding | None:
    """Labels that differ in case, white space, separators, accents or by a slip of the pen: ``Pos``, ``pos ``."""
    counts, labels, families = subject.counts, subject.corpus.labels, subject.families
    if not families:
        return None
    best = {label: family[0] for family in families for label in family}
    clear = {family[0] for family in families if counts[family[0]] >= CLEAR * counts[family[1]]}
    rows = [row for row, label in enumerate(labels) if label in best and label not in clear]
    wrong = [row for row in rows if best[labels[row]] != labels[row]]
    examples = "; ".join(_written(family, counts) for family in families[:3])
    more = f" and {len(families) - 3:,} more" if len(families) > 3 else ""
    why = (
        f"{len(best):,} labels look like {len(families):,} written in several ways ({examples}{more}), "
        f"{amount(len(wrong), len(labels))} not in the commonest way: each way is learned as a label of its own, and a "
        "right answer in the other way counts as an error"
    )
    first = {labels[row]: row for row in reversed(wrong)}
    shown = sorted(first.values())
    fix, patch = _remedy(families, best)
    return subject.finding(
        "label_variants", "warning", rows, why, fix, patch, shown=shown,
        details=lambda row: f"commonest: {best[labels[row]]}",
    )  # fmt: skip


CHECKS: tuple[Check, ...] = (label_variants,)


def _written(family: Sequence[str], counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{named([label])} {counts[label]:,}" for label in family[:4])
    return f"{shown}, ..." if len(family) > 4 else shown


def _remedy(families: Sequence[Sequence[str]], best: Mapping[str, str]) -> tuple[str, str]:
    """The keys that make one of each family: those for all labels when they do it alone, else a map."""
    if all(len({label.strip() for label in family}) == 1 for family in families):
        return "trim the labels", "data:\n  trim_labels: true"
    if all(len({label.lower() for label in family}) == 1 for family in families):
        return "write the labels in one case", "data:\n  label_case: lower"
    if all(len({label.strip().lower() for label in family}) == 1 for family in families):
        return "trim the labels and write them in one case", "data:\n  trim_labels: true\n  label_case: lower"
    pairs = [(label, meant) for label, meant in best.items() if label != meant]
    lines = [f"    {quoted(label)}: {quoted(meant)}" for label, meant in pairs[:MAPPED]]
    if len(pairs) > MAPPED:
        lines.append(f"    # ... and {len(pairs) - MAPPED:,} more")
    return "write each label in one way, where they mean the same", "\n".join(["data:", "  labels:", *lines])
