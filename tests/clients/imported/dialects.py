"""A case's rows through `serve`, in every dialect: each answers as the library does."""

import json
import urllib.error
import urllib.request

import numpy

from imported import tables
from imported.compare import wrong_rows
from server import Server

BINARY_HEAD = "Inference-Header-Content-Length"
JSON = "application/json"


def problems(case, source, choice):
    """What is answered otherwise than by the library: one line each."""
    # JSON and CSV have no infinity.
    with_infinity = [name for name in tables.numeric(case.rows) if numpy.isinf(case.rows[name].astype(float)).any()]
    is_finite = numpy.ones(len(case.rows), bool)
    for name in with_infinity:
        is_finite &= ~numpy.isinf(case.rows[name].astype(float).to_numpy())
    server = Server({}, "--model", f"m={source}", "--answer", choice, *case.flags)
    found = []
    try:
        for dialect in DIALECTS:
            chosen = is_finite if dialect not in BINARY else takes_binary(case.rows)
            if dialect in MATRIX and not all(case.rows[name].dtype.kind == "f" for name in case.rows):
                continue
            path, kind, body, read = dialect(case.rows[chosen])
            answer = post(server.address, path, kind, body)
            for expected in case.answers[choice]:
                columns = read(answer, expected.column)
                if columns is not None:
                    wrong, lines = wrong_rows(expected.of(chosen), columns)
                    found += [f"{dialect.__name__}, {expected.column}: {len(wrong)} rows: {line}" for line in lines[:1]]
    finally:
        server.stop()
    return found


def takes_binary(rows):
    """Rows without a missing text: the binary form has none."""
    is_text = [name for name in rows if not tables.is_number(rows[name])]
    return ~rows[is_text].isna().any(axis=1).to_numpy()


def post(address, path, kind, body):
    """The answer's JSON."""
    headers = {"Content-Type": kind}
    if isinstance(body, tuple):
        headers[BINARY_HEAD] = str(len(body[0]))
        body = b"".join(body)
    request = urllib.request.Request(f"http://{address}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{path}: {error.code}: {error.read().decode()[:500]}") from error


def columns_of(values):
    """A list of numbers, labels or lists a row, as columns of texts."""
    if isinstance(values[0], list):
        return [[repr(number) for number in column] for column in zip(*values, strict=True)]
    return [[repr(value) if isinstance(value, float) else str(value) for value in values]]


def ours(answer, column):
    """Of /predict's answer."""
    answer = json.loads(answer)
    if column == "probability" and column in answer:
        return [[repr(shares[label]) for shares in answer[column]] for label in answer[column][0]]
    return columns_of(answer[column]) if column in answer else None


def predictions(answer, column):
    """Of MLflow's and TensorFlow's."""
    if column != "prediction":
        return None
    values = json.loads(answer)["predictions"]
    return columns_of([value["prediction"] if isinstance(value, dict) else value for value in values])


def outputs(answer, column):
    """Of the Open Inference Protocol's."""
    called = {"prediction": "predict", "probability": "predict_proba"}.get(column)
    for output in json.loads(answer)["outputs"]:
        if output["name"] == called:
            n_rows, n_columns = output["shape"]
            table = [output["data"][row * n_columns : (row + 1) * n_columns] for row in range(n_rows)]
            return columns_of(table if n_columns > 1 else [row[0] for row in table])
    return None


def as_json(value):
    """JSON as bytes."""
    return json.dumps(value, ensure_ascii=False).encode()


def named(rows):
    """A record a row."""
    return [dict(zip(rows.columns, row, strict=True)) for row in tables.cells(rows)]


def by_column(rows):
    """A list a column."""
    return dict(zip(rows.columns, zip(*tables.cells(rows), strict=True), strict=True))


def records(rows):
    return "/predict?raw=true", JSON, as_json(named(rows)), ours


def lists(rows):
    return "/models/m/predict", JSON, as_json(by_column(rows)), ours


def split(rows):
    return "/predict", JSON, as_json({"columns": list(rows.columns), "data": tables.cells(rows)}), ours


def ndjson(rows):
    def read(answer, column):
        lines = [json.loads(line) for line in answer.splitlines()]
        return columns_of([line[column] for line in lines]) if column == "prediction" else None

    return "/predict", "application/x-ndjson", b"\n".join(map(as_json, named(rows))), read


def csv(rows):
    return "/predict", "text/csv", tables.text(rows).encode(), ours


def v1_instances(rows):
    return "/v1/models/m:predict", JSON, as_json({"instances": tables.cells(rows)}), predictions


def v1_records(rows):
    return "/v1/models/m:predict", JSON, as_json({"instances": named(rows)}), predictions


def mlflow_split(rows):
    split = {"columns": list(rows.columns), "data": tables.cells(rows)}
    return "/invocations", JSON, as_json({"dataframe_split": split}), predictions


def mlflow_records(rows):
    return "/invocations", JSON, as_json({"dataframe_records": named(rows)}), predictions


def mlflow_instances(rows):
    return "/invocations", JSON, as_json({"instances": named(rows)}), predictions


def mlflow_csv(rows):
    return "/invocations", "text/csv", tables.text(rows).encode(), predictions


def v2_columns(rows):
    inputs = []
    for name, values in by_column(rows).items():
        datatype = "FP64" if tables.is_number(rows[name]) else "BYTES"
        inputs.append({"name": name, "shape": [len(rows), 1], "datatype": datatype, "data": values})
    return "/v2/models/m/infer", JSON, as_json({"inputs": inputs}), outputs


def v2_binary(rows):
    inputs, parts = [], []
    for name in rows:
        if tables.is_number(rows[name]):
            datatype, data = "FP64", rows[name].astype(object).astype(float).to_numpy("<f8").tobytes()
        else:
            words = [str(word).encode() for word in rows[name]]
            datatype, data = "BYTES", b"".join(len(word).to_bytes(4, "little") + word for word in words)
        sized = {"binary_data_size": len(data)}
        inputs.append({"name": name, "shape": [len(rows), 1], "datatype": datatype, "parameters": sized})
        parts.append(data)
    return "/v2/models/m/infer", "application/octet-stream", (as_json({"inputs": inputs}), *parts), outputs


def v2_matrix(rows):
    data = rows.to_numpy("<f8").tobytes()
    sized = {"binary_data_size": len(data)}
    head = {"inputs": [{"name": "x", "shape": list(rows.shape), "datatype": "FP64", "parameters": sized}]}
    return "/v2/models/m/infer", "application/octet-stream", (as_json(head), data), outputs


DIALECTS = (
    records, lists, split, ndjson, csv, v1_instances, v1_records, mlflow_split, mlflow_records, mlflow_instances,
    mlflow_csv, v2_columns, v2_binary, v2_matrix,
)  # fmt: skip
BINARY, MATRIX = (v2_binary, v2_matrix), (v2_matrix,)
