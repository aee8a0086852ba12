#!/usr/bin/env python3
"""The image as an orchestrator runs it: two containers behind a proxy, replaced one after the other under load, with
hardened flags, the printed bound as memory limit and half a processor; a model swapped in a mounted folder; the contents
of the image.

    tests/rehearsal.py IMAGE

Needs a Docker daemon on this machine. The proxy passes connections on to containers whose /readyz answers 200, asked every
half second as a Service does. Every request must be answered with 200 and with one of the models that are served then.
"""

import http.client
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/clients"))

from container import HARDENED, PREDICTIONS, Container, docker, wait_until  # noqa: E402

# What no image of one static program has.
TOOLS = ("sh", "bash", "dash", "ash", "busybox", "apt", "apt-get", "dpkg", "apk", "rpm", "curl", "wget", "python3", "perl")
CLIENTS = 4
ROW = json.dumps([{"CHAS": 0, "RM": 6.575, "TAX": 296.0, "PTRATIO": 15.3, "B": 396.9, "LSTAT": 4.98}])


class Proxy:
    """Passes connections on to ready containers in turn."""

    def __init__(self):
        self.behind, self.ready, self.turn = [], [], 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.probe, daemon=True).start()
        threading.Thread(target=self.accept, daemon=True).start()

    def probe(self):
        while True:
            self.ready = [container for container in list(self.behind) if container.is_ready()]
            time.sleep(0.5)

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client):
        ready = self.ready
        self.turn += 1
        port = ready[self.turn % len(ready)].ports[PREDICTIONS]
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=self.copy, args=(server, client), daemon=True)
            back.start()
            self.copy(client, server)
            back.join()

    @staticmethod
    def copy(source, sink):
        try:
            while piece := source.recv(1 << 16):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Load:
    """Clients that ask one request after the other, on connections that are kept while the server keeps them."""

    def __init__(self, port):
        self.port, self.answered, self.failures, self.versions, self.is_over = port, 0, [], set(), False
        self.lock = threading.Lock()
        self.clients = [threading.Thread(target=self.ask, daemon=True) for _ in range(CLIENTS)]
        for client in self.clients:
            client.start()

    def ask(self):
        client = None
        while not self.is_over:
            try:
                client = client or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                client.request("POST", "/predict", ROW, {"Content-Type": "application/json"})
                answer = client.getresponse()
                text = answer.read()
                wrong = None if answer.status == 200 else f"{answer.status} {text[:200]!r}"
                if answer.getheader("Connection") == "close":
                    client.close()
                    client = None
            except (OSError, http.client.HTTPException) as error:
                wrong, client = repr(error), None
            with self.lock:
                if wrong is None:
                    self.answered += 1
                    self.versions.add(json.loads(text)["version"])
                else:
                    self.failures.append(wrong)

    def end(self):
        self.is_over = True
        for client in self.clients:
            client.join()
        assert not self.failures, f"{len(self.failures)} of {self.answered} failed: {self.failures[:3]}"
        return self.answered


def check_contents(image):
    made = docker("create", image)
    listing = subprocess.run(f"docker export {made} | tar --list", shell=True, check=True, capture_output=True, text=True)
    docker("rm", made)
    files = [line for line in listing.stdout.splitlines() if not line.endswith("/")]
    tools = [file for file in files if file.rsplit("/", 1)[-1] in TOOLS]
    assert not tools, f"the image holds {tools}"
    print(f"ok: {len(files)} files, no shell, no package manager")


def main(image):
    check_contents(image)
    started = []

    def start(*flags):
        started.append(Container(image, *flags))
        return started[-1]

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        subprocess.run(["docker", "cp", f"{docker('create', '--name', folder.name, image)}:/models/boston.model",
                        folder / "boston.model"], check=True, capture_output=True)
        docker("rm", folder.name)
        (folder / "boston.model").chmod(0o644)
        mount = ["--volume", f"{folder}:/mnt/models:ro"]
        try:
            first = start("--cpus", "0.5", *mount)
            wait_until("a container that is ready", first.is_ready)
            bound = first.said("memory stays below")["bound_bytes"]
            first.stop()
            # Docker's limit is of whole pages.
            limits = ["--memory", bound // 4096 * 4096, "--memory-swap", bound // 4096 * 4096, "--cpus", "0.5", *mount]
            proxy = Proxy()
            proxy.behind = [start(*limits), start(*limits)]
            wait_until("two containers that are ready", lambda: len(proxy.ready) == 2)
            workers = proxy.behind[0].said("memory stays below")["workers"]
            assert workers == 1, f"half a processor, and {workers} workers"
            print(f"ok: within {bound / 2**20:.0f} MiB and half a processor there is one worker")
            load = Load(proxy.port)
            wait_until("an answer", lambda: load.answered > 100)
            for old in list(proxy.behind):
                new = start(*limits)
                proxy.behind.append(new)
                wait_until("the new container", lambda: new in proxy.ready)
                old.stop()
                proxy.behind.remove(old)
            before = load.answered
            wait_until("answers of the new containers", lambda: load.answered > before + 100)
            print(f"ok: both containers were replaced, {load.end():,} requests answered, none failed")
            swap_model(image, folder, proxy)
            for container in proxy.behind:
                container.stop()
            print("ok: all ended with 0, none was killed")
        finally:
            for container in started:
                container.remove()


def swap_model(image, folder, proxy):
    """Another model of the same columns, trained by the image, takes the place of the mounted one, under load."""
    load = Load(proxy.port)
    wait_until("an answer", lambda: load.versions)
    (was,) = load.versions
    columns = ",".join(json.loads(ROW)[0])
    with tempfile.TemporaryDirectory() as name:
        made = pathlib.Path(name)
        made.chmod(0o777)
        docker("run", "--rm", *HARDENED, "--volume", f"{ROOT / 'data'}:/data:ro", "--volume", f"{made}:/made", image,
               "train", "--data", "/data/boston.csv", "--target", "MEDV", "--features", columns, "--algorithm", "ridge",
               "-o", "/made/new.model")
        new = folder / ".new"
        new.write_bytes((made / "new.model").read_bytes())
    new.chmod(0o644)
    new.rename(folder / "boston.model")
    wait_until("the new model", lambda: len(load.versions) > 1)
    (is_now,) = load.versions - {was}
    print(f"ok: model {was} gave way to {is_now}, {load.end():,} requests answered, none failed")


main(sys.argv[1])
