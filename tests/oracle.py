#!/usr/bin/env python3
"""Random bodies for POST /predict, judged by pandas: the same are accepted, with the same numbers.

    oracle.py [BODIES [SEED]]

Each body is read as a Python service would read it: json.loads or read_csv, a DataFrame, numeric columns as floats,
categories looked up, nothing missing but where the model imputes. Where both accept it, the frame is sent again in one
plain way (columns of lists, floats as Python prints them), and both answers must be the same text. A linear model
answers, so that a number read otherwise is another sum, unless a far larger one beside it hides it.

Where the two differ on purpose, each is counted under the name that docs/oracle.md lists it by, with its reason; a
difference that is not listed there fails.
"""

import argparse
import collections
import csv
import http.client
import io
import json
import math
import pathlib
import random
import re
import sys

import pandas

from oracle_bodies import COLOURS, FEATURES, IMPUTED, ZONES, body, training

sys.path.insert(0, sys.path[0] + "/clients")
from server import Server  # noqa: E402

LIST = pathlib.Path(__file__).resolve().parents[1] / "docs/oracle.md"
NUMERIC = ["RM", "TAX"]
LARGEST = 1e150
WRAPPERS = ("columns", "dataframe_split", "dataframe_records", "instances", "inputs")


# --- pandas ---------------------------------------------------------------------------------------------------------
class Refused(Exception):
    """What pandas, or who looks at its frame, does not take."""


class Differs(Exception):
    """A difference that docs/oracle.md lists: its name."""


def unique(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Differs("duplicate key")
    return found


def constant(_):
    raise Differs("not JSON")


class Spelled(float):
    """A number with the digits that were sent."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number


def real(text):
    if math.isinf(float(text)):
        raise Differs("not JSON")
    return Spelled(text)


def loads(text):
    return json.loads(text, object_pairs_hook=unique, parse_constant=constant, parse_float=real, parse_int=real)


def frame_of_lines(text):
    rows = [loads(line) for line in text.split("\n") if line.strip()]
    if any(isinstance(row, list) and len(row) != len(FEATURES) for row in rows):
        raise Refused("a cell for each feature")
    return frame_of_records([dict(zip(FEATURES, row)) if isinstance(row, list) else row for row in rows])


def frame_of_json(text):
    body = loads(text)
    if isinstance(body, dict):
        keys = [key for key in WRAPPERS if key in body]
        if keys == ["columns"] or "data" in body:
            if not {"columns", "data"} <= set(body) <= {"columns", "data", "index"}:
                raise Refused("a split table has columns and data")
            return split(body)
        if keys:
            if len(body) > 1:
                raise Refused("one key")
            return wrapped(keys[0], body[keys[0]])
        return frame_of_columns(body)
    return frame_of_records(body)


def wrapped(key, value):
    if key == "dataframe_split":
        if not isinstance(value, dict) or not {"columns", "data"} <= set(value) <= {"columns", "data", "index"}:
            raise Refused("a split table has columns and data")
        return split(value)
    if key == "inputs" and isinstance(value, dict):
        return frame_of_columns(value)
    if key in ("instances", "inputs") and isinstance(value, list) and value and isinstance(value[0], list):
        return split({"columns": FEATURES, "data": value})
    return frame_of_records(value)


def split(parts):
    names, data = parts["columns"], parts["data"]
    if not isinstance(names, list) or not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        raise Refused("lists of rows")
    if any(len(row) != len(names) for row in data):
        raise Refused("rows as long as the header")
    return pandas.DataFrame(data, columns=names, dtype=object)


def frame_of_records(value):
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Refused("records")
    if any(set(row) != set(value[0]) for row in value) and set().union(*value) == set(FEATURES):
        raise Differs("missing in a record")
    return pandas.DataFrame(value, dtype=object)


def frame_of_columns(body):
    kinds = {type(v) if isinstance(v, (list, dict)) else None for v in body.values()}
    if len(kinds) > 1:
        raise Differs("scalar among lists")
    if kinds == {None}:
        return pandas.DataFrame([body], dtype=object)
    if kinds == {dict} and any(set(v) != set(next(iter(body.values()))) for v in body.values()):
        raise Differs("row not everywhere")
    return pandas.DataFrame(body, dtype=object)


def frame_of_csv(text):
    lines = list(csv.reader(io.StringIO(text)))
    if any(len(line) < len(lines[0]) for line in lines if line):
        raise Differs("short line")
    kinds = {"colour": str, "zone": str}
    frame = pandas.read_csv(io.StringIO(text), dtype=kinds, index_col=False)
    plain = pandas.read_csv(io.StringIO(text), dtype=str, index_col=False, keep_default_na=False)
    if "colour" in plain and plain["colour"].str.strip().isin(["NA", "nan", "NaN"]).any():
        raise Differs("word for category")
    return frame


FRAMES = {"application/json": frame_of_json, "application/x-ndjson": frame_of_lines, "text/csv": frame_of_csv}


class Judge:
    """Looks at a frame's cells as the model's schema does."""

    def __init__(self, is_json):
        self._is_json = is_json
        self.only_here = set()

    def columns(self, frame):
        """The frame as the model gets it."""
        if sorted(map(str, frame.columns)) != sorted(FEATURES) or not len(frame):
            raise Refused("the features, once, and rows")
        cells = lambda name: [None if cell != cell else cell for cell in frame[name].tolist()]
        return {name: [self._cell(name, cell) for cell in cells(name)] for name in FEATURES}

    def _cell(self, name, value):
        if value in ("", "NA", "nan", "NaN") and name in NUMERIC and not self._is_json:
            self.only_here.add("huge integer")
            value = None
        if value is None and name in IMPUTED:
            if name not in NUMERIC:
                self.only_here.add("null for category")
            return None
        if name in NUMERIC:
            return self._number(value)
        return self._category(value, COLOURS if name == "colour" else ZONES)

    def _number(self, value):
        if isinstance(value, bool) and not self._is_json:
            raise Differs("boolean")
        found = float(value)
        if isinstance(value, str) and self._is_json:
            raise Differs("number as text")
        if not math.isfinite(found):
            raise Refused("not finite")
        if abs(found) > LARGEST:
            raise Differs("beyond the range")
        return found

    def _category(self, value, known):
        if isinstance(value, str) and value.strip() in known:
            return value.strip()
        # A CSV field has no quotes that tell text from numbers.
        spelled = value.strip() if isinstance(value, str) and not self._is_json else getattr(value, "text", "")
        if spelled.removesuffix(".0") not in known:
            raise Refused("no category")
        self.only_here.add("number for category")
        return spelled.removesuffix(".0")


def oracle(content_type, text):
    """The columns that are to be answered, and why pandas alone would not; raises what speaks against them."""
    judge = Judge(content_type != "text/csv")
    try:
        return judge.columns(FRAMES[content_type](text)), judge.only_here
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise Refused(error) from error


# --- both -----------------------------------------------------------------------------------------------------------
JSON = {"Accept": "application/json"}


class Asker:
    """One connection to a server."""

    def __init__(self, address):
        self._connection = http.client.HTTPConnection(address, timeout=20)

    def ask(self, content_type, text):
        self._connection.request("POST", "/predict", text.encode(), {**JSON, "Content-Type": content_type})
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bodies", nargs="?", type=int, default=2000)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    asked = parser.parse_args()
    random.seed(asked.seed)
    listed = set(re.findall(r"^\| ([A-Za-z ]+) \| ", LIST.read_text(), re.M))
    server = Server({"houses": (training(), "MEDV", "--algorithm", "linear", "--categorical", "zone")})
    tally, wrong = collections.Counter(), 0
    try:
        asker = Asker(server.address)
        for i in range(asked.bodies):
            content_type, text = body()
            status, answer = asker.ask(content_type, text)
            verdict, names, fits = compare(asker, content_type, text, status, answer)
            tally[", ".join([verdict, *sorted(names)])] += 1
            if not fits or not names <= listed:
                wrong += 1
                print(f"body {i}: {verdict} {names}: {status} {answer[:200]}\n{content_type}: {text}\n", flush=True)
    finally:
        server.stop()
    for verdict, count in tally.most_common():
        print(f"{count:8}  {verdict}")
    print(f"{asked.bodies:8}  bodies, seed {asked.seed}: {wrong} judged otherwise without a listed reason")
    return wrong > 0


def compare(asker, content_type, text, status, answer):
    """What came of a body, by which listed differences, and whether it is right."""
    try:
        columns, only_here = oracle(content_type, text)
    except Refused:
        return "refused by both", set(), status in (400, 422)
    except Differs as difference:
        return "refused here", {str(difference)}, status in (400, 422)
    plain, expected = asker.ask("application/json", json.dumps(columns))
    assert plain == 200, (columns, expected)
    verdict = "answered here" if only_here else "answered by both, the same numbers"
    return verdict, only_here, (status, answer) == (200, expected)


if __name__ == "__main__":
    sys.exit(main())
