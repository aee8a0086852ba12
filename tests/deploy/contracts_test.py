#!/usr/bin/env python3
"""The program under what each cloud asks of a container, with the words of the files under deploy/.

    contracts_test.py

Per cloud: the environment of its file and the image's; its port, where it sets PORT; its probes, in their time; as many
requests at once as it sends; CPU only while a request runs (the process is stopped in between, longer than any time of
the server's own); SIGTERM under load, with clients that hear of it late: no request is lost, and it ends with 0 before
the cloud would kill it.

The program is SMARTSERVE's, or the debug build's.
"""

import dataclasses
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/k8s"))

from judge import environment, image_port  # noqa: E402
from templates_test import template  # noqa: E402

DEPLOY = ROOT / "deploy"
BINARY = os.environ.get("SMARTSERVE", str(ROOT / "target/debug/smartserve"))
PORT, ADMIN = image_port("SMARTSERVE_BIND"), image_port("SMARTSERVE_ADMIN_BIND")
ROW = json.dumps({"amount": 1.5, "shop": "a"})


@dataclasses.dataclass
class Cloud:
    """What a cloud asks: `probes` as (path, port); seconds from SIGTERM to SIGKILL (`grace`), and until clients hear."""

    name: str
    env: dict
    sets_port: bool
    probes: list
    grace: float
    lag: float
    concurrency: int
    throttles: bool = False
    health_command: bool = False


def clouds():
    service = yaml.safe_load((DEPLOY / "cloudrun/service.yaml").read_text())["spec"]["template"]["spec"]
    box, = service["containers"]
    yield Cloud("Cloud Run", environment(box), True, [
        (box[name]["httpGet"]["path"], box[name]["httpGet"]["port"]) for name in ("startupProbe", "livenessProbe")],
        # https://cloud.google.com/run/docs/container-contract: 10 s; what comes from then on goes elsewhere.
        grace=10, lag=0.5, concurrency=service["containerConcurrency"], throttles=True)
    app = yaml.safe_load((DEPLOY / "appengine/app.yaml").read_text())
    yield Cloud("App Engine", app.get("env_variables", {}), True, [
        (app[name]["path"], PORT) for name in ("readiness_check", "liveness_check")], grace=30, lag=2, concurrency=80)
    azure = json.loads((DEPLOY / "azure/containerapp.json").read_text())["resources"][2]["properties"]["template"]
    box, = azure["containers"]
    yield Cloud("Azure Container Apps", environment(box), False, [
        (p["httpGet"]["path"], p["httpGet"]["port"]) for p in box["probes"]],
        grace=azure["terminationGracePeriodSeconds"], lag=2,
        concurrency=int(azure["scale"]["rules"][0]["http"]["metadata"]["concurrentRequests"]))
    parts = {name: r.get("Properties") for name, r in template("fargate.yaml")["Resources"].items()}
    box, = parts["Task"]["ContainerDefinitions"]
    yield Cloud("Fargate", {e["Name"]: e["Value"] for e in box.get("Environment", [])}, False,
                [(parts["Tasks"]["HealthCheckPath"], int(parts["Tasks"]["HealthCheckPort"]))],
                grace=box["StopTimeout"], lag=2, concurrency=80, health_command=True)


class Container:
    """The program with the image's environment on ports that are free."""

    def __init__(self, cloud, model, **more):
        image = dict(re.findall(r"\b(SMARTSERVE_\w+)=(\S+)", (ROOT / "Dockerfile").read_text()))
        ours = ("SMARTSERVE", "AWS_", "PORT")
        given = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.environment = given | image | cloud.env | {
            "SMARTSERVE_BIND": "127.0.0.1:0", "SMARTSERVE_ADMIN_BIND": "127.0.0.1:0", "SMARTSERVE_LOG_FORMAT": "json",
            "SMARTSERVE_MODEL_FALLBACK": f"/mnt/models:{model}"} | more
        self.expected_port = None
        # A port that is not the image's.
        port = free_port()
        if cloud.sets_port:
            self.environment |= {"PORT": str(port)}
        self.process = subprocess.Popen([BINARY, "serve"], env=self.environment, stdout=subprocess.PIPE, text=True)
        self.ports = {PORT: self._port("listening on"), ADMIN: None}
        assert not cloud.sets_port or self.ports[PORT] == port, f"PORT was {port}, it listens on {self.ports[PORT]}"
        if ADMIN in [port for _, port in cloud.probes] or cloud.health_command:
            self.ports[ADMIN] = self._port("probes and metrics on")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def _port(self, message):
        for line in self.process.stdout:
            said = json.loads(line)
            if said["message"].startswith(message):
                return int(said["address"].rpartition(":")[2])
        raise RuntimeError("it ended before it listened")

    def connect(self, port=PORT):
        return http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=30)


def ask(connection, path="/predict", body=ROW):
    """(status, whether the server closes) of a request."""
    connection.request("POST" if body else "GET", path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.will_close


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def together(n, work):
    """Runs work(i) in n threads; raises what one of them raised."""
    errors = []

    def run(i):
        try:
            work(i)
        except Exception as error:
            errors.append(error)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise AssertionError(f"{len(errors)} of {n} clients failed, first: {errors[0]!r}")


def probe(cloud, container):
    for path, port in cloud.probes:
        began = time.monotonic()
        status, _ = ask(container.connect(port), path, None)
        assert status == 200 and time.monotonic() - began < 1, f"{path} is {status}"
    if cloud.health_command:
        address = f"http://127.0.0.1:{container.ports[PORT]}/readyz"
        assert subprocess.run([BINARY, "healthcheck", address], env=container.environment,
                              stdout=subprocess.DEVNULL).returncode == 0


def load(cloud, container):
    """Every one of the cloud's concurrent requests is answered, on connections that are kept."""
    def client(_):
        connection = container.connect()
        for _ in range(10):
            status, _ = ask(connection)
            assert status == 200, status
        connection.close()
    together(cloud.concurrency, client)


def throttle(container):
    """Without CPU for longer than any time of the server's: connections are kept, and what comes is answered."""
    kept = [container.connect() for _ in range(8)]
    for connection in kept:
        assert ask(connection)[0] == 200
    for _ in range(3):
        os.kill(container.process.pid, signal.SIGSTOP)
        time.sleep(1.2)
        for connection in kept:
            connection.request("POST", "/predict", ROW, {"Content-Type": "application/json"})
        fresh = container.connect()
        fresh.request("POST", "/predict", ROW, {"Content-Type": "application/json"})
        os.kill(container.process.pid, signal.SIGCONT)
        for connection in [*kept, fresh]:
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        fresh.close()
    for connection in kept:
        connection.close()


def terminate(cloud, container):
    """SIGTERM under load; gives how long it took to end."""
    stop, asked = threading.Event(), []

    def client(_):
        connection, n = container.connect(), 0
        while not stop.is_set():
            # As a proxy does: another connection after an answer that closes this one.
            status, closes = ask(connection)
            assert status == 200, status
            n += 1
            if closes:
                connection.close()
                connection = container.connect()
        connection.close()
        asked.append(n)

    def signals():
        time.sleep(0.3)
        os.kill(container.process.pid, signal.SIGTERM)
        began.append(time.monotonic())
        time.sleep(cloud.lag)
        stop.set()

    began = []
    signalling = threading.Thread(target=signals)
    signalling.start()
    together(8, client)
    signalling.join()
    code = container.process.wait(timeout=cloud.grace + 5)
    took = time.monotonic() - began[0]
    assert code == 0, f"it ended with {code}"
    assert took < cloud.grace, f"it took {took:.1f} s, and is killed after {cloud.grace}"
    assert sum(asked) > 8, "there was no load"
    return took


def train(folder):
    rows = "".join(f"{i % 17},{'ab'[i % 2]},{2 * (i % 17) + i % 2}\n" for i in range(200))
    (folder / "rows.csv").write_text("amount,shop,y\n" + rows)
    words = ["train", "--data", folder / "rows.csv", "--target", "y", "--algorithm", "ridge", "--folds", "0", "-o",
             folder / "rows.model"]
    subprocess.run([BINARY, *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "rows.model"


def main():
    began, told = time.monotonic(), []
    with tempfile.TemporaryDirectory() as name:
        model = train(pathlib.Path(name))
        for cloud in clouds():
            # The server's own times are short, so that the process is stopped for longer.
            more = {"SMARTSERVE_HEADER_TIMEOUT": "1s", "SMARTSERVE_BODY_TIMEOUT": "1s"} if cloud.throttles else {}
            container = Container(cloud, model, **more)
            try:
                probe(cloud, container)
                load(cloud, container)
                if cloud.throttles:
                    throttle(container)
                    probe(cloud, container)
                told.append(f"{cloud.name} {terminate(cloud, container):.1f} of {cloud.grace} s")
            except AssertionError as error:
                raise AssertionError(f"{cloud.name}: {error}") from error
            finally:
                container.process.kill()
                container.process.wait()
    print(f"contracts: kept; from SIGTERM to the end {', '.join(told)} ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()
