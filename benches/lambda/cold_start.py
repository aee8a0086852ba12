#!/usr/bin/env python3
"""How long a function's cold start is: from exec to its first answer, by Lambda's Runtime API on this machine.

    cold_start.py BINARY MODEL [STARTS]

The event waits before the process begins; the time ends when its answer has been received. Beside it the CPU time of the
process, to its end.
"""

import json
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/deploy"))

from runtime_api import Instance  # noqa: E402


def example(binary, model):
    """A row that the model takes: the example of its OpenAPI document."""
    ran = subprocess.run([binary, "openapi", "--model", model], check=True, stdout=subprocess.PIPE)
    bodies = json.loads(ran.stdout)["components"]["requestBodies"]
    body = next(body for name, body in bodies.items() if name.endswith(".predict"))
    return json.dumps(body["content"]["application/json"]["examples"]["record"]["value"]).encode()


def start(binary, model, event):
    """(milliseconds to the answer, milliseconds of CPU) of one start."""
    instance = Instance([binary, "serve"], SMARTSERVE_MODEL=model)
    instance.put(event)
    instance.start()
    kind, body, at = instance.get()
    assert kind == "response", body
    return (at - instance.began) * 1e3, instance.stop() * 1e3


def main():
    binary, model = sys.argv[1:3]
    starts = int(sys.argv[3]) if len(sys.argv) > 3 else 50
    event = example(binary, model)
    start(binary, model, event)
    took, cpu = zip(*(start(binary, model, event) for _ in range(starts)))
    took = sorted(took)
    print(f"{starts} cold starts of {model}, {pathlib.Path(model).stat().st_size:,} bytes:")
    print(f"  exec to first answer: median {statistics.median(took):.1f} ms, 90 % within {took[starts * 9 // 10]:.1f} ms")
    print(f"  CPU of the process:   median {statistics.median(cpu):.1f} ms")


if __name__ == "__main__":
    main()
