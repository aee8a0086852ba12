#!/usr/bin/env python3
"""Scores a DataFrame with `mapInArrow`: one smartserve an executor and model, asked over Arrow on a Unix socket.

    spark-submit score.py MODEL ROWS OUT [PROGRAM]      ROWS and OUT are folders of Parquet; OUT must not exist

MODEL and PROGRAM (default: smartserve in PATH) are paths on every node; all must have the model that the driver has.
Of ROWS what the model has as features is sent, all columns are kept, and the columns of its answer are added:
`prediction`, and of classifiers the probabilities. A prediction depends on its row alone: a task that is made again
gives the same, and Spark commits one of its outputs, so that a killed executor loses and doubles nothing.
"""

import ctypes
import fcntl
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pyarrow as pa
import pyarrow.ipc

ARROW = "application/vnd.apache.arrow.stream"
PR_SET_PDEATHSIG = 1
# The server's most rows a request, and Spark's a batch.
MOST_ROWS = 10_000
# Rows of 800 doubles fit a body; an executor's tasks wait for room rather than fail.
LIMITS = ("--max-body-bytes", "64MiB", "--body-budget", "512MiB", "--admission-wait", "5m", "--reload-interval", "1d")
# Types that an answer has, as Spark calls them.
TYPES = {"double": "double", "int64": "bigint", "string": "string"}
described = {}


class Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=330)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, route, body=None):
    """The answer's bytes; a RuntimeError with its text when it is no 200."""
    connection = Unix(path)
    try:
        connection.request(method, route, body, {"Content-Type": ARROW, "Accept": ARROW} if body else {})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"smartserve answered {answer.status}: {text[:1000].decode(errors='replace')}")
    return text


def ends_with_its_worker():
    """In the child: SIGKILL when the Python worker that has started it is gone, with the executor or before."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def place(program, model):
    """This executor's folder for a program and a model as they are; those of executors that are gone are removed."""
    # An executor's Python workers are children of one daemon.
    begin, daemon = f"smartserve-{os.getuid()}-", os.getppid()
    for old in pathlib.Path(tempfile.gettempdir()).glob(begin + "*-*"):
        if not pathlib.Path("/proc", old.name.split("-")[2]).exists():
            shutil.rmtree(old, ignore_errors=True)
    state = os.stat(model)
    of = hashlib.sha256(repr((program, os.path.abspath(model), state.st_mtime_ns, state.st_size)).encode()).hexdigest()
    folder = pathlib.Path(tempfile.gettempdir(), f"{begin}{daemon}-{of[:16]}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise RuntimeError(f"{folder} is another user's")
    return folder


def server(program, model):
    """The socket of this executor's server, started by the first task that finds none."""
    folder = place(program, model)
    path = str(folder / "socket")
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = None
        for _ in range(1200):
            try:
                ask(path, "GET", "/readyz")
                return path
            except (OSError, http.client.HTTPException, RuntimeError):
                pass
            if process is None:
                words = [program, "serve", "--model", f"model={model}", "--bind", f"unix:{path}", "--log-level", "warn"]
                process = subprocess.Popen([*words, *LIMITS], stdin=subprocess.DEVNULL, stdout=sys.stderr,
                                           preexec_fn=ends_with_its_worker)
            elif process.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError(f"{program} does not serve {model}; standard error of the executor says why")


def description(path):
    """What the server says of its model; asked once by a worker."""
    if path not in described:
        described[path] = json.loads(ask(path, "GET", "/models/model"))
    return described[path]


def answer(table, program, model, version=None):
    """The answer's columns, and the model's version; asked again where a server went away with its worker."""
    for attempt in (1, 2, 3):
        try:
            path = server(program, model)
            model_is = description(path)
            if version not in (None, model_is["version"]):
                raise RuntimeError(f"{model} is version {model_is['version']} here, and {version} at the driver")
            known = {feature["name"] for feature in model_is["features"]}
            sent = table.select([name for name in table.column_names if name in known])
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, sent.schema) as stream:
                stream.write_table(sent)
            said = ask(path, "POST", "/predict", sink.getvalue().to_pybytes())
            return pa.ipc.open_stream(said).read_all(), model_is["version"]
        except (OSError, http.client.HTTPException):
            if attempt == 3:
                raise


def mapper(program, model, version):
    """What `mapInArrow` calls with the batches of a partition."""
    def score(batches):
        for batch in batches:
            for begin in range(0, batch.num_rows, MOST_ROWS):
                table = pa.Table.from_batches([batch.slice(begin, MOST_ROWS)])
                added, _ = answer(table, program, model, version)
                for name in added.column_names:
                    table = table.append_column(name, added[name])
                yield from table.combine_chunks().to_batches()
    return score


def schema(frame, program, model):
    """The schema of `frame` with its answers, which its first row tells, and the driver's version of the model."""
    first = frame.limit(1).toArrow()
    if first.num_rows == 0:
        raise SystemExit("there are no rows to score")
    added, version = answer(first, program, model)
    both = set(frame.columns) & set(added.column_names)
    if both:
        raise SystemExit(f"rename in the rows, because the answer has such columns: {', '.join(sorted(both))}")
    whole = type(frame.schema)(list(frame.schema.fields))
    for field in added.schema:
        whole = whole.add(field.name, TYPES[str(field.type)])
    return whole, version


def scored(frame, program, model):
    """The DataFrame with its answers."""
    whole, version = schema(frame, program, model)
    return frame.mapInArrow(mapper(program, model, version), whole)


def main(model, rows, out, program=None):
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.getOrCreate()
    scored(spark.read.parquet(rows), program or shutil.which("smartserve"), model).write.parquet(out)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
