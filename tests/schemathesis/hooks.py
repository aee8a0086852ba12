"""What JSON Schema cannot say of a body, done to the bodies that schemathesis makes: columns are equally long, their
labels agree, CSV has a header and cells. Only bodies that are meant to be accepted are touched."""

import csv
import io
import json
import random

import schemathesis
from schemathesis.core.parameters import ParameterLocation


@schemathesis.hook
def map_case(context, case):
    meta = case.meta
    if meta is None or meta.is_negative_at(ParameterLocation.BODY) or case.body is None:
        return case
    if case.media_type == "text/csv":
        if isinstance(case.body, str) and case.body not in examples(case):
            case.body = rows_like(record(case), case.body)
    elif isinstance(case.body, dict):
        inner = case.body.get("inputs")
        if isinstance(inner, dict):
            case.body = {**case.body, "inputs": aligned(inner)}
        else:
            case.body = aligned(case.body)
    return case


def aligned(columns):
    """Columns of the first one's length or labels."""
    values = list(columns.values())
    if values and all(isinstance(v, list) and v for v in values) and "data" not in columns:
        n = min(len(v) for v in values)
        return {name: v[:n] for name, v in columns.items()}
    if values and all(isinstance(v, dict) and v for v in values):
        labels = list(values[0])
        return {name: {label: v.get(label, next(iter(v.values()))) for label in labels} for name, v in columns.items()}
    return columns


def body_of(case):
    raw = case.operation.schema.raw_schema
    name = raw["paths"][case.operation.path]["post"]["requestBody"]["$ref"].rsplit("/", 1)[1]
    return raw["components"], name


def examples(case):
    components, name = body_of(case)
    return [e["value"] for e in components["requestBodies"][name]["content"]["text/csv"]["examples"].values()]


def record(case):
    components, name = body_of(case)
    return components["schemas"][f"{name}.Record"]["properties"]


def rows_like(features, seed):
    """A table with a header, its columns in any order; the same for the same seed."""
    dice = random.Random(seed)
    names = list(features)
    dice.shuffle(names)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=dice.choice(["\n", "\r\n"]))
    writer.writerow(names)
    for _ in range(dice.randint(1, 8)):
        writer.writerow([cell(features[name], dice) for name in names])
    return out.getvalue()


def cell(feature, dice):
    if "enum" in feature:
        value = dice.choice(feature["enum"])
        return "" if value is None else value if isinstance(value, str) else json.dumps(value)
    if "null" in feature["type"] and dice.random() < 0.2:
        return ""
    return dice.choice([dice.gauss(0, 1), dice.randint(-999, 999), dice.uniform(-1, 1) * 10 ** dice.uniform(-150, 150)])
