"""A sweep in two pictures, with the floors as lines: what each trial came to, and how it got there. Pure.

Drawn by matplotlib's object interface: no window, no global state.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textclf_sweep.definition.types import Metric
from textclf_sweep.ranking import best
from textclf_sweep.trial import History, TrialRecord
from textclf_sweep.verdicts import verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "good": "#0072b2", "learning": "#56b4e9", "overfit": "#cc79a7", "underfit": "#e69f00", "weak": "#f0e442",
    "stuck": "#d55e00", "diverged": "#000000", "": "#999999",
}  # fmt: skip
"""By verdict; told apart by the colour-blind, too (Okabe and Ito 2008)."""
FLOORS = {"chance": ("chance", ":"), "majority": ("commonest label", "--"), "linear": ("linear model", "-.")}
"""What a baseline is called, and how its line is drawn."""
GREY = "#555555"
SIZE = (9.0, 5.0)
CURVES = 60
"""Curves that are drawn at the most, the best trials'."""

Baselines = Mapping[str, Mapping[str, Any]]
"""Of each baseline its ``metrics`` and what it gets ``right``; see `textclf_sweep.floors.Baseline`."""


def trials(name: str, history: History, metric: Metric, baselines: Baselines) -> str:
    """The objective by trial number, coloured by verdict, with the best so far and the floors; as SVG."""
    figure, axes = _figure(f"{name}: every trial", "trial", metric.name)
    shown = [record for record in history if record.counted and record.value is not None]
    linear = str((baselines.get("linear") or {}).get("right", ""))
    for verdict_name, colour in COLOURS.items():
        some = [record for record in shown if _verdict(record, linear) == verdict_name]
        if some:
            numbers, values = [record.number for record in some], [record.value or 0.0 for record in some]
            label = verdict_name or "no verdict"
            axes.scatter(numbers, values, color=colour, edgecolor="black", linewidth=0.5, zorder=3, label=label)
    _best_so_far(axes, shown, metric)
    _floors(axes, metric.name, baselines)
    _whole_numbers(axes, len(history))
    return _svg(figure, axes)


def curves(name: str, history: History, metric: Metric, baselines: Baselines) -> str:
    """The objective by epoch, a line for each trial, the best one's above the others, with the floors; as SVG."""
    figure, axes = _figure(f"{name}: epoch by epoch", "epoch", metric.name)
    winner = best(history, metric)
    drawn = [record for record in history if record.counted and record.epochs]
    sign = -1 if metric.goal == "maximize" else 1
    drawn.sort(key=lambda record: (record.value is None, sign * (record.value or 0.0)))
    for record in reversed(drawn[:CURVES]):
        values = [event.metrics.get(metric.name) for event in record.epochs]
        points = [(event.epoch, value) for event, value in zip(record.epochs, values, strict=True) if value is not None]
        if not points:
            continue
        first = winner is not None and record.number == winner.number
        colour, width, layer = ("#0072b2", 2.4, 3) if first else ("#999999", 0.9, 2)
        epochs, figures = zip(*points, strict=True)
        axes.plot(epochs, figures, marker="o", markersize=3, color=colour, linewidth=width, zorder=layer)
        if first:
            axes.annotate(
                f"trial {record.number}", points[-1], textcoords="offset points", xytext=(6, 0), color="#0072b2"
            )
    _floors(axes, metric.name, baselines)
    _whole_numbers(axes, max((len(record.epochs) for record in drawn), default=1))
    return _svg(figure, axes)


def _figure(title: str, across: str, up: str) -> tuple[Figure, Axes]:
    # It says on the screen that it looks for fonts, the first time.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _verdict(record: TrialRecord, linear: str) -> str:
    found = verdict(record, linear)
    return "" if found is None else found.name


def _best_so_far(axes: Axes, shown: Sequence[TrialRecord], metric: Metric) -> None:
    numbers, values = list[int](), list[float]()
    for record in shown:
        value = record.value or 0.0
        numbers.append(record.number)
        values.append(value if not values or metric.better(value, values[-1]) else values[-1])
    if len(numbers) > 1:
        axes.step(numbers, values, where="post", color=GREY, linewidth=1.2, label="best so far", zorder=2)


def _floors(axes: Axes, metric: str, baselines: Baselines) -> None:
    for name, (label, style) in FLOORS.items():
        value = ((baselines.get(name) or {}).get("metrics") or {}).get(metric.removeprefix("val_"))
        if value is not None and metric.startswith("val_"):
            axes.axhline(value, color=GREY, linestyle=style, linewidth=1.2, label=f"{label} {value:.3f}")


def _whole_numbers(axes: Axes, most: int) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - heavy

    axes.set_xlim(0.5, max(2, most) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _svg(figure: Figure, axes: Axes) -> str:
    import matplotlib  # noqa: PLC0415 - heavy

    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sweep"}):  # text that can be searched
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()
