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
import unittest

import numpy
import tritonclient.http
from mlserver.codecs import NumpyRequestCodec
from mlserver.types import InferenceResponse
from tritonclient.http import InferInput

from container import PREDICTIONS, Container, docker

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


class Mounted(Container):
    """The image with `files` ({name: a case's file}) at `place`, and variables of its environment."""

    def __init__(self, place, files, *variables, words=()):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name)
        path.chmod(0o755)
        for name, case in files.items():
            (path / name).write_bytes((CASES / case).read_bytes())
            (path / name).chmod(0o644)
        flags = [word for variable in variables for word in ("--env", variable)]
        super().__init__(IMAGE, "--volume", f"{path}:{place}:ro", *flags, words=words)

    def __exit__(self, *_):
        super().__exit__()
        self.folder.cleanup()

    def ready(self):
        """Waits until it answers; gives its address."""
        self.wait_until_ready()
        self.address = f"127.0.0.1:{self.ports[PREDICTIONS]}"
        return self.address

    def answer(self, path, *words):
        """The text of an answer, which must be 200."""
        status, text = self.ask(path, *words)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {text}")
        return text


def rows_of(case):
    """The numbers of a case's rows, a missing cell as NaN, and the names of its columns."""
    path = CASES / (f"{case}/rows.csv" if case else "mlflow/rows.csv")
    head, *rows = csv.reader(path.read_text().splitlines())
    return numpy.array([[float(cell) if cell else numpy.nan for cell in row] for row in rows]), head


class MountedModels(unittest.TestCase):
    def assert_close(self, got, expected, tolerance):
        got, expected = numpy.asarray(got, float).ravel(), numpy.asarray(expected, float).ravel()
        self.assertEqual(got.shape, expected.shape)
        wrong = numpy.abs(got - expected) > tolerance * numpy.maximum(1, numpy.abs(expected))
        self.assertFalse(wrong.any(), (got[wrong], expected[wrong]))

    def test_each_library_in_v1_and_v2_as_kserve_asks(self):
        variables = ["MODEL_NAME=churn", "SMARTSERVE_ANSWER=library"]
        for what, files, case, tolerance in MODELS:
            with self.subTest(what), Mounted("/mnt/models", files, *variables) as box:
                address = box.ready()
                table, names = rows_of(case)
                table = table[ROWS]
                instances = [[None if numpy.isnan(cell) else cell for cell in row] for row in table.tolist()]
                answer = box.answer("/v1/models/churn:predict", json.dumps({"instances": instances}))
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
                pid = docker("inspect", "--format", "{{.State.Pid}}", box.id)
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
        with Mounted("/opt/ml/model", {"xgboost-model": "xgb-logistic/model.ubj"}, words=("serve",)) as box:
            box.ready()
            self.assertIsNotNone(box.answer("/ping"))
            table, _ = rows_of("xgb-logistic")
            cells = [["" if numpy.isnan(cell) else repr(cell) for cell in row] for row in table[ROWS].tolist()]
            text = "\n".join(map(",".join, cells))
            answer = json.loads(box.answer("/invocations", text + "\n", "text/csv"))
            self.assertEqual(len(answer["predictions"]), len(table[ROWS]))

    def test_a_place_without_a_model_or_with_two_ends_the_start(self):
        with Mounted("/mnt/models", {}) as box:
            code, said = box.ended()
            self.assertEqual(code, 66, said)
        with Mounted("/opt/ml/model", {"a.bst": "xgb-logistic/model.ubj", "b.bst": "lgb-binary/model.txt"}) as box:
            code, said = box.ended()
            self.assertEqual(code, 65, said)
            self.assertIn("a.bst and b.bst", said)


if __name__ == "__main__":
    unittest.main()
