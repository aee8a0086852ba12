#!/usr/bin/env python3
"""A program of any architecture answers as the one that wrote the fixtures: on its own machine, or under an emulator.

    tests/golden.py WORDS...     the program, with what runs it in front: qemu-aarch64 -L /usr/aarch64-linux-gnu PROGRAM

1. The golden rows of each algorithm: `verify` of every model of tests/fixtures/artifacts, and `predict` of its rows, within
   TOLERANCE: another machine's logarithms and exponentials may differ in the last bit. How many do is said.
2. A model of its own: training and golden rows.
3. One server with all of them answers REQUESTS requests with what `predict` gave, and ends with exit code 0.

Nothing is timed.
"""

import csv
import http.client
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "tests/fixtures/artifacts"
REQUESTS = 200
TOLERANCE = 1e-9
# With this setting the program does not execute itself again, which an emulator of user programs cannot do.
ENV = os.environ | {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=262144"}


def run(words, *more):
    """Standard output; the exit code must be 0."""
    ran = subprocess.run([*words, *map(str, more)], env=ENV, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{' '.join(map(str, more))}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def same(found, expected):
    """Numbers by their bits, labels by their text."""
    try:
        return float(found) == float(expected)
    except ValueError:
        return found == expected


def close(found, expected):
    """Numbers within TOLERANCE, labels by their text."""
    try:
        return abs(float(found) - float(expected)) <= TOLERANCE * max(1, abs(float(expected)))
    except ValueError:
        return found == expected


def judge_fixtures(words):
    """{model's file: (its rows, predictions)}, and how many answers have other bits than the fixture."""
    answers, others = {}, 0
    for model in sorted(ARTIFACTS.glob("*.model")):
        assert "golden rows answered as written" in run(words, "verify", model), model.name
        # What is in the file already stays, and the answers come under names with one more `_`.
        scored = table(run(words, "predict", "--model", model, "--input", model.with_suffix(".csv")))
        answered = [name for name in scored[0] if f"{name}_" in scored[0]]
        assert "prediction" in answered, list(scored[0])
        for name in answered:
            pairs = [(row[f"{name}_"], row[name]) for row in scored]
            others += sum(not same(*pair) for pair in pairs)
            wrong = [pair for pair in pairs if not close(*pair)]
            assert not wrong, f"{model.name}: {name} differs in {len(wrong)} rows of {len(scored)}; first {wrong[0]}"
        features = [name for name in scored[0] if name.rstrip("_") not in answered]
        rows = [{name: row[name] for name in features} for row in scored]
        answers[model] = rows, [row["prediction_"] for row in scored]
    assert answers, f"no models in {ARTIFACTS}"
    return answers, others


def judge_training(words, folder):
    for data, target, algorithm in (("boston", "MEDV", "hist-gradient-boosting"), ("iris", "species", "random-forest")):
        model = folder / f"{data}.model"
        run(words, "train", "--data", ROOT / f"data/{data}.csv", "--target", target, "--algorithm", algorithm,
            "--folds", "0", "-o", model)
        assert "golden rows answered as written" in run(words, "verify", model), algorithm


def cell(text):
    """A CSV cell as JSON has it."""
    try:
        return float(text) if text else None
    except ValueError:
        return text


def judge_server(words, answers):
    flags = [word for model in answers for word in ("--model", f"{model.stem}={model}")]
    command = [*words, "serve", "--bind", "127.0.0.1:0", "--log-format", "json", "--lame-duck", "0s", *map(str, flags)]
    server = subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE, text=True)
    try:
        said = (json.loads(line) for line in server.stdout if line.startswith("{"))
        address = next(line["address"] for line in said if line["message"].startswith("listening on"))
        client = http.client.HTTPConnection(address, timeout=120)
        for i in range(REQUESTS):
            model = list(answers)[i % len(answers)]
            rows, expected = answers[model]
            at = i // len(answers) % len(rows)
            row = {name: cell(text) for name, text in rows[at].items()}
            client.request("POST", f"/models/{model.stem}/predict", json.dumps(row))
            answer = client.getresponse()
            text = answer.read()
            assert answer.status == 200, f"{model.stem}: {text[:500]}"
            found = json.loads(text)["prediction"]
            right = len(found) == 1 and same(found[0], expected[at])
            assert right, f"{model.stem}, row {at}: {found}, not {expected[at]}"
        client.close()
        server.send_signal(signal.SIGTERM)
        assert server.wait(120) == 0, f"exit code {server.returncode}"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def main(words):
    if not words:
        sys.exit(__doc__)
    version = run(words, "--version").strip()
    answers, others = judge_fixtures(words)
    with tempfile.TemporaryDirectory() as name:
        judge_training(words, pathlib.Path(name))
    judge_server(words, answers)
    print(f"{version}: {len(answers)} models answer their golden rows, and {REQUESTS} requests; {others} other bits")


if __name__ == "__main__":
    main(sys.argv[1:])
