"""The requests of a load test: mixed bodies made from a CSV of rows, and a user who makes mistakes."""

import csv
import io
import json
import urllib.request

# (name, weight, status that is right). Of 100 requests 12 are mistakes.
MIX = [("record", 60, 200), ("columns of 10", 12, 200), ("CSV of 100", 12, 200), ("records of 1,000", 4, 200),
       ("unknown column", 4, 422), ("broken JSON", 4, 400), ("no such model", 4, 404)]


def features(url, model, token):
    """The names of the model's features, and whether each is numeric, as the server has them."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/models/{model}", headers=headers), timeout=10) as answer:
        return {f["name"]: f["kind"] == "numeric" for f in json.load(answer)["features"]}


def default_model(url, token):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/models", headers=headers), timeout=10) as answer:
        models = json.load(answer)["models"]
    return next(m["name"] for m in models if m.get("default", len(models) == 1))


def rows_of(file, kinds):
    """Rows of the file's columns that the model knows, as JSON has them."""
    with open(file, newline="", encoding="utf-8") as opened:
        table = list(csv.DictReader(opened))
    missing = kinds.keys() - (table[0].keys() if table else ())
    if missing:
        raise SystemExit(f"load-test: {file} lacks the columns {sorted(missing)} of the model")

    def cell(text, numeric):
        return None if text == "" else float(text) if numeric else text
    return [{name: cell(row[name], numeric) for name, numeric in kinds.items()} for row in table]


def bodies(rows, model):
    """{name of MIX: [(path, content type, body)…]}: 50 of a row each, distinct, and fewer of the long ones."""
    at = f"/models/{model}/predict"

    def some(n, start):
        return [rows[(start + i) % len(rows)] for i in range(n)]

    def text(table):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(table[0])
        writer.writerows([["" if v is None else v for v in row.values()] for row in table])
        return out.getvalue()
    is_json, is_csv = "application/json", "text/csv"
    columns = [{name: [row[name] for row in some(10, i)] for name in rows[0]} for i in range(0, 200, 10)]
    return {
        "record": [(at, is_json, json.dumps(row)) for row in some(50, 0)],
        "columns of 10": [(at, is_json, json.dumps(table)) for table in columns],
        "CSV of 100": [(at, is_csv, text(some(100, i))) for i in range(0, 500, 100)],
        "records of 1,000": [(at, is_json, json.dumps(some(1000, i))) for i in (0, 250)],
        "unknown column": [(at, is_json, json.dumps(row | {"no such column": 1})) for row in some(5, 0)],
        "broken JSON": [(at, is_json, json.dumps(rows[0])[:-1])],
        "no such model": [("/models/no-such-model/predict", is_json, json.dumps(rows[0]))],
    }
