#!/usr/bin/env python3
"""A table of 1,000,000 rows, made here: trained, served, and asked back with all of its rows by every documented form.

Numbers with missing cells, integers, pandas' booleans, categories and a date. Each answer must be that of `predict` on the
CSV, to the last bit. ROWS chooses fewer. With the release binary (SMARTSERVE) some three minutes.
"""

import csv
import json
import os
import pathlib
import subprocess
import time
import unittest
import urllib.request

import numpy
import pandas
import polars
import pyarrow
import pyarrow.ipc

from server import BINARY, Server

ROWS = int(os.environ.get("ROWS", "1000000"))
# Rows of a body.
PIECE = 100_000
WORDS = ("--algorithm", "hist-gradient-boosting", "--folds", "0", "--trees", "50")
LIMITS = ("--max-rows", str(PIECE), "--max-body-bytes", "64MiB", "--body-budget", "512MiB")
ARROW = "application/vnd.apache.arrow.stream"


def frame():
    """The table; numbers have few digits, so that JSON has them whole."""
    random = numpy.random.default_rng(1)
    size = random.integers(0, 4_000, ROWS) / 8
    rooms = random.integers(1, 9, ROWS)
    new = random.random(ROWS) < 0.3
    colour = numpy.array(["blue", "green", "NA", "red", "wine red"])[random.integers(0, 5, ROWS)]
    when = numpy.datetime64("2020-01-01T00:00:00") + random.integers(0, 10**8, ROWS).astype("timedelta64[s]")
    y = size / 10 + 3 * rooms + 5 * new + 2 * (colour == "red") + random.integers(0, 8, ROWS) / 8
    size[random.random(ROWS) < 0.05] = numpy.nan
    return pandas.DataFrame({"size": size, "rooms": rooms, "new": new, "colour": colour, "when": when, "y": y})


class LargeTable(unittest.TestCase):
    def test_a_million_rows_are_asked_back_by_every_form(self):
        rows = frame()
        began = time.monotonic()
        server = Server({"large": (rows.to_csv(index=False), "y", *WORDS)}, *LIMITS)
        self.addCleanup(server.stop)
        print(f"{ROWS:,} rows written and trained in {time.monotonic() - began:.0f} s")
        model = pathlib.Path(server.path("large"))
        out = model.with_name("out.csv")
        command = [BINARY, "predict", "--model", model, "--input", model.with_suffix(".csv"), "-o", out]
        subprocess.run(command, check=True)
        with out.open() as file:
            expected = [float(row["prediction"]) for row in csv.DictReader(file)]
        self.assertEqual(len(expected), ROWS)
        self.assertGreater(len(set(expected)), min(ROWS, 1_000) / 10)
        given = rows.drop(columns="y")
        for start in range(0, ROWS, PIECE):
            piece = given.iloc[start:start + PIECE].reset_index(drop=True)
            wanted = expected[start:start + PIECE]
            for name, body, media in forms(piece):
                with self.subTest(form=name, first=start):
                    self.assertTrue(answered(server, body, media) == wanted)


def forms(piece):
    """Bodies of the same rows: name, bytes, media type."""
    def as_json(**words):
        return piece.to_json(double_precision=15, date_format="iso", **words)

    for orient in ("records", "split", "columns"):
        yield orient, as_json(orient=orient), "application/json"
    yield "lines", as_json(orient="records", lines=True), "application/x-ndjson"
    yield "CSV", piece.to_csv(index=False), "text/csv"
    others = polars.from_pandas(piece)
    yield "polars", others.write_json(), "application/json"
    yield "CSV of polars", others.write_csv(), "text/csv"
    table = pyarrow.Table.from_pandas(piece, preserve_index=False)
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    yield "Arrow", sink.getvalue().to_pybytes(), ARROW


def answered(server, body, media):
    """The predictions."""
    body = body if isinstance(body, bytes) else body.encode()
    headers = {"Content-Type": media, "Accept": media}
    request = urllib.request.Request(f"http://{server.address}/predict", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    if media == ARROW:
        return pyarrow.ipc.open_stream(text).read_all()["prediction"].to_pylist()
    if media == "text/csv":
        return [float(line) for line in text.split()[1:]]
    if media == "application/x-ndjson":
        return [json.loads(line)["prediction"] for line in text.splitlines()]
    return json.loads(text)["prediction"]


if __name__ == "__main__":
    unittest.main()
