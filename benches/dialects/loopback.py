#!/usr/bin/env python3
"""What a request of one row costs the server over HTTP, dialect by dialect: CPU time of its process, from schedstat.

One connection, kept alive; a linear model of Boston's 13 columns; each request logged into a pipe that is read. The least
of rounds that take every dialect in turn. The program is SMARTSERVE's. Linux only.
"""

import csv
import json
import os
import pathlib
import re
import socket
import struct
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/clients"))
from server import ROOT, Server  # noqa: E402

ROUNDS, CALLS, BAR = 9, 1500, 1.3
NAMES, ROW = [line[:-1] for line in list(csv.reader((ROOT / "data/boston.csv").open()))[:2]]
ROW = [float(cell) for cell in ROW]


def request(path, body, content_type="application/json", more=""):
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {content_type}\r\n{more}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def tensors(inputs, is_binary=False):
    """An inference request: values by name."""
    tail, written = b"", []
    for name, values in inputs.items():
        tensor = {"name": name, "shape": [1, len(values)], "datatype": "FP64"}
        if is_binary:
            tensor["parameters"] = {"binary_data_size": 8 * len(values)}
            tail += struct.pack(f"<{len(values)}d", *values)
        else:
            tensor["data"] = values
        written.append(tensor)
    head = compact({"inputs": written})
    kind = ("application/octet-stream", f"inference-header-content-length: {len(head)}\r\n") if is_binary else ()
    return request("/v2/models/boston/infer", head + tail, *kind)


RECORD, COLUMNS = dict(zip(NAMES, ROW)), {name: [value] for name, value in zip(NAMES, ROW)}
LINES = {
    "1 columns of labelled values": request("/predict", compact({name: {"0": v} for name, v in RECORD.items()})),
    "2 columns of lists": request("/predict", compact(COLUMNS)),
    "3 one record": request("/predict", compact(RECORD)),
    "4 records": request("/predict", compact([RECORD])),
    "5 columns and data": request("/predict", compact({"columns": NAMES, "data": [ROW]})),
    "v1 instances, lists": request("/v1/models/boston:predict", compact({"instances": [ROW]})),
    "v2 a tensor a column": tensors(COLUMNS),
    "v2 a matrix": tensors({"rows": ROW}),
    "v2 a tensor a column, binary": tensors(COLUMNS, is_binary=True),
    "v2 a matrix, binary": tensors({"rows": ROW}, is_binary=True),
}


def cpu(pid):
    """Microseconds that the process's threads have run."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e3


def ask(connection, asked):
    connection.sendall(asked)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200"), answer
    length = int(re.search(rb"content-length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536)


def main():
    server = Server({"boston": ("data/boston.csv", "MEDV", "--algorithm", "linear")})
    threading.Thread(target=server.read_log, daemon=True).start()
    host, port = server.address.split(":")
    least = dict.fromkeys(LINES, float("inf"))
    try:
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(ROUNDS):
                for name, asked in LINES.items():
                    before = cpu(server.pid)
                    for _ in range(CALLS):
                        ask(connection, asked)
                    least[name] = min(least[name], (cpu(server.pid) - before) / CALLS)
    finally:
        os.kill(server.pid, 9)
    print(f"\nOver HTTP: CPU time of the server, µs a request of one row; at most {BAR} times the first line\n")
    first = next(iter(least.values()))
    for name, cost in least.items():
        print(f"{name:<46} {cost:>9.2f} {cost / first:>6.2f}{'  OVER' if cost > BAR * first else ''}")


if __name__ == "__main__":
    main()
