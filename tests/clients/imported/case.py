"""A model that its library fitted, and the answers that the library gives."""

import dataclasses

import numpy
import pandas

# How a number may differ: not at all. Else a count of representable numbers, or a greatest difference, or an array of
# such.
BITS = "bits"


@dataclasses.dataclass
class Answer:
    """What the library answers: [n_rows] or [n_rows, n_outputs] of numbers, or [n_rows] of labels."""

    # The columns of `smartserve predict` that hold it begin so.
    column: str
    expected: numpy.ndarray
    within: object = BITS

    def of(self, chosen):
        """Of some rows."""
        within = self.within[chosen] if isinstance(self.within, numpy.ndarray) else self.within
        return Answer(self.column, self.expected[chosen], within)


@dataclasses.dataclass
class Case:
    """A fitted model."""

    library: str
    name: str
    # What it was fitted with, to be printed.
    parameters: dict
    # Files of the same model: how each is written, and its bytes.
    files: dict[str, bytes]
    rows: pandas.DataFrame
    # By the value of --answer.
    answers: dict[str, list[Answer]]
    # More words of `import`.
    flags: tuple[str, ...] = ()


def texts(labels):
    """Labels as they are called in an answer: 2.0 is 2."""
    plain = (label.item() if isinstance(label, numpy.generic) else label for label in numpy.asarray(labels).ravel())
    return numpy.array(
        [str(int(label)) if isinstance(label, float) and label.is_integer() else str(label) for label in plain],
        dtype=object,
    )
