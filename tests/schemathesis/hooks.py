"""What JSON Schema cannot say of a body, done to the bodies that schemathesis makes: columns are equally long, their
labels agree, tensors have the shape of their data, CSV has a header and cells, NDJSON has records. Only bodies that are
meant to be accepted are touched."""

import csv
import io
import json
import random
import struct

import schemathesis
from schemathesis.core.parameters import ParameterLocation

JSON_LENGTH = "Inference-Header-Content-Length"
INTEGERS = {f"{sign}INT{bits}": (sign, bits) for sign in ("U", "") for bits in (8, 16, 32, 64)}

# Sent as it is; schemathesis knows that of text/* alone.
schemathesis.serializer.alias("application/x-ndjson", "text/plain")


# For a number true is 1, as BOOL tensors have it. The document says "number" alone, because generators of clients make no
# usable type of "number or boolean": a body that is wrong by a boolean may be answered, and proves nothing.
@schemathesis.hook
def filter_case(context, case):
    meta = case.meta
    return meta is None or not meta.is_negative_at(ParameterLocation.BODY) or not has_boolean(case.body)


def has_boolean(value):
    if isinstance(value, dict):
        return any(has_boolean(inner) for inner in value.values())
    if isinstance(value, list):
        return any(has_boolean(inner) for inner in value)
    return isinstance(value, bool)


@schemathesis.hook
def map_case(context, case):
    meta = case.meta
    if meta is None:
        return case
    is_infer = case.operation.path.endswith("/infer")
    # A length that is right by itself cuts a body that has no binary part, and hides what else is wrong with it.
    if is_infer and not meta.is_negative_at(ParameterLocation.HEADER):
        case.headers.pop(JSON_LENGTH, None)
    if meta.is_negative_at(ParameterLocation.BODY) or not isinstance(case.body, (dict, list, str, bytes)):
        return case
    dice = random.Random(repr(case.body))
    # OpenAPI leaves Accept out of parameters: each type that an answer may have is asked for here.
    if not is_infer and case.operation.path.endswith(("predict", "/invocations")):
        case.headers["Accept"] = dice.choice(["*/*", "application/json", "application/x-ndjson", "text/csv"])
    # To JSON Schema these are texts: what stands in them, only their descriptions say.
    if case.media_type == "text/csv":
        if case.body not in examples(case, "text/csv"):
            case.body = rows_like(record(case), dice)
    elif case.media_type == "application/x-ndjson":
        if case.body not in examples(case, "application/x-ndjson"):
            case.body = lines_like(record(case), dice)
    elif case.media_type == "application/octet-stream" and is_infer:
        head, tail = binary(examples(case, "application/json")[0], dice)
        case.body = head + tail
        # A header cannot be tied to the body it measures.
        if not meta.is_negative_at(ParameterLocation.HEADER):
            case.headers[JSON_LENGTH] = str(len(head))
    elif is_infer and isinstance(case.body, dict):
        case.body = request_like(case.body, dice)
    elif isinstance(case.body, dict):
        inner = case.body.get("inputs")
        case.body = {**case.body, "inputs": aligned(inner)} if isinstance(inner, dict) else aligned(case.body)
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


def request_like(body, dice):
    """Tensors whose shapes and datatypes are those of their data, outputs each once."""
    width = {len(t["shape"]) == 2 and t["shape"][1] for t in body["inputs"]}.pop() if len(body["inputs"]) == 1 else 1
    width = width or 1
    rows = [table(t["data"], width) for t in body["inputs"]]
    n = min(len(r) for r in rows)
    inputs = []
    for tensor, cells in zip(body["inputs"], rows):
        cells = cells[:n]
        is_nested = isinstance(tensor["data"][0], list)
        shape = [n, *tensor["shape"][1:]]
        name = "the rows" if width > 1 else tensor["name"]
        data = cells if is_nested else [cell for row in cells for cell in row]
        inputs.append({**tensor, "name": name, "shape": shape, "data": data, "datatype": fitting(tensor, cells, dice)})
    body = {**body, "inputs": inputs}
    if body.get("outputs"):
        body["outputs"] = list({output["name"]: output for output in body["outputs"]}.values())
    return body


def table(data, width):
    flat = [cell for row in data for cell in row] if isinstance(data[0], list) else data
    return [flat[i : i + width] for i in range(0, len(flat) - width + 1, width)]


def fitting(tensor, rows, dice):
    """A datatype that holds every cell."""
    if tensor["datatype"] in ("BYTES", "BOOL"):
        return tensor["datatype"]
    cells = [cell for row in rows for cell in row if cell is not None]
    fits = ["FP64"]
    if all(abs(cell) < 3e38 for cell in cells):
        fits.append("FP32")
    for name, (sign, bits) in INTEGERS.items():
        least, most = (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        if all(cell == int(cell) and least <= int(cell) <= most for cell in cells):
            fits.append(name)
    return dice.choice(fits)


def binary(example, dice):
    """The example, its numbers behind the JSON."""
    inputs, tail = [], b""
    for tensor in example["inputs"]:
        cells = [cell for row in table(tensor["data"], 1) for cell in row]
        if isinstance(cells[0], list):
            cells = [cell for row in cells for cell in row]
        if tensor["datatype"] == "BYTES":
            texts = [text.encode() for text in cells]
            data = b"".join(struct.pack("<I", len(text)) + text for text in texts)
        else:
            data = b"".join(struct.pack("<d", cell * dice.uniform(-2, 2)) for cell in cells)
        inputs.append({k: v for k, v in tensor.items() if k != "data"} | {"parameters": {"binary_data_size": len(data)}})
        tail += data
    request = {"inputs": inputs, "parameters": {"binary_data_output": dice.random() < 0.5}}
    return json.dumps(request).encode(), tail


def body_of(case):
    raw = case.operation.schema.raw_schema
    name = raw["paths"][case.operation.path]["post"]["requestBody"]["$ref"].rsplit("/", 1)[1]
    return raw["components"], name


def examples(case, media_type):
    components, name = body_of(case)
    return [e["value"] for e in components["requestBodies"][name]["content"][media_type]["examples"].values()]


def record(case):
    components, name = body_of(case)
    model = name if f"{name}.Record" in components["schemas"] else name.rsplit(".", 1)[0]
    return components["schemas"][f"{model}.Record"]["properties"]


def rows_like(features, dice):
    """A table with a header, its columns in any order."""
    names = list(features)
    dice.shuffle(names)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=dice.choice(["\n", "\r\n"]))
    writer.writerow(names)
    for _ in range(dice.randint(1, 8)):
        writer.writerow([cell(features[name], dice) for name in names])
    return out.getvalue()


def lines_like(features, dice):
    """Records, a line each, and lists of values."""
    lines = []
    for _ in range(dice.randint(1, 8)):
        values = {name: value(feature, dice) for name, feature in features.items()}
        lines.append(json.dumps(dice.choice([values, list(values.values())])))
    return "\n".join(lines)


def value(feature, dice):
    if names := words(feature):
        return dice.choice(names)
    text = cell(feature, dice)
    return None if text == "" else text


def words(feature):
    """What names a category, null where it may be missing; nothing of a number."""
    forms = [form for form in feature.get("anyOf", [feature]) if "enum" in form or form.get("type") == "null"]
    return [word for form in forms for word in form.get("enum", [None])]


def cell(feature, dice):
    if names := words(feature):
        # In CSV everything is text: only a category's own text names it.
        value = dice.choice([name for name in names if name is None or isinstance(name, str)])
        return "" if value is None else value
    if "null" in feature["type"] and dice.random() < 0.2:
        return ""
    return dice.choice([dice.gauss(0, 1), dice.randint(-999, 999), dice.uniform(-1, 1) * 10 ** dice.uniform(-150, 150)])
