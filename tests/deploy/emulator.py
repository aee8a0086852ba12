"""The program as a function in AWS's runtime interface emulator, which SAM's wheel has.

The program is SMARTSERVE's, or the debug build's.
"""

import atexit
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import samcli

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SMARTSERVE", str(ROOT / "target/debug/smartserve"))
EMULATOR = pathlib.Path(samcli.__file__).parent / "local/rapid/aws-lambda-rie-x86_64"
INVOKE = "/2015-03-31/functions/function/invocations"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Emulator:
    """One instance of a function that serves `models` (paths); `timeout` in whole seconds."""

    def __init__(self, *models, timeout=30, **variables):
        self._log = tempfile.TemporaryFile("w+")
        EMULATOR.chmod(0o755)
        self._port = free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SMARTSERVE", "AWS_"))}
        environment |= {
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout), "AWS_LAMBDA_FUNCTION_NAME": "predict",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_REGION": "eu-west-1", "SMARTSERVE_LOG_FORMAT": "json",
            # What the image says, which means nothing here.
            "SMARTSERVE_BIND": "0.0.0.0:8080", "SMARTSERVE_ADMIN_BIND": "0.0.0.0:9090",
            "SMARTSERVE_MODEL": "\n".join(models), **variables}
        command = [EMULATOR, "--log-level", "error", "--runtime-api-address", f"127.0.0.1:{free_port()}",
                   "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}", BINARY, "serve"]
        self._process = subprocess.Popen(command, env=environment, stdout=self._log, stderr=subprocess.STDOUT,
                                         start_new_session=True)
        # Whatever becomes of the test.
        atexit.register(self.stop)
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        until = time.monotonic() + 30
        while True:
            try:
                self._connection.connect()
                break
            except ConnectionRefusedError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the emulator does not start: {self.log()}") from None
                time.sleep(0.01)

    def invoke(self, event):
        """The bytes that the function answers an event (JSON, or its bytes) with."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        self._connection.request("POST", INVOKE, body)
        return self._connection.getresponse().read()

    def ask(self, event):
        """The answer as JSON."""
        answer = self.invoke(event)
        try:
            return json.loads(answer)
        except ValueError:
            raise AssertionError(f"no JSON: {answer[:500]!r}\n{self.log()[-3000:]}") from None

    @property
    def pid(self):
        """The function's process, once it has been invoked."""
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                name, _, rest = path.read_text().partition("(")[2].rpartition(")")
            except OSError:
                continue
            state, parent = rest.split()[:2]
            if int(parent) == self._process.pid and name == pathlib.Path(BINARY).name[:15] and state != "Z":
                return int(path.parent.name)
        raise RuntimeError(f"there is no function: {self.log()[-3000:]}")

    def resident(self):
        """Its memory, in bytes."""
        pages = int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu(self):
        """CPU seconds of the function's process."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log(self):
        """All that the function and the emulator have written."""
        self._log.seek(0)
        return self._log.read()

    def lines(self):
        """The log's lines that are JSON objects."""
        for line in self.log().splitlines():
            if line.startswith("{"):
                yield json.loads(line)

    def stop(self):
        """Ends it and the function."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()
        try:
            os.kill(self.pid, signal.SIGKILL)
        except (RuntimeError, ProcessLookupError):
            pass
        self.stop()
