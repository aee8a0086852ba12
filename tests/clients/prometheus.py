"""A real Prometheus for a test: it scrapes servers every second and evaluates our rules as often.

`prometheus` and `promtool` are those in PATH.
"""

import atexit
import json
import pathlib
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIFT_RULES = ROOT / "docs/examples/drift-rules.yaml"


class Prometheus:
    """Scrapes the servers' admin listeners as job `smartserve`, with the files of rules; its data are in `folder`."""

    def __init__(self, folder, servers, rules=(DRIFT_RULES,)):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        for file in rules:
            (folder / file.name).write_text(re.sub(r"interval: \w+", "interval: 1s", file.read_text()))
        targets = ", ".join(f'"{server.admin}"' for server in servers)
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{', '.join(file.name for file in rules)}]\n"
            f"scrape_configs: [{{job_name: smartserve, static_configs: [{{targets: [{targets}]}}]}}]\n"
        )
        subprocess.run(["promtool", "check", "config", str(config)], check=True, stdout=subprocess.DEVNULL)
        flags = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
        command = ["prometheus", *flags, f"--web.listen-address={self.address}", "--log.level=error"]
        self._process = subprocess.Popen(command)
        # Whatever becomes of the test.
        atexit.register(self._process.kill)

    def query(self, expression):
        """The series, by their labels without `__name__`, and their values."""
        url = f"http://{self.address}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(url, timeout=10) as answer:
            result = json.load(answer)["data"]["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    def wait_for(self, expression, is_enough):
        """Asks until it is enough: a scrape is what is waited for."""
        until = time.monotonic() + 60
        while True:
            try:
                found = self.query(expression)
            except urllib.error.HTTPError as error:
                # 503: it is not ready yet.
                found = []
                if error.code != 503:
                    raise RuntimeError(f"{expression}: {error.read().decode()}") from error
            except OSError:
                found = []
            if is_enough(found):
                return found
            if time.monotonic() > until:
                raise RuntimeError(f"{expression}: still {found}")
            time.sleep(0.2)

    def stop(self):
        self._process.terminate()
        self._process.wait()
