"""A container of the image, as tests start it: hardened, on ports that the kernel picks. Needs a Docker daemon."""

import functools
import http.client
import json
import subprocess
import time

HARDENED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--stop-timeout", "20"]
PREDICTIONS, ADMIN = 8080, 9090
WITHIN = 60


def docker(*words):
    """What docker says; its exit code must be 0."""
    return subprocess.run(["docker", *map(str, words)], check=True, capture_output=True, text=True).stdout.strip()


def wait_until(what, is_true):
    """Asks ten times a second; an error after WITHIN seconds."""
    for _ in range(WITHIN * 10):
        if is_true():
            return
        time.sleep(0.1)
    raise RuntimeError(f"{what} did not come within {WITHIN} s")


class Container:
    """The image with flags of `docker run`, and its command's words; removed at the end of a `with`, or by `remove`."""

    def __init__(self, image, *flags, words=()):
        published = [word for port in (PREDICTIONS, ADMIN) for word in ("--publish", f"127.0.0.1::{port}")]
        self.id = docker("run", "--detach", *HARDENED, *published, *flags, image, *words)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    @functools.cached_property
    def ports(self):
        """{port of the container: port of this machine that leads to it}; asked once, while it runs."""
        return {inside: int(docker("port", self.id, f"{inside}/tcp").splitlines()[0].rsplit(":", 1)[1])
                for inside in (PREDICTIONS, ADMIN)}

    def wait_until_ready(self):
        """Waits until it is ready; an error with its log when it ends before."""
        wait_until("a container that is ready", lambda: not self.is_running() or self.is_ready())
        if not self.is_running():
            raise RuntimeError(self.log())

    def is_running(self):
        return docker("inspect", "--format", "{{.State.Running}}", self.id) == "true"

    def is_ready(self):
        """Does /readyz of the admin listener answer 200?"""
        try:
            return self.ask("/readyz", inside=ADMIN, timeout=2)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def ask(self, path, body=None, content_type="application/json", inside=PREDICTIONS, timeout=10):
        """The status and text of an answer; POST where there is a body."""
        client = http.client.HTTPConnection("127.0.0.1", self.ports[inside], timeout=timeout)
        try:
            client.request("POST" if body else "GET", path, body, {"Content-Type": content_type})
            answer = client.getresponse()
            return answer.status, answer.read().decode()
        finally:
            client.close()

    def log(self):
        """All that it has said."""
        both = subprocess.run(["docker", "logs", self.id], check=True, capture_output=True, text=True)
        return both.stdout + both.stderr

    def said(self, message):
        """The fields of the log line whose message begins so."""
        parsed = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return next((line for line in parsed if line["message"].startswith(message)), None)

    def ended(self):
        """The exit code, once it has ended by itself, and what it said."""
        return int(docker("wait", self.id)), self.log()

    def stop(self):
        """SIGTERM; it must end with 0 in time."""
        docker("stop", self.id)
        code = docker("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", self.id)
        assert code == "0 false", f"exit code and OOM: {code}\n{self.log()}"

    def remove(self):
        subprocess.run(["docker", "rm", "--force", self.id], capture_output=True)
