"""The arithmetic of LSTM and GRU layers on packed sequences, forwards and back, in NumPy.

Texts are sorted by length, the longest first, so that the texts which still run at a step are the first so many: no
step computes padding. The tokens of one step lie together ("packed"), so the input's projection of all steps is one
product before the loop, and the gradient of each kernel one product after it. Gates lie one after the other,
(gates, tokens, units): what works on one of them, or on all, works on contiguous memory.

A sigmoid is computed as ``(tanh(x / 2) + 1) / 2``, the halves already in the weights, so that all gates of an LSTM's
step are one call of tanh.

Everything here is a pure function of its arguments, in float32; what the way back needs is handed out and in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

_HALF, _ONE = np.float32(0.5), np.float32(1)
_ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Packing:
    """Where each token of a batch (texts, width) is computed, and where its output goes.

    Attributes:
        steps: (first packed row, rows) of each step; fewer or as many rows as the step before.
        tokens: number of packed rows.
        order: the texts, the longest first, shape (texts,).
        inputs: place in the flat batch of each packed row's input, shape (tokens,).
        outputs: place in the flat output of each packed row, shape (tokens,); other than `inputs` when read backwards.
        packed: packed row of each place of the input, shape (texts * width,); `tokens` where it is masked.
        shown: packed row that each place of the output shows, shape (texts * width,); `tokens` where it is zero.
        last: packed row of each text's last step, shape (texts,); `tokens` when it has none.
        before: packed row of the step before, of every row but the first step's.
    """

    steps: tuple[tuple[int, int], ...]
    tokens: int
    order: Places
    inputs: Places
    outputs: Places
    packed: Places
    shown: Places
    last: Places
    before: Places


def packing(mask: NDArray[np.bool_], *, backwards: bool, repeats: bool) -> Packing:
    """How a batch is packed.

    Args:
        mask: (texts, width), false for what is skipped, wherever it is.
        backwards: whether texts are read from their end; the output's places are then in the order of reading.
        repeats: whether a masked place shows the output of the step before it, as Keras has it; else it is zero.
    """
    texts, width = mask.shape
    read = mask[:, ::-1] if backwards else mask
    step = np.cumsum(read, axis=1)
    lengths = step[:, -1] if width else np.zeros(texts, np.int64)
    order, rank = np.argsort(np.negative(lengths), kind="stable"), np.empty(texts, np.int64)
    rank[order] = np.arange(texts)
    longest = int(lengths.max(initial=0))
    rows = texts - np.cumsum(np.bincount(lengths, minlength=longest + 1))[:longest]
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(rows)])
    tokens = int(starts[-1])

    # Step -1, of what comes before the first token, finds the row behind the last.
    found = np.where(step > 0, starts[step - 1] + rank[:, None], tokens)
    kept = np.where(read, found, tokens)
    outputs, inputs = np.empty((2, tokens), np.int64)
    places = np.flatnonzero(read)
    outputs[kept.ravel()[places]] = places
    packed = kept[:, ::-1] if backwards else kept
    places = np.flatnonzero(mask)
    inputs[packed.ravel()[places]] = places
    first = int(rows[0]) if longest else 0
    return Packing(
        steps=tuple(zip(starts.tolist(), rows.tolist(), strict=False)),
        tokens=tokens,
        order=order,
        inputs=inputs,
        outputs=outputs,
        packed=packed.ravel(),
        shown=(found if repeats else kept).ravel(),
        last=np.where(lengths > 0, starts[lengths - 1] + rank, tokens),
        before=np.arange(first, tokens) - np.repeat(rows[:-1], rows[1:]),
    )


def empty(*shape: int) -> Floats:
    """An array that TensorFlow takes over without a copy: it asks for memory aligned as its own."""
    size = int(np.prod(shape))
    buffer = np.empty(size + _ALIGNMENT // 4, np.float32)
    start = -buffer.__array_interface__["data"][0] % _ALIGNMENT // 4
    return buffer[start : start + size].reshape(shape)


def taken(rows: Floats, places: Places) -> Floats:
    """``rows[places]``."""
    found = empty(len(places), rows.shape[1])
    # With "raise", NumPy fills a buffer first.
    return np.take(rows, places, axis=0, out=found, mode="clip")


def per_gate(kernel: Floats, gates: int, halved: tuple[int, ...]) -> Floats:
    """A kernel (rows, gates * units) as (gates, rows, units), the gates `halved` that a sigmoid follows."""
    # A copy, always: it may be the weight itself that TensorFlow hands over.
    found = kernel.reshape(len(kernel), gates, -1).transpose(1, 0, 2).copy(order="C")
    for gate in halved:
        found[gate] *= _HALF
    return found


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a layer reads: the packed inputs, equal ones only once where tokens tell which are.

    Attributes:
        rows: (distinct, features).
        which: the one of `rows` that each packed row has, shape (tokens,); None when each is its own.
    """

    rows: Floats
    which: Places | None

    def sums(self, packed: Floats) -> Floats:
        """The sum of the packed rows (tokens, n) of each of `rows`, (distinct, n)."""
        if self.which is None:
            return packed
        from scipy.sparse import csr_array  # noqa: PLC0415 - heavy

        ends = np.cumsum(np.bincount(self.which, minlength=len(self.rows)))
        members = np.argsort(self.which, kind="stable")
        ones = np.ones(len(packed), np.float32)
        found: Floats = csr_array((ones, members, np.r_[0, ends]), shape=(len(ends), len(packed))) @ packed
        return found


def packed_inputs(batch: Floats, tokens: NDArray[np.integer] | None, plan: Packing) -> Inputs:
    """What a layer reads of a flat batch (texts * width, features).

    Args:
        batch: of which the same token has the same row everywhere.
        tokens: (texts * width,); None when they are not known.
        plan: of the batch.
    """
    if tokens is None:
        return Inputs(taken(batch, plan.inputs), None)
    _, first, which = np.unique(tokens[plan.inputs], return_index=True, return_inverse=True)
    return Inputs(taken(batch, plan.inputs[first]), which)


def projected(inputs: Inputs, kernel: Floats, bias: Floats) -> Floats:
    """The inputs' part of every gate, (gates, tokens, units), of kernel and bias as of `per_gate`."""
    found = empty(len(kernel), len(inputs.rows), kernel.shape[2])
    np.matmul(inputs.rows, kernel, out=found)
    found += bias
    if inputs.which is None:
        return found
    spread = empty(len(kernel), len(inputs.which), kernel.shape[2])
    for distinct, gate in zip(found, spread, strict=True):
        np.take(distinct, inputs.which, axis=0, out=gate, mode="clip")
    return spread


def lstm_forward(
    inputs: Inputs, kernel: Floats, recurrent: Floats, bias: Floats, plan: Packing
) -> tuple[Floats, Floats, Floats, Floats]:
    """An LSTM over packed inputs.

    Args:
        inputs: of `features` values each.
        kernel: (features, 4 * units), gates in Keras' order: input, forget, candidate, output.
        recurrent: (units, 4 * units).
        bias: (4 * units,).
        plan: of `inputs`.

    Returns:
        outputs (tokens + 1, units), the last row zero; gates (4, tokens, units); carries and their tanh, each
        (tokens, units).
    """
    units, sigmoids = len(recurrent), (0, 1, 3)
    gates = projected(inputs, per_gate(kernel, 4, sigmoids), per_gate(bias[None], 4, sigmoids))
    recurrent = per_gate(recurrent, 4, sigmoids)
    outputs, carries, squashed = empty(plan.tokens + 1, units), empty(plan.tokens, units), empty(plan.tokens, units)
    outputs[-1] = 0
    room = np.empty((4, plan.steps[0][1] if plan.steps else 0, units), np.float32)
    former = 0
    for start, rows in plan.steps:
        here, earlier = slice(start, start + rows), slice(former, former + rows)
        gate, carry, spare = gates[:, here], carries[here], room[0, :rows]
        if start:
            gate += np.matmul(outputs[earlier], recurrent, out=room[:, :rows])
        np.tanh(gate, out=gate)
        for sigmoid in sigmoids:
            gate[sigmoid] *= _HALF
            gate[sigmoid] += _HALF
        np.multiply(gate[0], gate[2], out=carry)
        if start:
            carry += np.multiply(gate[1], carries[earlier], out=spare)
        np.tanh(carry, out=squashed[here])
        np.multiply(gate[3], squashed[here], out=outputs[here])
        former = start
    return outputs, gates, carries, squashed


def lstm_backward(
    gradient: Floats | None,
    last: Floats | None,
    recurrent: Floats,
    saved: Sequence[Floats],
    plan: Packing,
) -> Floats:
    """The gradient of an LSTM's gates before their activation, (tokens, 4 * units), gates side by side.

    Args:
        gradient: of each packed output, (tokens, units); None when only the last steps' outputs are used.
        last: of each text's last output, (texts, units) in the plan's order, overwritten; the counterpart.
        recurrent: (units, 4 * units).
        saved: gates, carries and their tanh, as `lstm_forward` gave them.
        plan: of the inputs.
    """
    (gates, carries, squashed), units = saved, len(recurrent)
    found, backwards = empty(plan.tokens, 4 * units), np.ascontiguousarray(recurrent.T)
    texts = plan.steps[0][1] if plan.steps else 0
    hidden = np.zeros((texts, units), np.float32) if last is None else last
    carried, room = np.zeros((texts, units), np.float32), np.empty((3, texts, units), np.float32)
    befores = [0, *(start for start, _ in plan.steps)]
    for step in range(len(plan.steps) - 1, -1, -1):
        start, rows = plan.steps[step]
        here, d_hidden, d_carry = slice(start, start + rows), hidden[:rows], carried[:rows]
        (i, f, g, o), tanh, out = gates[:, here], squashed[here], found[here]
        a, b, c = room[:, :rows]
        if gradient is not None:
            d_hidden += gradient[here]
        np.multiply(d_hidden, o, out=a)
        np.multiply(a, tanh, out=b)
        np.multiply(b, np.subtract(_ONE, o, out=c), out=out[:, 3 * units :])
        a -= np.multiply(b, tanh, out=b)
        d_carry += a
        np.multiply(d_carry, i, out=a)
        np.multiply(a, g, out=b)
        np.multiply(b, np.subtract(_ONE, i, out=c), out=out[:, :units])
        np.subtract(a, np.multiply(b, g, out=b), out=out[:, 2 * units : 3 * units])
        d_carry *= f
        if not start:
            out[:, units : 2 * units] = 0
            break
        np.subtract(_ONE, f, out=c)
        c *= carries[befores[step] : befores[step] + rows]
        np.multiply(d_carry, c, out=out[:, units : 2 * units])
        np.dot(out, backwards, out=d_hidden)
    return found


def gru_forward(
    inputs: Inputs, kernel: Floats, recurrent: Floats, bias: Floats, plan: Packing
) -> tuple[Floats, Floats, Floats]:
    """A GRU over packed inputs, its reset gate applied after the recurrent product.

    Args:
        inputs: of `features` values each.
        kernel: (features, 3 * units), gates in Keras' order: update, reset, candidate.
        recurrent: (units, 3 * units).
        bias: (2, 3 * units), of the inputs and of the state.
        plan: of `inputs`.

    Returns:
        outputs (tokens + 1, units), the last row zero; gates (3, tokens, units); the state's part of the candidate
        before it is reset, (tokens, units).
    """
    units, sigmoids = len(recurrent), (0, 1)
    of_state = bias[1, 2 * units :]
    summed = bias[0].copy()
    summed[: 2 * units] += bias[1, : 2 * units]
    gates = projected(inputs, per_gate(kernel, 3, sigmoids), per_gate(summed[None], 3, sigmoids))
    recurrent = per_gate(recurrent, 3, sigmoids)
    outputs, inner = empty(plan.tokens + 1, units), empty(plan.tokens, units)
    outputs[-1] = 0
    room = np.empty((3, plan.steps[0][1] if plan.steps else 0, units), np.float32)
    former = 0
    for start, rows in plan.steps:
        here, earlier = slice(start, start + rows), slice(former, former + rows)
        gate, state, spare = gates[:, here], inner[here], room[2, :rows]
        sigmoid, candidate, output = gate[:2], gate[2], outputs[here]
        if start:
            product = np.matmul(outputs[earlier], recurrent, out=room[:, :rows])
            sigmoid += product[:2]
            np.add(product[2], of_state, out=state)
        else:
            state[:] = of_state
        np.tanh(sigmoid, out=sigmoid)
        sigmoid *= _HALF
        sigmoid += _HALF
        candidate += np.multiply(gate[1], state, out=spare)
        np.tanh(candidate, out=candidate)
        np.subtract(outputs[earlier] if start else np.float32(0), candidate, out=spare)
        spare *= gate[0]
        np.add(candidate, spare, out=output)
        former = start
    return outputs, gates, inner


def gru_backward(
    gradient: Floats | None,
    last: Floats | None,
    recurrent: Floats,
    saved: Sequence[Floats],
    plan: Packing,
) -> Floats:
    """The gradient of a GRU's gates before their activation, (tokens, 4 * units).

    Side by side: the state's part of the candidate, update, reset, the inputs' part of the candidate. The first three
    are the state's product, the last three the inputs'.

    Args:
        gradient: of each packed output, (tokens, units); None when only the last steps' outputs are used.
        last: of each text's last output, (texts, units) in the plan's order, overwritten; the counterpart.
        recurrent: (units, 3 * units).
        saved: outputs, gates and the state's part of the candidate, as `gru_forward` gave them.
        plan: of the inputs.
    """
    (outputs, gates, inner), units = saved, len(recurrent)
    found = empty(plan.tokens, 4 * units)
    backwards = np.ascontiguousarray(np.roll(recurrent, units, axis=1).T)
    texts = plan.steps[0][1] if plan.steps else 0
    hidden = np.zeros((texts, units), np.float32) if last is None else last
    room = np.empty((2, texts, units), np.float32)
    befores = [0, *(start for start, _ in plan.steps)]
    for step in range(len(plan.steps) - 1, -1, -1):
        start, rows = plan.steps[step]
        here, d_hidden, out = slice(start, start + rows), hidden[:rows], found[start : start + rows]
        (update, reset, candidate), (a, b) = gates[:, here], room[:, :rows]
        if gradient is not None:
            d_hidden += gradient[here]
        earlier = outputs[befores[step] : befores[step] + rows] if start else np.float32(0)
        np.subtract(earlier, candidate, out=a)
        a *= d_hidden
        a *= update
        np.subtract(_ONE, update, out=b)
        np.multiply(a, b, out=out[:, units : 2 * units])
        b *= d_hidden
        d_hidden *= update
        np.multiply(candidate, candidate, out=a)
        b *= np.subtract(_ONE, a, out=a)
        out[:, 3 * units :] = b
        b *= reset
        out[:, :units] = b
        b *= inner[here]
        np.multiply(b, np.subtract(_ONE, reset, out=a), out=out[:, 2 * units : 3 * units])
        if start:
            d_hidden += np.dot(out[:, : 3 * units], backwards, out=a)
    return found
