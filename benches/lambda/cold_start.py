#!/usr/bin/env python3
"""How long a function's cold start is: from exec to its first answer, by Lambda's Runtime API on this machine.

    cold_start.py MODEL STARTS BINARY [OTHER...]

The event waits before the process begins; the time ends when its answer has been received. Beside it the CPU time of the
process, to its end. Several programs start in turns, and each is compared with the first, start by start. What tells how
fast the machine is today: from exec to the end of `true`, in turns with them, and reading and hashing the model's file.
"""

import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import time

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


def timed(work):
    """Its milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def told(times):
    """Best, median, and what 90 % stay within."""
    times = sorted(times)
    return f"best {times[0]:.1f} ms, median {statistics.median(times):.1f} ms, 90 % within {times[len(times) * 9 // 10]:.1f} ms"


def ratio(times, first):
    """The median of the ratios to the first program's, turn by turn."""
    return "" if times is first else f"; {statistics.median(a / b for a, b in zip(times, first)):.2f} × the first's"


def main():
    model, starts, binaries = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    event = example(binaries[0], model)
    for binary in binaries:
        start(binary, model, event)
    turns, nothing = [], []
    for turn in range(starts):
        # Each is the first as often as the last.
        ordered = binaries if turn % 2 else binaries[::-1]
        ran = {binary: start(binary, model, event) for binary in ordered}
        turns.append([ran[binary] for binary in binaries])
        nothing.append(timed(lambda: subprocess.run(["true"], check=True)))
    path = pathlib.Path(model)
    hashed = [timed(lambda: hashlib.sha256(path.read_bytes()).digest()) for _ in range(10)]
    print(f"{starts} cold starts of {model}, {path.stat().st_size:,} bytes:")
    of_programs = [list(zip(*(turn[i] for turn in turns))) for i in range(len(binaries))]
    for binary, (took, cpu) in zip(binaries, of_programs):
        print(binary)
        print(f"  exec to first answer: {told(took)}{ratio(took, of_programs[0][0])}")
        print(f"  CPU of the process:   {told(cpu)}{ratio(cpu, of_programs[0][1])}")
    print("this machine, meanwhile")
    print(f"  `true`, to its end:   {told(nothing)}")
    print(f"  reading and SHA-256:  {told(hashed)}")


if __name__ == "__main__":
    main()
