"""A smartserve for a client's test: models trained on the spot, served on a free port.

The binary is SMARTSERVE's, or the debug build's.
"""

import atexit
import json
import os
import pathlib
import subprocess
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SMARTSERVE", str(ROOT / "target/debug/smartserve"))


class Server:
    """Trains `models` ({name: (CSV path or text, target, more words of `train`)}), serves them in that order."""

    def __init__(self, models, *words):
        self._folder = tempfile.TemporaryDirectory()
        paths = [self.train(name, *model) for name, model in models.items()]
        flags = [word for path in paths for word in ("--model", path)]
        free = "127.0.0.1:0"
        command = [BINARY, "serve", "--bind", free, "--admin-bind", free, "--log-format", "json", *flags, *words]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # Whatever becomes of the test.
        atexit.register(self._process.kill)
        self.address = self._address("listening on")
        self.admin = self._address("probes and metrics on")

    def train(self, name, data, target, *words):
        """The file of a model that is trained and not served."""
        path = pathlib.Path(self._folder.name, name)
        if "\n" in data:
            path.with_suffix(".csv").write_text(data)
            data = path.with_suffix(".csv")
        model = str(path.with_suffix(".model"))
        command = [BINARY, "train", "--data", str(data), "--target", target, "--name", name, "-o", model, *words]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return model

    def _address(self, message):
        for line in self._process.stdout:
            said = json.loads(line)
            if said["message"].startswith(message):
                return said["address"]
        raise RuntimeError("it ended before it listened")

    def path(self, name):
        """The file of a model."""
        return str(pathlib.Path(self._folder.name, f"{name}.model"))

    @property
    def pid(self):
        """The server's process."""
        return self._process.pid

    def read_log(self):
        """Reads what it logs, and forgets it, to the end."""
        for _ in self._process.stdout:
            pass

    def ask(self, path, body=None, content_type="application/json"):
        """The answer's JSON; POST when there is a body."""
        body = json.dumps(body).encode() if not isinstance(body, (str, type(None))) else body and body.encode()
        request = urllib.request.Request(f"http://{self.address}{path}", body, {"Content-Type": content_type})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()
