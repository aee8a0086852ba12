#!/usr/bin/env python3
"""The load test of benches/load is asked what it must know: a stall, wrong answers, a slow server, and a real one.

    load_test.py

A server made for it stalls, errs or is slow, so that the right verdict is known; the real one is asked for a second a
step. Then Locust runs its file for ten seconds; without Locust that part is skipped, loudly. The program is
SMARTSERVE's, or the debug build's.
"""

import csv
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/clients"))

from server import Server  # noqa: E402

ROWS = "a,b\n1,x\n2,y\n"
FEATURES = {"features": [{"name": "a", "kind": "numeric"}, {"name": "b", "kind": "categorical"}]}


class Pretended(http.server.BaseHTTPRequestHandler):
    """Answers as a server with one model would, but for what `behaviour` does."""

    protocol_version = "HTTP/1.1"
    behaviour = {}
    gate = threading.Lock()

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.answer(200, {"models": [{"name": "m"}]} if self.path == "/models" else FEATURES)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        began = self.behaviour["began"] = self.behaviour.get("began", time.monotonic())
        stall = self.behaviour.get("stall", 0) - (time.monotonic() - began)
        time.sleep(max(0, stall) or self.behaviour.get("slow", 0))
        right = 404 if "no-such-model" in self.path else 422 if "no such column" in body else \
            400 if body.count("{") != body.count("}") else 200
        self.answer(self.behaviour.get("status", right), {})

    def log_message(self, *_):
        pass


def load_test(url, rows, folder, *words):
    """The exit code, what it printed, and its figures."""
    figures = folder / "figures.json"
    command = [sys.executable, "-B", ROOT / "benches/load/main.py", "--url", url, "--rows", rows, "--json", figures]
    ran = subprocess.run([str(word) for word in [*command, *words]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, timeout=120)
    return ran.returncode, ran.stdout, json.loads(figures.read_text()) if figures.exists() else None


def pretended(folder, behaviour, *words):
    (folder / "rows.csv").write_text(ROWS)
    handler = type("Handler", (Pretended,), {"behaviour": dict(behaviour)})
    queue = {"request_queue_size": 256}
    server = type("Listener", (http.server.ThreadingHTTPServer,), queue)(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        return load_test(f"http://127.0.0.1:{server.server_port}", folder / "rows.csv", folder, *words)
    finally:
        server.shutdown()
        server.server_close()


def judge_verdicts(folder):
    # For 1.4 s of 2 nothing is answered. One that waits for an answer before it asks again would have few late ones.
    short = ("--rate", "40", "--most", "40", "--seconds", "2")
    code, text, figures = pretended(folder, {"stall": 1.4}, *short, "--p99", "400")
    first = figures["steps"][0]
    assert code == 1 and first["p99_ms"] > 700 and first["p50_ms"] > 150, (code, text)
    code, text, figures = pretended(folder, {"stall": 1.4}, *short, "--p99", "5000")
    assert (code, figures["verdict"], figures["knee"]) == (0, "holds", 40), text
    code, text, figures = pretended(folder, {"status": 500}, *short, "--p99", "5000")
    assert code == 1 and figures["steps"][0]["wrong_percent"] == 100 and "record: 500" in text, text
    # Every second answer is at 0.9 s: it breaks at any rate, and no step down finds one that holds.
    code, text, figures = pretended(folder, {"slow": 0.9}, "--rate", "4", "--seconds", "1", "--p99", "600")
    assert code == 1 and figures["knee"] == 0 and len(figures["steps"]) == 3, text
    for words in (("--url", "https://x"), ("--rate", "0"), ("--p99", "-1")):
        command = [sys.executable, "-B", str(ROOT / "benches/load/main.py"), *words]
        assert subprocess.run(command, capture_output=True).returncode == 2, words


def judge_real(folder):
    """The real server takes the whole mix, and each mistake gets its own 4xx."""
    server = Server({"boston": (str(ROOT / "data/boston.csv"), "MEDV", "--algorithm", "ridge", "--folds", "0")})
    url = f"http://{server.address}"
    image = folder / "plot.svg"
    words = ("--rate", "60", "--most", "100", "--seconds", "2", "--p99", "5000", "--plot", image)
    code, text, figures = load_test(url, ROOT / "data/boston.csv", folder, *words)
    assert code == 0 and figures["knee"] >= 60, text
    assert all(step["wrong_percent"] == 0 for step in figures["steps"]), figures
    assert text.count("\n| ") >= 2 and "<svg" in image.read_text() and "NaN" not in image.read_text(), text
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        asked = answer.read().decode()
    for status in ("200", "400", "404", "422"):
        assert f'status="{status}"' in asked, f"nothing was answered with {status}"
    locust = shutil.which("locust", path=str(pathlib.Path(sys.executable).parent))
    if locust is None:
        print("\n*** SKIPPED: Locust. It is not installed here (make test-load installs it). ***\n")
    else:
        judge_locust(locust, url, folder)
    server.stop()


def judge_locust(locust, url, folder):
    file = ROOT / "benches/load/locustfile.py"
    words = ["-f", file, "--host", url, "--headless", "-u", "8", "-r", "8", "-t", "10s", "--exit-code-on-error", "1",
             "--only-summary", "--csv", folder / "locust"]
    ran = subprocess.run([locust, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         timeout=120)
    assert ran.returncode == 0, ran.stdout
    with open(folder / "locust_stats.csv", newline="") as opened:
        stats = {row["Name"]: row for row in csv.DictReader(opened)}
    assert int(stats["Aggregated"]["Failure Count"]) == 0, stats
    assert int(stats["Aggregated"]["Request Count"]) > 50 and {"record", "CSV of 100"} <= stats.keys(), stats


def main():
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        judge_verdicts(folder)
        judge_real(folder)
    print(f"load test: verdicts are right, the mix is taken, Locust too ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    sys.exit(main())
