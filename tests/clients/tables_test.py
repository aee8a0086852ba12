#!/usr/bin/env python3
"""A frame of pandas and of polars at the door: what `train` read of its CSV, the server reads of its JSON.

Models are trained on what `to_csv` wrote: numbers with missing cells, booleans, codes, categories with missing cells; and
on the tables that people have (tests/data, small forms of our own making). Each documented orient of `to_json` must be
answered as `predict` answers the CSV, to the last bit.
"""

import csv
import io
import json
import pathlib
import subprocess
import tempfile
import unittest
import urllib.request

import pandas
import polars

from server import BINARY, ROOT, Server

ROWS = 240
COLOURS = ["blue", "green", "NA", "red"]

# 15 digits, which is what pandas writes of a number in JSON.
FRAME = pandas.DataFrame({
    "size": [None if i % 11 == 3 else (i * 37 % 101) / 8 for i in range(ROWS)],
    "rooms": [1 + i % 6 for i in range(ROWS)],
    "code": [[7, 12, 30][i // 5 % 3] for i in range(ROWS)],
    "new": [i // 3 % 2 == 0 for i in range(ROWS)],
    "colour": [None if i % 13 == 5 else COLOURS[i // 7 % 4] for i in range(ROWS)],
})
TARGET = [float((i * 37 % 101) / 8 + 3 * (1 + i % 6) + 5 * (i // 3 % 2) + i // 7 % 4) for i in range(ROWS)]
# The same rows in polars, which writes booleans as true and false.
RECORDS = FRAME.astype(object).where(FRAME.notna(), None).to_dict("records")
POLARS = polars.from_dicts(RECORDS, infer_schema_length=ROWS)
MODELS = {
    "boosted": (),
    "linear": ("--algorithm", "linear"),
    "classes": ("--algorithm", "random-forest", "--trees", "10", "--task", "classification"),
}
ORIENTS = ["records", "split", "columns"]


# Tables of people: the target, how pandas and polars read it, the words of `train`, and those of `predict` too.
PEOPLE = {
    "titanic": ("Survived", {}, {}, ("--task", "classification", "--drop", "PassengerId"), ()),
    # Blanks behind the commas, `?` for what is not known: in a column of text a category.
    "adult": ("income", {}, {}, (), ()),
    # `NA` among texts, which pandas takes for missing unless told.
    "ames": ("SalePrice", {}, {"null_values": "NA"}, ("--drop", "Id"), ("--missing", "NA")),
    "wine": ("quality", {"sep": ";"}, {"separator": ";"}, (), ()),
    "taxis": ("fare", {"parse_dates": ["pickup", "dropoff"]}, {"try_parse_dates": True}, (), ()),
    # An identifier, a date, a note, and a date that is there where the customer has gone.
    "churn": ("churn", {}, {}, ("--drop", "customerID,note,cancelled"), ()),
    "unix": ("load", {}, {}, (), ()),
    "booleans": ("y", {}, {}, (), ()),
    "wide": ("y", {}, {}, (), ()),
}


def people(name):
    """The text of a table; the one of 5,000 columns is made here."""
    if name != "wide":
        return (ROOT / f"tests/data/{name}.csv").read_text()
    head = ",".join([*(f"x{column}" for column in range(5_000)), "y"])
    rows = (",".join([*(str((row * 31 + column * 7) % 97 / 4) for column in range(5_000)), str(row % 9)]) for row in range(40))
    return "\n".join([head, *rows]) + "\n"


def table(name):
    """The frame as a CSV to train on."""
    if name == "polars":
        return POLARS.with_columns(polars.Series("y", TARGET)).write_csv()
    target = [int(y) % 3 for y in TARGET] if name == "classes" else TARGET
    return FRAME.assign(y=target).to_csv(index=False)


def setUpModule():
    global SERVER
    words = ("--categorical", "code", "--folds", "0")
    models = {**MODELS, "polars": ()}
    small = ("--folds", "0", "--trees", "5", "--min-samples-leaf", "3")
    SERVER = Server({
        **{name: (table(name), "y", *words, *more) for name, more in models.items()},
        **{name: (people(name), target, *small, *more, *both) for name, (target, _, _, more, both) in PEOPLE.items()},
    }, "--extra-features", "ignore", "--max-body-bytes", "8MiB")


def tearDownModule():
    SERVER.stop()


def scored(name, text, separator=",", words=()):
    """What `predict` answers for a CSV; it writes with the same separator."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "rows.csv")
        path.write_text(text)
        model = pathlib.Path(SERVER._folder.name, f"{name}.model")
        command = [BINARY, "predict", "--model", str(model), "--input", str(path), *words]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answers = [row["prediction"] for row in csv.DictReader(io.StringIO(out), delimiter=separator)]
    if name in ("adult", "churn"):
        return answers
    return [int(answer) if name in ("classes", "titanic") else float(answer) for answer in answers]


class Door(unittest.TestCase):
    maxDiff = None

    def answered(self, name, body, content_type="application/json"):
        return SERVER.ask(f"/models/{name}/predict", body, content_type)["prediction"]

    def test_every_orient_of_pandas_is_answered_as_its_csv(self):
        for name in MODELS:
            expected = scored(name, FRAME.to_csv(index=False))
            self.assertGreater(len(set(expected)), 2)
            for orient in ORIENTS:
                with self.subTest(model=name, orient=orient):
                    body = FRAME.to_json(orient=orient, double_precision=15)
                    self.assertEqual(self.answered(name, body), expected)
            with self.subTest(model=name, orient="labelled rows in another order"):
                shuffled = FRAME.sample(frac=1, random_state=3)
                mixed = shuffled.to_json(double_precision=15)
                self.assertEqual(self.answered(name, mixed), [expected[i] for i in shuffled.index])
            with self.subTest(model=name, orient="to_dict of lists"):
                lists = {column: [row[column] for row in RECORDS] for column in FRAME}
                self.assertEqual(self.answered(name, lists), expected)

    def test_lines_of_pandas_and_polars_are_answered_as_the_csv(self):
        lines = FRAME.to_json(orient="records", lines=True, double_precision=15)
        for name in MODELS:
            expected = scored(name, FRAME.to_csv(index=False))
            for text in [lines, POLARS.write_ndjson()]:
                with self.subTest(model=name):
                    self.assertEqual(self.lines(name, text), expected)

    def test_the_tables_that_people_have_are_asked_with_their_own_rows(self):
        for name, (target, of_pandas, of_polars, _, both) in PEOPLE.items():
            text = people(name)
            expected = scored(name, text, of_pandas.get("sep", ","), both)
            self.assertGreater(len(set(expected)), 1, name)
            frame = pandas.read_csv(io.StringIO(text), **of_pandas)
            # polars takes a number behind a blank for text.
            plain = text.replace(", ", ",") if name == "adult" else text
            others = polars.read_csv(io.BytesIO(plain.encode()), infer_schema_length=None, **of_polars)
            bodies = {
                **{orient: (frame.drop(columns=target).to_json(orient=orient, double_precision=15, date_format="iso"),)
                   for orient in ORIENTS},
                "CSV": (frame.to_csv(index=False), "text/csv"),
                "polars": (others.drop(target).write_json(),),
                "CSV of polars": (others.write_csv(), "text/csv"),
            }
            for form, body in bodies.items():
                with self.subTest(table=name, form=form):
                    self.assertEqual(self.answered(name, *body), expected)
            lines = frame.drop(columns=target).to_json(orient="records", lines=True, double_precision=15, date_format="iso")
            for form, text in {"lines": lines, "lines of polars": others.drop(target).write_ndjson()}.items():
                with self.subTest(table=name, form=form):
                    self.assertEqual(self.lines(name, text), expected)

    def lines(self, name, text):
        headers = {"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"}
        request = urllib.request.Request(f"http://{SERVER.address}/models/{name}/predict", text.encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return [json.loads(line)["prediction"] for line in answer.read().decode().splitlines()]

    def test_polars_is_answered_as_pandas_is(self):
        for name in MODELS:
            with self.subTest(model=name):
                self.assertEqual(self.answered(name, POLARS.write_json()), scored(name, FRAME.to_csv(index=False)))
        expected = scored("polars", POLARS.write_csv())
        self.assertEqual(expected, scored("boosted", FRAME.to_csv(index=False)))
        records = FRAME.to_json(orient="records", double_precision=15)
        for body in [POLARS.write_json(), records, POLARS.to_dict(as_series=False)]:
            self.assertEqual(self.answered("polars", body), expected)
        self.assertEqual(self.answered("polars", POLARS.write_csv(separator=";"), "text/csv"), expected)

    def test_csv_is_answered_however_it_is_written(self):
        for name in MODELS:
            expected = scored(name, FRAME.to_csv(index=False))
            for words in [{}, {"sep": ";"}, {"sep": "\t"}, {"quoting": csv.QUOTE_ALL}, {"lineterminator": "\r\n"}]:
                with self.subTest(model=name, words=words):
                    text = FRAME.to_csv(index=False, **words)
                    self.assertEqual(self.answered(name, text, "text/csv"), expected)
                    self.assertEqual(scored(name, text, words.get("sep", ",")), expected)


if __name__ == "__main__":
    unittest.main()
