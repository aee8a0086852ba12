#!/usr/bin/env python3
"""What `predict` and Arrow bodies take: CPU time a row, and memory from 100,000 to 10,000,000 rows.

    benches/tables/main.py BINARY [DOCUMENT PLOT]

Boosting of 100 trees of depth 6 on six columns of Boston housing; its rows repeated, each number changed by up to 1 %, so
that no two rows are alike. CPU time is user and system time of the process, which starts, reads the model, and exits
within it; the figure a row is the difference of the long and the short run. Each process is started by a small one, since
the peak of a child begins with that of its parent. Writes DOCUMENT and PLOT when they are named.
"""

import http.client
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benches"), str(ROOT / "benches" / "http")]
import peers  # noqa: E402
from launch import used  # noqa: E402

WORK = ROOT / "target" / "bench-tables"
COLUMNS = ["CHAS", "RM", "TAX", "PTRATIO", "B", "LSTAT"]
SIZES = [100_000, 1_000_000, 10_000_000]
GROUP = 100_000
ROUNDS = 3
FORMS = {"csv": "CSV", "parquet": "Parquet", "arrow": "Arrow"}


def trained(binary):
    model = WORK / "boosting.model"
    subprocess.run([binary, "train", "--data", ROOT / "data/boston.csv", "--target", "MEDV", "--features",
                    ",".join(COLUMNS), "--trees", "100", "--max-depth", "6", "--early-stopping", "0",
                    "--output", model], check=True, capture_output=True)
    return model


def groups(n_rows):
    """The rows in tables of GROUP rows."""
    source = np.genfromtxt(ROOT / "data/boston.csv", delimiter=",", names=True)
    source = np.column_stack([source[name] for name in COLUMNS])
    random = np.random.default_rng(0)
    for start in range(0, n_rows, GROUP):
        rows = source[np.arange(start, min(start + GROUP, n_rows)) % len(source)]
        rows = rows * random.uniform(0.99, 1.01, rows.shape)
        yield pa.table({name: rows[:, column] for column, name in enumerate(COLUMNS)})


def written(n_rows):
    """The same rows in each form, made once."""
    paths = {form: WORK / f"{n_rows}.{form}" for form in FORMS}
    if not all(path.exists() for path in paths.values()):
        schema = next(groups(1)).schema
        with (pa.csv.CSVWriter(paths["csv"], schema) as as_csv,
              pa.parquet.ParquetWriter(paths["parquet"], schema) as as_parquet,
              pa.ipc.new_file(paths["arrow"], schema) as as_arrow):
            for table in groups(n_rows):
                for writer in (as_csv, as_parquet, as_arrow):
                    writer.write_table(table)
    return paths


def predicted(binary, model):
    """By form: rows a CPU second, and the peak memory by number of rows."""
    rates, memory = {}, {}
    for form in FORMS:
        seconds = {}
        for n_rows in SIZES:
            runs = [used(binary, "predict", "--model", model, "--input", written(n_rows)[form],
                        "-o", WORK / f"out.{form}") for _ in range(ROUNDS if n_rows < SIZES[-1] else 1)]
            seconds[n_rows] = statistics.median(run[0] for run in runs)
            memory[form, n_rows] = max(run[1] for run in runs)
        rates[form] = (SIZES[-1] - SIZES[0]) / (seconds[SIZES[-1]] - seconds[SIZES[0]])
    return rates, memory


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(binary, model):
    """Rows a CPU second of the server, by form of the body, which the answer has too."""
    table = next(groups(GROUP))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    bodies = {
        "Arrow": ("application/vnd.apache.arrow.stream", sink.getvalue().to_pybytes()),
        "JSON": ("application/json", json.dumps([list(row.values()) for row in table.to_pylist()]).encode()),
    }
    rates = {}
    port = peers.free_port()
    with peers.running([binary, "serve", "--model", model, "--bind", f"127.0.0.1:{port}",
                        "--max-rows", str(GROUP), "--max-body-bytes", "64MiB"]) as pid:
        peers.wait_for(port)
        client = http.client.HTTPConnection("127.0.0.1", port)
        for name, (media, body) in bodies.items():
            used = []
            for _ in range(7):
                before = cpu(pid)
                for _ in range(10):
                    client.request("POST", "/predict", body, {"Content-Type": media, "Accept": media})
                    answer = client.getresponse()
                    text = answer.read()
                    if answer.status != 200:
                        sys.exit(f"{name}: {answer.status} {text[:500]!r}")
                used.append(cpu(pid) - before)
            rates[name] = 10 * GROUP / statistics.median(used)
    return rates


def plot(memory):
    """Peak memory by number of rows, a line a form."""
    width, height, left, top = 380, 220, 60, 40
    most = max(memory.values()) * 1.2
    colours = dict(zip(FORMS, ("#06c", "#c50", "#282")))
    parts = [f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width + 180} {height + 90}' font-family='sans-serif' "
             "font-size='12'>", f"<rect width='{width + 180}' height='{height + 90}' fill='#fff'/>",
             f"<text x='{left}' y='24' font-weight='bold'>Peak memory of predict, MiB</text>"]
    y = lambda value: top + height - value / most * height
    x = lambda place: left + place * width / (len(SIZES) - 1)
    for step in range(0, int(most) + 1, max(10, int(most / 5) // 10 * 10)):
        parts.append(f"<path d='M{left} {y(step):.1f}H{left + width}' stroke='#ddd'/>"
                     f"<text x='{left - 6}' y='{y(step) + 4:.1f}' text-anchor='end'>{step}</text>")
    for place, n_rows in enumerate(SIZES):
        parts.append(f"<text x='{x(place):.1f}' y='{top + height + 20}' text-anchor='middle'>{n_rows:,} rows</text>")
    for line, (form, name) in enumerate(FORMS.items()):
        points = " ".join(f"{x(i):.1f},{y(memory[form, n]):.1f}" for i, n in enumerate(SIZES))
        parts.append(f"<polyline points='{points}' fill='none' stroke='{colours[form]}' stroke-width='2'/>")
        parts.append(f"<text x='{left + width + 50}' y='{top + 20 + 18 * line}' fill='{colours[form]}'>{name}</text>")
    return "\n".join(parts) + "\n</svg>\n"


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    return next((line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("model name")), "unknown")


def document(rates, memory, over_http):
    lines = ["# How fast tables are scored", "",
             "Boosting of 100 trees of depth 6 on six columns of Boston housing, rows that all differ; one process, user "
             "and system time, input and output in the same form (Parquet as pyarrow writes it, with Snappy).", "",
             f"Made by `make bench-tables` on {os.cpu_count()} cores of a shared machine, {processor()}, "
             f"Python {platform.python_version()}, pyarrow {pa.__version__}.", "",
             "| `predict` | rows a CPU second | " + " | ".join(f"MiB at {n:,}" for n in SIZES) + " |",
             "|---|---|" + "---|" * len(SIZES)]
    for form, name in FORMS.items():
        cells = " | ".join(f"{memory[form, n]:.1f}" for n in SIZES)
        lines.append(f"| {name} | {rates[form] / 1e6:.2f} million | {cells} |")
    lines += ["", "![Peak memory of predict by number of rows](table-memory.svg)", "",
              f"| `POST /predict`, {GROUP:,} rows a body | rows a CPU second |", "|---|---|"]
    lines += [f"| {name} | {rate / 1e6:.2f} million |" for name, rate in over_http.items()]
    return "\n".join(lines) + "\n"


def main():
    binary = sys.argv[1]
    WORK.mkdir(parents=True, exist_ok=True)
    model = trained(binary)
    over_http = asked(binary, model)
    rates, memory = predicted(binary, model)
    text = document(rates, memory, over_http)
    print(text)
    if len(sys.argv) > 3:
        pathlib.Path(sys.argv[2]).write_text(text)
        pathlib.Path(sys.argv[3]).write_text(plot(memory))


main()
