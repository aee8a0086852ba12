"""Lambda's Runtime API, and one instance of a function on it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

AWS's emulator gives every invocation the same time and none of its own faults; this one gives what it is told to.
"""

import atexit
import http.server
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

PREFIX = "/2018-06-01/runtime/"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        # Head and body of an answer are two writes.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self):
        event, deadline, request_id = self.server.events.get()
        self.server.taken.set()
        self.send_response(200)
        for name, value in (("Aws-Request-Id", request_id), ("Deadline-Ms", int(deadline * 1000)),
                            ("Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:predict"),
                            ("Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1")):
            self.send_header(f"Lambda-Runtime-{name}", str(value))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        at = time.perf_counter()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answers.put((self.path.rpartition("/")[2], body, at))

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # An instance that was killed has gone in the middle of a word.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Instance:
    """A process of the function `command`, which began at `began` (time.perf_counter)."""

    def __init__(self, command, **variables):
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.events, self._server.answers = queue.SimpleQueue(), queue.SimpleQueue()
        self._server.taken = threading.Event()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SMARTSERVE", "AWS_"))}
        self.environment = environment | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}", "AWS_LAMBDA_FUNCTION_NAME": "predict",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_REGION": "eu-west-1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/predict", "AWS_LAMBDA_LOG_STREAM_NAME": "$LATEST",
            "SMARTSERVE_LOG_FORMAT": "json", **variables}
        self._log = tempfile.TemporaryFile("w+")
        self._command = command
        self.process = None

    def start(self):
        self.began = time.perf_counter()
        self.process = subprocess.Popen(self._command, env=self.environment, stdout=self._log, stderr=subprocess.STDOUT)
        # Whatever becomes of the test.
        atexit.register(self.process.kill)
        return self

    def put(self, event, seconds=30.0):
        """Gives the process an event (bytes), and this much time."""
        self._server.taken.clear()
        self._server.events.put((event, time.time() + seconds, str(uuid.uuid4())))

    def is_taken(self, timeout):
        """Waits until the process has taken it."""
        return self._server.taken.wait(timeout)

    def get(self):
        """("response" or "error", its body, when it came); None if the process ended instead."""
        while True:
            try:
                return self._server.answers.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    return None

    def invoke(self, event, seconds=30.0):
        self.put(event, seconds)
        return self.get()

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def stop(self):
        """Ends it; gives its CPU time in seconds."""
        self.process.kill()
        _, _, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = -9
        atexit.unregister(self.process.kill)
        self._server.shutdown()
        self._server.server_close()
        return usage.ru_utime + usage.ru_stime
