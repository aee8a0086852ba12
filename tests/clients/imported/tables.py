"""Tables that models are fitted on and asked with: kinds of categories, types of columns, cells at edges."""

import csv
import io

import numpy
import pandas

WORDS = ["zed", "ünï", "a, b", 'q"uote', "x y", "Zed", "0", "-1", "nan ü", "end"]
# How the columns `many` and `few` stand for categories.
CATEGORIES = ("numbers", "codes", "text", "mixed")
# Types of the other columns: doubles, singles, or one of each (a single, integers, a boolean, an integer or missing).
TYPES = ("f64", "f32", "typed")
# Zeros and numbers near it, and numbers that singles or integers do not hold.
NUMBERS = [0.0, -0.0, 1e-35, float(numpy.float32(1e-35)), 1e-36, -1e-36, 5e-324, 1e-40, 16777217.0, 1e15, -1e15, 1e30]
# What a column of codes may be asked with.
CODES = [-1.0, -0.5, 0.5, 3.7, 39.0, 40.0, 99.0, 1e9, 16777216.0, 3e9]


def columns(n_rows, kind, types, missing, random, words=WORDS, flags=(0.5, 2.25)):
    """Six columns, of which the last two may be categories; a tenth of the cells are missing, if any."""
    x = random.normal(size=(n_rows, 6))
    x[:, 2] = numpy.round(x[:, 2], 1)
    x[random.random(n_rows) < 0.3, 3] = 0
    frame = pandas.DataFrame(x, columns=["a", "b", "rounded", "zeros", "many", "few"])
    if kind != "numbers":
        frame["many"] = random.integers(0, 40, n_rows)
        frame["few"] = random.integers(0, len(words), n_rows)
    frame = frame.astype(float)
    if missing:
        frame = frame.mask(random.random(x.shape) < 0.1)
    if kind == "text":
        frame["few"] = pandas.Categorical.from_codes(frame["few"].fillna(-1).astype(int), words)
    if kind in ("text", "mixed"):
        many = [10 * number - 3 for number in range(40)]
        frame["many"] = pandas.Categorical.from_codes(frame["many"].fillna(-1).astype(int), many)
    if kind == "mixed":
        # What is missing stays so.
        code = (frame["few"] % 2).fillna(-1).astype(int)
        frame["few"] = pandas.Categorical.from_codes(code, flags)
    return typed(frame, types)


def typed(frame, types):
    """The columns of numbers in the types that are asked for."""
    if types == "f32":
        return frame.astype({column: "float32" for column in numeric(frame)})
    if types == "typed":
        frame = frame.copy()
        frame["a"] = frame["a"].astype("float32")
        frame["b"] = (frame["b"].fillna(0) * 10).round().astype("int32")
        frame["zeros"] = frame["zeros"].fillna(0) != 0
        if frame["rounded"].isna().any():
            frame["rounded"] = (frame["rounded"] * 10).round().astype("Int64")
        else:
            frame["rounded"] = (frame["rounded"] * 10).round().astype("int64")
    return frame


def target(frame, task, random):
    """What is to be predicted: `number`, `positive`, `flag` or `class` (of four)."""
    numbers = frame[["a", "b", "zeros"]].astype(float).fillna(0).to_numpy()
    y = numbers[:, 0] * 2 + numbers[:, 1] ** 2 + (numbers[:, 2] == 0) + random.normal(size=len(frame)) * 0.2
    if task == "class":
        return numpy.digitize(y, numpy.quantile(y, [0.2, 0.5, 0.8]))
    if task == "flag":
        return (y > numpy.median(y)).astype(int)
    return y if task == "number" else numpy.abs(y) + 0.1


def is_categorical(column):
    """True for a column of named categories."""
    return isinstance(column.dtype, pandas.CategoricalDtype)


def numeric(frame):
    """The names of the columns of numbers."""
    return [name for name in frame if not is_categorical(frame[name]) and is_number(frame[name])]


def is_number(column):
    """True for a column of numbers, or of categories that are numbers."""
    values = column.cat.categories if is_categorical(column) else column
    return values.dtype.kind in "fiub" or str(values.dtype) in ("Int64", "boolean")


def near(thresholds, single):
    """Numbers on thresholds and beside them; where cells become singles, halfway between two of them too."""
    at = numpy.asarray(thresholds, dtype=float)
    at = few(at[numpy.isfinite(at)])
    found = [at, numpy.nextafter(at, -numpy.inf), numpy.nextafter(at, numpy.inf)]
    if single:
        with numpy.errstate(over="ignore"):
            nearest = at.astype("float32")
        for toward in (-numpy.inf, numpy.inf):
            beside = numpy.nextafter(nearest, numpy.float32(toward)).astype(float)
            half = (beside + nearest) / 2
            found += [beside, half, numpy.nextafter(half, -numpy.inf), numpy.nextafter(half, numpy.inf)]
    return numpy.concatenate(found)


def few(values):
    """Two hundred of the values at most."""
    values = numpy.unique(values)
    return values if len(values) <= 200 else values[:: len(values) // 200]


def put(column, values, random, share=0.3):
    """The column with some of its cells exchanged for some of the values, in its own type."""
    chosen = numpy.flatnonzero(random.random(len(column)) < share)
    picked = random.choice(numpy.asarray(values, dtype=float), len(chosen))
    dtype = column.dtype
    name = str(dtype).lower()
    if name == "bool":
        picked = picked != 0
    elif name.startswith("int"):
        picked = numpy.clip(numpy.nan_to_num(numpy.round(picked)), -(2**31), 2**31 - 1).astype(name)
    else:
        with numpy.errstate(over="ignore"):
            picked = picked.astype(dtype)
    column = column.copy()
    column.iloc[chosen] = picked
    return column


def cell(value):
    """A cell as JSON has it; None for what is missing."""
    if pandas.isna(value):
        return None
    if isinstance(value, (bool, numpy.bool_)):
        return int(value)
    if isinstance(value, numpy.generic):
        value = value.item()
    return value


def field(value):
    """A cell as CSV has it: a number in full, an empty field for what is missing."""
    value = cell(value)
    if value is None:
        return ""
    # There is no word for infinity, but a number that rounds to it.
    return repr(value).replace("inf", "1e999") if isinstance(value, float) else value


def cells(rows, of=cell):
    """The cells of the rows, row by row."""
    return [list(map(of, row)) for row in zip(*(rows[name].astype(object) for name in rows), strict=True)]


def text(rows):
    """Rows as CSV."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(rows.columns)
    writer.writerows(cells(rows, field))
    return file.getvalue()
