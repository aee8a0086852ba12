"""Models that the libraries themselves fit on the spot: smartserve's answers have the libraries' own bits.

    import_test.py [--all] [--seed N]

Each model goes through `smartserve import` and `smartserve predict --raw` with 2,000 rows, edges among them: once as the
library's `predict` answers, once with labels, and raw scores beside them. Without --all ten models.
The program is SMARTSERVE's, or the debug build's.
"""

import argparse
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import import_lightgbm
import numpy
import pandas

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SMARTSERVE", str(ROOT / "target/debug/smartserve"))
ROWS = 2_000


def field(value):
    """A cell as CSV has it: a number in full, an empty field for what is missing."""
    if pandas.isna(value):
        return ""
    # There is no word for infinity, but a number that rounds to it.
    return repr(value).replace("inf", "1e999") if isinstance(value, float) else value


def write(rows, path):
    """Rows as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows.columns)
        columns = [rows[column].astype(object).to_numpy() for column in rows]
        writer.writerows(map(field, row) for row in zip(*columns, strict=True))


def ask(folder, source, rows, *flags):
    """The columns that `predict` adds: name to texts."""
    (folder / "source").write_bytes(source)
    artifact = folder / "imported.model"
    subprocess.run([BINARY, "import", folder / "source", "-o", artifact, *flags], check=True, stdout=subprocess.DEVNULL)
    command = [BINARY, "predict", "--raw", "--model", artifact, "--input", rows]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = list(csv.DictReader(said.splitlines()))
    added = [name for name in lines[0] if name.startswith(("prediction", "probability_", "raw"))]
    return {name: [line[name] for line in lines] for name in added}


def differing(expected, columns):
    """How many numbers have other bits."""
    got = numpy.array([[float(text) for text in column] for column in columns]).T
    expected = numpy.asarray(expected, dtype=float).reshape(len(expected), -1)
    assert got.shape == expected.shape, f"{got.shape} answers, {expected.shape} expected"
    # Zeros have two signs, which are equal.
    return int(((got + 0.0).view(numpy.int64) != (expected + 0.0).view(numpy.int64)).sum())


def problems(model, folder):
    """What is answered otherwise than by the library."""
    path = folder / "rows.csv"
    write(model.rows, path)
    library = ask(folder, model.source, path, "--answer", "library")
    found = {}
    for name, expected in (("prediction", model.predict), ("raw", model.raw)):
        found[name] = differing(expected, [column for key, column in library.items() if key.startswith(name)])
    if model.n_classes:
        answers = ask(folder, model.source, path)
        probability = numpy.asarray(model.predict)
        if probability.ndim == 1:
            probability = numpy.stack([1 - probability, probability], axis=1)
        found["probability"] = differing(probability, [answers[f"probability_{i}"] for i in range(model.n_classes)])
        labels = [str(label) for label in probability.argmax(axis=1)]
        found["label"] = sum(a != b for a, b in zip(labels, answers["prediction"], strict=True))
    return {what: n for what, n in found.items() if n}


def main():
    """Fits, asks, and tells what differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    start, n_models, n_failed = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as name:
        for model in import_lightgbm.models(arguments.all, ROWS, arguments.seed):
            found = problems(model, pathlib.Path(name))
            n_models += 1
            n_failed += bool(found)
            if found:
                print(f"lightgbm {model.name}: other bits: {found}", file=sys.stderr)
    took = time.monotonic() - start
    print(
        f"{n_models} models of LightGBM, {ROWS} rows each: {n_models - n_failed} answered in its own bits ({took:.0f} s)"
    )
    sys.exit(bool(n_failed))


if __name__ == "__main__":
    main()
