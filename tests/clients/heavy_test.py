#!/usr/bin/env python3
"""MLflow's client for its scoring server, and MLServer's command line, against a running server.

Each answer must be the one that POST /predict gives for the same rows, to the last bit. Needs `mlflow-skinny`, `pandas`
and `mlserver`: .ci/clients-heavy.txt.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import pandas
import requests
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

from server import ROOT, Server

BOSTON = pandas.read_csv(ROOT / "data/boston.csv").drop(columns="MEDV")
IRIS = pandas.read_csv(ROOT / "data/iris.csv").drop(columns="species")
MLSERVER = pathlib.Path(sys.executable).with_name("mlserver")

MODELS = {
    "boston": ("data/boston.csv", "MEDV", "--algorithm", "extra-trees", "--trees", "10"),
    "iris": ("data/iris.csv", "species", "--algorithm", "logistic"),
}


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(MODELS)
        host, port = cls.server.address.split(":")
        cls.mlflow = ScoringServerClient(host, int(port))
        cls.expected = cls.server.ask("/predict", BOSTON.to_dict("list"))["prediction"]

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_mlflow_waits_until_the_server_is_ready(self):
        self.mlflow.wait_server_ready(timeout=5)
        self.assertRegex(self.mlflow.get_version(), r"^\d+\.\d+\.\d+$")

    def test_mlflow_scores_a_frame(self):
        answer = self.mlflow.invoke(BOSTON)
        self.assertEqual(answer["predictions"], self.expected)
        self.assertEqual(answer.get_predictions()[0].tolist(), self.expected)

    def test_mlflow_scores_arrays_and_lists(self):
        for data in (BOSTON.to_numpy(), BOSTON.to_numpy().tolist(), BOSTON.to_dict("records")):
            self.assertEqual(self.mlflow.invoke(data).get_predictions("ndarray").tolist(), self.expected)

    def test_mlflow_scores_every_documented_payload(self):
        for form, value in [
            ("dataframe_split", BOSTON.to_dict("split")), ("dataframe_records", BOSTON.to_dict("records")),
            ("instances", BOSTON.to_dict("records")), ("inputs", BOSTON.to_dict("list")),
        ]:
            self.assertEqual(self.mlflow.invoke(json.dumps({form: value}))["predictions"], self.expected, form)
        answer = requests.post(
            f"http://{self.server.address}/invocations", BOSTON.to_csv(index=False), headers={"Content-Type": "text/csv"},
        )
        self.assertEqual(answer.json()["predictions"], self.expected)

    def test_mlflow_shows_why_a_body_was_refused(self):
        self.mlflow.invoke(BOSTON, params={})
        with self.assertRaisesRegex(Exception, "422.*temperature"):
            self.mlflow.invoke(BOSTON, params={"temperature": 1})
        with self.assertRaisesRegex(Exception, "422.*RM is missing"):
            self.mlflow.invoke(BOSTON.drop(columns="RM"))

    def infer(self, model, requests_):
        """The responses of `mlserver infer` to a file of requests."""
        with tempfile.TemporaryDirectory() as folder:
            asked, answered = pathlib.Path(folder, "in"), pathlib.Path(folder, "out")
            asked.write_text("".join(json.dumps(request) + "\n" for request in requests_))
            command = [MLSERVER, "infer", "-u", self.server.address, "-m", model, "-i", asked, "-o", answered, "-s", "1"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            return [json.loads(line) for line in answered.read_text().splitlines()]

    def test_mlserver_infers_a_batch(self):
        tensor = lambda frame: {
            "inputs": [{
                "name": "rows", "datatype": "FP64", "shape": list(frame.shape), "data": frame.to_numpy(float).tolist(),
            }],
        }
        parts = [BOSTON[i:i + 50] for i in range(0, len(BOSTON), 50)]
        answers = self.infer("boston", [tensor(part) for part in parts])
        self.assertEqual([o["name"] for o in answers[0]["outputs"]], ["predict"])
        found = sorted(numpy.ravel(answer["outputs"][0]["data"]).tolist() for answer in answers)
        self.assertEqual(sorted(sum(found, [])), sorted(self.expected))
        labels = self.infer("iris", [tensor(IRIS)])[0]["outputs"][0]
        expected = self.server.ask("/models/iris/predict", IRIS.to_dict("list"))["prediction"]
        self.assertEqual((labels["datatype"], numpy.ravel(labels["data"]).tolist()), ("BYTES", expected))


if __name__ == "__main__":
    unittest.main()
