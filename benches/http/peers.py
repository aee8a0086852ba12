#!/usr/bin/env python3
"""What a prediction over HTTP costs the server, beside a bare axum server that parses the same body and answers a
constant; and where the time goes, stage by stage.

    benches/http/peers.py BINARY BENCH [DOCUMENT]

BINARY is smartserve with symbols (`cargo build --profile profiling`), BENCH a directory with `harness/bench.py`, its
load generator and `peers/rust`. A random forest of 100 trees on six columns of Boston housing; 506 distinct bodies of
one row, 16 connections; metrics and logs on, each log line written to a pipe that is read. The stages are what `perf`
finds on the stack, sampled while that load runs; without `perf` they are left out. Writes DOCUMENT when that is named.
"""

import contextlib
import csv
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "bench-http"
COLUMNS = ["CHAS", "RM", "TAX", "PTRATIO", "B", "LSTAT"]
CONNECTIONS, SECONDS, ROUNDS = 16, 2, 7
LARGE = 10_000

# What is looked for in the functions on a sample's stack, from the innermost outwards: the first that is found decides.
STAGES = [
    ("log", r"serve::logging|tracing"),
    ("forest", r"model::compiled|Predictor::predict"),
    ("metrics", r"serve::metrics|prometheus|admission::work::"),
    ("parse", r"http::json|http::decode"),
    ("encode", r"http::encode"),
    ("write", r"poll_flush|__send|writev|poll_write|write_head"),
    ("head", r"poll_read|__libc_recv|httparse|read_head|recv_msg|framing::Head"),
    ("waiting for work", r"park|epoll_wait|futex|wake|unpark"),
    ("layers and handler", r"smartserve::http|serve::predict|catch_unwind|axum"),
    ("connection", r"smartserve::serve|hyper|tokio|Connection"),
]


def wait_for(port):
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def running(command, **more):
    """A process whose standard output is read and thrown away."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more)
    reader = threading.Thread(target=lambda: all(iter(lambda: process.stdout.read1(1 << 16), b"")), daemon=True)
    reader.start()
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def prepared(binary):
    """The model and the bodies: one row each, and one of many."""
    WORK.mkdir(parents=True, exist_ok=True)
    rows = list(csv.DictReader((ROOT / "data/boston.csv").open()))
    model = WORK / "forest.model"
    subprocess.run([binary, "train", "--data", ROOT / "data/boston.csv", "--target", "MEDV", "--features",
                    ",".join(COLUMNS), "--algorithm", "random-forest", "--trees", "100", "--output", model], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def body(rows):
        columns = {name: {str(i): float(row[name]) for i, row in enumerate(rows)} for name in COLUMNS}
        return json.dumps(columns, separators=(",", ":"))

    one, many = WORK / "one.ndjson", WORK / "many.json"
    one.write_text("".join(body([row]) + "\n" for row in rows))
    many.write_text(body((rows * (LARGE // len(rows) + 1))[:LARGE]))
    return model, one, many


def compared(bench, servers, payload, n_rows):
    """The harness's figures by server."""
    out = WORK / "result.json"
    named = [f"{name}=http://127.0.0.1:{port}/predict,{pid}" for name, (port, pid) in servers.items()]
    subprocess.run([sys.executable, bench / "harness/bench.py", "--secs", str(SECONDS), "--rounds", str(ROUNDS), "--conc",
                    str(CONNECTIONS), "--payload", payload, "--rows", str(n_rows), "--json", out, *named], check=True)
    return json.loads(out.read_text())[f"c{CONNECTIONS}"]


def generator(bench):
    binary = WORK / "loadgen"
    subprocess.run(["rustc", "--edition", "2021", "-O", "-A", "warnings", "-o", binary,
                    bench / "harness/loadgen.rs"], check=True)
    return binary


def stages(bench, port, pid, payload):
    """Microseconds of CPU by stage, and in all."""
    load = subprocess.Popen([generator(bench), f"127.0.0.1:{port}", "/predict", payload, str(CONNECTIONS), "8", "0"],
                            stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    data = WORK / "perf.data"
    subprocess.run(["perf", "record", "-q", "-F", "997", "--call-graph", "dwarf,8192", "-p", str(pid), "-o", data, "--",
                    "sleep", "3"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    load.communicate()
    script = subprocess.run(["perf", "script", "-i", data, "--no-inline", "-F", "comm,ip,sym"], check=True, text=True,
                            capture_output=True).stdout
    found, total = {}, 0
    for sample in script.split("\n\n"):
        lines = sample.strip().splitlines()
        if len(lines) < 2:
            continue
        total += 1
        stage = "log" if lines[0].strip().startswith("log") else stage_of(lines[1:])
        found[stage] = found.get(stage, 0) + 1
    return {stage: n / total for stage, n in found.items()}


def stage_of(frames):
    for frame in frames:
        for stage, pattern in STAGES:
            if re.search(pattern, frame):
                return stage
    return "other"


def report(small, large, shares):
    name = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    bare, ours = small["axum"], small["smartserve"]
    lines = [
        "# What a prediction costs over HTTP",
        "",
        "A random forest of 100 trees on six columns of Boston housing, distinct rows, 16 connections kept alive; metrics "
        "and logs on, a line a request written to a pipe that is read. Beside it a bare axum server that parses the same "
        f"body and answers a constant. CPU time of the server's process, medians of {ROUNDS} rounds in turns.",
        "",
        f"Made by `make bench-peers` on {os.cpu_count()} cores of a shared machine, "
        f"{name.group(1).strip() if name else 'unknown'}; generator and server on the same cores.",
        "",
        "| | CPU a request of one row | requests/s | p50 | p99 |",
        "|---|---|---|---|---|",
    ]
    for label, one in (("axum, a constant", bare), ("smartserve", ours)):
        lines.append(f"| {label} | {one['cpu_us']:.1f} µs | {one['rps']:,.0f} | {one['p50_us'] / 1e3:.2f} ms | "
                     f"{one['p99_us'] / 1e3:.2f} ms |")
    per_second = LARGE * 1e6 / large["smartserve"]["cpu_us"]
    lines += ["", f"The ratio is {ours['cpux']:.2f}. Of bodies of {LARGE:,} rows smartserve answers {per_second:,.0f} rows "
              "per second of CPU time.", ""]
    if shares:
        lines += ["## Where the time goes", "", "By the innermost function on the stack that tells, sampled while that load runs. What the "
                  "kernel does for a system call is in the stage that calls it: most of *write* is TCP.", "", "| stage | share | µs |", "|---|---|---|"]
        for stage in [*(stage for stage, _ in STAGES), "other"]:
            share = shares.get(stage, 0)
            lines.append(f"| {stage} | {share:.1%} | {share * ours['cpu_us']:.2f} |")
        lines.append("")
    return "\n".join(lines)


def main(binary, bench, document=None):
    binary, bench = pathlib.Path(binary).resolve(), pathlib.Path(bench).resolve()
    model, one, many = prepared(binary)
    build = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "peers")}
    subprocess.run(["cargo", "build", "--release", "--quiet", "--bin", "axum"], cwd=bench / "peers/rust", env=build, check=True)
    ports = free_port(), free_port()
    axum = [WORK / "peers/release/axum"]
    ours = [binary, "serve", "--model", model, "--bind", f"127.0.0.1:{ports[1]}", "--log-format", "json"]
    with running(axum, env={**os.environ, "PORT": str(ports[0]), "WORKERS": "2"}) as a, running(ours) as b:
        for port in ports:
            wait_for(port)
        servers = {"axum": (ports[0], a), "smartserve": (ports[1], b)}
        small = compared(bench, servers, one, 1)
        large = compared(bench, servers, many, LARGE)
        shares = stages(bench, ports[1], b, one) if shutil.which("perf") else {}
    text = report(small, large, shares)
    print(text)
    if document:
        pathlib.Path(document).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
