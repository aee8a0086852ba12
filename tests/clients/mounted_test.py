#!/usr/bin/env python3
"""The image as KServe and SageMaker run it: models of other libraries mounted, read-only, as 65532, asked by
tritonclient and by MLServer's client (Open Inference Protocol), by KServe's v1 protocol and by SageMaker's /invocations.

IMAGE names the image. Answers must be those that the library gave (../shared/cases/import), to the last bit where
docs/import.md says so.
"""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import numpy
import tritonclient.http
from mlserver.codecs import NumpyRequestCodec
from mlserver.types import InferenceResponse
from tritonclient.http import InferInput

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = pathlib.Path(os.environ.get("IMPORT_CASES", ROOT.parent / "shared/cases/import"))
IMAGE = os.environ["IMAGE"]
MLSERVER = pathlib.Path(sys.executable).with_name("mlserver")
USER = "65532 65532 65532 65532"

# (what, the files as they are mounted, the case's rows and answers, how far an answer may be off)
MODELS = [
    ("xgboost", {"model.bst": "xgb-logistic/model.ubj"}, "xgb-logistic", 0),
    ("lightgbm", {"model.bst": "lgb-binary/model.txt"}, "lgb-binary", 0),
    ("sklearn", {"model.joblib": "sk-linear/model.joblib"}, "sk-linear", 1e-12),
    ("mlflow", {name: f"mlflow/sk-default/{name}" for name in ("MLmodel", "model.skops", "conda.yaml")}, None, 0),
]
ROWS = slice(10, 30)


def docker(*words):
    """What docker says; its exit code must be 0."""
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


class Container:
    """The image with `files` ({name: a case's file}) at `place`."""

    def __init__(self, place, files, *variables, words=()):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name)
        path.chmod(0o755)
        for name, case in files.items():
            (path / name).write_bytes((CASES / case).read_bytes())
            (path / name).chmod(0o644)
        flags = [word for variable in variables for word in ("--env", variable)]
        self.name = docker(
            "run", "--detach", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--publish", "127.0.0.1::8080", "--volume", f"{path}:{place}:ro", *flags, IMAGE, *words)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        docker("rm", "--force", self.name)
        self.folder.cleanup()

    def ready(self):
        """Waits until it answers; gives its address."""
        port = docker("port", self.name, "8080/tcp").splitlines()[0].rsplit(":", 1)[1]
        self.address = f"127.0.0.1:{port}"
        for _ in range(100):
            try:
                self.ask("/readyz")
                return self.address
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError(self.log())

    def ended(self):
        """The exit code, and what it said."""
        return int(docker("wait", self.name)), self.log()

    def log(self):
        both = subprocess.run(["docker", "logs", self.name], check=True, capture_output=True, text=True)
        return both.stdout + both.stderr

    def ask(self, path, body=None, content_type="application/json"):
        """The answer's body; POST where there is one."""
        body, headers = body and body.encode(), {"Content-Type": content_type}
        request = urllib.request.Request(f"http://{self.address}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()


def rows_of(case):
    """The numbers of a case's rows, a missing cell as NaN, and the names of its columns."""
    path = CASES / (f"{case}/rows.csv" if case else "mlflow/rows.csv")
    head, *rows = csv.reader(path.read_text().splitlines())
    return numpy.array([[float(cell) if cell else numpy.nan for cell in row] for row in rows]), head


class Mounted(unittest.TestCase):
    def assert_close(self, got, expected, tolerance):
        got, expected = numpy.asarray(got, float).ravel(), numpy.asarray(expected, float).ravel()
        self.assertEqual(got.shape, expected.shape)
        wrong = numpy.abs(got - expected) > tolerance * numpy.maximum(1, numpy.abs(expected))
        self.assertFalse(wrong.any(), (got[wrong], expected[wrong]))

    def test_each_library_in_v1_and_v2_as_kserve_asks(self):
        variables = ["MODEL_NAME=churn", "SMARTSERVE_ANSWER=library"]
        for what, files, case, tolerance in MODELS:
            with self.subTest(what), Container("/mnt/models", files, *variables) as box:
                address = box.ready()
                table, names = rows_of(case)
                table = table[ROWS]
                instances = [[None if numpy.isnan(cell) else cell for cell in row] for row in table.tolist()]
                answer = box.ask("/v1/models/churn:predict", json.dumps({"instances": instances}))
                first = json.loads(answer)["predictions"]
                if case:
                    expected = json.loads((CASES / case / "expected.json").read_text())["predict"][ROWS]
                    self.assert_close(first, expected, tolerance)
                client = tritonclient.http.InferenceServerClient(address)
                self.assertTrue(client.is_model_ready("churn"))
                matrix = InferInput("input-0", list(table.shape), "FP64")
                matrix.set_data_from_numpy(table)
                self.assert_close(client.infer("churn", [matrix]).as_numpy("predict"), first, 0)
                columns = []
                for i, column in enumerate(client.get_model_metadata("churn")["inputs"]):
                    # Names that a library made up are by position.
                    at = names.index(column["name"]) if column["name"] in names else i
                    columns.append(InferInput(column["name"], [len(table)], "FP64"))
                    columns[-1].set_data_from_numpy(table[:, at])
                self.assert_close(client.infer("churn", columns).as_numpy("predict"), first, 0)
                client.close()
                # MLServer writes a missing number as NaN, which is not JSON.
                whole = ~numpy.isnan(table).any(axis=1)
                self.assertGreater(whole.sum(), 3)
                self.assert_close(self.infer_by_mlserver(box, table[whole]), numpy.asarray(first)[whole], 0)
                pid = docker("inspect", "--format", "{{.State.Pid}}", box.name)
                status = pathlib.Path("/proc", pid, "status")
                if status.exists():
                    user = next(line for line in status.read_text().splitlines() if line.startswith("Uid"))
                    self.assertEqual(" ".join(user.split()[1:]), USER)

    def infer_by_mlserver(self, box, table):
        """The predictions by `mlserver infer`, MLServer's client, of a file of two requests; its own type reads them."""
        requests = [NumpyRequestCodec.encode_request(part) for part in (table[:2], table[2:])]
        with tempfile.TemporaryDirectory() as folder:
            asked, answered = (pathlib.Path(folder, name) for name in ("asked", "answered"))
            asked.write_text("".join(request.model_dump_json() + "\n" for request in requests))
            command = [MLSERVER, "infer", "-u", box.address, "-m", "churn", "-i", asked, "-o", answered]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            answers = [json.loads(line) for line in answered.read_text().splitlines()]
        answers.sort(key=lambda answer: answer["parameters"]["batch_index"])
        outputs = [InferenceResponse.model_validate(answer).outputs[0] for answer in answers]
        self.assertEqual([output.name for output in outputs], ["predict", "predict"], done.stderr)
        return [value for output in outputs for value in output.data]

    def test_sagemaker_runs_it_with_one_word(self):
        with Container("/opt/ml/model", {"xgboost-model": "xgb-logistic/model.ubj"}, words=("serve",)) as box:
            box.ready()
            self.assertIsNotNone(box.ask("/ping"))
            table, _ = rows_of("xgb-logistic")
            cells = [["" if numpy.isnan(cell) else repr(cell) for cell in row] for row in table[ROWS].tolist()]
            text = "\n".join(map(",".join, cells))
            answer = json.loads(box.ask("/invocations", text + "\n", "text/csv"))
            self.assertEqual(len(answer["predictions"]), len(table[ROWS]))

    def test_a_place_without_a_model_or_with_two_ends_the_start(self):
        with Container("/mnt/models", {}) as box:
            code, said = box.ended()
            self.assertEqual(code, 66, said)
        with Container("/opt/ml/model", {"a.bst": "xgb-logistic/model.ubj", "b.bst": "lgb-binary/model.txt"}) as box:
            code, said = box.ended()
            self.assertEqual(code, 65, said)
            self.assertIn("a.bst and b.bst", said)


if __name__ == "__main__":
    unittest.main()
