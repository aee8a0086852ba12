"""Answers beside the library's: which rows differ, and by how much."""

import numpy

from imported.case import BITS


def wrong_rows(answer, columns):
    """Rows whose answer is not the library's, worst first, and one line for each of the first three."""
    if answer.expected.dtype == object:
        (got,) = columns
        # None: where the library's own label hangs on the last bit.
        pairs = enumerate(zip(answer.expected, got, strict=True))
        wrong = [row for row, (expected, label) in pairs if expected is not None and expected != label]
        return wrong, [f"{got[row]!r}, the library {answer.expected[row]!r}" for row in wrong[:3]]
    got = numpy.array([[float(text) for text in column] for column in columns]).T
    expected = numpy.asarray(answer.expected, dtype=float).reshape(len(answer.expected), -1)
    if got.shape != expected.shape:
        return [0], [f"{got.shape} answers, the library gives {expected.shape}"]
    over = excess(expected, got, answer.within)
    rows = numpy.flatnonzero(over.max(axis=1) > 0)
    rows = rows[numpy.argsort(-over.max(axis=1)[rows], kind="stable")]
    lines = []
    for row in rows[:3]:
        output = over[row].argmax()
        ours, theirs = got[row, output], expected[row, output]
        lines.append(
            f"output {output}: {ours!r}, the library {theirs!r}, {ulps(ours, theirs):.0f} representable numbers away"
        )
    return rows.tolist(), lines


def excess(expected, got, within):
    """How far each number is beyond what it may differ by; 0 where it is not."""
    apart = ulps(expected, got)
    if isinstance(within, str) and within == BITS:
        return apart
    if isinstance(within, int):
        return numpy.maximum(apart - within, 0)
    difference = numpy.abs(expected - got)
    bound = within if isinstance(within, float) else numpy.asarray(within, dtype=float).reshape(len(expected), -1)
    return numpy.where(difference <= bound, 0.0, difference / numpy.maximum(bound, 1e-300))


def ulps(a, b):
    """How many representable numbers lie between two. Zeros have two signs, which are equal."""
    places = []
    for number in (a, b):
        bits = (numpy.asarray(number, dtype=float) + 0.0).view(numpy.int64)
        places.append(numpy.where(bits < 0, numpy.iinfo(numpy.int64).min - bits, bits))
    # Of another sign they are far, which is told about.
    with numpy.errstate(over="ignore"):
        exact = numpy.abs(places[0] - places[1]).astype(float)
    is_near = (places[0] < 0) == (places[1] < 0)
    return numpy.where(is_near, exact, numpy.abs(places[0].astype(float) - places[1].astype(float)))
